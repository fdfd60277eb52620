"""What a person decides about a grade, and a grade with that on top."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.assignment import Assignment
from autograder.questions import Question
from autograder.results.grade import Grade, TestResult
from autograder.results.summary import QuestionScore, Summary
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict


@dataclass(frozen=True)
class Mark:
    """What a person found in a written answer.

    Attributes:
        items: ids of the rubric's items that it earns.
        comment: for the student; may be empty.
    """

    items: tuple[str, ...]
    comment: str = ""

    def share(self, question: Question) -> float:
        """Share of the rubric that is earned, 0 to 1."""
        earned = math.fsum(item.points for item in question.rubric if item.id in self.items)
        return earned / math.fsum(item.points for item in question.rubric)

    def said(self, question: Question) -> str:
        """Say what was found, item by item, and the comment."""
        lines = [f"{'+' if item.id in self.items else '-'} {item.text} ({item.points:g})" for item in question.rubric]
        return "\n".join(filter(None, [*lines, self.comment]))


@dataclass(frozen=True)
class Adjustment:
    """Points that a person adds or takes, and why.

    Attributes:
        question: id of the question.
        delta: points, below 0 where they are taken.
        reason: for the student.
    """

    question: str
    delta: float
    reason: str


def decided(grade: Grade, marks: Mapping[str, Mark], adjustments: Sequence[Adjustment]) -> Grade:
    """Put marks and adjustments on top of a grade; what the manifest has dropped since keeps its points.

    Args:
        grade: what the tests gave.
        marks: written question → what was found.
        adjustments: the first one first.
    """
    pairs = enumerate(grade.assignment.questions, 1)
    parts = [_decided(place, question, grade.of(question), marks, adjustments) for place, question in pairs]
    dropped = [result for result in grade.results if result.spec.question not in grade.assignment.by_id]
    return replace(grade, results=tuple(result for part in [*parts, dropped] for result in part))


def summed(
    summary: Summary, assignment: Assignment, marks: Mapping[str, Mark], adjustments: Sequence[Adjustment]
) -> Summary:
    """Put them on top of a grade without its tests, to the same score; see `decided`."""
    before = summary.questions
    after = tuple(_summed(score, assignment, marks, adjustments) for score in before)
    gained = math.fsum((new.score or 0.0) - (old.score or 0.0) for old, new in zip(before, after, strict=True))
    score = None if summary.score is None else round(summary.score + gained, 2)
    return replace(summary, score=score, questions=after)


def _decided(
    place: int,
    question: Question,
    results: Sequence[TestResult],
    marks: Mapping[str, Mark],
    adjustments: Sequence[Adjustment],
) -> list[TestResult]:
    mark = marks.get(question.id)
    found = [_marked(result, question, mark) if mark and question.rubric else result for result in results]
    for number, one in enumerate((one for one in adjustments if one.question == question.id), 1):
        spec = Spec(f"{question.id}::adjusted {number}", question.id, f"Adjusted by {one.delta:+g} points", 0.0)
        case = Case(spec.id, "", Verdict.DECIDED, 1.0, one.reason)
        found.append(TestResult(spec, f"{place}.{len(found) + 1}", Verdict.DECIDED, one.delta, (case,)))
    return found


def _summed(
    score: QuestionScore, assignment: Assignment, marks: Mapping[str, Mark], adjustments: Sequence[Adjustment]
) -> QuestionScore:
    """Give a question's score with what people have decided, as `_decided` would."""
    question, mark = assignment.by_id.get(score.question), marks.get(score.question)
    if question and question.rubric and mark:
        score = replace(score, score=question.points * mark.share(question), verdict=str(Verdict.DECIDED))
    delta = math.fsum(one.delta for one in adjustments if one.question == score.question)
    return score if score.score is None else replace(score, score=round(score.score + delta, 2))


def _marked(result: TestResult, question: Question, mark: Mark) -> TestResult:
    share = mark.share(question)
    case = Case(result.spec.id, "", Verdict.DECIDED, share, mark.said(question))
    return replace(result, verdict=Verdict.DECIDED, score=question.points * share, cases=(case,))
