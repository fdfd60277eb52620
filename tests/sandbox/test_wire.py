"""Frames: bounded, under a deadline, and with one kind of error."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from time import monotonic, sleep

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import WireError
from autograder.sandbox import wire
from autograder.sandbox.values import FROM_GRADER, FROM_WORKER


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Give two connected sockets."""
    mine, theirs = socket.socketpair()
    with mine, theirs:
        yield mine, theirs


def _soon() -> float:
    return monotonic() + 5


def test_a_message_arrives(pair: tuple[socket.socket, socket.socket]) -> None:
    """Data, arrays and callables as numbers go over in one message."""
    functions: list[object] = []
    wire.send(pair[0], {"x": np.arange(5), "f": len, "n": 3}, _soon(), functions)  # type: ignore[arg-type]

    message = wire.receive(pair[1], _soon(), lambda number: functions[number])  # type: ignore[arg-type, return-value]

    assert (message["n"], message["f"]) == (3, len)
    np.testing.assert_array_equal(message["x"], np.arange(5))


def test_dripping_bytes_meet_one_absolute_deadline(pair: tuple[socket.socket, socket.socket]) -> None:
    """A byte now and then does not push the deadline back."""
    stop = threading.Event()

    def drip() -> None:
        for byte in struct.pack("<4sII", b"AGW1", 1000, 0) + bytes(1000):
            if stop.is_set():
                return
            pair[0].send(bytes([byte]))
            sleep(0.02)

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        with pytest.raises(TimeoutError):
            wire.receive(pair[1], monotonic() + 0.2)
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<4sII", b"AGW1", 2**31, 0),
        struct.pack("<4sII", b"AGW1", 2, 2**31),
        struct.pack("<4sIIQ", b"AGW1", 2, 1, 2**60),
        struct.pack("<4sIIQ", b"AGW1", 2, 1, FROM_WORKER.bytes + 1),
        struct.pack("<4sII", b"AGW1", 400_002, 0) + b"[" + b"[]," * 133_333 + b"0]",
        struct.pack("<4sII", b"HTTP", 2, 0) + b"{}",
        struct.pack("<4sII", b"AGW1", 2, 0) + b"[]",
        struct.pack("<4sII", b"AGW1", 4, 0) + b"null",
        struct.pack("<4sII", b"AGW1", 5000, 0) + b"[" * 5000,
    ],
    ids=["header", "buffers", "bytes", "reply", "parts", "magic", "list", "null", "nesting"],
)
def test_what_is_no_message_is_refused(pair: tuple[socket.socket, socket.socket], data: bytes) -> None:
    """Sizes are checked before anything is allocated, and forms before anything is believed."""
    threading.Thread(target=pair[0].sendall, args=(data,)).start()

    with pytest.raises(WireError, match="no message|larger than|too many parts|no JSON|no known form|no dict"):
        wire.receive(pair[1], _soon(), bounds=FROM_WORKER)


def test_a_closed_side_is_said(pair: tuple[socket.socket, socket.socket]) -> None:
    """A dead worker is a Closed, not a hang."""
    pair[0].close()

    with pytest.raises(wire.Closed, match="the other side is gone"):
        wire.receive(pair[1], _soon())


def test_too_large_a_message_is_not_sent(pair: tuple[socket.socket, socket.socket]) -> None:
    """The sender meets the same bounds."""
    with pytest.raises(WireError, match="larger than a message may be"):
        wire.send(pair[0], {"x": np.zeros(FROM_GRADER.bytes + 1, np.uint8)}, _soon())


@given(st.binary(max_size=300), st.lists(st.binary(max_size=50), max_size=4))
def test_random_headers_end_in_wire_errors_or_dicts(header: bytes, buffers: list[bytes]) -> None:
    """No other exception comes out of the decoder."""
    try:
        assert type(wire.decode(header, buffers)) is dict
    except WireError:
        return


_NODES = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(list("ltsdbcanTpDrgko")),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=30,
)


@given(_NODES, st.lists(st.binary(max_size=40), max_size=4))
def test_mutated_nodes_end_in_wire_errors_or_values(node: object, buffers: list[bytes]) -> None:
    """Headers that are nearly right raise nothing else either."""
    header = json.dumps(["d", ["x", node]]).encode()
    try:
        wire.decode(header, buffers)
    except WireError:
        return
