"""Hidden tests of pad_image."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("pad_image")

MODES = ("zero", "reflect", "symmetric", "edge", "wrap")


@pytest.mark.points(2.5)
@pytest.mark.hint("Compare rows, columns and corners with the five lines in the docstring, two or more pixels deep.")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(5))
def test_gray_images(alone, reference, rng, other_modes, mode, seed):
    """pad_image fills sides and corners of a gray image several pixels deep, in each mode."""
    image = rng.normal(size=(6, 9))
    expected = reference.pad_image(image, 2, 3, mode)
    known = other_modes(image, 2, 3, mode)
    known["ph counts rows and pw counts columns."] = reference.pad_image(image, 3, 2, mode)

    assert_close(alone.pad_image(image, 2, 3, mode), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(1.5)
@pytest.mark.hint("Pad the first two axes; the channels stay as they are.")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("channels", [1, 3])
def test_colour_images(alone, reference, rng, other_modes, mode, channels):
    """pad_image pads rows and columns of a colour image, and leaves its channels alone."""
    image = rng.normal(size=(5, 7, channels))
    expected = reference.pad_image(image, 4, 2, mode)

    assert_close(alone.pad_image(image, 4, 2, mode), expected, rtol=0, atol=0, known=other_modes(image, 4, 2, mode))


@pytest.mark.points(1)
@pytest.mark.hint("Try one row, one pixel and the deepest padding that each mode allows.")
@pytest.mark.parametrize(
    ("shape", "ph", "pw", "mode"),
    [
        ((1, 1), 2, 3, "zero"),
        ((1, 1), 2, 3, "edge"),
        ((1, 4), 1, 4, "symmetric"),
        ((1, 4), 1, 4, "wrap"),
        ((3, 5), 2, 4, "reflect"),
        ((1, 5), 0, 2, "reflect"),
        ((2, 3), 7, 1, "edge"),
    ],
    ids=str,
)
def test_extremes(alone, reference, rng, shape, ph, pw, mode):
    """pad_image works on single rows and pixels, and as deep as the mode allows."""
    image = rng.normal(size=shape)
    expected = reference.pad_image(image, ph, pw, mode)

    assert_close(alone.pad_image(image, ph, pw, mode), expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("Give the padded array the dtype of the image.")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_dtype_is_kept(alone, reference, rng, mode, dtype):
    """pad_image keeps the image's dtype in each mode."""
    image = rng.integers(0, 256, size=(4, 5)).astype(dtype)
    expected = reference.pad_image(image, 1, 2, mode)

    assert_close(alone.pad_image(image, 1, 2, mode), expected, rtol=0, atol=0)


@pytest.mark.points(0.5)
@pytest.mark.hint("A padding of 0 on an axis adds nothing to it; the result is a copy all the same.")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("ph", "pw"), [(0, 0), (0, 2), (2, 0)], ids=["none", "columns only", "rows only"])
def test_no_padding_is_a_copy(alone, reference, rng, mode, ph, pw):
    """pad_image with no rows or no columns to add gives a copy, never the image itself."""
    image = rng.normal(size=(4, 6))
    expected = reference.pad_image(image, ph, pw, mode)

    assert_close(alone.pad_image(image, ph, pw, mode), expected, rtol=0, atol=0)
    assert_own_memory(alone)


@pytest.mark.points(0.5)
@pytest.mark.hint("Do not write into the image, and do not rely on how its memory is laid out.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, layout):
    """pad_image does not care how the image lies in memory, and does not write into it."""
    image = rng.normal(size=(4, 6, 3))
    expected = reference.pad_image(image, 1, 2, "reflect")

    assert_close(alone.pad_image(relaid(image, layout), 1, 2, "reflect"), expected, rtol=0, atol=0)


@pytest.mark.points(1.25)
@pytest.mark.hint("A mirror cannot give more pixels than the image has: see the docstring's limits and errors.")
@pytest.mark.parametrize(
    ("image", "ph", "pw", "mode", "error"),
    [
        (np.ones((3, 5)), 3, 1, "reflect", ValueError),
        (np.ones((3, 5)), 1, 5, "reflect", ValueError),
        (np.ones((3, 5)), 4, 1, "symmetric", ValueError),
        (np.ones((3, 5)), 1, 6, "wrap", ValueError),
        (np.ones((3, 5)), 1, 1, "mirror", ValueError),
        (np.ones((3, 5)), -1, 1, "zero", ValueError),
        (np.ones((3, 5)), 1, -1, "edge", ValueError),
        (np.ones((0, 5)), 1, 1, "zero", ValueError),
        (np.ones(5), 1, 1, "zero", ValueError),
        (np.ones((3, 5)), 1.0, 1, "zero", TypeError),
        ([[1.0, 2.0]], 1, 1, "zero", TypeError),
    ],
    ids=[
        "reflect rows too deep",
        "reflect columns too deep",
        "symmetric too deep",
        "wrap too deep",
        "unknown mode",
        "negative rows",
        "negative columns",
        "empty image",
        "one axis",
        "float padding",
        "list",
    ],
)
def test_bad_inputs(alone, image, ph, pw, mode, error):
    """pad_image refuses unknown modes, negative or too deep padding and what is no image, and takes the rest."""
    alone.pad_image(np.ones((3, 5)), 2, 4, "reflect")

    assert_raises(error, alone.pad_image, image, ph, pw, mode)
