"""From values to nodes and buffers; see `values` for the forms."""

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from autograder.errors import WireError
from autograder.sandbox.values import DTYPES, GENERATORS, MAX_DEPTH, TENSOR_DTYPES, Opaque


class Encoder:
    """Turn values into nodes; what is no data becomes a tagged kind.

    Args:
        functions: where callables are added, so that the number in a "k" node is their place
            in it; None where callables are no data either.

    Attributes:
        buffers: raw bytes that go with the nodes.
    """

    def __init__(self, functions: list[Callable[..., Any]] | None = None) -> None:
        self.buffers: list[bytes] = []
        self._functions = functions

    def node(self, value: Any, depth: int = 0) -> Any:
        """Encode one value.

        Raises:
            WireError: if it is nested too deeply.
        """
        if depth > MAX_DEPTH:
            raise WireError("wire", f"a value is nested deeper than {MAX_DEPTH} levels")
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        writer = _WRITERS.get(kind) or _numpy_or_torch(value) or _of_base(kind)
        if writer is not None:
            return writer(self, value, depth + 1)
        if self._functions is not None and callable(value):
            self._functions.append(value)
            return ["k", len(self._functions) - 1]
        return ["o", kind.__name__[:100]]

    def buffer(self, data: bytes) -> int:
        """Keep raw bytes and give their number."""
        self.buffers.append(data)
        return len(self.buffers) - 1


def _write_items(tag: str, base: type, encoder: Encoder, value: Any, depth: int) -> list[Any]:
    return [tag, *(encoder.node(item, depth) for item in base.__iter__(value))]  # type: ignore[attr-defined]


def _write_dict(encoder: Encoder, value: dict[Any, Any], depth: int) -> list[Any]:
    return ["d", *([encoder.node(key, depth), encoder.node(item, depth)] for key, item in dict.items(value))]


def _write_array(encoder: Encoder, value: np.ndarray[Any, Any], _: int) -> list[Any]:
    if value.dtype.str not in DTYPES:
        return ["o", "array of objects"]
    node = ["a", value.dtype.str, list(value.shape), encoder.buffer(value.tobytes())]
    plain = value.flags.c_contiguous and value.flags.writeable
    return node if plain else [*node, list(value.strides), value.flags.writeable]


def _write_scalar(encoder: Encoder, value: np.generic, _: int) -> list[Any]:
    return ["n", value.dtype.str, encoder.buffer(value.tobytes())]


def _write_tensor(encoder: Encoder, value: Any, _: int) -> list[Any]:
    name = str(value.dtype).removeprefix("torch.")
    if name not in TENSOR_DTYPES or value.layout != sys.modules["torch"].strided or value.device.type == "meta":
        return ["o", "Tensor"]
    data = value.detach().as_subclass(sys.modules["torch"].Tensor).cpu().contiguous()
    data = data.view(sys.modules["torch"].int16) if name == "bfloat16" else data
    return ["T", name, list(value.shape), encoder.buffer(data.numpy().tobytes()), bool(value.requires_grad)]


def _write_generator(_: Encoder, value: np.random.Generator, __: int) -> list[Any]:
    state = value.bit_generator.state
    if state["bit_generator"] not in GENERATORS:
        return ["o", "Generator"]
    words = state["state"]
    return ["r", state["bit_generator"], words["state"], words["inc"], state["has_uint32"], state["uinteger"]]


def _write_named(tag: str, prefix: str, _: Encoder, value: object, __: int) -> list[Any]:
    return [tag, str(value).removeprefix(prefix)]


_WRITERS: dict[type, Callable[[Encoder, Any, int], Any]] = {
    list: partial(_write_items, "l", list),
    tuple: partial(_write_items, "t", tuple),
    set: partial(_write_items, "s", set),
    frozenset: partial(_write_items, "s", frozenset),
    dict: _write_dict,
    bytes: lambda encoder, value, _: ["b", encoder.buffer(bytes.__bytes__(value))],
    complex: lambda _, value, __: ["c", value.real, value.imag],
    np.ndarray: _write_array,
    np.random.Generator: _write_generator,
    Opaque: lambda _, value, __: ["o", value.kind],
}

_BASES: dict[type, Callable[[Encoder, Any, int], Any]] = {
    base: _WRITERS[base] for base in (list, tuple, set, frozenset, dict, bytes)
} | {
    int: lambda _, value, __: int.__int__(value),
    float: lambda _, value, __: float.__float__(value),
    str: lambda _, value, __: str.__str__(value),
}


def _of_base(kind: type) -> Callable[[Encoder, Any, int], Any] | None:
    """Find how to write a subclass of a built-in type, such as a named tuple or an IntEnum's member, as that type."""
    return next((_BASES[base] for base in type.mro(kind) if base in _BASES), None)


def _numpy_or_torch(value: object) -> Callable[[Encoder, Any, int], Any] | None:  # noqa: PLR0911 - one for each kind
    if isinstance(value, np.generic) and value.dtype.str in DTYPES:
        return _write_scalar
    if isinstance(value, np.ndarray) and not isinstance(
        value, (np.matrix, np.ma.MaskedArray)
    ):  # these compute otherwise
        return lambda encoder, array, depth: _write_array(encoder, np.ndarray.view(array, np.ndarray), depth)
    if isinstance(value, np.dtype):
        return lambda _, dtype, __: ["p", dtype.str]
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    if isinstance(value, torch.Tensor) and type(value).__torch_dispatch__ is torch.Tensor.__torch_dispatch__:
        return _write_tensor
    if isinstance(value, torch.dtype):
        return partial(_write_named, "D", "torch.")
    if isinstance(value, torch.Generator):
        return lambda encoder, generator, _: ["g", encoder.buffer(generator.get_state().numpy().tobytes())]
    return None
