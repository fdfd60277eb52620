"""What lies in the memory of the processes: the reference and the hidden tests in the grader alone.

As root, every readable byte of each process is searched for markers that were planted in the hidden
tests, the reference and the salt, while a hand-in runs. Probes are left aside: they are sent.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.assignment import load_assignment
from autograder.grading.grade import Grader
from autograder.sandbox import processes

WAITS = "import time\ndef double(x):\n    time.sleep(1.5)\n    return 2 * x\ndef twice(f, x):\n    return f(f(x))\n"


def holds(process: int, marker: bytes) -> bool:
    """Whether a process has a marker in memory that it can read."""
    maps = Path(f"/proc/{process}/maps").read_text(encoding="ascii", errors="replace").split("\n")
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        return any(marker in part for line in maps if " r" in line for part in _parts(memory, line, len(marker)))


def _parts(memory: object, line: str, overlap: int) -> Iterator[bytes]:
    start, end = (int(place, 16) for place in line.split(maxsplit=1)[0].split("-"))
    step = 16 * 2**20
    for place in range(start, end, step):
        with contextlib.suppress(OSError, ValueError, OverflowError):
            yield os.pread(memory.fileno(), min(step + overlap, end - place), place)  # type: ignore[attr-defined]


def _name(process: int) -> str:
    command = Path(f"/proc/{process}/cmdline").read_bytes()
    return "grader" if b"autograder.suite.server" in command else "student's side"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into the memory of all processes")
def test_markers_lie_in_the_grader_alone(small_course: Path, tmp_path: Path) -> None:
    """Zygote, supervisor, template and worker never held what is hidden; the same search finds it in the grader."""
    marker = secrets.token_hex(16)
    folder = shutil.copytree(small_course / "assignments" / "small", tmp_path / "small")
    for file in (folder / "small.py", folder / "hidden" / "test_twice.py"):
        file.write_text(file.read_text(encoding="utf-8") + f'\n\nMARKER = "{marker}"\n', encoding="utf-8")
    (tmp_path / "small.py").write_text(WAITS, encoding="utf-8")
    found: dict[str, set[bool]] = {"grader": set(), "student's side": set()}
    seen: set[int] = set()

    def search(_: object) -> None:
        server = grader._process.pid  # noqa: SLF001 - other tests have graders of their own
        for process in [server, *processes.descendants(server)]:
            if process not in seen:
                with contextlib.suppress(OSError):
                    found[_name(process)].add(holds(process, marker.encode()))
                    seen.add(process)

    with Grader(load_assignment(folder), f"salt {marker}") as grader:
        grader.grade(tmp_path / "small.py", search)

    assert found == {"grader": {True}, "student's side": {False}}
    assert len(seen) >= 6  # two graders, zygote, supervisor, template, worker
