"""Hidden tests of adjust_brightness."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_each_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("adjust_brightness")

WRAPPED = "Values wrapped past 255: compute in a wider type, then clip."
TOO_LARGE = f"{WRAPPED} Python integers that do not fit uint8 are rejected."


def sums(image, delta):
    """Add in integers that are wide enough."""
    return image.astype(np.int64) + delta


def misconceptions(image, delta):
    """Give the wrong answers that students give to an image of floats."""
    exact = image.astype(np.float64) + delta
    return {
        "Clip to 0 to 1: floats above 1 are whiter than white.": exact,
        "Clip floats to 1, not to 255.": np.clip(exact, 0, 255),
        "delta is on the scale of the image: do not divide it by 255.": np.clip(image + delta / 255, 0, 1),
        "Floats stay floats: do not go through bytes.": np.rint(255 * np.clip(exact, 0, 1)) / 255,
    }


@pytest.mark.points(1.5)
@pytest.mark.hint(WRAPPED)
@pytest.mark.parametrize("delta", [100, -30, 1, -1])
@pytest.mark.parametrize("seed", range(5))
def test_bytes(alone, rng, delta, seed):
    """adjust_brightness stops bytes at 255 and at 0: 200 + 100 is 255, and 10 - 30 is 0."""
    image = rng.integers(0, 256, size=(4, 7, 3), dtype=np.uint8)
    image[0, :2] = (200, 10, 0), (255, 128, 254)
    exact = sums(image, delta)
    expected = np.clip(exact, 0, 255).astype(np.uint8)
    known = {
        WRAPPED: exact.astype(np.uint8),
        "Clip on both sides: below 0 there is black.": np.minimum(exact, 255).astype(np.uint8),
        "Clip on both sides: above 255 there is white.": np.maximum(exact, 0).astype(np.uint8),
        "A uint8 image stays uint8.": np.clip(image / 255 + delta / 255, 0, 1),
        "Add, do not multiply.": lambda: np.clip(image * (1 + delta / 255), 0, 255).astype(np.uint8),
        "delta is added to all channels.": np.concatenate([expected[:, :, :1], image[:, :, 1:]], axis=2),
        "Clip the sums: do not scale the whole image.": lambda: (255 * exact / exact.max()).astype(np.uint8),
        "Below 0 there is black: do not take the absolute value.": np.minimum(np.abs(exact), 255),
    }

    assert_close(alone.adjust_brightness(image, delta), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(1)
@pytest.mark.hint(TOO_LARGE)
@pytest.mark.parametrize("delta", [300, 256, 100_000, 255])
@pytest.mark.parametrize("shape", [(4, 7), (1, 1)], ids=str)
def test_large_steps(alone, rng, delta, shape):
    """adjust_brightness takes numbers beyond 255 for bytes too: everything becomes white or black."""
    image = rng.integers(0, 256, size=shape, dtype=np.uint8)
    expected = np.full(shape, 255, dtype=np.uint8), np.full(shape, 0, dtype=np.uint8)
    steps = (delta, -delta)
    known = {place: {TOO_LARGE: sums(image, step).astype(np.uint8)} for place, step in enumerate(steps)}
    found = tuple(alone.adjust_brightness(image, step) for step in steps)

    assert_each_close(found, expected, rtol=0, atol=0, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("Clip floats to 0 to 1, and keep float32 as float32.")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("delta", [0.3, 0.45, 1.5, 2])
@pytest.mark.parametrize("seed", range(5))
def test_floats(alone, rng, dtype, delta, seed):
    """adjust_brightness clips floats to 0 to 1, and keeps float32 and float64."""
    image = rng.uniform(size=(5, 3, 3)).astype(dtype)
    steps = (delta, -delta)
    expected = tuple(np.clip(image.astype(np.float64) + step, 0, 1).astype(dtype) for step in steps)
    tolerance = {"rtol": 1e-6, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-7, "atol": 1e-10}
    known = {place: misconceptions(image, step) for place, step in enumerate(steps)}
    found = tuple(alone.adjust_brightness(image, step) for step in steps)

    assert_each_close(found, expected, **tolerance, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("Return a new array, also for delta 0, and do not rely on how the image lies in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("dtype", "delta"), [("uint8", 0), ("uint8", 60), ("float64", 0.0), ("float64", 0.25)], ids=str
)
def test_copies_from_any_layout(alone, reference, rng, layout, dtype, delta):
    """adjust_brightness returns a new array and leaves the image alone, however it lies in memory."""
    image = (255 * rng.uniform(size=(4, 6, 3))).astype(np.uint8) if dtype == "uint8" else rng.uniform(size=(4, 6, 3))
    expected = reference.adjust_brightness(image, delta)

    assert_close(alone.adjust_brightness(relaid(image, layout), delta), expected, rtol=1e-7, atol=1e-10)
    assert_own_memory(alone)


@pytest.mark.points(0.5)
@pytest.mark.hint("delta is a finite number; the image is checked as in invert.")
@pytest.mark.parametrize(
    ("image", "delta", "error"),
    [
        (np.ones((2, 3)), float("nan"), ValueError),
        (np.ones((2, 3)), float("inf"), ValueError),
        (np.ones((2, 3), dtype=np.uint8), float("-inf"), ValueError),
        (np.ones((2, 3), dtype=np.uint8), float("nan"), ValueError),
        (np.ones((2, 3)), "10", TypeError),
        (np.ones((2, 3), dtype=np.int64), 10, TypeError),
        ([[0.5]], 0.25, TypeError),
        (np.array([[0.5, 1.001]]), 0.25, ValueError),
        (np.array([[0.5, np.nan]]), 0.25, ValueError),
        (np.ones((0, 3)), 0.25, ValueError),
    ],
    ids=[
        "NaN",
        "infinite",
        "minus infinite for bytes",
        "NaN for bytes",
        "text",
        "int64",
        "list",
        "above 1",
        "NaN pixel",
        "empty",
    ],
)
def test_bad_inputs(alone, image, delta, error):
    """adjust_brightness refuses numbers that are not finite and what is no image, and takes the rest."""
    alone.adjust_brightness(np.ones((2, 3), dtype=np.float32), -0.25)

    assert_raises(error, alone.adjust_brightness, image, delta)
