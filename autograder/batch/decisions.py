"""What people decide about grades: marks of written answers, and adjustments.

Both are only ever appended to the store, and are put on top of what the tests gave each time that
a grade is shown: a regrade cannot lose them. They are about a hand-in, and so about all of its team.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.assignment import Assignment
from autograder.batch.entries import Entry
from autograder.batch.people import People, Student, folded
from autograder.batch.schema import ADJUSTMENTS, MARKS
from autograder.batch.store import Store
from autograder.errors import PeopleError, StoreError
from autograder.questions import Question
from autograder.results.files import write_grade
from autograder.results.grade import Grade, TestResult
from autograder.results.record import restore
from autograder.results.summary import QuestionScore, Summary
from autograder.results.table import write_csv
from autograder.results.wording import one_line
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

TABLE = "grades.csv"


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


class Decisions:
    """What people have decided about the hand-ins of a run, each found by who handed in.

    Args:
        store: the run's store.
        roster: the platform's list of students, to find them by what it calls them.

    Attributes:
        entries: all hand-ins of the run.
        people: who is who, in roster and hand-ins.
    """

    def __init__(self, store: Store, roster: Sequence[Student] = ()) -> None:
        self._store, self.entries = store, store.entries()
        self.people = People(roster, self.entries)
        self._own = People(entries=self.entries) if roster else self.people  # decisions are kept without a roster
        self._marks: dict[str, list[tuple[int, str, Mark]]] = {}
        self._adjustments: dict[str, list[Adjustment]] = {}
        for row in store.rows(MARKS):
            mark = Mark(tuple(row.items), row.comment)
            self._marks.setdefault(folded(row.person), []).append((row.id, row.question, mark))
        for row in store.rows(ADJUSTMENTS):
            made = Adjustment(row.question, row.delta, row.reason)
            self._adjustments.setdefault(folded(row.person), []).append(made)

    def current(self) -> list[Entry]:
        """List the last hand-in of each person or team."""
        ordered = sorted(self.entries, key=lambda entry: (entry.submission.attempt, entry.id))
        return [*{self.person(entry): entry for entry in ordered}.values()]

    def person(self, entry: Entry) -> str:
        """Give the name under which decisions about a hand-in are kept."""
        return self._names(entry)[0]

    def label(self, entry: Entry) -> str:
        """Give the name by which people find a hand-in."""
        return self._own.label(self._own.team(entry)[0])

    def find(self, text: str, where: object = "STUDENT") -> list[Entry]:
        """Find the hand-ins of a person, or the one of a name, the last one last.

        Raises:
            PeopleError: if nobody goes by it, several people do, or who does has handed in nothing.
        """
        if named := [entry for entry in self.entries if one_line(entry.submission.key) == text]:
            return named
        student = self.people.find(text, where)
        own = [entry for entry in self.entries if student in self.people.team(entry)]
        if not own:
            raise PeopleError(where, f"'{one_line(text)}' has handed in nothing", "name somebody who has")
        return sorted(own, key=lambda entry: (entry.submission.attempt, entry.id))

    def marks(self, entry: Entry) -> Mapping[str, Mark]:
        """Give what was found in a hand-in's written answers: question → the last mark."""
        found = [mark for name in self._names(entry) for mark in self._marks.get(name, ())]
        return {question: mark for _, question, mark in sorted(found, key=lambda mark: mark[0])}

    def adjustments(self, entry: Entry) -> list[Adjustment]:
        """List how a hand-in's points were adjusted, the first adjustment first."""
        return [one for name in self._names(entry) for one in self._adjustments.get(name, ())]

    def decided(self, entry: Entry, grade: Grade) -> Grade:
        """Put on top of a hand-in's grade what people have decided about it."""
        marks, adjustments = self.marks(entry), self.adjustments(entry)
        if not marks and not adjustments:
            return grade
        pairs = enumerate(grade.assignment.questions, 1)
        parts = [_decided(place, question, grade.of(question), marks, adjustments) for place, question in pairs]
        return replace(grade, results=tuple(result for part in parts for result in part))

    def grade(self, entry: Entry, assignment: Assignment) -> Grade:
        """Give a graded hand-in's whole grade, with what people have decided.

        Raises:
            PeopleError: if it has no grade yet.
        """
        if entry.grade is None:
            raise PeopleError(one_line(entry.submission.key), "has no grade yet", "run autograder grade first")
        return self.decided(entry, restore(self._store.record(entry.grade), assignment))

    def summary(self, entry: Entry, assignment: Assignment) -> Summary | None:
        """Give a hand-in's grade in short, with what people have decided; None where it has none yet."""
        if entry.grade is None:
            return None
        marks, adjustments, before = self.marks(entry), self.adjustments(entry), entry.grade.summary
        questions = tuple(_summed(score, assignment, marks, adjustments) for score in before.questions)
        gained = math.fsum(
            (new.score or 0.0) - (old.score or 0.0) for old, new in zip(before.questions, questions, strict=True)
        )
        score = None if before.score is None else round(before.score + gained, 2)
        return replace(before, score=score, questions=questions)

    def publish(self, entry: Entry, assignment: Assignment) -> None:
        """Write what a hand-in's students read.

        Raises:
            StoreError: if the disk does not take it.
        """
        write_grade(self._store.out / entry.folder, self.grade(entry, assignment))

    def publish_table(self, assignment: Assignment) -> None:
        """Write the table of all grades.

        Raises:
            StoreError: if the disk does not take it.
        """
        rows = [summary for entry in self.entries if (summary := self.summary(entry, assignment))]
        try:
            write_csv(self._store.out / TABLE, rows)
        except OSError as error:
            todo = "put that right, then give the same command again"
            raise StoreError(self._store.out / TABLE, f"cannot be written: {error.strerror}", todo) from error

    def _names(self, entry: Entry) -> list[str]:
        return [name for student in self._own.team(entry) for name in self._own.names(student)]


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
