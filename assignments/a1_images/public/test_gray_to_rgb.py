"""Public tests of gray_to_rgb."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("gray_to_rgb")


@pytest.mark.points(1.25)
@pytest.mark.hint("Add an axis at the end, and repeat the image three times along it.")
def test_lecture_ring(student):
    """gray_to_rgb turns the lecture's 3x3 ones with a 0 in the middle into white with a black pixel."""
    gray = np.ones((3, 3))
    gray[1, 1] = 0.0
    expected = np.ones((3, 3, 3))
    expected[1, 1, :] = 0.0

    assert_close(student.gray_to_rgb(gray), expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("(H, W, 1) is an image with one channel: the result has three of them, not a fourth axis.")
def test_one_channel_becomes_three(student):
    """gray_to_rgb takes a last axis of length 1 too, and keeps the dtype."""
    gray = np.array([[[10], [20]]], dtype=np.uint8)
    expected = np.array([[[10, 10, 10], [20, 20, 20]]], dtype=np.uint8)

    assert_close(student.gray_to_rgb(gray), expected, rtol=0, atol=0)
