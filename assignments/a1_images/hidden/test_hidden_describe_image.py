"""Hidden tests of describe_image."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_raises, assert_same, relaid

pytestmark = pytest.mark.question("describe_image")


@pytest.mark.points(1.25)
@pytest.mark.hint("Height is the number of rows, the first axis; (H, W) has one channel, else the last axis says.")
@pytest.mark.parametrize("shape", [(4, 7), (7, 4), (5, 8, 1), (3, 6, 3), (6, 3, 4), (1, 1), (1, 9, 2)], ids=str)
def test_shapes(alone, reference, rng, shape):
    """describe_image tells height, width and channels of gray and colour images of any shape."""
    image = rng.integers(0, 256, size=shape, dtype=np.uint8)
    expected = reference.describe_image(image)

    assert_same(alone.describe_image(image), expected)


@pytest.mark.points(1)
@pytest.mark.hint("item() turns numpy's numbers into Python's; the dtype's name is text such as 'float32'.")
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int64"])
@pytest.mark.parametrize("seed", range(5))
def test_kinds_of_numbers(alone, reference, rng, dtype, seed):
    """describe_image gives Python's own int, float and str, whatever numbers the image holds."""
    image = (200 * rng.uniform(0.1, 0.9, size=(5, 7, 3))).astype(dtype)
    image = image / np.array(256, dtype) if dtype.startswith("float") else image
    expected = reference.describe_image(image)

    assert_same(alone.describe_image(image), expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("Do not rely on how the image lies in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, layout):
    """describe_image does not care how the image lies in memory, and does not write into it."""
    image = rng.uniform(size=(4, 6, 3))
    expected = reference.describe_image(image)

    assert_same(alone.describe_image(relaid(image, layout)), expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("require_array does this check: an image has two or three axes, and at least one pixel.")
@pytest.mark.parametrize(
    ("image", "error"),
    [
        ([[1, 2], [3, 4]], TypeError),
        (np.ones((2, 3), dtype=complex), TypeError),
        (np.ones(5), ValueError),
        (np.ones((2, 4, 5, 3)), ValueError),
        (np.ones((0, 5)), ValueError),
        (np.ones((4, 5, 0)), ValueError),
    ],
    ids=["list", "complex numbers", "one axis", "four axes", "no row", "no channel"],
)
def test_bad_inputs(alone, image, error):
    """describe_image refuses what is no image, and takes what is."""
    alone.describe_image(np.ones((2, 3, 3)))

    assert_raises(error, alone.describe_image, image)
