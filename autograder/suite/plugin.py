"""The pytest plugin of the grader: the fixtures that a suite's tests ask for."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from coursekit.plugin import load_probes, seed_of
from coursekit.recording import Recorder, test_id
from coursekit.verdicts import NotGraded, TimedOut, Unusable, Verdict

from autograder.assignment import Assignment
from autograder.errors import SuiteError
from autograder.sandbox.client import HandInProcess, RemoteStudent

_MOST_TIMEOUTS = 2


class SuiteFixtures:
    """Fixtures for tests that run against a student in another process.

    Args:
        assignment: whose suite it is.
        salt: the course's salt.
        recorder: knows the tests and what became of them.

    Attributes:
        process: the hand-in's session; set before tests run.
        run_seed: seed of the hand-in's run; set before tests run.
        unusable: why the module could not be loaded, or None.
    """

    def __init__(self, assignment: Assignment, salt: str, recorder: Recorder) -> None:
        self._assignment, self._salt, self._recorder = assignment, salt, recorder
        self._reference = load_reference(assignment)
        self._student: RemoteStudent | None = None
        self._question = ""
        self.process: HandInProcess | None = None
        self.run_seed = 0
        self.unusable: BaseException | None = None

    @pytest.fixture
    def student(self, request: pytest.FixtureRequest) -> RemoteStudent:
        """Stand in for the student's module, in a fork of its own for each question."""
        if self.unusable is not None:
            raise self.unusable
        self._refuse_third_timeout(request.node)
        question = self._recorder.specs[test_id(request.node)].question
        if self._student is None or question != self._question:
            self._open(question)
        self._student.begin_test(  # type: ignore[union-attr]
            may_change_arguments=request.node.get_closest_marker("may_change_arguments") is not None
        )
        return self._student  # type: ignore[return-value]

    @pytest.fixture
    def reference(self) -> ModuleType:
        """Give the solved module."""
        return self._reference

    @pytest.fixture
    def rng(self, request: pytest.FixtureRequest) -> np.random.Generator:
        """Give a generator of random inputs, the same for every hand-in of a course."""
        return np.random.default_rng(seed_of(self._salt, self._assignment.name, request.node, self.run_seed))

    @pytest.fixture
    def probes(self, request: pytest.FixtureRequest) -> ModuleType:
        """Give the probes that go with the test."""
        return load_probes(request.node)

    def _open(self, question: str) -> None:
        if self._student:
            self._student.close()
        if self.process is None:
            raise NotGraded("there is no hand-in")
        graded = self._assignment.by_id[question].functions
        self._student, self._question = RemoteStudent(self.process, self._reference, graded), question

    def _refuse_third_timeout(self, item: pytest.Item) -> None:
        """Spend no more time on a test that timed out in an earlier case, or a question that did so twice."""
        cases = self._recorder.cases_of(self._recorder.specs[test_id(item)].question)
        out = [case.test for case in cases if case.verdict is Verdict.TIMED_OUT]
        if test_id(item) in out or len(out) >= _MOST_TIMEOUTS:
            raise TimedOut("not tried again after earlier tests of this question took too long")


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


def unusable(problem: BaseException, file_name: str) -> BaseException:
    """Say in each test, in one line, what the top of the report says in full."""
    if isinstance(problem, Unusable):
        return Unusable(f"{file_name} cannot be used; the top of this report says why")
    return problem


def suite_folders(assignment: Assignment) -> list[Path]:
    """List the folders of tests that there are."""
    return [folder for folder in (assignment.public, assignment.hidden) if folder.is_dir()]
