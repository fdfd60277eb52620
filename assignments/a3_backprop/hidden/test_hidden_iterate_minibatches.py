"""Hidden tests of iterate_minibatches."""

import numpy as np
import pytest

from coursekit import (
    LAYOUTS,
    assert_array,
    assert_close,
    assert_each_close,
    assert_none_of,
    assert_raises,
    assert_same,
    relaid,
)

pytestmark = pytest.mark.question("iterate_minibatches")


def samples(count, shape=(2,)):
    """Give samples that say which they are: every number of sample i is i, and so is its label."""
    y = np.arange(count)
    return np.ones((count, *shape)) * y.reshape(-1, *[1] * len(shape)), y


def labels(epoch):
    """Give the labels of each batch; samples and labels must be arrays."""
    for xs, ys in epoch:
        assert_array(xs)
        assert_array(ys, shape=xs.shape[:1], dtype=np.int64)
        assert ys.ndim == 1, "a batch has one label for each sample"
    return [ys.tolist() for _, ys in epoch]


def order(epoch):
    """Give the labels of a whole epoch."""
    return [label for batch in labels(epoch) for label in batch]


def numbers_of(epoch):
    """Give the number that each sample of a whole epoch says it is."""
    return [float(np.max(x, initial=-1)) for xs, _ in epoch if xs.dtype.kind in "iuf" for x in xs]


def sizes_of(epoch):
    """Give the sizes of the batches."""
    return [len(batch) for batch in labels(epoch)]


