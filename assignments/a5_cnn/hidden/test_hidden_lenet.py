"""Hidden tests of LeNetCIFAR.

A model cannot cross as data: probes build it, copy weights into it by their shapes, and run it. So only the test of
the names depends on the names.
"""

import numpy as np
import pytest
import torch
from torch.nn import functional

from coursekit import assert_each_close, assert_same

pytestmark = pytest.mark.question("lenet")

FLOAT32 = {"rtol": 1e-5, "atol": 1e-5}
RAW = "Model must return raw scores; the loss applies softmax."
SHAPES = {
    "conv1.weight": (6, 3, 5, 5),
    "conv1.bias": (6,),
    "conv2.weight": (16, 6, 5, 5),
    "conv2.bias": (16,),
    "fc1.weight": (120, 400),
    "fc1.bias": (120,),
    "fc2.weight": (84, 120),
    "fc2.bias": (84,),
    "fc3.weight": (10, 84),
    "fc3.bias": (10,),
}
PLAIN = ("conv1", "conv2", "fc1", "fc2")


def draw(rng, count):
    """Draw weights for logits of about 1, and images."""
    weights = {}
    for name, shape in SHAPES.items():
        spread = np.sqrt(2 / np.prod(shape[1:])) if name.endswith("weight") else 0.3
        weights[name] = rng.normal(0, spread, size=shape).astype(np.float32)
    return {"weights": weights, "x": rng.normal(size=(count, 3, 32, 32)).astype(np.float32)}


