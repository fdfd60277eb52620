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
import importlib
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from time import monotonic

from bench import Bench, say
from frames import Frame, corpus, parse
from mutator import Mutator
from worst import worst

_THROUGH_A_SOCKET, _LEFT_TO_ATHERIS = 20, 4  # one in so many
_TOLD = 500_000  # frames between two lines


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
            say(f"{monotonic() - start:,.0f} s: {bench.summary()}")


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
            say(bench.summary())
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
        say(f"{bench.slowest * 1000:6.0f} ms {bench.largest / 2**20:6.1f} MB  {name}: {outcome}")
        slowest, largest = max(slowest, bench.slowest), max(largest, bench.largest)
    bench.slowest, bench.largest = slowest, largest


def _end(bench: Bench) -> None:
    say(bench.summary())
    for what, count in bench.failures.items():
        say(f"{count:,} frames: {what}")


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
