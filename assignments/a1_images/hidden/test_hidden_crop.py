"""Hidden tests of crop."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("crop")


def cut(image, top, left, height, width):
    """Copy the rectangle pixel by pixel."""
    return np.array([[image[top + row, left + column] for column in range(width)] for row in range(height)])


@pytest.mark.points(1.5)
@pytest.mark.hint("The first index is the row; height and width say how many pixels, not where the rectangle ends.")
@pytest.mark.parametrize("shape", [(9, 12), (12, 9, 3)], ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
@pytest.mark.parametrize("seed", range(5))
def test_any_rectangle(alone, rng, shape, dtype, seed):
    """crop cuts out exactly height x width pixels, beginning at row top and column left."""
    image = (255 * rng.uniform(size=shape)).astype(dtype)
    top, left = (1, 2) if seed % 2 else (3, 1)
    height, width = int(rng.integers(4, 6)), int(rng.integers(6, 8))
    expected = cut(image, top, left, height, width)
    known = {
        "First index is the row.": image[left : left + width, top : top + height],
        "First index is the row: only the corner is swapped here.": image[left : left + height, top : top + width],
        "First comes the height, then the width.": image[top : top + width, left : left + height],
        "height and width are sizes, not the end of the rectangle.": image[top:height, left:width],
        "The rectangle ends one row and one column too late.": image[top : top + height + 1, left : left + width + 1],
    }

    assert_close(alone.crop(image, top, left, height, width), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("The rectangle may reach the border, be the whole image, or a single pixel.")
@pytest.mark.parametrize(
    ("args"),
    [(0, 0, 4, 6), (3, 5, 1, 1), (0, 0, 1, 1), (0, 5, 4, 1), (3, 0, 1, 6), (1, 2, 3, 4)],
    ids=["everything", "last pixel", "first pixel", "last column", "last row", "up to the border"],
)
def test_extremes(alone, rng, args):
    """crop reaches the borders of wide and tall images, and cuts out everything or a single pixel."""
    wide = rng.integers(0, 256, size=(4, 6, 3), dtype=np.uint8)
    tall = rng.integers(0, 256, size=(6, 4, 3), dtype=np.uint8)
    top, left, height, width = args
    turned = (left, top, width, height)

    assert_close(alone.crop(wide, *args), cut(wide, *args), rtol=0, atol=0)
    assert_close(alone.crop(tall, *turned), cut(tall, *turned), rtol=0, atol=0)


@pytest.mark.points(0.35)
@pytest.mark.hint("A slice is a view: return a copy.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("args", [(1, 2, 2, 3), (0, 0, 4, 6)], ids=["a part", "everything"])
def test_copies_from_any_layout(alone, rng, layout, args):
    """crop returns a copy, however the image lies in memory, also of the whole image."""
    image = rng.integers(0, 256, size=(4, 6, 3), dtype=np.uint8)
    expected = cut(image, *args)

    assert_close(alone.crop(relaid(image, layout), *args), expected, rtol=0, atol=0)
    assert_own_memory(alone)


@pytest.mark.points(0.4)
@pytest.mark.hint("A slice beyond the border is cut off silently: check the four numbers first.")
@pytest.mark.parametrize(
    ("image", "args", "error"),
    [
        (np.ones((4, 6)), (2, 0, 3, 2), ValueError),
        (np.ones((4, 6)), (0, 5, 2, 2), ValueError),
        (np.ones((4, 6)), (-1, 0, 2, 2), ValueError),
        (np.ones((4, 6)), (0, -1, 2, 2), ValueError),
        (np.ones((4, 6)), (4, 0, 1, 1), ValueError),
        (np.ones((4, 6)), (0, 0, 0, 2), ValueError),
        (np.ones((4, 6)), (0, 0, 2, 0), ValueError),
        (np.ones((4, 6)), (0, 0, 2, -1), ValueError),
        (np.ones(6), (0, 0, 1, 1), ValueError),
        (np.ones((4, 6)), (0, 0, 2.0, 2), TypeError),
        ([[1, 2], [3, 4]], (0, 0, 1, 1), TypeError),
    ],
    ids=[
        "too high",
        "too wide",
        "top -1",
        "left -1",
        "below the image",
        "height 0",
        "width 0",
        "width -1",
        "one axis",
        "float height",
        "list",
    ],
)
def test_bad_inputs(alone, image, args, error):
    """crop refuses empty rectangles, rectangles beyond the image and what is no image, and takes the rest."""
    alone.crop(np.ones((4, 6)), 2, 4, 2, 2)

    assert_raises(error, alone.crop, image, *args)
