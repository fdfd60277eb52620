"""What the processes of one hand-in may hold together; limits of the kernel's count each process and file alone."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.sandbox import processes
from autograder.sandbox.limits import SHARED

MOST_DISK = 512 * 2**20  # bytes in the folders that can be written
MOST_FILES = 20_000
_LEAST_FREE = 128 * 2**20  # bytes left for others on the disk: what is written and unlinked shows nowhere else
_BLOCK = 512  # bytes, the unit of st_blocks whatever the file system


def exceeded(
    running: list[int], memory: int, scratch: Path, sharing: int | None = None, *, scarce: bool = False
) -> str:
    """Say what is used beyond its limit; empty when nothing is.

    Args:
        running: the processes.
        memory: bytes that they may hold together, for themselves and in shared memory.
        scratch: the folder that they write.
        sharing: the uid whose files in shared memory count as well; None where they may not write there.
        scarce: whether the disk was nearly full before they wrote to it.
    """
    if sum(map(processes.memory, running)) > memory:
        return f"used more than {memory / 2**20:,.0f} MB of memory"
    if over := _over(_files(scratch), MOST_DISK):
        return over
    if sharing is not None and _over(_shared(sharing), memory):
        return f"used more than {memory / 2**20:,.0f} MB of shared memory"
    return "" if scarce or not nearly_full(scratch) else "filled the disk"


def nearly_full(folder: Path) -> bool:
    """Whether little is left of the disk that a folder is on."""
    return shutil.disk_usage(folder).free < _LEAST_FREE


def remove(folder: Path) -> None:
    """Remove a file or folder that a worker wrote, however deep it is and whatever modes it has."""
    with contextlib.suppress(OSError, RecursionError):
        shutil.rmtree(folder)
        return
    for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
        subprocess.run([*command, "--", folder], stderr=subprocess.DEVNULL, check=False)


def forget_shared(uid: int) -> None:
    """Remove what a uid left in shared memory."""
    for entry in _shared(uid):
        remove(Path(entry))


def _over(entries: Iterable[os.DirEntry[str]], most: int) -> str:
    total = 0
    try:
        for count, entry in enumerate(entries):
            total += _size(entry)
            if total > most or count > MOST_FILES:
                return f"wrote more than {most / 2**20:,.0f} MB or {MOST_FILES:,} files"
    except OSError:
        return "made folders that are too deep, or cannot be read"
    return ""


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_blocks * _BLOCK
    except FileNotFoundError:
        return 0


def _files(folder: Path | str) -> Iterator[os.DirEntry[str]]:
    folders = [os.fspath(folder)]
    while folders:
        with contextlib.suppress(FileNotFoundError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)


def _shared(uid: int) -> list[os.DirEntry[str]]:
    with os.scandir(SHARED) as entries:
        return [entry for entry in entries if _owner(entry) == uid]


def _owner(entry: os.DirEntry[str]) -> int | None:
    try:
        return entry.stat(follow_symlinks=False).st_uid
    except FileNotFoundError:
        return None
