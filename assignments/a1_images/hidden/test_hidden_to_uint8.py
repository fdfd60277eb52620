"""Hidden tests of to_uint8."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("to_uint8")

CLIP = "Clip to [0, 1] before scaling."
ROUND = "astype cuts the fraction: round first."


def near_bytes(rng, shape):
    """Draw bytes, and floats that are at most 0.4 of a step away from them: never half a step, where rules differ."""
    expected = rng.integers(1, 255, size=shape, dtype=np.uint8)
    return expected, (expected + rng.choice([-0.4, -0.3, -0.2, 0.2, 0.3, 0.4], size=shape)) / 255


@pytest.mark.points(1)
@pytest.mark.hint(ROUND)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_round_trip(alone, reference, dtype):
    """to_uint8 brings each of the 256 bytes back from what to_float made of it."""
    image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    floats = reference.to_float(image).astype(dtype)
    known = {ROUND: (floats * 255).astype(np.uint8), "Multiply by 255, not by 256.": np.rint(floats * 256) % 256}

    assert_close(alone.to_uint8(floats), image, rtol=0, atol=0, known=known)


@pytest.mark.points(1.25)
@pytest.mark.hint("Round to the nearest integer before astype: 254.745, from 0.999, is 255.")
@pytest.mark.parametrize("shape", [(5, 8), (4, 5, 3), (2, 3, 4, 3)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_nearest_byte(alone, rng, shape, seed):
    """to_uint8 rounds to the nearest byte, upwards and downwards; 0.999 becomes 255."""
    expected, image = near_bytes(rng, shape)
    expected.flat[0], image.flat[0] = 255, 0.999
    known = {
        ROUND: np.floor(255 * image),
        "Round to the nearest byte: this always rounds up.": np.ceil(255 * image),
        "Multiply by 255, not by 256.": np.floor(256 * image),
        "Do not stretch the image from its darkest to its brightest pixel.": lambda: np.rint(
            255 * (image - image.min()) / np.ptp(image)
        ),
    }

    assert_close(alone.to_uint8(image), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(1.25)
@pytest.mark.hint(CLIP)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", range(5))
def test_outside_the_range(alone, rng, dtype, seed):
    """to_uint8 makes floats below 0 black and floats above 1 white: -0.2 becomes 0, and 1.7 becomes 255."""
    expected, image = near_bytes(rng, (4, 7))
    expected[0, :4], image[0, :4] = (0, 0, 255, 255), (-0.2, -1.3, 1.7, 1.001)
    scaled = np.rint(255 * image)
    known = {
        CLIP: scaled.astype(np.int64).astype(np.uint8),
        f"{CLIP} Multiplied by 255, they wrap.": lambda: (255 * image).astype(np.uint8),
        "Do not stretch the image from its darkest to its brightest pixel.": lambda: np.rint(
            255 * (image - image.min()) / np.ptp(image)
        ),
        "Clip on both sides: below 0 there is black.": np.minimum(scaled, 255).astype(np.int64).astype(np.uint8),
        "Clip on both sides: above 1 there is white.": np.maximum(scaled, 0).astype(np.int64).astype(np.uint8),
        "Clip each pixel on its own: the others keep their values.": lambda: np.rint(255 * image / image.max()),
    }

    assert_close(alone.to_uint8(image.astype(dtype)), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("The darkest pixel need not become 0, nor the brightest 255.")
@pytest.mark.parametrize(("low", "high"), [(0.25, 0.5), (0.0, 0.5), (0.5, 1.0)], ids=str)
@pytest.mark.parametrize("shape", [(3, 5), (1, 1)], ids=str)
def test_no_stretching(alone, low, high, shape):
    """to_uint8 does not stretch an image of little contrast, and works on a single pixel."""
    image = np.full(shape, low + 0.001)
    image.flat[-1] = high - 0.001
    expected = np.rint(255 * image).astype(np.uint8)

    assert_close(alone.to_uint8(image), expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("Return a copy, also of an image that is uint8 already; do not rely on how it lies in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_copies_from_any_layout(alone, rng, layout, dtype):
    """to_uint8 returns a copy of bytes and of floats, however the image lies in memory."""
    expected, floats = near_bytes(rng, (4, 6, 3))
    image = expected.copy() if dtype == "uint8" else floats

    assert_close(alone.to_uint8(relaid(image, layout)), expected, rtol=0, atol=0)
    assert_own_memory(alone)


@pytest.mark.points(0.75)
@pytest.mark.hint("NaN and infinity are no brightness: look for them before clipping.")
@pytest.mark.parametrize(
    ("image", "error"),
    [
        (np.ones((2, 3), dtype=np.int64), TypeError),
        ([[0.5]], TypeError),
        (np.array([[0.5, np.nan]]), ValueError),
        (np.array([[0.5, np.inf]]), ValueError),
        (np.array([[0.5, -np.inf]], dtype=np.float32), ValueError),
        (np.ones((0, 3)), ValueError),
    ],
    ids=["int64", "list", "NaN", "infinite", "minus infinite", "empty"],
)
def test_bad_inputs(alone, image, error):
    """to_uint8 refuses other dtypes than the three, NaN and infinity, and takes floats outside 0 to 1."""
    alone.to_uint8(np.array([[-1.0, 2.0]]))

    assert_raises(error, alone.to_uint8, image)
