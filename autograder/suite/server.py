"""The grader process of one assignment: collects its tests once, then runs them in a fork for each hand-in.

Its parent talks to it in lines of JSON: one order for each hand-in, and back the
suite's tests, then a line for each case as it is decided.
"""

import gc
import importlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from autograder.assignment import Assignment, load_assignment
from autograder.errors import AutograderError, SuiteError
from autograder.sandbox.limits import Walls
from autograder.sandbox.session import HandInProcess, Zygote, libraries
from autograder.sandbox.weights import RemoteWeights
from autograder.suite import branches
from autograder.suite.lines import Lines
from autograder.suite.plugin import SuiteFixtures, suite_folders, unusable
from coursekit import margins
from coursekit.recording import Recorder, case_id, case_of, test_id
from coursekit.verdicts import Case, Crashed, TimedOut, Unusable, Verdict

_NO_TIME = "not run: earlier tests used up the time that there is for one hand-in"
_ODD = "the result has not the form that it should have: look at its type, its shape, and what it holds"
_STUMBLES = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError)
_UNUSED = (  # parts of pytest that cost time at each case, or write files
    "cacheprovider", "doctest", "faulthandler", "junitxml", "logging", "pastebin", "stepwise", "terminal",
    "threadexception", "unittest", "unraisableexception", "warnings",
)  # fmt: skip


