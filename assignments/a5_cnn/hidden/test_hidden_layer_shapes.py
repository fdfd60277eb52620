"""Hidden tests of layer_shapes and count_parameters.

A model cannot cross as data: probes build it where the student's functions are.
"""

import pytest

from coursekit import assert_close, assert_each_close, assert_same

pytestmark = pytest.mark.question("layer_shapes")

SHAPES = {
    "LeNet for 28 x 28": (1, 28, 28),
    "three convolutions": (3, 32, 32),
    "blocks": (2, 9, 7),
    "residual": (2, 11, 8),
    "one layer": (2, 9, 6),
    "a layer without parameters": (5, 8, 6),
    "own parameters": (5, 4, 7),
}
BLOCKS = [
    ("0.0", (1, 3, 7, 5)),
    ("0.1", (1, 3, 7, 5)),
    ("0.2", (1, 3, 7, 5)),
    ("1.0.0", (1, 5, 7, 4)),
    ("1.0.1", (1, 5, 7, 4)),
    ("1.1", (1, 5, 1, 1)),
    ("2", (1, 5, 1, 1)),
    ("3", (1, 5)),
    ("4", (1, 4)),
]
RESIDUAL = [
    ("first.0", (1, 6, 11, 8)),
    ("first.1", (1, 6, 11, 8)),
    ("relu", (1, 6, 11, 8)),
    ("last", (1, 4, 5, 3)),
    ("relu", (1, 4, 5, 3)),
]


