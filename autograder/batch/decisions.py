"""What people have decided about the hand-ins of a run: marks of written answers, and adjustments.

Both are only ever appended to the store, and are put on top of what the tests gave each time that
a grade is shown: a regrade cannot lose them. They are about a hand-in, and so about all of its team.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cached_property

from autograder.assignment import Assignment
from autograder.batch.entries import Entry
from autograder.batch.marking import Adjustment, Mark, decided, summed
from autograder.batch.people import People, Student, folded
from autograder.batch.schema import ADJUSTMENTS, MARKS
from autograder.batch.store import Store
from autograder.errors import PeopleError, StoreError
from autograder.results.files import write_grade
from autograder.results.grade import Grade
from autograder.results.record import restore
from autograder.results.summary import Summary
from autograder.results.table import write_csv
from autograder.results.wording import one_line

TABLE = "grades.csv"
_NEWEST = sys.maxsize  # behind all marks that the store has


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
        return decided(grade, self.marks(entry), self.adjustments(entry))

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
        return summed(entry.grade.summary, assignment, self.marks(entry), self.adjustments(entry))

    def add_mark(self, entry: Entry, question: str, mark: Mark, assignment: Assignment, who: str) -> None:
        """Show a mark to the students, then keep it: what ends the command between the two leaves nothing half done.

        Raises:
            StoreError: if disk or database do not take it.
        """
        person = self.person(entry)
        self._marks.setdefault(person, []).append((_NEWEST, question, mark))
        self._publish_all(person, assignment)
        said = {"items": list(mark.items), "comment": mark.comment, "who": who}
        self._store.append(MARKS, person=person, question=question, **said)

    def add_adjustment(self, entry: Entry, made: Adjustment, assignment: Assignment, who: str) -> None:
        """Show an adjustment to the students, then keep it; see `add_mark`.

        Raises:
            StoreError: if disk or database do not take it.
        """
        person = self.person(entry)
        self._adjustments.setdefault(person, []).append(made)
        self._publish_all(person, assignment)
        self._store.append(ADJUSTMENTS, person=person, **asdict(made), who=who)

    def _publish_all(self, person: str, assignment: Assignment) -> None:
        for entry in self._hand_ins[person]:
            if entry.grade:
                self.publish(entry, assignment)

    @cached_property
    def _hand_ins(self) -> dict[str, list[Entry]]:
        """All hand-ins of each name."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            for name in self._names(entry):
                found.setdefault(name, []).append(entry)
        return found

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
