"""Public tests of build_transform: mean (0.5, 0.25, 0.75), standard deviation (0.5, 0.25, 0.5)."""

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_raises

pytestmark = pytest.mark.question("build_transform")

# one row of two pixels, (255, 0, 255) and (0, 255, 0), and what they become: channels first
IMAGE = torch.tensor([[[255, 0, 255], [0, 255, 0]]], dtype=torch.uint8)
RESULT = np.array([[[1, -1]], [[-1, 3]], [[0.5, -1.5]]], dtype=np.float32)


@pytest.mark.points(0.75)
@pytest.mark.hint("permute(2, 0, 1), divide by 255, then (x - mean) / std with mean and std of shape (3, 1, 1).")
def test_two_pixels(student, probes):
    """build_transform(False, …) makes (3, 1, 2) numbers of one row with two pixels, at each call the same."""
    results = student.probe(probes.build_transform_results, train=False, image=IMAGE, times=5)

    known = {
        "Input range is 0..255.": np.stack([RESULT + np.array([[[508, 0]], [[0, 1016]], [[508, 0]]], np.float32)] * 5)
    }
    assert_close(results, np.stack([RESULT] * 5), rtol=1e-4, atol=1e-5, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("A random window of the image's own size, out of the image with a border of 4 pixels on each side.")
def test_windows(student, probes):
    """build_transform(True, …) keeps the size of an image, and cuts it out at many places."""
    image = torch.arange(12 * 8 * 3).reshape(12, 8, 3).remainder(255).to(torch.uint8)

    results = student.probe(probes.build_transform_results, train=True, image=image, times=100)
    assert_close(results * 0, np.zeros((100, 3, 12, 8), dtype=np.float32), rtol=0, atol=0)
    different = len(np.unique(results, axis=0))
    assert different > 30, "the results are too much alike"  # 162 are possible


@pytest.mark.points(0.5)
@pytest.mark.hint("Flip the last axis where torch.rand(()) < 0.5, drawn at each call.")
def test_flips(student, probes):
    """build_transform(True, …) flips some images from left to right, and leaves the others."""
    image = torch.arange(1, 21, dtype=torch.uint8).repeat(20, 1)[:, :, None].repeat(1, 1, 3)  # brighter to the right

    results = student.probe(probes.build_transform_results, train=True, image=image, times=60)
    assert_close(results * 0, np.zeros((60, 3, 20, 20), dtype=np.float32), rtol=0, atol=0)
    right, left = (results[:, 0, 10, column] for column in (11, 8))  # never the border
    plain, flipped = bool((right > left).any()), bool((right < left).any())
    assert plain, "all images are flipped"
    assert flipped, "no image is flipped"


@pytest.mark.points(0.25)
@pytest.mark.hint("Look at the shape of the image in the function that you return.")
def test_channels_first(student, probes):
    """build_transform gives a function that refuses an image whose channels are first."""
    student.probe(probes.build_transform_results, train=False, image=IMAGE, times=1)

    wrong = torch.zeros(3, 8, 6, dtype=torch.uint8)
    assert_raises(ValueError, student.probe, probes.build_transform_results, train=False, image=wrong, times=1)


@pytest.mark.points(0.25)
@pytest.mark.hint("Look at mean and std before you build the function.")
def test_deviation_of_zero(student, probes):
    """build_transform refuses a standard deviation of 0."""
    settings = {"train": False, "image": IMAGE, "times": 1}
    student.probe(probes.build_transform_results, **settings)

    assert_raises(ValueError, student.probe, probes.build_transform_results, **settings, std=(0.5, 0.0, 0.5))
