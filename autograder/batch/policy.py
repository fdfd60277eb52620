"""A course's rules for late work, and for what counts: a TOML file that the gradebook reads.

    time_zone    = "Europe/Berlin"
    slip_days    = 4                    # of each person, over all assignments; a team's day costs each member one
    late_percent = 20                   # of the points, for each further day once it has begun
    attempt      = "last"               # or "best"

    [assignments.a3_backprop]
    released = 2026-11-06T09:00:00      # needed where somebody's time is multiplied
    deadline = 2026-11-20T23:59:00
    weights  = { derivation = 5 }       # points that a question gives, in place of its own
    ignore   = ["ada_old.zip"]          # hand-ins that do not count
    column   = "A3 (4711)"              # what the platform calls the assignment; its title by default

    [students."ada@example.org"]
    time      = 1.5                     # times the time from release to deadline
    slip_days = 6
    deadlines = { a3_backprop = 2026-11-27T23:59:00 }

Times without a zone are those of the course's clocks. A day late ends when the clocks show the
deadline's time again, so the days on which they change are longer or shorter than others.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from autograder.assignment import Assignment
from autograder.batch.clock import instant
from autograder.errors import did_you_mean
from autograder.toml import Table, read_toml

LAST, BEST = "last", "best"
_MOST_DAYS, _MOST_TIME = 366, 10
_YEARS = range(2000, 2100)  # time zones are known for these


@dataclass(frozen=True)
class Rules:
    """What holds for one assignment.

    Attributes:
        deadline: None where nothing is late.
        released: when the time for it began, or None.
        attempt: which of a person's hand-ins counts, "last" or "best".
        weights: question → points that it gives, in place of its own.
        ignore: hand-ins that do not count.
        column: what the learning platform calls the assignment; empty for its title.
    """

    deadline: datetime | None = None
    released: datetime | None = None
    attempt: str = LAST
    weights: Mapping[str, float] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    column: str = ""


@dataclass(frozen=True)
class Extension:
    """What holds for one person.

    Attributes:
        where: file and line, for complaints.
        time: what the time from release to deadline is multiplied by.
        slip_days: in place of the course's.
        deadlines: assignment → deadline.
    """

    where: str
    time: float = 1.0
    slip_days: int | None = None
    deadlines: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Policy:
    """The rules of a course; without a file, nothing is late and each person's last hand-in counts.

    Attributes:
        slip_days: days late of each person that cost nothing.
        late_percent: what each further day costs of the points.
        rules: assignment → what holds for it.
        students: person → what holds for them, as the file names them.
    """

    slip_days: int = 0
    late_percent: float = 100.0
    rules: Mapping[str, Rules] = field(default_factory=dict)
    students: Mapping[str, Extension] = field(default_factory=dict)

    def of(self, assignment: str) -> Rules:
        """Give what holds for an assignment."""
        return self.rules.get(assignment, Rules())


def read_policy(file: Path, assignments: Sequence[Assignment]) -> Policy:
    """Read a policy.

    Args:
        file: the TOML file.
        assignments: all of the course's.

    Raises:
        ManifestError: naming file, line and key, if anything in it cannot be used.
    """
    known = {"time_zone", "slip_days", "late_percent", "attempt", "assignments", "students"}
    table = read_toml(file, "the README shows one").refuse_unknown(known)
    zone, attempt = _zone(table), _attempt(table, LAST)
    rules = {
        name: _rules(entry, zone, attempt, _named(entry, name, assignments))
        for name, entry in _tables(table, "assignments")
    }
    students = {who: _extension(entry, zone, rules) for who, entry in _tables(table, "students")}
    return Policy(_days(table) or 0, _number(table, "late_percent", 100.0, most=100), rules, students)


def _tables(table: Table, key: str) -> list[tuple[str, Table]]:
    inside = table.below(key, table.get(key, dict, {}))
    return [(name, inside.below(name, entry)) for name, entry in inside.table.items()]


def _named(entry: Table, name: str, assignments: Sequence[Assignment]) -> Assignment:
    by_name = {assignment.name: assignment for assignment in assignments}
    if name not in by_name:
        known = did_you_mean(name, by_name) or f"assignments here: {', '.join(by_name) or 'none'}"
        raise entry.wrong("", f"no assignment is named '{name}'", known)
    return by_name[name]


def _rules(entry: Table, zone: ZoneInfo | None, attempt: str, assignment: Assignment) -> Rules:
    entry.refuse_unknown({each.name for each in fields(Rules)})
    deadline, released = _moment(entry, "deadline", zone), _moment(entry, "released", zone)
    if deadline and released and instant(released) >= instant(deadline):
        raise entry.wrong("released", f"'{entry.path('released')}' is not before the deadline")
    return Rules(
        deadline,
        released,
        _attempt(entry, attempt),
        _weights(entry.below("weights", entry.get("weights", dict, {})), assignment),
        entry.strings("ignore"),
        entry.get("column", str, ""),
    )


def _extension(entry: Table, zone: ZoneInfo | None, rules: Mapping[str, Rules]) -> Extension:
    entry.refuse_unknown({each.name for each in fields(Extension)} - {"where"})
    time = _number(entry, "time", 1.0, most=_MOST_TIME, least=1)
    unreleased = [name for name, one in rules.items() if one.deadline and not one.released]
    if time != 1 and unreleased:
        todo = f"write 'released' below [assignments.{unreleased[0]}]"
        raise entry.wrong("time", f"'{entry.path('time')}' needs the day on which {unreleased[0]} was released", todo)
    deadlines = entry.below("deadlines", entry.get("deadlines", dict, {})).refuse_unknown(set(rules))
    found = {name: moment for name in deadlines.table if (moment := _moment(deadlines, name, zone))}
    return Extension(entry.wrong("", "").where, time, _days(entry), found)


def _weights(weights: Table, assignment: Assignment) -> dict[str, float]:
    weights.refuse_unknown(set(assignment.by_id))
    return {question: _number(weights, question, 0.0, most=math.inf) for question in weights.table}


def _zone(table: Table) -> ZoneInfo | None:
    name = table.get("time_zone", str, "")
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = did_you_mean(name, available_timezones()) or "write a name such as 'Europe/Berlin'"
        raise table.wrong("time_zone", f"'time_zone' must name a time zone, got {name!r}", hint) from None


def _attempt(table: Table, default: str) -> str:
    attempt: str = table.get("attempt", str, default)
    if attempt not in {LAST, BEST}:
        raise table.wrong("attempt", f"'{table.path('attempt')}' must be '{LAST}' or '{BEST}', got {attempt!r}")
    return attempt


def _days(table: Table) -> int | None:
    days: int | None = table.get("slip_days", int, None)
    if days is not None and not 0 <= days <= _MOST_DAYS:
        raise table.wrong("slip_days", f"'{table.path('slip_days')}' must be 0 to {_MOST_DAYS}, got {days}")
    return days


def _number(table: Table, key: str, default: float, *, most: float, least: float = 0) -> float:
    value = table.get(key, (int, float), default)
    if not least <= value <= most or value == math.inf:
        limits = f"{least:g} to {most:g}" if most < math.inf else f"at least {least:g}"
        raise table.wrong(key, f"'{table.path(key)}' must be {limits}, got {value}")
    return float(value)


def _moment(table: Table, key: str, zone: ZoneInfo | None) -> datetime | None:
    """Read a time on the course's clocks; one with an offset of its own is put on them."""
    value: Any = table.get(key, (datetime, date), None)
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise table.wrong(key, f"'{table.path(key)}' needs a time of day, got {value}", f"write {value}T23:59:00")
    if value.year not in _YEARS:
        raise table.wrong(key, f"'{table.path(key)}' must be in the years 2000 to 2099, got {value}")
    if zone is None:
        what = f"'{table.path(key)}' needs the course's time zone"
        raise table.wrong(key, what, "write time_zone = 'Europe/Berlin', or yours, at the top")
    return value.astimezone(zone) if value.tzinfo else value.replace(tzinfo=zone)
