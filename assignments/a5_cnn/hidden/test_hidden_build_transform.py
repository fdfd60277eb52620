"""Hidden tests of build_transform.

What training images become is drawn at random, but there are 162 possible results: 81 places, flipped or not.
"""

import numpy as np
import pytest

from coursekit import assert_close, assert_each_close, assert_raises

pytestmark = pytest.mark.question("build_transform")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
BORDER = 4
FLIPPED = "From left to right: flip the last axis, which is W."
ONCE = "Bytes become 0 to 1 first, and are normalised then, once."


def draw(rng, H=6, W=7):
    """Draw an image whose bytes are all different, none 0, and statistics."""
    image = (rng.permutation(255)[: H * W * 3] + 1).astype(np.uint8).reshape(H, W, 3)
    return {
        "image": image,
        "mean": rng.uniform(0.2, 0.7, size=3).tolist(),
        "std": rng.uniform(0.1, 0.4, size=3).tolist(),
    }


def normalised(x, mean, std):
    """Normalise (…, 3, H, W) numbers."""
    return ((x - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))).astype(np.float32)


def plain(image, mean, std):
    """Give what an image becomes without augmentation."""
    return normalised(image.transpose(2, 0, 1) / 255, mean, std)


def windows(x, border=None, **mode):
    """Give all windows of (3, H, W) numbers, unflipped and flipped: (2, 9, 9, 3, H, W)."""
    H, W = x.shape[1:]
    reach = ((0, 0), (BORDER, BORDER), (BORDER, BORDER))
    if border is None:
        padded = np.pad(x, reach, **mode)
    else:
        padded = np.stack(
            [np.pad(channel, BORDER, constant_values=value) for channel, value in zip(x, border, strict=True)]
        )
    cut = np.stack([np.stack([padded[:, i : i + H, j : j + W] for j in range(9)]) for i in range(9)])
    return np.stack([cut, cut[..., ::-1]])


def augmented(image, mean, std):
    """Give all that a training image can become: the border is black before the normalisation."""
    return normalised(windows(image.transpose(2, 0, 1) / 255), mean, std)


def closest(found, candidates):
    """Give for each result the place of the nearest candidate."""
    rows = candidates.reshape(-1, found[0].size)
    return np.array([np.abs(rows - result.reshape(-1)).max(axis=1).argmin() for result in found])


def nearest(found, candidates):
    """Give for each result the nearest candidate, or the result itself where this differs in rounding alone."""
    if not isinstance(found, np.ndarray) or found.shape[1:] != candidates.shape[-3:]:
        return candidates.reshape(-1, *candidates.shape[-3:])
    rows = candidates.reshape(-1, *found.shape[1:])
    return as_found(found, rows[closest(found, candidates)])


def as_found(found, form):
    """Give what was found where it is this form, but for rounding."""
    alike = isinstance(found, np.ndarray) and found.shape == form.shape
    return found if alike and np.allclose(found, form, **FLOAT32) else form


def mistaken(found, image, mean, std):
    """Give what well-known mistakes make of an image without augmentation, once for each result."""
    x, (H, W, _) = image.transpose(2, 0, 1) / 255, image.shape
    ends = {
        "Pixels were scrambled. reshape keeps their order in memory: permute moves the axes.": normalised(
            image.reshape(3, H, W) / 255, mean, std
        ),
        "Pixels were scrambled. Channels come first: (3, H, W).": ((image / 255 - mean) / std).astype(np.float32),
        "Pixels were scrambled. Rows stay before columns: permute(2, 0, 1).": normalised(
            image.transpose(2, 1, 0) / 255, mean, std
        ),
        "Input range is 0..255. Divide by 255 before you normalise.": normalised(255 * x, mean, std),
        f"{ONCE} Here the division by 255 comes last.": normalised(255 * x, mean, std) / np.float32(255),
        f"{ONCE} Here it is done twice.": normalised(normalised(x, mean, std), mean, std),
        f"{ONCE} Here it is not done.": x.astype(np.float32),
        f"{ONCE} Subtract the mean.": normalised(x, [0, 0, 0], std),
        f"{ONCE} Divide by the standard deviation.": normalised(x, mean, [1, 1, 1]),
        f"{ONCE} Divide by the standard deviation, not by its square.": normalised(x, mean, np.square(std)),
        "The channels of the image are in the wrong order: red stays first.": normalised(x[::-1], mean, std),
    }
    return {sentence: as_found(found, np.stack([form] * len(found))) for sentence, form in ends.items()}


