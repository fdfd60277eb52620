"""Public tests of predict."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("predict")

CLASSES = ("cat", "dog", "ship")


def an_image(*logits):
    """Give an image (3, 4, 2) with one bright pixel in each channel."""
    image = np.full((3, 4, 2), -9.0, dtype=np.float32)
    image[:, 1, 0] = logits
    return image


@pytest.mark.points(0.75)
@pytest.mark.hint("A model takes batches: unsqueeze(0) first. Then softmax over the classes, and the largest of them.")
@pytest.mark.parametrize(("place", "name"), list(enumerate(CLASSES)), ids=CLASSES)
def test_one_image(student, probes, place, name):
    """predict gives the name of the most probable class, and its probability."""
    expected = float(np.exp(2) / (np.exp(2) + np.exp(1) + 1))  # the logits are 2, 1 and 0

    seen = student.probe(probes.predict_scores, image=an_image(*np.roll([2, 1, 0], place)), classes=CLASSES)
    assert isinstance(seen["result"], tuple), "return a tuple"
    found, probability = seen["result"]
    assert_same(found, name)
    assert_close(probability, expected, rtol=1e-4, atol=1e-5)
    assert_same([shape for shape, _ in seen["while it ran"]], [(1, 3, 4, 2)])


@pytest.mark.points(0.25)
@pytest.mark.hint("Call eval() - and restore the mode that the model was in.")
@pytest.mark.parametrize("training", [True, False], ids=["from training mode", "from evaluation mode"])
def test_modes(student, probes, training):
    """predict runs the model in evaluation mode, and restores the mode that it was in."""
    seen = student.probe(probes.predict_scores, image=an_image(0, 1, 2), classes=CLASSES, training=training)

    assert_same([mode for _, mode in seen["while it ran"]], [False])
    assert_same(seen["afterwards"], training)


@pytest.mark.points(0.25)
@pytest.mark.hint("Check image.shape first: three axes, and three channels in front.")
def test_shape_of_an_image(student, probes):
    """predict refuses an image whose channels come last."""
    student.probe(probes.predict_scores, image=an_image(0, 1, 2), classes=CLASSES)

    image = np.zeros((4, 2, 3), dtype=np.float32)
    assert_raises(ValueError, student.probe, probes.predict_scores, image=image, classes=CLASSES)
