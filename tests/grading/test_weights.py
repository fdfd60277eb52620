"""Trained weights beside a module: what is read, what is refused and why, and what a test may say of them."""

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.assignment import Assignment, load_assignment
from autograder.grading.grade import Grader
from autograder.grading.handin import HandIn, open_handin
from autograder.results.grade import Grade
from autograder.results.gradescope import to_gradescope
from coursekit.verdicts import Verdict

torch = pytest.importorskip("torch")
save_file = pytest.importorskip("safetensors.torch").save_file

MANIFEST = """
title = "Weighed"
hand_in = ["weighed.py"]
requires = ["torch", "safetensors"]
data = ["dots"]
weights = { file = "dots", parameters = 20 }
points = 4
limits = { seconds = 20, memory = "2 GiB" }

[[questions]]
id = "net"
title = "A net"
"""
MODULE = b"from torch import nn\n\ndef net():\n    return nn.Linear(2, 3)\n"
PROBES = '''
"""Procedures."""
import torch


def shapes(module):
    return {name: list(tensor.shape) for name, tensor in module.net().state_dict().items()}


def classes(module, state, points):
    net = module.net()
    net.load_state_dict(state)
    return net(torch.from_numpy(points).float()).argmax(dim=1).numpy()
'''
TESTS = '''
import pytest
from coursekit import assert_accuracy, assert_fits, count_right, gap

pytestmark = pytest.mark.question("net")


@pytest.mark.points(4)
def test_accuracy(student, probes, data, weights, report):
    """net says the class of points."""
    dots = data("dots")
    assert_fits(weights.state(), student.probe(probes.shapes), weights.name)
    parts, state = (dots.test, dots.unseen), weights.state()
    seen, fresh = (student.probe(probes.classes, state=state, points=part.images) for part in parts)
    counts = [(count_right(p, part.labels), len(part.labels)) for p, part in zip((seen, fresh), parts)]
    report.rank("Accuracy", counts[0][0] / counts[0][1])
    if found := gap(*counts, allowed=0.1):
        report.flag(found)
    assert_accuracy(seen, dots.test.labels, zero=0.4, full=0.9, aside=f"{counts[1][0]} of the others")
'''
GOOD = {"weight": torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 9.0]]), "bias": torch.zeros(3)}

GradeFiles = Callable[[dict[str, bytes]], Grade]


@pytest.fixture(scope="module")
def weighed(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """Write an assignment whose one test judges weights on points right and left of zero."""
    folder = tmp_path_factory.mktemp("course") / "assignments" / "weighed"
    for path, text in {
        "assignment.toml": MANIFEST, "weighed.py": MODULE.decode(), "probes.py": PROBES, "hidden/test_net.py": TESTS,
    }.items():  # fmt: skip
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text.lstrip(), encoding="utf-8")
    (folder / "data").mkdir()
    points = np.array([[10, 0], [250, 0]], np.uint8).repeat(50, axis=0)
    for part, labels in {"train": [0, 0], "test": [0, 0], "held_out": [0, 1]}.items():
        np.savez(folder / "data" / f"dots_{part}.npz", images=points, labels=np.repeat(labels, 50).astype(np.uint8))
    return load_assignment(folder)


@pytest.fixture(scope="module")
def graded(weighed: Assignment) -> Iterator[GradeFiles]:
    """Grade the module with the given files beside it."""
    with Grader(weighed, "salt", allow_unconfined=True) as grader:
        yield lambda files: grader.grade_files(HandIn("ada", {"weighed.py": MODULE, **files}))


def safe(state: dict[str, Any]) -> dict[str, bytes]:
    """Write a state dict as safetensors."""
    import safetensors.torch  # noqa: PLC0415

    return {"dots.safetensors": safetensors.torch.save(state)}


def pt(thing: object) -> dict[str, bytes]:
    """Write anything as a checkpoint of torch's."""
    file = io.BytesIO()
    torch.save(thing, file)
    return {"dots.pt": file.getvalue()}


def said(grade: Grade) -> str:
    """Give what became of the test, and why."""
    case = grade.results[0].cases[0]
    return f"{case.verdict}: {case.summary}"


@pytest.mark.parametrize(
    "files",
    [safe(GOOD), pt(GOOD), pt({"model": GOOD, "optimizer": {}, "epoch": 3})],
    ids=["safetensors", "pt", "a checkpoint of a training"],
)
def test_weights_are_judged_where_the_labels_are(graded: GradeFiles, files: dict[str, bytes]) -> None:
    """Points, a place on the leaderboard, and for the instructor that training on the test part would explain it."""
    grade = graded(files)
    data = to_gradescope(grade)

    assert (grade.score, grade.final) == (4, True)
    assert data["leaderboard"] == [{"name": "Accuracy", "value": 1.0, "order": "desc"}]
    assert "100.0% reached (95 % interval 96.3% to 100.0%)" in data["tests"][0]["output"]
    assert "50 of the others" in data["tests"][0]["output"]
    assert grade.flags[0].startswith("100.0% of the test set and 50.0% of the held-out images are right")
    assert "training on the test set" not in json.dumps(data)


