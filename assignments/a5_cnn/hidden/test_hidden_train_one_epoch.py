"""Hidden tests of train_one_epoch.

A model cannot cross as data: probes train it where the student's functions are. What is wrong is computed by wrong
epochs through the same probes.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_each_close, assert_none_of, assert_raises, assert_same

pytestmark = pytest.mark.question("train_one_epoch")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
SIZES = [4, 4, 1]
OLD = "Second step used old gradients as well."
CLEARED = "Gradients were cleared before the update, or there was no update: the parameters did not change."
MODE = "The model was not in training mode: call train(), which reaches every part of it."
BATCHES = "Weight by batch size: a smaller batch counts less than the others."
EARLY = "The scheduler made its step before the optimizer: it comes after it."
EPOCH = "The scheduler made one step for the whole epoch: it makes one after each batch."
NEVER = "The scheduler made no step."
DEVICES = "Model and batch are on different devices"
SCRAMBLED = {
    "Pixels were scrambled: channels come first, and stay so.": lambda x: x.transpose(0, 2, 3, 1),
    "Pixels were scrambled: height and width are swapped.": lambda x: x.swapaxes(2, 3),
    "Pixels were scrambled: reshape permutes no axes.": lambda x: x.reshape(len(x), *x.shape[2:], x.shape[1]).transpose(
        0, 3, 1, 2
    ),
}


def draw(rng, sizes=SIZES):
    """Draw the weights of two layers, and batches of images (3, 6, 5) of these sizes."""
    shapes = {"W1": (4, 3, 3, 3), "b1": (4,), "W2": (5, 48), "b2": (5,)}
    params = {name: rng.normal(0, 0.4, size=shape).astype(np.float32) for name, shape in shapes.items()}
    batches = [(rng.normal(size=(n, 3, 6, 5)).astype(np.float32), rng.integers(0, 5, size=n)) for n in sizes]
    return {"params": params, "batches": batches}


def weighted(before, _after, sizes):
    """Give the mean over all samples of the losses before the steps."""
    return np.dot(before, sizes) / sum(sizes)


def a_wrong_epoch(order="train clear backward step schedule", report=weighted, once="", score=torch.clone):
    """Build a module whose epoch does only some of what it should, in its own order.

    Args:
        order: what is done for each batch.
        report: gives the result from the losses before and after the steps and the sizes of the batches.
        once: what is done at the end of the epoch.
        score: what becomes of the logits before the loss.
    """

    def train_one_epoch(model, loader, loss_fn, optimizer, device="cpu", scheduler=None):
        before, after, sizes = [], [], []
        for x, y in loader:
            model.train(mode="train" in order)
            loss = loss_fn(score(model(x)), y)
            doings = {
                "train": int,
                "clear": optimizer.zero_grad,
                "backward": loss.backward,
                "step": optimizer.step,
                "schedule": scheduler.step if scheduler else int,
            }
            for word in order.split():
                doings[word]()
            before.append(loss.item())
            if report is not weighted:
                after.append(loss_fn(model(x), y).item())
            sizes.append(len(y))
        if once:
            doings[once]()
        return report(before, after, sizes)

    return SimpleNamespace(train_one_epoch=train_one_epoch)


STEPS = {
    OLD: a_wrong_epoch("train backward step schedule"),
    CLEARED: a_wrong_epoch("train backward clear step schedule"),
    MODE: a_wrong_epoch("clear backward step schedule"),
    "The loss applies softmax: hand it the logits as they are.": a_wrong_epoch(score=lambda z: z.softmax(dim=1)),
}
LOSSES = {
    BATCHES: a_wrong_epoch(report=lambda before, _, __: np.mean(before)),
    "This is a sum over the samples: divide by their number.": a_wrong_epoch(
        report=lambda before, _, sizes: np.dot(before, sizes)
    ),
    "This is a sum over the batches: each sample counts the same.": a_wrong_epoch(
        report=lambda before, _, __: np.sum(before)
    ),
    "The loss is a mean over its batch: multiply by the batch's size before adding up.": a_wrong_epoch(
        report=lambda before, _, sizes: np.sum(before) / sum(sizes)
    ),
    "This is the last batch alone.": a_wrong_epoch(report=lambda before, _, __: before[-1]),
    "This is the first batch alone.": a_wrong_epoch(report=lambda before, _, __: before[0]),
    "These are the losses after the steps: take each from before its own.": a_wrong_epoch(
        report=lambda _, after, sizes: np.dot(after, sizes) / sum(sizes)
    ),
}
SCHEDULES = {
    EARLY: a_wrong_epoch("train clear backward schedule step"),
    EPOCH: a_wrong_epoch("train clear backward step", once="schedule"),
    NEVER: a_wrong_epoch("train clear backward step"),
}


def assert_right_epoch(student, reference, probes, settings):
    """Require the loss and the parameters of a right epoch."""
    expected = probes.train_one_epoch_run(reference, **settings)

    assert_each_close(student.probe(probes.train_one_epoch_run, **settings), expected, **FLOAT32)


def known_for(probes, expected, wrong, **settings):
    """Compute what wrong epochs give, in the form that `assert_each_close` takes."""
    results = {sentence: probes.train_one_epoch_run(module, **settings) for sentence, module in wrong.items()}
    return {name: {sentence: result[name] for sentence, result in results.items()} for name in expected}


@pytest.mark.points(1)
@pytest.mark.hint("Train mode; then for each batch: move, forward, loss, clear gradients, backward, step.")
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize("seed", range(5))
def test_parameters(student, reference, probes, rng, seed, optimizer):
    """train_one_epoch takes one step for each batch, the smaller last one too, with the gradients of that batch."""
    settings = draw(rng) | {"optimizer": optimizer}
    for count in (1, 2, 3):
        part = settings | {"batches": settings["batches"][:count]}
        expected = probes.train_one_epoch_run(reference, **part)
        known = known_for(probes, expected, STEPS, **part)

        seen = student.probe(probes.train_one_epoch_run, **part)
        names = [name for name in expected if name != "losses"]
        assert_each_close(
            {name: seen[name] for name in names}, {name: expected[name] for name in names}, **FLOAT32, known=known
        )


@pytest.mark.points(0.5)
@pytest.mark.hint("The first step used the gradients that the parameters held at entry: clear them before backward.")
@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize("seed", range(5))
def test_stale_gradients(student, reference, probes, rng, seed, optimizer):
    """train_one_epoch does not use the gradients that the parameters hold at entry."""
    settings = draw(rng) | {"stale": 3.0, "optimizer": optimizer, "epochs": 2}
    expected = probes.train_one_epoch_run(reference, **settings)

    assert_each_close(student.probe(probes.train_one_epoch_run, **settings), expected, **FLOAT32)


@pytest.mark.points(0.75)
@pytest.mark.hint(
    "Call model.train() at first: somebody may have evaluated the model. One forward pass for each batch."
)
@pytest.mark.parametrize("training", [True, False], ids=["from training mode", "from evaluation mode"])
@pytest.mark.parametrize("middle", ["mode", "batch norm"])
@pytest.mark.parametrize("seed", range(5))
def test_training_mode(student, reference, probes, rng, seed, middle, training):
    """train_one_epoch trains in training mode, whatever mode the model and its parts were in."""
    settings = draw(rng) | {"middle": middle, "training": training}
    expected = probes.train_one_epoch_run(reference, **settings)
    known = known_for(probes, expected, {MODE: STEPS[MODE]}, **settings)

    assert_each_close(student.probe(probes.train_one_epoch_run, **settings), expected, **FLOAT32, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("Weight by batch size: add up each batch's mean loss times its samples, divide once, at the end.")
@pytest.mark.parametrize("loss", ["cross-entropy", "negative probabilities"])
@pytest.mark.parametrize("sizes", [[4, 4, 2], [1, 7], [5], [2, 3, 1, 4]], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_mean_over_samples(student, reference, probes, rng, seed, sizes, loss):
    """train_one_epoch returns the mean over all samples of their loss before their step, whatever its sign."""
    settings = draw(rng, sizes) | {"loss": loss, "epochs": 2}
    expected = probes.train_one_epoch_run(reference, **settings)["losses"]
    known = known_for(probes, ["losses"], LOSSES, **settings)["losses"]
    if loss == "negative probabilities":
        known["The loss may be negative: return it as it is."] = -expected

    assert_close(student.probe(probes.train_one_epoch_run, **settings)["losses"], expected, **FLOAT32, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("scheduler.step() follows optimizer.step() in the loop: once for each batch, over all epochs.")
@pytest.mark.parametrize("seed", range(5))
def test_scheduler(student, reference, probes, rng, seed):
    """train_one_epoch moves the scheduler one step after each step of the optimizer, the rate of each step tells."""
    rates = rng.uniform(0.05, 0.5, size=4 * len(SIZES) + 1).tolist()  # some to spare
    settings = draw(rng) | {"optimizer": "rate 1", "rates": rates, "epochs": 2}
    expected = probes.train_one_epoch_run(reference, **settings)
    known = known_for(probes, expected, SCHEDULES, **settings)

    seen = student.probe(probes.train_one_epoch_run, **settings)
    assert_close(seen["rates"], expected["rates"], **FLOAT32, known=known["rates"])
    assert_each_close(seen, expected, **FLOAT32)


@pytest.mark.points(0.25)
@pytest.mark.hint("Use .item(): a tensor keeps its whole graph alive.")
@pytest.mark.parametrize("sizes", [[3, 2], [1]], ids=str)
def test_kind_of_the_loss(student, reference, probes, rng, sizes):
    """train_one_epoch returns the mean loss as a Python float."""
    settings = draw(rng, sizes)
    expected = probes.train_one_epoch_results(reference, **settings)

    losses = student.probe(probes.train_one_epoch_results, **settings)
    item = "Use .item()"
    known = {
        f"{item}: a tensor keeps its whole graph alive.": ["Tensor"] * 2,
        f"{item}, or float(...): these are numbers of numpy.": ["float32"] * 2,
    }
    assert_same([type(loss).__name__ for loss in losses], ["float", "float"], known=known)
    assert_close(np.array(losses), np.array(expected), **FLOAT32)


@pytest.mark.points(0.5)
@pytest.mark.hint(
    "Pixels were scrambled, or labels changed: hand on images (N, 3, H, W) and int64 class indices (N,) as they are."
)
@pytest.mark.parametrize("sizes", [[4, 2], [1], [3]], ids=str)
def test_images_and_labels(student, reference, probes, rng, sizes):
    """train_one_epoch hands images and labels on as the loader gives them, and trains with them."""
    settings = draw(rng, sizes)
    images = [X.copy() for X, _ in settings["batches"]]
    labels = [("torch.int64", (len(y),), y.tolist()) for _, y in settings["batches"]]

    seen = student.probe(probes.train_one_epoch_seen, **settings)
    found, whole = seen["images"], len(seen["images"]) == len(images)
    assert_none_of(
        {name: whole and all(map(np.array_equal, found, map(change, images))) for name, change in SCRAMBLED.items()}
    )
    assert_same([array.shape for array in found], [array.shape for array in images])
    assert_same(seen, {"images": images, "labels": labels, "afterwards": images})
    assert_right_epoch(student, reference, probes, settings)


@pytest.mark.points(0.25)
@pytest.mark.hint("Go through the loader once: it may be a generator, without len() and without a data set.")
@pytest.mark.parametrize("form", ["tuple", "list"])
@pytest.mark.parametrize("container", ["tuple", "generator"])
def test_any_loader(student, reference, probes, rng, container, form):
    """train_one_epoch takes any loader that gives batches, as tuples or as lists, and reads it once."""
    settings = draw(rng, [3, 3, 2])
    expected = probes.train_one_epoch_run(reference, **settings)

    seen = student.probe(probes.train_one_epoch_run, **settings, container=container, form=form)
    assert_each_close(seen, expected, **FLOAT32)


@pytest.mark.points(0.5)
@pytest.mark.hint(
    "Look at each loss before backward and step: where it is NaN, raise FloatingPointError, change nothing."
)
@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("seed", range(5))
def test_a_loss_that_is_no_number(student, probes, rng, seed, count):
    """train_one_epoch raises FloatingPointError where a loss is NaN, and leaves the parameters as before that batch."""
    settings = draw(rng, [4] * count + [3])
    for _, labels in settings["batches"][:-1]:
        labels[:] = rng.integers(1, 5, size=4)
    settings["batches"][-1][1][:] = 0  # with these labels the loss is NaN

    seen = student.probe(probes.train_one_epoch_up_to_nan, **settings)
    assert_same(seen["raised"], "FloatingPointError")
    assert_each_close(seen["after"], seen["before"], rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("Without samples there is no mean: count them, and raise ValueError once the loop is done.")
@pytest.mark.parametrize("container", ["list", "generator"])
def test_nothing_to_train_on(student, probes, rng, container):
    """train_one_epoch refuses a loader that gives no sample, and takes the rest."""
    settings = draw(rng, [2, 3]) | {"container": container}
    student.probe(probes.train_one_epoch_run, **settings)

    assert_raises(ValueError, student.probe, probes.train_one_epoch_run, **settings | {"batches": []})


@pytest.mark.points(0.25)
@pytest.mark.hint(
    "Use the device argument. Model and batch are on different devices: .to(device) returns a new tensor, for the "
    "images and for the labels."
)
@pytest.mark.parametrize("told", [False, True], ids=["", "where torch says that there is a GPU"])
def test_device(student, reference, probes, rng, told):
    """train_one_epoch moves images and labels to the device that is given and to no other, and trains with them."""
    settings, expected = draw(rng), {"images": ["meta"], "labels": ["meta"]}
    known = {
        f"{DEVICES}: nothing was moved.": {"images": ["cpu"], "labels": []},
        f"{DEVICES}: the labels were not moved.": expected | {"labels": ["cpu"]},
        f"{DEVICES}: the images were not moved, or what .to() returned was not used.": expected | {"images": ["cpu"]},
    }

    assert_same(student.probe(probes.train_one_epoch_devices, **settings, told=told), expected, known=known)
    assert_right_epoch(student, reference, probes, settings)


@pytest.mark.points(0)
@pytest.mark.hint("Everything that meets in an operation must be on one device.")
def test_on_a_gpu(student, reference, probes, rng):
    """train_one_epoch trains on a GPU as on the CPU, where there is a GPU."""
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    settings = draw(rng)
    expected = probes.train_one_epoch_run(reference, **settings)

    seen = student.probe(probes.train_one_epoch_run, **settings, device="cuda")
    assert_each_close(seen, expected, rtol=1e-3, atol=1e-4)
