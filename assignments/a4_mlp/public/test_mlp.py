"""Public tests of MLP."""

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("mlp")

SIZES = [3, [2], 1]
WEIGHTS = [
    torch.tensor([[1.0, 0.0, -1.0], [0.0, 2.0, 1.0]]),
    torch.tensor([0.5, -1.0]),
    torch.tensor([[-2.0, 1.0]]),
    torch.tensor([-3.0]),
]
X = torch.tensor([[1.0, 1.0, 0.0], [0.0, -1.0, 2.0]])
BETWEEN = np.array([[1.5, 1.0], [-1.5, -1.0]])  # what the first layer gives, before its activation


@pytest.mark.points(0.75)
@pytest.mark.hint("784 * 128 + 128, and 128 * 10 + 10. nn.Linear already has a bias.")
def test_parameters_of_the_lecture(student, probes):
    """MLP with 784 inputs, 128 hidden units and 10 outputs has 101,770 parameters."""
    count = student.probe(probes.parameter_count, inputs=784, hidden=[128], outputs=10)

    assert count, "No parameters found: use ModuleList/Sequential."
    assert_same(count, 101_770)


@pytest.mark.points(0.75)
@pytest.mark.hint("Flatten all axes but the first; the first one stays, whatever its length.")
def test_images_and_rows(student, probes):
    """MLP takes images (N, 1, 28, 28) and rows (N, 784), and gives (N, 10)."""
    shapes = student.probe(probes.output_shapes, shapes=[(5, 1, 28, 28), (5, 784), (1, 1, 28, 28)])

    assert_same(shapes, [(5, 10), (5, 10), (1, 10)])


@pytest.mark.points(1)
@pytest.mark.hint(
    "An activation follows each hidden layer, and nothing the last one. The first logit is -2·1.5 + 1 - 3."
)
@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh"])
def test_logits(student, probes, activation):
    """MLP gives raw scores: linear, activation, linear."""
    functions = {"relu": lambda z: np.maximum(z, 0), "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "tanh": np.tanh}
    logits, linear = ((part @ [[-2.0], [1.0]] - 3)[None] for part in (functions[activation](BETWEEN), BETWEEN))
    known = {
        "Two linear layers are one linear layer: the activation is missing.": linear,
        "Model must return raw scores: nothing follows the last layer.": functions[activation](logits),
    }

    outputs = student.probe(probes.outputs, sizes=SIZES, weights=WEIGHTS, x=X, activation=activation)
    assert_close(outputs, logits.astype(np.float32), rtol=1e-4, atol=1e-5, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("nn.Dropout follows the mode by itself. If you use F.dropout, hand it training=self.training.")
def test_dropout(student, probes):
    """MLP zeroes hidden numbers in training mode, and none in evaluation mode."""
    modes = ["train", "train", "train", "train", "train", "train", "eval", "eval"]
    sizes, x = [3, [2], 1], X[:1].repeat(50, 1)
    logits = np.full((2, 50, 1), -5, dtype=np.float32)

    outputs = student.probe(probes.outputs, sizes=sizes, weights=WEIGHTS, x=x, modes=modes, dropout=0.5)
    assert_close(outputs[6:], logits, rtol=1e-4, atol=1e-5)
    # the hidden numbers are 1.5 and 1: what is not zeroed is doubled, to 3 and 2
    assert_same(sorted({round(float(output), 3) for output in outputs[:6].ravel()}), [-9.0, -7.0, -3.0, -1.0])


@pytest.mark.points(0.5)
@pytest.mark.hint("Check each size with require_int, which is given, and the name of the activation.")
@pytest.mark.parametrize(
    ("sizes", "options"),
    [([3, [0], 1], {}), ([3, [2], 1], {"activation": "softplus"})],
    ids=["hidden layer of 0", "unknown activation"],
)
def test_bad_inputs(student, probes, sizes, options):
    """MLP refuses hidden layers of 0 numbers and unknown activations, and takes the rest."""
    student.probe(probes.outputs, sizes=SIZES, weights=WEIGHTS, x=X)

    assert_raises(ValueError, student.probe, probes.outputs, sizes=sizes, weights=WEIGHTS, x=X, **options)