def assert_pairs(epoch, sizes, shape=(2,)):
    """Require batches of these sizes, in which samples and labels belong together."""
    assert_same(sizes_of(epoch), sizes)
    for xs, ys in epoch:
        assert_close(xs, np.ones((len(ys), *shape)) * ys.reshape(-1, *[1] * len(shape)), rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("Images and labels lost their pairing: one permutation of indices serves both.")
@pytest.mark.parametrize("shape", [(2,), (3, 4)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_pairs(alone, probes, rng, shape, seed):
    """iterate_minibatches keeps samples and labels together."""
    X, y = samples(23, shape)

    epochs = alone.probe(probes.epochs, X=X, y=y, rng=rng, count=2, batch_size=5)
    for epoch in epochs:
        found, samples_found = order(epoch), numbers_of(epoch)
        lost = sorted(found) == sorted(samples_found) == y.tolist() and samples_found != found
        assert_none_of({"Images and labels lost their pairing: one permutation of indices serves both.": lost})
        assert_pairs(epoch, [5, 5, 5, 5, 3], shape)


@pytest.mark.points(0.5)
@pytest.mark.hint("One sample is never seen, or one twice: cut a permutation into slices, the smaller last one too.")
@pytest.mark.parametrize(
    ("count", "batch_size", "sizes"),
    [(10, 4, [4, 4, 2]), (12, 4, [4, 4, 4]), (3, 7, [3]), (1, 1, [1]), (9, 8, [8, 1]), (5, 1, [1] * 5)],
    ids=str,
)
def test_every_sample_once(alone, probes, rng, count, batch_size, sizes):
    """iterate_minibatches brings every sample exactly once, the smaller last batch included."""
    X, y = samples(count)

    (epoch,) = alone.probe(probes.epochs, X=X, y=y, rng=rng, batch_size=batch_size)
    known = {"One sample is never seen: the smaller last batch is left out.": [batch_size] * (count // batch_size)}
    assert_same(sizes_of(epoch), sizes, known=known)
    assert_same(sorted(order(epoch)), list(range(count)))


@pytest.mark.points(0.5)
@pytest.mark.hint("Every epoch needs a new order: draw it from rng at each call.")
@pytest.mark.parametrize("seed", range(5))
def test_a_new_order_each_time(alone, probes, rng, seed):
    """iterate_minibatches brings the samples in a new order each time, when it is called again with one generator."""
    X, y = samples(40)

    epochs = alone.probe(probes.epochs, X=X, y=y, rng=rng, count=3, batch_size=6)
    found = [order(epoch) for epoch in epochs]
    own = y.tolist()
    assert_none_of(
        {
            "Nothing is shuffled: draw a permutation from rng.": found == list(map(numbers_of, epochs)) == [own] * 3,
            "Every epoch needs a new order: this is the same one each time.": found == found[:1] * 3 != [own] * 3,
        }
    )
    orders = {tuple(order(epoch)) for epoch in epochs} | {tuple(range(40))}
    assert len(orders) == 4, "an order came twice, or no order was drawn"


@pytest.mark.points(0.5)
@pytest.mark.hint("Draw from the rng that is given, never from numpy's global generator or one of your own.")
@pytest.mark.parametrize("seed", range(5))
def test_the_given_generator(alone, probes, seed):
    """iterate_minibatches draws from the given generator alone: the same one gives the same order, another another."""
    X, y = samples(30)
    expected = {"X": X, "y": y, "moved": np.zeros(625, dtype=np.int64)}

    first, again, other = (
        order(*alone.probe(probes.epochs, X=X, y=y, rng=np.random.default_rng(number), batch_size=8))
        for number in (seed, seed, seed + 5)
    )
    assert_same(again, first)
    assert first != other, "two generators give the same order"
    traces = alone.probe(probes.traces_of_batches, X=X, y=y, rng=np.random.default_rng(seed), batch_size=8)
    assert_each_close(traces, expected, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("shuffle=False: the indices in their own order, in batches as ever.")
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize(("count", "batch_size"), [(10, 4), (8, 4), (5, 5)], ids=str)
def test_without_shuffling(alone, reference, probes, rng, count, batch_size, drop_last):
    """iterate_minibatches keeps the order with shuffle=False."""
    X, y = samples(count)
    batches = reference.iterate_minibatches(X, y, batch_size, rng, shuffle=False, drop_last=drop_last)
    expected = [ys.tolist() for _, ys in batches]

    epochs = alone.probe(
        probes.epochs, X=X, y=y, rng=rng, count=2, batch_size=batch_size, shuffle=False, drop_last=drop_last
    )
    for epoch in epochs:
        assert_same(labels(epoch), expected)
        assert_pairs(epoch, [len(ys) for ys in expected])


@pytest.mark.points(0.25)
@pytest.mark.hint("drop_last leaves out only a last batch that is smaller than batch_size.")
@pytest.mark.parametrize(
    ("count", "batch_size", "sizes"),
    [(10, 4, [4, 4]), (12, 4, [4, 4, 4]), (3, 4, []), (4, 4, [4]), (7, 1, [1] * 7)],
    ids=str,
)
def test_drop_last(alone, probes, rng, count, batch_size, sizes):
    """iterate_minibatches with drop_last leaves out a last batch that is smaller, and no other one."""
    X, y = samples(count)

    (whole,) = alone.probe(probes.epochs, X=X, y=y, rng=rng, batch_size=batch_size, drop_last=False)
    (epoch,) = alone.probe(probes.epochs, X=X, y=y, rng=rng, batch_size=batch_size, drop_last=True)
    assert len(order(whole)) == count, "without drop_last every sample comes"
    assert_pairs(epoch, sizes)
    assert len(set(order(epoch))) == sum(sizes), "a sample came twice"


@pytest.mark.points(0.25)
@pytest.mark.hint("Do not shuffle the arrays themselves: draw a permutation of indices.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, probes, rng, layout):
    """iterate_minibatches does not care how X and y lie in memory, and does not shuffle them in place."""
    X, y = samples(11, (3,))

    (epoch,) = alone.probe(probes.epochs, X=relaid(X, layout), y=relaid(y, layout), rng=rng, batch_size=4)
    assert_pairs(epoch, [4, 4, 3], (3,))
    assert_same(sorted(order(epoch)), list(range(11)))


@pytest.mark.points(0.25)
@pytest.mark.hint("require_int is given for batch_size. X and y need one length.")
@pytest.mark.parametrize(
    ("batch_size", "count", "error"),
    [
        (0, 10, ValueError),
        (-2, 10, ValueError),
        (2.5, 10, TypeError),
        ("4", 10, TypeError),
        (4, 9, ValueError),
        (4, 11, ValueError),
    ],
    ids=["batch size 0", "negative batch size", "float", "text", "labels missing", "labels too many"],
)
def test_bad_inputs(alone, probes, rng, batch_size, count, error):
    """iterate_minibatches refuses impossible batch sizes and labels that do not fit, and takes the rest."""
    X, _ = samples(10)
    alone.probe(probes.epochs, X=X, y=np.arange(10), rng=rng, batch_size=4)

    assert_raises(error, alone.probe, probes.epochs, X=X, y=np.arange(count), rng=rng, batch_size=batch_size)
