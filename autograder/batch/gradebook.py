"""Who gets which grade: the hand-in that counts, how late it was, and what that costs."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from autograder.batch.clock import days_late, instant, stretched
from autograder.batch.entries import Entry
from autograder.batch.graded import Graded
from autograder.batch.people import People, Student
from autograder.batch.policy import BEST, Extension, Policy, Rules
from autograder.errors import PeopleError, did_you_mean
from autograder.results.wording import one_line

_MOST_TOLD = 5


@dataclass(frozen=True)
class Result:
    """What one hand-in gives to each of those who handed it in.

    Attributes:
        entry: the hand-in.
        team: who handed in together.
        points: question → points by the policy's weights, before what lateness costs; None where they are unknown.
        days: days late.
        slipped: how many of them slip days pay for.
        percent: what the others cost of the points, 0 to 100.
    """

    entry: Entry
    team: tuple[Student, ...]
    points: Mapping[str, float | None]
    days: int = 0
    slipped: int = 0
    percent: float = 0.0

    @property
    def total(self) -> float | None:
        """Points after what lateness costs, never below 0; None while any are unknown."""
        known = [points for points in self.points.values() if points is not None]
        if len(known) < len(self.points):
            return None
        return round(max(0.0, math.fsum(known)) * (1 - self.percent / 100), 2)


@dataclass(frozen=True)
class Sheet:
    """One assignment of the gradebook.

    Attributes:
        title: what the platform calls it.
        worth: question → points that it can give, for those that give any.
        results: student → what they get; who has handed in nothing is missing.
    """

    title: str
    worth: Mapping[str, float]
    results: Mapping[Student, Result]


@dataclass
class Gradebook:
    """The grades of a course by its policy.

    Attributes:
        people: all students.
        sheets: one for each run, in the order of the runs.
        remarks: what an instructor should know, a line each.
    """

    people: People
    sheets: list[Sheet] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def gradebook(runs: Sequence[Graded], policy: Policy, people: People) -> Gradebook:
    """Work out all grades.

    Slip days are charged in the order of the deadlines; a team's day costs each of its members one,
    and a team has as many as the one of them who has fewest left.

    Args:
        runs: what was graded.
        policy: the course's rules.
        people: all students, with those who handed in.

    Raises:
        PeopleError: if the policy names somebody who is not in the roster, or a hand-in that is not there, or if
            somebody is in two teams.
    """
    book = Gradebook(people)
    clerk = _Clerk(policy, people, book.remarks)
    sheets = {run.assignment.name: clerk.sheet(run) for run in sorted(runs, key=clerk.due)}
    book.sheets = [sheets[run.assignment.name] for run in runs]
    book.remarks += [f"{student} has handed in, and is not in the roster" for student in people.strangers]
    return book


class _Clerk:
    """Applies a policy to one run after the other, and keeps account of slip days."""

    def __init__(self, policy: Policy, people: People, remarks: list[str]) -> None:
        self._policy, self._people, self._remarks = policy, people, remarks
        self._extensions = dict(self._found(policy.students))
        self._left = {student: self._budget(student) for student in people}

    def due(self, run: Graded) -> float:
        """Order runs by their deadlines; one without is before all others."""
        deadline = self._policy.of(run.assignment.name).deadline
        return instant(deadline).timestamp() if deadline else -math.inf

    def sheet(self, run: Graded) -> Sheet:
        """Give what each student gets for an assignment."""
        name, rules = run.assignment.name, self._policy.of(run.assignment.name)
        entries = list(_counting(run.decisions.entries, rules, name))
        results: dict[Student, Result] = {}
        for team, own in _by_team(self._people, entries, name).items():
            found = [self._result(run, rules, entry, team) for entry in own]
            chosen = max(found, key=_points if rules.attempt == BEST else _moment)
            for student in team:
                self._left[student] -= chosen.slipped
                results[student] = chosen
        sheet = Sheet(rules.column or run.assignment.title, run.worth(rules.weights), results)
        self._tell(name, [*{result.entry.id: result for result in results.values()}.values()], sheet.worth)
        return sheet

    def _result(self, run: Graded, rules: Rules, entry: Entry, team: tuple[Student, ...]) -> Result:
        points = run.points(entry, rules.weights)
        days = self._days(run.assignment.name, rules, entry, team)
        slipped = min(days, *(self._left[student] for student in team))
        percent = min(100.0, (days - slipped) * self._policy.late_percent)
        return Result(entry, team, points, days, slipped, percent)

    def _days(self, name: str, rules: Rules, entry: Entry, team: Iterable[Student]) -> int:
        """Count days late, by the deadline of the member who has the latest one."""
        deadlines = [deadline for student in team if (deadline := self._deadline(name, rules, student))]
        if not deadlines:
            return 0
        if entry.submission.submitted is None:
            return int(entry.submission.late)
        return days_late(entry.submission.submitted, max(deadlines, key=instant))

    def _deadline(self, name: str, rules: Rules, student: Student) -> datetime | None:
        own = self._extensions.get(student, Extension(""))
        if name in own.deadlines:
            return own.deadlines[name]
        if rules.deadline and rules.released and own.time != 1:
            return stretched(rules.released, rules.deadline, own.time)
        return rules.deadline

    def _budget(self, student: Student) -> int:
        own = self._extensions.get(student, Extension("")).slip_days
        return self._policy.slip_days if own is None else own

    def _found(self, students: Mapping[str, Extension]) -> Iterator[tuple[Student, Extension]]:
        for who, extension in students.items():
            try:
                yield self._people.find(who, extension.where), extension
            except PeopleError as error:
                if self._people.complete:
                    raise
                self._remarks.append(f"{error.where}: {error.what}; without a roster that may be right")

    def _tell(self, name: str, results: Sequence[Result], worth: Mapping[str, float]) -> None:
        """Note what lateness cost, and what is odd."""
        late = [result for result in results if result.days]
        open_ = [result for result in results if result.total is None]
        over = [result for result in results if any((result.points[key] or 0.0) > most for key, most in worth.items())]
        timeless = [result for result in results if result.entry.submission.submitted is None]
        for one in late:
            cost = f"{one.slipped} paid with slip days, {one.percent:g} % off"
            days = "1 day" if one.days == 1 else f"{one.days} days"
            self._remarks.append(f"{name}: {_names([one])}: {days} late, {cost}")
        if timeless and self._policy.of(name).deadline:
            what = "without a time, so counted as in time, or one day late where the platform says late"
            self._remarks.append(f"{name}: {what}: {_names(timeless)}")
        if over:
            self._remarks.append(f"{name}: more points than a question has, by an adjustment: {_names(over)}")
        if open_:
            wanted = dict.fromkeys(key for result in open_ for key, points in result.points.items() if points is None)
            self._remarks.append(f"{name}: no total yet, for want of {', '.join(wanted)}: {_names(open_)}")


def _counting(entries: Sequence[Entry], rules: Rules, name: str) -> Iterator[Entry]:
    """Leave out the hand-ins that the policy says to ignore."""
    keys = [one_line(entry.submission.key) for entry in entries]
    for ignored in rules.ignore:
        if ignored not in keys:
            hint = did_you_mean(ignored, keys) or "name it as the table of grade does"
            raise PeopleError(f"[assignments.{name}] of the policy", f"'ignore' names '{ignored}', no hand-in", hint)
    yield from (entry for entry, key in zip(entries, keys, strict=True) if key not in rules.ignore)


def _by_team(people: People, entries: Iterable[Entry], name: str) -> dict[tuple[Student, ...], list[Entry]]:
    """Put the hand-ins of each team together.

    Raises:
        PeopleError: if somebody is in two teams; a hand-in of one's own is a team, too.
    """
    teams: dict[frozenset[Student], list[Entry]] = {}
    of: dict[Student, frozenset[Student]] = {}
    for entry in entries:
        team = frozenset(people.team(entry))
        for student in team:
            if of.setdefault(student, team) != team:
                other = teams[of[student]][0]
                what = f"'{student}' is in two teams: {_hand_in(people, other)}, and {_hand_in(people, entry)}"
                todo = f"write below [assignments.{name}] of the policy which does not count: ignore = ['…']"
                raise PeopleError(name, what, todo)
        teams.setdefault(team, []).append(entry)
    return {people.team(own[0]): own for own in teams.values()}


def _hand_in(people: People, entry: Entry) -> str:
    return f"{one_line(entry.submission.key)} of {' and '.join(map(str, people.team(entry)))}"


def _names(results: Sequence[Result]) -> str:
    names = [", ".join(map(str, result.team)) for result in results[:_MOST_TOLD]]
    more = len(results) - _MOST_TOLD
    return "; ".join(names) + (f"; and {more} more" if more > 0 else "")


def _moment(result: Result) -> tuple[float, int, int]:
    submission = result.entry.submission
    return submission.submitted.timestamp() if submission.submitted else 0.0, submission.attempt, result.entry.id


def _points(result: Result) -> tuple[float, int, tuple[float, int, int]]:
    return -1.0 if result.total is None else result.total, -result.slipped, _moment(result)
