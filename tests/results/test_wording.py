"""What a student reads about one test, and what a student never reads."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.assignment import Assignment, Limits
from autograder.questions import Question
from autograder.results.grade import Grade, judge
from autograder.results.wording import block, escaped, message, one_line, overall, word
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

HINT = "Pad by K // 2."
PUBLIC = Spec("test_x::test_y", "x", "X holds.", points=4, hint=HINT)
HIDDEN = replace(PUBLIC, public=False)
ASSIGNMENT = Assignment(Path("small"), "Small", ("x.py",), 4, (Question("x", "X"),), limits=Limits(seconds=10))


def _case(verdict: Verdict, fraction: float = 0.0, case: str = "", **said: Any) -> Case:
    return Case(PUBLIC.id, case, verdict, fraction, **said)


def _said(spec: Spec, *cases: Case) -> str:
    (result,) = judge(ASSIGNMENT, [replace(spec, cases=max(spec.cases, len(cases)))], cases)
    return message(result, ASSIGNMENT)


def test_a_public_failure_says_everything() -> None:
    """Verdict, case, summary, details and hint stand on lines of their own."""
    case = _case(Verdict.FAILED, case="5x9", summary="expected shape (5, 9)", details="expected 1.5, got 2.5")

    assert _said(PUBLIC, case) == "\n".join(
        ["failed", "case 5x9:", "expected shape (5, 9)", "expected 1.5, got 2.5", f"hint: {HINT}"]
    )


def test_a_hidden_failure_says_summary_and_hint() -> None:
    """Neither details nor the case's parameters are told."""
    case = _case(Verdict.FAILED, case="5x9", summary="expected shape (5, 9)", details="expected 1.5, got 2.5")

    assert _said(HIDDEN, case) == f"failed\nexpected shape (5, 9)\nhint: {HINT}"


def test_a_finding_takes_the_place_of_the_hint() -> None:
    """What was recognised is a better hint than the test's own."""
    case = _case(Verdict.FAILED, summary="all elements differ", finding="The sign is wrong.")

    assert _said(HIDDEN, case) == "failed\nall elements differ\nhint: The sign is wrong."


def test_a_case_with_a_finding_is_told_before_one_without() -> None:
    """Where several cases fail alike, the one that says what is wrong helps most."""
    cases = [
        _case(Verdict.FAILED, case=f"{n}", summary="all elements differ", finding=said)
        for n, said in enumerate(["", "Flip."])
    ]

    assert "case 1:" in _said(PUBLIC, *cases)
    assert _said(PUBLIC, *cases).endswith("hint: Flip.")


def test_failing_cases_are_counted() -> None:
    """Three of five failing cases are said to be three, and the first one is told."""
    bad = [_case(Verdict.FAILED, case=name, summary=f"about {name}") for name in "abc"]

    said = _said(PUBLIC, *bad, *(_case(Verdict.PASSED, 1, case=name) for name in "de"))

    assert said.startswith("failed: 3 of 5 cases fail\ncase a:\nabout a\n")


def test_a_failure_of_the_whole_test_counts_no_cases() -> None:
    """Where one entry stands for all cases, as for a hand-in that does not open, nothing is counted."""
    case = _case(Verdict.FAILED, summary="the hand-in cannot be opened; the top of this report says why")

    assert _said(replace(PUBLIC, cases=3), case) == f"failed\n{case.summary}"


@pytest.mark.parametrize(
    ("case", "text"),
    [
        (_case(Verdict.PASSED, 1), "passed"),
        (
            _case(Verdict.PASSED, 0.5, summary="92 % of 93 %"),
            f"partly passed: 2 of 4 points\n92 % of 93 %\nhint: {HINT}",
        ),
        (_case(Verdict.NOT_ATTEMPTED), "still to do"),
        (_case(Verdict.NOT_GRADED, summary="needs y"), "not graded: needs y"),
        (_case(Verdict.NOT_GRADED), "not graded: something that it needs is missing"),
        (_case(Verdict.TIMED_OUT), f"timed out: took longer than 10 s\nhint: {HINT}"),
        (_case(Verdict.TIMED_OUT, summary="not tried again"), f"timed out: not tried again\nhint: {HINT}"),
        (_case(Verdict.CRASHED), "crashed: the process ended"),
        (_case(Verdict.CRASHED, summary="it died"), "crashed: it died"),
    ],
)
@pytest.mark.parametrize("spec", [PUBLIC, HIDDEN], ids=["public", "hidden"])
def test_each_verdict_has_its_sentence(spec: Spec, case: Case, text: str) -> None:
    """Public and hidden tests say the same where there is nothing to hide."""
    assert _said(spec, case) == text