class Bomb:
    """Runs a command where it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


def _with(**changes: Any) -> dict[str, Any]:
    return {name: tensor for name, tensor in {**GOOD, **changes}.items() if tensor is not None}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "not attempted: there is no dots.safetensors"),
        (pt(torch.nn.Linear(2, 3)), "dots.pt holds more than numbers, and is not run here: save the state dict"),
        (pt([1, 2]), "dots.pt is no state dict"),
        (pt({"weight": [1.0]}), "dots.pt is no state dict"),
        (pt(_with(bias=torch.zeros(3, dtype=torch.complex64))), "dots.pt: bias is complex"),
        (safe(_with(bias=torch.tensor([0.0, float("nan"), 0.0]))), "bias holds NaN or an infinity; train again"),
        (safe(_with(bias=None)), "dots.safetensors does not fit the model: bias is missing"),
        (safe(_with(extra=torch.zeros(1))), "does not fit the model: extra is not in the model"),
        (safe(_with(weight=torch.zeros(3, 4))), r"weight is (3, 4), in the model (3, 2)"),
        (safe(_with(extra=torch.zeros(41))), "dots.safetensors holds 50 numbers, and 40 are allowed"),
        (safe(_with(extra=torch.zeros(2**20))), "dots.safetensors has 4.0 MB, and 1.0 MB are allowed"),
        ({"dots.safetensors": b"\xff" * 64}, "dots.safetensors cannot be read (SafetensorError)"),
        ({"dots.safetensors": b""}, "dots.safetensors cannot be read"),
        ({"dots.pt": b"no checkpoint"}, "dots.pt holds more than numbers"),
        ({"dots.pt": pickle.dumps({"weight": 1})}, "dots.pt"),
    ],
)  # fmt: skip
def test_weights_that_cannot_be_used_are_refused_with_the_reason(
    graded: GradeFiles, files: dict[str, bytes], message: str
) -> None:
    """The student reads what is wrong and what to do; it costs this question, and is no fault of the grader."""
    grade = graded(files)

    assert (grade.score, grade.final) == (0, True)
    assert message in said(grade)


def test_code_in_a_checkpoint_never_runs(graded: GradeFiles, tmp_path: Path) -> None:
    """Neither in a plain pickle nor in torch's zip."""
    trace = tmp_path / "trace"
    tmp_path.chmod(0o777)
    bomb = Bomb(f"touch {trace}")

    for files in (pt({"weight": bomb}), pt(bomb), {"dots.pt": pickle.dumps(bomb)}):
        assert "dots.pt holds more than numbers, and is not run here" in said(graded(files))
        assert not trace.exists()


def test_a_file_that_unpacks_to_more_than_it_may_hold_is_refused(graded: GradeFiles) -> None:
    """Sizes are checked after reading too: a zip of zeros is small."""
    packed = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(pt({"weight": torch.zeros(2**22)})["dots.pt"]))
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            archive.writestr(name, source.read(name))

    assert "failed: dots.pt" in said(graded({"dots.pt": packed.getvalue()}))


def test_weights_travel_in_a_hand_in(weighed: Assignment, tmp_path: Path) -> None:
    """Beside the module in a folder; of two files for the same weights, the one that is only numbers is taken."""
    (tmp_path / "weighed.py").write_bytes(MODULE)
    missing = open_handin(tmp_path, weighed)
    save_file(GOOD, tmp_path / "dots.safetensors")
    found = open_handin(tmp_path, weighed)
    (tmp_path / "dots.pt").write_bytes(b"x")

    assert missing.notes == ("dots.safetensors is missing: without trained weights their question earns nothing",)
    assert (sorted(found.files), found.notes) == (["dots.safetensors", "weighed.py"], ())
    assert open_handin(tmp_path, weighed).notes == ("dots.pt is left out: dots.safetensors is graded",)


def test_weights_that_are_too_large_cost_their_question_alone(weighed: Assignment, tmp_path: Path) -> None:
    """The module beside them is graded, and a remark says why they were left out."""
    (tmp_path / "weighed.py").write_bytes(MODULE)
    with (tmp_path / "dots.safetensors").open("wb") as file:
        file.truncate(21 * 2**20)
    found = open_handin(tmp_path, weighed)

    assert sorted(found.files) == ["weighed.py"]
    assert found.notes == ("dots.safetensors is larger than 20 MB; the weights were left out",)


def test_verdict_names(graded: GradeFiles) -> None:
    """Weights that are missing are still to do, not wrong."""
    assert graded({}).results[0].verdict is Verdict.NOT_ATTEMPTED
