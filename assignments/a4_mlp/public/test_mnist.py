"""Public tests of build_mnist_model and fit_mnist."""

import numpy as np
import pytest

from coursekit import assert_accuracy, assert_array, assert_close

pytestmark = pytest.mark.question("mnist")


@pytest.mark.points(1)
@pytest.mark.hint("Your MLP flattens its input itself; choose the hidden sizes so that all parameters fit.")
def test_new_model(student, probes, rng):
    """build_mnist_model gives ten logits for each image, flat or not, with at most 300,000 parameters."""
    images = rng.integers(0, 256, size=(3, 28, 28), dtype=np.uint8)

    seen = student.probe(probes.new_model, seed=1, images=images)
    assert_array(seen["logits"], shape=(3, 10), dtype=np.float32)
    assert_close(seen["logits of flat images"], seen["logits"], rtol=1e-4, atol=1e-5)
    assert 0 < seen["parameters"] <= 300_000, f"{seen['parameters']:,} parameters"


@pytest.mark.slow
@pytest.mark.points(1.5)
@pytest.mark.hint(
    "Print the Trainer's history: the loss should fall in each epoch. Look at loss, order and learning rate."
)
def test_some_digits(student, probes, data, report):
    """fit_mnist trains on 3,000 digits until the model reads most of 1,000 others."""
    images, labels = next(iter(data.values())).train
    train, val, right = (images[:3000], labels[:3000]), (images[3000:3500], labels[3000:3500]), labels[3500:4500]

    seen = student.probe(probes.digits, train=train, val=val, images=images[3500:4500], seed=1)
    history = seen["history"]
    report.curve("loss", training=history.get("train_loss"), validation=history.get("val_loss"))
    report.curve("accuracy", validation=history.get("val_accuracy"))
    assert_accuracy(seen["predicted"], right, zero=0.5, full=0.8)
