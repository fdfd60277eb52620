"""Grades as a CSV table, which a spreadsheet can open without running what a student wrote."""

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.results.grade import Grade
from autograder.results.wording import one_line

_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")  # the last four are the wide forms


def write_csv(path: Path, grades: Sequence[Grade]) -> None:
    """Write one row for each person, with a column for each question.

    A fault of the grader leaves its question and the score empty.

    Args:
        path: the file.
        grades: of one assignment; a hand-in without members is one row.
    """
    questions = list(dict.fromkeys(question.id for grade in grades for question in grade.assignment.questions))
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["hand_in", "member", "score", "max", "final", "badges", *questions])
        for grade in grades:
            table.writerows(_rows(grade, questions))


def safe(text: str) -> str:
    """Make student text fit for a cell: on one line, and no formula."""
    line = one_line(text)
    return f"'{line}" if line != text or line.lstrip().startswith(_FORMULA) else line


def _rows(grade: Grade, questions: Sequence[str]) -> Iterator[list[str]]:
    scores = {question.id: _score(grade, question.id) for question in grade.assignment.questions}
    total = f"{grade.score:.10g}" if grade.final else ""
    for member in grade.members or ("",):
        said = [safe(grade.hand_in), safe(member), total, f"{grade.assignment.points:g}", str(grade.final).lower()]
        yield [*said, safe("; ".join(grade.badges)), *(scores.get(question, "") for question in questions)]


def _score(grade: Grade, question: str) -> str:
    results = [result for result in grade.results if result.spec.question == question]
    if not all(result.final for result in results):
        return ""
    return f"{round(math.fsum(result.score for result in results), 2):.10g}"
