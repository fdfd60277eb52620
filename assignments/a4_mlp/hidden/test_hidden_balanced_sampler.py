"""Hidden tests of class_weights, sample_weights and make_balanced_sampler."""

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("balanced_sampler")

RARE = "The rare class needs the larger weight: 1 / its count."
FORMS = {  # dtype and shape of the labels
    "(N,) int64": ("int64", (-1,)),
    "(N, 1) float32": ("float32", (-1, 1)),
    "(N,) uint8": ("uint8", (-1,)),
    "(N, 1) int32": ("int32", (-1, 1)),
}
CLASSES = {  # label: count
    "two": {0: 80, 1: 160},
    "from 3": {3: 5, 7: 2},
    "three": {0: 4, 2: 9, 9: 1},
    "five": {1: 3, 4: 8, 5: 1, 6: 12, 30: 5},
    "one": {4: 6},
    "one sample": {2: 1},
}
WEIGHED = [["two"], ["from 3"], ["three"], ["five"], ["one", "one sample"]]  # names of the classes of one case


def draw(rng, counts, form="(N,) int64"):
    """Draw labels in a random order."""
    dtype, shape = FORMS[form]
    return rng.permutation(np.repeat(list(counts), list(counts.values()))).astype(dtype).reshape(shape)


def inverse(counts):
    """Give 1 / count for each class."""
    return (1 / np.array(list(counts.values()))).astype("float32")


def other_weights(labels, counts):
    """Give what other rules say for the classes."""
    right = inverse(counts).astype(float)
    number = 1 / right
    order = np.argsort([np.flatnonzero(labels.ravel() == label)[0] for label in counts])
    forms = {
        RARE: number,
        f"{RARE} This is its share.": number / number.sum(),
        "The weights are 1 / count: do not divide by their sum.": right / right.sum(),
        "The weights are 1 / count, not number of samples / count.": right * number.sum(),
        "The weights are 1 / count, not number of samples / (classes * count).": right * number.mean(),
        "The weights are 1 / count, not the count of all others.": number.sum() - number,
        "The weights stand in the order of the sorted labels.": right[order],
    }
    return {sentence: wrong.astype("float32") for sentence, wrong in forms.items()}


def other_classes(labels):
    """Give what other classes than those that occur lead to."""
    whole = labels.ravel().astype(int)
    with np.errstate(divide="ignore"):
        forms = {
            "Count each label that occurs: the numbers between have no weight.": 1 / np.bincount(whole),
            "Count each label that occurs: these are the classes 0 and 1.": 1 / np.bincount(whole, minlength=2)[:2],
        }
    return {sentence: wrong.astype("float32") for sentence, wrong in forms.items()}


@pytest.mark.points(1.25)
@pytest.mark.hint("Count each label that occurs, then 1 / count; labels need not begin at 0, nor be integers.")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("names", WEIGHED, ids=" and ".join)
def test_class_weights(alone, probes, rng, names, form):
    """class_weights gives 1 / count for each label that occurs, in their order, for any dtype and shape."""
    for counts in map(CLASSES.get, names):
        labels = draw(rng, counts, form)
        expected, known = inverse(counts), other_weights(labels, counts) | other_classes(labels)

        weights = probes.arrays(alone.class_weights(torch.from_numpy(labels)))
        assert_close(weights, expected, rtol=1e-6, atol=0, known=known)


