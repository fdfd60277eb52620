"""Public tests of train_step."""

from itertools import pairwise

import numpy as np
import pytest

from coursekit import assert_each_close, assert_raises

pytestmark = pytest.mark.question("train_step")

ZEROS = {"weight": np.zeros((2, 2), dtype=np.float32), "bias": np.zeros(2, dtype=np.float32)}
SAMPLE = (np.array([[1.0, 2.0]], dtype=np.float32), np.array([1]))
OTHER = (np.array([[3.0, -1.0]], dtype=np.float32), np.array([0]))


@pytest.mark.points(1)
@pytest.mark.hint("Train mode, move, forward, loss, clear gradients, backward, step: in this order.")
def test_one_step(student, probes):
    """train_step takes one step with the gradients of the batch."""
    # both probabilities are 0.5, so the gradients of the logits are 0.5 and -0.5; times the sample, times lr 0.1
    expected = {
        "weight": np.array([[-0.05, -0.1], [0.05, 0.1]], dtype=np.float32),
        "bias": np.array([-0.05, 0.05], dtype=np.float32),
    }

    weights, _ = student.probe(probes.train_steps, **ZEROS, batches=[SAMPLE], lr=0.1)
    assert_each_close(weights, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.points(0.75)
@pytest.mark.hint("Second step used old gradients as well: clear them before each backward.")
def test_steps_do_not_add_up(student, probes):
    """train_step takes its second step with the gradients of the second batch alone."""
    # after the first step the logits of the other sample are -0.1 and 0.1: its probabilities are 0.45017 and 0.54983
    rest = 1 / (1 + np.exp(-0.2))
    step = 0.1 * np.array([[rest], [-rest]])
    expected = {
        "weight": (np.array([[-0.05, -0.1], [0.05, 0.1]]) + step * np.array([[3.0, -1.0]])).astype(np.float32),
        "bias": (np.array([-0.05, 0.05]) + step[:, 0]).astype(np.float32),
    }

    weights, _ = student.probe(probes.train_steps, **ZEROS, batches=[SAMPLE, OTHER], lr=0.1)
    assert_each_close(weights, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.points(0.75)
@pytest.mark.hint("Use .item(): a tensor keeps its whole graph alive.")
def test_the_loss_falls(student, probes):
    """train_step returns each batch's loss before its step as a Python float: from ln 2, it falls and falls."""
    _, losses = student.probe(probes.train_steps, **ZEROS, batches=[SAMPLE] * 10, lr=0.1)

    assert all(isinstance(loss, float) for loss in losses), "return a Python float"
    assert abs(losses[0] - np.log(2)) < 1e-5, f"the first loss is ln 2, not {losses[0]}"
    assert all(later < earlier for earlier, later in pairwise(losses)), losses


@pytest.mark.points(0.5)
@pytest.mark.hint("Look at the loss before the step: math.isnan(loss.item()).")
def test_a_loss_that_is_no_number(student, probes):
    """train_step raises FloatingPointError where the loss is NaN."""
    nan = (np.array([[np.nan, 2.0]], dtype=np.float32), np.array([1]))
    student.probe(probes.train_steps, **ZEROS, batches=[SAMPLE], lr=0.1)

    assert_raises(FloatingPointError, student.probe, probes.train_steps, **ZEROS, batches=[nan], lr=0.1)
