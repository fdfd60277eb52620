"""Public tests of one_hot."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises

pytestmark = pytest.mark.question("one_hot")


@pytest.mark.points(0.75)
@pytest.mark.hint("Row i is 0 everywhere but in column labels[i].")
def test_three_labels(student):
    """one_hot turns the labels 3, 0, 1 into rows with a single 1."""
    expected = np.array([[0.0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]])

    assert_close(student.one_hot(np.array([3, 0, 1]), 4), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("as_labels is given: use it.")
def test_a_label_too_large(student):
    """one_hot refuses a label that is no class."""
    student.one_hot(np.array([2]), 3)

    assert_raises(ValueError, student.one_hot, np.array([3]), 3)
