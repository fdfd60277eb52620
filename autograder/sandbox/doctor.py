"""What this machine can do for grading, one sentence each."""

import importlib.util
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.sandbox.limits import available


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
    for name, why in (("torch", "assignments a4 and a5"), ("otter", "the Otter zip")):
        found = name in sys.modules or importlib.util.find_spec(name) is not None
        yield Finding(f"{name} is {'installed' if found else 'missing'}: {why}", good=found)
