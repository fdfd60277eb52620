"""Hidden tests of evaluate.

A model cannot cross as data: probes run it where the student's functions are, and none of those can be replaced by
the reference's. What is wrong is computed by wrong evaluations through the same probes.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from coursekit import assert_each_close, assert_raises, assert_same

pytestmark = pytest.mark.question("evaluate")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
LOADERS = [[4, 4, 2], [1, 7], [5], [2, 3, 1, 4]]


def draw(rng, *loaders):
    """Draw the weights of two layers, and loaders with batches of these sizes."""
    shapes = {"W1": (5, 4), "b1": (5,), "W2": (3, 5), "b2": (3,)}
    params = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    drawn = [
        [(rng.normal(size=(n, 4)).astype(np.float32), rng.integers(0, 3, size=n)) for n in sizes] for sizes in loaders
    ]
    return {"params": params, "loaders": drawn}


def draw_one(rng, sizes):
    """Draw the weights of two layers, and the batches of one loader."""
    drawn = draw(rng, sizes)
    return {"params": drawn["params"], "batches": drawn["loaders"][0]}


def a_wrong_evaluation(training=False, after=None, graph=False, axis=1, result=None):
    """Build a module whose evaluation differs from the right one in one thing."""
    result = result or (lambda losses, rights, sizes: (losses @ sizes / sizes.sum(), rights.sum() / sizes.sum()))

    def evaluate(model, loader, loss_fn, device="cpu"):
        before, losses, rights, sizes = model.training, [], [], []
        model.train(training)
        with torch.set_grad_enabled(graph):
            for x, y in loader:
                logits = model(x)
                losses.append(loss_fn(logits, y).item())
                rights.append((logits.argmax(dim=axis) == y).sum().item())
                sizes.append(len(y))
        model.train(before if after is None else after)
        return result(*map(np.array, (losses, rights, sizes)))

    return SimpleNamespace(evaluate=evaluate)


WRONG = {
    "Weight by batch size: a smaller batch counts less than the others.": a_wrong_evaluation(
        result=lambda losses, rights, sizes: (losses.mean(), (rights / sizes).mean())
    ),
    "This is a sum over the samples: divide by their number.": a_wrong_evaluation(
        result=lambda losses, rights, sizes: (losses @ sizes, rights.sum())
    ),
    "This is a sum over the batches: each sample counts the same.": a_wrong_evaluation(
        result=lambda losses, rights, sizes: (losses.sum(), (rights / sizes).sum())
    ),
    "The loss is a mean over its batch: multiply by the batch's size before adding up.": a_wrong_evaluation(
        result=lambda losses, rights, sizes: (losses.sum() / sizes.sum(), (rights / sizes).sum() / sizes.sum())
    ),
    "This is the first batch alone.": a_wrong_evaluation(
        result=lambda losses, rights, sizes: (losses[0], (rights / sizes)[0])
    ),
    "This is the last batch alone.": a_wrong_evaluation(
        result=lambda losses, rights, sizes: (losses[-1], (rights / sizes)[-1])
    ),
    "The accuracy is a share, 0 to 1, not a percentage.": a_wrong_evaluation(
        result=lambda losses, rights, sizes: (losses @ sizes / sizes.sum(), 100 * rights.sum() / sizes.sum())
    ),
    "This is the share of wrong predictions.": a_wrong_evaluation(
        result=lambda losses, rights, sizes: (losses @ sizes / sizes.sum(), 1 - rights.sum() / sizes.sum())
    ),
    "Call eval() - and restore the mode.": a_wrong_evaluation(training=True),
    "Evaluation built a graph: run it under torch.no_grad().": a_wrong_evaluation(graph=True),
}


def assert_right_result(student, reference, probes, settings):
    """Require the right loss and accuracy."""
    expected = probes.very_results(reference, **settings)

    assert_each_close(student.probe(probes.very_results, **settings), expected, **FLOAT32)


def known_for(probes, expected, **settings):
    """Compute what wrong evaluations give, in the form that `assert_each_close` takes."""
    results = {sentence: probes.evaluate(wrong, **settings) for sentence, wrong in WRONG.items()}
    return {name: {sentence: result[name] for sentence, result in results.items()} for name in expected}


@pytest.mark.points(1.5)
@pytest.mark.hint("Weight by batch size: add up over the samples, and divide once, at the end.")
@pytest.mark.parametrize("container", ["list", "generator"])
@pytest.mark.parametrize("seed", range(5))
def test_every_sample_counts_the_same(student, reference, probes, rng, container, seed):
    """evaluate gives the mean loss and the accuracy of all samples, however they are cut into batches."""
    settings = draw(rng, *LOADERS)
    expected = probes.evaluate(reference, **settings)
    known = known_for(probes, expected, **settings)

    result = student.probe(probes.evaluate, **settings, container=container)
    assert_each_close(result, expected, **FLOAT32, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("Call model.eval() first: dropout and batch norm behave otherwise in training.")
@pytest.mark.parametrize("training", [True, False], ids=["from training mode", "from evaluation mode"])
@pytest.mark.parametrize("middle", ["mode", "dropout", "batch norm"])
@pytest.mark.parametrize("seed", range(5))
def test_evaluation_mode(student, reference, probes, rng, training, middle, seed):
    """evaluate runs the model and all of its parts in evaluation mode."""
    settings = draw(rng, *LOADERS) | {"middle": middle, "training": training}
    expected = probes.evaluate(reference, **settings)
    known = known_for(probes, expected, **settings) if middle == "mode" else {}

    assert_each_close(student.probe(probes.evaluate, **settings), expected, **FLOAT32, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("Model stayed in eval mode, or came into another mode than before: remember model.training at first.")
@pytest.mark.parametrize("training", [True, False], ids=["from training mode", "from evaluation mode"])
@pytest.mark.parametrize("seed", range(5))
def test_mode_afterwards(student, reference, probes, rng, training, seed):
    """evaluate restores the mode that the model and its parts were in."""
    settings = draw_one(rng, [3, 2]) | {"middle": "mode", "training": training}
    expected = probes.after_evaluation(reference, **settings)
    other = probes.after_evaluation(a_wrong_evaluation(after=not training), **settings)
    sentence = "Model stayed in eval mode." if training else "Model came into training mode, where it was not before."
    known = {"logits": {sentence: other["logits"]}}

    assert_each_close(student.probe(probes.after_evaluation, **settings), expected, **FLOAT32, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Evaluation built a graph: run it under torch.no_grad().")
@pytest.mark.parametrize("seed", range(5))
def test_no_graph(student, reference, probes, rng, seed):
    """evaluate records no gradients while the model runs."""
    settings = draw(rng, *LOADERS) | {"middle": "graph"}
    expected = probes.evaluate(reference, **settings)
    known = known_for(probes, expected, **settings)

    assert_each_close(student.probe(probes.evaluate, **settings), expected, **FLOAT32, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Predict per row: the largest logit of each sample, argmax(dim=1).")
@pytest.mark.parametrize("seed", range(5))
def test_one_prediction_for_each_row(student, reference, probes, rng, seed):
    """evaluate takes the largest logit of each sample, where a batch has as many samples as there are classes."""
    settings = draw(rng, [3], [3, 3], [3, 3, 3], [3] * 4, [3] * 5)
    expected = probes.evaluate(reference, **settings)
    columns = probes.evaluate(a_wrong_evaluation(axis=0), **settings)
    known = {"accuracy": {"Predict per row: the largest logit of each sample.": columns["accuracy"]}}

    assert_each_close(student.probe(probes.evaluate, **settings), expected, **FLOAT32, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Evaluation takes no step, touches no gradient, and leaves autograd switched on for what comes next.")
@pytest.mark.parametrize("middle", ["nothing", "batch norm"])
@pytest.mark.parametrize("seed", range(5))
def test_nothing_changes(student, reference, probes, rng, middle, seed):
    """evaluate changes no weight, no statistic of batch norm and no gradient; training can go on."""
    settings = draw_one(rng, [4, 2, 3]) | {"middle": middle}
    expected = probes.after_evaluation(reference, **settings)

    assert_each_close(student.probe(probes.after_evaluation, **settings), expected, **FLOAT32)


@pytest.mark.points(0.25)
@pytest.mark.hint("Use .item() or float(...) for both, and return them as a tuple: loss, accuracy.")
@pytest.mark.parametrize("sizes", [[1], [4, 3]], ids=str)
def test_kinds(student, reference, probes, rng, sizes):
    """evaluate returns loss and accuracy as a tuple of two Python floats."""
    settings = draw_one(rng, sizes)
    expected = probes.very_results(reference, **settings)

    result = student.probe(probes.very_results, **settings)
    assert_each_close(result, expected, **FLOAT32)
    assert all(isinstance(number, float) for number in result), "return two Python floats"


@pytest.mark.points(0.25)
@pytest.mark.hint("CrossEntropyLoss wants int64 class indices (N,): hand the labels on as they are.")
def test_labels(student, reference, probes, rng):
    """evaluate hands the labels to the loss as they are: int64 class indices (N,)."""
    settings = draw_one(rng, [4, 1])
    expected = kinds_of(probes.labels_in_the_loss(reference, "evaluate", **settings))

    # how many samples the loss takes at once is free: the mean of all is also the loss of all outputs together
    known = {"CrossEntropyLoss wants int64 class indices (N,): these are one-hot rows.": [(2, "torch.float32")]}
    found = kinds_of(student.probe(probes.labels_in_the_loss, name="evaluate", **settings))
    assert_same(found, expected, known=known)
    assert_right_result(student, reference, probes, settings)


def kinds_of(labels):
    """Give the numbers of axes and the dtypes that labels have."""
    return sorted({(len(shape), dtype) for shape, dtype in labels})


@pytest.mark.points(0.25)
@pytest.mark.hint("Without samples there is no mean: raise ValueError once the loop is done.")
@pytest.mark.parametrize("container", ["list", "generator"])
@pytest.mark.parametrize("sizes", [[], [0]], ids=["no batch", "a batch without samples"])
def test_nothing_to_evaluate(student, probes, rng, container, sizes):
    """evaluate refuses a loader that gives no sample, and takes the rest."""
    settings = draw(rng, [2, 3]) | {"container": container}
    student.probe(probes.evaluate, **settings)

    assert_raises(ValueError, student.probe, probes.evaluate, **settings | draw(rng, sizes))


@pytest.mark.points(0.5)
@pytest.mark.hint(
    ".to() returns a new tensor: move samples and labels to the device that is given, and use the results."
)
def test_device(student, reference, probes, rng):
    """evaluate moves samples and labels to the model's device, and evaluates them."""
    settings, expected = draw_one(rng, [4, 3]), {"samples": ["meta"], "labels": ["meta"]}
    known = {
        "Nothing was moved.": {"samples": ["cpu"], "labels": []},
        "The labels were not moved.": expected | {"labels": ["cpu"]},
        "The samples were not moved, or what .to() returned was not used.": expected | {"samples": ["cpu"]},
    }

    assert_same(student.probe(probes.devices, name="evaluate", **settings), expected, known=known)
    assert_right_result(student, reference, probes, settings)


@pytest.mark.points(0)
@pytest.mark.hint("Everything that meets in an operation must be on one device.")
def test_on_a_gpu(student, reference, probes, rng):
    """evaluate gives the same on a GPU as on the CPU, where there is a GPU."""
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    settings = draw(rng, *LOADERS)
    expected = probes.evaluate(reference, **settings)

    assert_each_close(student.probe(probes.evaluate, **settings, device="cuda"), expected, rtol=1e-3, atol=1e-4)
