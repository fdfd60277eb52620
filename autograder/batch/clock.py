"""How late a hand-in is, on clocks that change twice a year."""

from datetime import UTC, datetime, timedelta

_DAY = timedelta(days=1)


def instant(moment: datetime) -> datetime:
    """Give a time on a zone's clocks in UTC.

    Where the clocks show it twice, or skip it, the later instant counts: nobody is late by the change.
    """
    return max(moment.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def days_late(submitted: datetime, deadline: datetime) -> int:
    """Count the days that have begun since a deadline.

    A day ends when the deadline's clocks show the deadline's time of day again, be it 23, 24 or 25 hours later.

    Args:
        submitted: with a zone.
        deadline: with the zone of the course's clocks.
    """
    late, days = submitted.astimezone(UTC), max(0, (submitted - deadline).days - 1)
    while late > instant(deadline + days * _DAY):
        days += 1
    return days


def stretched(released: datetime, deadline: datetime, times: float) -> datetime:
    """Give the deadline of somebody who has a multiple of the time from the release on."""
    start, end = instant(released), instant(deadline)
    return (start + (end - start) * times).astimezone(deadline.tzinfo)
