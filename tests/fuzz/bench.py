"""Reads frames as the grader does, and judges what each of them costs."""

import contextlib
import itertools
import resource
import socket
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import numpy as np
from frames import Frame

from autograder.errors import WireError
from autograder.sandbox import wire
from autograder.sandbox.encode import Encoder
from autograder.sandbox.values import FROM_WORKER

MOST_SECONDS, MOST_BYTES = 0.05, 64 * 2**20
_TRIES = 3
_ENCODED_AGAIN, _TRACED = 10, 50  # one in so many
_LARGE = 2**15  # bytes
_MOST_KEPT = 20
Read = Callable[[], dict[str, Any]]


class Bench:
    """Reads messages one by one, and keeps what they cost.

    Args:
        keep: folder for frames that fail.
    """

    def __init__(self, keep: Path) -> None:
        self.keep, self._grown = keep, 0
        self.frames = 0
        self.outcomes: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.slowest, self.largest = 0.0, 0

    def decode(self, frame: Frame) -> None:
        """Decode a frame's parts."""
        own = len(frame.header) + sum(map(len, frame.buffers))
        self._judge(lambda: wire.decode(frame.header, [*map(bytearray, frame.buffers)], _function), own, frame.raw)

    def receive(self, raw: bytes, *, system: bool = True) -> None:
        """Receive a frame from a side that then hangs up: through a socketpair, or without the system's calls."""
        read = _through_a_socket if system else _through_nothing
        self._judge(lambda: read(raw), len(raw), lambda: raw)

    def summary(self) -> str:
        """Say what came out and what it cost at most."""
        read = self.outcomes["a message"]
        refused = f"{self.frames - read:,} refused in {len(self.outcomes) - bool(read)} ways"
        costs = f"slowest {self.slowest * 1000:.1f} ms, largest {self.largest / 2**20:.1f} MB"
        return f"{self.frames:,} frames: {read:,} read, {refused}; {costs}; {self.failures.total():,} failures"

    def _judge(self, read: Read, own: int, raw: Callable[[], bytes]) -> None:
        """Read one message of so many bytes, and judge what it did."""
        self.frames += 1
        outcome, seconds = _outcome(read)
        if seconds > MOST_SECONDS:
            seconds = min(seconds, *(_outcome(read)[1] for _ in range(_TRIES - 1)))
        size = _peak(read) - own if self._is_traced(own) else 0
        self.outcomes[outcome] += 1
        self.slowest, self.largest = max(self.slowest, seconds), max(self.largest, size)
        for fails, what in (
            (outcome.startswith("!"), outcome),
            (seconds > MOST_SECONDS, f"more than {MOST_SECONDS * 1000:.0f} ms"),
            (size > MOST_BYTES, f"more than {MOST_BYTES >> 20} MB"),
        ):
            if fails:
                cost = f"{seconds * 1000:.0f} ms, {size / 2**20:.0f} MB"
                self._fail(what, cost, raw())

    def _is_traced(self, own: int) -> bool:
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        has_grown, self._grown = grown > self._grown, grown
        return has_grown or own > _LARGE or self.frames % _TRACED == 0

    def _fail(self, what: str, cost: str, raw: bytes) -> None:
        self.failures[what] += 1
        if self.failures[what] <= _MOST_KEPT:
            file = self.keep / f"{self.frames}.frame"
            file.write_bytes(raw)
            say(f"frame {self.frames:,}: {what} ({cost}): {file}")


def _outcome(read: Read) -> tuple[str, float]:
    """Read a message; give what became of it, and its processor seconds."""
    start = process_time()
    try:
        message = read()
    except WireError as error:
        return error.what, process_time() - start
    except BaseException as error:  # noqa: BLE001 - whatever it is, it should not have come out
        return f"! {type(error).__name__}: {error}"[:200], process_time() - start
    seconds = process_time() - start
    try:
        _use(message)
    except Exception as error:  # noqa: BLE001 - whatever it is, such a value should not have come out
        return f"! in use: {type(error).__name__}: {error}"[:200], seconds
    return "a message", seconds


def _peak(read: Read) -> int:
    """Give the bytes that reading a message holds at most."""
    tracemalloc.start()
    with contextlib.suppress(BaseException):  # it has been judged already
        read()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _function(number: int) -> Callable[..., Any]:
    return partial(print, number)


_turn = itertools.count()


def _use(value: Any) -> None:
    """Draw from generators, and encode a value again now and then: numpy does not check all that it is given."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            left += part.values()
        elif isinstance(part, (list, tuple)):
            left += part
        elif isinstance(part, np.random.Generator):
            part.random(3)
    if next(_turn) % _ENCODED_AGAIN == 0:
        try:
            Encoder().node(value)
        except WireError:
            return


def _through_a_socket(raw: bytes) -> dict[str, Any]:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        mine.settimeout(0)
        mine.send(raw)  # what does not fit into the socket's own memory is as good as cut
        mine.close()
        return wire.receive(theirs, monotonic() + 5, bounds=FROM_WORKER)


def _through_nothing(raw: bytes) -> dict[str, Any]:
    return wire.receive(_Channel(raw), monotonic() + 5, bounds=FROM_WORKER)  # type: ignore[arg-type]


class _Channel:
    """Stands for a socket that has these bytes and no more; a system call less for each part."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)

    def settimeout(self, seconds: float) -> None:
        """Do nothing: all bytes are there."""

    def recv(self, most: int) -> bytes:
        """Give what is left, at most so much."""
        part, self._data = self._data[:most], self._data[most:]
        return bytes(part)


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
