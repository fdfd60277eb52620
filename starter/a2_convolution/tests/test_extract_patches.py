"""Public tests of extract_patches."""

import numpy as np
import pytest

from coursekit import assert_array, assert_close

pytestmark = pytest.mark.question("extract_patches")


@pytest.mark.points(1.5)
@pytest.mark.hint("There are 2 rows and 3 columns of patches; the next patch begins 2 pixels further.")
@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 2), (1, 0), (1, 1)])
def test_lecture_patches(student, row, column):
    """extract_patches cuts 4x4 patches out of a 6x8 image, two pixels apart, as on the lecture's slide."""
    image = np.arange(48).reshape(6, 8)
    patches = student.extract_patches(image, (4, 4), 2)

    assert_array(patches, shape=(2, 3, 4, 4), dtype=image.dtype)
    assert_close(patches[row, column], image[2 * row : 2 * row + 4, 2 * column : 2 * column + 4].copy(), rtol=0, atol=0)


@pytest.mark.points(1)
@pytest.mark.hint("The first two axes say which patch, the last two which pixel in it.")
def test_the_smallest_patches_are_the_pixels(student, rng):
    """extract_patches with a 1x1 window gives each pixel back."""
    image = rng.normal(size=(3, 5))

    assert_close(student.extract_patches(image, (1, 1)), image.reshape(3, 5, 1, 1), rtol=0, atol=0)
