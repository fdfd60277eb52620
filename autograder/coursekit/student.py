"""The stand-in that a test calls `student`, for a module in the same process.

The grader has a stand-in of the same shape for a module in a confined worker
(`autograder.sandbox.client`); a test cannot tell them apart.
"""

import ast
import inspect
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from . import execution, given, refused
from .execution import Leftovers
from .verdicts import CheckFailed, NotAttempted, Unusable

__tracebackhide__ = True  # pytest shows the test's lines and the student's, and none of this module
_OWN = Path(__file__).parent


class Student:
    """What every stand-in offers to a test.

    Attributes:
        last: what the latest call left behind.
        may_change_arguments: whether a call that writes into an argument is fine.
    """

    def __init__(self, file_name: str) -> None:
        self.last = Leftovers()
        self.may_change_arguments = False
        self._file_name = file_name

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Give a function of the student's module, by name."""
        if name.startswith("_"):
            raise AttributeError(name)
        return partial(self._checked_call, name)

    def using(self, **functions: Callable[..., Any]) -> AbstractContextManager[None]:
        """Replace functions of the student's module while a `with` block lasts."""
        raise NotImplementedError

    def probe(self, function: Callable[..., Any], /, **data: Any) -> Any:
        """Run a probe with the student's module as its first argument; its observations come back."""
        raise NotImplementedError

    def _checked_call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        result, self.last = self._call(name, args, kwargs)
        given.note(result, args, kwargs, partial(self._parameter, name))
        if self.last.changed and not self.may_change_arguments:
            which = self._parameter(name, self.last.changed[0])
            raise CheckFailed(f"The input {which} changed: {name} wrote into its argument. Copy it first.")
        return result

    def _call(self, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, Leftovers]:
        raise NotImplementedError

    def _parameter(self, name: str, key: int | str) -> str:
        raise NotImplementedError


class LocalStudent(Student):
    """The student's module, imported into this process: breakpoints, print and an IDE work.

    Args:
        file: the module.
        refusals: names that it may not use.
        why: the reason.
        loaded: a module that stands for the file, such as a notebook's.

    Raises:
        Unusable: if the file is missing, is no Python, cannot be imported or uses a refused name.
    """

    def __init__(
        self, file: Path, refusals: Sequence[str] = (), why: str = "", loaded: ModuleType | None = None
    ) -> None:
        super().__init__(file.name)
        self._enforced = partial(refused.enforced, refusals, why)
        self._module = loaded or self._load(file, refusals, why)

    def _load(self, file: Path, refusals: Sequence[str], why: str) -> ModuleType:
        if not file.exists():
            raise Unusable(f"{file.name} is missing")
        try:
            tree = ast.parse(file.read_bytes(), file.name)
            for line, name in refused.find_refused(tree, refusals):
                raise Unusable(f"{file.name}:{line}: {refused.message(name, why)}")
            with self._enforced():
                return execution.load_module(tree, file)
        except Exception as error:
            raise Unusable("".join(traceback.format_exception_only(error)).rstrip()) from error

    def _call(self, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, Leftovers]:
        function = getattr(self._module, name, None)
        if not callable(function):
            raise Unusable(f"{self._file_name} has no function {name}")
        with self._enforced(), _blame():
            return execution.run(function, args, kwargs, record_warnings=False)

    @contextmanager
    def using(self, **functions: Callable[..., Any]) -> Iterator[None]:
        """Replace functions of the student's module while a `with` block lasts."""
        names = self._module.__dict__
        saved = {name: names[name] for name in functions if name in names}
        names.update({name: functions[name] for name in saved})
        try:
            yield
        finally:
            names.update(saved)

    def probe(self, function: Callable[..., Any], /, **data: Any) -> Any:
        """Run a probe with the student's module as its first argument; its observations come back."""
        with self._enforced(), _blame():
            return function(self._module, **data)

    def _parameter(self, name: str, key: int | str) -> str:
        return parameter_name(getattr(self._module, name), key)


def parameter_name(function: Callable[..., Any], key: int | str) -> str:
    """Name the parameter that an argument, given by position or keyword, belongs to."""
    if isinstance(key, str):
        return key
    try:
        return list(inspect.signature(function).parameters)[key]
    except (IndexError, TypeError, ValueError):
        return f"number {key + 1}"


@contextmanager
def _blame() -> Iterator[None]:
    """Mark what student code raises as the student's; a stub's NotImplementedError is no attempt."""
    try:
        yield
    except NotImplementedError as error:
        raise NotAttempted(str(error)) from None
    except Exception as error:
        error.student = _told(error)  # type: ignore[attr-defined]
        raise


def _told(error: Exception) -> str:
    """Write an exception as the grader does: a line for each frame outside of this folder."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).parent != _OWN]
    lines = [f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}: {frame.line}" for frame in frames]
    return "\n".join([*lines, *traceback.format_exception_only(error)])