def forward(weights, x, *, after=PLAIN, function=torch.relu, **other):
    """Compute logits without a module; `other` replaces a part of it: "start", "pool", "flat" or "end"."""
    w = {name: torch.from_numpy(weight) for name, weight in weights.items()}
    steps = {name: function if name in after else torch.clone for name in PLAIN}
    pool, flat = other.get("pool", functional.max_pool2d), other.get("flat", lambda x: x.flatten(1))
    x = other.get("start", torch.clone)(torch.from_numpy(x))
    for name in ("conv1", "conv2"):
        x = pool(steps[name](functional.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"])), 2)
    x = flat(x)
    for name in ("fc1", "fc2"):
        x = steps[name](functional.linear(x, w[f"{name}.weight"], w[f"{name}.bias"]))
    logits = functional.linear(x, w["fc3.weight"], w["fc3.bias"])
    return other.get("end", torch.clone)(logits).numpy()


def mistaken(weights, x):
    """Give what well-known mistakes lead to."""
    ways = {
        f"{RAW} This is the softmax itself.": {"end": lambda z: z.softmax(dim=1)},
        f"{RAW} This is its logarithm.": {"end": lambda z: z.log_softmax(dim=1)},
        f"{RAW} This is a sigmoid.": {"end": torch.sigmoid},
        "Nothing follows fc3, no ReLU either.": {"end": torch.relu},
        "A batch of one was dropped: do without squeeze(), and flatten(1) in the place of flatten().": {
            "end": torch.squeeze
        },
        "Pixels were scrambled: images come with the channels first, and stay so.": {
            "start": lambda x: x.reshape(-1, 32, 32, 3).permute(0, 3, 1, 2)
        },
        "Pixels were scrambled: height and width are swapped.": {"start": lambda x: x.transpose(2, 3)},
        "Keep the batch dimension: numbers of different images were mixed.": {
            "flat": lambda x: x.permute(1, 0, 2, 3).reshape(len(x), -1)
        },
        "Flatten (N, 16, 5, 5) as it is, with the channels first.": {
            "flat": lambda x: x.permute(0, 2, 3, 1).flatten(1)
        },
        "This is mean pooling: each convolution is followed by max pooling.": {"pool": functional.avg_pool2d},
        "No ReLU is there: without one, all layers together are one linear layer.": {"after": ()},
        "The convolutions are followed by a ReLU each: it is missing.": {"after": ("fc1", "fc2")},
        "fc1 and fc2 are followed by a ReLU each: it is missing.": {"after": ("conv1", "conv2")},
        "The activation is ReLU, not the sigmoid.": {"function": torch.sigmoid},
        "The activation is ReLU, not tanh.": {"function": torch.tanh},
    }
    single = {
        f"A ReLU is missing after {name}.": {"after": [other for other in PLAIN if other != name]} for name in PLAIN
    }
    return {sentence: forward(weights, x, **way) for sentence, way in (ways | single).items()}


@pytest.mark.points(1)
@pytest.mark.hint("conv1, conv2, fc1, fc2 and fc3, each with a bias, made in __init__, and nothing else to keep.")
def test_parameters(alone, probes):
    """LeNetCIFAR keeps exactly the weights and biases of its five layers, under the lecture's names."""
    expected = {name: f"{shape} torch.float32" for name, shape in SHAPES.items()}

    found = alone.probe(probes.lenet_parameters)
    assert found, "No parameters found: assign each layer to an attribute of the module, not to a list."
    assert_same(found, expected)


@pytest.mark.points(2)
@pytest.mark.hint(
    "Convolution, ReLU, max pooling; twice. Then fc1, ReLU, fc2, ReLU, fc3, and nothing after it. Nothing depends on "
    "the mode, and the images stay as they are. `train` is a method of nn.Module; rename yours."
)
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@pytest.mark.parametrize("layout", ["plain", "every second pixel", "a part of a larger image"])
@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("seed", range(5))
def test_fixed_weights(alone, probes, rng, seed, count, layout, training):
    """LeNetCIFAR gives the logits that its weights say, in both modes, and leaves the images as they are."""
    settings = draw(rng, count)
    expected = {"logits": forward(**settings), "x": settings["x"].copy()}
    known = {"logits": mistaken(**settings)}

    found = alone.probe(probes.lenet_logits, **settings, layout=layout, training=training)
    assert_each_close(found, expected, **FLOAT32, known=known)


@pytest.mark.points(1)
@pytest.mark.hint(
    "Keep the batch dimension: x.flatten(1) leaves it alone. squeeze() drops a batch of one: do without it."
)
@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("seed", range(5))
def test_each_image_alone(alone, probes, rng, seed, count):
    """LeNetCIFAR gives an image the same logits alone, in a batch, and in another place of it."""
    settings = draw(rng, count)
    logits = forward(**settings)
    expected = {"at once": logits, "alone": logits[:, None], "in reverse": logits[::-1]}

    assert_each_close(alone.probe(probes.lenet_rows, **settings), expected, **FLOAT32)


@pytest.mark.points(0.75)
@pytest.mark.hint("Every layer is used, and nothing on the way is detached: no .detach(), no .data, no .numpy().")
@pytest.mark.parametrize("seed", range(5))
def test_every_parameter_learns(alone, probes, rng, seed):
    """LeNetCIFAR gives each of its parameters a gradient."""
    settings = draw(rng, 16)
    y = rng.integers(0, 10, size=16)

    sizes = alone.probe(probes.lenet_gradients, **settings, y=y)
    assert sizes.size, "No parameters found: assign each layer to an attribute of the module, not to a list."
    assert (sizes > 0).all(), "a parameter has no gradient, or one of zeros"


@pytest.mark.points(0.75)
@pytest.mark.hint(
    "Keep the batch dimension: x.flatten(1). With view(-1, 400), images of another size become another number of rows, "
    "and one image without a batch is taken too; fc1 refuses what has not 400 numbers, if you let it."
)
@pytest.mark.parametrize(
    "shape",
    # of each 25 images all numbers together are a multiple of 400
    [(25, 3, 28, 28), (25, 3, 44, 44), (25, 3, 40, 24), (2, 3, 64, 64), (3, 3, 20, 32), (3, 32, 32), (2, 3, 8, 8)],
    ids=str,
)
def test_other_sizes(alone, probes, shape):
    """LeNetCIFAR refuses images of other sizes, and images without a batch, and takes the rest."""
    expected = ["refused"]

    assert_same(alone.probe(probes.lenet_refusals, shapes=[shape]), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("conv1 takes three channels, and they come first: (N, 3, 32, 32).")
@pytest.mark.parametrize("shape", [(2, 1, 32, 32), (2, 4, 32, 32), (2, 32, 32, 3), (2, 3072)], ids=str)
def test_other_channels(alone, probes, shape):
    """LeNetCIFAR refuses images with other than three channels, or with channels last, and takes the rest."""
    expected = ["refused"]

    assert_same(alone.probe(probes.lenet_refusals, shapes=[shape]), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("Use the device that images and weights are on: no .cuda() and no name of a device in the model.")
def test_device(alone, probes):
    """LeNetCIFAR runs where its parameters and the images are, whether there is a GPU or not."""
    expected = "meta"

    assert_same(alone.probe(probes.lenet_on, device="meta"), expected)
