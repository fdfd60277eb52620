"""Public tests of iterate_minibatches."""

import numpy as np
import pytest

from coursekit import assert_array, assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("iterate_minibatches")

Y = np.arange(10)
X = np.stack([10.0 * Y, 10.0 * Y + 1], axis=1)  # sample i is [10 i, 10 i + 1]


@pytest.mark.points(0.5)
@pytest.mark.hint("The last batch may be smaller: slices of the order, batch_size long.")
@pytest.mark.parametrize(("drop_last", "sizes"), [(False, [4, 4, 2]), (True, [4, 4])], ids=["all", "drop last"])
def test_ten_samples_in_batches_of_four(student, probes, rng, drop_last, sizes):
    """iterate_minibatches cuts 10 samples into batches of 4, 4 and 2; with drop_last into 4 and 4."""
    batches = student.probe(probes.batches, X=X, y=Y, batch_size=4, rng=rng, drop_last=drop_last)

    assert_same([np.shape(xs) for xs, _ in batches], [(size, 2) for size in sizes])
    assert_same([np.shape(ys) for _, ys in batches], [(size,) for size in sizes])


@pytest.mark.points(0.5)
@pytest.mark.hint("Images and labels lost their pairing: one permutation of indices serves both.")
def test_pairs(student, probes, rng):
    """iterate_minibatches keeps each sample together with its label."""
    batches = student.probe(probes.batches, X=X, y=Y, batch_size=3, rng=rng)

    assert len(batches) == 4, "there must be four batches"
    for xs, ys in batches:
        assert_array(ys, dtype=np.int64)
        assert_close(xs, X[ys % 10], rtol=0, atol=0)


@pytest.mark.points(0.5)
@pytest.mark.hint("Every epoch needs a new order: draw a permutation from rng at each call.")
def test_two_epochs(student, probes, rng):
    """iterate_minibatches goes through all samples in each epoch, in another order the second time."""
    first, second = student.probe(probes.two_epochs, X=X, y=Y, batch_size=4, rng=rng)

    assert_same(sorted(first), list(range(10)))
    assert_same(sorted(second), list(range(10)))
    assert first != second, "both epochs have the same order"


@pytest.mark.points(0.25)
@pytest.mark.hint("require_int is given: use it.")
def test_batch_size_of_zero(student, probes, rng):
    """iterate_minibatches refuses a batch size of 0."""
    student.probe(probes.batches, X=X, y=Y, batch_size=1, rng=rng)

    assert_raises(ValueError, student.probe, probes.batches, X=X, y=Y, batch_size=0, rng=rng)
