"""Hidden tests of fit.

A model cannot cross as data: probes train it where the student's functions are, and none of those can be replaced by
the reference's. So most tests train a model of one weight that counts the steps, on losses that are written down.
"""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_each_close, assert_raises, assert_same

pytestmark = pytest.mark.question("fit")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
NAN = float("nan")
SCRIPTS = [  # the validation loss of each epoch
    [5.0, 4.0, 3.0, 2.0, 1.0],  # falls to the end
    [3.0, 4.0, 1.0, 1.0],  # rises at once
    [5.0, 3.0, 4.0, 4.0, 1.0],  # falls once
    [5.0, 6.0, 4.0, 5.0, 3.0, 4.0, 5.0, 1.0],  # better just in time
    [2.0, 5.0, 4.0, 3.0, 1.0],  # lower than the one before, but not the lowest
    [3.0, 3.0, 3.0, 1.0],  # equal
    [-1.0, -2.0, -1.5, -1.8, -1.9, -3.0],  # negative
    [4.0, 4.5, 4.6, 3.0, 3.5, 3.6, 3.7, 1.0],  # not better twice, then three times
    [2.0],
]
NAN_SCRIPTS = [
    [3.0, NAN, NAN, NAN, 1.0],
    [NAN, 3.0, 4.0, 5.0, 6.0, 1.0],
    [4.0, NAN, 3.0, NAN, 5.0, NAN, 1.0],
    [NAN] * 5,
    [NAN, 2.0, NAN, 1.0, NAN],
]
HISTORY, TAKEN, EPOCH = range(3)  # what `fit_scripts` gives for each script


def draw(rng, train=(4, 1, 3), val=(3, 2)):
    """Draw the weights of two layers, and batches of these sizes with labels of ten classes."""
    shapes = {"W1": (4, 3, 3, 3), "b1": (4,), "W2": (10, 48), "b2": (10,)}
    params = {name: rng.normal(0, 0.3, size=shape).astype(np.float32) for name, shape in shapes.items()}
    batches = [draw_batch(rng, n) for n in (*train, *val)]
    return {"params": params, "train": batches[: len(train)], "val": batches[len(train) :]}


def draw_batch(rng, count):
    """Draw images (count, 3, 6, 5) and labels."""
    return rng.normal(size=(count, 3, 6, 5)).astype(np.float32), rng.integers(0, 10, size=count)


