"""Public tests of fit_classifier."""

import numpy as np
import pytest

from coursekit import assert_each_close, assert_same

pytestmark = pytest.mark.question("fit_classifier")

ONE_BATCH = {
    "X_train": np.array([[1.0], [5.0]]),  # their mean is 3: there the parabola's loss is smallest
    "y_train": np.array([0, 1]),
    "X_val": np.array([[1.0], [2.0], [2.5], [4.0]]),
    "y_val": np.array([1, 1, 1, 1]),
}


@pytest.mark.points(0.75)
@pytest.mark.hint("For each batch: loss and gradients, one step of sgd_update, then the next batch.")
@pytest.mark.parametrize(
    ("momentum", "losses", "w"),
    [(0.0, [9.0, 2.25, 0.5625], 2.625), (0.5, [9.0, 2.25, 0.0], 3.75)],
    ids=["plain", "momentum"],
)
def test_steps_on_a_parabola(student, probes, momentum, losses, w):
    """fit_classifier takes three full-batch steps on (w - 3)^2 from w = 0, with learning rate 0.25, as by hand."""
    expected = {"train_loss": np.array(losses), "w": np.array([w])}

    result = student.probe(probes.steps_on_parabola, data=ONE_BATCH, epochs=3, batch_size=2, lr=0.25, momentum=momentum)
    assert_each_close(result, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("One entry for each epoch, made with float(...); the accuracy is taken after the epoch's steps.")
def test_history(student, probes):
    """fit_classifier returns a list of Python floats for the loss and one for the accuracy, one for each epoch."""
    # w is 1.5 after the first epoch, above one sample of four; after the second it is 2.25, above two
    expected = {"train_loss": [9.0, 2.25], "val_accuracy": [0.25, 0.5]}

    history = student.probe(probes.history_on_parabola, data=ONE_BATCH, epochs=2, batch_size=2, lr=0.25)
    assert_same(history, expected)


@pytest.mark.points(0.75)
@pytest.mark.hint("This test uses your own network and your own minibatches: look at their tests first.")
def test_toy_blobs(student, probes, rng, report):
    """fit_classifier trains the student's own network on three blobs until the loss is at most 0.02."""
    y = np.arange(60) % 3
    X = np.array([[3.0, 0.0], [-2.0, 3.0], [-2.0, -3.0]])[y] + rng.normal(0, 0.25, size=(60, 2))
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}

    last = student.probe(probes.last_of_history, data=data, sizes=(2, 16, 3), epochs=100, batch_size=8, lr=0.1)
    report.curve("loss", training=last["losses"])
    report.curve("accuracy", validation=last["accuracies"])
    assert last["loss"] <= 0.02
    assert last["accuracy"] == 1


@pytest.mark.slow
@pytest.mark.points(0.75)
@pytest.mark.hint("A linear model cannot learn XOR; a hidden layer can, if its weights get their gradients.")
def test_xor(student, probes, report):
    """fit_classifier teaches the student's own network XOR, which no linear model can learn."""
    X = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    y = np.array([0, 1, 1, 0])
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}

    last = student.probe(probes.last_of_history, data=data, sizes=(2, 16, 2), epochs=1000, batch_size=4, lr=0.5)
    report.curve("loss", training=last["losses"])
    report.curve("accuracy", validation=last["accuracies"])
    assert last["accuracy"] == 1
