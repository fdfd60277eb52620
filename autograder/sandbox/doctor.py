"""What this machine can do for grading, one sentence each."""

import importlib.util
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment import Assignment
from autograder.errors import GraderFault
from autograder.sandbox.limits import Walls, available
from autograder.sandbox.session import HandInProcess, Zygote


@dataclass(frozen=True)
class Finding:
    """One fact about the machine.

    Attributes:
        text: the fact, and what follows.
        good: whether nothing is missing there.
    """

    text: str
    good: bool


def findings() -> Iterator[Finding]:
    """Look at confinement and libraries; nothing is changed."""
    walls = available()
    yield Finding(f"Python {platform.python_version()} on {platform.system()} {platform.release()}", good=True)
    uid = "each worker gets a uid of its own" if walls.own_uid else "workers run under the grader's own uid"
    yield Finding(uid, good=walls.own_uid)
    files = f"Landlock version {walls.landlock}" if walls.landlock else "no Landlock: file modes alone"
    yield Finding(f"{files} keeps files closed", good=walls.landlock > 0)
    yield Finding("system calls are filtered" if walls.seccomp else "system calls are not filtered", good=walls.seccomp)
    for gap in walls.gaps:
        yield Finding(gap, good=False)
    if not walls.hold:
        yield Finding("official grading is refused here: use the container", good=False)
    possible = _tried(walls)
    for text in possible:
        yield Finding(f"{text}: a wall that this machine should have does not hold", good=False)
    if not possible:
        yield Finding("a trial worker found no way through the walls that there are", good=True)
    for name, why in (("torch", "assignments a4 and a5"), ("otter", "the Otter zip")):
        found = name in sys.modules or importlib.util.find_spec(name) is not None
        yield Finding(f"{name} is {'installed' if found else 'missing'}: {why}", good=found)


def _tried(walls: Walls) -> list[str]:
    """Have a worker try to break out, as before each grading."""
    if not walls.seccomp and not walls.landlock:
        return []
    with tempfile.TemporaryDirectory() as name:
        secret = Path(name, "a closed file")
        secret.write_text("secret", encoding="ascii")
        nothing = Assignment(Path(name), "nothing", ("nothing.py",), 0, ())
        try:
            with Zygote(nothing) as zygote:
                zygote.wait()
                with zygote.open() as session:
                    return HandInProcess(session, nothing, Path(os.devnull), notebook=False, walls=walls).try_walls(
                        [secret]
                    )
        except GraderFault as fault:
            return [fault.what]
