"""Hidden tests of train_step.

A model cannot cross as data: probes train it where the student's functions are, and none of those can be replaced by
the reference's. What is wrong is computed by wrong steps through the same probes.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_each_close, assert_none_of, assert_raises, assert_same

pytestmark = pytest.mark.question("train_step")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
SIZES = [6, 1, 4]
OLD = "Second step used old gradients as well."
STALE = "The first step used the gradients that the parameters held at entry: clear them before backward."
CLEARED = "Gradients were cleared before the update, or there was no update: the parameters did not change."
MODE = "The model was not in training mode: call train(), which reaches every part of it."
AFTER = "This is the loss after the step: take it from before."
SUM = "This is a sum: loss_fn gives the mean of the batch already."


def draw(rng, sizes=SIZES):
    """Draw the weights of two layers, and batches of these sizes."""
    shapes = {"W1": (5, 4), "b1": (5,), "W2": (3, 5), "b2": (3,)}
    params = {name: rng.normal(0, 0.7, size=shape).astype(np.float32) for name, shape in shapes.items()}
    batches = [(rng.normal(size=(n, 4)).astype(np.float32), rng.integers(0, 3, size=n)) for n in sizes]
    return {"params": params, "batches": batches}


def a_wrong_step(order="train clear backward step", report=lambda before, _, __: before):
    """Build a module whose step does only some of what it should, in its own order."""

    def train_step(model, batch, loss_fn, optimizer, device="cpu"):
        model.train(mode="train" in order)
        loss = loss_fn(model(batch[0]), batch[1])
        doings = {"train": int, "clear": optimizer.zero_grad, "backward": loss.backward, "step": optimizer.step}
        for word in order.split():
            doings[word]()
        return report(loss.item(), lambda: loss_fn(model(batch[0]), batch[1]).item(), len(batch[1]))

    return SimpleNamespace(train_step=train_step)


WRONG = {
    OLD: a_wrong_step("train backward step"),
    STALE: a_wrong_step("train backward step clear"),
    CLEARED: a_wrong_step("train backward clear step"),
    MODE: a_wrong_step("clear backward step"),
    AFTER: a_wrong_step(report=lambda _, after, __: after()),
    SUM: a_wrong_step(report=lambda before, _, count: before * count),
}


def assert_right_steps(student, reference, probes, settings):
    """Require the losses and the parameters of right steps."""
    expected = probes.train(reference, **settings)

    assert_each_close(student.probe(probes.train, **settings), expected, **FLOAT32)


def known_for(probes, expected, *sentences, **settings):
    """Compute what wrong steps give, in the form that `assert_each_close` takes."""
    results = {sentence: probes.train(WRONG[sentence], **settings) for sentence in sentences}
    return {name: {sentence: result[name] for sentence, result in results.items()} for name in expected}


@pytest.mark.points(1.75)
@pytest.mark.hint(
    "Train mode, move, forward, loss, clear gradients, backward, step: once for each batch, in this order."
)
@pytest.mark.parametrize("seed", range(5))
def test_parameters_after_each_step(student, reference, probes, rng, seed):
    """train_step takes steps that depend on the gradients of their own batch alone."""
    settings = draw(rng)
    for count in (1, 2, 3):
        part = settings | {"batches": settings["batches"][:count]}
        expected = probes.train(reference, **part)
        known = known_for(probes, expected, OLD, CLEARED, **part)

        assert_each_close(student.probe(probes.train, **part), expected, **FLOAT32, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("The first step used the gradients that the parameters held at entry: clear them before backward.")
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize("seed", range(5))
def test_stale_gradients(student, reference, probes, rng, optimizer, seed):
    """train_step does not use the gradients that the parameters hold at entry."""
    settings = draw(rng) | {"stale": 3.0, "optimizer": optimizer}
    expected = probes.train(reference, **settings)
    known = known_for(probes, expected, STALE, **settings)

    assert_each_close(student.probe(probes.train, **settings), expected, **FLOAT32, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("Call model.train() in each step: somebody may have evaluated the model in between.")
@pytest.mark.parametrize("training", [True, False], ids=["from training mode", "from evaluation mode"])
@pytest.mark.parametrize("seed", range(5))
def test_training_mode(student, reference, probes, rng, training, seed):
    """train_step trains in training mode, whatever mode the model and its parts were in."""
    settings = draw(rng) | {"middle": "mode", "training": training}
    expected = probes.train(reference, **settings)
    known = known_for(probes, expected, MODE, **settings)

    assert_each_close(student.probe(probes.train, **settings), expected, **FLOAT32, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("Return what loss_fn gave for this batch, before the step; it may be negative.")
@pytest.mark.parametrize("loss", ["cross-entropy", "negative probabilities"])
@pytest.mark.parametrize("seed", range(5))
def test_loss_of_the_batch(student, reference, probes, rng, loss, seed):
    """train_step returns the mean loss of its batch as it was before the step, whatever its sign."""
    settings = draw(rng) | {"loss": loss}
    expected = probes.train(reference, **settings)["losses"]
    known = known_for(probes, ["losses"], AFTER, SUM, **settings)["losses"]
    if loss == "negative probabilities":
        known["The loss may be negative: return it as it is."] = -expected

    assert_close(student.probe(probes.train, **settings)["losses"], expected, **FLOAT32, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Use .item(): a tensor keeps its whole graph alive.")
def test_kind_of_the_loss(student, reference, probes, rng):
    """train_step returns the loss as a Python float, without a graph."""
    settings = draw(rng)
    expected = probes.losses_of_steps(reference, **settings)

    losses = student.probe(probes.losses_of_steps, **settings)
    tensors = any(isinstance(loss, torch.Tensor) for loss in losses)
    assert_none_of({"Use .item(): a tensor keeps its whole graph alive.": tensors})
    assert all(isinstance(loss, float) for loss in losses), "return a Python float"
    assert_close(np.array(losses), np.array(expected), **FLOAT32)


@pytest.mark.points(0.5)
@pytest.mark.hint("CrossEntropyLoss wants int64 class indices (N,): hand the labels on as they are.")
@pytest.mark.parametrize("count", [1, 6])
def test_labels(student, reference, probes, rng, count):
    """train_step hands the labels to the loss as they are: int64 class indices (N,)."""
    settings = draw(rng, [count])
    expected = probes.labels_in_the_loss(reference, "train_step", **settings)

    known = {
        "CrossEntropyLoss wants int64 class indices (N,): these are one-hot rows.": [((count, 3), "torch.float32")]
    }

    found = student.probe(probes.labels_in_the_loss, name="train_step", **settings)
    assert_same(found, expected, known=known)
    assert_right_steps(student, reference, probes, settings)


@pytest.mark.points(0.5)
@pytest.mark.hint("One forward and one backward pass for each batch, then one step of the optimizer that was given.")
@pytest.mark.parametrize(("optimizer", "middle"), [("Adam", "nothing"), ("SGD", "batch norm")])
@pytest.mark.parametrize("form", ["tuple", "list"])
@pytest.mark.parametrize("seed", range(5))
def test_any_optimizer_and_model(student, reference, probes, rng, optimizer, middle, form, seed):
    """train_step works with any optimizer, with batch norm, and with batches as lists, as loaders give them."""
    # never Adam with batch norm: the bias before it has no gradient but rounding, of which Adam makes whole steps
    settings = draw(rng, [6, 3, 4]) | {"optimizer": optimizer, "middle": middle, "form": form}
    expected = probes.train(reference, **settings)

    assert_each_close(student.probe(probes.train, **settings), expected, **FLOAT32)


@pytest.mark.points(0.75)
@pytest.mark.hint(
    "Look at the loss before backward and step: where it is NaN, raise FloatingPointError, change nothing."
)
@pytest.mark.parametrize("seed", range(5))
def test_a_loss_that_is_no_number(student, probes, rng, seed):
    """train_step raises FloatingPointError where the loss is NaN, and leaves the parameters as they were."""
    settings = draw(rng, [4, 3])
    before, after = student.probe(probes.refused_step, **settings)
    assert_each_close(after, before, rtol=0, atol=0)

    assert_raises(FloatingPointError, student.probe, probes.train, **settings, loss="NaN")


@pytest.mark.points(0.5)
@pytest.mark.hint(
    ".to() returns a new tensor: move samples and labels to the device that is given, and use the results."
)
def test_device(student, reference, probes, rng):
    """train_step moves samples and labels to the model's device, and trains with them."""
    settings, expected = draw(rng), {"samples": ["meta"], "labels": ["meta"]}
    known = {
        "Nothing was moved.": {"samples": ["cpu"], "labels": []},
        "The labels were not moved.": expected | {"labels": ["cpu"]},
        "The samples were not moved, or what .to() returned was not used.": expected | {"samples": ["cpu"]},
    }

    assert_same(student.probe(probes.devices, name="train_step", **settings), expected, known=known)
    assert_right_steps(student, reference, probes, settings)


@pytest.mark.points(0)
@pytest.mark.hint("Everything that meets in an operation must be on one device.")
def test_on_a_gpu(student, reference, probes, rng):
    """train_step trains on a GPU as on the CPU, where there is a GPU."""
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    settings = draw(rng)
    expected = probes.train(reference, **settings)

    assert_each_close(student.probe(probes.train, **settings, device="cuda"), expected, rtol=1e-3, atol=1e-4)
