"""What this machine can do for grading, one sentence each."""

import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import which

from autograder.assignment import Assignment
from autograder.errors import GraderFault
from autograder.sandbox.limits import Walls, available
from autograder.sandbox.session import HandInProcess, Zygote

_LIBRARIES = (  # module, what it is there for, what is not possible without it, the extra that brings it
    (
        "torch",
        "assignments that use it can be verified and graded",
        "no assignment that uses it can be graded",
        "torch",
    ),
    ("otter", "the zips for Gradescope can be built", "the zips for Gradescope cannot be built", "otter"),
    ("distributed", "grade --scheduler can use a cluster", "grade cannot use a cluster", "cluster"),
    ("copydetect", "autograder similar can compare hand-ins", "autograder similar cannot compare", "similar"),
)
_PATH_HERE = (
    "PYTHONPATH has an empty entry, which means whatever folder you are in: in a folder of hand-ins Python would run "
    "them before anything of ours; take it out"
)


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
    yield Finding(f"Python {platform.python_version()} on {platform.system()} {platform.release()}", good=True)
    path = os.getenv("PYTHONPATH")
    if path and {"", os.curdir} & set(path.split(os.pathsep)):
        yield Finding(_PATH_HERE, good=False)
    yield from _walls(available())
    for name, found, missing, extra in _LIBRARIES:
        if find_spec(name):
            yield Finding(f"{name} is installed: {found}", good=True)
        else:
            yield Finding(f"{name} is missing: {missing}; pip install '.[{extra}]' brings it", good=False)
    if which("docker"):
        yield Finding("docker is installed: build --image and verify --container can use it", good=True)
    else:
        yield Finding("docker is missing: only build --image and verify --container need it", good=False)


def _walls(walls: Walls) -> Iterator[Finding]:
    """Say which walls there are, what the others leave open, and whether a trial worker found a way through."""
    if walls.own_uid:
        yield Finding("each worker gets a uid of its own: it reaches no process and no file of another", good=True)
    if walls.landlock:
        yield Finding(f"Landlock version {walls.landlock} keeps files closed", good=True)
    if walls.seccomp:
        yield Finding("system calls are filtered: student code has no network", good=True)
    for gap in walls.gaps:
        yield Finding(gap, good=False)
    if not walls.hold:
        todo = "use the container, or --allow-unconfined, which marks every result"
        yield Finding(f"official grading is refused here: {todo}", good=False)
    if not walls.seccomp and not walls.landlock:
        return
    possible = _tried(walls)
    for text in possible:
        yield Finding(f"{text}: a wall that this machine should have does not hold", good=False)
    if not possible:
        yield Finding("a trial worker found no way through the walls that there are", good=True)


def _tried(walls: Walls) -> list[str]:
    """Have a worker try to break out, as before each grading."""
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
