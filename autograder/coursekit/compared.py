"""Two arrays side by side, as plain data of bounded size, from which a page draws pictures and a table."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from .given import behind
from .meeting import CHANNELS, KERNELS, meeting, told

Array = np.ndarray[Any, Any]
Compared = dict[str, Any]
STEPS = 255  # of a colour scale: codes 0 to 254
NAN = 255  # the code of what is no number
_MOST_SIDE, _LEAST_SIDE = 64, 3  # numbers; a larger picture is thinned out, a smaller array is no picture
_AROUND = 2  # rows and columns on each side of the first difference


def compared(actual: Array, expected: Array, wrong: Array) -> Compared | None:
    """Show a plane of two arrays around the first place where they differ.

    Args:
        actual: what the student returned.
        expected: what was expected, of the same shape.
        wrong: bool, of the same shape, with at least one True.

    Returns:
        None where the arrays are no pictures; else
        "place": of the first difference, as text;
        "plane": what is shown of arrays with more than two axes, as text, else empty;
        "shape": of the pictures;
        "expected", "actual", "difference": their "codes", base64 of one byte for each number; the numbers that the
        "low" and "high" ends stand for; how many lie "beyond" these;
        "rows": of a table around the first difference, (row, [(column, expected, actual, whether it differs)]);
        "given": the same of the array that the function was given, with "name" and "shape", or None;
        "met": what meets at the first difference; see `meeting.meeting`.
    """
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    plane = _plane(place, expected.shape)
    if expected.dtype.kind not in "biuf" or actual.dtype.kind not in "biuf" or plane is None:
        return None
    mine, theirs, bad = (array[plane] for array in (actual, expected, wrong))
    got, wanted = _thinned(mine), _thinned(theirs)
    low, high = _range(wanted, got)
    with np.errstate(all="ignore"):
        difference = got - wanted
    most = _largest(difference)
    pictures = {"expected": (wanted, low, high), "actual": (got, low, high), "difference": (difference, -most, most)}
    first = tuple(place[axis] for axis, index in enumerate(plane) if isinstance(index, slice))
    return {
        "place": str(place),
        "plane": "" if len(plane) == len(first) else f"[{', '.join(_index(index) for index in plane)}]",
        "shape": list(wanted.shape),
        **{name: _coded(*picture) for name, picture in pictures.items()},
        "rows": _rows(theirs, mine, bad, (first[0], first[1])),
        "given": _given(behind(actual), place),
        "met": meeting(actual, expected, wrong),
    }


def _plane(place: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int | slice, ...] | None:
    """Choose height and width, and elsewhere the place: (…, H, W), or (…, H, W, 3) where the last axis is colour."""
    end = len(shape) - (len(shape) > 2 and shape[-1] in CHANNELS)  # noqa: PLR2004 - height and width
    axes = (end - 2, end - 1)
    if end < 2 or min(shape[axis] for axis in axes) < _LEAST_SIDE:  # noqa: PLR2004 - height and width
        return None
    return tuple(slice(None) if axis in axes else index for axis, index in enumerate(place))


def _given(arrays: Mapping[str, Array], place: tuple[int, ...]) -> Compared | None:
    """Show the first array that is a picture, and no kernel."""
    for name, array in arrays.items():
        same = array.ndim == len(place) and all(p < size for p, size in zip(place, array.shape, strict=True))
        plane = _plane(place if same else (0,) * array.ndim, array.shape)
        if plane is not None and array.dtype.kind in "biuf" and name not in KERNELS:
            thinned = _thinned(array[plane])
            return {"name": name, "shape": list(thinned.shape), **_coded(thinned, *_range(thinned, thinned))}
    return None


def _index(index: int | slice) -> str:
    return ":" if isinstance(index, slice) else str(index)


def _thinned(plane: Array) -> Array:
    """Take at most 64 rows and columns, evenly."""
    rows, columns = (np.linspace(0, size - 1, min(size, _MOST_SIDE)).round().astype(int) for size in plane.shape)
    thinned: Array = plane[np.ix_(rows, columns)].astype(np.float64)
    return thinned


def _range(expected: Array, actual: Array) -> tuple[float, float]:
    """Give the ends of the scale that both share: all expected numbers, and others within one range of these.

    Where all expected numbers are equal, they have no range, and all others count.
    """
    known, others = expected[np.isfinite(expected)], actual[np.isfinite(actual)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    width = high - low or np.inf
    near = others[(others >= low - width) & (others <= high + width)]
    return float(min(low, near.min(initial=low))), float(max(high, near.max(initial=high)))


def _largest(difference: Array) -> float:
    return float(np.abs(difference[np.isfinite(difference)]).max(initial=0.0))


def _coded(plane: Array, low: float, high: float) -> Compared:
    """Write numbers as codes from low to high; what lies beyond is at the ends, and counted."""
    with np.errstate(all="ignore"):
        share = np.clip((plane / 2 - low / 2) / ((high / 2 - low / 2) or 1.0), 0.0, 1.0)  # halves: no overflow
    codes = np.where(np.isnan(share), NAN, np.nan_to_num(share) * (STEPS - 1)).round().astype(np.uint8)
    return {
        "codes": base64.b64encode(codes.tobytes()).decode("ascii"),
        "low": f"{low:.4g}",
        "high": f"{high:.4g}",
        "beyond": int(((plane < low) | (plane > high)).sum()),
    }


def _rows(expected: Array, actual: Array, wrong: Array, first: tuple[int, int]) -> list[Any]:
    rows, columns = (
        range(max(0, middle - _AROUND), min(size, middle + _AROUND + 1))
        for middle, size in zip(first, expected.shape, strict=True)
    )
    return [[r, [[c, told(expected[r, c]), told(actual[r, c]), bool(wrong[r, c])] for c in columns]] for r in rows]
