"""What meets where a filtered image first differs: the patch of the image, and the kernel."""

from typing import Any

import numpy as np

from .given import behind

Array = np.ndarray[Any, Any]
Meeting = dict[str, Any]
KERNELS = ("kernel", "filter")  # names of parameters
_MOST_KERNEL = 7  # rows and columns
CHANNELS = (3, 4)  # a last axis of this length holds colours
_OUTSIDE = "·"


def meeting(actual: Array, expected: Array, wrong: Array) -> Meeting | None:
    """Find what should have met at the first difference, where the function was given an image and a kernel.

    Args:
        actual: what the student returned.
        expected: what was expected, of the same shape: (H, W), or (H, W, 3) where each channel is filtered.
        wrong: bool, of the same shape, with at least one True.

    Returns:
        None where that cannot be said; else
        "place": of the first difference, as text;
        "patch", "kernel": rows of text; what lies outside of the image is empty;
        "how": "as given", or "turned by 180 degrees" where that gives what was expected;
        "sum": what the products of the two add up to, as text, where this is what was expected; else empty.
    """
    arrays = {name: array for name, array in behind(actual).items() if array.dtype.kind in "biuf"}
    kernel = next((array for name, array in arrays.items() if name in KERNELS), None)
    image = next((array for array in arrays.values() if array is not kernel and array.ndim == expected.ndim), None)
    if kernel is None or kernel.ndim != 2 or max(kernel.shape, default=0) > _MOST_KERNEL or image is None:  # noqa: PLR2004 - height and width
        return None
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    if len(place) == 3 and place[2] < image.shape[2] in CHANNELS:  # noqa: PLR2004 - height, width, colour
        image = image[..., place[2]]
    corner = _corner(place, image.shape, kernel.shape, expected.shape) if image.ndim == 2 else None  # noqa: PLR2004
    return None if corner is None else _met(image, kernel, corner, place, expected[place])


def in_lines(met: Meeting) -> list[str]:
    """Write patch and kernel side by side."""
    width = max(len(text) for rows in (met["patch"], met["kernel"]) for row in rows for text in row)
    patch, kernel = (
        ["  ".join((text or _OUTSIDE).rjust(width) for text in row) for row in rows]
        for rows in (met["patch"], met["kernel"])
    )
    outside = f"; {_OUTSIDE} lies outside" if any("" in row for row in met["patch"]) else ""
    lines = [f"at {met['place']} this patch meets the kernel, {met['how']}{outside}:"]
    lines += [f"  {left}     {right}" for left, right in zip(patch, kernel, strict=True)]
    return lines + ([f"their products add up to {met['sum']}"] if met["sum"] else [])


def _corner(
    place: tuple[int, ...], image: tuple[int, ...], kernel: tuple[int, ...], answer: tuple[int, ...]
) -> tuple[int, int] | None:
    """Say where the kernel begins: centred where the answer has the image's size, else fully on the image."""
    starts = []
    for at, size, length, got in zip(place, image, kernel, answer, strict=False):
        if got not in {size, size - length + 1}:
            return None
        starts.append(at - length // 2 if got == size else at)
    return starts[0], starts[1]


def _met(image: Array, kernel: Array, corner: tuple[int, int], place: tuple[int, ...], expected: Any) -> Meeting:
    rows, columns = (range(start, start + length) for start, length in zip(corner, kernel.shape, strict=True))
    inside = [range(size) for size in image.shape]
    patch = [[image[r, c] if r in inside[0] and c in inside[1] else None for c in columns] for r in rows]
    numbers = np.array([[number or 0 for number in row] for row in patch], dtype=float)
    turned = kernel[::-1, ::-1]
    with np.errstate(all="ignore"):
        fits = [bool(np.isclose((numbers * one).sum(), expected)) for one in (kernel, turned)]
    shown, how = (turned, "turned by 180 degrees") if fits == [False, True] else (kernel, "as given")
    return {
        "place": str(place),
        "patch": [["" if number is None else told(number) for number in row] for row in patch],
        "kernel": [[told(number) for number in row] for row in shown],
        "how": how,
        "sum": told(expected) if any(fits) else "",
    }


def told(number: Any) -> str:
    """Write a number briefly."""
    return f"{number:.5g}" if isinstance(number, np.floating) else str(number)
