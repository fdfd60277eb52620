"""Grade hand-ins of one assignment: the one function that every front calls."""

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from threading import Timer
from time import monotonic, perf_counter
from typing import Any, Self

from autograder.assignment import Assignment, package_name
from autograder.data.sets import files as data_files
from autograder.errors import ConfinementError, DataError, GraderFault, HandInError, SuiteError
from autograder.grading.handin import HandIn, open_handin, write_to
from autograder.grading.process import HostKey, join, start
from autograder.results.grade import Grade, judge
from autograder.sandbox.limits import Walls, available
from autograder.suite.lines import case_from
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

OnCase = Callable[[Case], None]
_EVERY_VERSION = ("autograder", "pytest")
_GRACE = 10.0  # seconds
_GONE: dict[str, Any] = {"fault": "the grader's process is gone; its last words stand on standard error", "done": 0}


class Grader:
    """A warm grader of one assignment; use as a context manager.

    Args:
        assignment: what to grade.
        salt: the course's salt.
        run_seed: seed of the run; 0 gives every student and every regrade the same inputs.
        allow_unconfined: grade even where student code could read hidden tests; each grade says so.
        host: a process to share with other graders; one of its own when None.

    Attributes:
        specs: the suite's tests.
        versions: of Python and the libraries that it grades with.

    Raises:
        ConfinementError: where student code cannot be confined, unless that is allowed.
        SuiteError: if the tests cannot be collected, or their points do not add up.
    """

    def __init__(
        self,
        assignment: Assignment,
        salt: str,
        *,
        run_seed: int = 0,
        allow_unconfined: bool = False,
        host: HostKey | None = None,
    ) -> None:
        self.assignment = assignment
        self._walls = available()
        self._unconfined = _unconfined(assignment, self._walls)
        if self._unconfined and not allow_unconfined:
            todo = "grade in the container, or say --allow-unconfined"
            raise ConfinementError("this machine", self._unconfined, todo)
        self._run_seed, self.versions = run_seed, versions_of(assignment)
        self._data = tuple(_training_data(assignment))
        self._process = join(host) if host else start(assignment, salt, self._walls)
        self._lines = self._process.lines
        answer = self._next()
        if answer.get("problems"):
            self.close()
            raise SuiteError(assignment.folder, "the suite cannot be used", "\n  ".join(answer["problems"]))
        self.specs = tuple(Spec(**spec) for spec in answer["specs"])
        self._require_walls(self._next()["possible"], allow_unconfined=allow_unconfined)

    @property
    def process(self) -> int:
        """Id of the process that runs the tests; workers and all else are below it."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the grader's processes."""
        self._process.close()

    def _require_walls(self, possible: list[str], *, allow_unconfined: bool) -> None:
        """Grade nobody where a wall that should hold does not."""
        if possible and not allow_unconfined:
            self.close()
            raise ConfinementError("this machine", "; ".join(possible), "autograder doctor says what it should confine")
        self._unconfined = "; ".join(filter(None, [self._unconfined, *possible]))

    def grade(self, path: Path, on_case: OnCase | None = None, order: "Order | None" = None) -> Grade:
        """Grade one hand-in.

        Args:
            path: a module, a notebook, a zip or a folder.
            on_case: called with each case as it is decided.
            order: what is asked for; the whole suite when None.

        Raises:
            GraderFault: if the grader's process is gone.
        """
        start = perf_counter()
        try:
            handin = open_handin(path, self.assignment)
        except HandInError as error:
            return replace(self.refuse(path.name, problem_of(error)), seconds=perf_counter() - start)
        grade = self.grade_files(handin, on_case, order)
        return replace(grade, seconds=perf_counter() - start)

    def grade_files(self, handin: HandIn, on_case: OnCase | None = None, order: "Order | None" = None) -> Grade:
        """Grade an opened hand-in; see `grade`."""
        start, order = perf_counter(), order or Order()
        with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
            Path(folder).chmod(0o755)
            write_to(handin, Path(folder), self._data)
            seed = self._run_seed if order.run_seed is None else order.run_seed
            told = asdict(order) | {"folder": folder, "notebook": handin.notebook, "run_seed": seed}
            self._lines.write(told)
            with self._ended_after(order.deadline):
                heard = self._listen(on_case or (lambda _: None))
        missing = [] if order.until_lost and not heard.fault else self._lost(heard, order.tests)
        if missing and not heard.fault:
            heard.fault = f"{len(missing)} tests did not run"
        return Grade(
            self.assignment,
            handin.name,
            judge(self.assignment, self.specs, (*heard.cases, *missing)),
            members=handin.members,
            problem=heard.problem,
            fault=heard.fault,
            notes=(*handin.notes, *heard.notes),
            seconds=perf_counter() - start,
            unconfined=self._unconfined,
            versions=self.versions,
        )

    def _listen(self, on_case: OnCase) -> "_Heard":
        heard = _Heard()
        while "done" not in (line := next(iter(self._lines), _GONE)):
            if "case" in line:
                case = case_from(line["case"])
                heard.cases.append(case)
                on_case(case)
            heard.notes += [line["note"]] if "note" in line else []
            heard.problem = line.get("problem", heard.problem)
            heard.fault = line.get("fault", heard.fault)
        heard.fault = heard.fault or line.get("fault", "")
        if line["done"] != 0 and not heard.fault:
            heard.fault = f"the process that ran the tests ended with status {line['done']}"
        return heard

    @contextmanager
    def _ended_after(self, deadline: float | None) -> Iterator[None]:
        """End the grader's processes where they go on long after the deadline: what is decided by then counts."""
        if deadline is None:
            yield
            return
        wait = deadline - monotonic() + self.assignment.limits.seconds + _GRACE
        timer = Timer(max(0.0, wait), partial(os.killpg, self._process.pid, signal.SIGKILL))
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _lost(self, heard: "_Heard", tests: Collection[str] | None) -> list[Case]:
        """Mark what a fault kept from running: no zero for the student."""
        ran = {case.test for case in heard.cases}
        wanted = (spec.id for spec in self.specs if tests is None or spec.id in tests)
        return [Case(test, "", Verdict.GRADER_ERROR, details=heard.fault) for test in wanted if test not in ran]

    def refuse(self, name: str, problem: str) -> Grade:
        """Grade a hand-in that cannot be opened: nothing is earned, and the report says why."""
        said = "the hand-in cannot be opened; the top of this report says why"
        cases = [Case(spec.id, "", Verdict.FAILED, summary=said) for spec in self.specs]
        results = judge(self.assignment, self.specs, cases)
        return Grade(self.assignment, name, results, problem=problem, versions=self.versions)

    def give_up(self, name: str, fault: str) -> Grade:
        """Give the grade of a hand-in that a fault keeps from being graded: no zero for the student."""
        results = judge(self.assignment, self.specs, self._lost(_Heard(fault=fault), None))
        return Grade(self.assignment, name, results, fault=fault, versions=self.versions)

    def _next(self) -> dict[str, Any]:
        for line in self._lines:
            return line
        todo = "its last words stand above, on standard error"
        raise GraderFault(self.assignment.name, "the grader's process is gone", todo)


