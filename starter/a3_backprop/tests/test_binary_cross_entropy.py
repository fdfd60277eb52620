"""Public tests of binary_cross_entropy."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises

pytestmark = pytest.mark.question("binary_cross_entropy")


@pytest.mark.points(0.75)
@pytest.mark.hint("-t log(p) - (1 - t) log(1 - p): a sum over the outputs, a mean over the samples.")
@pytest.mark.parametrize(
    ("probs", "targets", "expected"),
    [
        ([[0.5]], [[1.0]], 0.69314718056),
        ([[0.5, 0.5]], [[1.0, 0.0]], 1.38629436112),
        ([[0.5], [0.5]], [[0.0], [1.0]], 0.69314718056),
        ([[0.9, 0.2]], [[1.0, 0.0]], 0.32850406697),
    ],
    ids=["one output", "two outputs", "two samples", "two good answers"],
)
def test_small_examples(student, probs, targets, expected):
    """binary_cross_entropy of one half is log 2, for each output."""
    loss = student.binary_cross_entropy(np.array(probs), np.array(targets))

    assert_close(loss, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("Clip at 1e-12, so that log never meets 0.")
def test_sure_and_right(student):
    """binary_cross_entropy adds nothing for 0 and 1 that are right."""
    loss = student.binary_cross_entropy(np.array([[0.0, 1.0, 0.5]]), np.array([[0.0, 1.0, 1.0]]))

    assert_close(loss, 0.69314718056, rtol=1e-7, atol=1e-10)
    assert type(loss) is float, "the loss is a Python float"


@pytest.mark.points(0.25)
@pytest.mark.hint("A probability lies between 0 and 1.")
def test_no_probability(student):
    """binary_cross_entropy refuses a probability above 1."""
    student.binary_cross_entropy(np.array([[0.5]]), np.array([[1.0]]))

    assert_raises(ValueError, student.binary_cross_entropy, np.array([[1.5]]), np.array([[1.0]]))
