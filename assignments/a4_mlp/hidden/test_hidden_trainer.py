"""Hidden tests of Trainer.

A model cannot cross as data: probes train it where the student's functions are, and none of those can be replaced by
the reference's. So most tests train a model of one weight that counts the steps, on losses that are written down.
"""

import numpy as np
import pytest

from coursekit import assert_accuracy, assert_close, assert_each_close, assert_raises, assert_same

pytestmark = pytest.mark.question("trainer")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
NAN = float("nan")
SCRIPTS = {  # patience, and the validation loss of each epoch
    "falls to the end": (1, [5.0, 4.0, 3.0, 2.0, 1.0]),
    "rises at once": (1, [3.0, 4.0, 1.0, 1.0]),
    "falls once": (2, [5.0, 3.0, 4.0, 4.0, 1.0]),
    "better just in time": (2, [5.0, 6.0, 4.0, 5.0, 3.0, 4.0, 5.0, 1.0]),
    "lower than the one before, but not the lowest": (2, [2.0, 5.0, 4.0, 3.0, 1.0]),
    "equal": (2, [3.0, 3.0, 3.0, 1.0]),
    "negative": (3, [-1.0, -2.0, -1.5, -1.8, -1.9, -3.0]),
    "no patience": (None, [3.0, 4.0, 5.0, 1.0, 2.0, 6.0, 7.0]),
    "one epoch": (1, [2.0]),
}
NAN_SCRIPTS = {
    "later": (2, [3.0, NAN, NAN, 1.0]),
    "at first": (2, [NAN, 3.0, 4.0, 5.0, 1.0]),
    "between": (3, [4.0, NAN, 3.0, NAN, 5.0, NAN, 1.0]),
    "only": (3, [NAN] * 5),
    "no patience": (None, [NAN, 2.0, NAN, 1.0, NAN]),
}
CASES = pytest.mark.parametrize(("patience", "script"), SCRIPTS.values(), ids=SCRIPTS)
LAST = "These are the weights of the last epoch: state_dict aliases; copy it, and load it at the end."
HISTORY, TRAINED, TAKEN, EPOCH = range(4)  # what `scripted_fits` gives for each call


def draw(rng, train=(4, 1, 3), val=(3, 2)):
    """Draw the weights of two layers, and batches of these sizes."""
    shapes = {"W1": (5, 4), "b1": (5,), "W2": (3, 5), "b2": (3,)}
    params = {name: rng.normal(0, 0.7, size=shape).astype(np.float32) for name, shape in shapes.items()}
    batches = [(rng.normal(size=(n, 4)).astype(np.float32), rng.integers(0, 3, size=n)) for n in (*train, *val)]
    return {"params": params, "train": batches[: len(train)], "val": batches[len(train) :]}


@pytest.mark.points(1)
@pytest.mark.hint(
    "Count the epochs in a row that were not strictly better than the best; stop when they are `patience`."
)
@CASES
def test_stops_after_patience(student, reference, probes, patience, script):
    """Trainer.fit stops exactly after `patience` epochs in a row that were not better than the best of this call."""
    ((expected, *_),) = probes.scripted_fits(reference, [script], patience=patience)

    ((epochs, _, taken, _),) = student.probe(probes.scripted_fits, scripts=[script], patience=patience)
    assert_close(epochs, expected, rtol=0, atol=0)
    assert_close(taken, 2 * expected, rtol=0, atol=0)


