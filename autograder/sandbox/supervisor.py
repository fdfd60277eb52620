"""One hand-in's guard: it starts, watches and ends everything that the hand-in runs."""

import contextlib
import ctypes
import json
import os
import signal
import socket
import tempfile
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any

from autograder.sandbox import processes, quota, worker
from autograder.sandbox.limits import Walls, new_uid

PACKET = 65_536  # bytes of an order
_TICK = 0.1
_KILL_SECONDS = 2.0
_PR_SET_CHILD_SUBREAPER = 36


class Supervisor:
    """Obeys the grader on one socket. Forked from the zygote, so it holds no secret."""

    def __init__(self, session: socket.socket) -> None:
        """Become the parent of every process that loses its own in this session."""
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._session = session
        self._home = Path(tempfile.mkdtemp(prefix="autograder-"))
        self._task: worker.Task | None = None
        self._template = self._group = 0
        self._commands: socket.socket | None = None
        self._unread: socket.socket | None = None
        self._scarce = quota.nearly_full(self._home)
        self._exceeded = ""  # why the last worker was ended

    def serve(self) -> None:
        """Obey the grader until it hangs up, then leave nothing behind."""
        self._session.settimeout(_TICK)
        try:
            while True:
                try:
                    data, descriptors, _, _ = socket.recv_fds(self._session, PACKET, 1)
                except TimeoutError:
                    self._watch()
                    continue
                if not data:
                    return
                self._obey(json.loads(data), descriptors)
        finally:
            self._end_all()
            self._clean()

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
            case "end":
                self._end_all()
                self._reply("ended")
            case "seconds":
                self._reply(sum(processes.cpu_seconds(pid) for pid in self._running()))
            case "reason":
                self._reply(self._exceeded)

    def _reply(self, value: float | str) -> None:
        self._session.send(json.dumps(value).encode())

    def _start(self, channel: int) -> None:
        """Fork a template that loads the hand-in and reports on the channel."""
        task = self._task
        if task is None:
            return
        uid = new_uid() if task.walls.own_uid else os.geteuid()
        session = Path(tempfile.mkdtemp(dir=self._home))
        session.chmod(0o711)  # ours where the uid is theirs: they write only in the folders that they get in it
        task = self._task = replace(task, scratch=str(session), uid=uid)
        home = self._folder(session, uid)
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._template = os.fork()
        if self._template == 0:
            self._session.close()
            mine.close()
            _close_all_but(channel, theirs.fileno())
            with contextlib.suppress(BaseException):
                worker.run_template(task, home, socket.socket(fileno=channel), theirs)
            os._exit(0)
        theirs.close()
        os.close(channel)
        self._commands, self._group = mine, self._template

    def _fork(self, channel: int) -> None:
        """Have the template fork a worker; load afresh when more or less than a quiet template is left."""
        self._end_workers()
        self._exceeded = ""
        if not (processes.waits(self._template) and self._hand_over(channel)):
            self._end_all()
            self._unread, report = socket.socketpair()  # it reports to nobody, but must not fail at that
            self._start(report.detach())
            self._hand_over(channel)
        os.close(channel)

    def _hand_over(self, channel: int) -> bool:
        """Send the template a worker's channel; one that is dying closes its socket long before it is dead."""
        scratch = self._folder(Path(self._task.scratch), self._task.uid)  # type: ignore[union-attr]
        try:
            socket.send_fds(self._commands, [str(scratch).encode()], [channel])  # type: ignore[arg-type]
        except OSError:
            return False
        return True

    def _watch(self) -> None:
        """Reap what has ended, and end what holds more than it may."""
        self._reap()
        task = self._task
        if task is None or not self._template:
            return
        running = self._workers() or [self._template]
        if over := quota.exceeded(running, task.memory, self._home, self._sharing, scarce=self._scarce):
            self._exceeded = over
            self._end_all()
            quota.remove(Path(task.scratch))

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
        if self._task and self._task.walls.own_uid:
            processes.kill([self._template], _KILL_SECONDS)  # it may not have its own uid yet
            processes.kill_uid(self._task.uid)
        while running := self._running():
            if self._group in set(map(processes.group, running)):  # one sweep, which no process can outrun or leave
                processes.kill_group(self._group)
            processes.kill(running, _KILL_SECONDS)
            self._reap()
        self._reap()  # lest they count as processes still, where no init reaps what a supervisor leaves
        self._template = 0
        if self._commands:
            self._commands.close()
            self._commands = None

    def _clean(self) -> None:
        """Remove what was written."""
        quota.remove(self._home)
        if self._sharing is not None:
            quota.forget_shared(self._sharing)

    @property
    def _sharing(self) -> int | None:
        """The uid whose shared memory is this hand-in's alone, if there is one."""
        task = self._task
        return task.uid if task and task.shared_memory and task.walls.own_uid else None

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while ended := os.waitpid(-1, os.WNOHANG)[0]:
                if ended == self._template:  # its number may be another's from now on
                    self._template = 0

    def _folder(self, parent: Path, uid: int) -> Path:
        """Make a folder that its worker alone can use, under a name that nobody could take before."""
        path = Path(tempfile.mkdtemp(dir=parent))
        if os.geteuid() == 0:
            os.chown(path, uid, uid, follow_symlinks=False)
        return path


def _close_all_but(*kept: int) -> None:
    """Close every descriptor that a student's process has no use for."""
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor > 2 and descriptor not in kept:  # noqa: PLR2004 - the standard three
            with contextlib.suppress(OSError):
                os.close(descriptor)
