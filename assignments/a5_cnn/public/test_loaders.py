"""Public tests of make_splits and make_loaders."""

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("loaders")

IMAGES = torch.arange(20 * 8 * 6 * 3).remainder(251).to(torch.uint8).reshape(20, 8, 6, 3)
LABELS = torch.arange(20)  # each image has a label of its own: so a batch tells which images it holds


@pytest.mark.points(0.5)
@pytest.mark.hint("Cut one random order of the numbers in two: then no number is in both parts.")
def test_each_number_once(student, probes):
    """make_splits cuts 50 numbers into 40 and 10, each in one part, and into other parts with another seed."""
    first, again, other = (
        student.probe(probes.loaders_splits, n=50, val_fraction=0.2, seed=seed) for seed in (1, 1, 2)
    )

    for parts in (first, other):
        assert_same([len(part) for part in parts], [40, 10])
        assert_same(sorted(number for part in parts for number in part), list(range(50)))
    assert_same(again, first)
    assert sorted(first[1]) != sorted(other[1]), "two seeds give the same parts"


@pytest.mark.points(0.5)
@pytest.mark.hint("round(n * val_fraction), but at least 1 and at most n - 1.")
@pytest.mark.parametrize(("n", "val_fraction", "sizes"), [(10, 0.18, [8, 2]), (5, 0.05, [4, 1]), (3, 0.95, [1, 2])])
def test_sizes(student, probes, n, val_fraction, sizes):
    """make_splits gives validation the nearest whole number, and each part at least one."""
    parts = student.probe(probes.loaders_splits, n=n, val_fraction=val_fraction)

    assert_same([len(part) for part in parts], sizes)


@pytest.mark.points(0.5)
@pytest.mark.hint("drop_last=True for training alone, and shuffle=True for training alone.")
def test_batches(student, probes):
    """make_loaders cuts 14 training images into batches of 4, and 6 validation images into 4 and 2."""
    settings = {"images": IMAGES, "labels": LABELS, "batch_size": 4, "val_fraction": 0.3}

    train, val = student.probe(probes.loaders_epochs, **settings)
    for epoch in train["labels"]:
        assert_same([len(batch) for batch in epoch], [4, 4, 4])
    for epoch in val["labels"]:
        assert_same([len(batch) for batch in epoch], [4, 2])
    assert train["labels"][0] != train["labels"][1], "two epochs of training have the same order"
    assert_same(val["labels"][1], val["labels"][0])


@pytest.mark.points(0.5)
@pytest.mark.hint("A data set of its own for each part: augment training data only.")
def test_images(student, probes):
    """make_loaders gives the same validation images in each epoch, and other windows of the training images."""
    settings = {"images": IMAGES, "labels": LABELS, "batch_size": 7, "val_fraction": 0.3}

    train, val = student.probe(probes.loaders_epochs, **settings)
    assert_close(train["images"][0] * 0, np.zeros((14, 3, 8, 6), dtype=np.float32), rtol=0, atol=0)
    assert_close(val["images"][1], val["images"][0], rtol=0, atol=0)
    assert_close(val["images"][0] * 0, np.zeros((6, 3, 8, 6), dtype=np.float32), rtol=0, atol=0)
    orders = [np.argsort(np.concatenate(epoch)) for epoch in train["labels"]]
    first, second = (images[order] for images, order in zip(train["images"], orders, strict=True))
    same = np.array_equal(first, second)
    assert not same, "two epochs have the same training images"


@pytest.mark.points(0.25)
@pytest.mark.hint("Compare val_fraction with 0 and 1, which are out of range themselves.")
@pytest.mark.parametrize("val_fraction", [0.0, 1.0])
def test_fractions(student, probes, val_fraction):
    """make_splits refuses to give all numbers to one part."""
    student.probe(probes.loaders_splits, n=8, val_fraction=0.5)

    assert_raises(ValueError, student.probe, probes.loaders_splits, n=8, val_fraction=val_fraction)
