"""Public tests of channel_stats."""

import numpy as np
import pytest
import torch

from coursekit import assert_each_close, assert_raises

pytestmark = pytest.mark.question("channel_stats")

# two images of one row with two pixels: red 0, 0, 255, 255; green 51, 51, 51, 51; blue 0, 102, 204, 102
IMAGES = torch.tensor([[[[0, 51, 0], [0, 51, 102]]], [[[255, 51, 204], [255, 51, 102]]]], dtype=torch.uint8)


def arrays(found):
    """Turn a pair of tensors into one of arrays."""
    return tuple(map(np.asarray, found)) if isinstance(found, tuple) else found


@pytest.mark.points(0.75)
@pytest.mark.hint("Divide by 255, then reduce over images, rows and columns: all axes but the last.")
def test_two_small_images(student):
    """channel_stats of two images gives means 0.5, 0.2, 0.4 and standard deviations 0.5, 0, 0.2828."""
    mean = np.array([0.5, 0.2, 0.4], dtype=np.float32)
    std = np.array([0.5, 0, np.sqrt(0.08)], dtype=np.float32)

    found = student.channel_stats(IMAGES)
    assert_each_close(arrays(found), (mean, std), rtol=1e-4, atol=1e-5)


@pytest.mark.points(0.5)
@pytest.mark.hint("correction=0: torch's std divides by one less than the number of pixels.")
def test_random_images(student, rng):
    """channel_stats of random images is what numpy gives for each channel."""
    images = rng.integers(0, 256, size=(2, 3, 4, 3), dtype=np.uint8)
    channels = [images[..., channel] / 255 for channel in range(3)]
    mean, std = (np.array([f(x) for x in channels], dtype=np.float32) for f in (np.mean, np.std))

    found = student.channel_stats(torch.from_numpy(images))
    assert_each_close(arrays(found), (mean, std), rtol=1e-4, atol=1e-5)


@pytest.mark.points(0.25)
@pytest.mark.hint("Look at the dtype first.")
def test_floats(student):
    """channel_stats refuses images that are no bytes."""
    student.channel_stats(IMAGES)

    assert_raises(TypeError, student.channel_stats, IMAGES.float())
