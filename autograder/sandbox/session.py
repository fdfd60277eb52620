"""The grader's side of a hand-in's processes: start a zygote, open a session, load, fork, stop."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Self

from autograder.assignment import Assignment, package_name
from autograder.errors import GraderFault, WireError
from autograder.sandbox import reports, wire
from autograder.sandbox.limits import ONE_THREAD, Walls
from autograder.sandbox.values import FROM_WORKER
from coursekit.verdicts import Crashed, TimedOut, Unusable

_START_SECONDS = 120
_ORDER_SECONDS = 30
_LIBRARIES = {
    "numpy": ["numpy"],
    "torch": ["torch", "torch._dynamo"],  # the first optimizer would import the second, in each worker anew
    "torchvision": ["torchvision"],
    "safetensors": ["safetensors.torch"],
}


def libraries(assignment: Assignment) -> list[str]:
    """List the modules of an assignment's libraries that are worth importing before anything is forked."""
    packages = set(map(package_name, assignment.requires))
    return [module for name, modules in _LIBRARIES.items() if name in packages for module in modules] or ["numpy"]


class Zygote:
    """A started zygote; use as a context manager.

    Args:
        assignment: decides which libraries are imported ahead.
    """

    def __init__(self, assignment: Assignment) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        home = Path(__file__).parents[2]
        code = f"import sys; sys.path.append({str(home)!r}); from autograder.sandbox.zygote import main; main()"
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", code, str(theirs.fileno()), *libraries(assignment)],
            pass_fds=[theirs.fileno()],
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", **ONE_THREAD},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._control.close()
        self._process.wait(timeout=_ORDER_SECONDS)

    def wait(self) -> None:
        """Wait until the libraries are imported.

        Raises:
            GraderFault: if it did not start, or has more than one thread and so cannot be forked.
        """
        self._control.settimeout(_START_SECONDS)
        try:
            answer = self._control.recv(4096)
        except TimeoutError:
            answer = b""
        if not answer:
            raise GraderFault("sandbox", "the zygote did not start", "autograder doctor says what this machine lacks")
        if json.loads(answer)["threads"] != 1:
            raise GraderFault("sandbox", "the zygote has more than one thread and cannot be forked safely")

    def open(self) -> socket.socket:
        """Open a session; closing its socket ends everything in it."""
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            socket.send_fds(self._control, [b"open"], [theirs.fileno()])
        return mine


