"""Well-known wrong answers, recognised by comparing, never by guessing.

A misconception is named only when the student's array equals the wrong answer
that it leads to, and when that wrong answer differs clearly from the right one.
Where two wrong answers are the same, both are named; where more are, none is.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Known = Mapping[str, Array | float | Callable[[], Array | float]]
_FACTORS = "The result is {factor:g} times what it should be."
_SMALLEST = 1e-6  # one part of a million is no factor that a mistake makes
_LEAST = 3  # elements that tell a general fact from the right answer; two may agree by chance
_OR = " Or: "
_MOST_NAMES = 2  # that one wrong answer may have


def _wrapped(expected: Array) -> Array:
    if not np.isfinite(expected).all() or np.abs(expected).max(initial=0) > 2**31:
        return expected
    return np.trunc(expected).astype(np.int64).astype(np.uint8)


_ANY: dict[str, Callable[[Array], Array]] = {
    "The sign is wrong.": np.negative,
    "The result is rounded: keep the fraction.": np.rint,
    "The fraction of the result is cut off.": np.trunc,
    "The result wrapped in uint8: it needs float64.": _wrapped,
    "The result is cut off: it may be negative or above 255.": lambda right: np.clip(right, 0, 255),
    "The result is without its sign: it may be negative.": np.abs,
}
_ROWS: dict[str, Callable[[Array], Array]] = {
    "Rows and columns are swapped.": lambda right: np.swapaxes(right, 0, 1),
    "The result is upside down.": lambda right: right[::-1],
    "The result is mirrored from left to right.": lambda right: right[:, ::-1],
    "The result is turned by 180 degrees.": lambda right: right[::-1, ::-1],
}
_SHIFTED = "The result is shifted by one pixel."
_REVERSED = "The channels are in reverse order."
_FACTS = {*_ANY, *_ROWS, _SHIFTED, _REVERSED}


def diagnose(actual: Array, expected: Array, known: Known) -> str:
    """Name the misconception that a wrong array matches; empty when it matches none, or more than two.

    Args:
        actual: the student's array, numbers.
        expected: the right array, numbers.
        known: sentence → wrong answer of this very test, preferred to the general family.
    """
    if actual.dtype.kind not in "biuf":
        return ""
    with np.errstate(all="ignore"):
        telling = known.items() if actual.size > 1 or expected.dtype.kind == "f" else ()  # one byte may agree by chance
        if own := [name for name, wrong in telling if _matches(actual, wrong, expected)]:
            return either(own)
        facts = [
            name for name, wrong in _family(expected) if _tells(wrong, expected) and _matches(actual, wrong, expected)
        ]
        return either([*dict.fromkeys(facts)]) or _factor(actual, expected)


def diagnose_number(actual: float, expected: float, known: Known) -> str:
    """Name the misconception that a wrong number matches; empty when it matches none, or more than two."""
    right = np.array(expected)
    return either([name for name, wrong in known.items() if _matches(np.array(actual), wrong, right)])


def diagnose_data(actual: object, expected: object, known: Mapping[str, Any]) -> str:
    """Name the misconception that wrong data is the same as; empty when it matches none, or more than two."""
    made = {name: wrong() if callable(wrong) else wrong for name, wrong in known.items()}
    return either([name for name, wrong in made.items() if _same(actual, wrong) and not _same(wrong, expected)])


def is_fact(finding: str) -> bool:
    """Whether a finding says only how a result differs, which is true whatever the cause."""
    before, after = _FACTORS.split("{factor:g}")
    return all(name in _FACTS or (name.startswith(before) and name.endswith(after)) for name in finding.split(_OR))


def either(names: list[str]) -> str:
    """Name one misconception, or two that cannot be told apart; empty for none, and for more."""
    return _OR.join(names) if len(names) <= _MOST_NAMES else ""


def _family(expected: Array) -> Iterator[tuple[str, Callable[[], Array]]]:
    """Wrong answers that follow from the right one alone."""
    if expected.dtype.kind != "f":
        return
    for name, wrong in _ANY.items() if expected.ndim < 2 else (_ANY | _ROWS).items():  # noqa: PLR2004 - rows and columns
        yield name, partial(wrong, expected)
    if expected.ndim >= 2:  # noqa: PLR2004 - rows and columns
        for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
            yield _SHIFTED, partial(np.roll, expected, step, axis)
    if expected.ndim == 3 and expected.shape[-1] == 3:  # noqa: PLR2004 - height, width and three channels
        yield _REVERSED, lambda: expected[..., ::-1]


def _tells(wrong: Callable[[], Array], expected: Array) -> bool:
    """Whether enough tells a general wrong answer from the right one: places, and different numbers there."""
    made = wrong()
    if made.shape != expected.shape:
        return True
    there = made[~np.isclose(made.astype(float), expected, rtol=1e-6, atol=1e-9, equal_nan=True)]
    return bool(there.size >= _LEAST and (there != there[0]).any())


def _matches(actual: Array, wrong: Any, expected: Array) -> bool:
    made = np.asarray(wrong() if callable(wrong) else wrong)
    if actual.shape != made.shape or (made.shape == expected.shape and _near(made, expected)):
        return False
    return _near(actual, made)


def _near(one: Array, other: Array) -> bool:
    return bool(np.allclose(one.astype(float), other.astype(float), rtol=1e-6, atol=1e-9, equal_nan=True))


def _same(one: object, other: object) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _factor(actual: Array, expected: Array) -> str:
    """Say by which whole number, or one part of it, every element is off; empty when by none."""
    clear = np.abs(expected) > 1e-6  # noqa: PLR2004 - ratios of smaller numbers say nothing
    if actual.shape != expected.shape or clear.sum() < _LEAST or expected.dtype.kind != "f":
        return ""
    factor = float((actual[clear] / expected[clear])[0])
    if not np.isfinite(factor):
        return ""
    for exact in (round(factor), 1 / round(1 / factor) if _SMALLEST < abs(factor) < 1 else 0):
        if exact not in {0, 1, -1} and _near(actual, exact * expected):
            return _FACTORS.format(factor=exact)
    return ""
