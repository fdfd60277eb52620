"""Public tests of rotate_kernel."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("rotate_kernel")


@pytest.mark.points(1.5)
@pytest.mark.hint("A turn by 180 degrees puts the last row first and the last column first.")
def test_lecture_kernel(student):
    """rotate_kernel turns the lecture's kernel upside down."""
    kernel = np.array([[0, 1, 0], [1, 0, 1], [0, 2, 0]])
    expected = np.array([[0, 2, 0], [1, 0, 1], [0, 1, 0]])

    assert_close(student.rotate_kernel(kernel), expected, rtol=0, atol=0)
