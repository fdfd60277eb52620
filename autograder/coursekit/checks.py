"""Comparisons that say what differs, and no more than may be said.

Every check first makes sure of exact kind, shape and dtype: an empty array, a
NaN or an object with its own `==` satisfies no comparison here.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from . import margins
from .compared import compared
from .meeting import Meeting, in_lines, meeting
from .misconceptions import Known, diagnose, diagnose_data, diagnose_number, either
from .verdicts import CheckFailed

Array = np.ndarray[Any, Any]
_NUMBERS = "biufc"
_SMALL = (16, 16, 16)  # a shape that may be told where none is expected


def assert_array(actual: object, *, shape: tuple[int, ...] | None = None, dtype: object = None) -> None:
    """Require a plain numpy array.

    Args:
        actual: what the student returned.
        shape: the exact shape; any when None.
        dtype: the exact dtype; any when None.

    Raises:
        CheckFailed: naming kind, shape or dtype, expected and got.
    """
    __tracebackhide__ = True
    if type(actual) is not np.ndarray:
        raise CheckFailed(f"expected a numpy array, got {kind_of(actual)}")
    if shape is not None and actual.shape != tuple(shape):
        raise CheckFailed(
            f"expected shape {tuple(shape)}, got {_told(actual.shape, shape)}", f"its shape is {actual.shape}"
        )
    if dtype is not None and actual.dtype != np.dtype(dtype):  # type: ignore[call-overload]
        raise CheckFailed(f"expected dtype {np.dtype(dtype)}, got {actual.dtype}")  # type: ignore[call-overload]


def assert_close(  # noqa: PLR0913 - tolerances are always written out
    actual: object,
    expected: Any,
    *,
    rtol: float,
    atol: float,
    dtype: object = "same",
    known: Known | None = None,
) -> None:
    """Require an array or a number within tolerance of the expected one.

    Args:
        actual: what the student returned.
        expected: array or number; its shape and dtype are required too. NaN equals NaN.
        rtol: relative tolerance.
        atol: absolute tolerance.
        dtype: dtype to require; "same" as the expected array's, None for any numeric one.
        known: sentence → the wrong array or number that this misconception gives; named when matched.

    Raises:
        CheckFailed: saying what differs.
    """
    __tracebackhide__ = True
    if not isinstance(expected, np.ndarray):
        _assert_number(actual, float(expected), rtol, atol, known or {})
        return
    wanted = expected.dtype if isinstance(dtype, str) and dtype == "same" else dtype
    if type(actual) is np.ndarray and actual.dtype.kind not in _NUMBERS:
        raise CheckFailed(f"expected numbers, got dtype {actual.dtype}")
    try:
        assert_array(actual, shape=expected.shape, dtype=wanted)
    except CheckFailed as failure:
        if type(actual) is np.ndarray:
            failure.finding = diagnose(actual, expected, known or {})
        raise
    _assert_values(actual, expected, rtol, atol, known or {})  # type: ignore[arg-type]


def assert_each_close(
    actual: object,
    expected: Mapping[str, Any] | Sequence[Any],
    *,
    rtol: float,
    atol: float,
    known: Mapping[Any, Known] | None = None,
) -> None:
    """Require a tuple or a dict of arrays and numbers, each within tolerance of the expected one.

    Args:
        actual: what the student returned.
        expected: a dict or a tuple; the same kind, the same keys and the same length are required.
        rtol: relative tolerance.
        atol: absolute tolerance.
        known: key or place → what `assert_close` takes as `known`.

    Raises:
        CheckFailed: saying where, and what differs.
    """
    __tracebackhide__ = True
    kind = dict if isinstance(expected, Mapping) else tuple
    if type(actual) is not kind:
        raise CheckFailed(f"expected a {kind.__name__}, got {kind_of(actual)}")
    places = expected.keys() if isinstance(expected, Mapping) else range(len(expected))
    there = actual.keys() if isinstance(actual, dict) else range(len(actual))
    if set(there) != set(places):
        if kind is tuple:
            raise CheckFailed(f"expected {len(places)} results, got {len(there)}")
        raise CheckFailed("other keys than expected", f"expected {sorted(places)}, got {sorted(map(str, there))}")
    for place in places:
        try:
            wrong = (known or {}).get(place)
            assert_close(actual[place], expected[place], rtol=rtol, atol=atol, known=wrong)  # type: ignore[index]
        except CheckFailed as failure:
            where = place if isinstance(place, str) else f"result {place + 1}"
            said = (failure.details, failure.finding, failure.compared)
            raise CheckFailed(f"{where}: {failure.summary}", *said) from None


def assert_same(actual: object, expected: Any, path: str = "", *, known: Mapping[str, Any] | None = None) -> None:
    """Require equal data of exactly the same kinds, arrays included: an int is no float, a list no tuple.

    Args:
        actual: what the student returned, or what a probe observed.
        expected: any data.
        path: what to call it.
        known: sentence → the wrong data that this misconception gives; named when they are the same.

    Raises:
        CheckFailed: at the first place that differs.
    """
    __tracebackhide__ = True
    try:
        _assert_same(actual, expected, path)
    except CheckFailed as failure:
        failure.finding = diagnose_data(actual, expected, known or {}) or failure.finding
        raise


def _assert_same(actual: object, expected: Any, path: str) -> None:
    __tracebackhide__ = True
    place = f" at {path}" if path else ""
    if isinstance(expected, np.ndarray):
        assert_close(actual, expected, rtol=0, atol=0)
    elif type(actual) is not type(expected):
        raise CheckFailed(f"expected {kind_of(expected)}{place}, got {kind_of(actual)}")
    elif isinstance(expected, dict):
        if set(actual) != set(expected):  # type: ignore[call-overload]
            got = sorted(map(str, actual))  # type: ignore[call-overload]
            raise CheckFailed(f"other keys than expected{place}", f"expected {sorted(expected)}, got {got}")
        for key, value in expected.items():
            _assert_same(actual[key], value, f"{path}[{key!r}]")  # type: ignore[index]
    elif isinstance(expected, (list, tuple)):
        if len(actual) != len(expected):  # type: ignore[arg-type]
            raise CheckFailed(f"expected {len(expected)} items{place}, got {len(actual)}")  # type: ignore[arg-type]
        for index, value in enumerate(expected):
            _assert_same(actual[index], value, f"{path}[{index}]")  # type: ignore[index]
    elif actual != expected and not _both_nan(actual, expected):
        raise CheckFailed(f"another value than expected{place}", f"expected {expected!r}, got {actual!r}")


def assert_none_of(traces: Mapping[str, bool]) -> None:
    """Require that no misconception left its trace, where what is observed is drawn and has no single wrong answer.

    Args:
        traces: sentence → whether what was observed could come of this misconception alone.

    Raises:
        CheckFailed: naming those that did, one or two.
    """
    __tracebackhide__ = True
    if left := [name for name, there in traces.items() if there]:
        raise CheckFailed("not what was asked for", finding=either(left))


def assert_raises(error: type[Exception], function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Require that a call raises this class of error; the message is the student's own choice.

    Raises:
        CheckFailed: if it returns, or raises another class.
    """
    __tracebackhide__ = True
    try:
        result = function(*args, **kwargs)
    except error:
        return
    except Exception as other:
        if not hasattr(other, "student"):
            raise
        got = type(other).__name__
        raise CheckFailed(f"expected {error.__name__}, got {got}", f"{got}: {other}") from None
    raise CheckFailed(f"expected {error.__name__}, but nothing was raised", f"got {kind_of(result)}")


