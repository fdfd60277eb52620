"""Pytest hooks that read a suite's marks and record what became of each case.

Marks: `question(id)`, `points(number, all_or_nothing=False)`, `hint(text)`,
`visibility(when)`, `slow` and `may_change_arguments`. A test's docstring is the line that a
student reads.
"""

import inspect
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from . import margins
from .report import Report
from .verdicts import (
    Awarded,
    Case,
    CheckFailed,
    Crashed,
    NotAttempted,
    NotGraded,
    TimedOut,
    Unusable,
    Verdict,
)

MARKS = (
    "question(id): the question that a test belongs to",
    "points(number, all_or_nothing=False): what the test is worth, shared evenly by its cases",
    "hint(text): what a student may try when the test fails",
    "visibility(when): visible, hidden, after_due_date or after_published",
    "slow: the test trains or measures, and runs last",
    "may_change_arguments: the student's function may write into its arguments",
)
_MOST_TEXT = 10_000  # characters of one case's text; a student's value may be written out in it
VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")
_WORST_FIRST = (
    Verdict.GRADER_ERROR,
    Verdict.CRASHED,
    Verdict.TIMED_OUT,
    Verdict.FAILED,
    Verdict.NOT_ATTEMPTED,
    Verdict.NOT_GRADED,
    Verdict.NOT_RUN,
    Verdict.AWAITING,
    Verdict.PASSED,
    Verdict.DECIDED,
)
_STOPS = {
    NotAttempted: Verdict.NOT_ATTEMPTED,
    NotGraded: Verdict.NOT_GRADED,
    TimedOut: Verdict.TIMED_OUT,
    Crashed: Verdict.CRASHED,
    Unusable: Verdict.FAILED,
}


@dataclass(frozen=True)
class Spec:
    """One test function as its marks describe it.

    Attributes:
        id: "file stem::function".
        question: id of its question.
        title: its docstring's first paragraph, on one line.
        points: what it is worth.
        hint: what to try when it fails, or empty.
        visibility: when a student sees it.
        public: whether the student has the test.
        all_or_nothing: whether one failing case costs all of the points.
        slow: whether it runs last.
        cases: how many cases it has.
    """

    id: str
    question: str
    title: str
    points: float
    hint: str = ""
    visibility: str = "visible"
    public: bool = True
    all_or_nothing: bool = False
    slow: bool = False
    cases: int = 1

    def earned(self, cases: Sequence[Case]) -> float:
        """Points that these cases earn."""
        return self.points * self.share(cases)

    def share(self, cases: Sequence[Case]) -> float:
        """Share of the points that these cases earn, 0 to 1: each as much as any other, or all or nothing."""
        fractions = [case.fraction for case in cases]
        if self.all_or_nothing:
            return float(len(fractions) == self.cases and all(f == 1 for f in fractions))
        return math.fsum(fractions) / self.cases


def combined(cases: Sequence[Case]) -> Verdict:
    """Give the verdict of a test from those of its cases: the worst one; not run when there is none."""
    verdicts = {case.verdict for case in cases}
    return next((verdict for verdict in _WORST_FIRST if verdict in verdicts), Verdict.NOT_RUN)


