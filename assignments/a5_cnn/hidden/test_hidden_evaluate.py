"""Hidden tests of evaluate.

A model cannot cross as data: probes run it where the student's functions are, and none of those can be replaced by
the reference's. What is wrong is computed by wrong evaluations through the same probes.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_each_close, assert_raises, assert_same

pytestmark = pytest.mark.question("evaluate")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
LOADERS = [[4, 4, 2], [1, 7], [5], [2, 3, 1, 4]]


def draw(rng, *loaders, classes=5):
    """Draw the weights of two layers, and loaders with batches of these sizes."""
    shapes = {"W1": (4, 3, 3, 3), "b1": (4,), "W2": (classes, 48), "b2": (classes,)}
    params = {name: rng.normal(0, 0.4, size=shape).astype(np.float32) for name, shape in shapes.items()}
    drawn = [[draw_batch(rng, n, classes) for n in sizes] for sizes in loaders]
    return {"params": params, "loaders": drawn, "options": {"num_classes": classes}}


def draw_batch(rng, count, classes):
    """Draw images (count, 3, 6, 5) and labels."""
    return rng.normal(size=(count, 3, 6, 5)).astype(np.float32), rng.integers(0, classes, size=count)


def draw_one(rng, sizes, classes=5):
    """Draw the weights of two layers, and the batches of one loader."""
    drawn = draw(rng, sizes, classes=classes)
    return {"params": drawn["params"], "batches": drawn["loaders"][0], "num_classes": classes}


def usual(losses, rights, sizes):
    """Give the mean loss and the accuracy."""
    return losses @ sizes / sizes.sum(), rights.sum() / sizes.sum()


def a_wrong_evaluation(training=False, after=None, graph=False, axis=1, result=usual, count=None):
    """Build a module whose evaluation differs from the right one in one thing."""

    def evaluate(model, loader, loss_fn, device="cpu", num_classes=10):
        before, losses, rights, sizes = model.training, [], [], []
        confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64)
        model.train(training)
        with torch.set_grad_enabled(graph):
            for x, y in loader:
                logits = model(x)
                predicted = logits.argmax(dim=axis)
                losses.append(loss_fn(logits, y).item())
                rights.append((predicted == y).sum().item())
                sizes.append(len(y))
                confusion = (count or counted)(confusion, y, predicted)
        model.train(before if after is None else after)
        return *result(*map(np.array, (losses, rights, sizes))), confusion

    return SimpleNamespace(evaluate=evaluate)


def counted(confusion, y, predicted):
    """Count each pair of a label and a prediction."""
    return confusion.index_put((y, predicted), torch.ones_like(y), accumulate=True)


def counted_once(confusion, y, predicted):
    """Count each pair once in a batch."""
    confusion = confusion.clone()
    confusion[y, predicted] += 1
    return confusion


SCORES = {
    "Weight by batch size: a smaller batch counts less than the others.": lambda losses, rights, sizes: (
        losses.mean(),
        (rights / sizes).mean(),
    ),
    "This is a sum over the samples: divide by their number.": lambda losses, rights, sizes: (
        losses @ sizes,
        rights.sum(),
    ),
    "This is a sum over the batches: each sample counts the same.": lambda losses, rights, sizes: (
        losses.sum(),
        (rights / sizes).sum(),
    ),
    "The loss is a mean over its batch: multiply by the batch's size before adding up.": lambda losses, rights, sizes: (
        losses.sum() / sizes.sum(),
        (rights / sizes).sum() / sizes.sum(),
    ),
    "This is the last batch alone.": lambda losses, rights, sizes: (losses[-1], (rights / sizes)[-1]),
    "The accuracy is a share, 0 to 1, not a percentage.": lambda losses, rights, sizes: (
        losses @ sizes / sizes.sum(),
        100 * rights.sum() / sizes.sum(),
    ),
    "This is the share of wrong predictions.": lambda losses, rights, sizes: (
        losses @ sizes / sizes.sum(),
        1 - rights.sum() / sizes.sum(),
    ),
}
WRONG = {
    **{sentence: a_wrong_evaluation(result=result) for sentence, result in SCORES.items()},
    "Call eval() - and restore the mode.": a_wrong_evaluation(training=True),
    "Evaluation built a graph: run it under torch.no_grad().": a_wrong_evaluation(graph=True),
    "Rows are the true classes, columns the predictions: yours are swapped.": a_wrong_evaluation(
        count=lambda confusion, y, predicted: counted(confusion, predicted, y)
    ),
    "Equal pairs in one batch were counted once: `confusion[y, predicted] += 1` does not add up.": a_wrong_evaluation(
        count=counted_once
    ),
    "These are the pairs of the last batch alone.": a_wrong_evaluation(
        count=lambda confusion, y, predicted: counted(torch.zeros_like(confusion), y, predicted)
    ),
}


def known_for(probes, **settings):
    """Compute what wrong evaluations give: for each part of a result, by the sentence that says what is wrong."""
    results = {sentence: probes.evaluate_loaders(wrong, **settings) for sentence, wrong in WRONG.items()}
    return {
        name: {sentence: result[name] for sentence, result in results.items()}
        for name in ("loss", "accuracy", "confusion")
    }


def assert_scores(result, expected, known):
    """Require the right losses and accuracies; the confusion has tests of its own."""
    for name in ("loss", "accuracy"):
        assert_close(result[name], expected[name], **FLOAT32, known=known.get(name))


@pytest.mark.points(0.75)
@pytest.mark.hint("Weight by batch size: add up over the samples, and divide once, at the end.")
@pytest.mark.parametrize("container", ["list", "generator"])
@pytest.mark.parametrize("loss", ["cross-entropy", "margin"])
@pytest.mark.parametrize("seed", range(5))
def test_every_sample_counts_the_same(student, reference, probes, rng, container, loss, seed):
    """evaluate gives the mean loss and the accuracy of all samples, however they are cut into batches."""
    settings = draw(rng, *LOADERS) | {"loss": loss}
    expected = probes.evaluate_loaders(reference, **settings)
    known = known_for(probes, **settings)

    assert_scores(student.probe(probes.evaluate_loaders, **settings, container=container), expected, known)


@pytest.mark.points(1)
@pytest.mark.hint(
    "num_classes rows, one for each true class, a column for each prediction; equal pairs in a batch all count."
)
@pytest.mark.parametrize("classes", [2, 5, 10])
@pytest.mark.parametrize("seed", range(5))
def test_confusion(student, reference, probes, rng, classes, seed):
    """evaluate counts the pairs of true and predicted class over the whole loader; without num_classes there are ten.

    The counts of a row are the samples of that class, and the diagonal holds what was right.
    """
    settings = draw(rng, [9, 9, 4], [1, 12], [30], classes=classes)
    if classes == 10:
        settings["options"] = {}
    expected = probes.evaluate_loaders(reference, **settings)["confusion"]
    known = known_for(probes, **settings)["confusion"]

    result = student.probe(probes.evaluate_loaders, **settings)["confusion"]
    assert_close(result, expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Call model.eval() first: dropout and batch norm behave otherwise in training.")
@pytest.mark.parametrize("training", [True, False], ids=["from training mode", "from evaluation mode"])
@pytest.mark.parametrize("middle", ["mode", "dropout", "batch norm"])
@pytest.mark.parametrize("seed", range(5))
def test_evaluation_mode(student, reference, probes, rng, training, middle, seed):
    """evaluate runs the model and all of its parts in evaluation mode."""
    settings = draw(rng, *LOADERS) | {"middle": middle, "training": training}
    expected = probes.evaluate_loaders(reference, **settings)
    known = known_for(probes, **settings) if middle != "dropout" else {}

    assert_scores(student.probe(probes.evaluate_loaders, **settings), expected, known)


@pytest.mark.points(0.25)
@pytest.mark.hint("In training mode, batch norm looks at the other images of a batch: call model.eval() first.")
@pytest.mark.parametrize("seed", range(5))
def test_sorted_by_class(student, reference, probes, rng, seed):
    """evaluate gives the same for a loader that is sorted by class as for any other order, with batch norm too."""
    settings = draw(rng, []) | {"middle": "batch norm"}
    labels = np.repeat(np.arange(5), 4)
    images = rng.normal(labels[:, None, None, None], 1, size=(20, 3, 6, 5)).astype(np.float32)
    orders = [np.arange(20), rng.permutation(20)]
    settings["loaders"] = [[(images[part], labels[part]) for part in order.reshape(5, 4)] for order in orders]
    expected = probes.evaluate_loaders(reference, **settings)
    known = known_for(probes, **settings)

    assert_scores(student.probe(probes.evaluate_loaders, **settings), expected, known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Model stayed in eval mode, or came into another mode than before: remember model.training at first.")
@pytest.mark.parametrize("training", [True, False], ids=["from training mode", "from evaluation mode"])
@pytest.mark.parametrize("seed", range(5))
def test_mode_afterwards(student, reference, probes, rng, training, seed):
    """evaluate restores the mode that the model and its parts were in."""
    settings = draw_one(rng, [3, 2]) | {"middle": "mode", "training": training}
    expected = probes.evaluate_midway(reference, **settings)
    other = probes.evaluate_midway(a_wrong_evaluation(after=not training), **settings)
    sentence = "Model stayed in eval mode." if training else "Model came into training mode, where it was not before."
    known = {"logits": {sentence: other["logits"]}}

    assert_each_close(student.probe(probes.evaluate_midway, **settings), expected, **FLOAT32, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("Evaluation built a graph: run it under torch.no_grad().")
@pytest.mark.parametrize("seed", range(5))
def test_no_graph(student, reference, probes, rng, seed):
    """evaluate records no gradients while the model runs."""
    settings = draw(rng, *LOADERS) | {"middle": "graph"}
    expected = probes.evaluate_loaders(reference, **settings)
    known = known_for(probes, **settings)

    assert_scores(student.probe(probes.evaluate_loaders, **settings), expected, known)


@pytest.mark.points(0.25)
@pytest.mark.hint("Predict per row: the largest logit of each sample, argmax(dim=1).")
@pytest.mark.parametrize("seed", range(5))
def test_one_prediction_for_each_row(student, reference, probes, rng, seed):
    """evaluate takes the largest logit of each sample, where a batch has as many samples as there are classes."""
    settings = draw(rng, [5], [5, 5], [5, 5, 5], [5] * 4)
    expected = probes.evaluate_loaders(reference, **settings)
    columns = probes.evaluate_loaders(a_wrong_evaluation(axis=0), **settings)
    known = {
        name: {"Predict per row: the largest logit of each sample.": columns[name]}
        for name in ("accuracy", "confusion")
    }

    assert_scores(student.probe(probes.evaluate_loaders, **settings), expected, known)


@pytest.mark.points(0.25)
@pytest.mark.hint("Evaluation takes no step, touches no gradient, and leaves autograd switched on for what comes next.")
@pytest.mark.parametrize("middle", ["nothing", "batch norm"])
@pytest.mark.parametrize("seed", range(5))
def test_nothing_changes(student, reference, probes, rng, middle, seed):
    """evaluate changes no weight, no statistic of batch norm and no gradient; training can go on."""
    settings = draw_one(rng, [4, 2, 3]) | {"middle": middle}
    expected = probes.evaluate_midway(reference, **settings)
    other = probes.evaluate_midway(a_wrong_evaluation(training=True), **settings)
    sentence = "Running statistics changed during evaluation."
    known = {name: {sentence: value} for name, value in other.items() if name.startswith("middle.0.running")}

    assert_each_close(student.probe(probes.evaluate_midway, **settings), expected, **FLOAT32, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("Use .item() or float(...) for loss and accuracy; the confusion is a tensor, int64; all in a tuple.")
@pytest.mark.parametrize("classes", [5, 10])
@pytest.mark.parametrize("sizes", [[1], [4, 3]], ids=str)
def test_kinds(student, reference, probes, rng, sizes, classes):
    """evaluate returns a tuple: loss and accuracy as Python floats, and a tensor (K, K) int64."""
    settings = draw_one(rng, sizes, classes)
    loss, accuracy, _ = probes.evaluate_results(reference, **settings)

    result = student.probe(probes.evaluate_results, **settings)
    assert isinstance(result, tuple), "return a tuple"
    assert_same(len(result), 3)
    assert all(isinstance(number, float) for number in result[:2]), "loss and accuracy are Python floats"
    assert isinstance(result[2], torch.Tensor), "the confusion is a tensor"
    assert_same((tuple(result[2].shape), str(result[2].dtype)), ((classes, classes), "torch.int64"))
    assert_each_close(result[:2], (loss, accuracy), **FLOAT32)


@pytest.mark.points(0.25)
@pytest.mark.hint("Without samples there is no mean: raise ValueError once the loop is done.")
@pytest.mark.parametrize("container", ["list", "generator"])
@pytest.mark.parametrize("sizes", [[], [0]], ids=["no batch", "a batch without samples"])
def test_nothing_to_evaluate(student, probes, rng, container, sizes):
    """evaluate refuses a loader that gives no sample, and takes the rest."""
    settings = draw(rng, [2, 3]) | {"container": container}
    student.probe(probes.evaluate_loaders, **settings)

    assert_raises(ValueError, student.probe, probes.evaluate_loaders, **settings | draw(rng, sizes))


@pytest.mark.points(0.25)
@pytest.mark.hint("Model and batch are on different devices: .to(device) returns a new tensor, for images and labels.")
def test_device(student, reference, probes, rng):
    """evaluate moves images and labels to the model's device, and evaluates them."""
    settings, expected = draw(rng, [4, 3]), {"images": ["meta"], "labels": ["beside the logits"]}
    moved = {"params": settings["params"], "batches": settings["loaders"][0], **settings["options"]}
    scores = probes.evaluate_loaders(reference, **settings)

    apart = "Model and batch are on different devices"
    known = {
        f"{apart}: nothing was moved.": {"images": ["cpu"], "labels": []},
        f"{apart}: the labels were not moved.": expected | {"labels": []},
        f"{apart}: the images were not moved, or what .to() returned was not used.": expected | {"images": ["cpu"]},
    }

    assert_same(student.probe(probes.evaluate_devices, name="evaluate", **moved), expected, known=known)
    assert_scores(student.probe(probes.evaluate_loaders, **settings), scores, {})


@pytest.mark.points(0)
@pytest.mark.hint("Everything that meets in an operation must be on one device; the confusion is on the CPU.")
def test_on_a_gpu(student, reference, probes, rng):
    """evaluate gives the same on a GPU as on the CPU, where there is a GPU."""
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    settings = draw(rng, *LOADERS)
    expected = probes.evaluate_loaders(reference, **settings)

    assert_each_close(student.probe(probes.evaluate_loaders, **settings, device="cuda"), expected, rtol=1e-3, atol=1e-4)
