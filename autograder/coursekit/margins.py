"""How much of its tolerance an answer uses: measured only where a proof asks for it."""

from typing import Any

import numpy as np

_MOST = 1e12  # stands for answers that no tolerance could reach: infinity is no JSON
_state: dict[str, float | None] = {}


def measure(*, wanted: bool) -> None:
    """Begin to measure, or stop."""
    _state.clear()
    if wanted:
        _state["largest"] = None


def note(actual: Any, expected: Any, rtol: float, atol: float) -> None:
    """Note a comparison's largest |actual - expected| / (atol + rtol |expected|): above 1 it fails.

    Args:
        actual: a number, or an array of the shape of the expected one.
        expected: what it is compared with.
        rtol: relative tolerance.
        atol: absolute tolerance.
    """
    if "largest" not in _state:
        return
    with np.errstate(all="ignore"):
        wanted, got = np.asarray(expected), np.asarray(actual)
        same = (got == wanted) | ((got != got) & (wanted != wanted))  # noqa: PLR0124 - NaN differs from itself
        wanted, got = wanted.astype(complex), got.astype(complex)
        used = np.where(same, 0.0, abs(got - wanted) / (atol + rtol * abs(wanted)))
    largest = float(np.nan_to_num(used, nan=_MOST, posinf=_MOST).max(initial=0.0))
    _state["largest"] = min(_MOST, max(largest, _state["largest"] or 0.0))


def take() -> float | None:
    """Give the largest since the last time, and forget it; None where nothing was compared, or measured."""
    if _state.get("largest") is None:
        return None
    largest, _state["largest"] = _state["largest"], None
    return largest
