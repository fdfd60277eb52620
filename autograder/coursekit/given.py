"""What the student's function was given, found by its answer: for pictures of what went in."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

_latest: dict[str, Any] = {}


def note(result: object, args: Sequence[Any], kwargs: Mapping[str, Any], name_of: Callable[[int], str]) -> None:
    """Remember the latest call.

    Args:
        result: what came back.
        args: what was given by position.
        kwargs: what was given by keyword.
        name_of: gives the name of the parameter at a position.
    """
    _latest.update(result=result, args=args, kwargs=kwargs, name_of=name_of)


def behind(answer: object) -> dict[str, np.ndarray[Any, Any]]:
    """Give the arrays that the latest call was given, by parameter; none where this is not its answer, nor a part."""
    result = _latest.get("result")
    parts = result if isinstance(result, tuple) else result.values() if isinstance(result, dict) else ()
    if answer is not result and not any(answer is part for part in parts):
        return {}
    given = {_latest["name_of"](place): value for place, value in enumerate(_latest["args"])} | _latest["kwargs"]
    return {name: value for name, value in given.items() if isinstance(value, np.ndarray)}