@dataclass(eq=False)  # pytest keeps plugins in sets
class Recorder:
    """Plugin that orders tests by question, skips what lacks its prerequisites, and records cases.

    Attributes:
        questions: id → ids of the questions that it needs, in the order of the report.
        specs: tests by id, filled by collection.
        by_test: what became of each case so far: test → case → outcome.
        problems: what is wrong with the suite itself, "place: fact".
        on_case: called with each case once it is decided.
    """

    questions: dict[str, tuple[str, ...]]
    specs: dict[str, Spec] = field(default_factory=dict)
    by_test: dict[str, dict[str, Case]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    on_case: Callable[[Case], None] = lambda _: None

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make the marks known, so that --strict-markers finds a misspelt one."""
        for line in MARKS:
            config.addinivalue_line("markers", line)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Read the marks; run public tests first, then hidden ones, slow tests last of each, question by question.

        What a hidden test sends to a student's code cannot show in the report of a public test that ran before.
        """
        order = list(self.questions)
        for item in items:
            self._note(item)
        items.sort(key=lambda item: self._place(order, item))

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """See `require`."""
        self.require(item)

    def require(self, item: pytest.Item) -> None:
        """Skip a test whose question needs one that earned nothing.

        Raises:
            NotGraded: naming the question that is needed.
        """
        spec = self.specs.get(test_id(item))
        for need in self.questions.get(spec.question, ()) if spec else ():
            if self._earned_nothing(need):
                raise NotGraded(f"needs {need}, which earned nothing yet")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        """Record the case once it is decided: at its call, or where its set-up or tear-down broke."""
        report: pytest.TestReport = yield  # type: ignore[assignment]
        if call.when == "call" or call.excinfo is not None:
            self.keep(case_of(item, call))
        return report  # type: ignore[return-value]

    def cases_of(self, question: str) -> list[Case]:
        """Cases of a question that are decided so far."""
        return [case for spec in self._tests(question) for case in self.by_test.get(spec.id, {}).values()]

    def earned(self, question: str) -> float:
        """Points that a question has earned so far."""
        return math.fsum(s.earned([*self.by_test.get(s.id, {}).values()]) for s in self._tests(question))

    def _earned_nothing(self, question: str) -> bool:
        by_test = [(spec, [*self.by_test.get(spec.id, {}).values()]) for spec in self._tests(question)]
        return any(cases for _, cases in by_test) and not any(spec.share(cases) for spec, cases in by_test)

    def _tests(self, question: str) -> list[Spec]:
        return [spec for spec in self.specs.values() if spec.question == question]

    def keep(self, case: Case) -> None:
        """Record a case, once."""
        cases = self.by_test.setdefault(case.test, {})
        if case.test in self.specs and case.case not in cases:
            cases[case.case] = case
            self.on_case(case)

    def _place(self, order: list[str], item: pytest.Item) -> tuple[bool, bool, int]:
        spec = self.specs.get(test_id(item))
        return (not spec.public, spec.slow, order.index(spec.question)) if spec else (True, True, len(order))

    def _note(self, item: pytest.Item) -> None:
        identifier = test_id(item)
        if identifier in self.specs:
            spec = self.specs[identifier]
            self.specs[identifier] = Spec(**{**spec.__dict__, "cases": spec.cases + 1})
            return
        try:
            self.specs[identifier] = read_spec(item, self.questions)
        except ValueError as error:
            line = inspect.getsourcelines(item.obj)[1] if isinstance(item, pytest.Function) else 0
            self.problems.append(f"{item.path}:{line}: {error}")


def test_id(item: pytest.Item) -> str:
    """Name a test without its parameters, and without the folder, which differs between kit and course."""
    return f"{item.path.stem}::{getattr(item, 'originalname', item.name)}"


def case_id(item: pytest.Item) -> str:
    """Name the parameters of a case; empty without any."""
    callspec = getattr(item, "callspec", None)
    return str(callspec.id) if callspec else ""


def read_spec(item: pytest.Item, questions: dict[str, tuple[str, ...]]) -> Spec:
    """Read a test's marks.

    Raises:
        ValueError: if a mark is missing or cannot be used.
    """
    question = _argument(item, "question", str, None)
    if question not in questions:
        raise ValueError(f"question '{question}' is not in the manifest")
    visibility = _argument(item, "visibility", str, "visible")
    if visibility not in VISIBILITIES:
        raise ValueError(f"visibility must be one of {', '.join(VISIBILITIES)}, got '{visibility}'")
    title = inspect.getdoc(getattr(item, "obj", None)) or ""
    if not title:
        raise ValueError(f"{item.name} needs a docstring: it is the line that a student reads")
    points = item.get_closest_marker("points")
    return Spec(
        id=test_id(item),
        question=question,
        title=" ".join(title.split("\n\n")[0].split()),
        points=_argument(item, "points", (int, float), None),
        hint=_argument(item, "hint", str, ""),
        visibility=visibility,
        public=_is_public(item),
        all_or_nothing=bool(points and points.kwargs.get("all_or_nothing")),
        slow=item.get_closest_marker("slow") is not None,
    )


def case_of(item: pytest.Item, call: pytest.CallInfo[None]) -> Case:
    """Say what became of a case from how its call ended."""
    verdict, fraction, summary, details, finding = _judged(call.excinfo)
    said = Report(item.user_properties)
    return Case(
        test_id(item),
        case_id(item),
        verdict,
        fraction,
        summary[:_MOST_TEXT],
        details[:_MOST_TEXT],
        finding,
        seconds=call.duration,
        flags=said.flags,
        leaderboard=said.leaderboard,
        margin=margins.take(),
        compared=_compared(item, call.excinfo),
        curves=said.curves if _is_public(item) else (),  # a hidden training's could carry what the test sent
    )


def _is_public(item: pytest.Item) -> bool:
    return item.path.parent.name != "hidden"


def _compared(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException] | None) -> dict[str, Any] | None:
    """Give the arrays that a public test compared; those of a hidden test stay where they are."""
    failure = excinfo.value if excinfo else None
    return failure.compared if isinstance(failure, CheckFailed) and _is_public(item) else None


def _judged(  # noqa: PLR0911 - one return for each way that a test ends
    excinfo: pytest.ExceptionInfo[BaseException] | None,
) -> tuple[Verdict, float, str, str, str]:
    """Give verdict, earned fraction, summary, details and finding."""
    if excinfo is None:
        return Verdict.PASSED, 1.0, "", "", ""
    error = excinfo.value
    if isinstance(error, Awarded):
        return Verdict.PASSED, error.fraction, error.reason, "", ""
    for kind, verdict in _STOPS.items():
        if isinstance(error, kind):
            return verdict, 0.0, str(error), "", ""
    if isinstance(error, CheckFailed):
        return Verdict.FAILED, 0.0, error.summary, error.details, error.finding
    if hasattr(error, "student"):
        return Verdict.FAILED, 0.0, f"raised {type(error).__name__}", f"{error.student}".rstrip(), ""
    if isinstance(error, (AssertionError, pytest.fail.Exception)):
        return Verdict.FAILED, 0.0, "", str(error), ""
    if isinstance(error, pytest.skip.Exception):
        return Verdict.NOT_GRADED, 0.0, str(error), "", ""
    place = excinfo.traceback[-1]
    text = f"{Path(str(place.path)).name}:{place.lineno + 1}: {type(error).__name__}: {error}"
    return Verdict.GRADER_ERROR, 0.0, "", text, ""


def _argument(item: pytest.Item, mark: str, kind: Any, default: Any) -> Any:
    found = item.get_closest_marker(mark)
    if found is None and default is not None:
        return default
    if found is None or not found.args or not isinstance(found.args[0], kind):
        raise ValueError(f"{item.name} needs a mark @pytest.mark.{mark}(…)")
    return found.args[0]