@pytest.mark.points(0.5)
@pytest.mark.hint(
    "Names of named_modules, a hook on each module without children; the batch of one stays in the shape."
)
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("kind", [tuple, list])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("blocks", BLOCKS),
        ("one layer", [("", (1, 7, 4, 2))]),
        ("a layer without parameters", [("", (1, 5, 4, 3))]),
        ("own parameters", [("layer", (1, 5, 4, 2))]),
    ],
    ids=["blocks", "one layer", "no parameters", "own parameters"],
)
def test_layers(alone, probes, name, expected, kind, training):
    """layer_shapes gives each layer's name and the shape of its output, however deep it is."""
    shape = kind(SHAPES[name])

    assert_same(alone.probe(probes.layer_shapes_of, name=name, input_shape=shape, training=training), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("Shapes are those of a forward pass: the layers of the model decide, not the names of LeNet.")
@pytest.mark.parametrize(
    ("name", "places"),
    [
        (
            "LeNet for 28 x 28",
            {0: (6, 28, 28), 2: (6, 14, 14), 3: (16, 10, 10), 5: (16, 5, 5), 6: (400,), 7: (120,), 11: (10,)},
        ),
        (
            "three convolutions",
            {0: (32, 32, 32), 2: (32, 16, 16), 5: (64, 8, 8), 6: (128, 8, 8), 9: (2048,), 10: (64,), 12: (10,)},
        ),
    ],
    ids=["LeNet", "three convolutions"],
)
def test_networks(alone, probes, name, places):
    """layer_shapes gives the shapes that the lectures give for their networks."""
    found = alone.probe(probes.layer_shapes_of, name=name, input_shape=SHAPES[name])

    assert_same([layer for layer, _ in found], [str(number) for number in range(max(places) + 1)])
    for place, shape in places.items():
        assert_same(found[place][1], (1, *shape))


@pytest.mark.points(0.5)
@pytest.mark.hint("Note a layer when it runs: in the hook, into a list. A dict by name keeps a layer once alone.")
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_order_of_running(alone, probes, training):
    """layer_shapes gives layers in the order they ran: one that ran twice stands there twice, an unused one never."""
    found = alone.probe(probes.layer_shapes_of, name="residual", input_shape=SHAPES["residual"], training=training)

    assert_same(found, RESIDUAL)


@pytest.mark.points(0.25)
@pytest.mark.hint("model.eval() before the pass, and the pass under torch.no_grad().")
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize(("name", "layer"), [("mode", "1.0"), ("graph", "1.0")])
def test_how_it_runs(alone, probes, name, layer, training):
    """layer_shapes runs the model in evaluation mode, without gradients."""
    expected = [("0", (1, 4, 6, 5)), (layer, (1, 1, 6, 5)), ("2", (1, 1, 3, 2))]

    found = alone.probe(probes.layer_shapes_of, name=name, input_shape=(4, 6, 5), training=training)
    assert_same(found, expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("Put back the mode of each module, not the model's alone; call remove() of each hook of your own.")
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("others", [[], [1], [0], [2, 5]], ids=["all alike", "one", "the model", "two"])
@pytest.mark.parametrize("name", ["blocks", "residual"])
def test_nothing_stays(alone, reference, probes, name, others, training):
    """layer_shapes leaves modes, hooks, weights, statistics and gradients as they were."""
    settings = {"name": name, "input_shape": SHAPES[name], "training": training, "others": others}
    expected = probes.layer_shapes_left(reference, **settings)

    found = alone.probe(probes.layer_shapes_left, **settings)
    for key in ("modes", "hooks", "own hooks", "gradients", "requires grad", "again", "recording"):
        assert_same(found[key], expected[key], key)
    assert_each_close(found["state"], expected["state"], rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("Give the model zeros: the shapes do not depend on the numbers, and torch.zeros draws none.")
@pytest.mark.parametrize("name", ["blocks", "residual"])
def test_global_generator(alone, reference, probes, name):
    """layer_shapes draws nothing from torch's global generator."""
    settings = {"name": name, "input_shape": SHAPES[name], "training": True, "others": []}
    expected = probes.layer_shapes_left(reference, **settings)["next"]

    found = alone.probe(probes.layer_shapes_left, **settings)
    assert_close(found["next"], expected, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("Make the input on the device of the parameters; numel() needs no numbers.")
@pytest.mark.parametrize("name", ["blocks", "residual", "LeNet for 28 x 28"])
def test_another_device(alone, probes, name):
    """layer_shapes and count_parameters work on every device: on meta, where tensors hold no numbers, too."""
    shape = SHAPES[name]
    expected = alone.probe(probes.layer_shapes_of, name=name, input_shape=shape)
    count = {"blocks": 132, "residual": 360, "LeNet for 28 x 28": 61_706}[name]

    assert_same(alone.probe(probes.layer_shapes_of, name=name, input_shape=shape, device="meta"), expected)
    assert_same(alone.probe(probes.layer_shapes_count, name=name, device="meta"), count)


@pytest.mark.points(0.25, all_or_nothing=True)
@pytest.mark.hint("Parameters, not the whole state: what batch-norm remembers is no parameter. Own ones count too.")
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("three convolutions", 390_410),
        ("LeNet for 28 x 28", 61_706),
        ("blocks", 132),
        ("residual", 360),
        ("own parameters", 22),
        ("a layer without parameters", 0),
    ],
)
def test_counts(alone, probes, name, count):
    """count_parameters counts the numbers of all parameters, and no buffers."""
    assert_same(alone.probe(probes.layer_shapes_count, name=name), count)


@pytest.mark.points(0.25)
@pytest.mark.hint("parameters() gives a parameter once, even where two layers share it; state_dict() does not.")
@pytest.mark.parametrize("trainable_only", [True, False])
def test_shared_parameters(alone, probes, trainable_only):
    """count_parameters counts a parameter that is used twice once."""
    assert_same(alone.probe(probes.layer_shapes_count, name="tied", trainable_only=trainable_only), 69)


@pytest.mark.points(0.25)
@pytest.mark.hint("Ask each parameter for requires_grad, where trainable_only is true.")
@pytest.mark.parametrize(
    ("frozen", "count"),
    [(["first"], 240), (["last"], 140), (["unused"], 340), (["last.weight"], 144), (["first", "last", "unused"], 0)],
    ids=str,
)
def test_frozen(alone, probes, frozen, count):
    """count_parameters leaves frozen parameters out only where it is asked for those to train."""
    assert_same(alone.probe(probes.layer_shapes_count, name="residual", frozen=frozen, trainable_only=True), count)
    assert_same(alone.probe(probes.layer_shapes_count, name="residual", frozen=frozen, trainable_only=False), 360)
    assert_same(alone.probe(probes.layer_shapes_count, name="residual", frozen=frozen), 360)
