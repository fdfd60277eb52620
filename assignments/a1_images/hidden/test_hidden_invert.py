"""Hidden tests of invert."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("invert")

BRIGHTEST = "Subtract from the largest value of the dtype, not from the brightest pixel."


@pytest.mark.points(1)
@pytest.mark.hint("255 - p for each byte, as uint8.")
@pytest.mark.parametrize("shape", [(4, 7), (3, 5, 3), (2, 3, 4, 1), (1, 1)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_bytes(alone, rng, shape, seed):
    """invert turns bytes p into 255 - p and keeps their dtype, whatever the brightest of them is."""
    image = rng.integers(10, 200, size=shape, dtype=np.uint8)
    expected = (255 - image.astype(int)).astype(np.uint8)
    known = {
        BRIGHTEST: image.max() - image,
        "Bytes wrapped: -p and 1 - p are no bytes. White is 255.": np.uint8(1) - image,
        "Bytes wrapped: -p is no byte. White is 255.": lambda: np.negative(image),
        "White is 255, not 256.": (256 - image.astype(int)) % 256,
        "The dtype of a uint8 image stays uint8.": 1 - image / 255,
        "The image is not inverted.": image,
    }

    assert_close(alone.invert(image), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("255 - p for each byte, from 0 to 255.")
def test_all_bytes(alone):
    """invert turns the 256 bytes around, from black to white."""
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)

    assert_close(alone.invert(image), np.arange(255, -1, -1, dtype=np.uint8).reshape(16, 16), rtol=0, atol=0)


@pytest.mark.points(1)
@pytest.mark.hint("1 - p for each float, in the dtype of the image.")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(4, 7), (3, 5, 3)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_floats(alone, rng, dtype, shape, seed):
    """invert turns floats p into 1 - p, and keeps float32 and float64."""
    image = rng.uniform(0.1, 0.8, size=shape).astype(dtype)
    expected = (1 - image.astype(np.float64)).astype(dtype)
    tolerance = {"rtol": 1e-6, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-7, "atol": 1e-10}
    known = {
        "White is 1 for floats, not 255.": 255 - image,
        BRIGHTEST: image.max() - image,
        "Floats stay floats: do not go through bytes.": 1 - np.rint(255 * image) / 255,
        "The image is not inverted.": image,
    }

    assert_close(alone.invert(image), expected, **tolerance, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("0 and 1 are floats of an image too: decide by the dtype, not by the pixels.")
@pytest.mark.parametrize(
    ("dtype", "values"),
    [("uint8", (0, 1)), ("uint8", (0, 0)), ("uint8", (1, 1)), ("float32", (0, 1)), ("float64", (0, 1))],
    ids=str,
)
def test_dark_bytes_are_bytes(alone, dtype, values):
    """invert decides by the dtype what white is: a byte 1 is nearly black, a float 1 is white."""
    image = np.array([values], dtype=dtype)
    expected = ((255 if dtype == "uint8" else 1) - image.astype(np.float64)).astype(dtype)

    assert_close(alone.invert(image), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.75)
@pytest.mark.hint("Return a new array, and do not rely on how the image lies in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_copies_from_any_layout(alone, reference, rng, layout, dtype):
    """invert returns a new array and leaves the image alone, however it lies in memory."""
    image = (255 * rng.uniform(size=(4, 6, 3))).astype(np.uint8) if dtype == "uint8" else rng.uniform(size=(4, 6, 3))
    expected = reference.invert(image)

    assert_close(alone.invert(relaid(image, layout)), expected, rtol=1e-7, atol=1e-10)
    assert_own_memory(alone)


@pytest.mark.points(0.5)
@pytest.mark.hint("require_image and require_unit_range do these checks.")
@pytest.mark.parametrize(
    ("image", "error"),
    [
        (np.ones((2, 3), dtype=np.int64), TypeError),
        ([[0.5]], TypeError),
        (np.array([[0.5, 1.001]]), ValueError),
        (np.array([[0.5, -0.001]], dtype=np.float32), ValueError),
        (np.array([[0.5, np.nan]]), ValueError),
        (np.ones((0, 3), dtype=np.uint8), ValueError),
    ],
    ids=["int64", "list", "above 1", "below 0", "NaN", "empty"],
)
def test_bad_inputs(alone, image, error):
    """invert refuses other dtypes than the three, and floats outside 0 to 1, and takes the rest."""
    alone.invert(np.ones((2, 3), dtype=np.float32))

    assert_raises(error, alone.invert, image)
