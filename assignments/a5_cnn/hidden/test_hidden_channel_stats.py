"""Hidden tests of channel_stats."""

import numpy as np
import pytest
import torch

from coursekit import assert_each_close, assert_raises

pytestmark = pytest.mark.question("channel_stats")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
SHAPES = [(7, 5, 4), (2, 9, 6), (1, 3, 8), (5, 1, 2), (40, 6, 7)]
LAYOUTS = [
    "channels first in memory",
    "columns before rows",
    "every second image",
    "a part of larger images",
    "one image for all",
]


def draw(rng, N, H, W):
    """Draw images, each with its own brightness, in channels of their own."""
    bright, channels = rng.uniform(0.2, 1, size=(N, 1, 1, 1)), rng.permutation([60, 150, 255])
    return (rng.uniform(0, 1, size=(N, H, W, 3)) * bright * channels).astype(np.uint8)


def stats(pixels, correction=0):
    """Give mean and standard deviation for each channel of (…, 3) numbers."""
    rows = np.asarray(pixels, dtype=float).reshape(-1, 3)
    with np.errstate(all="ignore"):  # a single pixel
        squares = ((rows - rows.mean(axis=0)) ** 2).sum(axis=0)
        std = np.sqrt(squares / np.float64(len(rows) - correction))
    return rows.mean(axis=0).astype(np.float32), std.astype(np.float32)


def arrays(found):
    """Turn a tuple of tensors into one of arrays."""
    return tuple(map(np.asarray, found)) if isinstance(found, tuple) else found


def mistaken(images, found):
    """Give what well-known mistakes lead to, as close as floating-point numbers allow."""
    x = images / 255
    each = [stats(image)[1] for image in x]
    forms = {
        "Input range is 0..255. Divide by 255: the scale is 0 to 1.": stats(images),
        "Divide by 255 in floats: whole numbers lose everything.": stats(images // 255),
        "The population's: divide by the number of pixels, not by one less. correction=0": stats(x, correction=1),
        "Over all images at once: the mean of each image's own standard deviation is another number.": (
            stats(x)[0],
            np.mean(each, axis=0).astype(np.float32),
        ),
        "Statistics of all images, not of the first one.": stats(x[0]),
        "Pixels were scrambled. Channels are the last axis: reshape(-1, 3) keeps them.": stats(
            x.reshape(3, -1).T.copy()
        ),
        "This is the variance: take its square root.": (stats(x)[0], stats(x)[1] ** 2),
        "Mean first, then standard deviation.": stats(x)[::-1],
    }
    right, known = stats(x), ({}, {})
    for sentence, form in forms.items():
        for place in range(2):
            if not np.allclose(form[place], right[place], **FLOAT32):
                known[place][sentence] = as_found(found, place, form[place])
    return dict(enumerate(known))


def as_found(found, place, form):
    """Give what was found where it is a form of this mistake, but for rounding."""
    try:
        near = np.allclose(found[place], form, **FLOAT32)
    except (TypeError, ValueError, IndexError):
        return form
    return found[place] if near else form


@pytest.mark.points(1)
@pytest.mark.hint("Divide by 255, then reduce over images, rows and columns: all axes but the last.")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_values(alone, rng, seed, shape):
    """channel_stats gives mean and standard deviation of each channel, over all images and places."""
    images = draw(rng, *shape)
    expected = stats(images / 255)

    found = arrays(alone.channel_stats(torch.from_numpy(images.copy())))
    assert_each_close(found, expected, **FLOAT32, known=mistaken(images, found))


@pytest.mark.points(0.75)
@pytest.mark.hint("The population's: divide by the number of pixels, not by one less. correction=0")
@pytest.mark.parametrize("shape", [(2, 1, 1), (1, 1, 3), (1, 2, 1), (3, 1, 2)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_few_pixels(alone, rng, seed, shape):
    """channel_stats divides by the number of pixels, which shows where there are few."""
    images = draw(rng, *shape)
    expected = stats(images / 255)

    found = arrays(alone.channel_stats(torch.from_numpy(images.copy())))
    assert_each_close(found, expected, **FLOAT32, known=mistaken(images, found))


@pytest.mark.points(0.25)
@pytest.mark.hint("A single pixel has the standard deviation 0; with one less than the number of pixels it is none.")
@pytest.mark.parametrize("value", [0, 3, 128, 255])
@pytest.mark.parametrize("seed", range(5))
def test_one_pixel(alone, rng, seed, value):
    """channel_stats of a single pixel gives the pixel itself and no deviation."""
    images = np.array([value, *rng.integers(0, 256, size=2)], dtype=np.uint8).reshape(1, 1, 1, 3)
    expected = stats(images / 255)

    found = arrays(alone.channel_stats(torch.from_numpy(images.copy())))
    assert_each_close(found, expected, **FLOAT32)


@pytest.mark.points(0.5)
@pytest.mark.hint("Bytes overflow: make floats before you add or square.")
@pytest.mark.parametrize("low", [0, 128, 250])
@pytest.mark.parametrize("seed", range(5))
def test_bright_images(alone, rng, seed, low):
    """channel_stats is right for many bright pixels too."""
    images = rng.integers(low, 256, size=(70, 17, 13, 3), dtype=np.uint8)
    expected = stats(images / 255)

    found = arrays(alone.channel_stats(torch.from_numpy(images.copy())))
    assert_each_close(found, expected, rtol=1e-3, atol=1e-4, known=mistaken(images, found))


@pytest.mark.points(0.5)
@pytest.mark.hint("Images need not lie in memory in their order: reshape takes them as they are, view does not.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("seed", range(5))
def test_layouts(alone, probes, rng, seed, layout):
    """channel_stats takes images however they lie in memory, and leaves them as they are."""
    images = draw(rng, 6, 5, 4)
    seen = images[:1].repeat(6, axis=0) if layout == "one image for all" else images
    mean, std = stats(seen / 255)

    found = alone.probe(probes.channel_stats_in_layout, images=images, layout=layout)
    assert_each_close(found, {"mean": mean, "std": std, "images": seen}, **FLOAT32)


@pytest.mark.points(0.5)
@pytest.mark.hint("TypeError for a dtype other than uint8; ValueError for a shape other than (N, H, W, 3), or N = 0.")
@pytest.mark.parametrize(
    ("shape", "dtype", "error"),
    [
        ((2, 5, 4, 3), "float32", TypeError),
        ((2, 5, 4, 3), "int64", TypeError),
        ((2, 5, 4, 3), "int8", TypeError),
        ((2, 3, 5, 4), "uint8", ValueError),
        ((5, 4, 3), "uint8", ValueError),
        ((2, 5, 4, 1), "uint8", ValueError),
        ((2, 5, 4, 4), "uint8", ValueError),
        ((2, 1, 5, 4, 3), "uint8", ValueError),
        ((0, 5, 4, 3), "uint8", ValueError),
    ],
    ids=str,
)
def test_bad_inputs(alone, shape, dtype, error):
    """channel_stats refuses other dtypes and shapes, and no images at all, and takes the rest."""
    alone.channel_stats(torch.full((2, 5, 4, 3), 7, dtype=torch.uint8))

    assert_raises(error, alone.channel_stats, torch.ones(shape, dtype=getattr(torch, dtype)))
