"""Public tests of draw_rectangle."""

import numpy as np
import pytest

from coursekit import assert_close, photo

pytestmark = pytest.mark.question("draw_rectangle")


@pytest.mark.points(1.5)
@pytest.mark.hint("Rows 100 to 149 and columns 200 to 299 become (0, 255, 0), in a copy.")
def test_lecture_green_box(student):
    """draw_rectangle puts the lecture's green box on the cat Chelsea: rows 100 to 149, columns 200 to 299."""
    expected = photo("chelsea")
    expected[100:150, 200:300, :] = 0
    expected[100:150, 200:300, 1] = 255

    assert_close(student.draw_rectangle(photo("chelsea"), 100, 200, 150, 300, (0, 255, 0)), expected, rtol=0, atol=0)


@pytest.mark.points(1)
@pytest.mark.hint("The first index is the row; rows 1 and 2 and columns 2 to 4 are filled.")
def test_box_in_a_gray_image(student):
    """draw_rectangle fills the rows from top to bottom - 1 and the columns from left to right - 1 of a gray image."""
    expected = np.array(
        [
            [0, 0, 0, 0, 0, 0],
            [0, 0, 7, 7, 7, 0],
            [0, 0, 7, 7, 7, 0],
            [0, 0, 0, 0, 0, 0],
        ],
        dtype=np.uint8,
    )

    assert_close(student.draw_rectangle(np.zeros((4, 6), dtype=np.uint8), 1, 2, 3, 5, (7,)), expected, rtol=0, atol=0)
