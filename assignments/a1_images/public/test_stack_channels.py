"""Public tests of stack_channels."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("stack_channels")


@pytest.mark.points(1.25)
@pytest.mark.hint("Pixel [0, 0] is pure red, [0, 4] pure blue: red comes first on the last axis.")
def test_lecture_matrices(student):
    """stack_channels makes the lecture's image, which goes from red over green to blue, out of three matrices."""
    red = np.array([[255, 128, 0, 0, 0]] * 5, dtype=np.uint8)
    green = np.array([[0, 128, 255, 128, 0]] * 5, dtype=np.uint8)
    blue = np.array([[0, 0, 0, 128, 255]] * 5, dtype=np.uint8)
    row = [[255, 0, 0], [128, 128, 0], [0, 255, 0], [0, 128, 128], [0, 0, 255]]
    expected = np.array([row] * 5, dtype=np.uint8)

    assert_close(student.stack_channels(red, green, blue), expected, rtol=0, atol=0)


@pytest.mark.points(0.5)
@pytest.mark.hint("The result has the dtype of the three channels.")
def test_one_pixel_of_floats(student):
    """stack_channels keeps the dtype of its channels, here float32."""
    red, green, blue = (np.array([[value]], dtype=np.float32) for value in (0.25, 0.5, 0.75))
    expected = np.array([[[0.25, 0.5, 0.75]]], dtype=np.float32)

    assert_close(student.stack_channels(red, green, blue), expected, rtol=0, atol=0)
