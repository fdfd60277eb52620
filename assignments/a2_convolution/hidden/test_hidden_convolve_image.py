"""Hidden tests of convolve_image."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_raises, relaid

pytestmark = pytest.mark.question("convolve_image")


@pytest.mark.points(2.5)
@pytest.mark.hint("Filter each channel on its own, with the same kernel and mode.")
@pytest.mark.parametrize("mode", ["zero", "reflect", "symmetric", "edge", "wrap"])
@pytest.mark.parametrize("seed", range(2))
def test_channels_are_independent(alone, reference, rng, mode, seed):
    """convolve_image filters each channel of a colour image on its own, in each mode."""
    image, kernel = rng.normal(size=(7, 9, 3)), rng.normal(size=(5, 5))
    expected = reference.convolve_image(image, kernel, mode)
    total = expected.sum(axis=2)
    known = {
        "Filter each channel on its own: here they are summed.": total,
        "Filter each channel on its own; here each result holds the sum of all.": np.stack([total] * 3, axis=2),
        "Filter each channel on its own; here all are the first.": np.stack([expected[..., 0]] * 3, axis=2),
        "Filter each channel on its own: this is the first alone.": expected[..., 0],
        "Filter each channel on its own: here the others are left out.": expected * np.array([1, 0, 0]),
        "The channels belong on the last axis.": np.moveaxis(expected, 2, 0),
        "This is cross-correlation: rotate the kernel by 180 degrees first.": lambda: reference.convolve_image(
            image, kernel[::-1, ::-1], mode
        ),
    }
    if mode != "zero":
        known["The mode argument is not used."] = reference.convolve_image(image, kernel)

    assert_close(alone.convolve_image(image, kernel, mode), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("Two axes in, two axes out; a last axis of length 1 stays.")
@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 1), (5, 7, 4), (1, 6, 2)], ids=str)
def test_any_number_of_channels(alone, reference, rng, shape):
    """convolve_image takes gray images and any number of channels, and keeps the shape."""
    image, kernel = rng.normal(size=shape), rng.normal(size=(1, 3))
    expected = reference.convolve_image(image, kernel, "edge")

    assert_close(alone.convolve_image(image, kernel, "edge"), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.75)
@pytest.mark.hint("Compute in float64; bytes hold neither fractions nor negative numbers.")
def test_smoothing_bytes(alone, reference, rng):
    """convolve_image of a uint8 image gives float64, unrounded, and its smoothing keeps a flat area as it is."""
    kernel = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
    image = rng.integers(0, 256, size=(8, 11, 3)).astype(np.uint8)
    image[:5, :5] = 7, 100, 251  # its middle pixel sees nothing else
    expected = reference.convolve_image(image, kernel)
    expected[2, 2] = 7.0, 100.0, 251.0

    assert_close(alone.convolve_image(image, kernel), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("Do not write into the image, and do not rely on how it lies in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, layout):
    """convolve_image does not care how the image lies in memory, and does not write into it."""
    image, kernel = rng.normal(size=(5, 8, 3)), rng.normal(size=(3, 1))
    expected = reference.convolve_image(image, kernel)

    assert_close(alone.convolve_image(relaid(image, layout), kernel), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("This test uses your own convolve2d: look at its tests first.")
def test_with_your_own_functions(student, reference, rng):
    """convolve_image works together with the student's own earlier functions."""
    image, kernel = rng.normal(size=(5, 8, 3)), rng.normal(size=(5, 3))
    expected = reference.convolve_image(image, kernel)

    assert_close(student.convolve_image(image, kernel), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.75)
@pytest.mark.hint("The image has two or three axes, the kernel two of odd length.")
@pytest.mark.parametrize(
    ("image", "kernel", "mode", "error"),
    [
        (np.ones((4, 6, 3)), np.ones((3, 3, 3)), "zero", ValueError),
        (np.ones((4, 6, 3)), np.ones((2, 3)), "zero", ValueError),
        (np.ones((4, 6, 3)), np.ones((3, 3)), "mirror", ValueError),
        (np.ones((2, 4, 6, 3)), np.ones((3, 3)), "zero", ValueError),
        (np.ones((4, 6, 0)), np.ones((3, 3)), "zero", ValueError),
        (np.ones(6), np.ones((1, 1)), "zero", ValueError),
        ([[1.0]], np.ones((1, 1)), "zero", TypeError),
    ],
    ids=["kernel with three axes", "even kernel", "unknown mode", "four axes", "no channel", "one axis", "list"],
)
def test_bad_inputs(alone, image, kernel, mode, error):
    """convolve_image refuses what is no image, no kernel or no mode, and takes the rest."""
    alone.convolve_image(np.ones((4, 6, 3)), np.ones((3, 3)), "zero")

    assert_raises(error, alone.convolve_image, image, kernel, mode)
