"""Hand-ins that attack Otter rather than our grader: names of its packages, its log, its folders.

None gains a point, runs code outside of a worker, or keeps results.json from being written. What a
payload does when it runs where it may write: it makes a file, and none of them may exist afterwards.
"""

import json
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.packaging.container import main

Container = Callable[..., Path]
OtterGrade = Callable[[Path, str], dict[str, dict[str, str]]]
Files = dict[str, bytes]
HALF = "import numpy as np\n\n\ndef double(x):\n    return 2 * x\n\n\ndef twice(f, x):\n    return f(x)\n"
SHADOWED = (
    "autograder", "coursekit", "otter", "ipykernel_launcher", "ipykernel", "pytest", "numpy", "pandas", "dill",
    "nbformat", "nbconvert", "traitlets", "json", "pickle", "logging", "zipfile",
)  # fmt: skip
MARKER = """
for place in ({place!r}, "/autograder/results/payload-ran", "/autograder/payload-ran"):
    try:
        open(place, "w").close()
    except OSError:
        pass
"""
OTTER_TEST = """
from otter.test_files import test_case
OK_FORMAT = False
name = "gift"
points = 1000


@test_case()
def test_gift():
    pass
"""


class Payload:
    """Something that runs code where it is unpickled."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (self._code,)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """Name the file that a payload makes where it gets out."""
    return tmp_path / "payload-ran"


@pytest.fixture
def payload(marker: Path) -> bytes:
    """Give code that makes the file wherever it can."""
    return MARKER.format(place=str(marker)).encode()


@pytest.fixture
def hand_ins(payload: bytes, tmp_path: Path) -> dict[str, Files]:
    """Give the attacks: name → the files of its zip, beside a half right module."""
    wheel = tmp_path / "autograder-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("autograder/__init__.py", payload)
        archive.writestr("autograder/packaging/otter_plugin.py", payload)
    packages = {f"{name}/{file}.py": payload for name in SHADOWED for file in ("__init__", "__main__")}
    easy = b'import pytest\npytestmark = pytest.mark.question("double")\n\n\ndef test_gift(student):\n    pass\n'
    folders = {
        "suite/salt": b"mine",
        "suite/small/assignment.toml": b'title = "Small"\n',
        "suite/small/public/test_double.py": payload + easy,
        "suite/small/hidden/conftest.py": payload,
        f"wheels/{wheel.name}": wheel.read_bytes(),
        "tests/placeholder.py": payload + OTTER_TEST.encode(),
        "tests/gift.py": payload + OTTER_TEST.encode(),
        "files/suite/salt": b"mine",
        "source/otter_config.json": b'{"plugins": []}',
        "results/results.json": b'{"score": 1000}',
        "otter_config.json": b'{"plugins": [], "points_possible": 1000}',
        "__init__.py": payload,
    }
    log = {
        ".OTTER_LOG": pickle.dumps(Payload(payload.decode())),
        "results.pkl": pickle.dumps(Payload(payload.decode())),
    }
    module = {"small.py": payload + HALF.encode()}
    return {name: module | files for name, files in (("packages", packages), ("folders", folders), ("log", log))}


@pytest.fixture
def honest(container: Container) -> float:
    """Give what the half right module earns by itself."""
    root = container(HALF)
    main(root)
    return float(json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))["score"])


def zipped(files: Files, path: Path) -> Path:
    """Write a hand-in's zip."""
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def otter_run(autograder_zip: Path, hand_in: Path, out: Path) -> tuple[int, float | None]:
    """Run `otter run`: its exit status, and the score that it wrote."""
    out.mkdir()
    command = [sys.executable, "-W", "ignore", "-m", "otter", "run", "-a", str(autograder_zip), "-o", str(out)]
    done = subprocess.run([*command, str(hand_in)], cwd=out, capture_output=True, check=False)
    file = out / "results.json"
    return done.returncode, json.loads(file.read_text(encoding="utf-8")).get("score") if file.exists() else None


