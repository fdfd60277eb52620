"""Public tests of autograd_gradients."""

import numpy as np
import pytest
import torch

from coursekit import assert_each_close, assert_raises

pytestmark = pytest.mark.question("autograd_gradients")


@pytest.mark.points(0.5)
@pytest.mark.hint("The gradient of x·x is 2x. Return a tuple, for a single tensor too.")
def test_square_of_a_vector(student, probes):
    """autograd_gradients gives 2, 4, 6, 8, 10 for x·x at 1 to 5."""
    expected = (np.array([2, 4, 6, 8, 10], dtype=np.float32),)

    result = student.probe(probes.gradients, name="x·x", xs=[torch.tensor([1.0, 2, 3, 4, 5])])
    assert_each_close(result, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.points(0.5)
@pytest.mark.hint("One gradient for each x, in their order.")
@pytest.mark.parametrize(
    ("name", "xs", "expected"),
    [
        ("wx + b", ([1.0], [2.0], [3.0]), ([2.0], [1.0], [1.0])),
        (
            "sum of xy + z",
            ([[1.0, 2], [3, 4]], [[5.0, 6], [7, 8]], [[9.0, 0], [1, 2]]),
            ([[5.0, 6], [7, 8]], [[1.0, 2], [3, 4]], [[1.0, 1], [1, 1]]),
        ),
    ],
    ids=["wx + b", "the lecture's graph"],
)
def test_several_tensors(student, probes, name, xs, expected):
    """autograd_gradients gives w, x and 1 for wx + b, and y, x and 1 for the lecture's graph."""
    expected = tuple(np.array(part, dtype=np.float32) for part in expected)

    result = student.probe(probes.gradients, name=name, xs=[torch.tensor(x) for x in xs])
    assert_each_close(result, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.points(0.25)
@pytest.mark.hint("Look at the number of elements of f's result before you go backwards.")
def test_several_results(student, probes):
    """autograd_gradients refuses a function that returns more than one element."""
    student.probe(probes.gradients, name="x·x", xs=[torch.ones(2)])

    assert_raises(ValueError, student.probe, probes.gradients, name="x", xs=[torch.ones(2)])
