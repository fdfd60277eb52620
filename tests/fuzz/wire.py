"""Fuzz what the grader reads from a worker: `autograder.sandbox.wire.decode`, and `receive` for its frames.

    python tests/fuzz/wire.py --mutate 10_000_000       # our own mutator; needs nothing else
    python tests/fuzz/wire.py --mutate 100_000 --torch  # tensors, too
    python tests/fuzz/wire.py --guided 600              # by coverage, for so many seconds; needs atheris
    python tests/fuzz/wire.py --worst                   # frames made by hand to cost most

It begins with a message for every kind of value that may cross, as `wire.send` writes it. Our mutator knows JSON: it
swaps, repeats, wraps and drops nodes, changes tags and numbers. It also flips bytes, spoils buffers and lies about
lengths. One frame of twenty goes through a socketpair and `receive`, the others into `decode`. What comes out is used:
generators are drawn from, and one value in ten is encoded again.

A frame fails that raises anything but WireError, takes more than 50 ms of processor time, or holds more than 64 MB
besides its own bytes. One that is too slow is tried twice more, since a machine has other work. Memory is traced at its
peak where the process has grown, for frames of more than 32 kB, and for one frame of fifty, so that none holds 64 MB
unseen. A frame that fails is kept in the folder `--keep`, `--again` reads it once more, and the exit status is 1. A
crash of the interpreter ends the run: the same `--seed` leads there again.
"""

import argparse
import contextlib
import importlib
import itertools
import os
import resource
import socket
import sys
import tempfile
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import numpy as np
from frames import Frame, corpus, parse
from mutator import Mutator
from worst import worst

from autograder.errors import WireError
from autograder.sandbox import wire
from autograder.sandbox.encode import Encoder
from autograder.sandbox.values import FROM_WORKER

MOST_SECONDS, MOST_BYTES = 0.05, 64 * 2**20
_TRIES = 3
_THROUGH_A_SOCKET, _ENCODED_AGAIN, _TRACED, _LEFT_TO_ATHERIS = 20, 10, 50, 4  # one in so many
_LARGE = 2**15  # bytes
_TOLD = 500_000  # frames between two lines
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
            _say(f"frame {self.frames:,}: {what} ({cost}): {file}")


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


def mutate(bench: Bench, mutator: Mutator, count: int) -> None:
    """Read so many spoiled frames."""
    start = monotonic()
    for number in range(1, count + 1):
        frame = mutator.frame()
        if number % _THROUGH_A_SOCKET:
            bench.decode(frame)
        else:
            bench.receive(mutator.raw(frame))
        if number % _TOLD == 0:
            _say(f"{monotonic() - start:,.0f} s: {bench.summary()}")


def guided(bench: Bench, mutator: Mutator, frames: Iterable[Frame], seconds: int) -> None:
    """Let atheris look for frames that reach new lines; this ends the process itself."""
    import atheris  # noqa: PLC0415 - the other ways do without it

    with atheris.instrument_imports(include=["autograder.sandbox"]):
        for name in ("autograder.sandbox.decode", "autograder.sandbox.wire"):
            importlib.reload(sys.modules[name])
    end = monotonic() + seconds

    def one(data: bytes) -> None:
        bench.receive(data, system=False)
        if bench.frames % _TOLD == 0:
            _say(bench.summary())
        if monotonic() > end:  # at its own end, atheris leaves no time for a summary
            _end(bench)
            os._exit(int(bool(bench.failures)))

    def vary(data: bytes, most: int, _: int) -> bytes:
        try:
            spoiled = mutator.vary(parse(data)).raw()
        except Exception:  # noqa: BLE001 - it is no frame any more, or nested too deeply to be varied
            spoiled = mutator.raw(mutator.frame())
        if bench.frames % _LEFT_TO_ATHERIS == 0:
            spoiled = bytes(atheris.Mutate(spoiled[:most], most))
        return spoiled[:most]

    begin = bench.keep / "corpus"  # what reaches a new line is added to it
    begin.mkdir(exist_ok=True)
    for number, frame in enumerate(frames):
        (begin / str(number)).write_bytes(frame.raw())
    options = ["-max_len=65536", "-verbosity=0", str(begin)]
    atheris.Setup([sys.argv[0], *options], one, custom_mutator=vary)
    atheris.Fuzz()


def weigh(bench: Bench) -> None:
    """Read the frames made by hand, and say what each costs."""
    slowest, largest = 0.0, 0
    for name, frame in worst():
        bench.slowest, bench.largest = 0.0, 0
        before = Counter(bench.outcomes)
        bench.decode(frame)
        (outcome,) = bench.outcomes - before
        _say(f"{bench.slowest * 1000:6.0f} ms {bench.largest / 2**20:6.1f} MB  {name}: {outcome}")
        slowest, largest = max(slowest, bench.slowest), max(largest, bench.largest)
    bench.slowest, bench.largest = slowest, largest


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _end(bench: Bench) -> None:
    _say(bench.summary())
    for what, count in bench.failures.items():
        _say(f"{count:,} frames: {what}")


def main() -> int:
    """Fuzz as asked on the command line.

    Returns:
        1 if a frame failed, else 0.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--mutate", type=int, metavar="FRAMES", help="use our own mutator")
    way.add_argument("--guided", type=int, metavar="SECONDS", help="use atheris, by coverage")
    way.add_argument("--worst", action="store_true", help="frames made by hand")
    way.add_argument("--again", type=Path, nargs="+", metavar="FILE", default=[], help="frames that were kept")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--torch", action="store_true", help="begin with tensors, too")
    parser.add_argument("--keep", type=Path, default=None, help="folder for frames that fail; a new one else")
    asked = parser.parse_args()
    bench = Bench(asked.keep or Path(tempfile.mkdtemp(prefix="frames-")))
    frames = corpus(torch=asked.torch)
    if asked.mutate:
        mutate(bench, Mutator(frames, asked.seed), asked.mutate)
    elif asked.guided:
        guided(bench, Mutator(frames, asked.seed), frames, asked.guided)
    elif asked.worst:
        weigh(bench)
    for file in asked.again:
        bench.receive(file.read_bytes(), system=False)
    _end(bench)
    return int(bool(bench.failures))


if __name__ == "__main__":
    sys.exit(main())
