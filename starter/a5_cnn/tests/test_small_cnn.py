"""Public tests of SmallCNN: what every design must keep to."""

import numpy as np
import pytest

from coursekit import assert_same

pytestmark = pytest.mark.question("small_cnn")


@pytest.mark.points(0.75)
@pytest.mark.hint("Flatten all axes but the first: x.flatten(1). The last layer gives num_classes numbers.")
@pytest.mark.parametrize(("options", "classes"), [({}, 10), ({"num_classes": 4}, 4)], ids=["by default", "four"])
def test_shapes(student, probes, options, classes):
    """SmallCNN gives a score for each class and image, for a single image too."""
    expected = [(3, classes), (1, classes)]

    assert_same(student.probe(probes.small_cnn_shapes, counts=[3, 1], **options), expected)


@pytest.mark.points(0.75)
@pytest.mark.hint(
    "Most parameters are in the linear layer: pool once more before it. Fewer channels cost less of both."
)
def test_size(student, probes):
    """SmallCNN has at most 100,000 parameters, and takes at most 12 million multiply-adds for an image."""
    size = student.probe(probes.small_cnn_size)

    assert 0 < size["parameters"] <= 100_000, f"{size['parameters']:,} parameters"
    assert size["multiply-adds"] <= 12_000_000, f"{size['multiply-adds']:,} multiply-adds"


@pytest.mark.points(0.5)
@pytest.mark.hint("Ten equal probabilities give ln 10, about 2.3. The layers of PyTorch draw good weights themselves.")
def test_first_loss(student, probes, rng):
    """SmallCNN has a loss below 4 before it is trained."""
    images, labels = rng.normal(size=(32, 3, 32, 32)).astype(np.float32), rng.integers(0, 10, size=32)

    loss = student.probe(probes.small_cnn_first_loss, images=images, labels=labels)
    assert loss < 4, f"the loss is {loss:.2f}"
