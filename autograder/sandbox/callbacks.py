"""What a function of the grader's may use while the student's code asks it: its arguments are the student's."""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

MOST_MEMORY = 256 * 2**20  # bytes beyond what the grader holds already
_DATA_PAGES, _MOST_STATM = 5, 256  # place in statm, and bytes that it has at most


@contextmanager
def bounded(deadline: float) -> Iterator[None]:
    """Let a `with` block hold little more memory, and end it at a deadline; for the main thread.

    Args:
        deadline: `time.monotonic()` value.

    Raises:
        TimeoutError: from inside the block, when the deadline passes.
        MemoryError: from inside the block, when it asks for more.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    held = _held()
    previous = signal.signal(signal.SIGALRM, _too_late)
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (held + MOST_MEMORY, hard))
        signal.setitimer(signal.ITIMER_REAL, max(0.001, deadline - monotonic()))
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:  # even where the alarm comes between the block's end and its switching off
        signal.signal(signal.SIGALRM, previous)
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _held() -> int:
    """Give the bytes of this process's private memory; an unbuffered read, since it happens for each question."""
    with open("/proc/self/statm", "rb", buffering=0) as file:  # noqa: PTH123 - pathlib takes as long again
        return int(file.read(_MOST_STATM).split()[_DATA_PAGES]) * resource.getpagesize()


def _too_late(*_: object) -> None:
    raise TimeoutError
