"""A course with a written question: its suite is proven and graded as if the question were not there."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.assignment import load_assignment
from autograder.authoring.markers import reference_text, starter_text
from autograder.errors import SuiteError
from autograder.grading.grade import Grader
from autograder.proof.claims import earns_everything, is_untouched
from coursekit.verdicts import Verdict

WRITTEN = """
[[questions]]
id = "why"
title = "Why it works"
kind = "written"
points = 3
rubric = [{ id = "chain", points = 3, text = "names the chain rule" }]
"""


@pytest.fixture
def folder(small_course: Path, tmp_path: Path) -> Path:
    """Give a copy of the small assignment with a written question of three points."""
    folder = Path(shutil.copytree(small_course / "assignments" / "small", tmp_path / "small"))
    manifest = (folder / "assignment.toml").read_text(encoding="utf-8")
    (folder / "assignment.toml").write_text(manifest.replace("points = 10", "points = 13") + WRITTEN, encoding="utf-8")
    return folder


def test_tests_grade_all_but_the_written_question(folder: Path, tmp_path: Path) -> None:
    """The reference earns everything that tests give, the starter is untouched, and both await a person."""
    assignment, solved, empty = load_assignment(folder), tmp_path / "solved.py", tmp_path / "empty.py"
    source = assignment.source.read_text(encoding="utf-8")
    solved.write_text(reference_text(source, assignment.source), encoding="utf-8")
    empty.write_text(starter_text(source, assignment.source), encoding="utf-8")
    with Grader(assignment, "salt") as grader:
        right, nothing = grader.grade(solved), grader.grade(empty)

    assert (right.score, right.awaited, right.final) == (10, 3, True)
    assert (earns_everything(right), is_untouched(nothing)) == ("", "")
    assert [result.verdict for result in right.of(assignment.by_id["why"])] == [Verdict.AWAITING]


def test_points_are_those_of_tests_and_written_questions(folder: Path) -> None:
    """The manifest's total is said twice on purpose, and both parts are named."""
    manifest = (folder / "assignment.toml").read_text(encoding="utf-8")
    (folder / "assignment.toml").write_text(manifest.replace("points = 13", "points = 12"), encoding="utf-8")

    with pytest.raises(SuiteError, match="'points' is 12, but the suites give 10 and written questions 3"):
        Grader(load_assignment(folder), "salt")


def test_a_kit_says_what_a_person_marks(folder: Path, tmp_path: Path) -> None:
    """The student's own run shows the question, and counts it to nothing that tests give."""
    import coursekit  # noqa: PLC0415 - its place is wanted

    kit = tmp_path / "kit"
    shutil.copytree(folder / "public", kit / "tests")
    shutil.copytree(coursekit.__path__[0], kit / "coursekit")
    shutil.copy(folder / "assignment.toml", kit)
    (kit / "small.py").write_text("def double(x):\n    raise NotImplementedError('double')\n", encoding="utf-8")
    (kit / "conftest.py").write_text('pytest_plugins = ["coursekit.plugin"]\n', encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(kit), str(kit)]
    done = subprocess.run(command, cwd=kit, capture_output=True, text=True, check=False)

    assert "the hidden tests give the rest of 10" in done.stdout
    assert "later      ? of 3    Why it works: a person marks it" in done.stdout
