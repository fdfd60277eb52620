"""Hidden tests of ConvBlock.

A block cannot cross as data: probes build it, copy weights into its one nn.Conv2d and its one nn.BatchNorm2d,
wherever these are, and run it.
"""

from functools import partial

import numpy as np
import pytest
import torch
from torch.nn import functional

from coursekit import assert_array, assert_close, assert_each_close, assert_raises, assert_same

pytestmark = pytest.mark.question("conv_block")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
ORDER = ("convolution", "norm", "relu", "pool")
KINDS = [(norm, pool) for norm in (True, False) for pool in (True, False)]
NAMES = [f"{'norm' if norm else 'no norm'}, {'pooling' if pool else 'no pooling'}" for norm, pool in KINDS]
SIZES = {"even": (2, 3, 8, 6), "odd": (4, 3, 7, 5), "one image": (1, 2, 6, 9), "small": (3, 1, 2, 4)}
PLANS = [
    {"cin": 3, "cout": 6},
    {"cin": 1, "cout": 4, "norm": True, "pool": False},
    {"cin": 5, "cout": 1, "norm": False, "dropout": 0.3},
    {"cin": 2, "cout": 7, "norm": False, "pool": False},
    {"cin": 4, "cout": 3, "norm": True, "pool": True, "dropout": 0.5},
]


def draw(rng, shape, norm, pool):
    """Draw a block's weights, some of batch norm's factors negative, and images."""
    cin, cout = shape[1], 5
    weights = {"weight": rng.normal(0, 0.5, size=(cout, cin, 3, 3))}
    if norm:
        signs = rng.permutation([-1, -1, 1, 1, 1])
        weights |= {
            "scale": signs * rng.uniform(0.5, 2, size=cout),
            "shift": rng.normal(size=cout),
            "mean": rng.normal(size=cout),
            "variance": rng.uniform(0.5, 3, size=cout),
        }
    else:
        weights["bias"] = rng.normal(size=cout)
    return {
        "plan": {"cin": cin, "cout": cout, "norm": norm, "pool": pool},
        "weights": {name: weight.astype(np.float32) for name, weight in weights.items()},
        "x": rng.normal(0.3, 1, size=shape).astype(np.float32),
    }


def block(settings, *, training=False, order=ORDER, padding=1, mode="constant", pool=functional.max_pool2d):
    """Compute a block's output and batch norm's statistics without a module, its steps in any order."""
    w = {name: torch.from_numpy(weight.copy()) for name, weight in settings["weights"].items()}
    plan, x = settings["plan"], torch.from_numpy(settings["x"])
    steps = {
        "convolution": lambda x: functional.conv2d(
            functional.pad(x, (padding,) * 4, mode=mode), w["weight"], w.get("bias")
        ),
        "norm": lambda x: functional.batch_norm(x, w["mean"], w["variance"], w["scale"], w["shift"], training, 0.1),
        "relu": torch.relu,
        "pool": lambda x: pool(x, 2),
        "pool always": lambda x: pool(x, 2),
        "leaky relu": functional.leaky_relu,
        "every second": lambda x: x[:, :, ::2, ::2] if plan["pool"] else x,
    }
    for name in order:
        x = steps[name](x) if plan.get(name, True) else x
    none = torch.zeros(0)
    return {
        "outputs": x.numpy(),
        "running_mean": w.get("mean", none).numpy(),
        "running_var": w.get("variance", none).numpy(),
    }


def mistaken(settings, training=False):
    """Give what well-known mistakes lead to, as far as they can be computed for these sizes."""
    ways = {
        "The outputs are never negative: ReLU is missing.": {"order": ("convolution", "norm", "pool")},
        "Batch norm comes before ReLU: convolution, norm, ReLU, pooling.": {
            "order": ("convolution", "relu", "norm", "pool")
        },
        "Pooling follows ReLU: convolution, norm, ReLU, pooling.": {"order": ("convolution", "pool", "norm", "relu")},
        "Pooling comes after the convolution, not before it.": {"order": ("pool", "convolution", "norm", "relu")},
        "ReLU comes after the convolution, not before it.": {"order": ("relu", "convolution", "norm", "pool")},
        "Batch norm follows the convolution.": {"order": ("norm", "convolution", "relu", "pool")},
        "This is mean pooling: the block has max pooling.": {"pool": functional.avg_pool2d},
        "The border is padded with zeros.": {"mode": "replicate"},
        "Kernel 3 with padding 1 keeps height and width: this does not pad.": {"padding": 0},
        "Kernel 3 with padding 1 keeps height and width: this pads too much.": {"padding": 2},
        "Pooling halves height and width: it is missing.": {"order": ORDER[:-1]},
        "Pooling is done without being asked for.": {"order": (*ORDER[:-1], "pool always")},
        "Pooling rounds down: this rounds up.": {"pool": partial(functional.max_pool2d, ceil_mode=True)},
        "The kernel moves by 2 in the place of pooling.": {"order": ("convolution", "every second", "norm", "relu")},
        "ReLU gives 0 below 0: this is leaky ReLU.": {"order": ("convolution", "norm", "leaky relu", "pool")},
        "With `norm`, batch norm follows the convolution: it is missing.": {"order": ("convolution", "relu", "pool")},
    }
    if settings["plan"]["norm"]:
        sentence = "Batch norm ran in the other mode: train() and eval() must reach it."
        found = {sentence: block(settings, training=not training)["outputs"][None]}
    else:
        found = {}
    for sentence, way in ways.items():
        try:
            found[sentence] = block(settings, training=training, **way)["outputs"][None]
        except RuntimeError:  # batch norm of three channels does not fit five
            continue
    return found