def test_a_test_that_did_not_run_says_so() -> None:
    """No case at all means that the grading stopped."""
    assert _said(PUBLIC) == "not run: grading stopped before this test"


def test_cases_that_did_not_run_are_counted() -> None:
    """A test that was cut short says how many of its cases are missing."""
    said = _said(replace(PUBLIC, cases=3), _case(Verdict.PASSED, 1, case="a"))

    assert said == f"partly passed: 1.333 of 4 points; 2 of 3 cases did not run\nhint: {HINT}"


def test_the_least_earned_award_is_told() -> None:
    """Of several awarded fractions, the reason of the smallest is shown."""
    awards = [_case(Verdict.PASSED, f, case=str(f), summary=f"reached {f}") for f in (0.9, 0.2, 0.5)]

    assert "reached 0.2" in _said(HIDDEN, *awards)


def test_a_stubs_text_is_shown_for_public_tests_alone() -> None:
    """The text is the student's and could carry a hidden input out."""
    case = _case(Verdict.NOT_ATTEMPTED, summary="x: 0.123")

    assert (_said(PUBLIC, case), _said(HIDDEN, case)) == ("still to do\nx: 0.123", "still to do")


def test_a_grader_error_says_nothing_of_the_test() -> None:
    """What the grader broke on is for the instructor."""
    case = _case(Verdict.GRADER_ERROR, case="5x9", summary="secret", details="secret", finding="secret")

    assert _said(PUBLIC, case) == "NOT FINAL: a fault of the grader, and no loss of yours"


@pytest.mark.parametrize("verdict", list(Verdict))
@given(student=st.text(min_size=3))
def test_a_hidden_test_never_shows_details_or_case(verdict: Verdict, student: str) -> None:
    """Whatever happened, and whatever the student wrote, neither comes through."""
    case = _case(verdict, case="CASE", summary=student, details="DETAILS")

    assert not {"CASE", "DETAILS"} & set(_said(HIDDEN, case, replace(case, case="CASE2")).split())


def test_long_student_text_is_cut_before_the_hint() -> None:
    """4,000 characters stay, and the hint after them."""
    said = _said(PUBLIC, _case(Verdict.FAILED, summary="x" * 10_000))

    assert said == f"failed\n{'x' * 4_000} … (cut)\nhint: {HINT}"


def test_escape_sequences_are_written_out() -> None:
    """A terminal, a browser and a spreadsheet meet printable text."""
    assert escaped("a\x1b[31m\n\t\u202eb\0\ud800") == "a\\x1b[31m\n\t\\u202eb\\x00\\ud800"


@given(st.text())
def test_no_control_character_comes_through(text: str) -> None:
    """Only newline and tab stay in a block, and nothing in a line."""
    assert block(text).replace("\n", "").replace("\t", "").isprintable()
    assert one_line(text).isprintable()


@given(st.text(alphabet=st.characters(max_codepoint=0x2100), max_size=12), st.integers(1, 9))
def test_escaped_text_is_still_cut(text: str, most: int) -> None:
    """Writing a character out does not make a text longer than allowed."""
    assert len(block(text, most).removesuffix(" … (cut)")) <= most


def test_windows_line_ends_are_no_control_characters() -> None:
    """A traceback from Windows reads as it should."""
    assert block("a\r\nb\r\n") == "a\nb"


def test_the_whole_hand_in_is_told_in_order() -> None:
    """Fault, confinement, problem, notes and team; what the fault is stays out."""
    grade = Grade(ASSIGNMENT, "x", (), ("ada", "al\nan"), "no\x07 module", "SECRET", ("a note",), 0.0, "no Landlock")

    assert overall(grade).splitlines() == [
        "NOT FINAL: a fault of the grader. What was graded keeps its points; the rest will follow.",
        "UNCONFINED, so not an official grade: no Landlock",
        "no\\x07 module",
        "a note",
        "handed in by ada, al\\nan",
    ]


def test_a_fraction_is_named_in_words() -> None:
    """Passed with less than all points is not simply passed."""
    (result,) = judge(ASSIGNMENT, [PUBLIC], [_case(Verdict.PASSED, 0.5)])

    assert word(result) == "partly passed"
