"""Bonus questions: no points, a badge for who solves them, and no shame for who does not."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from autograder.assignment import Assignment
from autograder.questions import Question
from autograder.results.grade import Grade, judge
from autograder.results.gradescope import to_gradescope
from autograder.results.summary import stands_out
from autograder.results.terminal import show
from autograder.results.wording import overall
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

QUESTIONS = (Question("x", "X"), Question("bonus", "Bonus: Y", badge="Graph walker"))
ASSIGNMENT = Assignment(Path("small"), "Small", ("x.py",), 4, QUESTIONS)
SPECS = (
    Spec("test_x::test_a", "x", "A holds.", points=4),
    Spec("test_y::test_b", "bonus", "B holds.", points=0, cases=2),
)


def _grade(*bonus: Verdict) -> Grade:
    cases = [Case(SPECS[0].id, "", Verdict.PASSED, 1.0)]
    cases += [Case(SPECS[1].id, f"{n}", v, float(v is Verdict.PASSED)) for n, v in enumerate(bonus)]
    return Grade(ASSIGNMENT, "ada.py", judge(ASSIGNMENT, SPECS, cases))


def test_a_solved_bonus_earns_its_badge_and_no_points() -> None:
    """The badge stands at the top of the report, and in the data."""
    grade = _grade(Verdict.PASSED, Verdict.PASSED)

    assert (grade.score, grade.badges, overall(grade)) == (4, ("Graph walker",), "badge earned: Graph walker")
    assert to_gradescope(grade)["extra_data"]["badges"] == ["Graph walker"]


@pytest.mark.parametrize("second", [Verdict.FAILED, Verdict.NOT_ATTEMPTED])
def test_half_a_bonus_is_no_badge(second: Verdict) -> None:
    """Every case must pass; the score cannot tell, for it is 0 either way."""
    assert _grade(Verdict.PASSED, second).badges == ()


def test_a_bonus_left_alone_is_no_failure() -> None:
    """It has no status on Gradescope, no line of its own on the terminal, and does not stand out."""
    grade, console = _grade(Verdict.NOT_ATTEMPTED, Verdict.NOT_ATTEMPTED), Console(file=io.StringIO(), width=80)
    show(grade, console)

    assert "status" not in to_gradescope(grade)["tests"][1]
    assert "B holds." not in console.file.getvalue()  # type: ignore[attr-defined]
    assert stands_out(grade) == "everything passed"


def test_a_wrong_bonus_says_why() -> None:
    """Who tries reads what became of it."""
    grade, console = _grade(Verdict.PASSED, Verdict.FAILED), Console(file=io.StringIO(), width=80)
    show(grade, console)

    assert to_gradescope(grade)["tests"][1]["status"] == "failed"
    assert "2.1 B holds.  (0 of 0)" in console.file.getvalue()  # type: ignore[attr-defined]