@pytest.mark.points(1.25)
@pytest.mark.hint("Find the place of each label among the sorted ones: unique(return_inverse=True) tells it.")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("names", WEIGHED, ids=" and ".join)
def test_sample_weights(alone, probes, rng, names, form):
    """sample_weights gives each sample the weight of its class, as (N,), whatever the labels are."""
    for counts in map(CLASSES.get, names):
        labels = draw(rng, counts, form)
        places = np.searchsorted(list(counts), labels.ravel())
        expected = inverse(counts)[places]
        known = {sentence: wrong[places] for sentence, wrong in other_weights(labels, counts).items()}

        weights = probes.arrays(alone.sample_weights(torch.from_numpy(labels)))
        assert_close(weights, expected, rtol=1e-6, atol=0, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("The sample weights go into the sampler, with replacement: a rare sample is drawn again and again.")
@pytest.mark.parametrize("classes", ["two", "five", "from 3"])
@pytest.mark.parametrize("seed", range(5))
def test_shares(alone, probes, rng, seed, classes):
    """make_balanced_sampler draws all classes equally often, and all samples of a class."""
    times = 1 if classes == "two" else 10
    counts = {label: times * count for label, count in CLASSES[classes].items()}
    labels = draw(rng, counts)

    epochs = alone.probe(probes.drawn, y=labels, seed=seed, epochs=12)["epochs"]
    indices = np.array([index for epoch in epochs for index in epoch])
    assert len(indices) == 12 * len(labels), "an epoch has another number of draws than there are samples"
    assert ((indices >= 0) & (indices < len(labels))).all(), "a draw is no index of a sample"
    shares = np.array([(labels[indices] == label).mean() for label in counts])
    # 840 draws or more: the standard deviation of a share is at most 0.0173
    assert_close(shares, np.full(len(counts), 1 / len(counts)), rtol=0, atol=0.09)
    for label in counts:
        drawn = indices[labels[indices] == label]
        places = np.flatnonzero(labels == label)
        early = np.isin(drawn, places[: len(places) // 2]).mean()
        # 420 draws or more of a class: the standard deviation is at most 0.025
        assert abs(early - len(places) // 2 / len(places)) < 0.25, "some samples of a class are drawn too often"


@pytest.mark.points(0.5)
@pytest.mark.hint("As many draws as samples, with replacement: some samples come twice, others not at all.")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("classes", CLASSES)
def test_length(alone, probes, rng, classes, form):
    """make_balanced_sampler draws as many samples as there are, some of them more than once."""
    labels = draw(rng, CLASSES[classes], form)

    found = alone.probe(probes.drawn, y=labels, seed=2)
    (indices,) = found["epochs"]
    assert_same(found["length"], len(labels))
    assert_same(len(indices), len(labels))
    assert len(labels) < 20 or len(set(indices)) < len(labels), "no sample is drawn twice: draw with replacement"


@pytest.mark.points(0.75)
@pytest.mark.hint("Hand the sampler a generator: torch.Generator().manual_seed(seed).")
@pytest.mark.parametrize("seed", range(5))
def test_seed(alone, probes, rng, seed):
    """make_balanced_sampler draws in the same order for the same seed, whatever was drawn before; 13 is the default."""
    labels = draw(rng, CLASSES["two"])

    orders = [
        alone.probe(probes.drawn, y=labels, seed=number, start=start)["epochs"]
        for start, number in enumerate([seed, seed, seed + 1, None, 13])
    ]
    assert_same(orders[1], orders[0])
    assert_same(orders[4], orders[3])
    assert orders[2] != orders[0], "two seeds give the same order"


@pytest.mark.points(0.25)
@pytest.mark.hint("A generator of the sampler's own leaves the global one alone: torch.manual_seed does not.")
@pytest.mark.parametrize("seed", range(5))
def test_global_generators(alone, reference, probes, rng, seed):
    """make_balanced_sampler neither seeds the global generators nor draws from them."""
    settings = {"y": draw(rng, CLASSES["from 3"]), "seed": seed, "start": seed + 9}
    expected = probes.drawn(reference, **settings)["next"]

    assert_close(alone.probe(probes.drawn, **settings)["next"], expected, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("Raise ValueError where y has no element.")
@pytest.mark.parametrize("shape", [(0,), (0, 1)], ids=str)
def test_bad_inputs(alone, probes, shape):
    """class_weights, sample_weights and make_balanced_sampler refuse empty labels, and take the rest."""
    labels, none = np.array([0, 1, 1]), np.zeros(shape, dtype="int64")
    for function in (alone.class_weights, alone.sample_weights):
        probes.arrays(function(torch.from_numpy(labels)))
        assert_raises(ValueError, function, torch.from_numpy(none))
    alone.probe(probes.drawn, y=labels, seed=1)

    assert_raises(ValueError, alone.probe, probes.drawn, y=none, seed=1)
