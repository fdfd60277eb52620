"""A platform's list of students, as Canvas, Moodle and Gradescope export it."""

from pathlib import Path

from autograder.batch.people import Student
from autograder.batch.sheet import Row, read_sheet
from autograder.errors import PeopleError

_COLUMNS = {  # of a student → what the platforms call it
    "name": ("Student", "Name", "Full name"),
    "email": ("Email", "Email address"),
    "id": ("ID",),
    "sis": ("SIS User ID", "SID", "ID number"),
    "login": ("SIS Login ID", "Username"),
    "section": ("Section", "Sections", "Groups", "Group"),
}
_FIRST, _LAST = ("First Name", "First name"), ("Last Name", "Last name", "Surname")
_NO_STUDENT = "Points Possible"  # a row of Canvas'


def read_roster(file: Path) -> list[Student]:
    """Read who is in the course.

    Args:
        file: a CSV file: Canvas' exported gradebook, Moodle's exported grades or participants, Gradescope's roster.

    Raises:
        PeopleError: if it cannot be read, names nobody, or gives two students one address, number or user name.
    """
    students: list[Student] = []
    lines: dict[str, str] = {}
    for row in read_sheet(file):
        if (not (student := _student(row)).keys and not student.name) or student.name == _NO_STUDENT:
            continue
        for key in student.keys:
            if key in lines:
                raise PeopleError(row.where, f"'{key}' stands in line {lines[key]}, too", "name each student once")
            lines[key] = row.where.rpartition(":")[2]
        students.append(student)
    if not students:
        known = ", ".join(name for names in _COLUMNS.values() for name in names)
        raise PeopleError(file, "names no student", f"the first row names the columns, such as {known}")
    return students


def _student(row: Row) -> Student:
    found = {part: row.first(columns) for part, columns in _COLUMNS.items()}
    full = f"{row.first(_FIRST)} {row.first(_LAST)}".strip()
    return Student(**found | {"name": found["name"] or full})
