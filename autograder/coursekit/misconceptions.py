"""Well-known wrong answers, recognised by comparing, never by guessing.

A misconception is named only when the student's array equals the wrong answer
that it leads to, and when that wrong answer differs clearly from the right one.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_FACTORS = "The result is {factor:g} times what it should be."
_SMALLEST = 1e-6  # one part of a million is no factor that a mistake makes


def diagnose(actual: Array, expected: Array, known: Mapping[str, Array | Callable[[], Array]]) -> str:
    """Name the misconception that a wrong array matches; empty when it matches none.

    Args:
        actual: the student's array, numbers.
        expected: the right array, numbers.
        known: sentence → wrong answer of this very test, tried before the general family.
    """
    if actual.dtype.kind not in "biuf":
        return ""
    with np.errstate(all="ignore"):
        for sentence, wrong in (*known.items(), *_family(expected)):
            if _matches(actual, np.asarray(wrong() if callable(wrong) else wrong), expected):
                return sentence
        return _factor(actual, expected)


def _family(expected: Array) -> Iterator[tuple[str, Callable[[], Array]]]:
    """Wrong answers that follow from the right one alone."""
    if expected.dtype.kind != "f":
        return
    yield "The sign is wrong.", lambda: -expected
    yield "Do not round the result.", lambda: np.rint(expected)
    yield "Do not cut off the fraction of the result.", lambda: np.trunc(expected)
    yield "Results need float64; uint8 wrapped.", lambda: _wrapped(expected)
    yield "Results may be negative or above 255: do not clip them.", lambda: np.clip(expected, 0, 255)
    yield "Results may be negative: do not take the absolute value.", lambda: np.abs(expected)
    if expected.ndim >= 2:  # noqa: PLR2004 - rows and columns
        yield "Rows and columns are swapped.", lambda: np.swapaxes(expected, 0, 1)
        yield "The result is upside down.", lambda: expected[::-1]
        yield "The result is mirrored from left to right.", lambda: expected[:, ::-1]
        yield "The result is turned by 180 degrees.", lambda: expected[::-1, ::-1]
        for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
            yield "The result is shifted by one pixel.", partial(np.roll, expected, step, axis)
    if expected.ndim == 3 and expected.shape[-1] == 3:  # noqa: PLR2004 - height, width and three channels
        yield "The channels are in reverse order.", lambda: expected[..., ::-1]


def _wrapped(expected: Array) -> Array:
    if not np.isfinite(expected).all() or np.abs(expected).max(initial=0) > 2**31:
        return expected
    return np.trunc(expected).astype(np.int64).astype(np.uint8)


def _matches(actual: Array, wrong: Array, expected: Array) -> bool:
    if actual.shape != wrong.shape or (wrong.shape == expected.shape and _near(wrong, expected)):
        return False
    return actual.size > 1 and _near(actual, wrong)


def _near(one: Array, other: Array) -> bool:
    return bool(np.allclose(one.astype(float), other.astype(float), rtol=1e-6, atol=1e-9, equal_nan=True))


def _factor(actual: Array, expected: Array) -> str:
    """Say by which whole number, or one part of it, every element is off; empty when by none."""
    clear = np.abs(expected) > 1e-6  # noqa: PLR2004 - ratios of smaller numbers say nothing
    if actual.shape != expected.shape or clear.sum() < 3 or expected.dtype.kind != "f":  # noqa: PLR2004 - two may agree by chance
        return ""
    factor = float((actual[clear] / expected[clear])[0])
    if not np.isfinite(factor):
        return ""
    for exact in (round(factor), 1 / round(1 / factor) if _SMALLEST < abs(factor) < 1 else 0):
        if exact not in {0, 1, -1} and _near(actual, exact * expected):
            return _FACTORS.format(factor=exact)
    return ""
