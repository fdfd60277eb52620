"""Public tests of evaluate."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("evaluate")

RIGHT, WRONG = np.array([[0.0, 2.0]], dtype=np.float32), np.array([[2.0, 0.0]], dtype=np.float32)


def batch(rights, wrongs):
    """Give a batch of samples with label 1, so many of them read right, and so many wrong."""
    X = np.concatenate([RIGHT] * rights + [WRONG] * wrongs)
    return X, np.ones(len(X), dtype=np.int64)


@pytest.mark.points(1)
@pytest.mark.hint("Weight by batch size: add up over the samples, and divide once, at the end.")
def test_ten_samples_in_batches_of_four(student, probes):
    """evaluate gives loss and accuracy of ten samples, whatever their batches are."""
    # 6 of 10 samples are right; the last batch has half as many samples as the others
    right, wrong = float(np.log1p(np.exp(-2))), float(2 + np.log1p(np.exp(-2)))

    seen = student.probe(probes.evaluate_scores, batches=[batch(4, 0), batch(2, 2), batch(0, 2)])
    assert_close(seen["loss"], 0.6 * right + 0.4 * wrong, rtol=1e-4, atol=1e-5)
    assert_close(seen["accuracy"], 0.6, rtol=1e-4, atol=1e-5)
    assert all(isinstance(seen[name], float) for name in ("loss", "accuracy")), "return Python floats"


@pytest.mark.points(0.75)
@pytest.mark.hint("Rows are the true classes, columns the predictions; equal pairs in one batch must all be counted.")
def test_confusion_of_three_classes(student, probes):
    """evaluate counts how often each class was taken for each class."""
    expected = np.array([[2, 1, 0], [0, 1, 0], [3, 0, 0]])
    pairs = [(i, j) for (i, j), count in np.ndenumerate(expected) for _ in range(count)]
    labels, predictions = (np.array(numbers) for numbers in zip(*pairs, strict=True))
    scores = np.eye(3, dtype=np.float32)[predictions]

    batches = [(scores[part], labels[part]) for part in (slice(0, 4), slice(4, 7))]
    seen = student.probe(probes.evaluate_scores, batches=batches)
    assert_close(seen["confusion"], expected, rtol=0, atol=0)


@pytest.mark.points(0.5)
@pytest.mark.hint("Model stayed in eval mode, or was never in it: remember model.training, call eval(), restore it.")
@pytest.mark.parametrize("training", [True, False], ids=["from training mode", "from evaluation mode"])
def test_modes(student, probes, training):
    """evaluate runs the model in evaluation mode, and restores the mode that it was in."""
    expected = {"while it ran": [False], "afterwards": training}

    seen = student.probe(probes.evaluate_scores, batches=[batch(1, 3)], training=training)
    assert_same(seen["modes"], expected)
    assert_close(seen["accuracy"], 0.25, rtol=1e-4, atol=1e-5)


@pytest.mark.points(0.25)
@pytest.mark.hint("Without samples there is no mean.")
def test_nothing_to_evaluate(student, probes):
    """evaluate refuses a loader that gives nothing."""
    student.probe(probes.evaluate_scores, batches=[batch(1, 1)])

    assert_raises(ValueError, student.probe, probes.evaluate_scores, batches=[])
