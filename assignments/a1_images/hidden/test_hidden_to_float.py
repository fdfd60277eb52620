"""Hidden tests of to_float."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("to_float")

BRIGHTEST = "Divide by 255, not by the brightest pixel."


@pytest.mark.points(1)
@pytest.mark.hint("Divide by 255, in float64: float32 and division by 256 are not exact enough.")
def test_all_bytes(alone):
    """to_float turns each of the 256 bytes p into p / 255, exactly."""
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = np.arange(256).reshape(16, 16) / 255
    known = {
        "Divide by 255, not by 256.": image / 256,
        "Divide before you cut anything off: // gives whole numbers.": (image // 255).astype(float),
    }

    assert_close(alone.to_float(image), expected, rtol=0, atol=1e-12, known=known)


@pytest.mark.points(1.25)
@pytest.mark.hint(BRIGHTEST)
@pytest.mark.parametrize("shape", [(4, 6), (3, 5, 3), (2, 3, 4, 3)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_dark_images(alone, rng, shape, seed):
    """to_float does not stretch an image whose brightest pixel is far from white."""
    image = rng.integers(20, 100, size=shape, dtype=np.uint8)
    image.flat[0] = 100
    expected = image / 255
    known = {
        BRIGHTEST: image / image.max(),
        "Divide by 255: do not stretch the image from its darkest to its brightest pixel.": (image - image.min())
        / np.ptp(image),
    }

    assert_close(alone.to_float(image), expected, rtol=0, atol=1e-12, known=known)


@pytest.mark.points(0.5, all_or_nothing=True)
@pytest.mark.hint(f"{BRIGHTEST} The brightest pixel may be 0.")
@pytest.mark.parametrize("value", [0, 1, 100, 255])
@pytest.mark.parametrize("shape", [(2, 3), (1, 1)], ids=str)
def test_constant_images(alone, value, shape):
    """to_float keeps a constant image at its own gray: black stays black, and 100 does not become white."""
    image = np.full(shape, value, dtype=np.uint8)
    known = {
        "Decide by the dtype, not by the pixels: a byte 1 is nearly black.": image.astype(float),
        BRIGHTEST: np.ones(shape),
    }

    assert_close(alone.to_float(image), np.full(shape, value / 255), rtol=0, atol=1e-12, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("Floats are from 0 to 1 already: convert them to float64 and do nothing else.")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("low", [0.0, 0.25])
def test_floats(alone, rng, dtype, low):
    """to_float gives float64 with the same values from float32 and float64, and stretches nothing."""
    image = rng.uniform(low, 0.8, size=(3, 5, 3)).astype(dtype)
    expected = image.astype(np.float64)
    known = {
        "Floats are from 0 to 1 already: do not divide them again.": expected / 255,
        BRIGHTEST: expected / expected.max(),
        "The values become bytes on the way: keep floats as they are.": np.rint(255 * expected) / 255,
    }

    assert_close(alone.to_float(image), expected, rtol=0, atol=1e-12, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Return a copy, also of an image that is float64 already.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_copies_from_any_layout(alone, reference, rng, layout, dtype):
    """to_float returns a copy, however the image lies in memory."""
    image = rng.integers(0, 256, size=(4, 6, 3), dtype=np.uint8)
    image = image if dtype == "uint8" else image / 255
    expected = reference.to_float(image)

    assert_close(alone.to_float(relaid(image, layout)), expected, rtol=0, atol=1e-12)
    assert_own_memory(alone)


@pytest.mark.points(0.5)
@pytest.mark.hint("require_image and require_unit_range do these checks.")
@pytest.mark.parametrize(
    ("image", "error"),
    [
        (np.ones((2, 3), dtype=np.int64), TypeError),
        (np.ones((2, 3), dtype=np.uint16), TypeError),
        ([[0.5]], TypeError),
        (np.array([[0.5, 1.001]]), ValueError),
        (np.array([[0.5, -0.001]], dtype=np.float32), ValueError),
        (np.array([[0.5, np.nan]]), ValueError),
        (np.array([[0.5, np.inf]]), ValueError),
        (np.ones((0, 3), dtype=np.uint8), ValueError),
    ],
    ids=["int64", "uint16", "list", "above 1", "below 0", "NaN", "infinite", "empty"],
)
def test_bad_inputs(alone, image, error):
    """to_float refuses other dtypes than the three, and floats outside 0 to 1, and takes the rest."""
    alone.to_float(np.ones((2, 3), dtype=np.float32))

    assert_raises(error, alone.to_float, image)
