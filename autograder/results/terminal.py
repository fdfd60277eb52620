"""Grades on a terminal, for the instructor; in a pipe the same text without colours."""

from collections.abc import Sequence
from textwrap import indent

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.results import wording
from autograder.results.grade import Grade, TestResult
from coursekit.recording import combined
from coursekit.verdicts import Case, Verdict

_STYLES = {"passed": "green", "partly passed": "yellow", "not attempted": "dim", "not graded": "dim", "not run": "dim"}
_MOST_TELLING = (
    Verdict.TIMED_OUT,
    Verdict.CRASHED,
    Verdict.FAILED,
    Verdict.PASSED,
    Verdict.NOT_ATTEMPTED,
    Verdict.NOT_GRADED,
    Verdict.NOT_RUN,
)
_SAID = {Verdict.TIMED_OUT: "hangs", Verdict.CRASHED: "crashes", Verdict.NOT_ATTEMPTED: "still to do"}


def show(grade: Grade, console: Console) -> None:
    """Show one grade: a table of the questions, then each test that lost points, with what its student reads."""
    table = Table("question", "points", "verdict")
    table.columns[1].justify = "right"
    for question in grade.assignment.questions:
        if results := grade.of(question):
            verdict = _verdict(results)
            table.add_row(Text(question.title), _of(results), Text(verdict, _STYLES.get(verdict, "red")))
    _print(console, f"{_name(grade)}: {_points(grade)}")
    if said := wording.overall(grade):
        _print(console, said)
    if not grade.final:
        _print(console, f"for the instructor: {_fault(grade)}")
    for flag in grade.flags:
        _print(console, f"for the instructor: {flag}")
    console.print(table)
    for result in grade.results:
        if _is_told(result):
            _show_test(result, grade, console)


def _is_told(result: TestResult) -> bool:
    """Whether a test is worth telling of: not one that is whole, nor a bonus that was left alone."""
    return not result.whole and (bool(result.spec.points) or result.verdict is not Verdict.NOT_ATTEMPTED)


def show_many(grades: Sequence[Grade], console: Console) -> None:
    """Show a row for each hand-in: its score, what stands out, and how long it took."""
    table = Table("hand-in", "score", "what stands out", "seconds")
    table.columns[1].justify = table.columns[3].justify = "right"
    table.columns[1].no_wrap = True
    for grade in grades:
        style = "" if grade.final else "red"
        table.add_row(_name(grade), Text(_points(grade), style), Text(stands_out(grade)), f"{grade.seconds:.1f}")
    console.print(table)


def stands_out(grade: Grade) -> str:
    """Say in one line what an instructor should know of a grade."""
    if not grade.final:
        return f"{wording.NOT_FINAL}: {_fault(grade)}"
    if grade.flags:
        return f"look at this: {wording.one_line(grade.flags[0])}"
    if grade.problem:
        return wording.one_line(grade.problem.splitlines()[0])
    lost = [result for result in grade.results if result.spec.points and not result.whole]
    if not lost:
        return "everything passed"
    if all(result.verdict is Verdict.NOT_ATTEMPTED for result in grade.results):
        return "nothing attempted"
    first = min(lost, key=_rank)
    return f"{first.spec.question}: {_SAID.get(first.verdict) or _why(first)}"


def _rank(result: TestResult) -> tuple[int, bool]:
    """Order tests by what they tell: the worst verdict first, then a misconception that was recognised."""
    told = wording.telling(result)
    return _MOST_TELLING.index(result.verdict), not (told and told.finding)


def _why(result: TestResult) -> str:
    case = wording.telling(result)
    summary = wording.one_line(case.summary) if case else ""
    return wording.hint_of(result) or summary or wording.word(result)


def _show_test(result: TestResult, grade: Grade, console: Console) -> None:
    score = f"{result.score:.4g}" if result.final else "?"
    _print(console, f"\n{result.number} {result.spec.title}  ({score} of {result.spec.points:g})")
    said = wording.message(result, grade.assignment)
    if not result.final:
        said += "".join(f"\n{wording.block(case.details)}" for case in result.cases if case.details)
    _print(console, indent(said, "  "))


def _fault(grade: Grade) -> str:
    """Say what the grader broke on: what kept it from running, else the first test that broke."""
    details = [case.details for result in grade.results if not result.final for case in result.cases]
    return wording.one_line(grade.fault or next(filter(None, details), "no details"))


def _verdict(results: Sequence[TestResult]) -> str:
    """Give a question's verdict: the worst of its tests."""
    worst = combined([Case(result.spec.id, "", result.verdict) for result in results])
    partly = worst is Verdict.PASSED and not all(result.whole for result in results)
    return "partly passed" if partly else str(worst)


def _of(results: Sequence[TestResult]) -> str:
    points = sum(result.spec.points for result in results)
    score = f"{round(sum(result.score for result in results), 2):g}"
    return f"{score if all(result.final for result in results) else '?'} of {points:g}"


def _points(grade: Grade) -> str:
    return f"{f'{grade.score:g}' if grade.final else '?'} of {grade.assignment.points:g}"


def _name(grade: Grade) -> Text:
    return Text(wording.one_line(grade.hand_in))


def _print(console: Console, line: str) -> None:
    """Print text as it is: no markup, no emoji codes, no line breaks of our own."""
    console.print(Text(line), soft_wrap=True)
