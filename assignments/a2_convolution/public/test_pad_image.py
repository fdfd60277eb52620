"""Public tests of pad_image."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("pad_image")

LECTURE = np.array([[1, 2, 3, 4, 5], [7, 8, 9, 10, 11], [12, 13, 14, 15, 16]])
ROWS = {
    "zero": [0, 0, 0, 0, 1, 2, 3, 0, 0, 0],
    "reflect": [3, 2, 1, 0, 1, 2, 3, 2, 1, 0],
    "symmetric": [2, 1, 0, 0, 1, 2, 3, 3, 2, 1],
    "edge": [0, 0, 0, 0, 1, 2, 3, 3, 3, 3],
    "wrap": [1, 2, 3, 0, 1, 2, 3, 0, 1, 2],
}


@pytest.mark.points(1)
@pytest.mark.hint("Make an array of zeros with two more rows and columns, and put the image into its middle.")
def test_zeros_around_the_lecture_image(student):
    """pad_image surrounds the lecture's 3x5 image with one ring of zeros."""
    expected = np.array(
        [
            [0, 0, 0, 0, 0, 0, 0],
            [0, 1, 2, 3, 4, 5, 0],
            [0, 7, 8, 9, 10, 11, 0],
            [0, 12, 13, 14, 15, 16, 0],
            [0, 0, 0, 0, 0, 0, 0],
        ]
    )

    assert_close(student.pad_image(LECTURE, 1, 1, "zero"), expected, rtol=0, atol=0)


@pytest.mark.points(3)
@pytest.mark.hint("Write down which column of the image each new column copies, then compare with the docstring.")
@pytest.mark.parametrize("mode", ROWS)
def test_one_row_in_each_mode(student, mode):
    """pad_image puts three columns on each side of the row 0 1 2 3, in each of the five modes."""
    row, expected = np.array([[0, 1, 2, 3]]), np.array([ROWS[mode]])
    known = {f"This is what the mode {other} gives.": np.array([ROWS[other]]) for other in ROWS if other != mode}

    assert_close(student.pad_image(row, 0, 3, mode), expected, rtol=0, atol=0, known=known)
