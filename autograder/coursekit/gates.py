"""Thresholds: processor time against the reference, accuracy against measured runs."""

import math
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np

from .checks import assert_array
from .verdicts import CheckFailed, award

Array = np.ndarray[Any, Any]
_HOPELESS = 4  # times the limit, after which a second measurement cannot help


def assert_speed(  # noqa: PLR0913 - the two limits are always written out
    student: Any,
    name: str,
    args: tuple[Any, ...],
    reference: Callable[..., Any],
    *,
    ratio: float,
    floor: float,
) -> None:
    """Require that a function takes at most `ratio` times the reference's processor time.

    Args:
        student: the stand-in.
        name: function to call.
        args: its arguments.
        reference: the same function of the reference.
        ratio: how many times slower is still fine; at least three times what was measured.
        floor: seconds that are always fine, so that a tiny reference is no trap.

    Raises:
        CheckFailed: with the ratio, if the best of three is slower.
    """
    __tracebackhide__ = True
    allowed = max(floor, ratio * min(_cpu_seconds(reference, args) for _ in range(3)))
    best = math.inf
    for _ in range(3):
        with student.processor_time() as spent:
            getattr(student, name)(*args)
        best = min(best, spent.seconds)
        if best <= allowed:
            return
        if best > _HOPELESS * allowed:
            break
    raise CheckFailed(f"{name} takes {best / allowed:.1f} times the processor time that is allowed")


def assert_accuracy(predicted: object, labels: Array, *, zero: float, full: float) -> None:
    """Award points for the share of right predictions, on a line between two shares.

    Write the evidence beside both numbers: `full` is at most the mean minus four standard deviations of at
    least 30 correct runs, so that no correct student of 600 is wronged; `zero` is what a broken one reaches.

    Args:
        predicted: (N,) integers, what the student's model says.
        labels: (N,), the right classes, which never leave the grader.
        zero: share, 0 to 1, up to which nothing is earned.
        full: share, above zero, from which everything is earned.

    Raises:
        CheckFailed: if the predictions are no such array, or the share is at most `zero`.
        Awarded: if it lies between the two.
    """
    __tracebackhide__ = True
    assert_array(predicted, shape=labels.shape)
    if predicted.dtype.kind not in "iu":  # type: ignore[attr-defined]
        raise CheckFailed(f"expected predictions that are integers, got dtype {predicted.dtype}")  # type: ignore[attr-defined]
    share = float(np.mean(predicted == labels))
    said = f"{share:.1%} reached; {full:.1%} earns everything, {zero:.1%} nothing"
    if share <= zero:
        raise CheckFailed(said)
    if share < full:
        award((share - zero) / (full - zero), said)


def _cpu_seconds(function: Callable[..., Any], args: tuple[Any, ...]) -> float:
    start = process_time()
    function(*args)
    return process_time() - start
