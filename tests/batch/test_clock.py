"""Days late, on clocks that change twice a year."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.batch.clock import days_late, instant, stretched

BERLIN = ZoneInfo("Europe/Berlin")


def _berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("submitted", "days"),
    [
        (datetime(2026, 11, 20, 22, 59, tzinfo=UTC), 0),
        (datetime(2026, 11, 20, 22, 59, 1, tzinfo=UTC), 1),
        (datetime(2026, 11, 21, 22, 59, tzinfo=UTC), 1),
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), 3),
        (datetime(2026, 11, 1, tzinfo=UTC), 0),
    ],
)
def test_a_day_is_late_once_it_has_begun(submitted: datetime, days: int) -> None:
    """The deadline's own second is in time."""
    assert days_late(submitted, _berlin(2026, 11, 20, 23, 59)) == days


@pytest.mark.parametrize(
    ("deadline", "last", "hours"),
    [
        (_berlin(2026, 10, 24, 23, 59), _berlin(2026, 10, 25, 23, 59), 25),
        (_berlin(2026, 3, 28, 23, 59), _berlin(2026, 3, 29, 23, 59), 23),
    ],
    ids=["back", "forward"],
)
def test_a_day_ends_by_the_clocks(deadline: datetime, last: datetime, hours: int) -> None:
    """The day on which they go back has 25 hours, the one on which they go forward 23."""
    end = last.astimezone(UTC)

    assert end - deadline.astimezone(UTC) == timedelta(hours=hours)
    assert (days_late(end, deadline), days_late(end + timedelta(seconds=1), deadline)) == (1, 2)


def test_a_time_that_clocks_show_twice_is_the_later_one() -> None:
    """Half past two comes twice in that night; nobody is late by the first."""
    assert instant(_berlin(2026, 10, 25, 2, 30)) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_time_that_clocks_skip_is_not_before_the_gap() -> None:
    """Half past two does not come in that night; half past three does."""
    assert instant(_berlin(2026, 3, 29, 2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_multiple_of_the_time_counts_real_hours() -> None:
    """Two days across the change are 49 hours, and half as much again."""
    released, deadline = _berlin(2026, 10, 24, 12), _berlin(2026, 10, 26, 12)

    assert stretched(released, deadline, 1.5) == _berlin(2026, 10, 27, 12, 30)


@given(st.timedeltas(timedelta(0), timedelta(days=365)), st.floats(-30, 30))
def test_days_late_bracket_the_hand_in(since: timedelta, days: float) -> None:
    """It came by the end of the last day that is counted, and after the end of the one before."""
    deadline = _berlin(2026, 1, 1) + since
    submitted = instant(deadline) + timedelta(days=days)

    late = days_late(submitted, deadline)
    assert submitted <= instant(deadline + timedelta(days=late))
    assert late == 0 or submitted > instant(deadline + timedelta(days=late - 1))
