"""A student's page: what it says, what it never says, and that student text stays text."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.assignment import Assignment
from autograder.questions import WRITTEN, Question, RubricItem
from autograder.results.grade import Grade, judge
from autograder.results.page import student_page
from autograder.results.record import record, restore
from autograder.results.wording import message
from coursekit.compared import compared
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

ESSAY = Question("why", "Why", kind=WRITTEN, points=3, rubric=(RubricItem("chain", 3, "names it"),))
BONUS = Question("walk", "The walk", badge="Graph walker")
QUESTIONS = (Question("x", "The X"), Question("y", "The Y"), BONUS, ESSAY)
ASSIGNMENT = Assignment(Path("small"), "Small & fine", ("x.py",), 9, QUESTIONS)
SPECS = (
    Spec("test_x::test_a", "x", "A holds.", points=4, hint="Try A."),
    Spec("test_y::test_b", "y", "B holds.", points=2, hint="Try B.", public=False),
    Spec("test_walk::test_c", "walk", "C walks.", points=0),
)
A, B, C = (spec.id for spec in SPECS)
PASSED = Case(A, "", Verdict.PASSED, 1.0)


class _Reader(HTMLParser):
    """Collects the text and the names of all elements."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.tags, self.attributes = [], [], set()  # type: ignore[var-annotated]

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != ["style"]:
            self.words += data.split()


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


def _grade(*cases: Case, specs: Sequence[Spec] = SPECS, **more: Any) -> Grade:
    return Grade(ASSIGNMENT, more.pop("name", "ada.py"), judge(ASSIGNMENT, specs, cases), **more)


def _text(grade: Grade) -> str:
    return " ".join(_read(student_page(grade)).words)


def test_points_stand_by_question_with_a_verdict_in_words() -> None:
    """A sign and a word, so that no colour is needed; what awaits a person is unknown."""
    text = _text(_grade(PASSED, Case(B, "", Verdict.FAILED)))

    assert "The X 4 of 4 ✓ passed The Y 0 of 2 ✗ failed" in text
    assert "Why ? of 3 ○ awaiting a person" in text
    assert "4 of 6 points NOT COMPLETE: 3 points await a person" in text


def test_a_public_failure_says_what_differs() -> None:
    """Its sentence, case, values and hint."""
    text = _text(_grade(Case(A, "5x9", Verdict.FAILED, summary="all differ", details="expected 1.5, got 2.5")))

    assert "1.1 A holds. ✗ failed (0 of 4 points)" in text
    assert "Hint: Try A. case 5x9: all differ expected 1.5, got 2.5" in text


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_hidden_test_never_shows_its_values(verdict: Verdict) -> None:
    """Neither a case's name nor details, whatever became of it."""
    text = _text(_grade(PASSED, Case(B, "CASE", verdict, summary="all differ", details="DETAILS")))

    assert "CASE" not in text
    assert "DETAILS" not in text


@pytest.mark.parametrize("spec", SPECS[:2], ids=["public", "hidden"])
def test_the_page_says_no_more_than_gradescope_does(spec: Spec) -> None:
    """One place decides what may be said: each line of the message is on the page, and what is no line is not."""
    grade = _grade(Case(spec.id, "5x9", Verdict.FAILED, summary="all differ", details="got 2.5", finding="Flip it."))
    (result,) = (result for result in grade.results if result.spec is spec)

    text = _text(grade)

    assert all(line.removeprefix("hint: ") in text for line in message(result, ASSIGNMENT).splitlines())
    assert ("got 2.5" in text) == spec.public


def _failed(spec: Spec, **more: Any) -> Grade:
    expected, actual = np.zeros((3, 4)), np.eye(3, 4)
    seen = compared(actual, expected, actual != expected)
    return _grade(Case(spec.id, "", Verdict.FAILED, summary="all differ", compared=seen), **more)


