"""What an instructor sees on a terminal or in a pipe."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from autograder.assignment import Assignment
from autograder.questions import Question
from autograder.results.grade import Grade, judge
from autograder.results.summary import stands_out, summary_of
from autograder.results.terminal import show, show_many
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

ASSIGNMENT = Assignment(Path("small"), "Small", ("x.py",), 6, (Question("x", "The X"), Question("y", "The Y")))
SPECS = (
    Spec("test_x::test_a", "x", "A holds.", points=4, hint="Try A."),
    Spec("test_y::test_b", "y", "B holds.", points=2, hint="Try B.", public=False),
)
RIGHT = (Case(SPECS[0].id, "", Verdict.PASSED, 1.0), Case(SPECS[1].id, "", Verdict.PASSED, 1.0))


def _grade(cases: Sequence[Case] = RIGHT, name: str = "ada.py", **more: Any) -> Grade:
    return Grade(ASSIGNMENT, name, judge(ASSIGNMENT, SPECS, cases), seconds=1.25, **more)


def _with(verdict: Verdict, **said: Any) -> Grade:
    return _grade([RIGHT[0], Case(SPECS[1].id, "", verdict, 0.0, **said)])


def _printed(show: Callable[..., None], grades: object, *, width: int = 100, **options: bool) -> str:
    console = Console(file=io.StringIO(), width=width, **options)  # type: ignore[arg-type]
    show(grades, console)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def _row(text: str, name: str) -> list[str]:
    line = next(line for line in text.splitlines() if name in line)
    return [cell.strip() for cell in line.strip("│┃").split("│")]


def test_questions_are_listed_with_points_and_verdict() -> None:
    """The verdict is a word, so that no colour is needed."""
    text = _printed(show, _with(Verdict.FAILED, summary="all elements differ"))

    assert _row(text, "The X") == ["The X", "4 of 4", "passed"]
    assert _row(text, "The Y") == ["The Y", "0 of 2", "failed"]


def test_failing_tests_are_explained_below() -> None:
    """Number, title and points, then what the student reads; passed tests are not repeated."""
    text = _printed(show, _with(Verdict.FAILED, summary="all elements differ", details="SECRET"))

    assert text.endswith("\n2.1 B holds.  (0 of 2)\n  failed\n  all elements differ\n  hint: Try B.\n")
    assert "SECRET" not in text
    assert "A holds." not in text


def test_an_instructor_sees_what_the_grader_broke_on() -> None:
    """The score is unknown, and the test's own error is shown."""
    text = _printed(show, _with(Verdict.GRADER_ERROR, details="test_b.py:3: NameError: y"))

    assert _row(text, "The Y") == ["The Y", "? of 2", "grader error"]
    assert "ada.py: ? of 6" in text
    assert "for the instructor: test_b.py:3: NameError: y" in text
    assert "2.1 B holds.  (? of 2)" in text


def test_a_part_of_the_points_is_named() -> None:
    """A question that earned a part is partly passed."""
    text = _printed(show, _grade([RIGHT[0], Case(SPECS[1].id, "", Verdict.PASSED, 0.5, "half of it")]))

    assert _row(text, "The Y") == ["The Y", "1 of 2", "partly passed"]
    assert "half of it" in text


def test_a_pipe_gets_no_colours() -> None:
    """No escape sequence comes out where there is no terminal."""
    assert "\x1b" not in _printed(show, _with(Verdict.FAILED)) + _printed(
        show_many, [summary_of(_with(Verdict.FAILED))]
    )


def test_student_text_is_no_markup() -> None:
    """Brackets, emoji codes and escape sequences are shown as they are."""
    nasty = "[red]x[/] :smile: [/nothing] \x1b[2J"
    grade = _grade([RIGHT[0], Case(SPECS[1].id, "", Verdict.FAILED, 0.0, nasty)], name=nasty, problem=nasty)

    text = _printed(show, grade, width=200) + _printed(show_many, [summary_of(grade)], width=200)
    assert text.count(nasty.replace("\x1b", "\\x1b")) == 5
    assert "\x1b" not in text


def test_many_hand_ins_are_one_row_each() -> None:
    """Name, score, what stands out and seconds."""
    text = _printed(show_many, map(summary_of, [_grade(), _with(Verdict.FAILED)]))

    assert _row(text, "everything") == ["ada.py", "6 of 6", "everything passed", "1.2"]
    assert _row(text, "Try B") == ["ada.py", "4 of 6", "y: Try B.", "1.2"]


@pytest.mark.parametrize(
    ("grade", "text"),
    [
        (_grade(), "everything passed"),
        (_grade(fault="KeyboardInterrupt()"), "NOT FINAL: a fault of the grader: KeyboardInterrupt()"),
        (_with(Verdict.GRADER_ERROR, details="NameError"), "NOT FINAL: a fault of the grader: NameError"),
        (_with(Verdict.GRADER_ERROR), "NOT FINAL: a fault of the grader: no details"),
        (_grade(problem="x.py is not valid Python:\nline 2"), "x.py is not valid Python:"),
        (_with(Verdict.FAILED, finding="The sign is wrong."), "y: The sign is wrong."),
        (_with(Verdict.FAILED), "y: Try B."),
        (_with(Verdict.TIMED_OUT), "y: hangs"),
        (_with(Verdict.CRASHED), "y: crashes"),
        (_with(Verdict.NOT_ATTEMPTED), "y: still to do"),
        (_with(Verdict.NOT_GRADED, summary="needs x"), "y: needs x"),
        (_grade(RIGHT[:1]), "y: not run"),
        (_grade([Case(spec.id, "", Verdict.NOT_ATTEMPTED) for spec in SPECS]), "nothing attempted"),
    ],
)
def test_what_stands_out_is_one_line(grade: Grade, text: str) -> None:
    """The most telling fact of a grade."""
    assert stands_out(grade) == text


def test_a_hang_stands_out_before_a_failure() -> None:
    """What needs a look comes first, whatever the order of the questions."""
    cases = [Case(SPECS[0].id, "", Verdict.FAILED), Case(SPECS[1].id, "", Verdict.TIMED_OUT)]

    assert stands_out(_grade(cases)) == "y: hangs"


def test_a_recognised_misconception_stands_out() -> None:
    """Of two failures, the one whose cause is known says more."""
    cases = [Case(SPECS[0].id, "", Verdict.FAILED), Case(SPECS[1].id, "", Verdict.FAILED, finding="The sign is wrong.")]

    assert stands_out(_grade(cases)) == "y: The sign is wrong."
