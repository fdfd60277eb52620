"""Grades on a terminal: one hand-in in full, or many in a table."""

import math
from collections.abc import Sequence

from coursekit.recording import combined
from coursekit.verdicts import Verdict
from rich.console import Console
from rich.markup import escape as markup
from rich.table import Table

from autograder.results.escape import escape
from autograder.results.grade import Grade, TestResult
from autograder.results.wording import message, overall

_STYLES = {Verdict.PASSED: "green", Verdict.NOT_ATTEMPTED: "dim", Verdict.NOT_GRADED: "dim"}


def show(grade: Grade, console: Console) -> None:
    """Print a grade: points by question, then each test that lost points, with its hint."""
    table = Table("question", "points", "verdict", title=f"{grade.assignment.title}: {markup(escape(grade.hand_in))}")
    for question in grade.assignment.questions:
        results = grade.of(question)
        points = f"{math.fsum(r.score for r in results):g} of {math.fsum(r.spec.points for r in results):g}"
        verdict = combined([case for result in results for case in result.cases])
        table.add_row(question.title, points, f"[{_STYLES.get(verdict, 'red')}]{verdict}[/]")
    console.print(table)
    if said := overall(grade):
        console.print(markup(said), highlight=False)
    for result in _lost(grade):
        console.print(f"\n[bold]{result.number} {result.spec.title}[/]  {result.score:g} of {result.spec.points:g}")
        console.print(markup(message(result, grade.assignment)), highlight=False)
    console.print(f"\n{_score(grade)}")


def show_many(grades: Sequence[Grade], console: Console) -> None:
    """Print a table with a row for each hand-in, and what stands out in it."""
    table = Table("hand-in", "score", "what stands out", "seconds")
    for grade in grades:
        table.add_row(markup(escape(grade.hand_in)), _score(grade), markup(standout(grade)), f"{grade.seconds:.1f}")
    console.print(table)


def standout(grade: Grade) -> str:
    """Say in a sentence or two what matters most about a grade."""
    if not grade.final:
        return f"NOT FINAL: a fault of the grader: {escape(grade.fault or _fault(grade))}"
    if grade.problem:
        return escape(grade.problem.splitlines()[0])
    lost = _lost(grade)
    if not lost:
        return "everything is right"
    if all(result.verdict in {Verdict.NOT_ATTEMPTED, Verdict.NOT_GRADED} for result in lost):
        return f"{len(lost)} of {len(grade.results)} tests are still to do"
    return _first_failure(lost, grade)


def _first_failure(lost: list[TestResult], grade: Grade) -> str:
    """Show the first failing test, one with a recognised misconception before any other."""
    failing = [r for r in lost if r.verdict not in {Verdict.NOT_ATTEMPTED, Verdict.NOT_GRADED}]
    result = next((r for r in failing if r.worst and r.worst.finding), failing[0])
    lines = message(result, grade.assignment).splitlines()
    hints = [line for line in lines if line.startswith("hint: ")]
    said = hints[0] if hints else f"{result.verdict}: {lines[0] if lines else ''}"
    others = len({r.spec.question for r in failing} - {result.spec.question})
    more = f"\nand {others} more question{'s' if others > 1 else ''}" if others else ""
    return f"{result.spec.question}: {escape(said)}{more}"


def _lost(grade: Grade) -> list[TestResult]:
    return [result for result in grade.results if result.score < result.spec.points or not result.final]


def _score(grade: Grade) -> str:
    return f"{grade.score:g} of {grade.assignment.points:g}" + ("" if grade.final else " (not final)")


def _fault(grade: Grade) -> str:
    return next((r.worst.details for r in grade.results if not r.final and r.worst), "")
