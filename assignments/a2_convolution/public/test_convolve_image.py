"""Public tests of convolve_image."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("convolve_image")

SMOOTH = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256


@pytest.mark.points(1.5)
@pytest.mark.hint("Filter each channel on its own, and put the results side by side on the last axis.")
def test_smoothing_a_coloured_dot(student):
    """convolve_image spreads one coloured pixel into the smoothing kernel, in each channel's own strength."""
    image = np.zeros((7, 9, 3))
    image[3, 4] = 256.0, 0.0, 512.0
    expected = np.zeros((7, 9, 3))
    expected[1:6, 2:7, 0] = 256 * SMOOTH
    expected[1:6, 2:7, 2] = 512 * SMOOTH

    assert_close(student.convolve_image(image, SMOOTH), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(1)
@pytest.mark.hint("An image with two axes has one channel: give two axes back.")
def test_gray_images_are_fine(student, rng):
    """convolve_image takes a gray image with two axes, and gives one back."""
    image, kernel = rng.normal(size=(5, 8)), np.array([[2.0]])

    assert_close(student.convolve_image(image, kernel), 2 * image, rtol=1e-7, atol=1e-10)
