"""Grades on a terminal, for the instructor; in a pipe the same text without colours."""

from collections.abc import Iterable
from textwrap import indent

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.results import wording
from autograder.results.grade import Grade, TestResult
from autograder.results.summary import Summary, fault_of, points_of, summary_of, verdict_of

_STYLES = {"passed": "green", "partly passed": "yellow", "decided by a person": "green"} | dict.fromkeys(
    ("not attempted", "not graded", "not run", "awaiting a person"), "dim"
)


def show(grade: Grade, console: Console) -> None:
    """Show one grade: a table of the questions, then each test that lost points, with what its student reads."""
    table = Table("question", "points", "verdict")
    table.columns[1].justify = "right"
    for question in grade.assignment.questions:
        if results := grade.of(question):
            verdict = verdict_of(results)
            table.add_row(Text(question.title), points_of(results), Text(verdict, _STYLES.get(verdict, "red")))
    _print(console, f"{wording.one_line(grade.hand_in)}: {points(summary_of(grade))}")
    if said := wording.overall(grade):
        _print(console, said)
    if not grade.final:
        _print(console, f"for the instructor: {fault_of(grade)}")
    for flag in grade.flags:
        _print(console, f"for the instructor: {flag}")
    console.print(table)
    for result in grade.results:
        if wording.is_told(result):
            _show_test(result, grade, console)


def show_many(grades: Iterable[Summary], console: Console) -> None:
    """Show a row for each hand-in: its score, what stands out, and how long it took."""
    table = Table("hand-in", "score", "what stands out", "seconds")
    table.columns[1].justify = table.columns[3].justify = "right"
    table.columns[1].no_wrap = True
    for grade in grades:
        style = "" if grade.final else "red"
        name = Text(wording.one_line(grade.hand_in))
        table.add_row(name, Text(points(grade), style), Text(grade.stands_out), f"{grade.seconds:.1f}")
    console.print(table)


def _show_test(result: TestResult, grade: Grade, console: Console) -> None:
    score = points_of([result])
    _print(console, f"\n{result.number} {result.spec.title}  ({score})")
    said = wording.message(result, grade.assignment)
    if not result.final:
        said += "".join(f"\n{wording.block(case.details)}" for case in result.cases if case.details)
    _print(console, indent(said, "  "))


def points(grade: Summary) -> str:
    """Say how many points a grade has, of how many."""
    awaited = f", {grade.awaited:g} awaited" if grade.awaited else ""
    return f"{wording.number(grade.score)} of {grade.maximum:g}{awaited}"


def _print(console: Console, line: str) -> None:
    """Print text as it is: no markup, no emoji codes, no line breaks of our own."""
    console.print(Text(line), soft_wrap=True)
