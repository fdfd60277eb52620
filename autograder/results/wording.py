"""What may be said to a student, in one place for every form of a grade.

Text that a student's code or file names may have written is cut, and its control
characters are written out, so that no form can be garbled or taken over by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.assignment import Assignment
from autograder.results.grade import Grade, TestResult
from coursekit.verdicts import Case, Verdict

NOT_FINAL = "NOT FINAL: a fault of the grader"
MOST_TEXT = 4_000  # characters of student text in one test's message
MOST_LINE = 200  # characters of a student's name or file name
_TOP_SAYS_WHY = "the top of this report says why"  # how a test ends that never met the student's code
_HINTED = (Verdict.FAILED, Verdict.TIMED_OUT, Verdict.PASSED)
_PLAIN = {Verdict.NOT_ATTEMPTED: "still to do", Verdict.NOT_RUN: "not run: grading stopped before this test"}
_COUNTED = (Verdict.FAILED, Verdict.TIMED_OUT, Verdict.CRASHED)


@dataclass(frozen=True)
class Said:
    """What a student may read of one test; what there is nothing to say about is empty.

    Attributes:
        verdict: what became of it, on one line.
        case: the case that the rest is about.
        reason: what differs.
        hint: what to try.
        compared: the arrays that differ, of a public test; see `coursekit.compared`.
        curves: how a public test's training went; see `coursekit.report`.
    """

    verdict: str
    case: str = ""
    reason: str = ""
    hint: str = ""
    compared: Mapping[str, Any] | None = None
    curves: Sequence[Mapping[str, Any]] = ()

    @property
    def text(self) -> str:
        """All of it as lines of text."""
        lines = [self.verdict, self.case, self.reason, f"hint: {self.hint}" if self.hint else ""]
        return "\n".join(line for line in lines if line)


def said(result: TestResult, assignment: Assignment) -> Said:
    """Say what became of a test, why, and what to try.

    For a public test: the verdict, which case decided it, what differs, the hint. For a
    hidden one: the verdict, the summary and the hint; never a case's name or its details.

    Args:
        result: the test.
        assignment: gives the time limit.
    """
    if not result.final:
        return Said(f"{NOT_FINAL}, and no loss of yours")
    told = telling(result)
    return Said(
        _verdict(result, told, assignment),
        _which_case(result, told),
        _reason(result, told),
        hint_of(result),
        told.compared if told and result.spec.public and result.verdict is Verdict.FAILED else None,
        told.curves if told and result.spec.public else (),
    )


def message(result: TestResult, assignment: Assignment) -> str:
    """Give what is said of a test as lines of text; see `said`."""
    return said(result, assignment).text


def is_told(result: TestResult) -> bool:
    """Whether a test is worth telling of: what a person says, else not one that is whole, nor a bonus left alone."""
    if result.verdict is Verdict.DECIDED:
        return True
    return not result.whole and (bool(result.spec.points) or result.verdict is not Verdict.NOT_ATTEMPTED)


def overall(grade: Grade) -> str:
    """Say what concerns the whole hand-in, as lines of text; see `remarks`."""
    return "\n".join(remarks(grade))


def remarks(grade: Grade) -> list[str]:
    """Say what concerns the whole hand-in; what the grader broke on is for the instructor alone."""
    parts = [
        "" if grade.final else f"{NOT_FINAL}. What was graded keeps its points; the rest will follow.",
        f"NOT COMPLETE: {grade.awaited:g} points await a person" if grade.awaited else "",
        f"UNCONFINED, so not an official grade: {grade.unconfined}" if grade.unconfined else "",
        block(grade.problem),
        *map(block, grade.notes),
        f"handed in by {', '.join(map(one_line, grade.members))}" if grade.members else "",
        f"{'badges' if len(grade.badges) > 1 else 'badge'} earned: {', '.join(grade.badges)}" if grade.badges else "",
    ]
    return [part for part in parts if part]


def number(score: float | None) -> str:
    """Write points; "?" where they are unknown."""
    return "?" if score is None else f"{score:g}"


def word(result: TestResult) -> str:
    """Name a verdict in a word or two."""
    return "partly passed" if _is_partial(result) else str(result.verdict)


def telling(result: TestResult) -> Case | None:
    """Give the case that a report should talk about: the worst verdict, the least earned, a misconception found."""
    worst = [case for case in result.cases if case.verdict is result.verdict]
    return min(worst, key=lambda case: (case.fraction, not case.finding), default=None)


def hint_of(result: TestResult) -> str:
    """Give the misconception that was found, else the test's hint; empty where neither would help."""
    case = telling(result)
    if case is None or result.whole or result.verdict not in _HINTED:
        return ""
    return "" if case.summary.endswith(_TOP_SAYS_WHY) else escaped(case.finding or result.spec.hint)


