"""Public tests of LeNetCIFAR."""

import numpy as np
import pytest

from coursekit import assert_close, assert_same

pytestmark = pytest.mark.question("lenet")

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


@pytest.mark.points(1)
@pytest.mark.hint("nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5), then three nn.Linear; the names are in the docstring.")
def test_parameters(student, probes):
    """LeNetCIFAR has two convolutions and three linear layers with the lecture's names: 62,006 parameters."""
    shapes = student.probe(probes.lenet_parameters)

    assert_same(shapes, SHAPES)
    assert_same(sum(int(np.prod(shape)) for shape in shapes.values()), 62_006)


@pytest.mark.points(1)
@pytest.mark.hint("Flatten all axes but the first: x.flatten(1). The first one stays, even if it is 1.")
def test_shapes(student, probes):
    """LeNetCIFAR gives (N, 10) for N images, and for a single one too."""
    expected = [(4, 10), (1, 10), (3, 10)]

    assert_same(student.probe(probes.lenet_shapes, counts=[4, 1, 3]), expected)


@pytest.mark.points(1)
@pytest.mark.hint("Model must return raw scores; the loss applies softmax. Nothing follows fc3.")
def test_raw_scores(student, probes, rng):
    """LeNetCIFAR gives raw scores: where all weights are 0, they are the biases of fc3, negative ones too."""
    biases = np.arange(-4, 6).astype(np.float32)
    x = rng.normal(size=(2, 3, 32, 32)).astype(np.float32)
    probabilities = np.exp(biases) / np.exp(biases).sum()
    known = {
        "Model must return raw scores; the loss applies softmax.": np.stack([probabilities] * 2),
        "Nothing follows fc3, no ReLU either.": np.stack([np.maximum(biases, 0)] * 2),
    }

    logits = student.probe(probes.lenet_logits, biases={"fc3.bias": biases}, x=x)
    assert_close(logits, np.stack([biases] * 2), rtol=1e-5, atol=1e-5, known=known)