def layers_of(cin, cout, norm=True, **_):
    """Describe the layers of a plan."""
    return {
        "convolutions": [(cout, cin, 3, 3)],
        "biases of convolutions": int(not norm),
        "batch norms": [cout] * norm,
        "with running statistics": int(norm),
        "numbers in parameters": cin * cout * 9 + cout * (2 if norm else 1),
    }


@pytest.mark.points(0.75)
@pytest.mark.hint(
    "Made in __init__: one nn.Conv2d; with norm one nn.BatchNorm2d(cout), and then bias=False: the norm takes a bias "
    "away again."
)
def test_layers(alone, probes):
    """ConvBlock has one convolution with a bias or one with batch norm, made in __init__, and nothing else to train."""
    expected = [layers_of(**plan) for plan in PLANS]

    assert_same(alone.probe(probes.conv_block_layers, plans=PLANS), expected)


@pytest.mark.points(1)
@pytest.mark.hint("In this order: convolution, norm, ReLU, pooling. Kernel 3 with padding 1 keeps height and width.")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("norm", "pool"), KINDS, ids=NAMES)
@pytest.mark.parametrize("seed", range(5))
def test_evaluation(alone, probes, rng, seed, norm, pool, size):
    """ConvBlock gives what its weights say in evaluation mode, drops nothing, and its statistics stay."""
    settings = draw(rng, SIZES[size], norm, pool)
    expected = block(settings) | {"x": settings["x"].copy()}
    expected["outputs"] = np.stack([expected["outputs"]])
    known = {"outputs": mistaken(settings)}

    assert_each_close(alone.probe(probes.conv_block_outputs, **settings), expected, **FLOAT32, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("In this order: convolution, norm, ReLU, pooling. nn.BatchNorm2d itself knows the mode.")
@pytest.mark.parametrize("size", ["even", "odd", "one image"])
@pytest.mark.parametrize(("norm", "pool"), KINDS, ids=NAMES)
@pytest.mark.parametrize("seed", range(5))
def test_training(alone, probes, rng, seed, norm, pool, size):
    """ConvBlock normalises by the batch in training mode, and updates its running statistics."""
    settings = draw(rng, SIZES[size], norm, pool)
    expected = block(settings, training=True) | {"x": settings["x"].copy()}
    expected["outputs"] = np.stack([expected["outputs"]])
    known = {"outputs": mistaken(settings, training=True)}

    found = alone.probe(probes.conv_block_outputs, **settings, training=True)
    assert_each_close(found, expected, **FLOAT32, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint(
    "Dropout comes last, and zeroes single numbers: nn.Dropout, not Dropout2d. "
    "In training everything is zeroed? Check the second argument of F.dropout."
)
@pytest.mark.parametrize("dropout", [0.0, 0.25, 0.6])
@pytest.mark.parametrize("pool", [True, False], ids=["pooling", "no pooling"])
def test_dropout_in_training(alone, probes, rng, pool, dropout):
    """ConvBlock zeroes single numbers of its output with the given probability in training mode, and nothing else."""
    settings = draw(rng, (6, 2, 12, 10), norm=False, pool=pool)
    settings["weights"] = {name: np.abs(weight) + np.float32(0.1) for name, weight in settings["weights"].items()}
    settings["x"] = np.abs(settings["x"])  # all outputs are above 0
    whole = block(settings)["outputs"]
    settings["plan"]["dropout"] = dropout
    times = 4 if pool else 1

    found = alone.probe(probes.conv_block_outputs, **settings, training=True, times=times)["outputs"]
    assert_array(found, shape=(times, *whole.shape), dtype=np.float32)
    zeroed = (found == 0) & (dropout > 0)
    expected = np.where(zeroed, np.float32(0), np.stack([whole] * times) / np.float32(1 - dropout))
    known = {"Nothing is zeroed in training mode.": np.stack([whole] * times)}
    if dropout:
        sentence = "`dropout` is the probability that a number is zeroed, not that it is kept."
        known[sentence] = np.where(zeroed, np.float32(0), np.stack([whole] * times) / np.float32(dropout))
    assert_close(found, expected, **FLOAT32, known=known)
    assert not zeroed.all(), "In training everything is zeroed: check the second argument of F.dropout."
    # of 3,600 numbers: the standard deviation is at most 0.009
    assert abs(zeroed.mean() - dropout) < 0.06, "another share than the given one is zeroed"
    if dropout:
        assert not zeroed.all(axis=(3, 4)).any(), "whole channels are zeroed: that is nn.Dropout2d"


@pytest.mark.points(0.5)
@pytest.mark.hint("nn.Dropout follows the mode by itself; F.dropout needs training=self.training.")
@pytest.mark.parametrize("modes", [["eval"], ["train", "eval"], ["eval", "train", "eval", "eval"]], ids=str)
@pytest.mark.parametrize("norm", [True, False], ids=["norm", "no norm"])
@pytest.mark.parametrize("seed", range(5))
def test_dropout_in_evaluation(alone, probes, rng, seed, norm, modes):
    """ConvBlock drops nothing in evaluation mode, and can be switched between the modes."""
    settings = draw(rng, (2, 3, 9, 8), norm, pool=True)
    settings["plan"]["dropout"] = 0.5
    now, outputs = settings, []
    for mode in modes:
        seen = block(now, training=mode == "train")
        outputs.append(seen["outputs"])
        statistics = {"mean": seen["running_mean"], "variance": seen["running_var"]} if norm else {}
        now = now | {"weights": now["weights"] | statistics}

    found = alone.probe(probes.conv_block_modes, **settings, modes=modes)
    for mode, output, expected in zip(modes, found, outputs, strict=True):
        if mode == "eval":
            assert_close(output, expected, **FLOAT32)


@pytest.mark.points(0.25)
@pytest.mark.hint("Nothing on the way is detached, and layers are attributes of the module: no .detach(), no .data.")
@pytest.mark.parametrize(("norm", "pool"), KINDS, ids=NAMES)
@pytest.mark.parametrize("seed", range(5))
def test_every_parameter_learns(alone, probes, rng, seed, norm, pool):
    """ConvBlock gives each of its parameters a gradient, and its input too."""
    settings = draw(rng, (4, 3, 8, 6), norm, pool)

    sizes = alone.probe(probes.conv_block_gradients, **settings)
    assert len(sizes) > 1, "No parameters found: use Sequential, or an attribute for each layer."
    assert (sizes > 0).all(), "a parameter has no gradient, or one of zeros"


@pytest.mark.points(0.5)
@pytest.mark.hint("Channels are whole numbers from 1: require_int, which is given. Dropout is from 0 to below 1.")
@pytest.mark.parametrize(
    ("plan", "error"),
    [
        ({"cin": 0}, ValueError),
        ({"cin": -3}, ValueError),
        ({"cout": 0}, ValueError),
        ({"cout": -1}, ValueError),
        ({"cin": 3.0}, TypeError),
        ({"cin": "3"}, TypeError),
        ({"cout": 4.5}, TypeError),
        ({"cout": None}, TypeError),
        ({"dropout": 1.0}, ValueError),
        ({"dropout": -0.1}, ValueError),
        ({"dropout": 1.5}, ValueError),
        ({"dropout": 1.0, "norm": False}, ValueError),
    ],
    ids=str,
)
def test_bad_inputs(alone, probes, plan, error):
    """ConvBlock refuses channels below 1 or of another kind and impossible dropout, and takes the rest."""
    right = {"cin": 3, "cout": 4, "dropout": 0.9}
    alone.probe(probes.conv_block_built, plan=right)

    assert_raises(error, alone.probe, probes.conv_block_built, plan=right | plan)


@pytest.mark.points(0.25)
@pytest.mark.hint("Use the device that images and weights are on: no .cuda() and no name of a device in the block.")
@pytest.mark.parametrize("norm", [True, False], ids=["norm", "no norm"])
def test_device(alone, probes, norm):
    """ConvBlock runs where its parameters and the images are, whether there is a GPU or not."""
    plan, expected = {"cin": 3, "cout": 4, "norm": norm, "dropout": 0.5}, "meta"

    assert_same(alone.probe(probes.conv_block_on, plan=plan, shape=(2, 3, 6, 4), device="meta"), expected)
