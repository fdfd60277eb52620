"""Hidden tests of freeze and replace_classifier.

A model cannot cross as data: probes build small backbones where the student's functions are.
"""

import numpy as np
import pytest

from coursekit import assert_each_close, assert_raises, assert_same

pytestmark = pytest.mark.question("transfer")

FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}
BACKBONES = pytest.mark.parametrize("kind", ["fc", "classifier", "nested"])


def images(rng, count):
    """Draw images (count, 3, 6, 5) that are far from what a backbone's statistics say."""
    return rng.normal(rng.uniform(-3, 3), 4, size=(count, 3, 6, 5)).astype(np.float32)


@pytest.mark.points(0.75)
@pytest.mark.hint(
    "Frozen part still changes its statistics: eval() once is not enough, for model.train() of the whole undoes it."
)
@BACKBONES
@pytest.mark.parametrize("larger", [False, True], ids=["alone", "in a larger model"])
@pytest.mark.parametrize("seed", range(5))
def test_batch_norm_stays_quiet(student, reference, probes, rng, kind, larger, seed):
    """freeze keeps weights, statistics and outputs of a model as they are while the whole is in training mode."""
    settings = {"kind": kind, "x": images(rng, 4), "larger": larger}
    expected = probes.transfer_frozen(reference, **settings)

    assert_each_close(student.probe(probes.transfer_frozen, **settings), expected, **FLOAT32)


@pytest.mark.points(0.75)
@pytest.mark.hint("The optimiser does not know the new layer: its parameters must require gradients, in the model.")
@BACKBONES
@pytest.mark.parametrize("seed", range(5))
def test_only_the_head_is_trained(student, reference, probes, rng, kind, seed):
    """replace_classifier gives a frozen model a head that an optimizer of the trainable parameters trains alone."""
    x = rng.normal(size=(6, 3, 6, 5)).astype(np.float32)
    settings = {"kind": kind, "x": x, "y": rng.integers(0, 3, size=6), "num_classes": 3}
    expected = probes.transfer_trained(reference, **settings)

    assert_same(student.probe(probes.transfer_trained, **settings), expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("Take the last name of an nn.Linear in named_modules, and set the new layer in the module above it.")
@BACKBONES
@pytest.mark.parametrize("num_classes", [1, 2, 9])
def test_place_of_the_head(student, reference, probes, kind, num_classes):
    """replace_classifier replaces the last linear layer, in its place and under its name, and nothing else."""
    settings = {"kind": kind, "num_classes": num_classes}
    expected = probes.transfer_replaced(reference, **settings)

    assert_same(student.probe(probes.transfer_replaced, **settings), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("The new head is fresh, has a bias, and requires gradients: no weight of the old one stays.")
@BACKBONES
@pytest.mark.parametrize("times", [1, 2])
def test_fresh_head(student, reference, probes, kind, times):
    """replace_classifier gives a fresh head with a bias, also for as many classes as before, and again."""
    settings = {"kind": kind, "num_classes": 6, "times": times}
    expected = probes.transfer_replaced(reference, **settings)

    assert_same(student.probe(probes.transfer_replaced, **settings), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("Model and new layer are on different devices: give nn.Linear the device of the old weight.")
@BACKBONES
def test_device_of_the_head(student, reference, probes, kind):
    """replace_classifier puts the new head on the device of the old one."""
    settings = {"kind": kind, "num_classes": 4, "device": "meta"}
    expected = probes.transfer_replaced(reference, **settings)

    assert_same(student.probe(probes.transfer_replaced, **settings), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("num_classes is an integer of at least 1; a model without nn.Linear has no head to replace.")
@pytest.mark.parametrize(
    ("kind", "num_classes", "error"),
    [
        ("fc", 0, ValueError),
        ("classifier", -2, ValueError),
        ("fc", 2.0, TypeError),
        ("nested", "2", TypeError),
        ("none", 3, ValueError),
    ],
    ids=["0 classes", "-2 classes", "a float", "text", "no linear layer"],
)
def test_bad_inputs(student, probes, kind, num_classes, error):
    """replace_classifier refuses numbers of classes that make no sense, and a model without a linear layer."""
    assert_same(student.probe(probes.transfer_bad_head, kind="fc", num_classes=3), (2, 3))

    assert_raises(error, student.probe, probes.transfer_bad_head, kind=kind, num_classes=num_classes)