def test_a_public_failure_shows_pictures_with_a_table_beside() -> None:
    """Each with words in place of the picture, and the numbers around the first difference."""
    page = student_page(_failed(SPECS[0]))

    assert page.count('<img src="data:image/png;base64,') == 3
    assert 'alt="got: 3 by 4 numbers from 0 to 1"' in page
    assert "Around the first difference, at (0, 0): what was expected" in page
    assert '<td class="number">0<br><strong class="bad">got 1</strong></td>' in page


def test_patch_and_kernel_stand_below() -> None:
    """As numbers, with a caption each."""
    grade = _failed(SPECS[0])
    (case,) = grade.results[0].cases
    met = {"patch": [["", "7"]], "kernel": [["1", "2"]], "how": "turned by 180 degrees"}
    seen = replace(case, compared={**(case.compared or {}), "met": met})

    text = _text(_grade(seen))

    assert "The patch there; · lies outside · 7 The kernel, turned by 180 degrees 1 2" in text


def test_a_hidden_failure_shows_no_picture() -> None:
    """Even where its values were there to be drawn."""
    assert "<img" not in student_page(_failed(SPECS[1]))


def test_pictures_survive_the_store() -> None:
    """What is stored as JSON gives the same page again."""
    grade = _failed(SPECS[0])
    (case,) = grade.results[0].cases
    grade = _grade(replace(case, curves=LOSS))

    assert student_page(restore(json.loads(json.dumps(record(grade))), ASSIGNMENT)) == student_page(grade)


LOSS = ({"title": "loss", "lines": {"training": [(1, 2.0), (2, None), (3, 0.5)], "validation": [(1, 2.25)]}},)


@pytest.mark.parametrize("verdict", [Verdict.PASSED, Verdict.FAILED])
def test_a_training_shows_its_curves_with_a_table_beside(verdict: Verdict) -> None:
    """Whether the test passes or not, with words in place of the picture."""
    page = student_page(_grade(Case(A, "", verdict, float(verdict is Verdict.PASSED), curves=LOSS)))
    text = " ".join(_read(page).words)

    assert page.count('<img src="data:image/svg+xml;base64,') == 1
    assert 'alt="loss: training 0.5 after epoch 3; validation 2.25 after epoch 1"' in page
    assert (
        "How training went 1.1 A holds. loss loss by epoch epoch training validation 1 2 2.25 2 no number 3 0.5" in text
    )


def test_a_hidden_training_shows_no_curves() -> None:
    """Even where they were there to be drawn."""
    page = student_page(_grade(PASSED, Case(B, "", Verdict.PASSED, 1.0, curves=LOSS)))

    assert "How training went" not in page
    assert "<img" not in page


def test_a_table_of_curves_is_short() -> None:
    """A few epochs, the first and the last among them."""
    long = ({"title": "loss", "lines": {"training": [(epoch, 1.0) for epoch in range(1, 101)]}},)

    text = _text(_grade(replace(PASSED, curves=long)))

    assert "epoch training 1 1 15 1 29 1 43 1 58 1 72 1 86 1 100 1 What works" in text


def test_what_is_still_to_do_is_listed() -> None:
    """By the question's title; a bonus left alone is to do, too, and no failure."""
    text = _text(_grade(PASSED, Case(B, "", Verdict.NOT_ATTEMPTED), Case(C, "", Verdict.NOT_ATTEMPTED)))

    assert "Still to do The Y The walk" in text
    assert "3.1 C walks." not in text


def test_badges_notes_team_and_leaderboard_are_told() -> None:
    """All that is about the whole hand-in."""
    ranked = replace(PASSED, leaderboard=(("Accuracy", 0.934, "desc"),))
    more: dict[str, Any] = {"notes": ("left out: data.zip",), "members": ("ada", "bob")}

    text = _text(_grade(ranked, Case(C, "", Verdict.PASSED, 1.0), **more))

    assert "left out: data.zip handed in by ada, bob badge earned: Graph walker" in text
    assert "On the leaderboard Accuracy: 0.934" in text


