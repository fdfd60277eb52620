"""Frames, and those that a fuzzer begins with: one for every kind of value that may cross."""

import math
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np

from autograder.sandbox import wire
from autograder.sandbox.values import DTYPES, Opaque

PREFIX = struct.Struct("<4sII")


@dataclass(frozen=True)
class Frame:
    """One message in parts.

    Attributes:
        header: JSON.
        buffers: raw bytes that go with it.
    """

    header: bytes
    buffers: tuple[bytes, ...] = ()

    def raw(self) -> bytes:
        """Give the bytes as they go over the wire."""
        sizes = struct.pack(f"<{len(self.buffers)}Q", *map(len, self.buffers))
        return PREFIX.pack(b"AGW1", len(self.header), len(self.buffers)) + sizes + self.header + b"".join(self.buffers)


def parse(raw: bytes) -> Frame:
    """Take the bytes of a well-formed message apart."""
    _, length, count = PREFIX.unpack_from(raw)
    sizes = struct.unpack_from(f"<{count}Q", raw, PREFIX.size)
    place = PREFIX.size + 8 * count
    header, place = raw[place : place + length], place + length
    buffers = []
    for size in sizes:
        buffers.append(raw[place : place + size])
        place += size
    return Frame(header, tuple(buffers))


def corpus(*, torch: bool) -> list[Frame]:
    """Write a message for every kind of value that may cross, and take it from the other end."""
    return [_sent(message) for message in _messages(torch=torch)]


def _sent(message: dict[str, Any]) -> Frame:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        wire.send(mine, message, monotonic() + 5, [])
        mine.close()
        return parse(b"".join(iter(lambda: theirs.recv(2**16), b"")))


def _messages(*, torch: bool) -> Iterator[dict[str, Any]]:
    base, read_only = np.arange(60.0).reshape(6, 10), np.arange(3)
    read_only.setflags(write=False)
    left = {"changed": (0, "x"), "shares_memory": False, "warnings": ("UserWarning: w",), "output": "o", "seconds": 0.5}
    yield {"fault": ""}
    yield {"refused": []}
    yield {"refused": [[3, "numpy.pad"], [4, "scipy"]]}
    yield {"error": {"kind": "ValueError", "name": "Mine", "text": "é\n", "frames": [["f", 3], ["g", 4]]}}
    yield {"missing": "f"}
    yield {"result": None, "left": left}
    yield {"result": (1, 2.5, "three", True, None, b"four", 5 + 6j), "left": left}
    yield {"result": {"W1": base, 2: [base[0], {3, 4}], (5, 6): frozenset({"7"})}, "left": left}
    yield {"result": [math.nan, math.inf, -math.inf, 2**70, -(2**70), 10**400], "left": left}
    yield {"result": [np.zeros((2, 3), dtype) for dtype in sorted(DTYPES)], "left": left}
    yield {"result": [np.ones((), dtype)[()] for dtype in sorted(DTYPES)], "left": left}
    yield {"result": [base[::2, ::3], base[::-1], np.asfortranarray(base), base.T, base[2:2], read_only], "left": left}
    yield {"result": [np.zeros(()), np.zeros((0, 5)), np.zeros((1,) * 32)], "left": left}
    yield {"result": [np.dtype("f4"), Opaque("function"), object, np.array(["a"], object)], "left": left}
    yield {"result": [np.random.Generator(bits(3)) for bits in (np.random.PCG64, np.random.PCG64DXSM)], "left": left}
    yield {"ask": 0, "args": [base, 3], "kwargs": {"mode": "same"}}
    yield {"ask": "pad_image", "args": [], "kwargs": {}}
    yield {"op": "call", "name": "f", "args": [len, base], "kwargs": {"x": {"y": [[[[1]]]]}}}
    yield {"weights": {"a.weight": base, "a.bias": read_only}}
    if torch:
        yield from _tensors()


def _tensors() -> Iterator[dict[str, Any]]:
    import torch  # noqa: PLC0415 - only where it is installed

    kinds = [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool, torch.complex64]
    yield {"result": [torch.ones((2, 3)).to(kind) for kind in kinds]}
    yield {"result": [torch.ones(3, requires_grad=True), torch.nn.Parameter(torch.zeros(2)), torch.zeros((0, 4))]}
    yield {"result": [torch.float32, torch.Generator(), torch.ones((3, 4)).T], "left": {}}
    yield {"weights": torch.nn.Linear(3, 2).state_dict()}
