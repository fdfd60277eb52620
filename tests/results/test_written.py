"""Written questions: they await a person in every form of a grade, and no total looks complete."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from autograder.assignment import Assignment
from autograder.questions import WRITTEN, Question, RubricItem
from autograder.results.grade import Grade, TestResult, judge
from autograder.results.gradescope import to_gradescope
from autograder.results.summary import points_of, stands_out, summary_of
from autograder.results.table import write_csv
from autograder.results.terminal import show, show_many
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

WHY = Question("why", "Why it works", kind=WRITTEN, points=3, rubric=(RubricItem("chain", 3, "names the rule"),))
ASSIGNMENT = Assignment(Path("small"), "Small", ("x.py",), 7, (Question("x", "X"), WHY))
SPEC = Spec("test_x::test_a", "x", "A holds.", points=4)


def _grade(assignment: Assignment = ASSIGNMENT, verdict: Verdict = Verdict.PASSED) -> Grade:
    case = Case(SPEC.id, "", verdict, float(verdict is Verdict.PASSED))
    return Grade(assignment, "ada.py", judge(assignment, (SPEC,), (case,)))


def _printed(grade: Grade) -> str:
    console = Console(width=100, file=(text := io.StringIO()))
    show(grade, console)
    show_many([summary_of(grade)], console)
    return text.getvalue()


def test_a_written_question_awaits_a_person() -> None:
    """It is in the report at its place, and earns nothing yet."""
    grade = _grade()

    assert [(r.number, r.verdict, r.score) for r in grade.of(WHY)] == [("2.1", Verdict.AWAITING, 0)]
    assert (grade.final, grade.score, grade.awaited) == (True, 4, 3)


def test_a_terminal_says_what_is_awaited() -> None:
    """In the total, in the table of questions, and below it."""
    said = _printed(_grade())

    assert "ada.py: 4 of 7, 3 awaited" in said
    assert "NOT COMPLETE: 3 points await a person" in said
    assert "│ Why it works │ ? of 3 │ awaiting a person │" in said
    assert "2.1 Why it works  (? of 3)\n  awaiting a person" in said
    assert "│ ada.py  │ 4 of 7, 3 awaited │ everything passed │" in said


def test_results_json_has_no_score_for_what_is_awaited() -> None:
    """The total is what the tests gave, and the text above it says that it is not complete."""
    data = to_gradescope(_grade())

    assert (data["score"], data["extra_data"]["final"], data["extra_data"]["complete"]) == (4, True, False)
    assert data["output"] == "NOT COMPLETE: 3 points await a person"
    assert {"score", "status"}.isdisjoint(data["tests"][1])
    assert (data["tests"][1]["max_score"], data["tests"][1]["output"]) == (3, "awaiting a person")


def test_a_table_leaves_cells_empty(tmp_path: Path) -> None:
    """A total would look like a grade."""
    write_csv(tmp_path / "grades.csv", [summary_of(_grade())])

    (row,) = csv.DictReader(io.StringIO((tmp_path / "grades.csv").read_text(encoding="utf-8")))
    assert (row["score"], row["max"], row["final"], row["x"], row["why"]) == ("", "7", "false", "4", "")


def test_a_question_without_points_keeps_no_total_open() -> None:
    """It is shown as awaiting a person, and the grade is complete."""
    assignment = replace(ASSIGNMENT, points=4, questions=(ASSIGNMENT.questions[0], replace(WHY, points=0)))
    grade = _grade(assignment)

    assert (grade.awaited, summary_of(grade).total) == (0, 4)
    assert "NOT COMPLETE" not in _printed(grade)
    data = to_gradescope(grade)
    assert data["extra_data"]["complete"] is True
    assert (data["tests"][1]["score"], "status" in data["tests"][1]) == (0, False)


@pytest.mark.parametrize(
    ("verdict", "said"), [(Verdict.NOT_ATTEMPTED, "nothing attempted"), (Verdict.FAILED, "x: failed")]
)
def test_what_stands_out_is_what_tests_found(verdict: Verdict, said: str) -> None:
    """An answer that nobody has read is nothing that stands out."""
    assert stands_out(_grade(verdict=verdict)) == said


@pytest.mark.parametrize(("score", "said"), [(0, "0 of 0"), (2, "+2"), (-0.5, "-0.5")])
def test_what_a_person_adds_to_nothing_has_a_sign(score: float, said: str) -> None:
    """No question gives "2 of 0 points"."""
    result = TestResult(replace(SPEC, points=0), "1.1", Verdict.PASSED, score)

    assert points_of([result]) == said
