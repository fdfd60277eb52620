"""Public tests of collapse_linear_layers."""

import pytest

from coursekit import assert_close, assert_raises

pytestmark = pytest.mark.question("collapse_linear_layers")


@pytest.mark.points(0.75)
@pytest.mark.hint("The last matrix stands on the left: (1, 3) @ (3, 5) @ (5, 25).")
def test_lecture_stack(student, probes, rng):
    """collapse_linear_layers turns the lecture's stack 25-5-3-1 into one matrix (1, 25): a logistic regression."""
    first, second, last = rng.normal(size=(5, 25)), rng.normal(size=(3, 5)), rng.normal(size=(1, 3))
    expected = last @ second @ first

    matrix = student.probe(probes.collapsed, matrices=[first, second, last], activation=False)
    assert_close(matrix, expected, rtol=1e-6, atol=1e-9)


@pytest.mark.points(0.25)
@pytest.mark.hint("Check each layer: only nn.Linear without bias, and nn.Flatten.")
def test_activations(student, probes, rng):
    """collapse_linear_layers refuses a stack with ReLU: that is what the layers are for."""
    matrices = [rng.normal(size=(3, 4)), rng.normal(size=(2, 3))]
    student.probe(probes.collapsed, matrices=matrices, activation=False)

    assert_raises(ValueError, student.probe, probes.collapsed, matrices=matrices, activation=True)