def mistaken_windows(found, image, mean, std):
    """Give what well-known mistakes make of a training image: for each result the nearest form."""
    x = image.transpose(2, 0, 1) / 255
    once, H, W = normalised(x, mean, std), *image.shape[:2]
    forms = {
        "Pixels were scrambled. reshape keeps their order in memory: permute moves the axes.": normalised(
            windows(image.reshape(3, H, W) / 255), mean, std
        ),
        "Input range is 0..255. Divide by 255 before you normalise.": normalised(windows(255 * x), mean, std),
        f"{ONCE} Here it is done twice.": normalised(normalised(windows(x), mean, std), mean, std),
        f"{ONCE} Here it is not done.": windows(x).astype(np.float32),
        "The border is black before the normalisation: add it first, normalise then.": windows(once),
        "The border is black: no mirror image.": normalised(windows(x, mode="reflect"), mean, std),
        "The border is black: no copy of the edge.": normalised(windows(x, mode="edge"), mean, std),
        "The border is black: 0, not white.": normalised(windows(x, border=(1, 1, 1)), mean, std),
        f"{FLIPPED} These are the rows.": np.stack(
            [normalised(windows(form), mean, std)[0] for form in (x, x[:, ::-1])]
        ),
        f"{FLIPPED} These are the channels.": np.stack(
            [normalised(windows(form), mean, std)[0] for form in (x, x[::-1])]
        ),
        f"{FLIPPED} This is a half turn.": np.stack(
            [normalised(windows(form), mean, std)[0] for form in (x, x[:, ::-1, ::-1])]
        ),
    }
    return {sentence: nearest(found, form) for sentence, form in forms.items()}


def assert_windows(found, settings, times):
    """Require results that a training image can become; give which of them: flipped, top and left."""
    candidates = augmented(settings["image"], settings["mean"], settings["std"])
    usable = isinstance(found, np.ndarray) and found.shape[1:] == candidates.shape[-3:]
    places = closest(found, candidates) if usable else np.zeros(times, dtype=int)
    expected = candidates.reshape(-1, *candidates.shape[-3:])[places]
    known = {} if not usable or np.allclose(found, expected, **FLOAT32) else mistaken_windows(found, **settings)
    assert_close(found, expected, **FLOAT32, known=known)
    return np.unravel_index(places, (2, 9, 9))


