"""Public tests of MLP."""

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("mlp")

SIZES = [4, [3], 2]
WEIGHTS = [
    torch.tensor([[1.0, 0.0, -1.0, 0.0], [0.0, 2.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]),
    torch.tensor([0.5, -1.0, 0.0]),
    torch.tensor([[-2.0, 1.0, 0.0], [0.0, 1.0, 1.0]]),
    torch.tensor([-3.0, 0.5]),
]
X = torch.tensor([[1.0, 1.0, 0.0, 2.0], [0.0, -1.0, 2.0, -1.0]])
BETWEEN = torch.tensor([[1.5, 1.0, 2.0], [-1.5, -1.0, -1.0]])  # what the first layer gives, before its activation


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
    function = getattr(torch, activation)
    logits, linear = (
        torch.stack([-2 * hidden[:, 0] + hidden[:, 1] - 3, hidden[:, 1] + hidden[:, 2] + 0.5], dim=1)[None]
        for hidden in (function(BETWEEN), BETWEEN)
    )
    known = {
        "Model must return raw scores; the loss applies softmax.": logits.softmax(dim=-1).numpy(),
        "Two linear layers are one linear layer: the activation is missing.": linear.numpy(),
        "Nothing follows the last layer.": function(logits).numpy(),
    }

    outputs = student.probe(probes.outputs, sizes=SIZES, weights=WEIGHTS, x=X, activation=activation)
    assert_close(outputs, logits.numpy(), rtol=1e-4, atol=1e-5, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("nn.Dropout follows the mode by itself. If you use F.dropout, hand it training=self.training.")
def test_dropout(student, probes):
    """MLP zeroes hidden numbers in training mode, and none in evaluation mode."""
    modes = ["train", "train", "train", "train", "train", "train", "eval", "eval"]
    logits = np.tile(np.array([-5, 3.5], dtype=np.float32), (2, 50, 1))

    outputs = student.probe(
        probes.outputs, sizes=SIZES, weights=WEIGHTS, x=X[:1].repeat(50, 1), modes=modes, dropout=0.5
    )
    assert_close(outputs[6:], logits, rtol=1e-4, atol=1e-5)
    # the first logit is -2·1.5 + 1 - 3; of 1.5 and 1, what is not zeroed is doubled, to 3 and 2
    found = sorted({round(float(logit), 3) for logit in outputs[:6, :, 0].ravel()})
    assert_same(found, [-9.0, -7.0, -3.0, -1.0])


@pytest.mark.points(0.5)
@pytest.mark.hint("Check each size with require_int, which is given, and the name of the activation.")
@pytest.mark.parametrize(
    ("sizes", "options"),
    [([4, [0], 2], {}), ([4, [3], 2], {"activation": "softplus"})],
    ids=["hidden layer of 0", "unknown activation"],
)
def test_bad_inputs(student, probes, sizes, options):
    """MLP refuses hidden layers of 0 numbers and unknown activations, and takes the rest."""
    student.probe(probes.outputs, sizes=SIZES, weights=WEIGHTS, x=X)

    assert_raises(ValueError, student.probe, probes.outputs, sizes=sizes, weights=WEIGHTS, x=X, **options)
