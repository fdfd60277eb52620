"""A process that has imported the libraries and nothing else, and forks what runs student code.

The grader starts it with a clean environment, before it reads any test. Each
session, one for a hand-in, gets a supervisor of its own, forked from here; the
supervisor forks the loaded template, watches it and what it starts, and kills.
Only the grader holds the sockets of zygote and supervisors.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from autograder.sandbox import processes, worker
from autograder.sandbox.limits import Walls, new_uid

_PACKET = 65_536
_TICK = 0.1
_KILL_SECONDS = 2.0
_PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    """Serve sessions on the socket whose number is the first argument; the rest are modules to import."""
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in sys.argv[2:]:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control.send(json.dumps({"threads": processes.threads(os.getpid())}).encode())
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, _PACKET, 1)
        if not data:
            os._exit(0)  # at a usual end, libraries of torch complain at length of what they leave
        if os.fork() == 0:
            control.close()
            with socket.socket(fileno=descriptors[0]) as session:
                Supervisor(session).serve()
            os._exit(0)
        os.close(descriptors[0])


class Supervisor:
    """One hand-in's guard: it starts, watches and ends everything that the hand-in runs."""

    def __init__(self, session: socket.socket) -> None:
        """Become the parent of every process that loses its own in this session."""
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._session = session
        self._home = Path(tempfile.mkdtemp(prefix="autograder-"))
        self._task: worker.Task | None = None
        self._template = 0
        self._commands: socket.socket | None = None
        self._unread: socket.socket | None = None
        self._forks = 0

    def serve(self) -> None:
        """Obey the grader until it hangs up, then leave nothing behind."""
        self._session.settimeout(_TICK)
        try:
            while True:
                try:
                    data, descriptors, _, _ = socket.recv_fds(self._session, _PACKET, 1)
                except TimeoutError:
                    self._watch()
                    continue
                if not data:
                    return
                self._obey(json.loads(data), descriptors)
        finally:
            self._end_all()
            shutil.rmtree(self._home, ignore_errors=True)

    def _obey(self, order: dict[str, Any], descriptors: list[int]) -> None:
        match order.pop("op"):
            case "load":
                walls = Walls(**order.pop("walls"))
                self._home.chmod(0o711)
                self._task = worker.Task(**order, scratch="", uid=0, walls=walls)
                self._start(descriptors[0])
            case "fork":
                self._fork(descriptors[0])
            case "stop":
                self._end_workers()
            case "seconds":
                spent = sum(processes.cpu_seconds(pid) for pid in self._workers())
                self._session.send(json.dumps(spent).encode())

    def _start(self, channel: int) -> None:
        """Fork a template that loads the hand-in and reports on the channel."""
        task = self._task
        if task is None:
            return
        uid = new_uid() if task.walls.own_uid else os.geteuid()
        scratch = self._folder(self._home / f"session-{uid}-{self._forks}", uid)
        task = self._task = replace(task, scratch=str(scratch), uid=uid)
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._template = os.fork()
        if self._template == 0:
            self._session.close()
            mine.close()
            _close_all_but(channel, theirs.fileno())
            with contextlib.suppress(BaseException):
                worker.run_template(task, socket.socket(fileno=channel), theirs)
            os._exit(0)
        theirs.close()
        os.close(channel)
        self._commands = mine

    def _fork(self, channel: int) -> None:
        """Have the template fork a worker; load afresh when more than a quiet template is left."""
        self._end_workers()
        if not processes.alive(self._template) or processes.threads(self._template) != 1:
            self._end_all()
            self._unread, report = socket.socketpair()  # it reports to nobody, but must not fail at that
            self._start(report.detach())
        self._forks += 1
        scratch = self._folder(Path(self._task.scratch) / str(self._forks), self._task.uid)  # type: ignore[union-attr]
        with contextlib.suppress(OSError):
            socket.send_fds(self._commands, [str(scratch).encode()], [channel])  # type: ignore[arg-type]
        os.close(channel)

    def _watch(self) -> None:
        """Reap what has ended, and end what holds more memory than it may."""
        self._reap()
        running = self._workers()
        if self._task and sum(map(processes.memory, running)) > self._task.memory:
            self._end_workers()

    def _workers(self) -> list[int]:
        return [pid for pid in self._running() if pid != self._template]

    def _running(self) -> list[int]:
        """List what runs in this session: by uid where workers have their own, else by ancestry."""
        if self._task and self._task.walls.own_uid:
            return processes.of_uid(self._task.uid)
        return processes.descendants(os.getpid())

    def _end_workers(self) -> None:
        """End everything but the template; where that does not come to an end, the template too."""
        deadline = monotonic() + _KILL_SECONDS
        while running := self._workers():
            if monotonic() > deadline:  # they multiply
                self._end_all()
                return
            processes.kill(running, _KILL_SECONDS)
            self._reap()

    def _end_all(self) -> None:
        if self._template:
            processes.kill([self._template], _KILL_SECONDS)  # it may not have its own uid yet
        if self._task and self._task.walls.own_uid:
            processes.kill_uid(self._task.uid)
        while running := self._running():
            processes.kill(running, _KILL_SECONDS)
            self._reap()
        self._template = 0
        if self._commands:
            self._commands.close()
            self._commands = None

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass

    def _folder(self, path: Path, uid: int) -> Path:
        path.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(path, uid, uid)
        return path


def _close_all_but(*kept: int) -> None:
    """Close every descriptor that a student's process has no use for."""
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor > 2 and descriptor not in kept:  # noqa: PLR2004 - the standard three
            with contextlib.suppress(OSError):
                os.close(descriptor)


if __name__ == "__main__":
    main()