def escaped(text: str, keep: str = "\n\t") -> str:
    """Write out every character that is not printable, such as an escape sequence, as Python would in a string."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else c.encode("unicode_escape").decode("ascii") for c in text)


def block(text: str, most: int = MOST_TEXT) -> str:
    """Make student text fit for a report: no control characters but newline and tab, and cut."""
    return _cut(escaped(text[: most + 1].replace("\r\n", "\n")).rstrip(), most)


def one_line(text: str, most: int = MOST_LINE) -> str:
    """Make a student's name or file name fit for one line of a report."""
    return _cut(escaped(text[: most + 1], keep=""), most)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} … (cut)"


def _verdict(result: TestResult, told: Case | None, assignment: Assignment) -> str:
    """Say the verdict on one line, with its reason where that is short and the grader's own words."""
    reasons = {
        Verdict.TIMED_OUT: f"took longer than {assignment.limits.seconds:g} s",
        Verdict.CRASHED: "the process ended",
        Verdict.NOT_GRADED: "something that it needs is missing",
    }
    if result.verdict in reasons:
        said = f"{result.verdict}: {(told and block(told.summary)) or reasons[result.verdict]}"
    elif _is_partial(result):
        points = f": {result.score:.4g} of {result.spec.points:g} points" if result.spec.points else ""
        said = f"partly passed{points}"
    else:
        said = _PLAIN.get(result.verdict, str(result.verdict))
    counts = _counts(result, told)
    return f"{said}{'; ' if ':' in said else ': '}{counts}" if counts else said


def _counts(result: TestResult, told: Case | None) -> str:
    """Count the cases that fail or did not run; empty where the verdict is about the test as a whole."""
    ran, planned = len(result.cases), result.spec.cases
    if planned == 1 or told is None or not told.case:
        return ""
    wrong = sum(case.verdict is not Verdict.PASSED for case in result.cases)
    parts = [f"{wrong} of {planned} cases fail"] if result.verdict in _COUNTED else []
    parts += [f"{planned - ran} of {planned} cases did not run"] if ran < planned else []
    return ", ".join(parts)


def _which_case(result: TestResult, told: Case | None) -> str:
    """Name the case that the message tells of, where the student has the test."""
    if told is None or not told.case or not result.spec.public or result.verdict not in _COUNTED:
        return ""
    return f"case {one_line(told.case)}" + (":" if result.verdict is Verdict.FAILED else "")


def _reason(result: TestResult, told: Case | None) -> str:
    """Say what differs, as far as the student may know it."""
    if told is None:
        return ""
    if result.verdict is Verdict.FAILED:
        return block("\n".join(filter(None, [told.summary, told.details if result.spec.public else ""])))
    if result.verdict is Verdict.NOT_ATTEMPTED and result.spec.public:  # the stub's text is the student's
        return block(told.summary)
    own_words = {Verdict.PASSED, Verdict.DECIDED}  # the suite's, or those of a person who grades
    return block(told.summary) if result.verdict in own_words else ""


def _is_partial(result: TestResult) -> bool:
    return result.verdict is Verdict.PASSED and not result.whole
