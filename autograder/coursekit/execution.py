"""Run a function of the student's and see what it leaves behind.

The local stand-in and the confined worker both run student code through
this module, so that a test means the same in a kit and in the grader.
"""

import ast
import linecache
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

__tracebackhide__ = True  # pytest shows the student's lines, and none of this module


@dataclass(frozen=True)
class Leftovers:
    """What a call left behind, besides its result.

    Attributes:
        changed: positions and keywords of the arguments that the call wrote into.
        shares_memory: whether the result shares memory with an argument.
        warnings: "Category: text" of each warning, the first 20.
        output: what was printed, cut; empty where output is not captured.
        seconds: wall-clock seconds.
    """

    changed: tuple[int | str, ...] = ()
    shares_memory: bool = False
    warnings: tuple[str, ...] = ()
    output: str = ""
    seconds: float = 0.0


def load_module(tree: ast.Module, file: Path) -> types.ModuleType:
    """Import the student's file, parsed, under the file's name.

    Raises:
        BaseException: whatever the file's own code raises.
    """
    code = compile(tree, file.name, "exec", dont_inherit=True)
    text = file.read_text(encoding="utf-8")
    linecache.cache[file.name] = (len(text), None, text.splitlines(keepends=True), file.name)  # for inspect.getsource
    module = types.ModuleType(file.stem)
    module.__file__ = str(file)
    sys.modules[file.stem] = module
    exec(code, module.__dict__)  # noqa: S102 - running the student's code is this module's purpose
    return module


def run(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], *, record_warnings: bool = True
) -> tuple[Any, Leftovers]:
    """Call a function and note what it leaves behind.

    Args:
        function: the student's function.
        args: positional arguments.
        kwargs: keyword arguments.
        record_warnings: catch warnings; otherwise they go where the caller's filters send them.

    Raises:
        BaseException: whatever the function raises.
    """
    given: dict[int | str, Any] = dict(enumerate(args))
    given.update(kwargs)
    before = {key: _snapshot(value) for key, value in given.items()}
    with warnings.catch_warnings(record=record_warnings) as caught:
        if record_warnings:
            warnings.simplefilter("always")
        start = perf_counter()
        result = function(*args, **kwargs)
        seconds = perf_counter() - start
    return result, Leftovers(
        changed=tuple(key for key, value in given.items() if _snapshot(value) != before[key]),
        shares_memory=_shares_memory(result, list(given.values())),
        warnings=tuple(f"{w.category.__name__}: {w.message}"[:200] for w in (caught or ())[:20]),
        seconds=seconds,
    )


def _snapshot(value: object) -> object:
    """Freeze an argument's data, so that a later change shows; generators may advance and are left out."""
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.str, value.tobytes())
    if isinstance(value, dict):
        return [(key, _snapshot(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [_snapshot(item) for item in value]
    if (array := _tensor_array(value)) is not None:
        return _snapshot(array)
    return repr(value) if isinstance(value, (set, bytearray)) else None


def _shares_memory(result: object, arguments: list[Any]) -> bool:
    theirs = list(_arrays(arguments))
    return any(np.may_share_memory(mine, other) for mine in _arrays(result) for other in theirs)


def _arrays(value: object) -> Iterator[np.ndarray[Any, Any]]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict):
        yield from _arrays(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _arrays(item)
    elif (array := _tensor_array(value)) is not None:
        yield array


def _tensor_array(value: object) -> np.ndarray[Any, Any] | None:
    """See a tensor's memory as an array; None for what is no tensor, or has no plain memory on the CPU."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.Tensor):
        return None
    if value.layout != torch.strided or value.device.type != "cpu" or value.is_quantized:
        return None
    plain = value.detach().resolve_conj().resolve_neg()
    array: np.ndarray[Any, Any] = (plain.view(torch.int16) if plain.dtype == torch.bfloat16 else plain).numpy()
    return array
