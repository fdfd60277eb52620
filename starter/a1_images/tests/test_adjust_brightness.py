"""Public tests of adjust_brightness."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("adjust_brightness")


@pytest.mark.points(1)
@pytest.mark.hint("Values wrapped past 255: compute in a wider type, then clip.")
def test_bytes_stop_at_white(student):
    """adjust_brightness adds 30 to bytes, and stops at 255."""
    image = np.array([[0, 100, 225, 235, 255]], dtype=np.uint8)
    expected = np.array([[30, 130, 255, 255, 255]], dtype=np.uint8)
    known = {"Values wrapped past 255: compute in a wider type, then clip.": np.array([[30, 130, 255, 9, 29]])}

    assert_close(student.adjust_brightness(image, 30), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("White is 1 for floats.")
def test_floats_stop_at_white(student):
    """adjust_brightness adds 0.25 to floats, and stops at 1."""
    image, expected = np.array([[0.0, 0.5, 0.75, 0.875, 1.0]]), np.array([[0.25, 0.75, 1.0, 1.0, 1.0]])

    assert_close(student.adjust_brightness(image, 0.25), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("Below 0 there is nothing darker than black.")
def test_floats_stop_at_black(student):
    """adjust_brightness with a negative number makes an image darker, and stops at 0."""
    image, expected = np.array([[0.0, 0.25, 0.5, 1.0]]), np.array([[0.0, 0.0, 0.0, 0.5]])

    assert_close(student.adjust_brightness(image, -0.5), expected, rtol=1e-7, atol=1e-10)
