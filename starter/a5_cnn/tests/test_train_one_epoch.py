"""Public tests of train_one_epoch."""

import numpy as np
import pytest

from coursekit import assert_close, assert_each_close, assert_raises

pytestmark = pytest.mark.question("train_one_epoch")


def batch(pixels, label, count=1):
    """Give a batch of one image of one pixel, `count` times."""
    image = np.array(pixels, dtype=np.float32)[None, :, None, None]
    return np.repeat(image, count, axis=0), np.full(count, label, dtype=np.int64)


@pytest.mark.points(1)
@pytest.mark.hint("Second step used old gradients as well? For each batch: clear, backward, step, in this order.")
def test_two_steps(student, probes):
    """train_one_epoch takes one step for each batch, with the gradients of that batch alone."""
    # both probabilities are 0.5, so the gradients of the logits are 0.5 and -0.5; times the pixels, times lr 0.1.
    # After it the second image's logits are -0.1 and 0.1: of its label 0, the probability misses 0.54983
    rest = 1 / (1 + np.exp(-0.2))
    first, second = 0.05 * np.array([[-1], [1]]), 0.1 * rest * np.array([[1], [-1]])
    expected = {
        "weight": (first * np.array([1, 2, 0]) + second * np.array([3, -1, 4])).astype(np.float32),
        "bias": (first + second).ravel().astype(np.float32),
    }
    batches = [batch([1, 2, 0], 1), batch([3, -1, 4], 0)]

    seen = student.probe(probes.train_one_epoch_run, batches=batches, lr=0.1)
    assert_each_close({name: seen[name] for name in expected}, expected, rtol=1e-4, atol=1e-5)
    assert seen["in training mode"], "call model.train() first"


@pytest.mark.points(1)
@pytest.mark.hint("Weight by batch size: add up each batch's mean loss times its samples, divide once, at the end.")
@pytest.mark.parametrize("sizes", [(4, 2), (1, 5), (3,)], ids=str)
def test_mean_over_samples(student, probes, sizes):
    """train_one_epoch returns the mean loss of all samples as a Python float, whatever their batches are."""
    # all is 0 at first, and each step adds to the bias of class 0 what it takes from that of class 1
    losses, gap = [], 0.0
    for _ in sizes:
        losses.append(np.log1p(np.exp(-gap)))
        gap += 2 * 0.5 / (1 + np.exp(gap))
    expected = float(np.dot(losses, sizes) / sum(sizes))

    seen = student.probe(probes.train_one_epoch_run, batches=[batch([0, 0, 0], 0, count) for count in sizes], lr=0.5)
    assert_close(seen["loss"], expected, rtol=1e-4, atol=1e-5)
    assert isinstance(seen["loss"], float), "return a Python float"


@pytest.mark.points(0.5)
@pytest.mark.hint("scheduler.step() comes after optimizer.step(), once for each batch.")
def test_scheduler(student, probes):
    """train_one_epoch moves the scheduler one step after each step of the optimizer."""
    # the second step has a rate of 0, the rate after both is a quarter
    expected = {"bias": np.array([-0.05, 0.05], dtype=np.float32), "lr": 0.025}

    seen = student.probe(probes.train_one_epoch_run, batches=[batch([0, 1, 2], 1)] * 2, lr=0.1, rates=[1, 0, 0.25])
    assert_each_close({name: seen[name] for name in expected}, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.points(0.5)
@pytest.mark.hint("Look at each loss before its step: math.isnan(loss.item()). Count the samples, and look at the end.")
@pytest.mark.parametrize(
    ("batches", "error"),
    [([], ValueError), ([batch([0, np.nan, 0], 1)], FloatingPointError)],
    ids=["no batch", "not a number"],
)
def test_bad_batches(student, probes, batches, error):
    """train_one_epoch refuses a loader that gives nothing, and a loss that is NaN."""
    student.probe(probes.train_one_epoch_run, batches=[batch([1, 2, 0], 1)], lr=0.1)

    assert_raises(error, student.probe, probes.train_one_epoch_run, batches=batches, lr=0.1)
