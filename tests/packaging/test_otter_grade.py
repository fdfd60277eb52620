"""`otter grade`: what crosses between it and our container, and the same scores from both."""

import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import Any

import pytest

from autograder.grading.handin import handed_in
from autograder.packaging.container import main
from autograder.packaging.otter_grade import Answer
from autograder.results.gradescope import broken

Container = Callable[..., Path]
OtterGrade = Callable[[Path, str], dict[str, dict[str, str]]]
EMPTY = 'def double(x):\n    raise NotImplementedError("double: to do")\n'
HALF = "import numpy as np\n\n\ndef double(x):\n    return 2 * x\n\n\ndef twice(f, x):\n    return f(x)\n"
WRONG = "import numpy as np\n\n\ndef double(x):\n    raise TypeError\n\n\ndef twice(f, x):\n    return f(f(x))\n"
PRINTS = """
import sys, json
from pathlib import Path
import dill
answer = dill.loads(Path(sys.argv[1]).read_bytes())
print(json.dumps([answer.total, answer.percent, answer.has_catastrophic_failure(), answer.to_dict(), answer.summary()]))
"""


def as_otter_reads(ours: dict[str, Any], tmp_path: Path) -> list[Any]:
    """Unpickle our answer where Otter is: total, share, whether it failed, its tests, its text."""
    file = tmp_path / "results.pkl"
    file.write_bytes(pickle.dumps(Answer(json.dumps(ours))))
    command = [sys.executable, "-W", "ignore", "-c", PRINTS, str(file)]
    return list(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["alice.py"], "alice.py"),
        (["alice.zip", "__init__.py", ".DS_Store", "__MACOSX/x"], "alice.zip"),
        (["alice.ipynb"], "alice.ipynb"),
        (["alice.PY"], "alice.PY"),
        (["alice.txt"], ""),
        (["alice.py/small.py"], ""),
        (["small.py", "bob.py"], ""),
        ([], ""),
    ],
)
def test_only_file_is_the_hand_in_whatever_its_name(tmp_path: Path, names: list[str], chosen: str) -> None:
    """`otter grade` copies one file, named after who handed it in; several files are a folder."""
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert handed_in(tmp_path) == tmp_path / chosen


def test_link_is_not_followed(tmp_path: Path) -> None:
    """A link is opened as part of its folder, which refuses it."""
    (tmp_path / "alice.py").symlink_to("/etc/passwd")

    assert handed_in(tmp_path) == tmp_path


def test_otter_reads_our_scores_test_by_test(container: Container, tmp_path: Path) -> None:
    """What stands in results.json is what Otter's table gets, points to be had included."""
    root = container(HALF)
    main(root)
    ours = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    total, percent, failed, tests, text = as_otter_reads(ours, tmp_path)

    assert (total, percent, failed) == (ours["score"], ours["score"] / 10, False)
    assert [one["score"] for one in tests.values()] == [one["score"] for one in ours["tests"]]
    assert [one["possible"] for one in tests.values()] == [one["max_score"] for one in ours["tests"]]
    assert "hint: Call f on its own result." in text


def test_test_without_a_score_leaves_its_cell_and_the_total_empty(container: Container, tmp_path: Path) -> None:
    """A fault of ours in one test is no zero in Otter's table either; the others keep their points."""
    root = container(HALF)
    main(root)
    ours = json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))
    del ours["tests"][0]["score"], ours["tests"][0]["status"]
    total, percent, failed, tests, _ = as_otter_reads(ours, tmp_path)

    assert [isnan(total), isnan(percent), failed] == [True, True, False]
    assert [isnan(one["score"]) for one in tests.values()] == [True, False, False, False]


def test_grading_that_did_not_start_is_a_failure_in_otter_s_terms(tmp_path: Path) -> None:
    """Without a list of tests Otter must be told: else every hand-in would lose its columns."""
    total, percent, failed, tests, text = as_otter_reads(broken("it did not start"), tmp_path)

    assert [isnan(total), isnan(percent), failed, tests] == [True, True, True, {}]
    assert text == "NOT FINAL: a fault of the grader: it did not start"


def test_scores_are_those_of_run_autograder(
    otter_grade: OtterGrade, built: str, grade_in_container: Callable[..., dict[str, Any]], solved: str, tmp_path: Path
) -> None:
    """In the real engine, with the built zip: solved, empty and two wrong modules, each named after its student."""
    hand_ins = {"ada": solved, "bob": EMPTY, "cyd": HALF, "dan": WRONG}
    (tmp_path / "all").mkdir()
    for name, text in hand_ins.items():
        (tmp_path / "all" / f"{name}.py").write_text(text, encoding="utf-8")
    table = otter_grade(tmp_path / "all", "py")
    theirs = {name: float(table[f"{name}.py"]["total_points_earned"]) for name in hand_ins}
    ours = {name: grade_in_container(built, text)["score"] for name, text in hand_ins.items()}

    assert theirs == ours
    assert theirs["ada"] == 10 > theirs["cyd"] > theirs["bob"] == 0
    assert {row["grading_status"] for row in table.values()} == {"--", "Completed"}
