"""Hidden tests of isolate_channel."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("isolate_channel")


@pytest.mark.points(1.5)
@pytest.mark.hint("The channel stays where it is, on the last axis; the other two become 0.")
@pytest.mark.parametrize("channel", [0, 1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_each_channel(alone, rng, channel, seed):
    """isolate_channel keeps one channel of an image of bytes in its place, and blackens the other two."""
    image = rng.integers(1, 256, size=(4, 6, 3), dtype=np.uint8)
    keep = np.arange(3) == channel
    expected = np.where(keep, image, 0).astype(np.uint8)
    known = {
        "Red and blue look swapped.": image * keep[::-1],
        "The channel that should stay is the one that is 0.": image * ~keep,
        "Return all three channels, two of them 0.": image[:, :, channel],
        "Three equal channels are gray: the other two are 0.": np.stack([image[:, :, channel]] * 3, axis=2),
        "Channels are the last axis: this keeps a row of the image.": image * (np.arange(4) == channel)[:, None, None],
        "Channels are the last axis: this keeps a column.": image * (np.arange(6) == channel)[:, None],
    }

    assert_close(alone.isolate_channel(image, channel), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("Give the result the dtype of the image.")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("channel", [0, 1, 2])
def test_floats(alone, rng, dtype, channel):
    """isolate_channel keeps the dtype and the values of float32 and float64 images."""
    image = rng.uniform(0.1, 1, size=(5, 3, 3)).astype(dtype)
    expected = np.where(np.arange(3) == channel, image, 0).astype(dtype)

    assert_close(alone.isolate_channel(image, channel), expected, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("An image may have one pixel, or as many rows as channels.")
@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 3, 3), (1, 7, 3)], ids=str)
def test_extremes(alone, rng, shape):
    """isolate_channel works on single pixels, rows and images of 3x3 pixels."""
    image = rng.integers(1, 256, size=shape, dtype=np.uint8)
    expected = (image * np.array([0, 1, 0])).astype(np.uint8)

    assert_close(alone.isolate_channel(image, 1), expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("Write into a copy or into new zeros, never into the image.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("channel", [0, 2])
def test_copies_from_any_layout(alone, reference, rng, layout, channel):
    """isolate_channel returns a copy and leaves the image alone, however it lies in memory."""
    image = rng.integers(1, 256, size=(4, 6, 3), dtype=np.uint8)
    expected = reference.isolate_channel(image, channel)

    assert_close(alone.isolate_channel(relaid(image, layout), channel), expected, rtol=0, atol=0)
    assert_own_memory(alone)


@pytest.mark.points(0.75)
@pytest.mark.hint("Channels are 0, 1 and 2, and an RGB image is (H, W, 3).")
@pytest.mark.parametrize(
    ("image", "channel", "error"),
    [
        (np.ones((4, 5, 3)), 3, ValueError),
        (np.ones((4, 5, 3)), -1, ValueError),
        (np.ones((4, 5, 3)), 1.0, TypeError),
        (np.ones((4, 5, 4)), 0, ValueError),
        (np.ones((4, 5)), 0, ValueError),
        (np.ones((0, 5, 3)), 0, ValueError),
        (np.ones((4, 5, 3), dtype=np.int64), 0, TypeError),
        ([[[1.0, 1.0, 1.0]]], 0, TypeError),
    ],
    ids=["channel 3", "channel -1", "float channel", "four channels", "gray image", "empty", "int64", "list"],
)
def test_bad_inputs(alone, image, channel, error):
    """isolate_channel refuses other channels than 0 to 2 and what is no RGB image, and takes the rest."""
    alone.isolate_channel(np.ones((4, 5, 3)), 2)

    assert_raises(error, alone.isolate_channel, image, channel)
