"""What can become of a test, and the exceptions that say so."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What became of one case; only a passed one earns, and what a person decides."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_ATTEMPTED = "not attempted"
    NOT_GRADED = "not graded"
    TIMED_OUT = "timed out"
    CRASHED = "crashed"
    NOT_RUN = "not run"
    GRADER_ERROR = "grader error"
    AWAITING = "awaiting a person"
    DECIDED = "decided by a person"


class CheckFailed(AssertionError):
    """A check found a difference.

    Attributes:
        summary: what a hidden test may say: kinds, shapes, dtypes, rough fractions; no value.
        details: what only a public test may add: values, places, sizes of errors.
        finding: the known misconception that the wrong answer matches, or empty.
        compared: the arrays that differ, for a public test's pictures; see `compared.compared`.
    """

    def __init__(
        self, summary: str, details: str = "", finding: str = "", compared: dict[str, Any] | None = None
    ) -> None:
        super().__init__("\n".join(part for part in (finding, summary, details) if part))
        self.summary, self.details, self.finding, self.compared = summary, details, finding, compared


class NotAttempted(BaseException):
    """The student's function is still a stub. No `pytest.raises` of a test catches this."""


class NotGraded(BaseException):
    """The test cannot be judged: something that it needs is missing."""


class TimedOut(BaseException):
    """The student's code used up the test's time."""


class Crashed(BaseException):
    """The student's process died."""


class Unusable(BaseException):
    """The student's module cannot be imported, or lacks the function that is asked for."""


class Awarded(BaseException):
    """The test ends here with a part of its points."""

    def __init__(self, fraction: float, reason: str) -> None:
        super().__init__(reason)
        self.fraction, self.reason = fraction, reason


def award(fraction: float, reason: str) -> None:
    """End a test with a part of its points.

    Args:
        fraction: share of the case's points, 0 to 1.
        reason: the sentence that the student reads; shown for hidden tests too.

    Raises:
        ValueError: if the fraction is outside 0 to 1.
        Awarded: always, else.
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"award: the fraction must be 0 to 1, got {fraction}")
    raise Awarded(fraction, reason)


@dataclass(frozen=True)
class Case:
    """What became of one case of a test.

    Attributes:
        test: id of the test, without parameters.
        case: the parameters' id, or empty.
        verdict: what became of it.
        fraction: share of the case's points that was earned, 0 to 1; above 0 only when passed.
        summary: what may be said of a hidden test.
        details: what only a public test may add.
        finding: a matched misconception, or empty; shown in place of the hint.
        seconds: wall-clock seconds of the case.
        flags: what the instructor should look at, for no student's eyes.
        leaderboard: entries (name, value, "asc" or "desc") for the course's leaderboard.
        margin: how much of its tolerance the case's farthest comparison used, where that is measured; see `margins`.
        compared: of a public test's failure, the arrays that differ; see `compared.compared`.
        curves: of a public test, how its training went; see `report.Report.curves`.
    """

    test: str
    case: str
    verdict: Verdict
    fraction: float = 0.0
    summary: str = ""
    details: str = ""
    finding: str = ""
    seconds: float = 0.0
    flags: tuple[str, ...] = ()
    leaderboard: tuple[tuple[str, float, str], ...] = ()
    margin: float | None = None
    compared: dict[str, Any] | None = None
    curves: tuple[dict[str, Any], ...] = ()
