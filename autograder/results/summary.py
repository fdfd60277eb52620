"""A grade on one line: what tables and stores show of it, without its tests."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.results import wording
from autograder.results.grade import Grade, TestResult
from coursekit.recording import combined
from coursekit.verdicts import Case, Verdict

_MOST_TELLING = (
    Verdict.TIMED_OUT,
    Verdict.CRASHED,
    Verdict.FAILED,
    Verdict.PASSED,
    Verdict.NOT_ATTEMPTED,
    Verdict.NOT_GRADED,
    Verdict.NOT_RUN,
    Verdict.DECIDED,
)
_SAID = {Verdict.TIMED_OUT: "hangs", Verdict.CRASHED: "crashes", Verdict.NOT_ATTEMPTED: "still to do"}


@dataclass(frozen=True)
class QuestionScore:
    """What one question earned.

    Attributes:
        question: its id.
        score: points; None where a fault of the grader leaves them unknown, or a person has yet to give them.
        maximum: points that there are.
        verdict: the worst of its tests, in words.
    """

    question: str
    score: float | None
    maximum: float
    verdict: str


@dataclass(frozen=True)
class Summary:
    """A grade without its tests.

    Attributes:
        hand_in: the hand-in's name; student text, so escape it.
        members: who handed in together, as the hand-in says; student text.
        score: points; None where a fault of the grader leaves them unknown.
        maximum: the assignment's points.
        stands_out: what an instructor should know, on one line.
        seconds: wall-clock seconds of the grading.
        badges: what bonus questions earned.
        questions: in the order of the report.
    """

    hand_in: str
    members: tuple[str, ...]
    score: float | None
    maximum: float
    stands_out: str
    seconds: float
    badges: tuple[str, ...] = ()
    questions: tuple[QuestionScore, ...] = ()

    @property
    def final(self) -> bool:
        """Whether no test met a fault of the grader."""
        return self.score is not None

    @property
    def awaited(self) -> float:
        """Points of written questions that no person has marked yet; until then the score is not complete."""
        return math.fsum(asked.maximum for asked in self.questions if asked.verdict == Verdict.AWAITING)

    @property
    def total(self) -> float | None:
        """The score, once nothing of it is unknown."""
        return None if self.awaited else self.score


def summary_of(grade: Grade) -> Summary:
    """Sum a grade up."""
    asked = [(question.id, grade.of(question)) for question in grade.assignment.questions]
    return Summary(
        grade.hand_in,
        grade.members,
        grade.score if grade.final else None,
        grade.assignment.points,
        stands_out(grade),
        grade.seconds,
        grade.badges,
        tuple(_question(name, results) for name, results in asked),
    )


def stands_out(grade: Grade) -> str:
    """Say in one line what an instructor should know of a grade."""
    if not grade.final:
        return f"{wording.NOT_FINAL}: {fault_of(grade)}"
    if grade.flags:
        return f"look at this: {wording.one_line(grade.flags[0])}"
    if grade.problem:
        return wording.one_line(grade.problem.splitlines()[0])
    judged = [result for result in grade.results if result.verdict is not Verdict.AWAITING]
    lost = [result for result in judged if result.spec.points and not result.whole]
    if not lost:
        return "everything passed"
    if all(result.verdict is Verdict.NOT_ATTEMPTED for result in judged):
        return "nothing attempted"
    first = min(lost, key=_rank)
    return f"{first.spec.question}: {_SAID.get(first.verdict) or _why(first)}"


def fault_of(grade: Grade) -> str:
    """Say what the grader broke on: what kept it from running, else the first test that broke."""
    details = [case.details for result in grade.results if not result.final for case in result.cases]
    return wording.one_line(grade.fault or next(filter(None, details), "no details"))


def verdict_of(results: Sequence[TestResult]) -> str:
    """Give a question's verdict: the worst of its tests."""
    worst = combined([Case(result.spec.id, "", result.verdict) for result in results])
    partly = worst is Verdict.PASSED and not all(result.whole for result in results)
    return "partly passed" if partly else str(worst)


def points_of(results: Sequence[TestResult]) -> str:
    """Say what tests earned, of how much; "?" where a part is unknown yet. What a person adds to nothing has a sign."""
    score, maximum = _score(results), _maximum(results)
    return f"{score:+g}" if score and not maximum else f"{wording.number(score)} of {maximum:g}"


def _question(name: str, results: Sequence[TestResult]) -> QuestionScore:
    return QuestionScore(name, _score(results), _maximum(results), verdict_of(results))


def _score(results: Sequence[TestResult]) -> float | None:
    known = all(result.final and result.verdict is not Verdict.AWAITING for result in results)
    return round(math.fsum(result.score for result in results), 2) if known else None


def _maximum(results: Sequence[TestResult]) -> float:
    return math.fsum(result.spec.points for result in results)


def _rank(result: TestResult) -> tuple[int, bool]:
    """Order tests by what they tell: the worst verdict first, then a misconception that was recognised."""
    told = wording.telling(result)
    return _MOST_TELLING.index(result.verdict), not (told and told.finding)


def _why(result: TestResult) -> str:
    case = wording.telling(result)
    summary = wording.one_line(case.summary) if case else ""
    return wording.hint_of(result) or summary or wording.word(result)
