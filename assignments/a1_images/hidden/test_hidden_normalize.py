"""Hidden tests of normalize."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("normalize")

OWN = "Each channel has its own mean and std."


def normalized(image, mean, std):
    """Normalise channel by channel."""
    image, channels = image.astype(np.float64), image.shape[-1]
    means, stds = np.broadcast_to(mean, channels), np.broadcast_to(std, channels)
    return np.stack([(image[..., c] - means[c]) / stds[c] for c in range(channels)], axis=-1)


def misconceptions(image, mean, std):
    """Build the answers that other statistics and other formulas give."""
    mean, std = np.array(mean), np.array(std)
    right = normalized(image, mean, std)
    every = tuple(range(image.ndim - 1))
    return {
        OWN: (image - mean.mean()) / std.mean(),
        f"{OWN} Those of channel 0 are used for all.": (image - mean[0]) / std[0],
        f"{OWN} Their order is reversed.": (image - mean[::-1]) / std[::-1],
        "The image is normalised twice.": (right - mean) / std,
        "Divide by the standard deviation, not by its square.": (image - mean) / std**2,
        "Divide by the standard deviation: do not multiply by it.": (image - mean) * std,
        "Divide by the standard deviation, not by its root.": (image - mean) / np.sqrt(std),
        "Subtract first, then divide: brackets are missing.": image - mean / std,
        "Subtract first, then divide.": image / std - mean,
        "Subtract the mean: do not add it.": (image + mean) / std,
        "mean and std have changed places.": (image - std) / mean,
        "The division by std is missing.": image - mean,
        "Use the mean and std that were passed, not those of the image.": lambda: (
            (image - image.mean(axis=every)) / image.std(axis=every)
        ),
        "Use the mean and std that were passed, not those of the whole image.": lambda: (
            (image - image.mean()) / image.std()
        ),
        "Results may be negative or above 1: do not clip them.": np.clip(right, 0, 1),
    }


@pytest.mark.points(1.5)
@pytest.mark.hint("Subtract each channel's own mean, then divide by its own std; channels are the last axis.")
@pytest.mark.parametrize("shape", [(4, 6, 3), (5, 2, 4), (3, 3, 3), (1, 1, 3)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_each_channel(alone, rng, shape, seed):
    """normalize uses each channel's own mean and standard deviation."""
    image = rng.uniform(size=shape)
    mean, std = (tuple(map(float, rng.uniform(0.2, 0.9, size=shape[-1]))) for _ in range(2))
    expected = normalized(image, mean, std)
    known = misconceptions(image, mean, std)

    assert_close(alone.normalize(image, mean, std), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("In a batch channels are the last axis too.")
@pytest.mark.parametrize("shape", [(2, 4, 5, 3), (3, 3, 3, 3), (1, 4, 2, 1)], ids=str)
@pytest.mark.parametrize("kind", [tuple, list])
def test_batches(alone, rng, shape, kind):
    """normalize takes batches (N, H, W, C), with statistics in tuples or lists."""
    images = rng.uniform(size=shape)
    mean, std = (kind(map(float, rng.uniform(0.2, 0.9, size=shape[-1]))) for _ in range(2))
    expected = normalized(images, mean, std)
    known = misconceptions(images, mean, std)

    assert_close(alone.normalize(images, mean, std), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("A single number holds for all channels, and for images without channels.")
@pytest.mark.parametrize("shape", [(4, 7), (4, 5, 3), (2, 4, 5, 3)], ids=str)
@pytest.mark.parametrize(("mean", "std"), [(0.3, 0.25), (0, 2), (-0.5, 0.125), (1.5, 0.01)], ids=str)
def test_single_numbers(alone, rng, shape, mean, std):
    """normalize uses single numbers for all channels, and for gray images."""
    image = rng.uniform(size=shape)
    expected = (image - mean) / std
    known = {
        "The image is normalised twice.": (expected - mean) / std,
        "Divide by the standard deviation, not by its square.": (image - mean) / std**2,
        "Subtract first, then divide: brackets are missing.": image - mean / std,
        "Results may be negative or above 1: do not clip them.": np.clip(expected, 0, 1),
    }

    assert_close(alone.normalize(image, mean, std), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("Each of mean and std is a single number, or has one for each channel.")
@pytest.mark.parametrize(("mean", "std"), [(0.5, (0.2, 0.3, 0.4)), ((0.2, 0.3, 0.4), 0.5)], ids=["one mean", "one std"])
def test_mixed(alone, rng, mean, std):
    """normalize takes a single mean with three standard deviations, and the other way round."""
    image = rng.uniform(size=(4, 6, 3))
    expected = normalized(image, mean, std)

    assert_close(alone.normalize(image, mean, std), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("Compute in float64, also for a float32 image; any float is fine, not just 0 to 1.")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mean", [0.1, (0.1, 0.2, 0.3)], ids=["number", "tuple"])
def test_dtypes_and_ranges(alone, rng, dtype, mean):
    """normalize gives float64 from float32 too, and takes floats of any range."""
    image = (10 * rng.normal(size=(4, 6, 3))).astype(dtype)
    expected = normalized(image, mean, 0.7)

    assert_close(alone.normalize(image, mean, 0.7), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("Do not write into the image (no -= and no /=), and do not rely on how it lies in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("mean", "std"), [((0.2, 0.3, 0.4), (0.5, 0.6, 0.7)), (0, 1)], ids=["channels", "0 and 1"])
def test_copies_from_any_layout(alone, rng, layout, mean, std):
    """normalize returns a new array and leaves the image alone, however it lies in memory."""
    image = rng.uniform(size=(4, 6, 3))
    expected = normalized(image, mean, std)

    assert_close(alone.normalize(relaid(image, layout), mean, std), expected, rtol=1e-7, atol=1e-10)
    assert_own_memory(alone)


IMAGE = np.ones((4, 5, 3))


@pytest.mark.points(0.25)
@pytest.mark.hint("Bytes are a TypeError: to_float comes first. Other dtypes than floats are too.")
@pytest.mark.parametrize("dtype", ["uint8", "int64"])
def test_bytes_are_refused(alone, dtype):
    """normalize refuses bytes and other integers, and takes float32."""
    alone.normalize(np.ones((4, 5), dtype=np.float32), 0.5, 0.5)

    assert_raises(TypeError, alone.normalize, np.ones((4, 5), dtype=dtype), 0.5, 0.5)


@pytest.mark.points(0.5)
@pytest.mark.hint("std is above 0, all numbers are finite, and there is one for each channel or a single one.")
@pytest.mark.parametrize(
    ("image", "mean", "std", "error"),
    [
        (IMAGE, 0.5, 0, ValueError),
        (IMAGE, 0.5, -1.0, ValueError),
        (IMAGE, (0.1, 0.2, 0.3), (0.1, 0.0, 0.3), ValueError),
        (IMAGE, (0.1, 0.2), 1.0, ValueError),
        (IMAGE, 0.5, (0.1, 0.2, 0.3, 0.4), ValueError),
        (IMAGE, (0.1,), 1.0, ValueError),
        (IMAGE[:, :, 0], (0.1, 0.2, 0.3, 0.4, 0.5), 1.0, ValueError),
        (IMAGE, float("nan"), 1.0, ValueError),
        (IMAGE, 0.5, float("inf"), ValueError),
        (IMAGE, 0.5, float("nan"), ValueError),
        (np.ones(5), 0.5, 1.0, ValueError),
        (np.ones((0, 5, 3)), 0.5, 1.0, ValueError),
        ([[0.5]], 0.5, 1.0, TypeError),
    ],
    ids=[
        "std 0",
        "std below 0",
        "one std is 0",
        "two means",
        "four stds",
        "one mean in a tuple",
        "one mean for each column of a gray image",
        "NaN mean",
        "infinite std",
        "NaN std",
        "one axis",
        "empty",
        "list",
    ],
)
def test_bad_inputs(alone, image, mean, std, error):
    """normalize refuses statistics that are impossible or do not fit the channels, and takes the rest."""
    alone.normalize(IMAGE, (0.1, 0.2, 0.3), 0.5)

    assert_raises(error, alone.normalize, image, mean, std)
