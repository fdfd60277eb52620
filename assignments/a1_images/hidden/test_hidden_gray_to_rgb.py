"""Hidden tests of gray_to_rgb."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("gray_to_rgb")


@pytest.mark.points(1.5)
@pytest.mark.hint("All three channels equal the gray image, and channels are the last axis.")
@pytest.mark.parametrize("shape", [(2, 5), (5, 2), (4, 7), (1, 6), (1, 1)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_any_shape(alone, rng, shape, seed):
    """gray_to_rgb puts images of any shape into three equal channels."""
    gray = rng.uniform(size=shape)
    expected = np.stack([gray, gray, gray], axis=-1)
    known = {
        "Right shape, wrong pixels: repeat along a new last axis.": np.tile(gray, 3).reshape(expected.shape),
        "Right shape, wrong pixels: three images in a row are no three channels.": np.stack([gray] * 3).reshape(
            expected.shape
        ),
        "Channels are the last axis, not the first.": np.stack([gray] * 3),
        "Only one channel is filled.": np.stack([gray, 0 * gray, 0 * gray], axis=-1),
        "A gray image needs a new axis: this puts three images side by side.": np.tile(gray, 3),
    }

    assert_close(alone.gray_to_rgb(gray), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("The shape (H, W, 1) becomes (H, W, 3).")
@pytest.mark.parametrize("shape", [(2, 5, 1), (6, 3, 1), (1, 4, 1), (3, 1, 1), (1, 1, 1)], ids=str)
def test_one_channel(alone, rng, shape):
    """gray_to_rgb takes images with one channel on a last axis."""
    gray = rng.uniform(size=shape)
    expected = np.concatenate([gray, gray, gray], axis=2)

    assert_close(alone.gray_to_rgb(gray), expected, rtol=0, atol=0)


@pytest.mark.points(0.5)
@pytest.mark.hint("Give the result the dtype of the image, and do not rescale.")
@pytest.mark.parametrize("dtype", ["uint8", "float32", "int64"])
@pytest.mark.parametrize("last", [(), (1,)], ids=["two axes", "three axes"])
def test_dtype_is_kept(alone, rng, dtype, last):
    """gray_to_rgb keeps the dtype."""
    gray = rng.integers(0, 256, size=(3, 4, *last)).astype(dtype)
    expected = np.stack([gray.reshape(3, 4)] * 3, axis=2)

    assert_close(alone.gray_to_rgb(gray), expected, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("broadcast_to shows one channel three times: copy it.")
def test_channels_are_apart(alone, rng):
    """gray_to_rgb gives three channels that can be changed one by one."""
    gray = rng.uniform(size=(4, 6))
    result = alone.gray_to_rgb(gray)

    assert_close(result, np.stack([gray, gray, gray], axis=-1), rtol=0, atol=0)
    assert not np.shares_memory(result[:, :, 0], result[:, :, 1]), "two channels share memory"
    assert not np.shares_memory(result[:, :, 0], result[:, :, 2]), "two channels share memory"


@pytest.mark.points(0.5)
@pytest.mark.hint("Return a copy, and do not rely on how the image lies in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1)], ids=str)
def test_copies_from_any_layout(alone, reference, rng, layout, shape):
    """gray_to_rgb returns a copy, however the image lies in memory."""
    gray = rng.integers(0, 256, size=shape, dtype=np.uint8)
    expected = reference.gray_to_rgb(gray)

    assert_close(alone.gray_to_rgb(relaid(gray, layout)), expected, rtol=0, atol=0)
    assert_own_memory(alone)


@pytest.mark.points(0.5)
@pytest.mark.hint("A gray image is (H, W) or (H, W, 1): three channels are no gray image.")
@pytest.mark.parametrize(
    ("gray", "error"),
    [
        (np.ones((4, 5, 3)), ValueError),
        (np.ones((4, 5, 2)), ValueError),
        (np.ones(5), ValueError),
        (np.ones((2, 4, 5, 1)), ValueError),
        (np.ones((0, 5)), ValueError),
        ([[1.0, 2.0]], TypeError),
    ],
    ids=["three channels", "two channels", "one axis", "four axes", "empty", "list"],
)
def test_bad_inputs(alone, gray, error):
    """gray_to_rgb refuses what has more than one channel and what is no image, and takes the rest."""
    alone.gray_to_rgb(np.ones((4, 5, 1)))

    assert_raises(error, alone.gray_to_rgb, gray)
