"""Hidden tests of set_channel."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("set_channel")


def filled(image, place, value):
    """Copy an image, with one value at a place."""
    result = image.copy()
    result[place] = value
    return result


@pytest.mark.points(1.5)
@pytest.mark.hint("Only image[:, :, channel] changes: channels are the last axis, in the order red, green, blue.")
@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_each_channel(alone, rng, channel, seed):
    """set_channel sets one channel of an image of bytes, and keeps the other two."""
    image = rng.integers(0, 256, size=(4, 6, 3), dtype=np.uint8)
    value = int(rng.integers(2, 255))  # black and white have a test of their own
    expected = np.stack([image[:, :, c] if c != channel else np.full((4, 6), value) for c in range(3)], axis=2)
    known = {
        "Red and blue look swapped.": filled(image, (slice(None), slice(None), 2 - channel), value),
        "Channels are the last axis: this sets a row of the image.": filled(image, channel, value),
        "Channels are the last axis: this sets a column.": filled(image, (slice(None), channel), value),
        "The other channels keep their pixels.": expected * (np.arange(3) == channel),
        "The value is set, not added.": lambda: image + np.uint8(value) * (np.arange(3) == channel).astype(np.uint8),
    }

    assert_close(alone.set_channel(image, channel, value), expected.astype(np.uint8), rtol=0, atol=0, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("The value is written as it is: neither rounded nor scaled. The dtype stays.")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("value", [0.125, 0.375, 0.7, 1])
def test_floats(alone, rng, dtype, value):
    """set_channel sets a channel of float32 and float64 images, and keeps their dtype."""
    image = rng.uniform(size=(5, 3, 3)).astype(dtype)
    expected = filled(image, (slice(None), slice(None), 1), value)

    assert_close(alone.set_channel(image, 1, value), expected, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("0 and 255 are bytes too; an image may have one pixel.")
@pytest.mark.parametrize("value", [0, 255])
@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 3, 3)], ids=str)
def test_extremes(alone, rng, value, shape):
    """set_channel takes black and white, and images as small as their number of channels."""
    image = rng.integers(1, 255, size=shape, dtype=np.uint8)
    expected = filled(image, (slice(None), slice(None), 2), value)

    assert_close(alone.set_channel(image, 2, value), expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("Copy the image first, then write into the copy.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channel", [0, 2])
def test_copies_from_any_layout(alone, rng, layout, channel):
    """set_channel returns a copy and leaves the image alone, however it lies in memory."""
    image = rng.integers(0, 256, size=(4, 6, 3), dtype=np.uint8)
    expected = filled(image, (slice(None), slice(None), channel), 77)

    assert_close(alone.set_channel(relaid(image, layout), channel, 77), expected, rtol=0, atol=0)
    assert_own_memory(alone)


@pytest.mark.points(0.75)
@pytest.mark.hint("Channels are 0, 1 and 2; a value must fit the image: require_int and require_pixel look at that.")
@pytest.mark.parametrize(
    ("image", "channel", "value", "error"),
    [
        (np.ones((4, 5, 3), dtype=np.uint8), 3, 0, ValueError),
        (np.ones((4, 5, 3), dtype=np.uint8), -1, 0, ValueError),
        (np.ones((4, 5, 3), dtype=np.uint8), 0, 300, ValueError),
        (np.ones((4, 5, 3), dtype=np.uint8), 0, -1, ValueError),
        (np.ones((4, 5, 3), dtype=np.uint8), 0, 0.5, TypeError),
        (np.ones((4, 5, 3)), 0, 1.5, ValueError),
        (np.ones((4, 5, 3)), 0, float("nan"), ValueError),
        (np.ones((4, 5, 3)), 1.0, 0.5, TypeError),
        (np.ones((4, 5, 4)), 0, 0.5, ValueError),
        (np.ones((4, 5)), 0, 0.5, ValueError),
        (np.ones((4, 5, 3), dtype=np.int64), 0, 1, TypeError),
        ([[[1.0, 1.0, 1.0]]], 0, 0.5, TypeError),
    ],
    ids=[
        "channel 3",
        "channel -1",
        "300 into bytes",
        "-1 into bytes",
        "0.5 into bytes",
        "1.5 into floats",
        "NaN into floats",
        "float channel",
        "four channels",
        "gray image",
        "int64",
        "list",
    ],
)
def test_bad_inputs(alone, image, channel, value, error):
    """set_channel refuses other channels than 0 to 2 and values that the image cannot hold, and takes the rest."""
    alone.set_channel(np.ones((4, 5, 3), dtype=np.uint8), 2, 255)

    assert_raises(error, alone.set_channel, image, channel, value)
