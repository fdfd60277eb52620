"""Public tests of make_loaders."""

import pytest
import torch

from coursekit import assert_raises, assert_same

pytestmark = pytest.mark.question("make_loaders")

TRAIN, VAL = torch.arange(12), torch.arange(100, 110)


@pytest.mark.points(0.75)
@pytest.mark.hint("A loader for each of both data sets, with the given batch size; validation keeps its smaller batch.")
def test_batches(student, probes):
    """make_loaders cuts 12 samples into batches of 4, 4 and 4, and 10 into 4, 4 and 2."""
    train, val = student.probe(probes.epochs, train=TRAIN, val=VAL, batch_size=4)

    for epoch in train:
        assert_same([len(batch) for batch in epoch], [4, 4, 4])
        assert_same(sorted(label for batch in epoch for label in batch), list(range(12)))
    for epoch in val:
        assert_same([len(batch) for batch in epoch], [4, 4, 2])
        assert_same(sorted(label for batch in epoch for label in batch), list(range(100, 110)))


@pytest.mark.points(0.75)
@pytest.mark.hint("Shuffle the training data, not the validation data.")
def test_order(student, probes):
    """make_loaders gives training data in a new order each time, and validation data always in the same one."""
    train, val = student.probe(probes.epochs, train=TRAIN, val=VAL, batch_size=4)

    assert train[0] != train[1], "two epochs of training have the same order"
    assert val[0] == val[1], "two epochs of validation have different orders"


@pytest.mark.points(0.5)
@pytest.mark.hint("A loader takes only one of both: shuffle only where there is no sampler.")
def test_sampler(student, probes):
    """make_loaders hands a sampler on to the training loader."""
    train, _ = student.probe(probes.epochs, train=TRAIN, val=VAL, batch_size=2, order=[3, 3, 0, 7])

    assert_same(train, [[[3, 3], [0, 7]]] * 2)


@pytest.mark.points(0.25)
@pytest.mark.hint("require_int is given: use it.")
def test_batch_size_of_zero(student, probes):
    """make_loaders refuses a batch size of 0."""
    student.probe(probes.epochs, train=TRAIN, val=VAL, batch_size=1)

    assert_raises(ValueError, student.probe, probes.epochs, train=TRAIN, val=VAL, batch_size=0)
