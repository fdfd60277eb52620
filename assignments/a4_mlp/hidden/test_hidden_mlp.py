"""Hidden tests of MLP.

A model cannot cross as data: probes build it, copy weights into it by their shapes, and run it. So layers may have
any names, and weights may be transposed.
"""

from itertools import pairwise

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("mlp")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
RAW = "Model must return raw scores; the loss applies softmax."
ONE = "Two linear layers are one linear layer: the activation is missing."
MODES = "`train` is a method of nn.Module; rename yours."
NONE = "No parameters found: use ModuleList/Sequential."
ACTIVATIONS = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
PLACES = {  # the hidden layer that an activation follows, and whether it stands before each layer
    "An activation follows the first hidden layer alone: each needs one.": (0,),
    "An activation follows the last hidden layer alone: each needs one.": (-1,),
    "The activation stands before each linear layer: it follows each but the last.": (0, True),
}
# no two sizes of a net are equal, and none is 1: a weight is known by its shape
NETS = {
    "one hidden layer": [7, [5], 3],
    "two": [6, [9, 4], 3],
    "three": [5, [8, 6, 4], 7],
    "no hidden layer": [6, [], 4],
}
PLANS = [[784, [128], 10], [12, [], 5], [784, [32], 10], [784, [256, 128], 10], [1, [1], 1], [9, [4, 7, 3], 2]]


def draw(rng, net, count=10):
    """Draw samples, and weights and biases of all layers in their order."""
    inputs, hidden, outputs = net
    weights = []
    for before, after in pairwise([inputs, *hidden, outputs]):
        weights += [rng.normal(0, 0.7, size=(after, before)), rng.normal(0, 0.7, size=after)]
    x = rng.normal(size=(count, inputs)).astype("float32")
    return {"sizes": net, "weights": [weight.astype("float32") for weight in weights], "x": x}


def forward(weights, x, activation="relu", last=lambda z: z):
    """Compute logits without a module."""
    *hidden, output = list(zip(*(map(torch.from_numpy, weights[start::2]) for start in (0, 1)), strict=True))
    function, values = ACTIVATIONS.get(activation, lambda z: z), torch.from_numpy(x)
    for layer in hidden:
        values = function(torch.nn.functional.linear(values, *layer))
    return last(torch.nn.functional.linear(values, *output)).numpy()


def placed(weights, x, function, place, before=False):
    """Compute logits with an activation at one hidden layer alone, or before each layer and not after it."""
    values, hidden = torch.from_numpy(x), len(weights) // 2 - 1
    for number in range(hidden + 1):
        values = function(values) if before and number < hidden else values
        values = torch.nn.functional.linear(values, *map(torch.from_numpy, weights[2 * number : 2 * number + 2]))
        values = function(values) if not before and hidden and number == place % hidden else values
    return values.numpy()


def mistaken(weights, x, activation):
    """Give what well-known mistakes lead to."""
    bare = [weight if weight.ndim == 2 else 0 * weight for weight in weights]
    other = {name: forward(weights, x, name) for name in ACTIVATIONS if name != activation}
    known = {
        f"{RAW} This is the softmax itself.": forward(weights, x, activation, lambda z: z.softmax(dim=1)),
        f"{RAW} This is its logarithm.": forward(weights, x, activation, lambda z: z.log_softmax(dim=1)),
        f"{RAW} This is a sigmoid.": forward(weights, x, activation, torch.sigmoid),
        f"Nothing follows the last layer, no {activation} either.": forward(
            weights, x, activation, ACTIVATIONS[activation]
        ),
        ONE: forward(weights, x, "none"),
        "Each layer has its own bias: it is missing.": forward(bare, x, activation),
        "Each layer has its own bias: the last one's is missing.": forward([*weights[:-1], bare[-1]], x, activation),
        **{sentence: placed(weights, x, ACTIVATIONS[activation], *places) for sentence, places in PLACES.items()},
    }
    return known | {f"This is {name}: use the activation that was asked for.": wrong for name, wrong in other.items()}


