"""The stand-in for a student's module that lives in a confined worker."""

import builtins
import contextlib
import math
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import ModuleType
from typing import Any, NoReturn

from autograder.errors import WireError
from autograder.sandbox import reports, wire
from autograder.sandbox.callbacks import bounded
from autograder.sandbox.session import HandInProcess
from autograder.sandbox.values import FROM_WORKER
from coursekit.execution import Leftovers
from coursekit.student import Student, parameter_name
from coursekit.verdicts import CheckFailed, Crashed, NotAttempted, TimedOut, Unusable

_MOST_CALLBACKS = 100_000
_MOST_REPLACEMENT_CALLS = 10_000  # a loop over the pixels of a test image asks for each
_STARTING = 5.0  # seconds beyond those of an import
_LAST_WORDS = 0.5  # seconds in which a worker whose time is over may tell where it was
_MOST_PLACES = 3


class Exited(Exception):
    """The student's code raised what no test may catch by accident: an exit, or an interrupt."""


class RemoteStudent(Student):
    """The student's module in a confined worker, seen by a test as if it were imported.

    Args:
        process: the hand-in's session.
        reference: the solved module, for the names of parameters.
        graded: names that the test's question grades, which may not be replaced.

    Attributes:
        answered: whether a call has come back with a result in this test.
    """

    def __init__(self, process: HandInProcess, reference: ModuleType, graded: Sequence[str]) -> None:
        super().__init__(process.assignment.module_file)
        self._process, self._reference, self._graded = process, reference, graded
        self._channel: socket.socket | None = None
        self._left = process.assignment.limits.seconds
        self._functions: list[Callable[..., Any]] = []
        self._using: dict[str, Callable[..., Any]] = {}
        self._told: list[str] = []  # the names that the worker has replaced
        self._calls: Counter[str] = Counter()
        self.answered = False

    def begin_test(self, *, may_change_arguments: bool) -> None:
        """Give the next test its own time and a clean slate."""
        self.last, self.may_change_arguments = Leftovers(), may_change_arguments
        self._calls.clear()
        self.answered = False
        self._left = self._process.assignment.limits.seconds
        self._functions.clear()

    def close(self) -> None:
        """End the worker."""
        if self._channel:
            self._channel.close()
            self._channel, self._told = None, []

    @contextlib.contextmanager
    def using(self, **functions: Callable[..., Any]) -> Iterator[None]:
        """Replace functions of the student's module while a `with` block lasts; data only, at most 10,000 calls each.

        Raises:
            ValueError: if a function is one that this question grades.
        """
        for name in functions:
            if name in self._graded:
                raise ValueError(f"student.using: this question grades {name}, so it cannot be replaced")
        before = self._using
        self._using, self._calls = before | functions, Counter()
        try:
            yield
        finally:
            self._using = before

    def probe(self, function: Callable[..., Any], /, **data: Any) -> Any:
        """Run a probe's source in the worker, with the student's module as its first argument."""
        source = Path(function.__code__.co_filename).read_text(encoding="utf-8")
        result, self.last = self._outcome({"op": "probe", "source": source, "name": function.__name__, "kwargs": data})
        return result

    @contextlib.contextmanager
    def processor_time(self) -> Iterator["Spent"]:
        """Measure, from outside, the processor time that the worker uses in a `with` block."""
        with self._translated():
            self._connect()
        spent, start = Spent(), self._process.cpu_seconds()
        yield spent
        spent.seconds = self._process.cpu_seconds() - start

    def _call(self, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, Leftovers]:
        return self._outcome({"op": "call", "name": name, "args": list(args), "kwargs": kwargs})

    def _outcome(self, message: dict[str, Any]) -> tuple[Any, Leftovers]:
        with self._translated():
            reply = self._exchange(message)
            raised, left = None, Leftovers()
            if "late" in reply:
                self._time_out(reports.raised(reply["late"]).places(self._file_name, self._process.folder))
            elif "error" in reply:
                raised = self._student_error(reports.raised(reply["error"]))
            elif "missing" not in reply:
                left = reports.left_behind(
                    reply.get("left"), [*range(len(message.get("args", ()))), *message["kwargs"]]
                )
        if "missing" in reply:
            raise Unusable(f"{self._file_name} has no function {message['name']}")
        if raised is not None:  # here, lest a TimeoutError of the student's is taken for one of ours
            raise raised
        self.answered = True
        return reply.get("result"), left

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what goes wrong between the processes into what became of the test."""
        try:
            yield
        except TimeoutError:
            self._time_out([])
        except wire.Closed:
            self._give_up()
            raise Crashed(f"the process ended in the middle of this call{self._process.reason()}") from None
        except WireError as error:
            self._give_up()
            raise CheckFailed(f"the result cannot be read: {error.what}") from None

    def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        """Send one message and wait for its reply, answering what the student's code asks meanwhile."""
        channel = self._connect()
        end = monotonic() + self._left
        deadline, asked = end + _LAST_WORDS, 0
        try:
            wire.send(channel, {**message, **self._news(), "seconds": self._left}, deadline, self._functions)
            while "ask" in (reply := wire.receive(channel, deadline, bounds=FROM_WORKER)):
                asked += 1
                self._answer(channel, reply, asked, deadline)
            return reply
        except WireError:
            if monotonic() < end:
                raise
            raise TimeoutError from None  # its last words came in the middle of others
        finally:
            self._left = max(0.05, end - monotonic())

    def _answer(self, channel: socket.socket, request: dict[str, Any], asked: int, deadline: float) -> None:
        """Call a function of the test for the student's code; only its value or the kind of its error goes back."""
        args, kwargs = request.get("args"), request.get("kwargs")
        function = self._asked_for(request["ask"])
        if function is None or asked > _MOST_CALLBACKS:
            raise WireError("wire", "a function was asked for that does not exist, or too often")
        if type(args) is not list or type(kwargs) is not dict or any(type(key) is not str for key in kwargs):
            raise WireError("wire", "a function was asked for with arguments that are none")
        try:
            with bounded(deadline):
                reply = {"value": function(*args, **kwargs)}
        except Exception as error:  # noqa: BLE001 - the student's arguments may make it raise anything
            kind = next(k.__name__ for k in type(error).__mro__ if k.__module__ == "builtins")
            name = getattr(function, "__name__", "the function")
            reply = {"raise": kind, "text": f"{name} refused these arguments"}
        wire.send(channel, reply, deadline)

    def _asked_for(self, name: object) -> Callable[..., Any] | None:
        """Find a replacement by its name, or a function that was an argument by its number."""
        if type(name) is int and 0 <= name < len(self._functions):
            return self._functions[name]
        if type(name) is not str or name not in self._using:
            return None
        self._calls[name] += 1
        return self._using[name] if self._calls[name] <= _MOST_REPLACEMENT_CALLS else None

    def _news(self) -> dict[str, Any]:
        """Say which names are replaced, where the worker has not heard it yet."""
        if self._told == list(self._using):
            return {}
        self._told = list(self._using)
        return {"using": self._told}

    def _connect(self) -> socket.socket:
        """Connect to a worker; ending what ran before, and loading afresh, takes no time of the test."""
        if self._channel is None:
            try:
                self._channel = self._forked()
            except wire.Closed:  # what was loaded may have been dying of the question before
                self._channel = self._forked()
        return self._channel

    def _forked(self) -> socket.socket:
        channel = self._process.fork()
        try:
            deadline = monotonic() + self._process.assignment.limits.seconds + _STARTING
            wire.receive(channel, deadline, bounds=FROM_WORKER)
        except BaseException:
            channel.close()
            raise
        return channel

    def _time_out(self, places: Sequence[str]) -> NoReturn:
        """End the test, and tell where the student's code was when its time was over, as far as that is known."""
        self._give_up()
        said = f"took longer than {self._process.assignment.limits.seconds:g} s"
        raise TimedOut("\n".join([f"{said}; it was here:" if places else said, *places[-_MOST_PLACES:]])) from None

    def _give_up(self) -> None:
        self.close()
        self._process.stop()

    def _student_error(self, error: reports.Raised) -> BaseException:
        """Build the same built-in exception as the student's code raised, with the student's own frames."""
        names = error.kind.split()
        if "NotImplementedError" in names:
            return NotAttempted(error.text)
        kinds: list[Any] = [getattr(builtins, name, None) for name in names]
        if not kinds or not all(isinstance(kind, type) and issubclass(kind, BaseException) for kind in kinds):
            raise WireError("wire", "an error of no known kind")
        if not all(issubclass(kind, Exception) for kind in kinds):
            kinds = [type(kinds[0].__name__, (Exited,), {})]  # told by its own name
        raised: BaseException
        try:
            raised = (kinds[0] if len(kinds) == 1 else type(kinds[0].__name__, tuple(kinds), {}))(error.text)
        except TypeError:  # a kind such as UnicodeDecodeError is made from more than a text
            is_value_error = any(issubclass(kind, ValueError) for kind in kinds)
            raised = ValueError(error.text) if is_value_error else Exception(error.text)
        raised.student = error.told(self._file_name, self._process.folder)  # type: ignore[attr-defined]
        return raised

    def _parameter(self, name: str, key: int | str) -> str:
        return parameter_name(getattr(self._reference, name), key)


@dataclass
class Spent:
    """Processor seconds, filled in when the measured block ends."""

    seconds: float = math.nan
