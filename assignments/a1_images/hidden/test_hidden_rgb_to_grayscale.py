"""Hidden tests of rgb_to_grayscale."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("rgb_to_grayscale")

OTHER_WEIGHTS = "Close, but these are other weights; use the ones in the handout."
EQUAL = "The three channels do not weigh the same."
SWAPPED = "Red and blue look swapped."
BYTES = "Convert before you multiply: sums of bytes wrap."

WEIGHTS = (0.2126, 0.7152, 0.0722)  # VARIANT luma.weights
SHORT = float(str(WEIGHTS[0])[:-1])  # red with its last digit missing
STANDARDS = {"ITU-R BT.601": (0.299, 0.587, 0.114), "ITU-R BT.709": (0.2126, 0.7152, 0.0722)}
OTHER_STANDARD, OTHERS = next(item for item in STANDARDS.items() if item[1] != WEIGHTS)


def weighted(image, weights=WEIGHTS):
    """Add up the weighted channels, one by one."""
    red, green, blue = (image[:, :, channel].astype(np.float64) for channel in range(3))
    return weights[0] * red + weights[1] * green + weights[2] * blue


def misconceptions(image):
    """Build the answers that other weights, other orders and rounding give."""
    right = weighted(image)
    return {
        EQUAL: weighted(image, (1 / 3, 1 / 3, 1 / 3)),
        SWAPPED: weighted(image, WEIGHTS[::-1]),
        OTHER_WEIGHTS: weighted(image, [round(weight, 2) for weight in WEIGHTS]),
        f"{OTHER_WEIGHTS} These are of {OTHER_STANDARD}.": weighted(image, OTHERS),
        f"{OTHER_WEIGHTS} Red weighs {WEIGHTS[0]}, not {SHORT}.": weighted(image, (SHORT, *WEIGHTS[1:])),
        f"{OTHER_WEIGHTS} These are scikit-image's.": weighted(image, (0.2125, 0.7154, 0.0721)),
        f"{SWAPPED} These are also the weights of {OTHER_STANDARD}.": weighted(image, OTHERS[::-1]),
        "Do not quantise here; to_uint8 does that. The fractions are cut off.": np.trunc(right),
        "Do not quantise here; to_uint8 does that. The result is rounded.": np.rint(right),
        "Keep the scale of the image: do not divide by 255.": right / 255,
        "Keep the scale of the image: do not stretch it.": lambda: 255 * (right - right.min()) / np.ptp(right),
        "The channels are added up, but not weighted.": weighted(image, (1, 1, 1)),
        BYTES: lambda: (image[:, :, 0] + image[:, :, 1] + image[:, :, 2]) / 3,
        f"{BYTES} Each channel loses its fraction.": lambda: sum(image[:, :, c] // 3 for c in range(3)),
        f"{BYTES} Each weighted channel loses its fraction.": lambda: sum(
            np.trunc(w * image[:, :, c].astype(float)) for c, w in enumerate(WEIGHTS)
        ),
        "Channels are the last axis; rows and columns stay where they are.": right.T,
    }


@pytest.mark.points(1.25)
@pytest.mark.hint("Red weighs {}, green {} and blue {}: channel 0 is red.".format(*WEIGHTS))
@pytest.mark.parametrize("channel", [0, 1, 2], ids=["R only", "G only", "B only"])
@pytest.mark.parametrize("seed", range(5))
def test_one_colour(alone, rng, channel, seed):
    """rgb_to_grayscale weighs red, green and blue each by its own weight."""
    image = np.zeros((4, 7, 3), dtype=np.uint8)
    image[:, :, channel] = rng.integers(1, 256, size=(4, 7))
    expected = weighted(image)

    assert_close(alone.rgb_to_grayscale(image), expected, rtol=0, atol=1e-9, known=misconceptions(image))


@pytest.mark.points(2)
@pytest.mark.hint("Use the weights of the handout, in float64, and round nothing.")
@pytest.mark.parametrize("shape", [(6, 9, 3), (5, 4, 3), (1, 7, 3), (3, 3, 3)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_bytes(alone, rng, shape, seed):
    """rgb_to_grayscale gives the exact weighted sum of bytes, unrounded, from 0 to 255."""
    image = rng.integers(0, 256, size=shape, dtype=np.uint8)
    expected = weighted(image)

    assert_close(alone.rgb_to_grayscale(image), expected, rtol=0, atol=1e-9, known=misconceptions(image))


@pytest.mark.points(1)
@pytest.mark.hint("Floats keep their scale, from 0 to 1; compute in float64, also for float32 images.")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(5))
def test_floats(alone, rng, dtype, seed):
    """rgb_to_grayscale gives the exact weighted sum of floats, in float64, from 0 to 1."""
    image = rng.uniform(size=(5, 8, 3)).astype(dtype)
    expected = weighted(image)
    known = {
        "Keep the scale of the image: do not multiply by 255.": 255 * expected,
        "Compute in float64: the weights or the image are still float32.": lambda: np.float32(
            weighted(image, np.float32(WEIGHTS))
        ).astype(float),
    } | misconceptions(image)

    assert_close(alone.rgb_to_grayscale(image), expected, rtol=0, atol=1e-9, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint(f"White stays 255. {BYTES}")
@pytest.mark.parametrize("value", [255, 200, 100, 2])
@pytest.mark.parametrize("shape", [(2, 3, 3), (1, 1, 3)], ids=str)
def test_gray_stays_gray(alone, value, shape):
    """rgb_to_grayscale keeps the brightness of pixels that are gray already: white is 255 in float64."""
    image = np.full(shape, value, dtype=np.uint8)

    assert_close(alone.rgb_to_grayscale(image), np.full(shape[:2], float(value)), rtol=0, atol=1e-9)


@pytest.mark.points(0.75)
@pytest.mark.hint("Use the weights that were passed: in their order, and not divided by their sum.")
@pytest.mark.parametrize(
    "weights",
    [(0.299, 0.587, 0.114), (1, 2, 3), [0.5, 0.25, 0.125], (0.0, 0.0, 2.5)],
    ids=["BT.601", "whole numbers", "list", "blue"],
)
def test_other_weights(alone, rng, weights):
    """rgb_to_grayscale uses other weights as they are, whatever their sum."""
    image = rng.integers(0, 256, size=(4, 7, 3), dtype=np.uint8)
    expected = weighted(image, weights)
    known = {
        "The weights argument is not used.": weighted(image),
        "Weights are used as they are: do not divide by their sum.": expected / sum(weights),
        "Weights may give numbers above 255: do not clip.": np.clip(expected, 0, 255),
        SWAPPED: weighted(image, weights[::-1]),
    }

    assert_close(alone.rgb_to_grayscale(image, weights), expected, rtol=0, atol=1e-9, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Do not write into the image, and do not rely on how it lies in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_memory_layouts(alone, rng, layout, dtype):
    """rgb_to_grayscale does not care how the image lies in memory, and does not write into it."""
    image = rng.integers(0, 2, size=(4, 6, 3)).astype(dtype)
    expected = weighted(image)

    assert_close(alone.rgb_to_grayscale(relaid(image, layout)), expected, rtol=0, atol=1e-9)
    assert_own_memory(alone)


IMAGE = np.ones((4, 5, 3))


@pytest.mark.points(0.5)
@pytest.mark.hint("An RGB image is (H, W, 3), and has three weights, finite and not below 0.")
@pytest.mark.parametrize(
    ("image", "weights", "error"),
    [
        (np.ones((4, 5)), (1, 1, 1), ValueError),
        (np.ones((4, 5, 4)), (1, 1, 1), ValueError),
        (np.ones((4, 5, 1)), (1, 1, 1), ValueError),
        (np.ones((2, 4, 5, 3)), (1, 1, 1), ValueError),
        (np.ones((0, 5, 3)), (1, 1, 1), ValueError),
        (IMAGE, (0.5, 0.5), ValueError),
        (IMAGE, (0.25, 0.25, 0.25, 0.25), ValueError),
        (IMAGE, (1.5, 0.5, -1.0), ValueError),
        (IMAGE, (0.5, float("nan"), 0.5), ValueError),
        (IMAGE, (0.5, 0.5, float("inf")), ValueError),
        (np.ones((4, 5, 3), dtype=np.int64), (1, 1, 1), TypeError),
        ([[[1.0, 1.0, 1.0]]], (1, 1, 1), TypeError),
    ],
    ids=[
        "gray image",
        "four channels",
        "one channel",
        "batch",
        "empty",
        "two weights",
        "four weights",
        "weight below 0",
        "NaN weight",
        "infinite weight",
        "int64",
        "list",
    ],
)
def test_bad_inputs(alone, image, weights, error):
    """rgb_to_grayscale refuses what is no RGB image and weights that are not three or below 0, and takes the rest."""
    alone.rgb_to_grayscale(IMAGE, (0.0, 0.0, 3.0))

    assert_raises(error, alone.rgb_to_grayscale, image, weights)
