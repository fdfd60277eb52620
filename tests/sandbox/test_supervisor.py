"""The guard of a hand-in, where what happens between processes is too quick to be met by chance."""

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from autograder.sandbox import processes
from autograder.sandbox.limits import Walls
from autograder.sandbox.supervisor import Supervisor
from autograder.sandbox.worker import Task

TASK = Task(
    purpose="module",
    hand_in="",
    module_file="",
    notebook=False,
    refused=(),
    why_refused="",
    memory=0,
    shared_memory=False,
    scratch="",
    uid=os.geteuid(),
    walls=Walls(own_uid=False, closed_python=False, landlock=0, seccomp=False),
)


class _Guard(Supervisor):
    """Its template is a process that lives but has closed its socket, as one is that was killed a moment ago."""

    def __init__(self, session: socket.socket, dying: int) -> None:
        super().__init__(session)
        self._task = replace(TASK, scratch=str(self._home))
        self._template = dying
        self._commands, closed = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        closed.close()
        self.commands: list[socket.socket] = []

    def _start(self, channel: int) -> None:
        os.close(channel)
        self._commands, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.commands.append(theirs)


def test_a_template_that_is_dying_is_replaced() -> None:
    """The question after one that killed it lost its first test where a dying process took its time."""
    code = f"import runpy; runpy.run_path({__file__!r})['replace_a_dying_template']()"
    subprocess.run([sys.executable, "-c", code], check=True)


def replace_a_dying_template() -> None:
    """Fork once, in a process of its own: a guard ends everything below it."""
    _, session = socket.socketpair()
    dying = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    guard = _Guard(session, dying.pid)
    channel, theirs = socket.socketpair()
    guard._fork(theirs.detach())  # noqa: SLF001 - what the grader's order does

    (commands,) = guard.commands
    folder, (handed,), _, _ = socket.recv_fds(commands, 4096, 1)
    os.write(handed, b"here")
    assert channel.recv(10) == b"here"
    assert Path(folder.decode()).is_dir()
    assert not processes.alive(dying.pid)
    guard._clean()  # noqa: SLF001
