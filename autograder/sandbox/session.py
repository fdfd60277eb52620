"""The grader's side of a hand-in's processes: start a zygote, open a session, load, fork, stop."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any, Self

from autograder.assignment import Assignment, package_name
from autograder.errors import GraderFault
from autograder.sandbox import wire
from autograder.sandbox.limits import Walls
from coursekit.verdicts import Crashed, TimedOut, Unusable

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
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

    def load(self) -> None:
        """Import the student's module.

        Raises:
            Unusable: if it is no Python, uses a refused name or its own code raises; the text is for the student.
            TimedOut: if importing takes longer than one test may.
            Crashed: if the process dies.
            GraderFault: if the worker could not be confined.
        """
        assignment = self.assignment
        deadline = monotonic() + assignment.limits.seconds
        channel = self._load(assignment.module_file, weights=False)
        try:
            with channel:
                self._understand(wire.receive(channel, deadline + _ORDER_SECONDS))
                self._understand(wire.receive(channel, monotonic() + assignment.limits.seconds))
        except TimeoutError:
            self.stop()
            seconds = assignment.limits.seconds
            raise TimedOut(f"importing {assignment.module_file} takes longer than {seconds:g} s") from None
        except wire.Closed:
            raise Crashed(f"importing {assignment.module_file} ended its process") from None

    def _understand(self, report: dict[str, Any]) -> None:
        name = self.assignment.module_file
        if "fault" in report:
            raise GraderFault("sandbox", f"a worker could not be confined: {report['fault']}", "see autograder doctor")
        if "syntax" in report:
            raise Unusable(f"{name} is not valid Python:\n{report['syntax']}")
        if report.get("refused"):
            uses = [f"{name}:{line}: {use}" for line, use in report["refused"][:20]]
            raise Unusable("\n".join([f"refused in this assignment: {self.assignment.why_refused}", *uses]))
        if "error" in report:
            told = traceback_text(report["error"], name, self.folder)
            raise Unusable(f"{name} cannot be imported:\n{told}{_advice(report['error'])}")

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
        with self._load(name, weights=True) as channel:
            report = wire.receive(channel, deadline)
        self._understand({"fault": report["fault"]} if "fault" in report else {})
        return report

    def _load(self, name: str, *, weights: bool) -> socket.socket:
        """Start the session's template on a file of the hand-in."""
        assignment = self.assignment
        order = {
            "hand_in": str(self.folder),
            "module_file": name,
            "notebook": self.notebook,
            "weights": weights,
            "refused": assignment.refused,
            "why_refused": assignment.why_refused,
            "memory": assignment.limits.memory,
            "walls": asdict(self.walls),
        }
        return self._order("load", **order)

    def fork(self) -> socket.socket:
        """Fork a worker of the loaded module and connect to it."""
        return self._order("fork")

    def stop(self) -> None:
        """End what the workers run."""
        self._send({"op": "stop"}, [])

    def cpu_seconds(self) -> float:
        """Processor seconds of the running worker and all that it started."""
        self._send({"op": "seconds"}, [])
        self.session.settimeout(_ORDER_SECONDS)
        return float(json.loads(self.session.recv(4096)))

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


def traceback_text(error: dict[str, Any], file_name: str, folder: Path) -> str:
    """Write a student's exception as Python would, with lines read from the hand-in itself."""
    try:
        lines = (folder / file_name).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    shown = []
    for frame in error.get("frames", [])[:10]:
        if type(frame) is list and len(frame) == 2 and type(frame[1]) is int:  # noqa: PLR2004 - name and line
            source = lines[frame[1] - 1].strip() if 0 < frame[1] <= len(lines) else ""
            shown.append(f"  {file_name}:{frame[1]} in {str(frame[0])[:100]}: {source[:200]}")
    return "\n".join([*shown, f"{str(error.get('name'))[:100]}: {str(error.get('text'))[:2_000]}"])


def _advice(error: dict[str, Any]) -> str:
    if error.get("kind") == "EOFError":
        return "\nthe module asks for input while it is imported; there is nobody to answer"
    if error.get("kind") == "SystemExit":
        return "\nthe module calls exit() while it is imported; remove that line"
    return ""
