"""Public tests of evaluate."""

import numpy as np
import pytest

from coursekit import assert_each_close, assert_raises, assert_same

pytestmark = pytest.mark.question("evaluate")

LAYER = {"weight": np.eye(2, dtype=np.float32), "bias": np.zeros(2, dtype=np.float32)}  # its logits are its inputs
RIGHT = np.array([[0.0, 2.0]], dtype=np.float32)
WRONG = np.array([[2.0, 0.0]], dtype=np.float32)


def batch(rights, wrongs):
    """Give a batch of samples with label 1, so many of them read right, and so many wrong."""
    X = np.concatenate([RIGHT] * rights + [WRONG] * wrongs)
    return X, np.ones(len(X), dtype=np.int64)


@pytest.mark.points(1.5)
@pytest.mark.hint("Weight by batch size: add up over the samples, and divide once, at the end.")
def test_ten_samples_in_batches_of_four(student, probes):
    """evaluate gives loss and accuracy of ten samples, whatever their batches are."""
    # 6 of 10 samples are right; the last batch has half as many samples as the others
    right, wrong = np.log1p(np.exp(-2)), 2 + np.log1p(np.exp(-2))
    expected = (float(0.6 * right + 0.4 * wrong), 0.6)

    result = student.probe(probes.evaluate, **LAYER, batches=[batch(4, 0), batch(2, 2), batch(0, 2)])
    assert_each_close(result, expected, rtol=1e-4, atol=1e-5)
    assert all(isinstance(number, float) for number in result), "return two Python floats"


@pytest.mark.points(1)
@pytest.mark.hint("Model stayed in eval mode, or was never in it: remember model.training, call eval(), restore it.")
@pytest.mark.parametrize("training", [True, False], ids=["from training mode", "from evaluation mode"])
def test_modes(student, probes, training):
    """evaluate runs the model in evaluation mode, and restores the mode that it was in."""
    expected = {"accuracy": 0.25, "while it ran": [False], "afterwards": training}

    seen = student.probe(probes.modes_around_evaluation, **LAYER, batches=[batch(1, 3)], training=training)
    assert_same(seen, expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("Without samples there is no mean.")
def test_nothing_to_evaluate(student, probes):
    """evaluate refuses a loader that gives nothing."""
    student.probe(probes.evaluate, **LAYER, batches=[batch(1, 1)])

    assert_raises(ValueError, student.probe, probes.evaluate, **LAYER, batches=[])
