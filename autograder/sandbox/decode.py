"""From nodes and buffers to values of exact types; see `values` for the forms. The other side may be hostile."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.errors import WireError
from autograder.sandbox.values import (
    DTYPES,
    FROM_WORKER,
    GENERATORS,
    KINDS,
    MAX_DEPTH,
    MAX_ODD_KEYS,
    ODD_KEYS_OF_A_GENERATOR,
    TENSOR_DTYPES,
    Opaque,
)

Buffer = bytes | bytearray
_MOST_LAID_OUT = 16 * 2**20  # bytes of memory for other layouts than C order, in a message


class Decoder:
    """Turn nodes into values of exact types.

    Args:
        buffers: the raw bytes that came with the nodes; each is used at most once.
        function: makes the callable of a "k" node; None where no function may come.
        nodes: how many parts there may be.
    """

    def __init__(
        self,
        buffers: Sequence[Buffer],
        function: Callable[[int], Callable[..., Any]] | None = None,
        nodes: int = FROM_WORKER.nodes,
    ) -> None:
        self._buffers: list[Buffer | None] = list(buffers)
        self._function = function
        self._nodes, self._most_nodes, self._odd = 0, nodes, 0
        self._room, self._hashing = _MOST_LAID_OUT, False

    def value(self, node: Any, depth: int = 0) -> Any:
        """Decode one node.

        Raises:
            WireError: if it is no node, too deep, too many, or does not fit its buffer.
        """
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > self._most_nodes:
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

    def key(self, node: Any, depth: int) -> Any:
        """Decode what is to be hashed: all but text counts with its parts, for its hashes can be made to collide."""
        before, hashing, self._hashing = self._nodes, self._hashing, True
        value = self.value(node, depth)
        self._hashing = hashing
        if type(value) is not str:
            self.count_odd(self._nodes - before + (value.bit_length() // 64 if type(value) is int else 0))
        return value

    def room(self, size: int) -> bool:
        """Take memory beyond that of the buffers, where there is enough of it for the whole message."""
        self._room -= size
        return self._room >= 0

    def count_odd(self, count: int) -> None:
        """Count work that the other side can choose, over the whole message."""
        self._odd += count
        if self._odd > MAX_ODD_KEYS:
            raise WireError("wire", f"sets and dicts have more than {MAX_ODD_KEYS} keys that are no strings")

    def buffer(self, number: object) -> Buffer:
        """Take a buffer, once."""
        if type(number) is not int or not 0 <= number < len(self._buffers):
            raise WireError("wire", "a buffer is named that did not come")
        data, self._buffers[number] = self._buffers[number], None
        if data is None:
            raise WireError("wire", "a buffer is used twice")
        if self._hashing:  # equal bytes are compared one by one
            self.count_odd(len(data) // 64)
        return data

    def function(self, number: object) -> Callable[..., Any]:
        """Make the callable that stands for a function of the other side."""
        if self._function is None or type(number) is not int:
            raise WireError("wire", "a function came where none may come")
        return self._function(number)


def _read_set(decoder: Decoder, parts: list[Any], depth: int) -> set[Any]:
    return set([decoder.key(part, depth) for part in parts])  # noqa: C403 - counted before any is hashed


def _read_dict(decoder: Decoder, parts: list[Any], depth: int) -> dict[Any, Any]:
    pairs = [(decoder.key(key, depth), node) for key, node in parts]
    return {key: decoder.value(node, depth) for key, node in pairs}


def _read_array(decoder: Decoder, parts: list[Any], _: int) -> np.ndarray[Any, Any]:
    dtype, shape, number, *layout = parts
    array = _array(dtype, shape, decoder.buffer(number))
    if layout:
        strides, writable = layout
        array = _laid_out(decoder, array, strides)
        array.setflags(write=writable is True)
    return array


def _array(dtype: object, shape: Sequence[object], data: Buffer) -> np.ndarray[Any, Any]:
    """Make a buffer, which nothing else holds, an array of exactly this dtype and shape."""
    if dtype not in DTYPES or type(shape) is not list or len(shape) > MAX_DEPTH:
        raise WireError("wire", "an array has no allowed dtype or shape")
    count = 1
    for length in shape:
        if type(length) is not int or length < 0:
            raise WireError("wire", "an array's shape holds something else than sizes")
        count *= length
    if count * np.dtype(dtype).itemsize != len(data):
        raise WireError("wire", "an array's shape does not fit its buffer")
    if dtype == np.dtype(bool).str:  # any byte may come, and only two are a bool
        plain = np.frombuffer(data, np.uint8)
        plain = plain if plain.flags.writeable else plain.copy()
        return np.minimum(plain, 1, out=plain).view(np.bool_).reshape(shape)
    array: np.ndarray[Any, Any] = np.frombuffer(data, dtype).reshape(shape)
    return array if array.flags.writeable else array.copy()


def _laid_out(decoder: Decoder, array: np.ndarray[Any, Any], strides: object) -> np.ndarray[Any, Any]:
    """Lay an array out with the given strides, or in C order where that takes many times its size."""
    size = array.itemsize
    if type(strides) is not list or len(strides) != array.ndim or any(type(s) is not int or s % size for s in strides):
        raise WireError("wire", "an array's strides do not fit it")
    if not array.size:
        return array
    steps = [step * (length - 1) for step, length in zip(strides, array.shape, strict=True)]
    low, high = sum(min(0, s) for s in steps), sum(max(0, s) for s in steps) + size
    if high - low > 16 * array.nbytes + 4096 or not decoder.room(high - low):
        return array
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
    array = _array(np.dtype(TENSOR_DTYPES[name]).str, shape, decoder.buffer(number))
    tensor = torch.from_numpy(np.ascontiguousarray(array)).reshape(shape)
    tensor = tensor.view(torch.bfloat16) if name == "bfloat16" else tensor
    return tensor.requires_grad_(requires_grad is True)


def _read_torch_dtype(_: Decoder, parts: list[Any], __: int) -> Any:
    import torch  # noqa: PLC0415 - only where an assignment uses it

    known = {name: getattr(torch, name) for name in TENSOR_DTYPES}
    return known[parts[0]]


def _read_dtype(_: Decoder, parts: list[Any], __: int) -> np.dtype[Any]:
    if parts[0] not in DTYPES:
        raise WireError("wire", "an unknown dtype is named")
    dtype: np.dtype[Any] = np.dtype(parts[0])
    return dtype


def _read_generator(decoder: Decoder, parts: list[Any], _: int) -> np.random.Generator:
    name, *state = parts
    if name not in GENERATORS or [*map(type, state)] != [int] * 4:
        raise WireError("wire", "an unknown random generator is named")
    decoder.count_odd(ODD_KEYS_OF_A_GENERATOR)
    bits = getattr(np.random, name)()
    words, increment, has_half, half = state
    inner = {"state": words % 2**128, "inc": increment % 2**128}
    bits.state = {"bit_generator": name, "state": inner, "has_uint32": has_half & 1, "uinteger": half % 2**32}
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
    "o": lambda _, parts, __: Opaque(parts[0] if parts[0] in KINDS else "object"),
}