def a_wrong_fit(late=0, on="val", equal=False, restore=True, scheduled=True, mean=True):
    """Build a module whose training differs from the right one in one thing.

    Args:
        late: by how many epochs it stops too late; a negative number for too early.
        on: which loss chooses the epoch, "val" or "train".
        equal: whether an equal loss counts as better.
        restore: whether it ends with the best weights.
        scheduled: whether the scheduler takes a step after each batch; otherwise after each epoch.
        mean: whether each sample counts the same in the losses; otherwise each batch.
    """

    def averaged(losses):
        return np.average([loss for loss, _ in losses], weights=[size if mean else 1 for _, size in losses])

    def fit(model, train, val, loss_fn, optimizer, epochs, patience=None, scheduler=None):
        history, best, state, waited = {"train_loss": [], "val_loss": [], "lr": []}, math.inf, None, 0
        for _ in range(epochs):
            history["lr"].append(optimizer.param_groups[0]["lr"])
            losses = []
            model.train()
            for x, y in train:
                loss = loss_fn(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append((loss.item(), len(y)))
                if scheduler is not None and scheduled:
                    scheduler.step()
            if scheduler is not None and not scheduled:
                scheduler.step()
            history["train_loss"].append(averaged(losses))
            model.eval()
            history["val_loss"].append(averaged([(loss_fn(model(x), y).item(), len(y)) for x, y in val]))
            loss = history[f"{on}_loss"][-1]
            waited += 1
            if loss < best or (equal and loss == best):
                best, state, waited = loss, {k: v.clone() for k, v in model.state_dict().items()}, 0
            if patience is not None and waited >= max(patience + late, 1):
                break
        if state is not None and restore:
            model.load_state_dict(state)
        return history

    return SimpleNamespace(fit=fit)


@pytest.mark.points(1)
@pytest.mark.hint(
    "Count the epochs in a row that were not strictly better than the best; stop when they are `patience`."
)
@pytest.mark.parametrize("patience", [1, 2, 3, None])
def test_stops_after_patience(student, reference, probes, patience):
    """fit stops exactly after `patience` epochs in a row that were not better than the best of all before."""
    settings = {"scripts": SCRIPTS, "patience": patience}
    expected = probes.fit_scripts(reference, **settings)[:, :EPOCH]
    wrong = {
        "Stopped after k + 1 epochs that were not better, expected k: see `patience`.": a_wrong_fit(late=1),
        "Stopped after k epochs that were not better, expected k + 1: see `patience`.": a_wrong_fit(late=-1),
        "An equal loss is not better.": a_wrong_fit(equal=True),
        "Training never stopped early: see `patience`.": a_wrong_fit(late=1000),
        "Select on validation: the training loss decided when to stop.": a_wrong_fit(on="train"),
    }
    known = {text: probes.fit_scripts(module, **settings)[:, :EPOCH] for text, module in wrong.items()}

    seen = student.probe(probes.fit_scripts, **settings)[:, :EPOCH]
    assert_close(seen, expected, rtol=0, atol=0, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("state_dict aliases; copy it: keep a deep copy when an epoch is better, and load it at the end.")
@pytest.mark.parametrize("batches", [1, 3])
@pytest.mark.parametrize("patience", [2, None])
def test_weights_of_the_best_epoch(student, reference, probes, patience, batches):
    """fit ends with the weights of the epoch that had the lowest validation loss."""
    settings = {"scripts": SCRIPTS, "patience": patience, "batches": batches}
    expected = probes.fit_scripts(reference, **settings)[:, EPOCH]
    wrong = {
        "An equal loss is not better: the first of equal epochs is the best.": a_wrong_fit(equal=True),
        "Select on validation: the training loss chose the epoch.": a_wrong_fit(on="train"),
        "These are the last weights: state_dict aliases; copy it, and load it at the end.": a_wrong_fit(restore=False),
    }
    known = {text: probes.fit_scripts(module, **settings)[:, EPOCH] for text, module in wrong.items()}

    seen = student.probe(probes.fit_scripts, **settings)[:, EPOCH]
    assert_close(seen, expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("NaN is never better, not even at first: `loss < best` says so, `not loss >= best` does not.")
@pytest.mark.parametrize("patience", [3, None])
def test_losses_that_are_no_numbers(student, reference, probes, patience):
    """fit takes no epoch for better whose validation loss is NaN; if none was better, the last weights stay."""
    settings = {"scripts": NAN_SCRIPTS, "patience": patience}
    expected = probes.fit_scripts(reference, **settings)

    assert_close(student.probe(probes.fit_scripts, **settings), expected, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("Per epoch: what train_one_epoch and evaluate return, each sample counting the same.")
@pytest.mark.parametrize("seed", range(5))
def test_numbers_of_the_history(student, reference, probes, rng, seed):
    """fit notes the mean training loss of each epoch, then loss and accuracy on the validation data."""
    settings = draw(rng) | {"epochs": 4}
    expected = probes.fit_history(reference, **settings)
    batches = probes.fit_history(a_wrong_fit(mean=False), **settings)
    sentence = "Weight by batch size: each sample counts the same, whatever its batch."

    seen = student.probe(probes.fit_history, **settings)
    for name in ("train_loss", "val_loss"):
        assert_close(seen[name], expected[name], **FLOAT32, known={sentence: batches[name]})
    assert_close(seen["val_accuracy"], expected["val_accuracy"], **FLOAT32)


@pytest.mark.points(0.5)
@pytest.mark.hint("Note the rate before an epoch's first batch; hand the scheduler on, for one step after each batch.")
@pytest.mark.parametrize("seed", range(5))
def test_learning_rate(student, reference, probes, rng, seed):
    """fit lets the scheduler step once after each batch, and notes the learning rate at each epoch's first batch."""
    epochs, steps = 3, 3
    rates = [float(rate) for rate in rng.uniform(0.05, 0.3, size=4 * epochs * steps)]  # more than there are steps
    settings = draw(rng) | {"epochs": epochs, "rates": rates}
    expected = probes.fit_history(reference, **settings)
    known = {
        "This is the rate after the epoch: note it before the first batch.": np.array(rates[steps::steps][:epochs]),
        "This is the rate of the last batch: note it before the first one.": np.array(
            rates[steps - 1 :: steps][:epochs]
        ),
        "The scheduler stepped once per epoch: one step after each batch.": np.array(rates[:epochs]),
        "The scheduler never stepped: hand it on to the training.": np.full(epochs, rates[0]),
        "The scheduler stepped once too often in each epoch.": np.array(rates[:: steps + 1][:epochs]),
    }

    seen = student.probe(probes.fit_history, **settings)
    assert_close(seen["lr"], expected["lr"], rtol=1e-6, atol=1e-9, known=known)
    assert_close(seen["train_loss"], expected["train_loss"], **FLOAT32)  # depends on the rate of every step


@pytest.mark.points(0.5)
@pytest.mark.hint("Validation data are only evaluated: no step uses them. The best epoch's statistics come back too.")
@pytest.mark.parametrize("middle", ["mode", "batch norm"])
@pytest.mark.parametrize("seed", range(5))
def test_validation_data_are_only_looked_at(student, reference, probes, rng, middle, seed):
    """fit trains on the training batches alone, each epoch in training mode; all of the best epoch's state is back."""
    settings = draw(rng) | {"middle": middle, "epochs": 3}
    expected = probes.fit_history(reference, **settings)
    both = probes.fit_history(reference, **settings | {"train": settings["train"] + settings["val"]})
    sentence = "Validation data took part in the training: they may only choose the epoch."
    known = {name: {sentence: value} for name, value in both.items()}

    assert_each_close(student.probe(probes.fit_history, **settings), expected, **FLOAT32, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Call torch.manual_seed(seed) once, before the first epoch: not in each epoch, and not nowhere.")
@pytest.mark.parametrize("place", ["everywhere", "order", "augmentation", "dropout"])
def test_same_seed_same_weights(student, probes, rng, place):
    """fit seeds torch's global generator once: the same seed gives the same weights to the bit, another one others."""
    (train, val), epochs = (draw_batch(rng, count) for count in (12, 5)), 3
    settings = {"params": draw(rng)["params"], "train": train, "val": [val], "epochs": epochs, "place": place}

    seen = student.probe(probes.fit_repeated, **settings, seeds=[3, 3, 4])
    first, again, other = seen["weights"]
    assert_close(again, first, rtol=0, atol=0)
    assert_close(seen["losses"][1], seen["losses"][0], rtol=0, atol=0)
    assert not np.isclose(other, first).all(), "another seed gives the same weights"
    if seen["noise"].size:
        drawn = [tuple(part) for part in np.array_split(seen["noise"][0], epochs)]
        assert len(set(drawn)) == epochs, "Seed once: each epoch drew the same as the one before."


@pytest.mark.points(0.25)
@pytest.mark.hint("Use .item() and float(...); with 0 epochs the lists stay empty, and the weights as they are.")
@pytest.mark.parametrize("epochs", [0, 1, 3])
def test_kinds_in_the_history(student, reference, probes, rng, epochs):
    """fit returns four lists of Python floats, one for each epoch, and trains nothing in 0 epochs."""
    settings = draw(rng) | {"epochs": epochs}
    untouched = probes.fit_history(reference, **settings | {"epochs": 0})

    history = student.probe(probes.fit_results, **settings)
    assert isinstance(history, dict), "return a dict"
    assert all(isinstance(numbers, list) for numbers in history.values()), "each entry is a list"
    counts = dict.fromkeys(("train_loss", "val_loss", "val_accuracy", "lr"), epochs)
    assert_same({name: len(numbers) for name, numbers in history.items()}, counts)
    assert all(isinstance(number, float) for numbers in history.values() for number in numbers), "not all are floats"
    if epochs == 0:
        assert_each_close(student.probe(probes.fit_history, **settings), untouched, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("Model and batch are on different devices: move the model at first, and hand the device on.")
def test_device(student, probes, rng):
    """fit moves the model to the device, and all batches too."""
    settings = draw(rng)
    expected = {"model": ["meta"], "images": ["meta"], "labels": ["beside the logits"]}
    batches = settings["train"][:1] + settings["val"]

    assert_same(
        student.probe(probes.evaluate_devices, name="fit", params=settings["params"], batches=batches), expected
    )


@pytest.mark.points(0.5)
@pytest.mark.hint("epochs is an integer, 0 or more; patience is None, or an integer of at least 1.")
@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"epochs": -1}, ValueError),
        ({"epochs": 2, "patience": 0}, ValueError),
        ({"epochs": 2, "patience": -1}, ValueError),
        ({"epochs": 1.0}, TypeError),
        ({"epochs": "2"}, TypeError),
        ({"epochs": 2, "patience": 1.5}, TypeError),
    ],
    ids=["-1 epochs", "patience 0", "patience -1", "a float", "text", "patience 1.5"],
)
def test_bad_inputs(student, probes, rng, settings, error):
    """fit refuses numbers of epochs and patience that make no sense, and takes the rest."""
    arranged = draw(rng)
    student.probe(probes.fit_history, **arranged, epochs=2, patience=1)

    assert_raises(error, student.probe, probes.fit_history, **arranged, **settings)


@pytest.mark.points(0)
@pytest.mark.hint("Everything that meets in an operation must be on one device.")
def test_on_a_gpu(student, reference, probes, rng):
    """fit trains on a GPU as on the CPU, where there is a GPU."""
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    settings = draw(rng) | {"epochs": 3}
    expected = probes.fit_history(reference, **settings)

    seen = student.probe(probes.fit_history, **settings, device="cuda")
    assert_each_close(seen, expected, rtol=1e-2, atol=1e-3)
