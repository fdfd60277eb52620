"""Hidden tests of make_splits and make_loaders.

Each image has a label of its own: so a batch tells which images it holds, and what they were.
"""

import numpy as np
import pytest

from coursekit import assert_close, assert_none_of, assert_raises, assert_same

pytestmark = pytest.mark.question("loaders")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
BOTH = "These indices are in both splits, or in none: cut one permutation in two."
TRAINING = "Statistics may come from training data only."
CIFAR = ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))
AUGMENT = "Augment training data only"


def draw(rng, count=26, H=6, W=5):
    """Draw images, each with its own brightness, and labels that tell them apart."""
    bright, labels = rng.uniform(0.2, 1, size=(count, 1, 1, 1)), rng.permutation(500)[:count]
    images = 1 + (rng.uniform(0, 1, size=(count, H, W, 3)) * bright * rng.permutation([90, 170, 250])).astype(np.uint8)
    return {"images": images.astype(np.uint8), "labels": labels.astype(np.int64)}


def labels_of(epoch):
    """Give the labels of an epoch, one after the other."""
    return [int(label) for _, labels in epoch for label in labels]


def orders_of(epochs):
    """Give the labels of several epochs."""
    return [labels_of(epoch) for epoch in epochs]


def images_of(epochs):
    """Give the images of several epochs, stacked."""
    batches = [images for epoch in epochs for images, _ in epoch]
    assert len({images.shape[1:] for images in batches}) == 1, "images have different sizes"
    return np.concatenate(batches)


def known_images(settings, labels):
    """Give the images that have these labels, from 0 to 1, channels first."""
    return in_order(settings, labels).transpose(0, 3, 1, 2) / 255


def in_order(settings, labels):
    """Give the images, as bytes, that have these labels."""
    where = {int(label): place for place, label in enumerate(settings["labels"])}
    return settings["images"][[where[label] for label in labels]]


def stats_of(x):
    """Give mean and standard deviation of (N, 3, H, W) numbers."""
    return x.mean(axis=(0, 2, 3)).tolist(), x.std(axis=(0, 2, 3)).tolist()


def normalised(x, stats):
    """Normalise (…, 3, H, W) numbers."""
    mean, std = (np.reshape(numbers, (3, 1, 1)) for numbers in stats)
    return ((x - mean) / std).astype(np.float32)


def as_found(found, form):
    """Give what was found where it is this form, but for rounding."""
    alike = isinstance(found, np.ndarray) and found.shape == form.shape
    return found if alike and np.allclose(found, form, **FLOAT32) else form


def other_statistics(settings, train, val):
    """Give statistics that well-known mistakes normalise with."""
    return {
        f"{TRAINING} These are of all images.": stats_of(known_images(settings, [*train, *val])),
        f"{TRAINING} These are of the validation images.": stats_of(known_images(settings, val)),
        f"{TRAINING} These are CIFAR-10's, whatever the images are.": CIFAR,
        f"{TRAINING} These are 0.5 for all, whatever the images are.": ((0.5,) * 3, (0.5,) * 3),
        "Images are normalised: hand mean and standard deviation over.": ((0.0,) * 3, (1.0,) * 3),
    }


def loaded(student, reference, probes, **settings):
    """Go through the loaders; statistics are right, whatever the student's own channel_stats gives."""
    with student.using(channel_stats=reference.channel_stats):
        return student.probe(probes.loaders_epochs, **settings)


@pytest.mark.points(0.5)
@pytest.mark.hint(
    "The whole number nearest to n * val_fraction, but at least 1 and at most n - 1; as two lists of ints."
)
@pytest.mark.parametrize(
    ("n", "val_fraction", "sizes"),
    [
        (10, 0.18, [8, 2]),
        (10, 0.12, [9, 1]),
        (101, 0.5, None),
        (7, 0.33, [5, 2]),
        (1000, 0.1, [900, 100]),
        (20, 0.01, [19, 1]),
        (20, 0.999, [1, 19]),
        (2, 0.9, [1, 1]),
        (2, 0.001, [1, 1]),
        (3, 0.6, [1, 2]),
        (57, 0.29, [40, 17]),
    ],
    ids=str,
)
def test_split_sizes(alone, n, val_fraction, sizes):
    """make_splits gives validation the nearest whole number, each part at least one, and lists of ints."""
    parts = alone.make_splits(n, val_fraction)

    assert type(parts) is tuple, "return a tuple"
    assert len(parts) == 2, "return two lists"
    assert all(type(part) is list for part in parts), "each part is a list"
    assert all(type(number) is int for part in parts for number in part), "a part holds something else than ints"
    found = [len(part) for part in parts]
    assert found in ([sizes] if sizes else [[50, 51], [51, 50]]), "a part has another size"  # both are nearest