def test_an_adjustment_is_shown_with_its_reason() -> None:
    """What a person has decided is part of the page."""
    spec = Spec("x::adjusted 1", "x", "Adjusted by -2 points", 0.0)
    grade = _grade(PASSED)
    case = Case(spec.id, "", Verdict.DECIDED, 1.0, "copied a line")
    adjusted = replace(grade.results[0], spec=spec, number="1.2", verdict=Verdict.DECIDED, score=-2.0, cases=(case,))

    text = _text(replace(grade, results=(grade.results[0], adjusted, *grade.results[1:])))

    assert "The X 2 of 4" in text
    assert "1.2 Adjusted by -2 points ✓ decided by a person (-2 points) copied a line" in text


@pytest.mark.parametrize("visibility", ["hidden", "after_due_date", "after_published"])
def test_tests_that_are_told_later_are_left_out(visibility: str) -> None:
    """With their points, so that the total tells nothing of them; the question goes with its only test."""
    specs = (SPECS[0], replace(SPECS[1], visibility=visibility))

    text = _text(_grade(PASSED, Case(B, "", Verdict.FAILED, summary="all differ"), specs=specs))

    assert "4 of 4 points; 2 more are shown later" in text
    assert "The Y" not in text
    assert "all differ" not in text


def test_a_fault_of_the_grader_is_no_loss() -> None:
    """No total, and nothing of what the grader broke on."""
    text = _text(_grade(PASSED, Case(B, "", Verdict.GRADER_ERROR, details="SECRET"), fault="SECRET"))

    assert "? of 6 points NOT FINAL: a fault of the grader." in text
    assert "2.1 B holds. ✗ NOT FINAL: a fault of the grader, and no loss of yours (? of 2 points)" in text
    assert "SECRET" not in text


def test_a_grading_that_did_not_end_has_no_total() -> None:
    """What was decided keeps its points in its question."""
    text = _text(_grade(PASSED, fault="the grader's process is gone"))

    assert "? of 6 points NOT FINAL" in text
    assert "The X 4 of 4 ✓ passed" in text


NASTY = """<script>alert(1)</script><img src=x onerror=alert(1)>"'{{ 7 * 7 }}\x1b[2J\u202e"""
PLACES: tuple[Callable[[str], Grade], ...] = (
    lambda text: _grade(name=text),
    lambda text: _grade(problem=text),
    lambda text: _grade(notes=(text,)),
    lambda text: _grade(members=(text,)),
    lambda text: _grade(Case(A, "", Verdict.FAILED, summary=text)),
    lambda text: _grade(Case(A, "", Verdict.FAILED, details=text)),
    lambda text: _grade(Case(A, text, Verdict.FAILED, finding=text)),
)


@pytest.mark.parametrize("place", PLACES, ids=["name", "problem", "note", "member", "summary", "details", "finding"])
def test_student_text_is_shown_as_text(place: Callable[[str], Grade]) -> None:
    """No element, no attribute and no control character comes from it."""
    page, plain = student_page(place(NASTY)), _read(student_page(place("nothing")))

    read = _read(page)
    assert (read.tags, read.attributes) == (plain.tags, plain.attributes)
    assert "<script>alert(1)</script><img src=x onerror=alert(1)>\"'{{ 7 * 7 }}\\x1b[2J\\u202e" in " ".join(read.words)


def test_long_student_text_is_cut() -> None:
    """A megabyte of output is no megabyte of page."""
    page = student_page(_grade(Case(A, "", Verdict.FAILED, summary="x" * 10**6), name="n" * 10**5, problem="p" * 10**6))

    assert len(page) < 20_000


def test_the_page_fetches_and_runs_nothing() -> None:
    """It is one file, for every reader: a language, headings, landmarks, no script, no address."""
    page = student_page(_grade(PASSED, Case(B, "", Verdict.FAILED)))
    read = _read(page)

    assert "default-src 'none'" in page
    assert {"script", "link", "iframe", "img", "form"}.isdisjoint(read.tags)
    assert {"main", "header", "h1", "h2", "h3"} <= {*read.tags}
    assert '<html lang="en">' in page
    assert not {name for name in read.attributes if name.startswith("on") or name == "src"}
