"""Grades as a CSV table: one row for each person, one column for each question."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.results.escape import escape
from autograder.results.grade import Grade, TestResult

_FORMULA = ("=", "+", "-", "@")  # a spreadsheet would run what begins so


def write_csv(path: Path, grades: Sequence[Grade]) -> None:
    """Write the table; a grade that is not final has empty cells where the grader failed.

    Args:
        path: the file.
        grades: of one assignment; a team's grade gives a row to each member.
    """
    questions = [question.id for question in grades[0].assignment.questions] if grades else []
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["hand_in", "member", "score", "max", "final", *questions])
        for grade in grades:
            writer.writerows(_rows(grade))


def _rows(grade: Grade) -> Iterator[list[str]]:
    scores = [_sum(grade.of(question)) for question in grade.assignment.questions]
    total = f"{grade.score:g}" if grade.final else ""
    for member in grade.members or ("",):
        yield [_cell(grade.hand_in), _cell(member), total, f"{grade.assignment.points:g}", _yes(grade.final), *scores]


def _sum(results: list[TestResult]) -> str:
    if not all(result.final for result in results):
        return ""
    return f"{round(math.fsum(result.score for result in results), 2):g}"


def _yes(value: object) -> str:
    return "yes" if value else "no"


def _cell(text: str) -> str:
    safe = escape(text)
    return f"'{safe}" if safe.startswith(_FORMULA) else safe
