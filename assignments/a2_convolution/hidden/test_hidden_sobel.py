"""Hidden tests of sobel_kernels and sobel_gradients."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_each_close, assert_raises, relaid

pytestmark = pytest.mark.question("sobel")

BORDER = "symmetric"  # VARIANT border
OTHER = {"symmetric": "reflect", "reflect": "symmetric"}[BORDER]


@pytest.mark.points(1.5)
@pytest.mark.hint(f"Return (gx, gy): true convolution with the kernels of the slide, padded with mode {BORDER}.")
@pytest.mark.parametrize("seed", range(5))
def test_random_images(alone, reference, rng, seed):
    """sobel_gradients convolves an oblong image with both kernels, and keeps its size."""
    image = rng.normal(size=(6, 9))
    expected = reference.sobel_gradients(image)
    known = {
        place: {
            "The sign is wrong: rotate the kernel by 180 degrees first.": -right,
            "gx comes first, then gy.": other,
            f"Do not pad with zeros here, but with mode {BORDER}.": lambda kernel=kernel: reference.convolve2d(
                image, kernel
            ),
            f"Pad with mode {BORDER}, not {OTHER}.": lambda kernel=kernel: reference.convolve2d(
                image, kernel, mode=OTHER
            ),
            "The gradients keep the image's size.": right[1:-1, 1:-1],
        }
        for place, (right, other, kernel) in enumerate(
            zip(expected, expected[::-1], reference.sobel_kernels(), strict=True)
        )
    }

    assert_each_close(alone.sobel_gradients(image), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("gx is positive where it gets brighter to the right, gy where it gets brighter downwards.")
@pytest.mark.parametrize("axis", [0, 1], ids=["brighter downwards", "brighter to the right"])
def test_signs(alone, reference, rng, axis):
    """sobel_gradients follows the stated signs, and a straight step has a gradient in one direction only."""
    shape = [5, 8]
    profile = np.sort(rng.uniform(0, 9, size=shape[axis]))
    image = np.broadcast_to(np.expand_dims(profile, 1 - axis), shape).copy()
    expected = reference.sobel_gradients(image)

    assert_each_close(alone.sobel_gradients(image), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.75)
@pytest.mark.hint("Compute in float64: gradients of bytes reach from -1020 to 1020.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_bytes(alone, reference, rng, layout):
    """sobel_gradients of a uint8 image keeps negative results and results above 255, in any memory layout."""
    image = rng.choice(np.array([0, 255], dtype=np.uint8), size=(6, 9))
    expected = reference.sobel_gradients(image)

    assert_each_close(alone.sobel_gradients(relaid(image, layout)), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("This test uses your own convolve2d: look at its tests first.")
def test_with_your_own_functions(student, reference, rng):
    """sobel_gradients works together with the student's own earlier functions."""
    image = rng.normal(size=(5, 8))
    expected = reference.sobel_gradients(image)

    assert_each_close(student.sobel_gradients(image), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("A gray image has two axes and at least one pixel.")
@pytest.mark.parametrize(
    ("image", "error"),
    [(np.ones((4, 6, 3)), ValueError), (np.ones(6), ValueError), (np.ones((0, 6)), ValueError), ([[1.0]], TypeError)],
    ids=["three axes", "one axis", "empty", "list"],
)
def test_bad_inputs(alone, image, error):
    """sobel_gradients refuses what is no gray image, and takes one."""
    alone.sobel_gradients(np.ones((4, 6)))

    assert_raises(error, alone.sobel_gradients, image)
