"""Hidden tests of make_loaders."""

import numpy as np
import pytest

from coursekit import assert_close, assert_none_of, assert_raises, assert_same

pytestmark = pytest.mark.question("make_loaders")

BOTH = "A loader takes only one of both: hand the sampler over, and shuffle only where there is none."


def draw(rng, train=24, val=23):
    """Draw labels for training, below 500, and for validation, from 500 on; no label twice."""
    return {"train": rng.permutation(500)[:train], "val": rng.permutation(500)[:val] + 500}


def labels_of(loader):
    """Give for each epoch the labels of its batches, one after the other."""
    return [np.concatenate([labels for _, labels in epoch]).tolist() if epoch else [] for epoch in loader]


def sizes_of(loader):
    """Give for each epoch the sizes of its batches."""
    return [[len(labels) for _, labels in epoch] for epoch in loader]


@pytest.mark.points(1.25)
@pytest.mark.hint("shuffle=True for training: the order is new in each epoch.")
@pytest.mark.parametrize("batch_size", [1, 4, 8, 12])
@pytest.mark.parametrize("seed", range(5))
def test_training_order(alone, probes, rng, seed, batch_size):
    """make_loaders gives all training samples in each epoch, in a new order."""
    sets = draw(rng)

    train, _ = probes.arrays(alone.probe(probes.epochs, **sets, batch_size=batch_size, count=3))
    orders, own = labels_of(train), sets["train"].tolist()
    assert_none_of(
        {
            "Training data come in their own order: shuffle=True.": orders == [own] * 3,
            "Training data are shuffled once for all epochs: the order is new in each.": orders == orders[:1] * 3
            and own != orders[0]
            and sorted(own) == sorted(orders[0]),
            "Training samples come twice in an epoch, others never: shuffle, do not draw with replacement.": any(
                len(order) == len(own) > len(set(order)) for order in orders
            ),
        }
    )
    for order in orders:
        assert_same(sorted(order), sorted(sets["train"].tolist()))
    assert len({tuple(order) for order in orders}) == 3, "two epochs have the same order"
    assert sets["train"].tolist() not in orders, "an epoch has the order of the data set"


@pytest.mark.points(1)
@pytest.mark.hint("shuffle=False for validation: its order never changes.")
@pytest.mark.parametrize("order", [None, [4, 1, 4, 0]], ids=["shuffled training", "sampler for training"])
@pytest.mark.parametrize("seed", range(5))
def test_validation_order(alone, probes, rng, seed, order):
    """make_loaders gives all validation samples in each epoch, always in the same order."""
    sets = draw(rng)

    _, val = probes.arrays(alone.probe(probes.epochs, **sets, batch_size=5, order=order, count=3))
    orders = labels_of(val)
    drawn = sorted(orders[0]) == sorted(sets["val"].tolist()) and orders != orders[:1] * 3
    assert_none_of({"Validation data come in another order in each epoch: shuffle=False.": drawn})
    assert_same(sorted(orders[0]), sorted(sets["val"].tolist()))
    assert_same(orders[1:], [orders[0]] * 2)


