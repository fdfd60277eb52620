"""Hidden tests of save_checkpoint and load_checkpoint.

A model cannot cross as data: probes save and load it where the student's functions are.
"""

import numpy as np
import pytest

from coursekit import assert_close, assert_each_close, assert_raises, assert_same

pytestmark = pytest.mark.question("checkpoints")

EXACT = {"rtol": 0, "atol": 0}
FLOAT32 = {"rtol": 1e-4, "atol": 1e-5}


def draw(rng, *sizes):
    """Draw the weights of two layers, and batches of these sizes."""
    shapes = {"W1": (4, 3, 3, 3), "b1": (4,), "W2": (5, 48), "b2": (5,)}
    params = {name: rng.normal(0, 0.4, size=shape).astype(np.float32) for name, shape in shapes.items()}
    steps = [(rng.normal(size=(n, 3, 6, 5)).astype(np.float32), rng.integers(0, 5, size=n)) for n in sizes]
    return {"params": params, "steps": steps}


@pytest.mark.points(0.75)
@pytest.mark.hint("Save data only, the two state dicts and the number: a whole model is code as well.")
@pytest.mark.parametrize("as_text", [False, True], ids=["Path", "str"])
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("epoch", [0, 12])
def test_contents_of_the_file(student, reference, probes, rng, as_text, kind, epoch):
    """save_checkpoint writes one file of data: a dict with the states of model and optimizer, and the epoch."""
    settings = draw(rng, 4, 2) | {"as_text": as_text, "kind": kind, "epoch": epoch}
    expected = probes.checkpoints_contents(reference, **settings)

    seen = student.probe(probes.checkpoints_contents, **settings)
    assert_same(seen["files"], expected["files"])
    assert_same(seen["rest"], expected["rest"])
    assert_each_close(seen["arrays"], expected["arrays"], **EXACT)


@pytest.mark.points(0.75)
@pytest.mark.hint("Load model and optimizer: without its momenta, training does not go on as it would have.")
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("seed", range(5))
def test_training_goes_on(student, reference, probes, rng, kind, seed):
    """load_checkpoint gives all that save_checkpoint wrote: training goes on as if it had never stopped."""
    drawn = draw(rng, 4, 3, 2, 4, 3)
    settings = {"params": drawn["params"], "steps": drawn["steps"][:3], "later": drawn["steps"][3:], "kind": kind}
    expected = probes.checkpoints_resumed(reference, **settings)

    seen = student.probe(probes.checkpoints_resumed, **settings, as_text=seed % 2 == 1)
    assert_each_close(seen, expected, **FLOAT32)


@pytest.mark.points(0.5)
@pytest.mark.hint("Use map_location: tensors from a GPU that is not there go where `device` says.")
@pytest.mark.parametrize("tag", ["cuda:7", "cpu"])
@pytest.mark.parametrize("built", [False, True], ids=["str", "torch.device"])
def test_file_from_a_gpu(student, reference, probes, rng, tag, built):
    """load_checkpoint reads a file on a processor that was written on a GPU."""
    settings = draw(rng, 4, 3) | {"tag": tag, "built": built}
    expected = probes.checkpoints_tagged(reference, **settings)

    assert_each_close(student.probe(probes.checkpoints_tagged, **settings), expected, **EXACT)


@pytest.mark.points(0.5)
@pytest.mark.hint("Load with weights_only=True, or a file from a stranger runs code of its own on your machine.")
@pytest.mark.parametrize("where", ["epoch", "model", "optimizer", "more"])
def test_file_with_code(student, probes, rng, where):
    """load_checkpoint runs nothing of what is in a file, and raises pickle.UnpicklingError."""
    expected = {"error": "pickle.UnpicklingError", "ran": False}

    assert_same(student.probe(probes.checkpoints_with_code, params=draw(rng)["params"], where=where), expected)


@pytest.mark.points(0.75)
@pytest.mark.hint("Write under another name in the same folder, then os.replace; on a failure remove that file.")
@pytest.mark.parametrize("failure", ["disk", "state"], ids=["full disk", "state that cannot be written"])
@pytest.mark.parametrize("seed", range(5))
def test_saving_fails_midway(student, reference, probes, rng, failure, seed):
    """save_checkpoint leaves the old file whole, and nothing else, when it fails midway."""
    settings = draw(rng, 4, 2) | {"failure": failure}
    expected = probes.checkpoints_failure(reference, **settings)

    seen = student.probe(probes.checkpoints_failure, **settings)
    assert_same((seen["files"], seen["epoch"]), (expected["files"], expected["epoch"]))
    assert_close(seen["weights"], expected["weights"], **EXACT)


@pytest.mark.points(0.25)
@pytest.mark.hint("os.replace does it in one step: there is no moment without a file. Both names are in one folder.")
def test_always_a_file(student, reference, probes, rng):
    """save_checkpoint replaces an old file in one step, by one that it wrote in the same folder."""
    settings = draw(rng, 4)
    expected = probes.checkpoints_always_there(reference, **settings)

    assert_same(student.probe(probes.checkpoints_always_there, **settings), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("load_state_dict is strict by itself: names and shapes must agree exactly.")
@pytest.mark.parametrize("difference", ["missing", "too many", "shape"])
def test_other_model(student, probes, rng, difference):
    """load_checkpoint refuses a file whose names or shapes are not the model's."""
    params = draw(rng)["params"]
    assert_same(student.probe(probes.checkpoints_mismatched, params=params, difference="none"), 4)

    assert_raises(RuntimeError, student.probe, probes.checkpoints_mismatched, params=params, difference=difference)


@pytest.mark.points(0.25)
@pytest.mark.hint("torch.load raises FileNotFoundError by itself: let it through.")
def test_missing_file(student, probes, rng):
    """load_checkpoint refuses a file that is not there."""
    params = draw(rng)["params"]
    assert_same(student.probe(probes.checkpoints_missing, params=params, name="best.pt"), 4)

    assert_raises(FileNotFoundError, student.probe, probes.checkpoints_missing, params=params, name="last.pt")
