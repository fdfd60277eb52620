"""Public tests of flip_horizontal."""

import numpy as np
import pytest

from coursekit import assert_array, assert_close

pytestmark = pytest.mark.question("flip_horizontal")


@pytest.mark.points(1)
@pytest.mark.hint("The line goes down to the right; in the mirror it goes down to the left.")
def test_lecture_image_seven(student):
    """flip_horizontal mirrors image 7 of the lecture's diagonal lines."""
    image = 255 * np.eye(5, k=1, dtype=np.uint8)
    expected = np.array(
        [[0, 0, 0, 255, 0], [0, 0, 255, 0, 0], [0, 255, 0, 0, 0], [255, 0, 0, 0, 0], [0, 0, 0, 0, 0]], dtype=np.uint8
    )

    assert_close(student.flip_horizontal(image), expected, rtol=0, atol=0)


@pytest.mark.points(0)
@pytest.mark.hint("diagonal_lines is given: take it from the starter again.")
@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (0, np.array([[0, 0, 255, 0, 0]] * 5, dtype=np.uint8)),
        (7, 255 * np.eye(5, k=1, dtype=np.uint8)),
    ],
    ids=["image 0", "image 7"],
)
def test_given_images(student, place, expected):
    """diagonal_lines, which is given, draws the lecture's images: the third column, and a diagonal."""
    drawn = student.diagonal_lines()

    assert isinstance(drawn, tuple), "diagonal_lines returns images and labels"
    assert_array(drawn[0], shape=(300, 1, 5, 5), dtype=np.uint8)
    assert_close(drawn[0][place, 0], expected, rtol=0, atol=0)
