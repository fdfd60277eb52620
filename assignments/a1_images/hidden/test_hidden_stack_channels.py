"""Hidden tests of stack_channels."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("stack_channels")


@pytest.mark.points(1.5)
@pytest.mark.hint("result[:, :, 0] is red, result[:, :, 1] green and result[:, :, 2] blue.")
@pytest.mark.parametrize("shape", [(2, 5), (5, 2), (4, 7), (1, 6), (1, 1)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_any_shape(alone, rng, shape, seed):
    """stack_channels puts red, green and blue of any shape on a last axis, in this order."""
    red, green, blue = rng.uniform(size=(3, *shape))
    expected = np.empty((*shape, 3))
    expected[:, :, 0], expected[:, :, 1], expected[:, :, 2] = red, green, blue
    known = {
        "Red and blue look swapped.": expected[:, :, ::-1],
        "Channels are the last axis, not the first.": np.stack([red, green, blue]),
        "Right shape, wrong pixels: stack along a new last axis, do not reshape.": np.stack([red, green, blue]).reshape(
            expected.shape
        ),
        "Rows and columns are swapped.": np.stack([red.T, green.T, blue.T], axis=2),
    }

    assert_close(alone.stack_channels(red, green, blue), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("The result has the dtype of the three channels, and their values.")
@pytest.mark.parametrize("dtype", ["uint8", "float32", "int64"])
def test_dtype_is_kept(alone, rng, dtype):
    """stack_channels keeps the dtype of its channels."""
    red, green, blue = rng.integers(0, 256, size=(3, 4, 6)).astype(dtype)
    expected = np.dstack([red, green, blue])

    assert_close(alone.stack_channels(red, green, blue), expected, rtol=0, atol=0)


@pytest.mark.points(0.5)
@pytest.mark.hint("Return a new array, and do not rely on how the channels lie in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_copies_from_any_layout(alone, rng, layout):
    """stack_channels returns a new array, however its channels lie in memory."""
    red, green, blue = rng.uniform(size=(3, 4, 6))
    expected = np.dstack([red, green, blue])
    channels = [relaid(channel, layout) for channel in (red, green, blue)]

    assert_close(alone.stack_channels(*channels), expected, rtol=0, atol=0)
    assert_own_memory(alone)


@pytest.mark.points(0.75)
@pytest.mark.hint("All three need the same shape (ValueError) and the same dtype (TypeError), and two axes.")
@pytest.mark.parametrize(
    ("red", "green", "blue", "error"),
    [
        (np.ones((2, 5)), np.ones((2, 5)), np.ones((5, 2)), ValueError),
        (np.ones((2, 5)), np.ones((1, 5)), np.ones((2, 5)), ValueError),
        (np.ones((2, 5, 1)), np.ones((2, 5, 1)), np.ones((2, 5, 1)), ValueError),
        (np.ones((0, 5)), np.ones((0, 5)), np.ones((0, 5)), ValueError),
        (np.ones((2, 5)), np.ones((2, 5), dtype=np.float32), np.ones((2, 5)), TypeError),
        (np.ones((2, 5)), np.ones((2, 5)), np.ones((2, 5), dtype=np.uint8), TypeError),
        (np.ones((1, 2)), [[1.0, 1.0]], np.ones((1, 2)), TypeError),
    ],
    ids=["other shape", "broadcastable shape", "three axes", "empty", "other float", "bytes and floats", "list"],
)
def test_bad_inputs(alone, red, green, blue, error):
    """stack_channels refuses channels whose shapes or dtypes differ and what is no gray image, and takes the rest."""
    alone.stack_channels(np.ones((2, 5)), np.ones((2, 5)), np.ones((2, 5)))

    assert_raises(error, alone.stack_channels, red, green, blue)