class Server:
    """Plugin that serves hand-ins in place of pytest's own loop over the tests."""

    def __init__(self, assignment: Assignment, settings: dict[str, Any], lines: Lines, zygote: Zygote) -> None:
        self._assignment, self._lines, self._zygote = assignment, lines, zygote
        self._walls, self._branches = Walls(**settings["walls"]), settings.get("branches")
        self.recorder = Recorder({question.id: question.needs for question in assignment.tested})
        self.fixtures = SuiteFixtures(assignment, settings["salt"], self.recorder)
        self.collection_errors: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what broke during collection."""
        if report.failed:
            self.collection_errors.append(f"{report.nodeid}: {report.longreprtext.strip().splitlines()[-1]}")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Report the suite, then grade hand-ins until the parent hangs up."""
        problems = [*self.collection_errors, *self.recorder.problems, *self._points_problem()]
        about = {"problems": problems, "specs": [asdict(s) for s in self.recorder.specs.values()]}
        if problems or not self._branches:
            self._lines.write(about)
        if problems:
            return True
        for name in libraries(self._assignment):
            importlib.import_module(name)
        self._zygote.wait()
        possible = self._try_walls()
        gc.collect()
        gc.freeze()
        if self._branches:
            listener, token = socket.socket(fileno=self._branches["listener"]), bytes.fromhex(self._branches["token"])
            branches.serve(listener, self._lines.fileno(), token, partial(self._branch, session, about, possible))
            os._exit(0)  # waits for no fork that still grades; the zygote ends when the last one has
        self._lines.write({"possible": possible})
        self._serve(session)
        return True

    def _branch(
        self, session: pytest.Session, about: dict[str, Any], possible: list[str], connection: socket.socket
    ) -> None:
        """Serve one of several graders, in a fork of its own."""
        self._lines = Lines(connection)
        with suppress(ConnectionError):  # the grader has hung up, which `_serve` notices
            for line in ({"pid": os.getpid()}, about, {"possible": possible}):
                self._lines.write(line)
        self._serve(session)

    def _serve(self, session: pytest.Session) -> None:
        """Grade hand-ins, each in a fork, until the grader hangs up."""
        for order in self._lines:
            process = os.fork()
            if process == 0:
                with suppress(ConnectionError):  # the grader has hung up, so nobody is left to tell
                    self._grade(session, order)
                os._exit(0)
            _, status = os.waitpid(process, 0)
            with suppress(ConnectionError):
                self._lines.write({"done": os.waitstatus_to_exitcode(status)})

    def _try_walls(self) -> list[str]:
        """Have a worker without student code try to break out, before any hand-in is graded."""
        nothing = Path(os.devnull)
        secrets = [self._assignment.source, *sorted(self._assignment.hidden.glob("test_*.py"))[:1]]
        with self._zygote.open() as connection:
            process = HandInProcess(connection, self._assignment, nothing, notebook=False, walls=self._walls)
            return process.try_walls(secrets)

    def _points_problem(self) -> Iterator[str]:
        total = sum(spec.points for spec in self.recorder.specs.values())
        written = sum(question.points for question in self._assignment.written)
        if abs(total + written - self._assignment.points) > 1e-9:  # noqa: PLR2004 - sums of decimal fractions
            place = self._assignment.folder / "assignment.toml"
            others = f" and written questions {written:g}" if written else ""
            yield f"{place}: 'points' is {self._assignment.points:g}, but the suites give {total:g}{others}"

    def _grade(self, session: pytest.Session, order: dict[str, Any]) -> None:
        """Run every test against one hand-in, in this fork, and report each case as it is decided."""
        try:
            with self._zygote.open() as connection:
                assignment = _with_seconds(self._assignment, order["seconds"])
                process = HandInProcess(connection, assignment, Path(order["folder"]), order["notebook"], self._walls)
                if self._assignment.weights:
                    self.fixtures.weights = RemoteWeights(self._assignment.weights, process, self._zygote.open)
                self.fixtures.process, self.fixtures.run_seed = process, order["run_seed"]
                self.recorder.on_case = lambda case: self._lines.write({"case": vars(case)}, later=True)
                margins.measure(wanted=order["margins"])
                self._load(process)
                self._run(_chosen(session.items, order), order["deadline"], until_lost=order["until_lost"])
                self.fixtures.close()
                process.end()
        except BaseException as error:  # noqa: BLE001 - nothing may leave this fork but by its exit
            self._lines.write({"fault": str(error) if isinstance(error, AutograderError) else repr(error)})
        finally:
            self._lines.write({})

    def _load(self, process: HandInProcess) -> None:
        try:
            if missing := process.load():
                self._lines.write({"note": f"not installed here, so left out: import {', '.join(missing)}"})
        except (Unusable, TimedOut, Crashed) as problem:
            self._lines.write({"problem": str(problem)})
            self.fixtures.unusable = unusable(problem, self._assignment.module_file)

    def _run(self, items: list[pytest.Item], deadline: float | None, *, until_lost: bool) -> None:
        """Run the items in order: straight where our own fixtures are all that they ask for, else in phases."""
        in_phases = [item for item in items if item not in self.fixtures.straight]
        for item in items:
            if deadline is not None and monotonic() > deadline:
                case = Case(test_id(item), case_id(item), Verdict.NOT_RUN, summary=_NO_TIME)
            elif isinstance(item, pytest.Function) and item in self.fixtures.straight:
                case = self._judged(item, pytest.CallInfo.from_call(partial(self._straight, item), when="call"))
            else:
                in_phases.pop(0)
                case = self._judged(item, _in_phases(item, next(iter(in_phases), None)))
            self.recorder.keep(case)
            if until_lost and case.fraction < 1 and case.verdict is not Verdict.NOT_GRADED:
                return

    def _judged(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Case:
        """Judge a case; a test that stumbles over what the student's code answered is the student's, with a flag.

        The suite is proven on right answers: an answer of another form than any of these makes a test's own code
        fail, and that is no fault of the grader, nor may a hand-in make its grade one.
        """
        case = case_of(item, call)
        odd = call.excinfo is not None and isinstance(call.excinfo.value, _STUMBLES)
        if case.verdict is not Verdict.GRADER_ERROR or not odd or not self.fixtures.answered:
            return case
        flag = f"{case.test}: the test did not understand an answer: {case.details}"
        return replace(case, verdict=Verdict.FAILED, summary=_ODD, details="", flags=(*case.flags, flag))

    def _straight(self, item: pytest.Function) -> None:
        self.recorder.require(item)
        self.fixtures.call(item)


def _chosen(items: list[pytest.Item], order: dict[str, Any]) -> list[pytest.Item]:
    """Choose the items that an order asks for, in the suite's own order unless it gives another."""
    if order["tests"] is None:
        return items
    place = {test: number for number, test in enumerate(order["tests"])}
    chosen = [item for item in items if test_id(item) in place]
    return sorted(chosen, key=lambda item: place[test_id(item)]) if order["as_given"] else chosen


def _with_seconds(assignment: Assignment, seconds: float | None) -> Assignment:
    limits = assignment.limits
    return assignment if seconds is None else replace(assignment, limits=replace(limits, seconds=seconds))


def _in_phases(item: pytest.Item, following: pytest.Item | None) -> pytest.CallInfo[None]:
    """Set up, call and tear down as pytest does, without what it prepares for reports of its own."""
    hooks = item.ihook

    def run() -> None:
        hooks.pytest_runtest_setup(item=item)
        hooks.pytest_runtest_call(item=item)

    call = pytest.CallInfo.from_call(run, when="call")
    teardown = partial(hooks.pytest_runtest_teardown, item=item, nextitem=following)
    torn = pytest.CallInfo.from_call(teardown, when="teardown")
    return torn if call.excinfo is None and torn.excinfo else call


def main() -> None:
    """Serve the assignment that the first line on the given socket names."""
    lines = Lines(socket.socket(fileno=int(sys.argv[1])))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = next(iter(lines))
    try:
        assignment = load_assignment(Path(settings["folder"]))
        with Zygote(assignment) as zygote:
            _collect_and_serve(assignment, settings, lines, zygote)
    except AutograderError as error:
        lines.write({"problems": [str(error)], "specs": []})


def _collect_and_serve(assignment: Assignment, settings: dict[str, Any], lines: Lines, zygote: Zygote) -> None:
    folders = suite_folders(assignment)
    if not folders:
        raise SuiteError(assignment.folder, "there are no tests", "write public/test_*.py and hidden/test_*.py")
    server = Server(assignment, settings, lines, zygote)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    here = str(assignment.folder)  # no conftest.py is looked for above it
    options = ["-c", os.devnull, "--rootdir", here, "--confcutdir", here, "--import-mode=importlib", "--strict-markers"]
    quiet = ["--capture=no", "--continue-on-collection-errors", *(f"-pno:{name}" for name in _UNUSED)]
    plugins = [server, server.recorder, server.fixtures]
    status = pytest.main([*options, *quiet, *map(str, folders)], plugins=plugins)
    if status == pytest.ExitCode.USAGE_ERROR:
        raise SuiteError(assignment.folder, "pytest cannot read the suite: a conftest.py or an option is wrong")


if __name__ == "__main__":
    main()
    os._exit(0)  # at a usual end, libraries of torch complain at length of what they leave