@dataclass
class HandInProcess:
    """One hand-in's session: loads the module, forks workers of it.

    Attributes:
        session: the supervisor's socket.
        assignment: its limits and refused names.
        folder: where the student's files lie.
        notebook: whether the module's file holds a notebook's code.
        walls: what confines the worker.
    """

    session: socket.socket
    assignment: Assignment
    folder: Path
    notebook: bool
    walls: Walls

    def load(self) -> list[str]:
        """Import the student's module.

        Returns:
            Imports that were left out of a notebook's code, since they are not installed.

        Raises:
            Unusable: if it is no Python, uses a refused name or its own code raises; the text is for the student.
            TimedOut: if importing takes longer than one test may.
            Crashed: if the process dies.
            GraderFault: if the worker could not be confined.
        """
        name, seconds = self.assignment.module_file, self.assignment.limits.seconds
        with self._start(name, "module") as channel:
            try:
                source = wire.receive(channel, monotonic() + seconds, bounds=FROM_WORKER)
                self._judge_source(source)
                self._judge_import(wire.receive(channel, monotonic() + seconds, bounds=FROM_WORKER))
                return reports.names(source.get("left_out"))
            except TimeoutError:
                self.stop()
                raise TimedOut(f"importing {name} takes longer than {seconds:g} s") from None
            except wire.Closed:
                raise Crashed(f"importing {name} ended its process{self.reason()}") from None
            except WireError as error:
                raise Unusable(f"importing {name} disturbed its process: {error.what}") from None

    def _judge_source(self, report: dict[str, Any]) -> None:
        name = self.assignment.module_file
        if "syntax" in report:
            raise Unusable(f"{name} is not valid Python:\n{reports.words(report['syntax'])}")
        if uses := reports.refused_uses(report.get("refused")):
            shown = [f"{name}:{line}: {use}" for line, use in uses]
            raise Unusable("\n".join([f"refused in this assignment: {self.assignment.why_refused}", *shown]))

    def _judge_import(self, report: dict[str, Any]) -> None:
        if "error" in report:
            error, name = reports.raised(report["error"]), self.assignment.module_file
            raise Unusable(f"{name} cannot be imported:\n{error.told(name, self.folder)}{error.advice}")

    def open_weights(self, name: str) -> dict[str, Any]:
        """Read a file of trained weights in a worker without the student's module.

        Returns:
            What the worker says, unchecked: {"weights": name → tensor} or {"refused": why}.

        Raises:
            TimeoutError: if it takes longer than one test may.
            Closed: if the process dies.
            GraderFault: if the worker could not be confined.
        """
        deadline = monotonic() + self.assignment.limits.seconds + _ORDER_SECONDS
        with self._start(name, "weights") as channel:
            return wire.receive(channel, deadline, bounds=FROM_WORKER)

    def try_walls(self, secrets: Sequence[Path]) -> list[str]:
        """Try to break out of a worker that holds no student code.

        Args:
            secrets: files that it must not read or change.

        Returns:
            What was possible, one sentence each.

        Raises:
            GraderFault: if the worker could not be confined, or did not end.
        """
        deadline = monotonic() + _ORDER_SECONDS
        try:
            with self._start("", "canary", secrets=list(map(str, secrets)), grader=os.getpid()) as channel:
                return [reports.words(text) for text in wire.receive(channel, deadline)["possible"]]
        except (TimeoutError, WireError) as error:
            raise GraderFault("sandbox", f"the trial of the walls did not end: {error!r}") from None

    def _start(self, name: str, purpose: str, **more: Any) -> socket.socket:
        """Start the session's template on a file of the hand-in, and hear that it is confined."""
        assignment = self.assignment
        order = {
            "purpose": purpose,
            "hand_in": str(self.folder),
            "module_file": name,
            "notebook": self.notebook,
            "refused": assignment.refused,
            "why_refused": assignment.why_refused,
            "memory": assignment.limits.memory,
            "shared_memory": assignment.limits.shared_memory,
            "walls": asdict(self.walls),
        }
        channel = self._order("load", **order, **more)
        try:
            fault = wire.receive(channel, monotonic() + _ORDER_SECONDS)["fault"]
        except (TimeoutError, WireError) as error:
            fault = f"{type(error).__name__}: {error}"
        if fault:
            channel.close()
            raise GraderFault("sandbox", f"a worker could not be confined: {fault}", "see autograder doctor")
        return channel

    def fork(self) -> socket.socket:
        """Fork a worker of the loaded module and connect to it."""
        return self._order("fork")

    def stop(self) -> None:
        """End what the workers run."""
        self._send({"op": "stop"}, [])

    def cpu_seconds(self) -> float:
        """Processor seconds of all that the hand-in runs, its loaded template too; only differences mean anything."""
        return float(self._ask("seconds"))

    def reason(self) -> str:
        """Say why the supervisor ended the worker, ready to be added to a sentence; empty where it did not."""
        found = str(self._ask("reason"))
        return f": it {found}" if found else ""

    def end(self) -> None:
        """End everything that the hand-in runs, and wait until it is gone."""
        self._ask("end")

    def _ask(self, op: str) -> Any:
        self._send({"op": op}, [])
        self.session.settimeout(_ORDER_SECONDS)
        try:
            return json.loads(self.session.recv(4096))
        except (OSError, ValueError) as error:
            raise GraderFault("sandbox", f"a supervisor is gone ({error})") from None

    def _order(self, op: str, **order: Any) -> socket.socket:
        mine, theirs = socket.socketpair()
        with theirs:
            self._send({"op": op, **order}, [theirs.fileno()])
        return mine

    def _send(self, order: dict[str, Any], descriptors: list[int]) -> None:
        try:
            socket.send_fds(self.session, [json.dumps(order).encode()], descriptors)
        except OSError as error:
            raise GraderFault("sandbox", f"a supervisor is gone ({error})") from None
