"""Public tests of save_checkpoint and load_checkpoint."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("checkpoints")


def draw(rng):
    """Draw images (5, 3, 4, 6), and labels for the 32 numbers that a convolution makes of each."""
    return {"X": rng.normal(size=(5, 3, 4, 6)).astype(np.float32), "y": rng.integers(0, 32, size=5)}


@pytest.mark.points(1)
@pytest.mark.hint("Save model.state_dict(), and load it with load_state_dict; the epoch goes along.")
def test_model(student, probes, rng):
    """load_checkpoint gives a new model the weights and statistics that save_checkpoint wrote, and the epoch."""
    seen = student.probe(probes.checkpoints_round_trip, **draw(rng))

    assert_same(seen["epoch"], 3)
    saved, loaded = seen["models"]
    for one, other in zip(saved, loaded, strict=True):
        assert_close(other, one, rtol=0, atol=0)


@pytest.mark.points(0.5)
@pytest.mark.hint("The optimizer has a state too: without its momenta, training does not go on as it would have.")
def test_optimizer(student, probes, rng):
    """load_checkpoint gives a new optimizer the state that save_checkpoint wrote."""
    seen = student.probe(probes.checkpoints_round_trip, **draw(rng))

    saved, loaded = seen["optimizers"]
    assert_same(len(loaded), len(saved))
    for one, other in zip(saved, loaded, strict=True):
        assert_close(other, one, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("Save the state dicts, not the objects: a file with the whole model holds more than data.")
def test_file(student, probes):
    """save_checkpoint writes one file: a dict of data with three keys."""
    expected = {"files": ["best.pt"], "keys": ["epoch", "model", "optimizer"]}

    assert_same(student.probe(probes.checkpoints_file), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("torch.load raises FileNotFoundError by itself: let it through.")
def test_missing_file(student, probes):
    """load_checkpoint refuses a file that is not there."""
    student.probe(probes.checkpoints_load_from, name="best.pt")

    assert_raises(FileNotFoundError, student.probe, probes.checkpoints_load_from, name="last.pt")