@dataclass(frozen=True)
class Order:
    """What is asked for of one grading.

    Attributes:
        tests: ids of the tests to run; all when None. The others are not run, and earn nothing.
        run_seed: seed for this hand-in alone; the grader's own when None.
        deadline: `time.monotonic()` value after which no further test begins.
        seconds: wall-clock seconds that student code may take in one test; the manifest's when None.
        as_given: run the tests in the order that `tests` gives, not in the suite's own.
        until_lost: stop at the first case that loses anything.
        margins: measure how much of its tolerance each case uses.
    """

    tests: tuple[str, ...] | None = None
    run_seed: int | None = None
    deadline: float | None = None
    seconds: float | None = None
    as_given: bool = False
    until_lost: bool = False
    margins: bool = False


@dataclass
class _Heard:
    """What came back about one hand-in."""

    cases: list[Case] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str = ""
    fault: str = ""


def problem_of(error: HandInError) -> str:
    """Say what keeps a hand-in from being opened, as its student reads it."""
    return f"{error.what}\n{error.todo}".strip()


def _unconfined(assignment: Assignment, walls: Walls) -> str:
    """Say what keeps this machine from confining student code; empty when nothing does."""
    if not walls.keep(assignment.folder):
        return walls.gaps[0]
    if assignment.limits.shared_memory and not walls.own_uid:
        return "limits.shared_memory needs workers with a uid of their own, and so root"
    return ""


def _training_data(assignment: Assignment) -> Iterator[Path]:
    """Find the data that the kit brings; where a set is not there, the test that asks for it says so."""
    for name in assignment.data:
        with suppress(DataError):
            yield data_files(name, assignment.folder)["train"]


def versions_of(assignment: Assignment) -> dict[str, str]:
    """Versions of what a grade depends on, where they are installed."""
    found = {"python": sys.version.split()[0]}
    for name in (*_EVERY_VERSION, *map(package_name, assignment.requires)):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