@pytest.mark.points(1)
@pytest.mark.hint("state_dict aliases; copy it: keep a deep copy when an epoch is better, and load it at the end.")
@CASES
def test_weights_of_the_best_epoch(student, reference, probes, patience, script):
    """Trainer.fit ends with the weights of the epoch that had the lowest validation loss."""
    for batches in (1, 3):
        settings = {"scripts": [script], "batches": batches, "patience": patience}
        expected = probes.scripted_fits(reference, **settings)
        known = {LAST: expected[:, HISTORY], "These are the weights from before the training.": 0 * expected[:, EPOCH]}

        found = student.probe(probes.scripted_fits, **settings)
        assert_close(found[:, EPOCH], expected[:, EPOCH], rtol=0, atol=0, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("NaN is never better, not even at first: `loss < best` says so, `not loss >= best` does not.")
@pytest.mark.parametrize(("patience", "script"), NAN_SCRIPTS.values(), ids=NAN_SCRIPTS)
def test_losses_that_are_no_numbers(student, reference, probes, patience, script):
    """Trainer.fit takes no epoch for better whose validation loss is NaN."""
    expected = probes.scripted_fits(reference, [script], patience=patience)

    seen = student.probe(probes.scripted_fits, scripts=[script], patience=patience)
    assert_close(seen, expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("Best loss, best weights and the count for patience begin anew in each call; total_epochs goes on.")
@pytest.mark.parametrize(
    "scripts",
    [
        [[3.0, 1.0, 2.0, 4.0], [7.0, 6.0, 8.0, 9.0]],
        [[3.0, 2.0, 3.0], [2.0, 3.0, 1.0, 0.5]],
        [[5.0, 4.0, 3.0], [NAN, NAN, NAN]],
        [[2.0], [9.0], [8.0]],
    ],
    ids=["worse than before", "stopped and goes on", "NaN", "one epoch each"],
)
def test_called_again(student, reference, probes, scripts):
    """Trainer.fit can be called again: total_epochs counts all epochs, all else is about the latest call."""
    expected = probes.scripted_fits(reference, scripts, patience=2)
    known = {"total_epochs goes on from call to call.": expected[:, HISTORY]}

    seen = student.probe(probes.scripted_fits, scripts=scripts, patience=2)
    if np.array_equal(seen[:, HISTORY], expected[:, HISTORY]):  # it stopped when it should
        asked_for = np.cumsum([float(len(script)) for script in scripts])
        known["total_epochs counts the epochs that were trained, not those that were asked for."] = asked_for
    assert_close(seen[:, TRAINED], expected[:, TRAINED], rtol=0, atol=0, known=known)
    assert_close(seen, expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("Per epoch: the mean over its batches of what train_step returned, then what evaluate returned.")
@pytest.mark.parametrize("seed", range(5))
def test_numbers_of_the_history(student, reference, probes, rng, seed):
    """Trainer.fit notes the mean of the batches' losses, then loss and accuracy on the validation data."""
    settings, epochs = draw(rng), 4
    expected = probes.fit(reference, **settings, epochs=epochs)
    steps = {"params": settings["params"], "batches": settings["train"] * epochs}
    losses, sizes = probes.train(reference, **steps)["losses"].reshape(epochs, -1), [4, 1, 3]
    known = {
        "The training loss is the mean over the batches, each of the same weight.": losses @ sizes / sum(sizes),
        "This is the training loss of the last batch: take the mean over the epoch.": losses[:, -1],
        "This is the sum of the losses: divide by the number of batches.": losses.sum(axis=1),
        "Begin each epoch's mean anew.": losses.mean(axis=1).cumsum(),
        "Begin each epoch's list of losses anew.": losses.mean(axis=1).cumsum() / np.arange(1, epochs + 1),
    }

    seen = student.probe(probes.fit, **settings, epochs=epochs)
    assert_close(seen["train_loss"], expected["train_loss"], **FLOAT32, known=known)
    for name in ("val_loss", "val_accuracy"):
        assert_close(seen[name], expected[name], **FLOAT32)


@pytest.mark.points(0.25)
@pytest.mark.hint("Use .item(): a history of tensors keeps every graph alive.")
@pytest.mark.parametrize("epochs", [1, 3])
def test_kinds_in_the_history(student, probes, rng, epochs):
    """Trainer.fit returns three lists of Python floats, one for each epoch."""
    expected = dict.fromkeys(("train_loss", "val_loss", "val_accuracy"), epochs)

    history = student.probe(probes.very_history, **draw(rng), epochs=epochs)
    assert isinstance(history, dict), "return a dict"
    assert all(isinstance(numbers, list) for numbers in history.values()), "each entry is a list"
    assert_same({name: len(numbers) for name, numbers in history.items()}, expected)
    assert all(isinstance(number, float) for numbers in history.values() for number in numbers), "not all are floats"


@pytest.mark.points(0.5)
@pytest.mark.hint("Validation data are only evaluated: no step may use them. Training goes on in training mode.")
@pytest.mark.parametrize("seed", range(5))
def test_validation_data_are_only_looked_at(student, reference, probes, rng, seed):
    """Trainer.fit trains on the training batches alone, epoch after epoch, each in training mode."""
    settings = draw(rng) | {"middle": "mode", "epochs": 3}
    expected = probes.fit(reference, **settings)
    both = probes.fit(reference, **settings | {"train": settings["train"] + settings["val"]})
    sentence = "Validation data took part in the training: they may only choose the epoch."
    known = {name: {sentence: value} for name, value in both.items() if name != "all epochs"}

    assert_each_close(student.probe(probes.fit, **settings), expected, **FLOAT32, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("With 0 epochs the lists stay empty, and the weights as they are.")
def test_no_epoch(student, reference, probes, rng):
    """Trainer.fit trains nothing in 0 epochs."""
    for settings in (draw(rng) | {"epochs": 0}, draw(rng) | {"epochs": 1}):
        expected = probes.fit(reference, **settings)

        assert_each_close(student.probe(probes.fit, **settings), expected, **FLOAT32)


@pytest.mark.points(0.25)
@pytest.mark.hint("Move the model to the device once, at first, and hand the device on to train_step and evaluate.")
def test_device(student, probes, rng):
    """Trainer moves the model to its device, and all batches too."""
    settings = draw(rng)
    expected = {"model": ["meta"], "samples": ["meta"], "labels": ["meta"]}
    batches = settings["train"][:1] + settings["val"]

    assert_same(student.probe(probes.devices, name="Trainer", params=settings["params"], batches=batches), expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("epochs is an integer, 0 or more; patience is None, or at least 1.")
@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"epochs": -1}, ValueError),
        ({"epochs": 2, "patience": 0}, ValueError),
        ({"epochs": 2, "patience": -1}, ValueError),
        ({"epochs": 1.0}, TypeError),
        ({"epochs": "2"}, TypeError),
    ],
    ids=["-1 epochs", "patience 0", "patience -1", "a float", "text"],
)
def test_bad_inputs(student, probes, rng, settings, error):
    """Trainer.fit refuses numbers of epochs and patience that make no sense, and takes the rest."""
    arranged = draw(rng)
    student.probe(probes.fit, **arranged, epochs=2, patience=1)

    assert_raises(error, student.probe, probes.fit, **arranged, **settings)


@pytest.mark.points(0.25)
@pytest.mark.hint("This test uses your own train_step and evaluate: look at their tests first.")
def test_diagonal_lines(student, probes, rng):
    """Trainer.fit teaches 32 hidden units to tell diagonal lines from straight ones, as in the lecture."""
    images, labels = diagonal_lines(rng, 300)

    predicted = student.probe(probes.lines, images=images, labels=labels, seed=17)
    # 40 runs of the reference, each with its own lines and weights: all of them read every line
    assert_accuracy(predicted, labels[240:], zero=0.8, full=0.95)


def diagonal_lines(rng, count):
    """Draw images (count, 1, 5, 5) of one white line each, a row, a column or a diagonal; label 1 for a diagonal."""
    images, labels = np.zeros((count, 1, 5, 5), dtype=np.uint8), rng.integers(0, 2, size=count)
    row, column = np.indices((5, 5))
    for image, diagonal in zip(images[:, 0], labels, strict=True):
        place, turned = rng.integers(-3, 4) if diagonal else rng.integers(0, 5), rng.integers(0, 2)
        across = column[:, ::-1] if turned and diagonal else column
        line = row - across == place if diagonal else (row if turned else column) == place
        image[line] = 255
    return images, labels
