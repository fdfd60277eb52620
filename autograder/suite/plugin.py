"""The pytest plugin of the grader: the fixtures that a suite's tests ask for."""

import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograder.assignment import Assignment
from autograder.data.sets import load
from autograder.errors import SuiteError
from autograder.sandbox.client import RemoteStudent
from autograder.sandbox.session import HandInProcess
from autograder.sandbox.weights import RemoteWeights
from coursekit.data import DataSets
from coursekit.plugin import load_probes, seed_of
from coursekit.recording import Recorder, test_id
from coursekit.report import Report
from coursekit.verdicts import Crashed, NotGraded, TimedOut, Unusable, Verdict

_MOST_TIMEOUTS = 2
_OURS = ("student", "alone", "reference", "rng", "probes", "data", "weights", "report")


class SuiteFixtures:
    """Fixtures for tests that run against a student in another process.

    Args:
        assignment: whose suite it is.
        salt: the course's salt.
        recorder: knows the tests and what became of them.

    Attributes:
        process: the hand-in's session; set before tests run.
        weights: its trained weights; set before tests run.
        run_seed: seed of the hand-in's run; set before tests run.
        unusable: why the module could not be loaded, or None.
        straight: tests that can be called without pytest's fixtures, and which of ours they ask for.
    """

    def __init__(self, assignment: Assignment, salt: str, recorder: Recorder) -> None:
        self._assignment, self._salt, self._recorder = assignment, salt, recorder
        self._reference = load_reference(assignment)
        self._earlier = earlier_functions(assignment, self._reference)
        self._data = DataSets({name: load(name, assignment.folder) for name in assignment.data})
        self._student: RemoteStudent | None = None
        self._question = ""
        self.process: HandInProcess | None = None
        self.weights: RemoteWeights | None = None
        self.run_seed = 0
        self.straight: dict[pytest.Function, tuple[str, ...]] = {}
        self.unusable: BaseException | None = None

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest) -> RemoteStudent:
        """Stand in for the student's module, in a fork of its own for each question."""
        return self._student_for(request.node)

    @pytest.fixture
    def alone(self, request: pytest.FixtureRequest) -> Iterator[RemoteStudent]:
        """Stand in for the student's module on top of the reference's functions of all earlier questions.

        Later ones stay the student's: two questions that each stood on the other's reference would need no answer.
        """
        with self._alone_for(request.node) as student:
            yield student

    @pytest.fixture
    def reference(self) -> ModuleType:
        """Give the solved module."""
        return self._reference

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """Give a generator of random inputs, the same for every hand-in of a course."""
        return self._rng_for(request.node)

    @pytest.fixture
    def probes(self, request: pytest.FixtureRequest) -> ModuleType:
        """Give the probes that go with the test."""
        return load_probes(request.node)

    @pytest.fixture
    def data(self) -> DataSets:
        """Give a function that gives a data set, by a name that the manifest has."""
        return self._data

    @pytest.fixture(name="weights")
    def weights_handed_in(self) -> RemoteWeights | None:
        """Give the trained weights that were handed in."""
        return self.weights

    @pytest.fixture
    def report(self, request: pytest.FixtureRequest) -> Report:
        """Take what a test says to the instructor and to the leaderboard."""
        return Report(request.node.user_properties)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Read the data, and note the tests that ask for our fixtures and parameters alone: they are called straight.

        Measured: pytest's own fixtures and hooks take 1 ms for each case, of which a suite has hundreds.
        A conftest.py with hooks around tests keeps all of them with pytest.
        """
        for data_set in self._data.values():
            data_set.read()
        if any(_hooks_into_tests(plugin) for plugin in session.config.pluginmanager.get_plugins()):
            return
        for item in session.items:
            if isinstance(item, pytest.Function) and (names := _plain_arguments(item)) is not None:
                self.straight[item] = names

    def close(self) -> None:
        """End the last question's worker."""
        if self._student:
            self._student.close()
            self._student = None

    @property
    def answered(self) -> bool:
        """Whether the student's code has answered in the running test."""
        return self._student is not None and self._student.answered

    def call(self, item: pytest.Function) -> None:
        """Call a test that is in `straight`."""
        makers: dict[str, Callable[[pytest.Item], Any]] = {
            "student": self._student_for,
            "reference": lambda _: self._reference,
            "rng": self._rng_for,
            "probes": load_probes,
            "data": lambda _: self._data,
            "weights": lambda _: self.weights,
            "report": lambda item: Report(item.user_properties),
        }
        arguments = _parameters(item)
        with ExitStack() as stack:
            makers["alone"] = lambda item: stack.enter_context(self._alone_for(item))
            item.obj(**arguments, **{name: makers[name](item) for name in self.straight[item]})

    def _student_for(self, item: pytest.Item) -> RemoteStudent:
        if self.unusable is not None:
            raise self.unusable
        self._refuse_what_only_costs_time(item)
        question = self._recorder.specs[test_id(item)].question
        if self._student is None or question != self._question:
            self._student, self._question = self._open(question), question
        self._student.begin_test(may_change_arguments=item.get_closest_marker("may_change_arguments") is not None)
        return self._student

    @contextmanager
    def _alone_for(self, item: pytest.Item) -> Iterator[RemoteStudent]:
        student = self._student_for(item)
        with student.using(**self._earlier[self._question]):
            yield student

    def _rng_for(self, item: pytest.Item) -> np.random.Generator:
        return np.random.default_rng(seed_of(self._salt, self._assignment.name, item, self.run_seed))

    def _open(self, question: str) -> RemoteStudent:
        self.close()
        if self.process is None:
            raise NotGraded("there is no hand-in")
        return RemoteStudent(self.process, self._reference, self._assignment.by_id[question].functions)

    def _refuse_what_only_costs_time(self, item: pytest.Item) -> None:
        """Spend no more time on a test that timed out, or a question that did so twice or crashes at length."""
        cases = self._recorder.cases_of(self._recorder.specs[test_id(item)].question)
        out = [case.test for case in cases if case.verdict is Verdict.TIMED_OUT]
        if test_id(item) in out or len(out) >= _MOST_TIMEOUTS:
            raise TimedOut("not tried again after earlier tests of this question took too long")
        spent = sum(case.seconds for case in cases if case.verdict is Verdict.CRASHED)
        if spent > _MOST_TIMEOUTS * self._assignment.limits.seconds:
            raise Crashed("not tried again after earlier tests of this question ended the process")


