"""`otter run` writes our results.json: the same as the container's, for each form that it takes."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.assignment import Assignment
from autograder.authoring.notebook import notebook
from autograder.packaging.container import main

Container = Callable[..., Path]
HALF = "import numpy as np\n\n\ndef double(x):\n    return 2 * x\n\n\ndef twice(f, x):\n    return f(x)\n"
TIMES = {"execution_time"}


def otter_run(autograder_zip: Path, hand_in: Path, out: Path) -> dict[str, Any]:
    """Run Otter's own command on a hand-in, and read what it wrote."""
    command = [sys.executable, "-W", "ignore", "-m", "otter", "run", "-a", str(autograder_zip), "-o", str(out)]
    subprocess.run([*command, str(hand_in)], cwd=out, check=True, capture_output=True)
    return dict(json.loads((out / "results.json").read_text(encoding="utf-8")))


def timeless(value: Any) -> Any:
    """Drop what differs from run to run."""
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in TIMES}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def test_results_are_those_of_the_container(autograder_zip: Path, container: Container, tmp_path: Path) -> None:
    """A half right module gets the same file from `otter run` as from run_autograder."""
    (tmp_path / "small.py").write_text(HALF, encoding="utf-8")
    ours = otter_run(autograder_zip, tmp_path / "small.py", tmp_path)
    root = container(HALF)
    main(root)

    theirs = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    assert timeless(ours) == timeless(theirs)
    assert 0 < ours["score"] < 10


def test_flat_zip_is_taken_with_folders_of_our_names(autograder_zip: Path, solved: str, tmp_path: Path) -> None:
    """A zip that brings its own suite, tests and log changes nothing: all of it goes aside."""
    with zipfile.ZipFile(tmp_path / "hand-in.zip", "w") as archive:
        archive.writestr("small.py", solved)
        archive.writestr("suite/salt", "other")
        archive.writestr("tests/test_double.py", "def test_nothing(): pass")
        archive.writestr(".OTTER_LOG", "no log")

    assert otter_run(autograder_zip, tmp_path / "hand-in.zip", tmp_path)["score"] == 10


def test_notebook_is_taken(autograder_zip: Path, small: Assignment, solved: str, tmp_path: Path) -> None:
    """A solved notebook earns what the module earns."""
    (tmp_path / "small.ipynb").write_text(notebook(small, solved, "# Small\n", {}), encoding="utf-8")

    assert otter_run(autograder_zip, tmp_path / "small.ipynb", tmp_path)["score"] == 10


def test_fault_of_ours_is_no_zero(autograder_zip: Path, solved: str, tmp_path: Path) -> None:
    """A zip whose suite cannot be used gives a results.json without a score."""
    with zipfile.ZipFile(autograder_zip) as good, zipfile.ZipFile(tmp_path / "broken.zip", "w") as broken:
        for name in good.namelist():
            if name != "files/suite/salt":
                broken.writestr(name, good.read(name))
    (tmp_path / "small.py").write_text(solved, encoding="utf-8")
    found = otter_run(tmp_path / "broken.zip", tmp_path / "small.py", tmp_path)

    assert found["output"].startswith("NOT FINAL: a fault of the grader")
    assert "score" not in found


@pytest.mark.parametrize("text", ["import os\nos._exit(0)\n", "while True:\n    pass\n"], ids=["exit", "loop"])
def test_module_that_ends_or_hangs_gets_a_report(autograder_zip: Path, tmp_path: Path, text: str) -> None:
    """What stops stock Otter, an exit or a loop at import, is an ordinary grade here."""
    (tmp_path / "small.py").write_text(text, encoding="utf-8")
    found = otter_run(autograder_zip, tmp_path / "small.py", tmp_path)

    assert (found["score"], len(found["tests"])) == (0, 4)
