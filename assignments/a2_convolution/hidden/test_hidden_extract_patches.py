"""Hidden tests of extract_patches."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_array, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("extract_patches")


@pytest.mark.points(1.5)
@pytest.mark.hint("Patch (r, c) begins at pixel (stride * r, stride * c); rows come first.")
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_random_images(alone, reference, rng, stride, seed):
    """extract_patches gives each patch of a sliding window, for strides of 1, 2 and 3."""
    image = rng.normal(size=(8, 13))
    expected = reference.extract_patches(image, (2, 4), stride)
    known = {
        "Height and width of the window are swapped.": lambda: reference.extract_patches(image, (4, 2), stride),
        "The two axes inside each patch are swapped.": np.swapaxes(expected, 2, 3),
        "The last row of patches is missing.": expected[:-1],
        "The last column of patches is missing.": expected[:, :-1],
        "Rows and columns of patches are swapped.": np.swapaxes(expected, 0, 1),
        "The stride is not used.": lambda: reference.extract_patches(image, (2, 4)),
    }

    assert_close(alone.extract_patches(image, (2, 4), stride), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(1.5)
@pytest.mark.hint("Use floor((n+2p-k)/s)+1: a last patch that does not fit is left out.")
@pytest.mark.parametrize(
    ("shape", "kernel_shape", "stride"),
    [((7, 11), (3, 4), 3), ((8, 5), (3, 2), 2), ((4, 6), (4, 6), 1), ((4, 6), (4, 6), 5), ((9, 2), (2, 1), 4)],
    ids=str,
)
def test_the_count_of_patches(alone, reference, rng, shape, kernel_shape, stride):
    """extract_patches leaves out a last step that does not fit, down to a single patch."""
    image = rng.integers(0, 256, size=shape).astype(np.uint8)
    expected = reference.extract_patches(image, kernel_shape, stride)
    patches = alone.extract_patches(image, kernel_shape, stride)

    assert_array(patches, shape=expected.shape, dtype=np.uint8)
    assert_close(patches, expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("Return a copy: a view of sliding windows changes with the image.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_copy_from_any_layout(alone, reference, rng, layout):
    """extract_patches returns a copy, however the image lies in memory."""
    image = rng.normal(size=(5, 8))
    expected = reference.extract_patches(image, (3, 2), 2)

    assert_close(alone.extract_patches(relaid(image, layout), (3, 2), 2), expected, rtol=0, atol=0)
    assert_own_memory(alone)


@pytest.mark.points(0.75)
@pytest.mark.hint("A window that does not fit and a stride of 0 are a ValueError, a float is a TypeError.")
@pytest.mark.parametrize(
    ("image", "kernel_shape", "stride", "error"),
    [
        (np.ones((4, 6)), (5, 2), 1, ValueError),
        (np.ones((4, 6)), (2, 7), 1, ValueError),
        (np.ones((4, 6)), (0, 2), 1, ValueError),
        (np.ones((4, 6)), (2, 2), 0, ValueError),
        (np.ones((4, 6, 3)), (2, 2), 1, ValueError),
        (np.ones((4, 6)), (2, 2), 1.0, TypeError),
        ([[1, 2], [3, 4]], (1, 1), 1, TypeError),
    ],
    ids=["too high", "too wide", "empty window", "stride 0", "three axes", "float stride", "list"],
)
def test_bad_inputs(alone, image, kernel_shape, stride, error):
    """extract_patches refuses windows that do not fit, impossible strides and what is no image, and takes the rest."""
    alone.extract_patches(np.ones((4, 6)), (4, 6), 1)

    assert_raises(error, alone.extract_patches, image, kernel_shape, stride)
