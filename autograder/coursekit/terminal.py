"""What pytest shows in a starter kit: stubs as work to do, one failure of each question, then points, then hints."""

from collections.abc import Iterator
from typing import Any

import pytest

from .recording import Recorder, case_id, combined, test_id
from .verdicts import Case, Crashed, NotAttempted, NotGraded, TimedOut, Unusable, Verdict

_STOPS = (Crashed, NotAttempted, NotGraded, TimedOut, Unusable)  # what they say is all that there is to say
_MARK = {Verdict.PASSED: "ok", Verdict.NOT_ATTEMPTED: "to do", Verdict.NOT_GRADED: "waits"}
_COLOR = {"ok": "green", "wrong": "red"}
_STATUS = {
    Verdict.NOT_ATTEMPTED: ("to do", "t", "TO DO"),
    Verdict.NOT_GRADED: ("waiting", "w", "WAITS"),
}
_FAILED_TOO = ("more failed", "F", "FAILED")  # pytest shows the category "failed" in full, and no other

Status = tuple[str, str, str]


class Terminal:
    """Plugin that words pytest's output for a student.

    Args:
        recorder: what became of each case; registered before this plugin.
        manifest: the assignment's, as read.
    """

    def __init__(self, recorder: Recorder, manifest: dict[str, Any]) -> None:
        self._recorder, self._manifest = recorder, manifest
        self._status: dict[str, Status] = {}
        self._shown: set[str] = set()
        self._unused: set[str] = set()  # tests that never ran, for the module cannot be used

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Leave out the traceback of what speaks for itself, and note how the outcome is called."""
        report: pytest.TestReport = yield  # type: ignore[assignment]
        if call.excinfo is not None and isinstance(call.excinfo.value, _STOPS):
            report.longrepr = str(call.excinfo.value)
            if report.when == "setup" and isinstance(call.excinfo.value, Unusable):
                self._unused.add(test_id(item))
        case = self._recorder.by_test.get(test_id(item), {}).get(case_id(item))
        if report.failed and case and (status := self._status_of(case, report)):
            self._status[report.nodeid] = status
        return report  # type: ignore[return-value]

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> Status | None:
        """Say "to do" for a stub; pytest itself answers for what this leaves open."""
        return self._status.get(report.nodeid) if report.failed else None

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the points so far by question, what a person marks, and the hints."""
        terminalreporter.write_sep("=", "points of the public tests")
        self._print_points(terminalreporter)
        for line in _hints(self._recorder, self._unused):
            terminalreporter.write_line(line)

    def _status_of(self, case: Case, report: pytest.TestReport) -> Status | None:
        """Give what stands in place of pytest's own word; nothing where the failure is to be shown in full."""
        if case.verdict in _STATUS:
            return _STATUS[case.verdict]
        place = self._recorder.specs[case.test].question if report.when == "call" else "what comes before any test"
        if place in self._shown:
            return _FAILED_TOO
        self._shown.add(place)
        return None

    def _print_points(self, reporter: Any) -> None:
        titles = {q["id"]: q["title"] for q in self._manifest["questions"]}
        written = [q for q in self._manifest["questions"] if is_written(q)]
        total = possible = 0.0
        for question in self._recorder.questions:
            if cases := self._recorder.cases_of(question):
                specs = [spec for spec in self._recorder.specs.values() if spec.question == question]
                earned, points = self._recorder.earned(question), sum(spec.points for spec in specs)
                total, possible = total + earned, possible + points
                mark = _MARK.get(combined(cases), "wrong")
                wrong = f": {_count(cases)}" if mark == "wrong" else ""
                line = f"{mark:<6} {earned:>5g} of {points:<4g} {titles[question]}{wrong}"
                reporter.write_line(line, **{_COLOR.get(mark, "yellow"): True})
        rest = f"the hidden tests give the rest of {self._manifest['points'] - sum(q['points'] for q in written):g}"
        reporter.write_line(f"{'':<6} {total:>5g} of {possible:<4g} so far; {rest}")
        for q in written:
            reporter.write_line(f"{'later':<6} {'?':>5} of {q['points']:<4g} {q['title']}: a person marks it")


def is_written(question: dict[str, Any]) -> bool:
    """Whether a person marks a question, and no test."""
    return bool(question.get("kind") == "written")


def _count(cases: list[Case]) -> str:
    passed = sum(case.verdict is Verdict.PASSED for case in cases)
    return f"{passed} of {len(cases)} cases pass"


def _hints(recorder: Recorder, unused: set[str]) -> list[str]:
    lines = []
    for spec in recorder.specs.values():
        failed = [c for c in recorder.by_test.get(spec.id, {}).values() if c.verdict is Verdict.FAILED]
        if spec.id not in unused and failed and (failed[0].finding or spec.hint):
            lines.append(f"hint for {spec.id}: {failed[0].finding or spec.hint}")
    return lines
