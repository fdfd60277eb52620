"""Hidden tests of flip_horizontal."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("flip_horizontal")


@pytest.mark.points(1.25)
@pytest.mark.hint("Reverse the second axis, the columns, and no other.")
@pytest.mark.parametrize("shape", [(4, 7), (5, 6, 3), (3, 2, 4), (6, 5, 1), (1, 8), (5, 1, 3)], ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
@pytest.mark.parametrize("seed", range(5))
def test_any_shape(alone, rng, shape, dtype, seed):
    """flip_horizontal mirrors gray and colour images from left to right, and keeps dtype and colours."""
    image = (255 * rng.uniform(size=shape)).astype(dtype)
    expected = np.take(image, np.arange(shape[1])[::-1], axis=1)
    known = {
        "That flips upside down: rows stay where they are.": image[::-1],
        "That swaps colours: the order of the channels stays.": image[..., ::-1],
        "That swaps colours too: the order of the channels stays.": image[:, ::-1, ::-1]
        if image.ndim == 3
        else image[:, ::-1],
        "That turns the image by 180 degrees: rows stay where they are.": image[::-1, ::-1],
        "That turns the image: its height and width are swapped.": np.swapaxes(image, 0, 1),
        "The image is not mirrored.": image,
    }

    assert_close(alone.flip_horizontal(image), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("A slice with a negative step is a view: return a copy.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(4, 7), (5, 6, 3)], ids=str)
def test_copies_from_any_layout(alone, rng, layout, shape):
    """flip_horizontal returns a copy, however the image lies in memory."""
    image = rng.integers(0, 256, size=shape, dtype=np.uint8)
    expected = np.take(image, np.arange(shape[1])[::-1], axis=1)

    assert_close(alone.flip_horizontal(relaid(image, layout)), expected, rtol=0, atol=0)
    assert_own_memory(alone)


@pytest.mark.points(0.25)
@pytest.mark.hint("An image has two or three axes.")
@pytest.mark.parametrize(
    ("image", "error"),
    [
        (np.ones(5), ValueError),
        (np.ones((2, 4, 5, 3)), ValueError),
        (np.ones((4, 0)), ValueError),
        ([[1, 2]], TypeError),
    ],
    ids=["one axis", "four axes", "empty", "list"],
)
def test_bad_inputs(alone, image, error):
    """flip_horizontal refuses what has not two or three axes, and takes what has."""
    alone.flip_horizontal(np.ones((2, 3)))

    assert_raises(error, alone.flip_horizontal, image)
