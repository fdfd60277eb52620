"""Messages over a socket: a bounded JSON header and raw buffers, under one absolute deadline.

magic | header length u32 | number of buffers u32 | their lengths u64 … | header | buffers
"""

import json
import socket
import struct
from collections.abc import Callable, Sequence
from itertools import accumulate
from time import monotonic
from typing import Any

from autograder.errors import WireError
from autograder.sandbox.decode import Decoder
from autograder.sandbox.encode import Encoder
from autograder.sandbox.values import FROM_GRADER, FROM_WORKER, Bounds

MAX_BUFFERS = 4_096
_MAGIC = b"AGW1"
_STEP = 2**20
_TOGETHER = 2**16  # bytes that are sent, and received, at once: each call may wake the other process
_PREFIX = struct.Struct("<4sII")


class Closed(WireError):
    """The other side is gone."""


def send(
    channel: socket.socket,
    message: dict[str, Any],
    deadline: float,
    functions: list[Callable[..., Any]] | None = None,
    *,
    bounds: Bounds = FROM_GRADER,
) -> None:
    """Send one message.

    Args:
        channel: a connected stream socket.
        message: data; see `values` for what may be in it.
        deadline: `time.monotonic()` value by which everything must be sent.
        functions: where callables are added, which go as numbers that the other side may ask for;
            None where callables are no data.
        bounds: how large the message may be.

    Raises:
        TimeoutError: if the deadline passes.
        Closed: if the other side is gone.
        WireError: if the message is larger than a message may be.
    """
    encoder = Encoder(functions)
    header = json.dumps(encoder.node(message), separators=(",", ":")).encode()
    sizes = [len(buffer) for buffer in encoder.buffers]
    _check_sizes(len(header), sizes, bounds)
    prefix = _PREFIX.pack(_MAGIC, len(header), len(sizes)) + struct.pack(f"<{len(sizes)}Q", *sizes)
    parts: Sequence[bytes] = (prefix + header, *encoder.buffers)
    try:
        for part in [b"".join(parts)] if sum(sizes) <= _TOGETHER else parts:
            channel.settimeout(_left(deadline))
            channel.sendall(part)
    except (BrokenPipeError, ConnectionResetError):
        raise Closed("wire", "the other side is gone") from None


def receive(
    channel: socket.socket,
    deadline: float,
    function: Callable[[int], Callable[..., Any]] | None = None,
    *,
    bounds: Bounds = FROM_GRADER,
) -> dict[str, Any]:
    """Receive one message.

    Args:
        channel: a connected stream socket.
        deadline: `time.monotonic()` value by which everything must have come.
        function: makes the callable for a function of the other side; None where none may come.
        bounds: how large it may be.

    Raises:
        TimeoutError: if the deadline passes.
        Closed: if the other side is gone.
        WireError: if what comes is no message.
    """
    magic, length, count = _PREFIX.unpack(_exactly(channel, _PREFIX.size, deadline))
    if magic != _MAGIC or count > MAX_BUFFERS:
        raise WireError("wire", "this is no message")
    sizes = struct.unpack(f"<{count}Q", _exactly(channel, 8 * count, deadline))
    _check_sizes(length, sizes, bounds)
    header, *buffers = _parts(channel, (length, *sizes), deadline)
    return decode(bytes(header), buffers, function, bounds=bounds)


def decode(
    header: bytes,
    buffers: Sequence[bytes | bytearray],
    function: Callable[[int], Callable[..., Any]] | None = None,
    *,
    bounds: Bounds = FROM_WORKER,
) -> dict[str, Any]:
    """Decode a message whose parts have come.

    Raises:
        WireError: if it is no message; no other error comes out of here.
    """
    if sum(map(header.count, (b"[", b"{", b","))) > 2 * bounds.nodes:  # before JSON makes a part of each
        raise WireError("wire", "a value has too many parts")
    try:
        node = json.loads(header)
    except (ValueError, RecursionError):
        raise WireError("wire", "a header is no JSON") from None
    message = Decoder(buffers, function, bounds.nodes).value(node)
    if type(message) is not dict:
        raise WireError("wire", "a message is no dict")
    return message


def _check_sizes(header: int, sizes: list[int] | tuple[int, ...], bounds: Bounds) -> None:
    if header > bounds.header or len(sizes) > MAX_BUFFERS or sum(sizes) > bounds.bytes:
        raise WireError("wire", "a message is larger than a message may be")


def _parts(channel: socket.socket, sizes: Sequence[int], deadline: float) -> list[bytearray]:
    """Read parts of these sizes: together where they are small."""
    if sum(sizes) > _TOGETHER:
        return [_exactly(channel, size, deadline) for size in sizes]
    data, ends = _exactly(channel, sum(sizes), deadline), list(accumulate(sizes))
    return [data[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _exactly(channel: socket.socket, count: int, deadline: float) -> bytearray:
    """Read so many bytes, taking memory only for what has come."""
    data = bytearray()
    while len(data) < count:
        channel.settimeout(_left(deadline))
        try:
            got = channel.recv(min(count - len(data), _STEP))
        except ConnectionResetError:
            got = b""
        if not got:
            raise Closed("wire", "the other side is gone")
        data += got
    return data


def _left(deadline: float) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left
