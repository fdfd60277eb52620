"""A gradebook as the CSV files that learning platforms import: a row for each student, a column for each question.

Canvas finds a student by ID, then by SIS User ID, then by SIS Login ID, last by name, and takes an
assignment's points from the row "Points Possible". Moodle asks which column identifies a student,
and which column is which grade. Gradescope's file has the columns of its own course grades.

Source:
    https://github.com/instructure/canvas-lms/blob/master/lib/gradebook_importer.rb
    https://github.com/moodle/moodle/blob/main/grade/import/csv/classes/load_data.php
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from autograder.batch.gradebook import Gradebook, Sheet
from autograder.batch.people import Student

Rows = Iterator[list[str]]


@dataclass(frozen=True)
class Column:
    """One column of points.

    Attributes:
        title: what the platform calls it.
        maximum: points that there are.
        sheet: the assignment.
        question: id of the question; empty for the total.
    """

    title: str
    maximum: float
    sheet: Sheet
    question: str = ""

    def cell(self, student: Student) -> str:
        """Give a student's points; empty where they are unknown, and where nothing was handed in."""
        result = self.sheet.results.get(student)
        if result is None:
            return ""
        points = result.points[self.question] if self.question else result.total
        return "" if points is None else _number(max(0.0, points))


def columns(book: Gradebook) -> Iterator[Column]:
    """Give each assignment's total, after what lateness costs, and behind it its questions, before that."""
    for sheet in book.sheets:
        yield Column(sheet.title, math.fsum(sheet.worth.values()), sheet)
        for question, points in sheet.worth.items():
            yield Column(f"{sheet.title}: {question}", points, sheet, question)


def canvas(book: Gradebook, students: Sequence[Student]) -> Rows:
    """Give the rows that Canvas imports."""
    asked = list(columns(book))
    yield ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *(column.title for column in asked)]
    yield ["    Points Possible", "", "", "", "", *(_number(column.maximum) for column in asked)]
    for one in students:
        who = [one.name or str(one), one.id, one.sis, one.login or one.email, one.section]
        yield [*who, *(column.cell(one) for column in asked)]


def moodle(book: Gradebook, students: Sequence[Student]) -> Rows:
    """Give the rows that Moodle imports."""
    asked = list(columns(book))
    yield ["Full name", "Username", "ID number", "Email address", "Group", *(column.title for column in asked)]
    for one in students:
        who = [one.name, one.login, one.sis, one.email, one.section]
        yield [*who, *(column.cell(one) for column in asked)]


def gradescope(book: Gradebook, students: Sequence[Student]) -> Rows:
    """Give rows with the columns of Gradescope's own course grades."""
    asked = list(columns(book))
    names = [[column.title] if column.question else [column.title, f"{column.title} - Max Points"] for column in asked]
    yield ["Name", "SID", "Email", "Sections", *(name for group in names for name in group)]
    for one in students:
        cells = [[c.cell(one)] if c.question else [c.cell(one), _number(c.maximum)] for c in asked]
        yield [one.name, one.sis or one.id, one.email, one.section, *(cell for group in cells for cell in group)]


FORMATS: dict[str, Callable[[Gradebook, Sequence[Student]], Rows]] = {
    "canvas": canvas,
    "moodle": moodle,
    "gradescope": gradescope,
}


def _number(points: float) -> str:
    return f"{points:.10g}"