@pytest.mark.points(0.75)
@pytest.mark.hint("Both loaders have batches of batch_size; validation keeps its smaller last one: no drop_last there.")
@pytest.mark.parametrize(
    ("batch_size", "sizes"),
    [(1, [1] * 23), (5, [5, 5, 5, 5, 3]), (6, [6, 6, 6, 5]), (22, [22, 1]), (23, [23]), (40, [23])],
    ids=str,
)
def test_batch_sizes(alone, probes, rng, batch_size, sizes):
    """make_loaders cuts both data sets into batches of the given size, and keeps the last one of validation."""
    train, val = probes.arrays(alone.probe(probes.epochs, **draw(rng), batch_size=batch_size))

    own = "Both loaders have batches of batch_size"
    known = {
        "Validation keeps its smaller last batch: no drop_last there.": [[batch_size] * (23 // batch_size)] * 2,
        f"{own}: validation comes sample by sample.": [[1] * 23] * 2,
        f"{own}: validation comes in one batch.": [[23]] * 2,
    }
    assert_same(sizes_of(val), [sizes] * 2, known=known)
    full = 24 // batch_size  # a smaller last batch of training may be there or not
    assert_same([found[:full] for found in sizes_of(train)], [[batch_size] * full] * 2)


@pytest.mark.points(0.75)
@pytest.mark.hint(BOTH)
@pytest.mark.parametrize("order", [[3, 3, 3, 0, 7, 1], [5, 4, 3, 2, 1, 0], [2, 9]], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_sampler(alone, probes, rng, seed, order):
    """make_loaders takes training samples in the sampler's order, where there is one."""
    sets = draw(rng)
    expected = sets["train"][order].tolist()

    train, _ = probes.arrays(alone.probe(probes.epochs, **sets, batch_size=2, order=order))
    without = [sorted(order) for order in labels_of(train)] == [sorted(sets["train"].tolist())] * 2
    assert_none_of({"The sampler is not used: hand it over, and shuffle only where there is none.": without})
    assert_same(labels_of(train), [expected] * 2)
    assert_same(sizes_of(train), [[2] * (len(order) // 2)] * 2)


@pytest.mark.points(0.25)
@pytest.mark.hint("These indices are in both splits: the training loader reads train, the validation loader val.")
@pytest.mark.parametrize("seed", range(5))
def test_no_sample_in_both(alone, probes, rng, seed):
    """make_loaders keeps training and validation data apart."""
    sets = draw(rng)

    train, val = probes.arrays(alone.probe(probes.epochs, **sets, batch_size=8))
    trained, validated = (set(labels_of(loader)[0]) for loader in (train, val))
    both = "These indices are in both splits"
    assert_none_of(
        {
            f"{both}: the validation loader reads the training data.": validated == trained == set(sets["train"]),
            f"{both}: the training loader reads the validation data, too.": validated == set(sets["val"]) < trained,
            "The training loader comes first, then the validation loader.": trained == set(sets["val"])
            and validated == set(sets["train"]),
        }
    )
    assert_same(sorted(trained & validated), [])
    assert max(trained) < 500 <= min(validated), "a loader has samples of the other data set"


@pytest.mark.points(0.25)
@pytest.mark.hint(
    "A batch is what the DataLoader makes of the data set's pairs: samples, and the labels that go with them."
)
@pytest.mark.parametrize("seed", range(5))
def test_pairs(alone, probes, rng, seed):
    """make_loaders gives batches of samples with their own labels."""
    loaders = probes.arrays(alone.probe(probes.epochs, **draw(rng), batch_size=4))

    for samples, labels in [batch for loader in loaders for epoch in loader for batch in epoch]:
        assert_close(samples, np.stack([10 * labels, 10 * labels + 1], axis=1), rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("This test uses your own sampler: look at the tests of make_balanced_sampler first.")
@pytest.mark.parametrize("seed", range(5))
def test_with_a_balanced_sampler(student, probes, rng, seed):
    """make_loaders gives balanced batches together with the student's own balanced sampler."""
    y = rng.permutation(np.repeat([0, 1], [20, 180]))

    batches = probes.arrays(student.probe(probes.balanced_batches, y=y, batch_size=16, count=5))
    labels = np.concatenate(batches)
    assert len(labels) >= 5 * 192, "samples are missing"
    assert 0.4 < labels.mean() < 0.6, "the classes do not come equally often"  # standard deviation 0.016


@pytest.mark.points(0.25)
@pytest.mark.hint("Check batch_size with require_int, which is given.")
@pytest.mark.parametrize(
    ("batch_size", "error"), [(0, ValueError), (-2, ValueError), (2.0, TypeError), ("4", TypeError)], ids=str
)
def test_bad_inputs(alone, probes, rng, batch_size, error):
    """make_loaders refuses batch sizes below 1 and what is no integer, and takes the rest."""
    sets = draw(rng)
    alone.probe(probes.epochs, **sets, batch_size=3)

    assert_raises(error, alone.probe, probes.epochs, **sets, batch_size=batch_size)