@pytest.mark.points(1.25)
@pytest.mark.hint(
    "permute(2, 0, 1), divide by 255, then (x - mean) / std for each channel. Augment training data only."
)
@pytest.mark.parametrize("layout", ["plain", "channels first in memory", "every second row"])
@pytest.mark.parametrize("shape", [(6, 7), (9, 5), (1, 4), (8, 1)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_validation_values(alone, probes, rng, seed, shape, layout):
    """build_transform(False, …) gives (3, H, W) numbers from 0 to 1, normalised, and leaves the image as it is."""
    settings = draw(rng, *shape)
    image, expected = settings["image"].copy(), plain(**settings)[None]

    seen = alone.probe(probes.build_transform_results, train=False, **settings, layout=layout)
    known = mistaken(seen["results"], **settings | {"image": image})
    known["Augment training data only."] = nearest(seen["results"], augmented(**settings | {"image": image}))
    assert_close(seen["results"], expected, **FLOAT32, known=known)
    assert_close(seen["image"], image, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint(f"{ONCE} A byte v becomes (v / 255 - mean) / std.")
@pytest.mark.parametrize("value", [0, 1, 77, 255])
@pytest.mark.parametrize("seed", range(5))
def test_constant_images(alone, probes, rng, seed, value):
    """build_transform(False, …) makes one number of each byte: black, white and grey images show which."""
    settings = draw(rng) | {"image": np.full((5, 4, 3), value, dtype=np.uint8)}
    expected = plain(**settings)[None]

    seen = alone.probe(probes.build_transform_results, train=False, **settings)
    assert_close(seen["results"], expected, **FLOAT32, known=mistaken(seen["results"], **settings))


@pytest.mark.points(0.5)
@pytest.mark.hint("Augment training data only: draw nothing for validation images.")
@pytest.mark.parametrize("seed", range(5))
def test_validation_is_the_same(alone, reference, probes, rng, seed):
    """build_transform(False, …) gives the same at each call, and draws nothing from torch's global generator."""
    settings = draw(rng) | {"train": False, "times": 40, "seeds": [seed, seed + 1]}
    expected = np.stack([plain(settings["image"], settings["mean"], settings["std"])] * 80)
    draws = probes.build_transform_results(reference, **settings)["next"]

    seen = alone.probe(probes.build_transform_results, **settings)
    candidates = augmented(settings["image"], settings["mean"], settings["std"])
    known = {"Augment training data only.": nearest(seen["results"], candidates)}
    assert_close(seen["results"], expected, **FLOAT32, known=known)
    assert_close(seen["next"], draws, rtol=0, atol=0)


@pytest.mark.points(1)
@pytest.mark.hint(
    "Divide by 255, add four rows and columns of zeros on each side, cut out H x W, flip the last axis, then normalise."
)
@pytest.mark.parametrize("shape", [(6, 7), (9, 5), (5, 8)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_training_values(alone, probes, rng, seed, shape):
    """build_transform(True, …) gives a window of the image with its border, perhaps flipped, normalised."""
    settings = draw(rng, *shape)
    image = settings["image"].copy()

    seen = alone.probe(probes.build_transform_results, train=True, **settings, times=30)
    assert_windows(seen["results"], settings | {"image": image}, 30)
    assert_close(seen["image"], image, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("The window has the size of its own image, whatever that is: read it from the shape, at each call.")
@pytest.mark.parametrize("train", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_sizes(alone, probes, rng, seed, train):
    """build_transform gives a function for images of every size, one after the other."""
    settings = draw(rng)
    shapes = [(32, 32), (1, 1), (3, 40), (32, 16), (2, 3)]
    images = [rng.integers(0, 256, size=(*shape, 3), dtype=np.uint8) for shape in shapes]
    expected = {str(shape): np.zeros((3, *shape), dtype=np.float32) for shape in shapes}

    statistics = {"mean": settings["mean"], "std": settings["std"]}
    found = alone.probe(probes.build_transform_of_several, train=train, **statistics, images=images)
    sizes = {str(shape): 0 * result for shape, result in zip(shapes, found, strict=True)}
    assert_each_close(sizes, expected, rtol=0, atol=0)


@pytest.mark.points(0.5)
@pytest.mark.hint("Draw top and left apart from each other, each of 0 to 8, at each call: torch.randint(9, (2,)).")
@pytest.mark.parametrize("seed", range(5))
def test_places(alone, probes, rng, seed):
    """build_transform(True, …) cuts out each of the 81 windows equally often."""
    settings = draw(rng, 9, 8)

    seen = alone.probe(probes.build_transform_results, train=True, **settings, times=600)
    flipped, top, left = assert_windows(seen["results"], settings, 600)
    counts = np.stack([np.bincount(top, minlength=9), np.bincount(left, minlength=9)])  # mean 67, deviation 7.7
    assert counts.min() > 20, "a place never comes, or seldom"
    assert counts.max() < 120, "a place comes too often"
    for first, second in ((top, left), (top, 8 - left), (top, np.where(flipped, 8 - left, left))):
        assert (first == second).mean() < 0.2, "top and left are not drawn apart"  # 0.11, deviation 0.013


@pytest.mark.points(0.25)
@pytest.mark.hint("With probability 0.5, drawn at each call: torch.rand(()) < 0.5.")
@pytest.mark.parametrize("seed", range(5))
def test_half_are_flipped(alone, probes, rng, seed):
    """build_transform(True, …) flips about half of the windows from left to right."""
    settings = draw(rng, 5, 9)

    seen = alone.probe(probes.build_transform_results, train=True, **settings, times=300)
    flipped, _, _ = assert_windows(seen["results"], settings, 300)
    assert 0.35 < flipped.mean() < 0.65, "another share than a half is flipped"  # deviation 0.029


@pytest.mark.points(0.25)
@pytest.mark.hint("Draw with torch.randint and torch.rand inside of the function: then torch.manual_seed repeats them.")
@pytest.mark.parametrize("seed", range(5))
def test_draws_from_torch(alone, probes, rng, seed):
    """build_transform(True, …) draws from torch's global generator at each call: its seed decides what comes."""
    settings = draw(rng)

    seeds = [seed, seed + 1, seed]
    found = alone.probe(probes.build_transform_results, train=True, **settings, times=40, seeds=seeds)["results"]
    places = np.stack(assert_windows(found, settings, 120))
    first, other, again = np.split(places, 3, axis=1)
    assert np.array_equal(again, first), "the same seed, other windows"
    for drawn in (slice(0, 1), slice(1, 3)):  # flips, and places
        assert not np.array_equal(other[drawn], first[drawn]), "another seed, the same windows or flips"


@pytest.mark.points(0.25)
@pytest.mark.hint("The function itself checks its image: TypeError for another dtype, ValueError for another shape.")
@pytest.mark.parametrize(
    ("shape", "dtype", "error"),
    [
        ((5, 6, 3), "float32", TypeError),
        ((5, 6, 3), "int64", TypeError),
        ((3, 5, 6), "uint8", ValueError),
        ((5, 6), "uint8", ValueError),
        ((5, 6, 1), "uint8", ValueError),
        ((5, 6, 4), "uint8", ValueError),
        ((1, 5, 6, 3), "uint8", ValueError),
    ],
    ids=str,
)
@pytest.mark.parametrize("train", [True, False])
def test_bad_images(alone, probes, rng, train, shape, dtype, error):
    """build_transform gives a function that refuses other dtypes and shapes, and takes the rest."""
    settings = draw(rng) | {"train": train}
    alone.probe(probes.build_transform_results, **settings)

    settings["image"] = np.ones(shape, dtype=dtype)
    assert_raises(error, alone.probe, probes.build_transform_results, **settings)


@pytest.mark.points(0.25)
@pytest.mark.hint("Three numbers each, and those of std above 0: a negative one is wrong as well.")
@pytest.mark.parametrize(
    ("mean", "std"),
    [
        ((0.5, 0.5), (0.2, 0.2, 0.2)),
        ((0.5, 0.5, 0.5), (0.2, 0.2)),
        ((0.5, 0.5, 0.5, 0.5), (0.2, 0.2, 0.2, 0.2)),
        ((0.5, 0.5, 0.5), (0.2, 0.0, 0.2)),
        ((0.5, 0.5, 0.5), (0.2, 0.2, -0.2)),
    ],
    ids=["two means", "two deviations", "four of each", "zero", "negative"],
)
@pytest.mark.parametrize("train", [True, False])
def test_bad_statistics(alone, probes, rng, train, mean, std):
    """build_transform refuses statistics that are not three numbers, or whose deviation is not above 0."""
    settings = draw(rng) | {"train": train, "mean": (0.5, 0.5, 0.5), "std": (0.2, 0.2, 0.2)}
    alone.probe(probes.build_transform_results, **settings)

    assert_raises(ValueError, alone.probe, probes.build_transform_results, **settings | {"mean": mean, "std": std})
