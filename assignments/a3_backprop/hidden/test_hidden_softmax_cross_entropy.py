"""Hidden tests of softmax_cross_entropy."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_each_close, assert_raises, relaid

pytestmark = pytest.mark.question("softmax_cross_entropy")

FACTOR = "Your gradient is N times too large: average over the batch."


def clipped_losses(reference, logits, labels):
    """Give the losses of who takes the logarithm of probabilities, cut off at first or not."""
    chosen = reference.softmax(logits)[np.arange(len(labels)), labels]
    form = "Compute log-softmax from the logits"
    with np.errstate(divide="ignore"):
        known = {f"{form}: a probability of 0 has no logarithm.": float(-np.log(chosen).mean())}
    for clip in (1e-2, 1e-3, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-15):
        known[f"{form}; do not clip so hard: {clip} is cut off here."] = float(-np.log(chosen.clip(clip)).mean())
    return known


def draw(rng, shape=(5, 3), spread=2.0):
    """Draw scores and labels."""
    return rng.normal(0, spread, size=shape), rng.integers(0, shape[1], size=shape[0])


def misconceptions(reference, logits, labels):
    """Give the wrong gradients that students give."""
    count, classes = logits.shape
    right = reference.softmax_cross_entropy(logits, labels)[1]
    probs = reference.softmax(logits)
    return {
        FACTOR: count * right,
        "Divide by N, not by N * K.": right / classes,
        "Gradient points uphill: it is probs - targets, not targets - probs.": -right,
        "Gradient points uphill, and is not averaged: it is (probs - targets) / N.": -count * right,
        "These are the probabilities: subtract 1 at the label.": probs,
        "These are the probabilities, divided by N: subtract 1 at the label first.": probs / count,
        "Each *row* of probabilities must sum to 1.": (reference.softmax(logits.T).T - np.eye(classes)[labels]) / count,
    }


@pytest.mark.points(1)
@pytest.mark.hint("The mean over the N samples of log(sum(e^z)) - z[label].")
@pytest.mark.parametrize("shape", [(5, 3), (2, 7)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_losses(alone, reference, rng, shape, seed):
    """softmax_cross_entropy gives the mean of the samples' losses as a Python float."""
    logits, labels = draw(rng, shape)
    expected = reference.softmax_cross_entropy(logits, labels)[0]

    result = alone.softmax_cross_entropy(logits, labels)
    assert isinstance(result, tuple), "return a tuple of loss and gradient"
    loss = result[0]
    assert type(loss) is float, "the loss is a Python float"
    known = {
        "The loss is N times too large: average over the batch.": np.array([expected * shape[0]] * 3),
        "Divide the loss by N, not by N * K.": np.array([expected / shape[1]] * 3),
        "The loss has the wrong sign: it is -log of a probability.": np.array([-expected] * 3),
    }
    assert_close(np.array([loss] * 3), np.array([expected] * 3), rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(1.5)
@pytest.mark.hint("(probs - one_hot) / N: average over the batch, and mind the sign.")
@pytest.mark.parametrize("shape", [(5, 3), (2, 7)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_gradients(alone, reference, rng, shape, seed):
    """softmax_cross_entropy gives the gradient of the mean loss."""
    logits, labels = draw(rng, shape)
    expected = reference.softmax_cross_entropy(logits, labels)
    known = {1: misconceptions(reference, logits, labels)}

    assert_each_close(alone.softmax_cross_entropy(logits, labels), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint(
    "Compute log-softmax from the logits; do not clip so hard: no probability is 0 in log(sum(e^z)) - z[label]."
)
@pytest.mark.parametrize("seed", range(5))
def test_rows_far_apart(alone, reference, rng, seed):
    """softmax_cross_entropy is right and silent where rows lie around 1000 and -1000, and a class is hopeless."""
    logits, labels = draw(rng, (6, 4), spread=30)
    logits += rng.permutation([1000, 1000, -1000, -1000, 0, 0])[:, None]
    expected = reference.softmax_cross_entropy(logits, labels)
    known = {0: clipped_losses(reference, logits, labels)}

    assert_each_close(alone.softmax_cross_entropy(logits, labels), expected, rtol=1e-7, atol=1e-12, known=known)
    assert not [said for said in alone.last.warnings if said.startswith("RuntimeWarning")], "overflow, or log of 0"


@pytest.mark.points(0.5)
@pytest.mark.hint("Check your gradient against central differences of your own loss.")
@pytest.mark.parametrize("seed", range(3))
def test_gradient_of_your_own_loss(alone, rng, seed):
    """softmax_cross_entropy's gradient agrees with central differences of the student's own loss."""
    logits, labels, eps = *draw(rng, (3, 4)), 1e-5
    numerical = np.zeros(logits.shape)
    for place in np.ndindex(logits.shape):
        ends = []
        for step in (eps, -eps):
            moved = logits.copy()
            moved[place] += step
            result = alone.softmax_cross_entropy(moved, labels)
            assert isinstance(result, tuple), "return a tuple of loss and gradient"
            assert isinstance(result[0], (int, float)), "the loss is a number"
            ends.append(result[0])
        numerical[place] = (ends[0] - ends[1]) / (2 * eps)
    assert np.abs(numerical).max() > 0, "the loss does not depend on the scores"

    result = alone.softmax_cross_entropy(logits, labels)
    assert_close(result[1], numerical, rtol=1e-6, atol=1e-8)


@pytest.mark.points(0.5)
@pytest.mark.hint("One sample is a batch too; return new float64 arrays, and do not write into the scores.")
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_and_single_samples(alone, reference, rng, dtype, layout):
    """softmax_cross_entropy takes one sample and many, any dtype of numbers, and any memory layout."""
    for shape in ((1, 4), (4, 3)):
        logits, labels = rng.integers(-3, 4, size=shape).astype(dtype), rng.integers(0, 3, size=shape[0])
        expected = reference.softmax_cross_entropy(logits, labels)

        result = alone.softmax_cross_entropy(relaid(logits, layout), relaid(labels, layout))
        assert_each_close(result, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("This test uses your own softmax and one_hot: look at their tests first.")
@pytest.mark.parametrize("seed", range(2))
def test_with_your_own_functions(student, reference, rng, seed):
    """softmax_cross_entropy works together with the student's own earlier functions."""
    logits, labels = draw(rng, (4, 3))
    expected = reference.softmax_cross_entropy(logits, labels)

    assert_each_close(student.softmax_cross_entropy(logits, labels), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("as_floats and as_labels are given: use them, labels against the number of columns.")
@pytest.mark.parametrize(
    ("logits", "labels", "error"),
    [
        (np.ones((2, 3)), np.array([0, 3]), ValueError),
        (np.ones((2, 3)), np.array([0, -1]), ValueError),
        (np.ones((2, 3)), np.array([0]), ValueError),
        (np.ones((2, 3)), np.array([[0], [1]]), ValueError),
        (np.ones(3), np.array([0]), ValueError),
        (np.ones((2, 3)), np.array([0.0, 1.0]), TypeError),
        (np.array([["a", "b"]]), np.array([0]), TypeError),
    ],
    ids=["label K", "label -1", "too few labels", "labels (N, 1)", "one axis", "labels as floats", "text"],
)
def test_bad_inputs(alone, logits, labels, error):
    """softmax_cross_entropy refuses labels that do not fit the scores, and what holds no numbers."""
    alone.softmax_cross_entropy(np.ones((2, 3)), np.array([0, 2]))

    assert_raises(error, alone.softmax_cross_entropy, logits, labels)
