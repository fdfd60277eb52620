"""Public tests of Trainer."""

import numpy as np
import pytest

from coursekit import assert_close, assert_same

pytestmark = pytest.mark.question("trainer")


@pytest.mark.points(1)
@pytest.mark.hint("One Python float for each epoch in each of the three lists; count the epochs as you go.")
def test_history(student, probes, rng, report):
    """Trainer.fit returns the losses and the accuracy of each epoch, and Trainer counts the epochs."""
    X = rng.normal(size=(12, 2)).astype(np.float32)
    y = (X[:, 0] > 0).astype(np.int64)
    expected = dict.fromkeys(("train_loss", "val_loss", "val_accuracy"), 4)
    train, val = [(X[:4], y[:4]), (X[4:8], y[4:8])], [(X[8:], y[8:])]

    history, total = student.probe(probes.fit, train=train, val=val, epochs=4)
    assert isinstance(history, dict), "return a dict"
    report.curve("loss", training=history.get("train_loss"), validation=history.get("val_loss"))
    report.curve("accuracy", validation=history.get("val_accuracy"))
    assert_same({name: len(numbers) for name, numbers in history.items()}, expected)
    assert all(isinstance(number, float) for numbers in history.values() for number in numbers), "not all are floats"
    assert_same(total, 4)
    assert history["train_loss"][-1] < history["train_loss"][0], "the loss does not fall"


@pytest.mark.points(1)
@pytest.mark.hint("Count the epochs in a row that were not better; stop when there are as many as `patience`.")
@pytest.mark.parametrize(
    ("patience", "losses"), [(1, [2, 1, 0, 1]), (3, [2, 1, 0, 1, 2, 3]), (None, [2, 1, 0, 1, 2, 3, 4, 5])], ids=str
)
def test_patience(student, probes, patience, losses):
    """Trainer.fit stops after `patience` epochs that were not better, and never early with None."""
    expected = np.array(losses, dtype=float)

    seen = student.probe(probes.fit_until_it_turns, epochs=8, patience=patience)
    assert_close(np.array(seen["val_loss"]), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.points(1)
@pytest.mark.hint("state_dict aliases the weights: keep a copy.deepcopy of it, and load it at the end.")
@pytest.mark.parametrize("patience", [2, None], ids=str)
def test_best_weights(student, probes, patience):
    """Trainer.fit ends with the weights of the best epoch, not of the last one."""
    seen = student.probe(probes.fit_until_it_turns, epochs=8, patience=patience)

    assert_close(seen["weight"], 3.0, rtol=1e-4, atol=1e-5)
