"""Public tests of set_channel."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("set_channel")


@pytest.mark.points(1.25)
@pytest.mark.hint("Copy the image first, then write into channel 2 of the copy.")
def test_lecture_without_blue(student):
    """set_channel sets blue to 0, as on the lecture's slide, and leaves the image that it was given alone."""
    image = np.array([[[255, 255, 255], [0, 0, 0]], [[1, 2, 3], [40, 50, 60]]], dtype=np.uint8)
    expected = np.array([[[255, 255, 0], [0, 0, 0]], [[1, 2, 0], [40, 50, 0]]], dtype=np.uint8)

    assert_close(student.set_channel(image, 2, 0), expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("Channels are the last axis.")
def test_full_red(student, rng):
    """set_channel sets red to 1 in an image of floats, and keeps green and blue."""
    image = rng.uniform(size=(2, 4, 3))
    expected = np.stack([np.ones((2, 4)), image[:, :, 1], image[:, :, 2]], axis=2)

    assert_close(student.set_channel(image, 0, 1.0), expected, rtol=0, atol=0)