@pytest.mark.points(0.25)
@pytest.mark.hint(BOTH)
@pytest.mark.parametrize(("n", "val_fraction"), [(50, 0.2), (31, 0.7), (2, 0.5), (9, 0.01)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_each_number_once(alone, probes, seed, n, val_fraction):
    """make_splits puts each of the numbers 0 to n - 1 into one part alone."""
    ((train, val),) = alone.probe(probes.loaders_splits, n=n, val_fraction=val_fraction, seeds=[seed])

    assert_same(sorted(set(train) & set(val)), [])
    assert_same(sorted([*train, *val]), list(range(n)))


@pytest.mark.points(0.25)
@pytest.mark.hint("Every number may come into either part: shuffle all numbers before you cut.")
@pytest.mark.parametrize("start", range(0, 1000, 200))
def test_at_random(alone, probes, start):
    """make_splits gives each number the same chance to come into validation."""
    splits = alone.probe(probes.loaders_splits, n=12, val_fraction=0.25, seeds=list(range(start, start + 200)))

    counts = np.zeros(12)
    for train, val in splits:
        assert_same(sorted([*train, *val]), list(range(12)))
        assert_same(len(val), 3)
        counts[val] += 1
    assert_close(counts / 200, np.full(12, 0.25), rtol=0, atol=0.18)  # standard deviation 0.031
    assert len({tuple(sorted(val)) for _, val in splits}) > 80, "other seeds give the same parts"  # 132 of 220 expected


@pytest.mark.points(0.25)
@pytest.mark.hint("torch.Generator().manual_seed(seed), handed on to torch.randperm: the global one stays as it is.")
@pytest.mark.parametrize("seed", range(5))
def test_split_seed(alone, reference, probes, seed):
    """make_splits gives the same parts for the same seed, 0 if none is given, and leaves global generators alone."""
    settings = {"n": 40, "val_fraction": 0.3}

    for first, again in [({"seed": seed}, {"seed": seed}), ({}, {"seed": 0})]:
        one, other = (
            alone.probe(probes.loaders_split_between_draws, start=start, **settings, **options)
            for start, options in ((seed + 50, first), (seed + 51, again))
        )
        assert_same(other["parts"], one["parts"])
        expected = probes.loaders_split_between_draws(reference, start=seed + 50, **settings, **first)["next"]
        assert_close(one["next"], expected, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("Check n with require_int, and that val_fraction is above 0 and below 1.")
@pytest.mark.parametrize(
    ("n", "val_fraction", "error"),
    [
        (1, 0.5, ValueError),
        (0, 0.5, ValueError),
        (-4, 0.5, ValueError),
        (10.0, 0.5, TypeError),
        ("10", 0.5, TypeError),
        (10, 0, ValueError),
        (10, 1, ValueError),
        (10, -0.2, ValueError),
        (10, 1.4, ValueError),
    ],
    ids=str,
)
def test_bad_splits(alone, n, val_fraction, error):
    """make_splits refuses fewer than two numbers and fractions out of range, and takes the rest."""
    alone.make_splits(10, 0.5)

    assert_raises(error, alone.make_splits, n, val_fraction)


@pytest.mark.points(0.5)
@pytest.mark.hint(f"{BOTH} The training loader reads the first part of make_splits, the validation loader the second.")
@pytest.mark.parametrize("options", [{}, {"val_fraction": 0.4, "seed": 3}], ids=["defaults", "0.4"])
@pytest.mark.parametrize("seed", range(5))
def test_parts(student, reference, probes, rng, seed, options):
    """make_loaders gives the two parts of make_splits, each image once in an epoch, with its label."""
    settings = draw(rng)

    seen = loaded(student, reference, probes, **settings, batch_size=1, **options)
    (train,), (val,) = orders_of(seen["train"]), orders_of(seen["val"])
    assert_same(sorted(set(train) & set(val)), [])
    parts = [sorted(settings["labels"][part].tolist()) for part in seen["parts"]]
    assert_same([sorted(train), sorted(val)], parts)
    assert_close(seen["images"], settings["images"], rtol=0, atol=0)
    assert_close(seen["labels"], settings["labels"], rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint(f"{TRAINING} {AUGMENT}. An image keeps its label.")
@pytest.mark.parametrize("val_fraction", [0.3, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_validation_images(student, reference, probes, rng, seed, val_fraction):
    """make_loaders gives validation images normalised with the statistics of the training images, not augmented."""
    settings = draw(rng, 17)
    options = {"val_fraction": val_fraction, "seed": seed, "batch_size": 4}

    seen = loaded(student, reference, probes, **settings, **options, count=2)
    (first, second), (order, again) = map(images_of, ([seen["val"][0]], [seen["val"][1]])), orders_of(seen["val"])
    assert_same(again, order)
    assert_none_of({f"{AUGMENT}: each epoch has other validation images.": not np.array_equal(second, first)})
    rest = [label for label in settings["labels"].tolist() if label not in order]
    forms = other_statistics(settings, rest, order)
    chosen = in_order(settings, order)
    statistics = [stats_of(known_images(settings, rest)), *forms.values()]
    # what the student's own transform makes of them: if that is wrong, it has cost points already
    expected, *wrong = student.probe(probes.loaders_own_images, images=chosen, statistics=statistics)
    known = {sentence: as_found(first, form) for sentence, form in zip(forms, wrong, strict=True)}
    assert_close(first, expected, **FLOAT32, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint(f"build_transform(True, …) for the training images alone. {TRAINING}")
@pytest.mark.parametrize("val_fraction", [0.3, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_training_images(student, reference, probes, rng, seed, val_fraction):
    """make_loaders gives training images augmented anew in each epoch, with the statistics of training images."""
    settings = draw(rng, 17)
    colours = settings["images"][:, 0, 0].copy()
    settings["images"] = np.broadcast_to(colours[:, None, None], settings["images"].shape).copy()
    options = {"val_fraction": val_fraction, "seed": seed, "batch_size": 1}

    seen = loaded(student, reference, probes, **settings, **options, count=2)
    places = [[settings["labels"].tolist().index(label) for label in order] for order in orders_of(seen["train"])]
    first, second = (images_of([epoch])[np.argsort(order)] for epoch, order in zip(seen["train"], places, strict=True))
    assert not np.array_equal(first, second), "training images are not augmented, or once for all epochs"
    mean, std = stats_of(known_images(settings, labels_of(seen["train"][0])))
    # images of one colour: their windows hold the colour and the border, wherever they are cut out
    own = student.probe(
        probes.loaders_own_colours, colours=colours[sorted(places[0])], shape=(6, 5), mean=mean, std=std
    )
    for image, numbers in zip(first, own, strict=True):
        for channel, allowed in zip(image, numbers, strict=True):
            near = allowed[np.abs(channel[..., None] - allowed).argmin(axis=-1)]
            assert_close(channel, near, **FLOAT32)


@pytest.mark.points(0.5)
@pytest.mark.hint("shuffle=True for training: the order is new in each epoch; shuffle=False for validation.")
@pytest.mark.parametrize("batch_size", [1, 5, 6])
@pytest.mark.parametrize("seed", range(5))
def test_orders(student, reference, probes, rng, seed, batch_size):
    """make_loaders gives training images in a new order in each epoch, and validation images always in the same."""
    settings = draw(rng, 40)

    seen = loaded(student, reference, probes, **settings, batch_size=batch_size, val_fraction=0.25, count=3)
    train, val = orders_of(seen["train"]), orders_of(seen["val"])
    assert len({tuple(order) for order in train}) == 3, "two epochs of training have the same order"
    numbers = settings["labels"].tolist()
    assert all(np.any(np.diff([numbers.index(label) for label in order]) < 0) for order in train), (
        "an epoch has the order of the images"
    )
    assert_same(val[1:], [val[0]] * 2)


@pytest.mark.points(0.25)
@pytest.mark.hint("drop_last=True for training alone: validation keeps its smaller last batch.")
@pytest.mark.parametrize(
    ("batch_size", "train", "val"),
    [
        (1, [1] * 14, [1] * 9),
        (4, [4, 4, 4], [4, 4, 1]),
        (5, [5, 5], [5, 4]),
        (7, [7, 7], [7, 2]),
        (14, [14], [9]),
        (20, [], [9]),
    ],
    ids=str,
)
def test_batch_sizes(student, reference, probes, rng, batch_size, train, val):
    """make_loaders drops a smaller last batch of training, and keeps that of validation."""
    seen = loaded(student, reference, probes, **draw(rng, 23), batch_size=batch_size, val_fraction=0.4, count=2)

    for part, sizes in (("train", train), ("val", val)):
        assert_same([[len(labels) for _, labels in epoch] for epoch in seen[part]], [sizes] * 2)
        for images, labels in [batch for epoch in seen[part] for batch in epoch]:
            assert_same(len(images), len(labels))
            assert_close(labels * 0, np.zeros(len(labels), dtype=np.int64), rtol=0, atol=0)
    assert_same(seen["lengths"], [len(train), len(val)])


@pytest.mark.points(0.25)
@pytest.mark.hint("DataLoader takes a generator: torch.Generator().manual_seed(seed) decides the order, nothing else.")
@pytest.mark.parametrize("seed", range(5))
def test_seed(student, reference, probes, rng, seed):
    """make_loaders gives the same order for the same seed, another for another, and leaves global generators alone."""
    settings = draw(rng) | {"batch_size": 3, "count": 2}
    expected = probes.loaders_epochs(reference, **settings, start=seed + 40, seed=seed)["next"]

    one, again, other = (
        loaded(student, reference, probes, **settings, start=start, seed=number)
        for start, number in ((seed + 40, seed), (seed + 70, seed), (seed + 40, seed + 1))
    )
    for part in ("train", "val"):
        assert_same(orders_of(again[part]), orders_of(one[part]))
        assert orders_of(other[part]) != orders_of(one[part]), "another seed, the same order"
    assert_close(one["next"], expected, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("This test uses your own functions: look at the tests of channel_stats and build_transform first.")
@pytest.mark.parametrize("seed", range(5))
def test_with_own_functions(student, probes, rng, seed):
    """make_loaders gives normalised validation images together with the student's own functions."""
    settings = draw(rng, 17)

    seen = student.probe(probes.loaders_epochs, **settings, val_fraction=0.4, seed=seed, batch_size=4)
    (order,) = orders_of(seen["val"])
    rest = sorted(set(settings["labels"].tolist()) - set(order))
    expected = normalised(known_images(settings, order), stats_of(known_images(settings, rest)))
    assert_close(images_of(seen["val"]), expected, **FLOAT32)


@pytest.mark.points(0.25)
@pytest.mark.hint("Check batch_size with require_int, and compare the lengths of images and labels.")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"batch_size": 0}, ValueError),
        ({"batch_size": -2}, ValueError),
        ({"batch_size": 2.0}, TypeError),
        ({"batch_size": "4"}, TypeError),
        ({"labels": np.arange(25)}, ValueError),
        ({"labels": np.arange(27)}, ValueError),
    ],
    ids=["0", "below 0", "float", "text", "too few labels", "too many labels"],
)
def test_bad_inputs(student, reference, probes, rng, change, error):
    """make_loaders refuses batch sizes below 1, what is no integer, and labels that are not as many as the images."""
    settings = draw(rng) | {"batch_size": 3}
    loaded(student, reference, probes, **settings)

    assert_raises(error, loaded, student, reference, probes, **settings | change)