def assert_own_memory(student: Any) -> None:
    """Require that the latest result shares no memory with an argument.

    Raises:
        CheckFailed: if it does.
    """
    __tracebackhide__ = True
    if student.last.shares_memory:
        raise CheckFailed("The result shares memory with the input. Return a copy.")


def kind_of(value: object) -> str:
    """Name the kind of a value without showing it."""
    if value is None:
        return "None"
    if type(value) is np.ndarray:
        return f"an array of shape {_told(value.shape, _SMALL)} and dtype {value.dtype}"
    name = str(getattr(value, "kind", "")) or type(value).__name__
    return f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"


def _told(shape: Sequence[int], expected: Sequence[int]) -> str:
    """Write a shape as a hidden test may: sizes far from the expected ones could carry what the test sent."""
    far = 4 * max(expected, default=1) + 4
    if len(shape) > len(expected) + 2 or any(size > far for size in shape):
        return f"of {len(shape)} axes and other sizes"
    return str(tuple(shape))


def _assert_number(actual: object, expected: float, rtol: float, atol: float, known: Known) -> None:
    __tracebackhide__ = True
    if isinstance(actual, bool) or not isinstance(actual, (int, float, np.integer, np.floating)):
        raise CheckFailed(f"expected a number, got {kind_of(actual)}")
    number = _as_float(actual)
    margins.note(number, expected, rtol, atol)
    near = math.isclose(number, expected, rel_tol=0, abs_tol=atol + rtol * abs(expected))
    if not near and not _both_nan(number, expected):
        finding = diagnose_number(number, expected, known)
        raise CheckFailed("the number differs", f"expected {expected!r}, got {actual!r}", finding)


def _as_float(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:  # a whole number beyond all floats
        return math.inf


def _assert_values(actual: Array, expected: Array, rtol: float, atol: float, known: Known) -> None:
    __tracebackhide__ = True
    margins.note(actual, expected, rtol, atol)
    wrong = ~np.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=True)
    if wrong.any():
        finding, seen = diagnose(actual, expected, known), compared(actual, expected, wrong)
        met = seen["met"] if seen else meeting(actual, expected, wrong)
        raise CheckFailed(_rough(wrong), _differences(actual, expected, wrong, met), finding, seen)


def _rough(wrong: Array) -> str:
    """Say how many elements are wrong, in steps of a quarter: finer steps would tell hidden values."""
    quarters = math.ceil(4 * wrong.mean())
    if quarters == 4:  # noqa: PLR2004 - all quarters
        return "all elements differ" if wrong.all() else "most elements differ"
    return f"up to {Fraction(quarters, 4)} of the elements differ"


def _differences(actual: Array, expected: Array, wrong: Array, met: Meeting | None) -> str:
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    values = f"expected {expected[first]!s}, got {actual[first]!s}"
    lines = [f"{int(wrong.sum())} of {wrong.size} elements differ; the first at {first}: {values}"]
    if actual.dtype.kind == "f" and np.isnan(actual).any() and not np.isnan(expected).any():
        lines.append(f"{int(np.isnan(actual).sum())} elements are NaN")
    elif actual.dtype.kind in "biuf":
        error = np.abs(actual.astype(float) - expected.astype(float))
        lines.append(f"largest difference {np.nanmax(error, initial=0):.3g}")
    if actual.size <= 64:  # noqa: PLR2004 - what fits on a screen
        lines += ["expected:", np.array2string(expected), "got:", np.array2string(actual)]
    lines += in_lines(met) if met else []
    return "\n".join(lines)


def _both_nan(one: object, other: object) -> bool:
    return isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other)
