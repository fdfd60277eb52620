"""Grades as a CSV table, which a spreadsheet can open without running what a student wrote."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.results.summary import Summary
from autograder.results.whole import write_whole
from autograder.results.wording import one_line

_FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")  # the last four are the wide forms


def write_csv(path: Path, grades: Sequence[Summary]) -> None:
    """Write one row for each person, with a column for each question.

    A fault of the grader leaves its question and the score empty, and so does what awaits a person.

    Args:
        path: the file; at any moment it is whole or not there.
        grades: of one assignment; a hand-in without members is one row.
    """
    text, questions = io.StringIO(newline=""), list(dict.fromkeys(q.question for g in grades for q in g.questions))
    table = csv.writer(text)
    table.writerow(["hand_in", "member", "score", "max", "final", "badges", *questions])
    for grade in grades:
        table.writerows(_rows(grade, questions))
    write_whole(path, text.getvalue())


def safe(text: str) -> str:
    """Make student text fit for a cell: on one line, and no formula."""
    line = one_line(text)
    return f"'{line}" if line != text or line.lstrip().startswith(_FORMULA) else line


def _rows(grade: Summary, questions: Sequence[str]) -> Iterator[list[str]]:
    scores = {question.question: _number(question.score) for question in grade.questions}
    for member in grade.members or ("",):
        final = str(grade.total is not None).lower()
        said = [safe(grade.hand_in), safe(member), _number(grade.total), f"{grade.maximum:g}", final]
        yield [*said, safe("; ".join(grade.badges)), *(scores.get(question, "") for question in questions)]


def _number(score: float | None) -> str:
    return "" if score is None else f"{score:.10g}"
