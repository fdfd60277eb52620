"""Public tests of correlate2d."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("correlate2d")

IMAGE = np.array([[1, 2, 3, 4, 5], [7, 8, 9, 10, 11], [12, 13, 14, 15, 16]])
KERNEL = np.array([[0, 1, 0], [1, 0, 1], [0, 2, 0]])


@pytest.mark.points(1.5)
@pytest.mark.hint("Put the kernel on the image as it is, multiply, add up, and move on by one pixel.")
def test_lecture_row(student):
    """correlate2d gives 44 49 54 on the lecture's image, in float64."""
    known = {"This is convolution: correlate2d does not rotate the kernel.": np.array([[33.0, 38.0, 43.0]])}

    assert_close(student.correlate2d(IMAGE, KERNEL), np.array([[44.0, 49.0, 54.0]]), rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("Count the ones under the cross of the filter.")
def test_binary_image(student):
    """correlate2d gives the nine sums of the 5x5 image and the 3x3 filter of zeros and ones."""
    image = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]])
    cross = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    expected = np.array([[4.0, 3.0, 4.0], [2.0, 4.0, 3.0], [2.0, 3.0, 4.0]])

    assert_close(student.correlate2d(image, cross), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(1)
@pytest.mark.hint("Pad by what same_padding says, then do as for 'valid'.")
def test_same_size(student):
    """correlate2d keeps the size of the lecture's image with padding "same"."""
    expected = np.array(
        [[16.0, 20.0, 24.0, 28.0, 26.0], [33.0, 44.0, 49.0, 54.0, 47.0], [20.0, 34.0, 37.0, 40.0, 26.0]]
    )

    assert_close(student.correlate2d(IMAGE, KERNEL, "same"), expected, rtol=1e-7, atol=1e-10)
