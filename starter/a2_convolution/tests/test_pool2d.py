"""Public tests of pool2d."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("pool2d")

X = np.array([[[[112, 237, 96, 223], [229, 181, 50, 108], [158, 93, 40, 71], [64, 80, 17, 35]]]])


@pytest.mark.points(1.5)
@pytest.mark.hint("The window moves by the stride, here 1: windows overlap.")
def test_overlapping_maximum(student):
    """pool2d with a window of 2 and a stride of 1 turns 4x4 pixels into the slide's 3x3 maxima."""
    expected = np.array([[[[237.0, 237.0, 223.0], [229.0, 181.0, 108.0], [158.0, 93.0, 71.0]]]])

    assert_close(student.pool2d(X, 2, 1), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(1)
@pytest.mark.hint("Without a stride the windows lie side by side.")
def test_mean_of_each_block(student):
    """pool2d in mode "avg" gives the mean of each 2x2 block, when no stride is given."""
    expected = np.array([[[[189.75, 119.25], [98.75, 40.75]]]])

    assert_close(student.pool2d(X, 2, mode="avg"), expected, rtol=1e-7, atol=1e-10)
