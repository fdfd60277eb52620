"""Public tests of describe_image."""

import numpy as np
import pytest

from coursekit import assert_same, photo

pytestmark = pytest.mark.question("describe_image")


@pytest.mark.points(0.75)
@pytest.mark.hint("An image with two axes has 1 channel; dtype is text, the other five are Python's ints.")
def test_lecture_ring(student):
    """describe_image tells of the lecture's 3x3 image: white, with one black pixel in the middle."""
    image = np.full((3, 3), 255, dtype=np.uint8)
    image[1, 1] = 0
    expected = {"height": 3, "width": 3, "channels": 1, "dtype": "uint8", "min": 0, "max": 255}

    assert_same(student.describe_image(image), expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("The shape is (height, width, channels); min and max of floats are Python's floats.")
def test_colour_gradient(student):
    """describe_image tells of an RGB image that gets red downwards and green to the right."""
    image = np.zeros((3, 5, 3))
    image[:, :, 0] = np.array([[0.0], [0.25], [0.5]])
    image[:, :, 1] = np.array([0.0, 0.25, 0.5, 0.625, 0.75])
    expected = {"height": 3, "width": 5, "channels": 3, "dtype": "float64", "min": 0.0, "max": 0.75}

    assert_same(student.describe_image(image), expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("Look at the picture's shape, dtype, min() and max() yourself first.")
def test_the_cat_of_the_lecture(student):
    """describe_image tells of the cat Chelsea: 300x451 pixels, RGB, bytes from 0 to 231."""
    expected = {"height": 300, "width": 451, "channels": 3, "dtype": "uint8", "min": 0, "max": 231}

    assert_same(student.describe_image(photo("chelsea")), expected)
