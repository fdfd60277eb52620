"""Public tests of fit."""

import numpy as np
import pytest

from coursekit import assert_close, assert_same

pytestmark = pytest.mark.question("fit")


def draw(rng, count):
    """Draw images (count, 3, 2, 2), and say which have a red mean above 0."""
    X = rng.normal(size=(count, 3, 2, 2)).astype(np.float32)
    return X, (X[:, 0].mean((1, 2)) > 0).astype(np.int64)


@pytest.mark.points(0.75)
@pytest.mark.hint("One Python float for each epoch in each of the four lists; note the learning rate before training.")
def test_history(student, probes, rng, report):
    """fit returns losses, accuracy and learning rate of each epoch."""
    expected = dict.fromkeys(("train_loss", "val_loss", "val_accuracy", "lr"), 4)
    train, val = [draw(rng, 8), draw(rng, 8)], [draw(rng, 6)]

    history = student.probe(probes.fit_history, train=train, val=val, epochs=4)
    assert isinstance(history, dict), "return a dict"
    report.curve("loss", training=history.get("train_loss"), validation=history.get("val_loss"))
    report.curve("accuracy", validation=history.get("val_accuracy"))
    assert_same({name: len(numbers) for name, numbers in history.items()}, expected)
    assert all(isinstance(number, float) for numbers in history.values() for number in numbers), "not all are floats"
    # the scheduler halves the rate after each of the two batches of an epoch
    assert_close(np.array(history["lr"]), 0.5 / 4.0 ** np.arange(4), rtol=1e-6, atol=1e-9)
    assert history["train_loss"][-1] < history["train_loss"][0], "the loss does not fall"


@pytest.mark.points(0.75)
@pytest.mark.hint("Count the epochs in a row that were not better; stop when there are as many as `patience`.")
@pytest.mark.parametrize(
    ("patience", "losses"), [(1, [2, 1, 0, 1]), (3, [2, 1, 0, 1, 2, 3]), (None, [2, 1, 0, 1, 2, 3, 4, 5])], ids=str
)
def test_patience(student, probes, patience, losses):
    """fit stops after `patience` epochs that were not better, and never early with None."""
    expected = np.array(losses, dtype=float)

    seen = student.probe(probes.fit_until_it_turns, epochs=8, patience=patience)
    assert_close(np.array(seen["val_loss"]), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.points(0.75)
@pytest.mark.hint("state_dict aliases the weights; copy it: keep a copy.deepcopy of it, and load it at the end.")
@pytest.mark.parametrize("patience", [2, None], ids=str)
def test_best_weights(student, probes, patience):
    """fit ends with the weights of the best epoch on the validation batches, not of the last one."""
    seen = student.probe(probes.fit_until_it_turns, epochs=8, patience=patience)

    assert_close(seen["weight"], 3.0, rtol=1e-4, atol=1e-5)


@pytest.mark.points(0.5)
@pytest.mark.hint("Call torch.manual_seed(seed) before the first epoch, whatever was drawn before.")
def test_same_seed(student, probes, rng):
    """fit gives the same weights for the same seed, and other ones for another seed."""
    X, y = draw(rng, 8)

    first, again, other = student.probe(probes.fit_with_dropout, X=X, y=y, seeds=[3, 3, 4])
    assert_close(again, first, rtol=0, atol=0)
    assert not np.array_equal(other, first), "another seed gives the same weights"
