"""Public tests of freeze and replace_classifier."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("transfer")


@pytest.mark.points(0.5)
@pytest.mark.hint("Frozen part still changes its statistics: its batch-norm layers must stay in evaluation mode.")
def test_freeze(student, probes, rng):
    """freeze keeps weights and statistics of a model as they are, even inside a larger model in training mode."""
    expected = {"same model": True, "require gradients": 0, "changed": []}

    seen = student.probe(probes.transfer_frozen, x=rng.normal(3, 2, size=(5, 3, 6, 4)).astype(np.float32))
    before, after = seen.pop("outputs")
    assert_same(seen, expected)
    assert_close(after, before, rtol=1e-5, atol=1e-6)


@pytest.mark.points(0.5)
@pytest.mark.hint("Find the last nn.Linear by its name; set a new one in the same place of the module that holds it.")
@pytest.mark.parametrize("num_classes", [2, 9])
def test_new_head(student, probes, num_classes):
    """replace_classifier gives a frozen model a head for other classes, which alone is trained."""
    expected = {
        "fc": {
            "trainable": {"fc.weight": (num_classes, 4), "fc.bias": (num_classes,)},
            "logits": (2, num_classes),
        },
        "classifier": {
            "trainable": {"classifier.1.weight": (num_classes, 5), "classifier.1.bias": (num_classes,)},
            "logits": (2, num_classes),
        },
    }

    assert_same(student.probe(probes.transfer_replaced, num_classes=num_classes), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("Raise ValueError when no nn.Linear is there.")
def test_no_head(student, probes):
    """replace_classifier refuses a model that holds no linear layer."""
    assert_same(student.probe(probes.transfer_replaced, num_classes=3)["fc"]["logits"], (2, 3))

    assert_raises(ValueError, student.probe, probes.transfer_headless)
