"""Public tests of softmax."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises

pytestmark = pytest.mark.question("softmax")


@pytest.mark.points(1)
@pytest.mark.hint("e to the power of each score, divided by the sum of these powers in its row.")
def test_handout_example(student):
    """softmax turns the scores 1, 2, 3 into 0.0900, 0.2447, 0.6652."""
    expected = np.array([[0.09003057317, 0.24472847105, 0.66524095577]])

    assert_close(student.softmax(np.array([[1.0, 2.0, 3.0]])), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("Each *row* must sum to 1.")
def test_equal_scores(student):
    """softmax gives each of K equal scores the probability 1/K, in every row."""
    assert_close(student.softmax(np.zeros((3, 4))), np.full((3, 4), 0.25), rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("exp overflowed: subtract the row maximum.")
def test_large_scores(student):
    """softmax of 1000, 1001, 1002 is that of 0, 1, 2."""
    expected = np.array([[0.09003057317, 0.24472847105, 0.66524095577]])

    assert_close(student.softmax(np.array([[1000.0, 1001.0, 1002.0]])), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint('as_floats(z, "z", 2) is given: it refuses any other number of axes.')
def test_one_axis(student):
    """softmax refuses a single row without a batch axis."""
    student.softmax(np.ones((1, 3)))

    assert_raises(ValueError, student.softmax, np.ones(3))
