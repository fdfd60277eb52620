"""Hidden tests of SmallCNN: what every design must keep to. No design is compared with another.

A model cannot cross as data: probes build and run it where the student's functions are.
"""

import numpy as np
import pytest

from coursekit import assert_array, assert_close, assert_none_of, assert_same

pytestmark = pytest.mark.question("small_cnn")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
MEAN, STD = np.array([0.4914, 0.4822, 0.4465]), np.array([0.2470, 0.2435, 0.2616])
DROPPED = "A batch of one was dropped: do without squeeze(), and flatten(1) in the place of flatten()."
MOST_PARAMETERS, MOST_MULTIPLY_ADDS = 100_000, 12_000_000


def draw(rng, count):
    """Draw images of random pixels, normalised as the docstring says, and labels."""
    pixels = rng.integers(0, 256, size=(count, 3, 32, 32)) / 255
    images = (pixels - MEAN[:, None, None]) / STD[:, None, None]
    return {"images": images.astype(np.float32), "labels": rng.integers(0, 10, size=count)}


@pytest.mark.points(0.75)
@pytest.mark.hint(
    "Most parameters are in the linear layer: pool once more before it. Fewer channels cost less of both."
)
@pytest.mark.parametrize("num_classes", [10, 2])
def test_size(student, probes, num_classes):
    """SmallCNN has at most 100,000 parameters, and takes at most 12 million multiply-adds for an image."""
    size = student.probe(probes.small_cnn_size, num_classes=num_classes)

    assert size["parameters"], "No parameters found: use ModuleList/Sequential."
    assert size["parameters"] <= MOST_PARAMETERS, "there are more than 100,000 parameters"
    assert size["multiply-adds"] <= MOST_MULTIPLY_ADDS, "an image takes more than 12 million multiply-adds"


@pytest.mark.points(0.5)
@pytest.mark.hint(
    "Keep the batch dimension: x.flatten(1). squeeze() drops a batch of one; num_classes scores come out."
)
@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
@pytest.mark.parametrize(("num_classes", "classes"), [(None, 10), (1, 1), (7, 7), (100, 100)], ids=str)
def test_shapes(student, probes, num_classes, classes, training):
    """SmallCNN gives (N, num_classes) float32 in both modes, for a single image too."""
    counts = [2, 5] if training else [1, 2, 5]  # batch norm of single numbers cannot train on one image

    logits = student.probe(probes.small_cnn_logits, counts=counts, num_classes=num_classes, training=training)
    for count, array in zip(counts, logits, strict=True):
        assert_none_of({DROPPED: count == 1 and getattr(array, "shape", None) == (1, classes)})
        assert_array(array, shape=(1, count, classes), dtype=np.float32)


@pytest.mark.points(0.5)
@pytest.mark.hint(
    "F.dropout needs training=self.training, or use nn.Dropout; make all layers in __init__. "
    "Model must return raw scores; the loss applies softmax."
)
@pytest.mark.parametrize("count", [1, 6])
def test_evaluation(student, probes, count):
    """SmallCNN gives the same each time in evaluation mode, and raw scores."""
    logits = student.probe(probes.small_cnn_logits, counts=[count], times=4)[0]

    assert_array(logits, shape=(4, count, 10), dtype=np.float32)
    for again in logits[1:]:
        assert_close(again, logits[0], **FLOAT32)
    probabilities = np.allclose(logits.sum(axis=-1), 1, atol=1e-4) and logits.min() >= 0
    logarithms = logits.max() <= 0 and np.allclose(np.exp(logits).sum(axis=-1), 1, atol=1e-4)
    raw = "Model must return raw scores; the loss applies softmax."
    assert_none_of(
        {f"{raw} These are probabilities.": probabilities, f"{raw} These are log-probabilities.": logarithms}
    )


@pytest.mark.points(0.5)
@pytest.mark.hint("Ten equal probabilities give ln 10, about 2.3. The layers of PyTorch draw good weights themselves.")
@pytest.mark.parametrize("seed", range(5))
def test_first_loss(student, probes, rng, seed):
    """SmallCNN has a loss below 4 before it is trained."""
    losses = student.probe(probes.small_cnn_first_losses, **draw(rng, 64), count=2)

    assert (losses < 4).all(), "the loss is 4 or more"


@pytest.mark.points(0.5)
@pytest.mark.hint(
    "A layer that is made and not used learns nothing, nor does one before .detach(), .data or .numpy(). "
    "In training everything is zeroed? Check the second argument of F.dropout."
)
def test_every_parameter_learns(student, probes, rng):
    """SmallCNN gives each of its parameters a gradient, and its weights change in training."""
    axes, gradients, changes = student.probe(probes.small_cnn_moves, **draw(rng, 32), steps=5).T

    assert axes.size, "No parameters found: use ModuleList/Sequential."
    assert gradients.all(), "a parameter has no gradient"
    # a bias in front of batch norm has a gradient of 0, and is no mistake
    assert (changes[axes > 1] > 0).all(), "a weight does not change"


@pytest.mark.points(0.25)
@pytest.mark.hint(
    "A layer that is made in forward, or kept in a plain list, is not in state_dict: a checkpoint loses it."
)
def test_state(student, probes, rng):
    """SmallCNN keeps all that it learns in its state_dict: another model with that state gives the same."""
    before, _, still, carried = student.probe(probes.small_cnn_carried_over, **draw(rng, 16))

    assert_close(still, before, **FLOAT32)
    assert_close(carried, before, **FLOAT32)


@pytest.mark.points(0.25)
@pytest.mark.hint("Use the device that images and weights are on: no .cuda() and no name of a device in the model.")
def test_device(student, probes):
    """SmallCNN runs where its parameters and the images are, whether there is a GPU or not."""
    expected = "meta"

    assert_same(student.probe(probes.small_cnn_on, device="meta"), expected)


@pytest.mark.slow
@pytest.mark.points(0.75)
@pytest.mark.hint(
    "It learns too slowly: batch norm after each convolution helps most; less dropout, and ReLU in the place of "
    "sigmoid. Raw scores come out: the loss applies softmax."
)
def test_images_by_heart(student, probes, rng):
    """SmallCNN learns 64 images of random pixels by heart, in 300 steps of Adam over all of them."""
    settings = draw(rng, 64)

    seen = student.probe(probes.small_cnn_by_heart, **settings, steps=300)
    assert seen["parameters"] <= MOST_PARAMETERS, "there are more than 100,000 parameters: it was not trained"
    assert seen["multiply-adds"] <= MOST_MULTIPLY_ADDS, "more than 12 million multiply-adds: it was not trained"
    assert_array(seen["predicted"], shape=(64,))
    assert (seen["predicted"] == settings["labels"]).all(), "it does not know all of the 64 images"
