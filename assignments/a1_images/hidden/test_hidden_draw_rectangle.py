"""Hidden tests of draw_rectangle."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("draw_rectangle")

COLOURS = {(): (9,), (1,): (9,), (3,): (10, 200, 30), (4,): (1, 2, 3, 4)}


def painted(image, rows, columns, color):
    """Copy an image, with the given rows and columns in one colour."""
    result = image.copy()
    result[np.ix_(np.clip(rows, 0, image.shape[0] - 1), np.clip(columns, 0, image.shape[1] - 1))] = color
    return result


@pytest.mark.points(2.25)
@pytest.mark.hint("Half-open: row bottom and column right are not filled, row top and column left are.")
@pytest.mark.parametrize("shape", [(9, 13), (13, 9, 3)], ids=["gray", "RGB"])
@pytest.mark.parametrize("seed", range(5))
def test_any_rectangle(alone, rng, shape, seed):
    """draw_rectangle fills exactly the rows top to bottom - 1 and the columns left to right - 1."""
    image = rng.integers(50, 100, size=shape, dtype=np.uint8)
    color = tuple(int(value) for value in rng.choice(50, size=1 if len(shape) == 2 else 3, replace=False))
    top, left = (1, 3) if seed % 2 else (4, 2)
    bottom, right = top + int(rng.integers(3, 5)), left + int(rng.integers(4, 6))  # there is always an inside
    rows, columns = np.arange(top, bottom), np.arange(left, right)
    expected = painted(image, rows, columns, color)
    outline, inside = expected.copy(), np.s_[top + 1 : bottom - 1, left + 1 : right - 1]
    outline[inside] = image[inside]
    end = "Half-open: row bottom and column right are not filled."
    known = {
        "First index is the row.": painted(image, columns, rows, color),
        end: painted(image, np.append(rows, bottom), np.append(columns, right), color),
        f"{end} The rows reach one too far.": painted(image, np.append(rows, bottom), columns, color),
        f"{end} The columns reach one too far.": painted(image, rows, np.append(columns, right), color),
        "Row top and column left are filled too.": painted(image, rows[1:], columns[1:], color),
        "Fill the rectangle, do not draw its outline.": outline,
        "The last row and the last column of the rectangle are missing.": painted(
            image, rows[:-1], columns[:-1], color
        ),
        "bottom and right are ends, not sizes.": painted(
            image, np.arange(top, top + bottom), np.arange(left, left + right), color
        ),
        "The rectangle is painted on the image, not on black.": painted(0 * image, rows, columns, color),
        "Red and blue look swapped.": painted(image, rows, columns, color[::-1]),
    }

    result = alone.draw_rectangle(image, top, left, bottom, right, color)
    assert_close(result, expected, rtol=0, atol=0, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("bottom may equal the height, and right the width.")
@pytest.mark.parametrize(
    "edges",
    [(0, 0, 5, 8), (4, 7, 5, 8), (0, 0, 1, 1), (0, 7, 5, 8), (4, 0, 5, 8), (2, 3, 3, 4)],
    ids=["everything", "last pixel", "first pixel", "last column", "last row", "one pixel"],
)
@pytest.mark.parametrize("last", [(), (3,)], ids=["gray", "RGB"])
def test_extremes(alone, rng, edges, last):
    """draw_rectangle reaches the borders of the image, and paints everything or a single pixel."""
    image = rng.integers(210, 256, size=(5, 8, *last), dtype=np.uint8)
    top, left, bottom, right = edges
    expected = painted(image, np.arange(top, bottom), np.arange(left, right), COLOURS[last])

    assert_close(alone.draw_rectangle(image, *edges, COLOURS[last]), expected, rtol=0, atol=0)


@pytest.mark.points(1)
@pytest.mark.hint("color has one value for each channel; the values are written as they are, the dtype stays.")
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("last", COLOURS, ids=["gray", "one channel", "RGB", "four channels"])
@pytest.mark.parametrize("kind", [tuple, list])
def test_channels_and_dtypes(alone, rng, dtype, last, kind):
    """draw_rectangle paints bytes and floats, with one, three or four channels, in a colour from a tuple or a list."""
    image = rng.integers(0, 2, size=(5, 8, *last)).astype(dtype)
    color = COLOURS[last] if dtype == "uint8" else tuple(value / 256 for value in COLOURS[last])
    expected = painted(image, np.arange(1, 4), np.arange(2, 4), color)

    assert_close(alone.draw_rectangle(image, 1, 2, 4, 4, kind(color)), expected, rtol=0, atol=0)


@pytest.mark.points(0.5)
@pytest.mark.hint("Copy the image first, then write into the copy.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("last", [(), (3,)], ids=["gray", "RGB"])
def test_copies_from_any_layout(alone, rng, layout, last):
    """draw_rectangle paints on a copy and leaves the image alone, however it lies in memory."""
    image = rng.integers(0, 256, size=(5, 8, *last), dtype=np.uint8)
    expected = painted(image, np.arange(1, 4), np.arange(2, 4), COLOURS[last])

    assert_close(alone.draw_rectangle(relaid(image, layout), 1, 2, 4, 4, COLOURS[last]), expected, rtol=0, atol=0)
    assert_own_memory(alone)


RGB, GRAY, FLOATS = np.ones((5, 8, 3), dtype=np.uint8), np.ones((5, 8), dtype=np.uint8), np.ones((5, 8, 3))
WHITE = (255, 255, 255)


@pytest.mark.points(0.75)
@pytest.mark.hint("Check the edges and the colour before you paint: a slice beyond the border is cut off silently.")
@pytest.mark.parametrize(
    ("image", "edges", "color", "error"),
    [
        (RGB, (2, 1, 2, 4), WHITE, ValueError),
        (RGB, (3, 1, 2, 4), WHITE, ValueError),
        (RGB, (1, 4, 3, 4), WHITE, ValueError),
        (RGB, (-1, 1, 3, 4), WHITE, ValueError),
        (RGB, (1, -1, 3, 4), WHITE, ValueError),
        (RGB, (1, 1, 6, 4), WHITE, ValueError),
        (RGB, (1, 1, 3, 9), WHITE, ValueError),
        (RGB, (1.0, 1, 3, 4), WHITE, TypeError),
        (RGB, (1, 1, 3, 4), (255, 255), ValueError),
        (RGB, (1, 1, 3, 4), (255,), ValueError),
        (GRAY, (1, 1, 3, 4), WHITE, ValueError),
        (RGB, (1, 1, 3, 4), (0, 300, 0), ValueError),
        (RGB, (1, 1, 3, 4), (0, 0.5, 0), TypeError),
        (FLOATS, (1, 1, 3, 4), (0, 255, 0), ValueError),
        (RGB, (1, 1, 3, 4), 255, TypeError),
        (np.ones(5), (0, 0, 1, 1), (1,), ValueError),
        (np.ones((5, 8), dtype=np.int64), (1, 1, 3, 4), (1,), TypeError),
    ],
    ids=[
        "no row",
        "bottom above top",
        "no column",
        "top -1",
        "left -1",
        "bottom below the image",
        "right beyond the image",
        "float edge",
        "two values for RGB",
        "one value for RGB",
        "three values for gray",
        "300 into bytes",
        "0.5 into bytes",
        "255 into floats",
        "colour is a number",
        "one axis",
        "int64",
    ],
)
def test_bad_inputs(alone, image, edges, color, error):
    """draw_rectangle refuses empty rectangles, rectangles beyond the image and unfit colours, and takes the rest."""
    alone.draw_rectangle(RGB, 1, 1, 5, 8, WHITE)

    assert_raises(error, alone.draw_rectangle, image, *edges, color)
