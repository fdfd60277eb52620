"""Hidden tests of predict.

A model cannot cross as data: probes run it where the student's functions are.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_each_close, assert_raises, assert_same

pytestmark = pytest.mark.question("predict")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
CLASSES = ["cat", "dog", "frog", "ship", "truck"]


def draw(rng, count, classes=5):
    """Draw the weights of two layers, and images (3, 6, 5)."""
    shapes = {"W1": (4, 3, 3, 3), "b1": (4,), "W2": (classes, 48), "b2": (classes,)}
    params = {name: rng.normal(0, 0.3, size=shape).astype(np.float32) for name, shape in shapes.items()}
    images = [rng.normal(size=(3, 6, 5)).astype(np.float32) for _ in range(count)]
    return {"params": params, "images": images, "classes": CLASSES[:classes]}


def draw_one(rng):
    """Draw the weights of two layers, and an image."""
    drawn = draw(rng, 1)
    return {"params": drawn["params"], "image": drawn["images"][0], "classes": CLASSES}


def a_wrong_prediction(training=False, graph=False, after=None, score=lambda logits: logits.softmax(dim=1)):
    """Build a module whose prediction differs from the right one in one thing."""

    def predict(model, image, classes, device="cpu"):
        before = model.training
        model.train(training)
        with torch.set_grad_enabled(graph):
            logits = model(image[None]).detach()
            model.train(before if after is None else after)
        place = int(logits.argmax())
        return classes[place], float(score(logits)[0, place])

    return SimpleNamespace(predict=predict)


WRONG = {
    "Softmax goes over the classes, not over the batch of one: dim=1.": a_wrong_prediction(
        score=lambda logits: logits.softmax(dim=0)
    ),
    "This is a logit: softmax makes probabilities of all of them.": a_wrong_prediction(score=lambda logits: logits),
    "This is the logarithm of the probability.": a_wrong_prediction(score=lambda logits: logits.log_softmax(dim=1)),
    "Softmax was applied twice.": a_wrong_prediction(score=lambda logits: logits.softmax(dim=1).softmax(dim=1)),
    "The classes exclude each other: use softmax, not the sigmoid.": a_wrong_prediction(score=torch.sigmoid),
    "The probability is a share, 0 to 1, not a percentage.": a_wrong_prediction(
        score=lambda logits: 100 * logits.softmax(dim=1)
    ),
    "Call eval() - and restore the mode.": a_wrong_prediction(training=True),
    "Prediction built a graph: run it under torch.no_grad().": a_wrong_prediction(graph=True),
}


@pytest.mark.points(1)
@pytest.mark.hint("unsqueeze(0), forward, softmax over the classes; then the largest of them, and its name.")
@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("seed", range(5))
def test_class_and_probability(student, reference, probes, rng, classes, seed):
    """predict gives the most probable class of each of several images, and its probability."""
    settings = draw(rng, 8, classes)
    expected = probes.predict_images(reference, **settings)
    known = {sentence: probes.predict_images(wrong, **settings)["probabilities"] for sentence, wrong in WRONG.items()}

    seen = student.probe(probes.predict_images, **settings)
    assert_close(seen["probabilities"], expected["probabilities"], **FLOAT32, known=known)
    assert_same(seen["names"], expected["names"])


@pytest.mark.points(0.5)
@pytest.mark.hint("Call model.eval() first: dropout and batch norm behave otherwise in training.")
@pytest.mark.parametrize("training", [True, False], ids=["from training mode", "from evaluation mode"])
@pytest.mark.parametrize("middle", ["mode", "dropout", "batch norm"])
@pytest.mark.parametrize("seed", range(5))
def test_evaluation_mode(student, reference, probes, rng, training, middle, seed):
    """predict runs the model and all of its parts in evaluation mode."""
    settings = draw(rng, 4) | {"middle": middle, "training": training}
    expected = probes.predict_images(reference, **settings)
    known = (
        {sentence: probes.predict_images(wrong, **settings)["probabilities"] for sentence, wrong in WRONG.items()}
        if middle != "dropout"
        else {}
    )

    seen = student.probe(probes.predict_images, **settings)
    assert_close(seen["probabilities"], expected["probabilities"], **FLOAT32, known=known)
    assert_same(seen["names"], expected["names"])


@pytest.mark.points(0.25)
@pytest.mark.hint("Model stayed in eval mode, or came into another mode than before: remember model.training at first.")
@pytest.mark.parametrize("training", [True, False], ids=["from training mode", "from evaluation mode"])
@pytest.mark.parametrize("middle", ["mode", "batch norm"])
def test_nothing_changes(student, reference, probes, rng, training, middle):
    """predict restores the model's mode, and changes no weight, statistic, gradient or image; training can go on."""
    settings = draw_one(rng) | {"middle": middle, "training": training}
    expected = probes.predict_midway(reference, **settings)
    other = probes.predict_midway(a_wrong_prediction(after=not training), **settings)
    sentence = "Model stayed in eval mode." if training else "Model came into training mode, where it was not before."
    known = {"logits": {sentence: other["logits"]}}

    assert_each_close(student.probe(probes.predict_midway, **settings), expected, **FLOAT32, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("Prediction built a graph: run it under torch.no_grad().")
@pytest.mark.parametrize("seed", range(5))
def test_no_graph(student, reference, probes, rng, seed):
    """predict records no gradients while the model runs."""
    settings = draw(rng, 3) | {"middle": "graph"}
    expected = probes.predict_images(reference, **settings)["probabilities"]
    known = {sentence: probes.predict_images(wrong, **settings)["probabilities"] for sentence, wrong in WRONG.items()}

    seen = student.probe(probes.predict_images, **settings)["probabilities"]
    assert_close(seen, expected, **FLOAT32, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("Add the batch axis in front with unsqueeze(0); return a str, and float(...) of the probability.")
def test_kinds(student, probes, rng):
    """predict gives the model the image as a batch of one, and returns a tuple of a name and a Python float."""
    settings = draw_one(rng)
    expected = settings["image"][None].copy()

    result = student.probe(probes.predict_results, **settings)
    assert isinstance(result, tuple), "return a tuple"
    assert_same([type(part).__name__ for part in result], ["str", "float"])
    assert_close(student.probe(probes.predict_inputs, **settings)[:1], expected[None], rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("Check first: the image has three axes, and three channels in front.")
@pytest.mark.parametrize("shape", [(6, 5, 3), (1, 3, 6, 5), (1, 6, 5), (6, 5), (4, 6, 5)], ids=str)
def test_bad_shapes(student, probes, rng, shape):
    """predict refuses what is not (3, H, W), and takes the rest."""
    settings = draw_one(rng)
    student.probe(probes.predict_results, **settings)

    image = rng.normal(size=shape).astype(np.float32)
    assert_raises(ValueError, student.probe, probes.predict_results, **settings | {"image": image})


@pytest.mark.points(0.25)
@pytest.mark.hint("Model and image are on different devices: .to(device) returns a new tensor.")
def test_device(student, reference, probes, rng):
    """predict moves the image to the model's device, and predicts it."""
    settings, way = draw_one(rng), {"middle": "nothing", "training": False}
    expected = probes.predict_midway(reference, **settings, **way)["probability"]

    assert_same(student.probe(probes.predict_devices, **settings), ["meta"])
    assert_close(student.probe(probes.predict_midway, **settings, **way)["probability"], expected, **FLOAT32)


@pytest.mark.points(0)
@pytest.mark.hint("Everything that meets in an operation must be on one device.")
def test_on_a_gpu(student, reference, probes, rng):
    """predict gives the same on a GPU as on the CPU, where there is a GPU."""
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    settings = draw(rng, 4)
    expected = probes.predict_images(reference, **settings)

    seen = student.probe(probes.predict_images, **settings, device="cuda")
    assert_close(seen["probabilities"], expected["probabilities"], rtol=1e-3, atol=1e-4)
