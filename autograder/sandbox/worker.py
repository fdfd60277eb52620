"""The student's side: load the hand-in once, then answer calls in a fork for each question.

Everything here runs confined and as the student's own process: nothing that it
says is trusted. It holds no test, no expected value, no reference and no score.
"""

import ast
import builtins
import contextlib
import functools
import io
import os
import random
import signal
import socket
import sys
import tempfile
import traceback
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from autograder.errors import WireError
from autograder.sandbox import canary, wire
from autograder.sandbox.cells import definitions, leave_out_missing
from autograder.sandbox.limits import Walls, confine
from autograder.sandbox.values import FROM_WORKER
from coursekit import execution, refused
from coursekit.weights import read_weights

_NEVER = monotonic() + 365 * 86_400  # the grader keeps the time
_MOST_OUTPUT = 64 * 1024
_MOST_TEXT = 2_000
_MOST_LINE = 200
_MOST_FRAMES = 10
_MOST_KINDS = 3
_ALONE = ": processes share no memory here; compute in one process, with num_workers=0"


@dataclass(frozen=True)
class Task:
    """What a worker is started for.

    Attributes:
        purpose: "module" for the student's code; "weights" for a file of trained weights, handed on as data;
            "canary" to try the walls. Only the first runs any of the student's code.
        hand_in: folder of the student's files.
        module_file: name of the module in it, or of the file of weights.
        notebook: whether the file holds a notebook's code cells.
        refused: names that the module may not use.
        why_refused: the reason.
        memory: bytes of private memory.
        shared_memory: whether its processes may share memory and find each other.
        scratch: holds the folders that its processes may write.
        uid: the worker's own uid, where it gets one.
        walls: what confines it.
        secrets: for the canary: files that it must not reach.
        grader: for the canary: the grader's process.
    """

    purpose: str
    hand_in: str
    module_file: str
    notebook: bool
    refused: tuple[str, ...]
    why_refused: str
    memory: int
    shared_memory: bool
    scratch: str
    uid: int
    walls: Walls
    secrets: tuple[str, ...] = ()
    grader: int = 0


def run_template(task: Task, home: Path, channel: socket.socket, commands: socket.socket) -> None:
    """Confine this process, do the task in a folder of its own, and report on the channel."""
    try:
        folders = Path(task.scratch), Path(task.hand_in)
        confine(task.walls, task.uid, task.memory, *folders, shared_memory=task.shared_memory)
        _settle(home)
    except Exception as error:  # noqa: BLE001 - whatever keeps a wall off is the platform's fault
        wire.send(channel, {"fault": f"{type(error).__name__}: {error}"}, monotonic() + 10)
        return
    wire.send(channel, {"fault": ""}, _NEVER)
    match task.purpose:
        case "canary":
            shared = {"shared_memory": task.shared_memory}
            possible = canary.possible(task.walls, task.memory, task.secrets, task.grader, **shared)
            wire.send(channel, {"possible": possible}, _NEVER)
        case "weights":
            wire.send(channel, read_weights(Path(task.hand_in) / task.module_file), _NEVER)
        case "module":
            _serve_module(task, channel, commands)


def _serve_module(task: Task, channel: socket.socket, commands: socket.socket) -> None:
    """Load the student's module, then fork a worker for each command."""
    tree = _parse(task, channel)
    if tree is not None:
        with refused.enforced(task.refused, task.why_refused):
            module = _import(tree, task, channel)
            channel.close()
            if module is not None:
                _fork_on_command(module, commands)


def _settle(home: Path) -> None:
    """Give the process an environment of its own, the same on every run."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
    os.environ.update(HOME=str(home), TMPDIR=str(home), MPLBACKEND="Agg")
    tempfile.tempdir = None
    os.chdir(home)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - what a student's np.random.rand draws is the same on every run
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def _parse(task: Task, channel: socket.socket) -> ast.Module | None:
    """Parse the hand-in and report what is wrong with it, before any of its code runs."""
    try:
        tree = ast.parse((Path(task.hand_in) / task.module_file).read_bytes(), task.module_file)
        tree = definitions(tree) if task.notebook else tree
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        wire.send(channel, {"syntax": _syntax(error)}, _NEVER)
        return None
    found = [list(use) for use in refused.find_refused(tree, task.refused)]
    missing = [] if found or not task.notebook else leave_out_missing(tree)
    wire.send(channel, {"refused": found, "left_out": missing}, _NEVER)
    return None if found else tree


def _import(tree: ast.Module, task: Task, channel: socket.socket) -> types.ModuleType | None:
    """Run the module's own code and report how that went."""
    try:
        with _captured():
            module = execution.load_module(tree, Path(task.hand_in) / task.module_file)
    except BaseException as error:  # noqa: BLE001 - a student's module may raise anything
        wire.send(channel, {"error": _describe(error)}, _NEVER)
        return None
    wire.send(channel, {"loaded": True}, _NEVER)
    return module


