"""A lock on a run's folder that dies with the process that holds it, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import StoreError

_FILE = ".lock"


def in_use(where: object, who: str = "") -> StoreError:
    """Make the error that says that somebody else is at work."""
    other = f"process {who}" if who else "another command"
    return StoreError(where, f"{other} is at work on this run", "wait until it has ended, or choose another --out")


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock.

    Raises:
        StoreError: if another process holds it.
    """
    with (folder / _FILE).open("a+", encoding="ascii") as file:  # no child inherits it
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise in_use(folder, file.read().strip()) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
