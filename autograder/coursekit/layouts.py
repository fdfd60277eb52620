"""Memory layouts that a correct function must not care about."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
LAYOUTS = ("read-only", "Fortran order", "strided", "negative strides")


def relaid(array: Array, layout: str) -> Array:
    """Give the same values in another memory layout.

    Args:
        array: any array; it stays as it is.
        layout: one of LAYOUTS: an array that cannot be written, one in Fortran order, every second
            element of a larger array, or a view with negative strides.

    Raises:
        ValueError: if there is no such layout.
    """
    if layout == "read-only":
        result = array.copy()
        result.setflags(write=False)
    elif layout == "Fortran order":
        result = array.copy(order="F")
    elif layout == "strided":
        wide = np.zeros(tuple(2 * n for n in array.shape), array.dtype)
        result = wide[tuple(slice(None, None, 2) for _ in array.shape)]
        result[...] = array
    elif layout == "negative strides":
        backwards = tuple(slice(None, None, -1) for _ in array.shape)
        result = array[backwards].copy()[backwards]
    else:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}, got {layout!r}")
    return result
