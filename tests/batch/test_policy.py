"""Policies: what is read, and what is complained about, with the line."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from autograder.assignment import Assignment
from autograder.batch.clock import instant
from autograder.batch.policy import Policy, Rules, read_policy
from autograder.errors import ManifestError
from autograder.questions import Question

A1 = Assignment(Path("a1"), "A1", ("x.py",), 6, (Question("x", "X"), Question("y", "Y")))
GOOD = """\
time_zone = "Europe/Berlin"
slip_days = 4
late_percent = 20
attempt = "best"

[assignments.a1]
released = 2026-11-06T09:00:00
deadline = 2026-11-20T23:59:00
weights = { y = 5 }
ignore = ["old.zip"]
column = "A1 (4711)"

[students."ada@example.org"]
time = 1.5
slip_days = 6
deadlines = { a1 = 2026-11-27T23:59:00 }
"""


def _read(tmp_path: Path, text: str) -> Policy:
    file = tmp_path / "policy.toml"
    file.write_text(text, encoding="utf-8")
    return read_policy(file, [A1])


def test_a_policy_becomes_frozen_data(tmp_path: Path) -> None:
    """Times are those of the course's clocks."""
    policy, zone = _read(tmp_path, GOOD), ZoneInfo("Europe/Berlin")

    deadline, released = datetime(2026, 11, 20, 23, 59, tzinfo=zone), datetime(2026, 11, 6, 9, tzinfo=zone)
    assert policy.of("a1") == Rules(deadline, released, "best", {"y": 5}, ("old.zip",), "A1 (4711)")
    assert (policy.slip_days, policy.late_percent) == (4, 20)
    ada = policy.students["ada@example.org"]
    assert (ada.time, ada.slip_days, instant(ada.deadlines["a1"]).day) == (1.5, 6, 27)
    assert ada.where.endswith("policy.toml:13")


def test_an_empty_policy_knows_no_deadline(tmp_path: Path) -> None:
    """Nothing is late, and the last hand-in counts."""
    assert _read(tmp_path, "") == Policy()
    assert Policy().of("a1") == Rules()


def test_a_time_may_have_an_offset_of_its_own(tmp_path: Path) -> None:
    """It is put on the course's clocks, whose days are counted."""
    found = _read(tmp_path, GOOD.replace("2026-11-20T23:59:00", "2026-11-20T23:59:00-08:00")).of("a1").deadline

    assert found is not None
    assert (found.astimezone(UTC).hour, str(found.tzinfo)) == (7, "Europe/Berlin")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("slip_days = 4", "slip_day = 4", r"policy.toml:2: unknown key 'slip_day'\n  did you mean 'slip_days'\?"),
        ("slip_days = 4", "slip_days = -1", "policy.toml:2: 'slip_days' must be 0 to 366, got -1"),
        ("slip_days = 4", "slip_days = 1.5", "policy.toml:2: 'slip_days' must be int, got 1.5"),
        ("slip_days = 6", "slip_days = -1", "policy.toml:15: 'students.ada@example.org.slip_days' must be 0 to 366"),
        ("Europe/Berlin", "Europe/Berlim", r"toml:1: 'time_zone' must name .*\n  did you mean 'Europe/Berlin'\?"),
        ("Europe/Berlin", "../passwd", r"toml:1: 'time_zone' must name a time zone, got '../passwd'\n  write a name"),
        ('time_zone = "Europe/Berlin"', "", "toml:8: 'assignments.a1.deadline' needs the course's time zone\n  write"),
        ("late_percent = 20", "late_percent = 120", "toml:3: 'late_percent' must be 0 to 100, got 120"),
        ("late_percent = 20", "late_percent = nan", "toml:3: 'late_percent' must be 0 to 100, got nan"),
        ('"best"', '"first"', "toml:4: 'attempt' must be 'last' or 'best', got 'first'"),
        ("assignments.a1]", "assignments.a2]", "toml:6: no assignment is named 'a2'\n  assignments here: a1"),
        (
            "deadline = 2026",
            "deadlin = 2026",
            r"toml:8: unknown key 'assignments.a1.deadlin'\n  did you mean 'deadline'",
        ),
        ("deadline = 2026-11-20T23:59:00", "deadline = 2026-11-20", "toml:8: .*needs a time of day, got 2026-11-20\n"),
        ("deadline = 2026-11-20T23:59:00", 'deadline = "soon"', "toml:8: .*must be datetime or date, got 'soon'"),
        ("deadline = 2026", "deadline = 9999", "toml:8: 'assignments.a1.deadline' must be in the years 2000 to 2099, "),
        ("released = 2026-11-06", "released = 2026-12-06", "toml:7: 'assignments.a1.released' is not before the dead"),
        ("{ y = 5 }", "{ z = 5 }", r"toml:9: unknown key 'assignments.a1.weights.z'\n  known keys: x, y"),
        ("{ y = 5 }", "{ y = -5 }", "toml:9: 'assignments.a1.weights.y' must be at least 0, got -5"),
        ("{ y = 5 }", "{ y = inf }", "toml:9: 'assignments.a1.weights.y' must be at least 0, got inf"),
        ('["old.zip"]', '"old.zip"', "toml:10: 'assignments.a1.ignore' must be list, got 'old.zip'"),
        ("time = 1.5", "time = 0.5", "toml:14: 'students.ada@example.org.time' must be 1 to 10, got 0.5"),
        ("released = 2026-11-06T09:00:00", "", "toml:14: .*needs the day on which a1 was released\n  write 'released'"),
        ("deadlines = { a1", "deadlines = { b1", r"toml:16: unknown key 'students.ada@example.org.deadlines.b1'"),
        ('[students."ada@example.org"]\ntime', "[students]\ntime", "toml:14: students.time must be a table, got 1.5"),
        ("slip_days = 4", "slip_days = ", "policy.toml: not valid TOML"),
    ],
)
def test_complaints_name_file_line_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    """A policy that cannot be used is refused with its place and the remedy."""
    with pytest.raises(ManifestError, match=message):
        _read(tmp_path, GOOD.replace(old, new))


def test_a_policy_that_is_not_there(tmp_path: Path) -> None:
    """The file is named."""
    with pytest.raises(ManifestError, match="none.toml: cannot be read: no such file or directory\n  the README"):
        read_policy(tmp_path / "none.toml", [A1])
