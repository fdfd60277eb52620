"""Hidden tests of binary_cross_entropy."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_raises, relaid

pytestmark = pytest.mark.question("binary_cross_entropy")


def assert_loss(loss, expected, known=None, rtol=1e-7):
    """Require one number; wrong ones are told apart as arrays of it."""
    assert isinstance(loss, float), "the loss is one number"
    wrong = {sentence: np.full(3, value) for sentence, value in (known or {}).items()}
    assert_close(np.full(3, loss), np.full(3, expected), rtol=rtol, atol=1e-10, known=wrong)


@pytest.mark.points(1.25)
@pytest.mark.hint("A sum over the K outputs, then a mean over the N samples.")
@pytest.mark.parametrize("shape", [(5, 3), (2, 4)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_random_inputs(alone, reference, rng, shape, seed):
    """binary_cross_entropy adds up over the outputs and averages over the samples, with targets from 0 to 1."""
    probs, targets = rng.uniform(0.05, 0.95, size=shape), rng.uniform(size=shape)
    expected = reference.binary_cross_entropy(probs, targets)
    known = {
        "Add up over the outputs: this is a mean over them too.": expected / shape[1],
        "Average over the samples: this is N times too large.": expected * shape[0],
        "The loss has the wrong sign.": -expected,
        "The part for (1 - t) is missing.": float(-(targets * np.log(probs)).sum(axis=1).mean()),
        "probs and targets have changed places.": reference.binary_cross_entropy(targets, probs),
    }

    assert_loss(alone.binary_cross_entropy(probs, targets), expected, known)


@pytest.mark.points(0.75)
@pytest.mark.hint("log(0) is -inf: clip at 1e-12 and at 1 - 1e-12. But do not clip so hard that 1e-6 changes.")
@pytest.mark.parametrize(
    ("low", "high"), [(1e-6, 1 - 1e-6), (1e-10, 1 - 1e-10), (0.0, 1.0)], ids=["1e-6", "1e-10", "0 and 1"]
)
def test_sure_answers(alone, reference, low, high):
    """binary_cross_entropy is exact for probabilities near 0 and 1, and finite and silent at 0 and 1."""
    probs = np.array([[low, high]])
    for targets in (np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])):
        expected = reference.binary_cross_entropy(probs, targets)
        known = {
            f"Do not clip so hard: {clip} is cut off here.": reference.binary_cross_entropy(
                np.clip(probs, clip, 1 - clip), targets
            )
            for clip in (1e-2, 1e-3, 1e-4, 1e-5, 1e-7, 1e-8, 1e-9)
        }
        with np.errstate(all="ignore"):
            parts = np.stack([targets * np.log(probs), (1 - targets) * np.log(1 - probs)])
        known |= {
            "log(0) is -inf: clip at 1e-12 and at 1 - 1e-12.": -parts.sum(),
            "Add up over the outputs: this is a mean over them too.": expected / 2,
            "The part for (1 - t) is missing.": -(targets * np.log(probs.clip(1e-12))).sum(),
        }

        # 1 - (1 - 1e-12) is 1.0001e-12 in float64: who clips 1 - p by itself is right too
        assert_loss(alone.binary_cross_entropy(probs, targets), expected, known, rtol=1e-7 if low else 1e-5)
        assert not [said for said in alone.last.warnings if said.startswith("RuntimeWarning")], "log of 0"


@pytest.mark.points(0.25)
@pytest.mark.hint("Do not write into the probabilities: clip a copy. Integers are fine as targets.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, layout):
    """binary_cross_entropy takes any memory layout, targets that are integers, and leaves both as they are."""
    probs, targets = rng.choice([0.0, 0.3, 1.0], size=(3, 4)), rng.integers(0, 2, size=(3, 4))
    expected = reference.binary_cross_entropy(probs, targets)

    assert_loss(alone.binary_cross_entropy(relaid(probs, layout), relaid(targets, layout)), expected, rtol=1e-5)


@pytest.mark.points(0.5)
@pytest.mark.hint("Check kinds, shapes, and that all numbers are from 0 to 1; NaN is not.")
@pytest.mark.parametrize(
    ("probs", "targets", "error"),
    [
        (np.array([[-0.1]]), np.array([[1.0]]), ValueError),
        (np.array([[0.5]]), np.array([[2.0]]), ValueError),
        (np.array([[np.nan]]), np.array([[1.0]]), ValueError),
        (np.full((2, 3), 0.5), np.full((2, 1), 0.5), ValueError),
        (np.full(3, 0.5), np.full(3, 0.5), ValueError),
        ([[0.5]], np.array([[1.0]]), TypeError),
    ],
    ids=["below 0", "target 2", "NaN", "other shape", "one axis", "list"],
)
def test_bad_inputs(alone, probs, targets, error):
    """binary_cross_entropy refuses what is no probability, and shapes that differ."""
    alone.binary_cross_entropy(np.array([[0.5]]), np.array([[1.0]]))

    assert_raises(error, alone.binary_cross_entropy, probs, targets)
