"""Hidden tests of TransformedTensorDataset and build_transform."""

import numpy as np
import pytest

from coursekit import assert_close, assert_each_close, assert_raises

pytestmark = pytest.mark.question("dataset")

FLIPPED = "From left to right: flip the last axis, which is W."


def draw(rng, count=6, shape=(2, 3)):
    """Draw samples, and labels that tell where they stand."""
    return {"x": rng.integers(-50, 50, size=(count, *shape)).astype("float32"), "y": np.arange(count) + 40}


def normalised(image):
    """Give -1 to 1 for 0 to 1."""
    return ((image - 0.5) / 0.5).astype("float32")


@pytest.mark.points(0.5)
@pytest.mark.hint("Without a transform: the sample and the label with that index, as they are, and the length of x.")
@pytest.mark.parametrize(
    ("count", "shape", "labels"), [(6, (2, 3), (6,)), (5, (), (5, 1)), (1, (4,), (1,)), (7, (1, 4, 3), (7, 2))], ids=str
)
@pytest.mark.parametrize("seed", range(5))
def test_without_a_transform(alone, reference, probes, rng, seed, count, shape, labels):
    """TransformedTensorDataset gives samples and labels of any shape, as they are, where there is no transform."""
    settings = draw(rng, count, shape) | {"y": rng.normal(size=labels), "indices": rng.integers(0, count, 8).tolist()}
    expected = probes.arrays(probes.samples(reference, **settings))

    found = probes.arrays(alone.probe(probes.samples, **settings))
    assert_each_close(found, expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("Call the transform in __getitem__, once, with that one sample: not in __init__, not with all of x.")
@pytest.mark.parametrize("indices", [[0, 0, 0], [3, 1, 4, 1, 5], [5, 4, 3, 2, 1, 0, 5]], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_transform_at_each_reading(alone, reference, probes, rng, seed, indices):
    """TransformedTensorDataset runs its transform on one sample, each time that this sample is read."""
    settings = draw(rng) | {"indices": indices, "transform": "sums"}
    x, calls = settings["x"].copy(), np.arange(1, 1 + len(indices))[:, None, None]
    expected = probes.arrays(probes.samples(reference, **settings))
    known = {
        "The transform runs each time a sample is read, not once for all.": x.cumsum(1)[indices]
        + np.array(indices)[:, None, None]
        + 1,
        "The transform takes one sample, not all of x.": x.cumsum(0)[indices] + calls,
        "The transform is not used.": x[indices],
    }

    found = probes.arrays(alone.probe(probes.samples, **settings))
    assert_each_close(found, expected, rtol=1e-5, atol=1e-5, known={"samples": known})


@pytest.mark.points(0.25)
@pytest.mark.hint("The transform is for the sample: the label stays as it is.")
@pytest.mark.parametrize("dtype", ["int64", "float32"])
@pytest.mark.parametrize("seed", range(5))
def test_labels_stay(alone, reference, probes, rng, seed, dtype):
    """TransformedTensorDataset does not transform labels."""
    settings = draw(rng) | {"indices": [2, 0, 5], "transform": "ones"}
    settings["y"] = settings["y"].astype(dtype)
    expected = probes.arrays(probes.samples(reference, **settings))

    found = probes.arrays(alone.probe(probes.samples, **settings))
    assert_each_close(found, expected, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("PyTorch's DataLoader reads len(data) and data[index]: give a pair of tensors for an index.")
@pytest.mark.parametrize("batch_size", [1, 4, 6])
def test_in_a_loader(alone, reference, probes, rng, batch_size):
    """TransformedTensorDataset works in a DataLoader, which makes batches of it."""
    settings = draw(rng) | {"batch_size": batch_size}
    expected = probes.arrays(probes.batches_of_data(reference, **settings))

    found = probes.arrays(alone.probe(probes.batches_of_data, **settings))
    assert isinstance(found, list), "the loader gives no batches"
    assert len(found) == len(expected), "the loader gives another number of batches"
    for batch, right in zip(found, expected, strict=True):
        assert_each_close(tuple(batch), tuple(right), rtol=1e-5, atol=1e-5)


@pytest.mark.points(0.75)
@pytest.mark.hint("(x - 0.5) / 0.5, once: 0 becomes -1, 1 becomes 1. Validation data are never flipped.")
@pytest.mark.parametrize("shape", [(1, 4, 6), (3, 5, 2), (1, 1, 3)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_validation_transform(alone, probes, rng, seed, shape):
    """build_transform(False) takes 0 to 1 to -1 to 1, and is the same at each call."""
    image = rng.uniform(size=shape).astype("float32")
    image.flat[:2] = 0, 1
    expected = np.stack([normalised(image)] * 12)
    known = {
        "Normalisation applied twice.": normalised(expected),
        "The mean is 0.5: subtract it.": expected + 1,
        "The standard deviation is 0.5: divide by it.": expected / 2,
        "The transform does nothing.": np.stack([image] * 12),
        "Both are 0.5, whatever the image: do not use its own mean and spread.": np.stack(
            [(image - image.mean()) / image.std()] * 12
        ),
    }

    found = alone.probe(probes.transformed, train=False, image=image, times=12)
    assert_close(probes.arrays(found["results"]), expected, rtol=0, atol=1e-6, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint(
    "With probability 0.5, drawn anew at each call: not always, and not once when the transform is built."
)
@pytest.mark.parametrize("shape", [(1, 4, 6), (3, 5, 7), (2, 6, 3)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_half_are_flipped(alone, probes, rng, seed, shape):
    """build_transform(True) flips about half of the images from left to right, and normalises all of them."""
    image = rng.uniform(size=shape).astype("float32")
    plain = normalised(image)
    flipped = plain[:, :, ::-1]

    found = probes.arrays(alone.probe(probes.transformed, train=True, image=image.copy(), times=400)["results"])
    assert_close(found[:1] * 0, plain[None] * 0, rtol=0, atol=0)  # a stack of float32 images, finite
    turned = ~np.isclose(found, plain, rtol=0, atol=1e-6).all(axis=(1, 2, 3))
    expected = np.where(turned[:, None, None, None], flipped, plain)
    forms = {
        "Normalisation applied twice.": (2 * plain - 1, 2 * flipped - 1),
        "Training images are normalised too.": (image, image[:, :, ::-1]),
        f"{FLIPPED} These are the rows.": (plain, plain[:, ::-1]),
        f"{FLIPPED} These are the channels.": (plain, plain[::-1]),
        f"{FLIPPED} This is a half turn.": (plain, plain[:, ::-1, ::-1]),
    }
    known = {sentence: closest(found, *form) for sentence, form in forms.items()}
    assert_close(found, expected, rtol=0, atol=1e-6, known=known)
    assert 0.35 < turned.mean() < 0.65, "another share than a half is flipped"  # standard deviation 0.025


def closest(found, plain, flipped):
    """Take, for each result, the one of two images that is nearer to it."""
    first, second = (np.abs(found - image).max(axis=(1, 2, 3)) for image in (plain, flipped))
    return np.where((second < first)[:, None, None, None], flipped, plain).astype("float32")


@pytest.mark.points(0.5)
@pytest.mark.hint("Draw with torch.rand(()) < 0.5 inside of the transform: then torch.manual_seed repeats the flips.")
@pytest.mark.parametrize("seed", range(5))
def test_draws_from_torch(alone, probes, rng, seed):
    """build_transform(True) draws from torch's global generator at each call: its seed decides which are flipped."""
    image = rng.uniform(size=(1, 3, 5)).astype("float32")

    settings = {"train": True, "image": image, "times": 60, "seeds": [seed, seed + 1, seed]}
    results = probes.arrays(alone.probe(probes.transformed, **settings)["results"])
    assert_close(results[:1] * 0, normalised(image)[None] * 0, rtol=0, atol=0)
    first, other, again = results[:60], results[60:120], results[120:]
    assert_close(again, first, rtol=0, atol=0)
    assert not np.array_equal(other, first), "another seed flips the same images"


@pytest.mark.points(0.25)
@pytest.mark.hint("Make a new tensor: no method that ends in an underscore, no -= and no /=.")
@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_image_stays(alone, probes, rng, seed, train):
    """build_transform gives a function that leaves its argument as it is."""
    image = rng.uniform(size=(1, 3, 5)).astype("float32")
    expected = image.copy()

    found = probes.arrays(alone.probe(probes.transformed, train=train, image=image, times=3))
    assert_close(found["image"], expected, rtol=0, atol=0)
    assert_close(np.sort(found["results"][2].ravel()), np.sort(normalised(expected).ravel()), rtol=0, atol=1e-6)


@pytest.mark.points(0.25)
@pytest.mark.hint("Compare len(x) and len(y) in __init__.")
@pytest.mark.parametrize("length", [0, 1, 5, 7])
def test_bad_inputs(alone, probes, rng, length):
    """TransformedTensorDataset refuses labels that are not as many as the samples, and takes the rest."""
    settings = draw(rng) | {"indices": [0]}
    alone.probe(probes.samples, **settings)

    assert_raises(ValueError, alone.probe, probes.samples, **settings | {"y": np.arange(length)})
