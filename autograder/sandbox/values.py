"""Which values may cross between grader and worker, and how they are written.

A value becomes a JSON node and raw buffers. None, bool, int, float and str
are themselves; everything else is a list that begins with a tag:

    ["l" | "t" | "s", item, …]        list, tuple, set
    ["d", [key, value], …]            dict
    ["b", buffer]                     bytes
    ["c", real, imaginary]            complex
    ["a", dtype, shape, buffer]       array, C-contiguous and writable
    ["a", …, strides, writable]       array in another layout
    ["n", dtype, buffer]              numpy scalar
    ["T", dtype, shape, buffer, requires_grad]   tensor, its data on the CPU
    ["p" | "D", name]                 numpy or torch dtype
    ["r", name, state]                numpy generator
    ["g", buffer]                     torch generator's state
    ["k", number]                     a function of the grader's, called through the wire
    ["o", name]                       what is no data: only its kind is known

Nothing here unpickles, evaluates or looks a name up that the other side chose,
and every size is checked against the buffer that came with it.
"""

import builtins
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograder.errors import WireError

MAX_DEPTH = 32
MAX_NODES = 200_000
MAX_ODD_KEYS = 2_048  # keys that are no strings: their hashes can be chosen to collide (measured: 40,000 cost 12 s)
_DTYPES = frozenset(
    np.dtype(name).str
    for name in ("bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
)
_TENSOR_DTYPES = {"bool": "bool", "uint8": "u1", "int8": "i1", "int16": "i2", "int32": "i4", "int64": "i8"} | {
    "float16": "f2", "float32": "f4", "float64": "f8", "complex64": "c8", "complex128": "c16", "bfloat16": "i2",
}  # fmt: skip
_GENERATORS = frozenset({"PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"})
_KINDS = (
    frozenset(vars(builtins))
    | {"function", "module", "generator", "matrix", "MaskedArray", "Tensor"}
    | {"array of objects"}
)


@dataclass(frozen=True)
class Opaque:
    """Stands for something that is no data: it equals nothing and computes nothing.

    Attributes:
        kind: name of its class where that is a well-known one, else "object".
    """

    kind: str

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return False


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
        writer = _WRITERS.get(kind) or _numpy_or_torch(value)
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


class Decoder:
    """Turn nodes into values of exact types.

    Args:
        buffers: the raw bytes that came with the nodes; each is used at most once.
        function: makes the callable of a "k" node; None where no function may come.
    """

    def __init__(self, buffers: Sequence[bytes], function: Callable[[int], Callable[..., Any]] | None = None) -> None:
        self._buffers: list[bytes | None] = list(buffers)
        self._function = function
        self._nodes = 0

    def value(self, node: Any, depth: int = 0) -> Any:
        """Decode one node.

        Raises:
            WireError: if it is no node, too deep, too many, or does not fit its buffer.
        """
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise WireError("wire", "a value is nested too deeply or has too many parts")
        if node is None or type(node) in (bool, int, float, str):
            return node
        if type(node) is not list or not node or type(node[0]) is not str or node[0] not in _READERS:
            raise WireError("wire", "a part of a message has no known form")
        try:
            return _READERS[node[0]](self, node[1:], depth + 1)
        except WireError:
            raise
        except Exception as error:  # noqa: BLE001 - hostile parts fail in many ways; one comes out
            kind = type(error).__name__
            raise WireError("wire", f"a part of a message tagged '{node[0]}' cannot be read ({kind})") from None

    def buffer(self, number: object) -> bytes:
        """Take a buffer, once."""
        if type(number) is not int or not 0 <= number < len(self._buffers):
            raise WireError("wire", "a buffer is named that did not come")
        data, self._buffers[number] = self._buffers[number], None
        if data is None:
            raise WireError("wire", "a buffer is used twice")
        return data

    def function(self, number: object) -> Callable[..., Any]:
        """Make the callable that stands for a function of the other side."""
        if self._function is None or type(number) is not int:
            raise WireError("wire", "a function came where none may come")
        return self._function(number)


def _write_items(tag: str, encoder: Encoder, value: Any, depth: int) -> list[Any]:
    return [tag, *(encoder.node(item, depth) for item in value)]


def _write_dict(encoder: Encoder, value: dict[Any, Any], depth: int) -> list[Any]:
    return ["d", *([encoder.node(key, depth), encoder.node(item, depth)] for key, item in value.items())]


def _write_array(encoder: Encoder, value: np.ndarray[Any, Any], _: int) -> list[Any]:
    if value.dtype.str not in _DTYPES:
        return ["o", "array of objects"]
    node = ["a", value.dtype.str, list(value.shape), encoder.buffer(value.tobytes())]
    plain = value.flags.c_contiguous and value.flags.writeable
    return node if plain else [*node, list(value.strides), value.flags.writeable]


def _write_scalar(encoder: Encoder, value: np.generic, _: int) -> list[Any]:
    known = value.dtype.str in _DTYPES
    return ["n", value.dtype.str, encoder.buffer(value.tobytes())] if known else ["o", "object"]


def _write_tensor(encoder: Encoder, value: Any, _: int) -> list[Any]:
    name = str(value.dtype).removeprefix("torch.")
    if name not in _TENSOR_DTYPES or value.layout != sys.modules["torch"].strided or value.device.type == "meta":
        return ["o", "Tensor"]
    data = value.detach().cpu().contiguous()
    data = data.view(sys.modules["torch"].int16) if name == "bfloat16" else data
    return ["T", name, list(value.shape), encoder.buffer(data.numpy().tobytes()), bool(value.requires_grad)]


def _write_generator(encoder: Encoder, value: np.random.Generator, depth: int) -> list[Any]:
    state = value.bit_generator.state
    return ["r", state["bit_generator"], encoder.node(dict(state), depth)]


def _write_named(tag: str, prefix: str, _: Encoder, value: object, __: int) -> list[Any]:
    return [tag, str(value).removeprefix(prefix)]


_WRITERS: dict[type, Callable[[Encoder, Any, int], Any]] = {
    list: partial(_write_items, "l"),
    tuple: partial(_write_items, "t"),
    set: partial(_write_items, "s"),
    frozenset: partial(_write_items, "s"),
    dict: _write_dict,
    bytes: lambda encoder, value, _: ["b", encoder.buffer(value)],
    complex: lambda _, value, __: ["c", value.real, value.imag],
    np.ndarray: _write_array,
    np.random.Generator: _write_generator,
    Opaque: lambda _, value, __: ["o", value.kind],
}


def _numpy_or_torch(value: object) -> Callable[[Encoder, Any, int], Any] | None:  # noqa: PLR0911 - one for each kind
    if isinstance(value, np.generic):
        return _write_scalar
    if isinstance(value, np.dtype):
        return lambda _, dtype, __: ["p", dtype.str]
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    if type(value) in (torch.Tensor, torch.nn.Parameter):
        return _write_tensor
    if isinstance(value, torch.dtype):
        return partial(_write_named, "D", "torch.")
    if isinstance(value, torch.Generator):
        return lambda encoder, generator, _: ["g", encoder.buffer(generator.get_state().numpy().tobytes())]
    return _write_dict if type(value).__name__ == "OrderedDict" and isinstance(value, dict) else None


def _read_set(decoder: Decoder, parts: list[Any], depth: int) -> set[Any]:
    if len(parts) > MAX_ODD_KEYS:
        raise WireError("wire", f"a set has more than {MAX_ODD_KEYS} elements")
    return {decoder.value(part, depth) for part in parts}


def _read_dict(decoder: Decoder, parts: list[Any], depth: int) -> dict[Any, Any]:
    pairs = [(decoder.value(key, depth), node) for key, node in parts]
    if sum(type(key) is not str for key, _ in pairs) > MAX_ODD_KEYS:
        raise WireError("wire", f"a dict has more than {MAX_ODD_KEYS} keys that are no strings")
    return {key: decoder.value(node, depth) for key, node in pairs}


def _read_array(decoder: Decoder, parts: list[Any], _: int) -> np.ndarray[Any, Any]:
    dtype, shape, number, *layout = parts
    array = _array(dtype, shape, decoder.buffer(number))
    if layout:
        strides, writable = layout
        array = _laid_out(array, strides)
        array.setflags(write=writable is True)
    return array


def _array(dtype: object, shape: Sequence[object], data: bytes) -> np.ndarray[Any, Any]:
    """Copy a buffer into an array of exactly this dtype and shape."""
    if dtype not in _DTYPES or type(shape) is not list or len(shape) > MAX_DEPTH:
        raise WireError("wire", "an array has no allowed dtype or shape")
    count = 1
    for length in shape:
        if type(length) is not int or length < 0:
            raise WireError("wire", "an array's shape holds something else than sizes")
        count *= length
    if count * np.dtype(dtype).itemsize != len(data):
        raise WireError("wire", "an array's shape does not fit its buffer")
    if dtype == np.dtype(bool).str:
        return np.asarray(np.frombuffer(data, np.uint8).reshape(shape) != 0)
    array: np.ndarray[Any, Any] = np.frombuffer(data, dtype).reshape(shape).copy()
    return array


def _laid_out(array: np.ndarray[Any, Any], strides: object) -> np.ndarray[Any, Any]:
    """Lay an array out with the given strides, in memory of its own of at most 16 times its size."""
    size = array.itemsize
    if type(strides) is not list or len(strides) != array.ndim or any(type(s) is not int or s % size for s in strides):
        raise WireError("wire", "an array's strides do not fit it")
    if not array.size:
        return array
    steps = [step * (length - 1) for step, length in zip(strides, array.shape, strict=True)]
    low, high = sum(min(0, s) for s in steps), sum(max(0, s) for s in steps) + size
    if high - low > 16 * array.nbytes + 4096:
        raise WireError("wire", "an array's strides span too much memory")
    home = np.zeros(high - low, np.uint8)
    view: np.ndarray[Any, Any] = np.ndarray(array.shape, array.dtype, home.data, -low, strides)
    view[...] = array
    return view


def _read_scalar(decoder: Decoder, parts: list[Any], _: int) -> np.generic:
    dtype, number = parts
    scalar: np.generic = _array(dtype, [], decoder.buffer(number))[()]  # type: ignore[assignment]
    return scalar


def _read_tensor(decoder: Decoder, parts: list[Any], _: int) -> Any:
    import torch  # noqa: PLC0415 - only where an assignment uses it

    name, shape, number, requires_grad = parts
    array = _array(np.dtype(_TENSOR_DTYPES[name]).str, shape, decoder.buffer(number))
    tensor = torch.from_numpy(np.ascontiguousarray(array)).reshape(shape)
    tensor = tensor.view(torch.bfloat16) if name == "bfloat16" else tensor
    return tensor.requires_grad_(requires_grad is True)


def _read_torch_dtype(_: Decoder, parts: list[Any], __: int) -> Any:
    import torch  # noqa: PLC0415 - only where an assignment uses it

    known = {name: getattr(torch, name) for name in _TENSOR_DTYPES}
    return known[parts[0]]


def _read_dtype(_: Decoder, parts: list[Any], __: int) -> np.dtype[Any]:
    if parts[0] not in _DTYPES:
        raise WireError("wire", "an unknown dtype is named")
    dtype: np.dtype[Any] = np.dtype(parts[0])
    return dtype


def _read_generator(decoder: Decoder, parts: list[Any], depth: int) -> np.random.Generator:
    name, state = parts
    if name not in _GENERATORS:
        raise WireError("wire", "an unknown random generator is named")
    bits = getattr(np.random, name)()
    bits.state = decoder.value(state, depth)
    return np.random.Generator(bits)


def _read_torch_generator(decoder: Decoder, parts: list[Any], _: int) -> Any:
    import torch  # noqa: PLC0415 - only where an assignment uses it

    generator = torch.Generator()
    generator.set_state(torch.frombuffer(bytearray(decoder.buffer(parts[0])), dtype=torch.uint8))
    return generator


_READERS: dict[str, Callable[[Decoder, list[Any], int], Any]] = {
    "l": lambda decoder, parts, depth: [decoder.value(part, depth) for part in parts],
    "t": lambda decoder, parts, depth: tuple(decoder.value(part, depth) for part in parts),
    "s": _read_set,
    "d": _read_dict,
    "b": lambda decoder, parts, _: bytes(decoder.buffer(parts[0])),
    "c": lambda _, parts, __: complex(float(parts[0]), float(parts[1])),
    "a": _read_array,
    "n": _read_scalar,
    "T": _read_tensor,
    "p": _read_dtype,
    "D": _read_torch_dtype,
    "r": _read_generator,
    "g": _read_torch_generator,
    "k": lambda decoder, parts, _: decoder.function(parts[0]),
    "o": lambda _, parts, __: Opaque(parts[0] if parts[0] in _KINDS else "object"),
}
