"""Public tests of hwc_to_chw, nhwc_to_nchw, nchw_to_nhwc and flatten_images."""

import numpy as np
import pytest

from coursekit import assert_array, assert_close, assert_same

pytestmark = pytest.mark.question("layouts")


@pytest.mark.points(0.75)
@pytest.mark.hint("Right shape, wrong pixels: axes must be permuted, not reshaped.")
def test_lecture_image_channels_first(student):
    """hwc_to_chw takes the lecture's image apart into its matrices of red, green and blue."""
    row = [[255, 0, 0], [128, 128, 0], [0, 255, 0], [0, 128, 128], [0, 0, 255]]
    rows = [[255, 128, 0, 0, 0], [0, 128, 255, 128, 0], [0, 0, 0, 128, 255]]
    expected = np.array([[channel] * 5 for channel in rows], dtype=np.uint8)

    assert_close(student.hwc_to_chw(np.array([row] * 5, dtype=np.uint8)), expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("The channels move from the last place to the second.")
def test_lecture_shape(student):
    """nhwc_to_nchw turns (300, 5, 5, 1) into (300, 1, 5, 5), the shape of the lecture's images."""
    images = np.arange(300 * 5 * 5).reshape(300, 5, 5, 1)

    assert_close(student.nhwc_to_nchw(images), images[:, np.newaxis, :, :, 0], rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("The two functions undo each other.")
def test_there_and_back(student, rng):
    """nchw_to_nhwc undoes nhwc_to_nchw."""
    images = rng.integers(0, 256, size=(2, 3, 4, 5), dtype=np.uint8)

    assert_close(student.nchw_to_nhwc(student.nhwc_to_nchw(images)), images, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("One row for each image, its numbers in the order in which they are printed.")
def test_images_become_rows(student):
    """flatten_images writes each of two 1x2x3 images as one row of six numbers."""
    images = np.array([[[[1, 2, 3], [4, 5, 6]]], [[[7, 8, 9], [10, 11, 12]]]])
    expected = np.array([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]])

    assert_close(student.flatten_images(images), expected, rtol=0, atol=0)


@pytest.mark.points(0)
@pytest.mark.hint("diagonal_lines is given: take it from the starter again.")
def test_given_labels(student):
    """diagonal_lines, which is given, draws 300 images: 104 lines are straight and 196 are diagonal."""
    drawn = student.diagonal_lines()

    assert isinstance(drawn, tuple), "diagonal_lines returns images and labels"
    assert_array(drawn[0], shape=(300, 1, 5, 5), dtype=np.uint8)
    assert_array(drawn[1], shape=(300,), dtype=np.int64)
    assert_same([int((drawn[1] == label).sum()) for label in (0, 1)], [104, 196])