def _fork_on_command(module: types.ModuleType, commands: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        data, descriptors, _, _ = socket.recv_fds(commands, 4096, 1)
        if not data:
            return
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            commands.close()
            os.chdir(data.decode())
            with socket.socket(fileno=descriptors[0]) as channel:
                _serve(module, channel)
            os._exit(0)
        os.close(descriptors[0])


def _serve(module: types.ModuleType, channel: socket.socket) -> None:
    """Say that the time can begin, and answer messages until the grader hangs up."""
    _use_one_thread()
    signal.signal(signal.SIGALRM, _out_of_time)
    wire.send(channel, {"ready": True}, _NEVER)
    original: dict[str, Any] = {}
    with contextlib.suppress(wire.Closed):
        while True:
            message = wire.receive(channel, _NEVER, lambda number: _ask(channel, number))
            if "using" in message:
                module.__dict__.update(original)
                original = {name: module.__dict__[name] for name in message["using"] if name in module.__dict__}
                module.__dict__.update({name: _ask(channel, name) for name in original})
            _send(channel, _answer(module, message))


def _use_one_thread() -> None:
    """Compute as the reference does, whatever the module asked for: threads change the order of sums, so their bits."""
    if torch := sys.modules.get("torch"):
        with contextlib.suppress(Exception):  # a student's module may have changed anything
            torch.set_num_threads(1)


def _send(channel: socket.socket, reply: dict[str, Any]) -> None:
    try:
        wire.send(channel, reply, _NEVER, bounds=FROM_WORKER)
    except wire.Closed:
        raise
    except (WireError, ValueError) as error:
        told = {"error": _describe(ValueError(f"the result cannot be handed back: {error}"))}
        wire.send(channel, told, _NEVER)


def _answer(module: types.ModuleType, message: dict[str, Any]) -> dict[str, Any]:
    seconds = message["seconds"]
    if message["op"] == "probe":
        return _call(_probes(message["source"])[message["name"]], [module], message["kwargs"], seconds)
    function = module.__dict__.get(message["name"])
    if not callable(function):
        return {"missing": message["name"]}
    return _call(function, message["args"], message["kwargs"], seconds)


@functools.cache
def _probes(source: str) -> dict[str, Any]:
    """Run the source of probes, once for each question: compiling 700 lines takes 15 ms."""
    probes: dict[str, Any] = {"__name__": "probes"}
    exec(compile(source, "<probes>", "exec"), probes)  # noqa: S102 - the course's own source
    return probes


def _call(function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], seconds: float) -> dict[str, Any]:
    output = _Cut()
    try:
        with _captured(output), _alarm(seconds):
            result, left = execution.run(function, args, kwargs)
    except _OutOfTime as error:
        return {"late": _describe(error)}
    except BaseException as error:  # noqa: BLE001 - a student's function may raise anything
        return {"error": _describe(error)}
    return {"result": result, "left": {**vars(left), "output": output.getvalue()}}


class _OutOfTime(BaseException):
    """Raised where the student's code is when its time is over, to tell where that was."""


def _out_of_time(*_: object) -> None:
    raise _OutOfTime


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Interrupt a block that takes too long; the grader does not rely on it, but ends the process soon after."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _ask(channel: socket.socket, number: int | str) -> Callable[..., Any]:
    """Make a function that asks the grader, on data: for an argument by its number, a replacement by its name."""

    def ask(*args: Any, **kwargs: Any) -> Any:
        wire.send(channel, {"ask": number, "args": list(args), "kwargs": kwargs}, _NEVER, bounds=FROM_WORKER)
        reply = wire.receive(channel, _NEVER)
        if "raise" in reply:
            raise getattr(builtins, reply["raise"])(reply["text"])
        return reply["value"]

    return ask


def _describe(error: BaseException) -> dict[str, Any]:
    """Put an exception into data: its built-in kinds, its text and the student's own frames."""
    try:
        text = str(error)[:_MOST_TEXT]
    except Exception:  # noqa: BLE001 - a student's __str__ may raise anything
        text = ""
    frames = [
        [frame.name, frame.lineno or 0]
        for frame in traceback.extract_tb(error.__traceback__)
        if "/" not in frame.filename and not frame.filename.startswith("<")
    ]
    text += _ALONE if isinstance(error, PermissionError) and _between_processes(error) else ""
    return {
        "kind": _kinds(type(error)),
        "name": type(error).__name__[:100],
        "text": text,
        "frames": frames[-_MOST_FRAMES:],
    }


def _kinds(error: type) -> str:
    """Name the built-in types that an exception is: two for `class BadSize(IndexError, ValueError)`."""
    built_in = [kind for kind in error.__mro__ if kind.__module__ == "builtins"]
    narrow = [kind for kind in built_in if not any(issubclass(other, kind) for other in built_in if other is not kind)]
    return " ".join(kind.__name__ for kind in narrow[:_MOST_KINDS])


def _between_processes(error: BaseException) -> bool:
    return any("multiprocessing" in frame.filename for frame in traceback.extract_tb(error.__traceback__))


def _syntax(error: BaseException) -> str:
    lines = "".join(traceback.format_exception_only(error)).splitlines()
    return "\n".join(line[:_MOST_LINE] for line in lines)[:_MOST_TEXT]


class _Cut(io.StringIO):
    """Text that keeps its beginning and forgets the rest; student code may close it."""

    def close(self) -> None:
        """Stay open for what is read afterwards."""

    def write(self, text: str) -> int:
        room = _MOST_OUTPUT - self.tell()
        super().write(text[: max(0, room)])
        return len(text)


@contextlib.contextmanager
def _captured(output: io.StringIO | None = None) -> Iterator[None]:
    sink = output if output is not None else _Cut()
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
        yield
