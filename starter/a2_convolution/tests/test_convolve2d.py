"""Public tests of convolve2d."""

import numpy as np
import pytest

from coursekit import assert_array, assert_close

pytestmark = pytest.mark.question("convolve2d")

IMAGE = np.array([[1, 2, 3, 4, 5], [7, 8, 9, 10, 11], [12, 13, 14, 15, 16]])
KERNEL = np.array([[0, 1, 0], [1, 0, 1], [0, 2, 0]])
FLIPPED = "Only one axis was flipped: the columns. Flip the rows too."  # the same: this kernel's columns are symmetric
CORRELATION = "This is cross-correlation: rotate the kernel by 180 degrees first."


@pytest.mark.points(1)
@pytest.mark.hint("The first value is 2*2 + 7 + 9 + 13 = 33.")
def test_lecture_row(student):
    """convolve2d gives 33 38 43 where the kernel lies fully on the lecture's image."""
    correlated = np.array([[44.0, 49.0, 54.0]])
    known = {CORRELATION: correlated, FLIPPED: correlated}
    row = student.convolve2d(IMAGE, KERNEL, "valid")

    assert_close(row, np.array([[33.0, 38.0, 43.0]]), rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(1.5)
@pytest.mark.hint("Pad with one ring of zeros, then convolve.")
def test_lecture_image_padded_with_zeros(student):
    """convolve2d keeps the size of the lecture's image, which it pads with zeros by default."""
    expected = np.array([[9.0, 12.0, 15.0, 18.0, 15.0], [22.0, 33.0, 38.0, 43.0, 36.0], [27.0, 42.0, 46.0, 50.0, 37.0]])
    correlated = np.array(
        [[16.0, 20.0, 24.0, 28.0, 26.0], [33.0, 44.0, 49.0, 54.0, 47.0], [20.0, 34.0, 37.0, 40.0, 26.0]]
    )
    bare = np.zeros((3, 5))
    bare[1, 1:4] = 33, 38, 43
    known = {CORRELATION: correlated, FLIPPED: correlated, "Edge pixels must be computed from the padded image.": bare}

    assert_close(student.convolve2d(IMAGE, KERNEL), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("A kernel with a single 2 in its centre doubles the image.")
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (5, 3)], ids=str)
def test_one_weight_in_the_centre(student, rng, shape):
    """convolve2d with a kernel that is 2 in its centre and 0 elsewhere gives twice the image."""
    image, kernel = rng.normal(size=(6, 9)), np.zeros(shape)
    kernel[shape[0] // 2, shape[1] // 2] = 2.0

    assert_close(student.convolve2d(image, kernel), 2 * image, rtol=1e-7, atol=1e-10)


@pytest.mark.points(1)
@pytest.mark.hint("Compute in float64 whatever the image holds.")
def test_float64_from_bytes(student):
    """convolve2d of a uint8 image gives float64: a difference of bytes may be negative."""
    image, kernel = np.array([[10, 200, 30]], dtype=np.uint8), np.array([[1, 0, -1]])
    result = student.convolve2d(image, kernel)

    assert_array(result, shape=(1, 3), dtype=np.float64)
    assert_close(result, np.array([[200.0, 20.0, -200.0]]), rtol=1e-7, atol=1e-10)
