"""Lists of students: those of three platforms, and those that cannot be used."""

from pathlib import Path

import pytest

from autograder.batch.people import Student
from autograder.batch.roster import read_roster
from autograder.errors import PeopleError

CANVAS = """\
Student,ID,SIS User ID,SIS Login ID,Section,A1 (99)
    Points Possible,,,,,10
"Lovelace, Ada",11,s1,ada,"A and B",7
"Noyce, Bob",12,s2,bob,B,
"""
MOODLE = "First name;Surname;ID number;Email address;Group\nAda;Lovelace;s1;ada@example.org;A\n"
GRADESCOPE = "\ufeffFirst Name,Last Name,SID,Email,Sections\r\nAda,Lovelace,s1,ada@example.org,A\r\n"


def _read(tmp_path: Path, text: str | bytes) -> list[Student]:
    file = tmp_path / "roster.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return read_roster(file)


def test_canvas_exports_a_gradebook(tmp_path: Path) -> None:
    """Its row of points is no student."""
    assert _read(tmp_path, CANVAS) == [
        Student("Lovelace, Ada", "", "11", "s1", "ada", "A and B"),
        Student("Noyce, Bob", "", "12", "s2", "bob", "B"),
    ]


@pytest.mark.parametrize("text", [MOODLE, GRADESCOPE], ids=["moodle", "gradescope"])
def test_moodle_and_gradescope_name_people_in_two_columns(tmp_path: Path, text: str) -> None:
    """With semicolons, a byte-order mark, or the ends of lines of another system."""
    assert _read(tmp_path, text) == [Student("Ada Lovelace", "ada@example.org", "", "s1", "", "A")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "roster.csv: names no student\n  the first row names the columns, such as Student, Name, "),
        ("Nmae\nAda\n", "roster.csv: names no student"),
        ("Email\na@x.org\nA@X.org\n", r"roster.csv:3: 'a@x.org' stands in line 2, too\n  name each student once"),
        ("Name,Email\nAda,a@x.org,7\n", "roster.csv:2: has 3 cells, and there are 2 columns"),
        ('Name\n"Ada\n', "roster.csv:2: is no CSV: unexpected end of data\n  save it as CSV in UTF-8"),
        ("Name\nÅda\n".encode("latin-1"), "roster.csv:2: is not UTF-8: byte 0xc5\n  save it as CSV in UTF-8"),
        ("Name\nAda\n".encode("utf-16"), "roster.csv: is saved as UTF-16\n  save it as CSV in UTF-8"),
    ],
)
def test_a_list_that_cannot_be_used(tmp_path: Path, text: str | bytes, message: str) -> None:
    """File and line are named, with what to do."""
    with pytest.raises(PeopleError, match=message):
        _read(tmp_path, text)


def test_a_list_that_is_not_there(tmp_path: Path) -> None:
    """The file is named."""
    with pytest.raises(PeopleError, match="gone.csv: cannot be read: no such file or directory"):
        read_roster(tmp_path / "gone.csv")
