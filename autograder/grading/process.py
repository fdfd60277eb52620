"""The process that runs an assignment's tests: one for each grader, or one that several graders of a machine share."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from autograder.assignment import Assignment
from autograder.sandbox.limits import ONE_THREAD, Walls, available
from autograder.suite.branches import TOKEN
from autograder.suite.lines import Lines


@dataclass(frozen=True)
class HostKey:
    """What a grader needs to join a `Host`.

    Attributes:
        place: path of its socket.
        token: what proves that the grader is one; student code never sees it.
    """

    place: str
    token: str


@dataclass(frozen=True)
class TestProcess:
    """A process that runs tests.

    Attributes:
        lines: orders to it and its answers.
        pid: leads the group of its processes.
        started: None for a fork of a host's.
    """

    __test__ = False  # pytest would take the name for a test class

    lines: Lines
    pid: int
    started: "subprocess.Popen[bytes] | None" = None

    def close(self) -> None:
        """End it."""
        self.lines.close()
        if self.started:
            self.started.wait()


def start(assignment: Assignment, salt: str, walls: Walls) -> TestProcess:
    """Start a process for one grader."""
    process, lines = _started({"folder": str(assignment.folder), "salt": salt, "walls": asdict(walls)}, ())
    return TestProcess(lines, process.pid, process)


def join(key: HostKey) -> TestProcess:
    """Get a fork of a host's process, once that is warm.

    Raises:
        OSError: if the host is gone, or could not use the suite.
    """
    with ExitStack() as stack:
        connection = stack.enter_context(socket.socket(socket.AF_UNIX))
        connection.connect(key.place)
        connection.sendall(bytes.fromhex(key.token))
        lines = Lines(connection)
        stack.callback(lines.close)
        for line in lines:
            stack.pop_all()
            return TestProcess(lines, line["pid"])
    raise ConnectionResetError("the host is gone")


class Host:
    """A warm process that several graders of this machine share; use as a context manager.

    Args:
        assignment: what is graded.
        salt: the course's salt.

    Attributes:
        key: what graders need to join.
    """

    def __init__(self, assignment: Assignment, salt: str) -> None:
        self._settings: dict[str, Any] = {"folder": str(assignment.folder), "salt": salt, "walls": asdict(available())}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="autograder-host-"))  # closed to others
        self.key = HostKey(str(Path(folder) / "socket"), secrets.token_hex(TOKEN))
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.key.place)
            listener.listen()
            branches = {"listener": listener.fileno(), "token": self.key.token}
            process, lines = _started(self._settings | {"branches": branches}, (listener.fileno(),))
        self._stack.callback(TestProcess(lines, process.pid, process).close)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _started(settings: dict[str, Any], descriptors: tuple[int, ...]) -> "tuple[subprocess.Popen[bytes], Lines]":
    mine, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "autograder.suite.server", str(theirs.fileno())],
            pass_fds=[theirs.fileno(), *descriptors],
            env={**os.environ, **ONE_THREAD},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
    lines = Lines(mine)
    lines.write(settings)
    return process, lines