def test_payloads_do_run_where_nothing_holds_them(payload: bytes, marker: Path) -> None:
    """The control: the same bytes, imported or unpickled, make the file."""
    for run in (payload, b"import pickle; pickle.loads(%r)" % pickle.dumps(Payload(payload.decode()))):
        subprocess.run([sys.executable, "-c", run], check=True)
        marker.unlink()


@pytest.mark.parametrize("attack", ["packages", "folders", "log"])
def test_otter_run_gives_what_was_earned(
    autograder_zip: Path, hand_ins: dict[str, Files], marker: Path, honest: float, tmp_path: Path, attack: str
) -> None:
    """A zip that brings its own packages, suite, wheels, tests or log is graded as if these were not there."""
    hand_in = zipped(hand_ins[attack], tmp_path / "hand-in.zip")

    assert (otter_run(autograder_zip, hand_in, tmp_path / "out"), marker.exists()) == ((0, honest), False)


@pytest.mark.parametrize("name", ["autograder.py", "pytest.py", "json.py", "tests.py"])
def test_otter_run_takes_a_module_of_any_name(
    autograder_zip: Path, payload: bytes, marker: Path, honest: float, tmp_path: Path, name: str
) -> None:
    """Neither Otter's kernel nor our grader imports a module because of its name."""
    (tmp_path / name).write_bytes(payload + HALF.encode())

    assert otter_run(autograder_zip, tmp_path / name, tmp_path / "out") == (0, honest)
    assert not marker.exists()


def test_otter_run_takes_nothing_from_a_notebook_s_metadata(
    autograder_zip: Path, payload: bytes, marker: Path, honest: float, tmp_path: Path
) -> None:
    """Another kernel, Otter's own tests and its tags in a notebook change nothing."""
    gift = {"name": "gift", "points": 1000, "suites": []}
    metadata = {"kernelspec": {"name": "nowhere"}, "otter": {"OK_FORMAT": True, "tests": {"gift": gift}}}
    cell = {"cell_type": "code", "id": "a", "metadata": {"otter": {"tests": ["gift"]}}, "outputs": []}
    cell |= {"execution_count": None, "source": payload.decode() + HALF}
    notebook = {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "small.ipynb").write_text(json.dumps(notebook), encoding="utf-8")

    assert otter_run(autograder_zip, tmp_path / "small.ipynb", tmp_path / "out") == (0, honest)
    assert not marker.exists()


@pytest.mark.parametrize(
    "more",
    [{"tests": b""}, {"__init__.py/x": b""}, {"other.py": HALF.encode()}, {"broken.ipynb": b"{"}],
    ids=["file named tests", "folder named __init__.py", "two modules", "broken notebook"],
)
def test_what_otter_run_cannot_take_is_an_error_and_no_grade(
    autograder_zip: Path, payload: bytes, marker: Path, tmp_path: Path, more: Files
) -> None:
    """Otter itself stops before any plugin: the instructor sees that it failed, and there is no score, not even 0."""
    hand_in = zipped({"small.py": payload + HALF.encode()} | more, tmp_path / "hand-in.zip")

    assert (otter_run(autograder_zip, hand_in, tmp_path / "out"), marker.exists()) == ((1, None), False)


def test_otter_grade_gives_what_was_earned(
    otter_grade: OtterGrade,
    left_in_containers: Callable[[str], str],
    hand_ins: dict[str, Files],
    marker: Path,
    honest: float,
    tmp_path: Path,
) -> None:
    """In the real engine all of them, with what stops `otter run`: the same points, and nothing ran that should not."""
    module = hand_ins["log"]["small.py"]
    stopping = {"small.py": module, "tests": b"", "__init__.py/x": b"", "other.py": module}
    for name, files in (hand_ins | {"stopping": stopping}).items():
        zipped(files, tmp_path / "all" / f"{name}.zip")
    table = otter_grade(tmp_path / "all", "zip")

    earned = {name: row["total_points_earned"] for name, row in table.items() if name.endswith(".zip")}
    assert {name: float(points) for name, points in earned.items()} == {
        f"{name}.zip": honest for name in (*hand_ins, "stopping")
    }
    changes = left_in_containers("zip")
    assert "/autograder/results/results.json" in changes
    assert (marker.name in changes, marker.exists()) == (False, False)