def _parameters(item: pytest.Function) -> dict[str, Any]:
    callspec = getattr(item, "callspec", None)
    return dict(callspec.params) if callspec else {}


def _plain_arguments(item: pytest.Function) -> tuple[str, ...] | None:
    """Give which of our fixtures a test asks for; None when it needs any other, through autouse too."""
    asked, direct = inspect.signature(item.obj).parameters, set(_parametrized(item))
    others = {*item.fixturenames, *asked} - {*_OURS, *direct} - ({"request"} - {*asked})
    return None if others else tuple(name for name in asked if name not in direct)


def _hooks_into_tests(plugin: object) -> bool:
    """Whether a plugin is a conftest.py with hooks of its own around tests."""
    conftest = str(getattr(plugin, "__file__", "")).endswith("conftest.py")
    return conftest and any(name.startswith("pytest_runtest") for name in vars(plugin))


def _parametrized(item: pytest.Function) -> Iterator[str]:
    """Name the arguments that `parametrize` gives directly: not those that it gives to a fixture."""
    for mark in item.iter_markers("parametrize"):
        if not mark.kwargs.get("indirect"):
            names = mark.args[0]
            yield from [name.strip() for name in names.split(",")] if isinstance(names, str) else names


def load_reference(assignment: Assignment) -> ModuleType:
    """Import an assignment's solved source under a name that no hand-in has.

    Raises:
        SuiteError: if it cannot be imported.
    """
    name = f"reference_of_{assignment.name}"
    spec = importlib.util.spec_from_file_location(name, assignment.source)
    try:
        if spec is None or spec.loader is None:
            raise ImportError("not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    except Exception as error:
        raise SuiteError(assignment.source, f"the solved source cannot be imported: {error!r}") from error
    return module


def earlier_functions(assignment: Assignment, reference: ModuleType) -> dict[str, dict[str, Callable[..., Any]]]:
    """Give, for each question, the reference's functions of the questions above it.

    Those without parameters are left out: such as a concept check, which would tell its answers.
    """
    above: dict[str, Callable[..., Any]] = {}
    found = {}
    for question in assignment.questions:
        found[question.id] = dict(above)
        functions = {name: getattr(reference, name, None) for name in question.functions}
        above |= {name: f for name, f in functions.items() if callable(f) and inspect.signature(f).parameters}
    return found


def unusable(problem: BaseException, file_name: str) -> BaseException:
    """Say in each test, in one line, what the top of the report says in full."""
    if isinstance(problem, Unusable):
        return Unusable(f"{file_name} cannot be used; the top of this report says why")
    return problem


def suite_folders(assignment: Assignment) -> list[Path]:
    """List the folders of tests that there are."""
    return [folder for folder in (assignment.public, assignment.hidden) if folder.is_dir()]
