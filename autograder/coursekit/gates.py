"""Thresholds: processor time against the reference, accuracy against measured runs."""

import math
from collections.abc import Callable
from time import process_time
from typing import Any

import numpy as np

from .checks import assert_array, assert_close
from .verdicts import CheckFailed, award

Array = np.ndarray[Any, Any]
_Z_95 = 1.959964  # quantile of the normal distribution
_MORE_RUNS = 2
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
    """Require that a function gives what the reference gives, in at most `ratio` times its processor time.

    Args:
        student: the stand-in.
        name: function to call.
        args: its arguments.
        reference: the same function of the reference.
        ratio: how many times slower is still fine; at least three times what was measured.
        floor: seconds that are always fine, so that a tiny reference is no trap.

    Raises:
        CheckFailed: with the ratio, if the best of three is slower; with what differs, if the result does.
    """
    __tracebackhide__ = True
    expected = reference(*args)
    allowed = max(floor, ratio * min(_cpu_seconds(reference, args) for _ in range(3)))
    best = math.inf
    for _ in range(3):
        with student.processor_time() as spent:
            result = getattr(student, name)(*args)
        assert_close(result, expected, rtol=1e-6, atol=1e-9, dtype=None)
        if spent.seconds < 0:
            raise CheckFailed("processes that ran before the call ended in it")
        best = min(best, spent.seconds)
        if best <= allowed:
            return
        if best > _HOPELESS * allowed:
            break
    raise CheckFailed(f"{name} takes {best / allowed:.1f} times the processor time that is allowed")


def assert_accuracy(  # noqa: PLR0913 - both anchors are always written out
    predicted: object,
    labels: Array,
    *,
    zero: float,
    full: float,
    again: Callable[[int], object] | None = None,
    aside: str = "",
) -> None:
    """Award points for the share of right predictions, on a line between two shares.

    Write the evidence beside both numbers: `full` is at most the mean minus four standard deviations of at
    least 30 correct runs, so that no correct student of 600 is wronged; `zero` is what a broken one reaches.

    Args:
        predicted: (N,) integers, what the student's model says.
        labels: (N,), the right classes, which never leave the grader.
        zero: share, 0 to 1, up to which nothing is earned.
        full: share, above zero, from which everything is earned.
        again: trains once more, with another seed, and gives its predictions. Called with 1 and then 2, and only
            while the 95 % interval of the share straddles one of the two numbers; all predictions count together.
        aside: what the student reads besides.

    Raises:
        CheckFailed: if the predictions are no such array, or the share is at most `zero`.
        Awarded: else; the test ends here, and the student reads what was reached.
    """
    __tracebackhide__ = True
    right = total = 0
    for run in range(1 + _MORE_RUNS):
        right, total = right + count_right(predicted, labels), total + len(labels)
        low, high = interval(right, total)
        if again is None or run == _MORE_RUNS or not (low < zero < high or low < full < high):
            break
        predicted = again(run + 1)
    share = right / total
    found = f"{share:.1%} reached (95 % interval {low:.1%} to {high:.1%})"
    said = f"{found}; {full:.1%} earns everything, {zero:.1%} nothing" + (f"\n{aside}" if aside else "")
    if share <= zero:
        raise CheckFailed(said)
    award(min(1.0, (share - zero) / (full - zero)), said)


def count_right(predicted: object, labels: Array) -> int:
    """Count the right predictions.

    Args:
        predicted: (N,) integers, what the student's model says.
        labels: (N,), the right classes.

    Raises:
        CheckFailed: if the predictions are no such array.
    """
    __tracebackhide__ = True
    assert_array(predicted, shape=labels.shape)
    if predicted.dtype.kind not in "iu":  # type: ignore[attr-defined]
        raise CheckFailed(f"expected predictions that are integers, got dtype {predicted.dtype}")  # type: ignore[attr-defined]
    return int(np.sum(predicted == labels))


def interval(right: int, total: int) -> tuple[float, float]:
    """Give the 95 % confidence interval of a share, 0 to 1.

    Args:
        right: how many of them, 0 to total.
        total: at least 1.

    Source:
        Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
    """
    share, squared = right / total, _Z_95**2 / total
    middle = (share + squared / 2) / (1 + squared)
    half = _Z_95 / (1 + squared) * math.sqrt(share * (1 - share) / total + squared / (4 * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def gap(known: tuple[int, int], fresh: tuple[int, int], *, allowed: float) -> str:
    """Say so where a model is better on images that it may have been trained on than honest training explains.

    Args:
        known: (right, total) on images with public labels, such as an official test set.
        fresh: (right, total) on images that nobody could train on.
        allowed: how much better, in shares, honest models are on the known images.

    Returns:
        A sentence for the instructor; empty where the 95 % intervals leave room for the allowed difference.
    """
    low, high = interval(*known)[0], interval(*fresh)[1]
    if low - high <= allowed:
        return ""
    shares = f"{known[0] / known[1]:.1%} of the test set and {fresh[0] / fresh[1]:.1%} of the held-out images are right"
    return f"{shares}: training on the test set would explain it (honest models differ by at most {allowed:.0%})"


def _cpu_seconds(function: Callable[..., Any], args: tuple[Any, ...]) -> float:
    start = process_time()
    function(*args)
    return process_time() - start
