"""What a regrade changes: whose grade, by how much, and because of which test."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.assignment import Assignment
from autograder.batch.batch import Done
from autograder.batch.decisions import Decisions
from autograder.batch.entries import Entry, StoredGrade
from autograder.batch.store import Store
from autograder.results.wording import number, one_line

_SMALL = 0.005  # points; less is rounding


@dataclass(frozen=True)
class Change:
    """A hand-in before and after.

    Attributes:
        entry: the hand-in.
        old: its current grade.
        new: the new grade; the old one where nothing was to be done.
        tests: id of each test whose score changed → points gained.
    """

    entry: Entry
    old: StoredGrade
    new: StoredGrade
    tests: dict[str, float]

    @property
    def points(self) -> float | None:
        """Points gained; None where either grade has no score."""
        before, after = self.old.summary.score, self.new.summary.score
        return None if before is None or after is None else round(after - before, 2)

    @property
    def is_new(self) -> bool:
        """Whether it was graded again."""
        return self.new.id != self.old.id


def changes_of(store: Store, done: Iterable[Done]) -> Iterator[Change]:
    """Compare each hand-in's current grade with the one that it would have now."""
    for one in done:
        if one.entry.grade and one.stored:
            yield Change(one.entry, one.entry.grade, one.stored, _gained(store, one.entry.grade, one.stored))


def _gained(store: Store, old: StoredGrade, new: StoredGrade) -> dict[str, float]:
    if old.id == new.id:
        return {}
    before, after = _scores(store.record(old)), _scores(store.record(new))
    gained = {test: after.get(test, 0.0) - before.get(test, 0.0) for test in {**before, **after}}
    return {test: points for test, points in gained.items() if abs(points) > _SMALL}


def show(changes: Sequence[Change], console: Console, *, applied: bool) -> None:
    """Show who changes, and a summary; the others are only counted."""
    new = [one for one in changes if one.is_new]
    moved = [one for one in new if one.points is None or one.tests or abs(one.points) > _SMALL]
    if moved:
        table = Table("hand-in", "old", "new", "change", "because of")
        for column in table.columns[1:4]:
            column.justify = "right"
        for one in moved:
            table.add_row(*map(Text, _row(one)))
        console.print(table)
    gain, lose = ([one for one in new if one.points and one.points * sign > _SMALL] for sign in (1, -1))
    said = f"{len(changes)} hand-ins: {len(new)} graded again, {_gain(gain, 'gain')}, {_gain(lose, 'lose')}"
    console.print(said, highlight=False, soft_wrap=True)
    if new:
        todo = "these grades count from now on; the old ones stay in the history"
        console.print(todo if applied else "nobody's grade has changed yet: --apply makes these count", highlight=False)


def apply(store: Store, assignment: Assignment, changes: Sequence[Change]) -> None:
    """Make the new grades count, and publish them; one that is not final leaves the old one standing."""
    new = [one for one in changes if one.is_new and one.new.summary.final]
    store.apply(one.new for one in new)
    decisions, changed = Decisions(store), {one.entry.id for one in new}
    for entry in decisions.entries:
        if entry.id in changed:
            decisions.publish(entry, assignment)


def _scores(record: dict[str, Any]) -> dict[str, float]:
    return {result["spec"]["id"]: result["score"] for result in record["results"]}


def _row(change: Change) -> tuple[str, ...]:
    said = "" if change.points is None else f"{change.points:+g}"
    why = ", ".join(f"{test} {points:+.4g}" for test, points in change.tests.items())
    return (
        one_line(change.entry.submission.key),
        number(change.old.summary.score),
        number(change.new.summary.score),
        said,
        why,
    )


def _gain(changes: Sequence[Change], verb: str) -> str:
    total = sum(abs(one.points or 0.0) for one in changes)
    return f"{len(changes)} {verb}" + (f" {total / len(changes):.4g} points on average" if changes else "")