@pytest.mark.points(1.5)
@pytest.mark.hint(
    "nn.Linear already has a bias; each layer has one. All layers must be registered: Sequential does it."
)
def test_parameter_counts(alone, probes):
    """MLP has one weight matrix and one bias for each layer, and nothing else to train."""
    layers = [list(pairwise([inputs, *hidden, outputs])) for inputs, hidden, outputs in PLANS]
    expected = np.array([sum((before + 1) * after for before, after in pairs) for pairs in layers])
    known = {
        NONE: 0 * expected,
        "nn.Linear already has a bias: no input of 1 beside it.": expected + [pairs[0][1] for pairs in layers],
        "nn.Linear already has a bias: no 1 beside the numbers of any layer.": expected
        + [sum(after for _, after in pairs) for pairs in layers],
        "Each layer has its own bias.": expected - [sum(after for _, after in pairs) for pairs in layers],
        "Each layer has its own bias: the last one's is missing.": expected - [pairs[-1][1] for pairs in layers],
        "Only the last layer is registered: use ModuleList/Sequential.": np.array(
            [(pairs[-1][0] + 1) * pairs[-1][1] for pairs in layers]
        ),
        "Only the hidden layers are registered: the last one is missing, or made in forward.": expected
        - [(pairs[-1][0] + 1) * pairs[-1][1] for pairs in layers],
        "Only the first hidden size is used: one linear layer for each.": np.array(
            [sum((before + 1) * after for before, after in pairwise([i, *h[:1], o])) for i, h, o in PLANS]
        ),
    }

    assert_close(alone.probe(probes.parameter_counts, plans=PLANS), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(2)
@pytest.mark.hint("Linear, activation, linear, activation, …, linear. Nothing follows the last layer.")
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("seed", range(5))
def test_logits(alone, probes, rng, seed, net, activation):
    """MLP gives raw scores, with an activation after each hidden layer and none after the last."""
    settings = draw(rng, NETS[net])
    expected = forward(settings["weights"], settings["x"], activation)
    known = mistaken(settings["weights"], settings["x"], activation)

    found = single(probes.arrays(alone.probe(probes.logits, **settings, activation=activation)))
    assert_close(found, expected, **FLOAT32, known=known)


def single(stack):
    """Give the single entry of a stack."""
    assert isinstance(stack, np.ndarray), "the outputs are no tensor"
    return stack[0]


@pytest.mark.points(0.75)
@pytest.mark.hint("Flatten all axes but the first; the first one stays, even if it is 1.")
@pytest.mark.parametrize("shape", [(5, 1, 4, 6), (5, 24), (1, 1, 4, 6), (1, 24), (3, 2, 3, 4), (2, 24, 1)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_images_and_rows(alone, probes, rng, seed, shape):
    """MLP takes rows and images of any shape, and a single one too."""
    settings = draw(rng, [24, [5], 3], count=shape[0])
    expected = forward(settings["weights"], settings["x"])
    settings["x"] = settings["x"].reshape(shape)

    found = single(probes.arrays(alone.probe(probes.logits, **settings)))
    assert_close(found, expected, **FLOAT32)


@pytest.mark.points(0.75)
@pytest.mark.hint(
    "In evaluation mode nothing is dropped: nn.Dropout knows the mode; F.dropout needs training=self.training."
)
@pytest.mark.parametrize("dropout", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("seed", range(5))
def test_evaluation_with_dropout(alone, probes, rng, seed, net, dropout):
    """MLP drops nothing in evaluation mode, so that it gives the same each time."""
    settings = draw(rng, NETS[net])
    expected = np.stack([forward(settings["weights"], settings["x"])] * 3)

    found = probes.arrays(alone.probe(probes.logits, **settings, dropout=dropout, times=3))
    assert_close(found, expected, **FLOAT32)


@pytest.mark.points(1)
@pytest.mark.hint("In training everything is zeroed, or the wrong numbers are: dropout follows each hidden activation.")
@pytest.mark.parametrize(("depth", "activation"), [(0, "relu"), (1, "relu"), (1, "tanh"), (2, "relu")])
@pytest.mark.parametrize("dropout", [0.0, 0.25, 0.6])
def test_training_with_dropout(alone, probes, rng, dropout, depth, activation):
    """MLP zeroes hidden numbers with the given probability in training mode, and nothing else."""
    # layers after the first hidden one hand its numbers on, and the last one adds 1: a logit of 1 was zeroed
    sizes, last = [8, 6, 5][: depth + 1], float(depth > 0)
    first, x = rng.uniform(0.2, 0.8, size=(8, 3)).astype("float32"), rng.uniform(0.5, 1, size=(40, 3)).astype("float32")
    weights = [first, np.zeros(8, dtype="float32")]
    for before, after in pairwise(sizes):
        bias = last if after == sizes[-1] else 0
        weights += [np.eye(after, before, dtype="float32"), np.full(after, bias, dtype="float32")]
    hidden = x @ first.T
    hidden = ACTIVATIONS[activation](torch.from_numpy(hidden)).numpy() if depth else hidden
    whole = (hidden[:, : sizes[-1]] / (1 - dropout) ** depth + last).astype("float32")
    settings = {"sizes": [3, sizes[:-1], sizes[-1]], "weights": weights, "x": x, "times": 50}
    options = {"dropout": dropout, "activation": activation, "training": True}

    found = probes.arrays(alone.probe(probes.logits, **settings, **options))
    assert_close(found[:, :1] * 0, np.zeros((50, 1, sizes[-1]), dtype="float32"), rtol=0, atol=0)
    zeroed = np.isclose(found, last, rtol=0, atol=1e-6) & (depth > 0)
    zeroed &= not zeroed.all()  # no dropout zeroes everything
    expected = np.where(zeroed, np.float32(last), whole)
    known = {
        "In training everything is zeroed: check the second argument of F.dropout.": np.full_like(expected, last),
        "Nothing is zeroed in training mode.": np.broadcast_to(hidden[:, : sizes[-1]] + np.float32(last), found.shape),
    }
    assert_close(found, expected, **FLOAT32, known=known)
    # of 10,000 numbers or more: the standard deviation is at most 0.005
    share = 1 - (1 - dropout) ** depth
    assert abs(zeroed.mean() - share) < 0.05, "another share than the given one is zeroed"


@pytest.mark.points(0.5)
@pytest.mark.hint(MODES)
@pytest.mark.parametrize("modes", [["train", "eval"], ["eval", "train", "eval"], ["eval", "eval"]], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_modes(alone, probes, rng, seed, modes):
    """MLP can be switched between training and evaluation mode, as every module."""
    settings = draw(rng, [7, [30], 3])
    expected = forward(settings["weights"], settings["x"])

    found = probes.arrays(alone.probe(probes.switched, **settings, modes=modes, dropout=0.5))
    assert_same(len(found), 2 * len(modes))
    for mode, first, second in zip(modes, found[::2], found[1::2], strict=True):
        if mode == "eval":
            assert_close(first, expected, **FLOAT32)
            assert_close(second, expected, **FLOAT32)
        else:
            assert not np.allclose(first, second, **FLOAT32), "nothing is dropped in training mode"


@pytest.mark.points(0.5)
@pytest.mark.hint(
    "A layer that is made in forward, or kept in a plain list, is not in state_dict: make all in __init__."
)
@pytest.mark.parametrize("net", NETS)
def test_state(alone, probes, rng, net):
    """MLP keeps all that it learns in its state_dict: another model with that state gives the same."""
    x = rng.normal(size=(8, NETS[net][0])).astype("float32")

    before, _, still, carried = probes.arrays(alone.probe(probes.carried_over, sizes=NETS[net], x=x))
    assert_close(still, before, **FLOAT32)
    assert_close(carried, before, **FLOAT32)


@pytest.mark.points(0.5)
@pytest.mark.hint("In training everything is zeroed: check the second argument. Or a layer is not used, or detached.")
@pytest.mark.parametrize("dropout", [0.0, 0.25])
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("net", NETS)
def test_every_parameter_learns(alone, probes, rng, net, training, dropout):
    """MLP gives each of its parameters a gradient."""
    inputs, _, outputs = NETS[net]
    x, y = rng.normal(size=(64, inputs)).astype("float32"), rng.integers(0, outputs, size=64)

    # tanh: a ReLU may be dead, by bad luck
    options = {"training": training, "dropout": dropout, "activation": "tanh"}
    sizes = alone.probe(probes.sizes_of_gradients, sizes=NETS[net], x=x, y=y, **options)
    assert sizes.size, NONE
    assert (sizes > 0).all(), "a parameter has no gradient, or one of zeros"


@pytest.mark.points(0.25)
@pytest.mark.hint("Build a list of your own: insert and append change the caller's. A tuple of sizes works too.")
@pytest.mark.parametrize("hidden", [[5], [6, 4], [], (6, 4), (5,)], ids=str)
def test_hidden_sizes_stay(alone, probes, hidden):
    """MLP leaves the sequence of hidden sizes as it is, so that it serves for a second model."""
    count = sum((before + 1) * after for before, after in pairwise([7, *hidden, 3]))
    expected = {"counts": [count, count], "hidden": hidden}

    assert_same(alone.probe(probes.counts_of_one_list, inputs=7, hidden=hidden, outputs=3), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("Sizes are whole numbers from 1, dropout is from 0 to below 1, and there are three activations.")
@pytest.mark.parametrize(
    ("sizes", "options", "error"),
    [
        ([0, [4], 3], {}, ValueError),
        ([5, [4, 0], 3], {}, ValueError),
        ([5, [-4], 3], {}, ValueError),
        ([5, [4], 0], {}, ValueError),
        ([5, [4.0], 3], {}, TypeError),
        ([5.0, [4], 3], {}, TypeError),
        ([5, [4], "3"], {}, TypeError),
        ([5, [4], 3], {"activation": "softmax"}, ValueError),
        ([5, [4], 3], {"activation": ""}, ValueError),
        ([5, [4], 3], {"dropout": 1.0}, ValueError),
        ([5, [4], 3], {"dropout": -0.1}, ValueError),
        ([5, [], 3], {"dropout": 1.5}, ValueError),
    ],
    ids=[
        "no inputs",
        "no hidden units",
        "below 0",
        "no outputs",
        "float hidden",
        "float inputs",
        "text",
        "unknown activation",
        "no activation",
        "dropout 1",
        "dropout below 0",
        "dropout above 1",
    ],
)
def test_bad_inputs(alone, probes, rng, sizes, options, error):
    """MLP refuses sizes below 1 or of another kind, unknown activations and impossible dropout, and takes the rest."""
    settings = draw(rng, [5, [4], 3])
    single(probes.arrays(alone.probe(probes.logits, **settings, dropout=0.99, activation="tanh")))

    assert_raises(error, alone.probe, probes.logits, **settings | {"sizes": sizes}, **options)


@pytest.mark.points(0)
@pytest.mark.hint("The weights that nn.Linear draws are a good start; much larger ones are not.")
@pytest.mark.parametrize("seed", range(5))
def test_first_loss(alone, probes, rng, seed):
    """MLP begins with a cross-entropy below 4, not far from the 2.3 of ten equal probabilities."""
    x, y = rng.uniform(size=(64, 784)).astype("float32"), rng.integers(0, 10, size=64)

    losses = alone.probe(probes.first_losses, sizes=[784, [128], 10], x=x, y=y, count=2)
    assert all(loss < 4 for loss in losses), "the first loss is 4 or more"
