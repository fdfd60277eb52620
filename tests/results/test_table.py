"""The CSV table: a row for each person, and no cell that a spreadsheet would run."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.assignment import Assignment
from autograder.questions import Question
from autograder.results.grade import Grade, judge
from autograder.results.summary import summary_of
from autograder.results.table import safe, write_csv
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

ASSIGNMENT = Assignment(Path("small"), "Small", ("x.py",), 6, (Question("x", "X"), Question("y", "Y")))
SPECS = (Spec("test_x::test_a", "x", "A holds.", points=4), Spec("test_y::test_b", "y", "B holds.", points=2))


def _grade(name: str, *verdicts: Verdict, members: tuple[str, ...] = (), fault: str = "") -> Grade:
    pairs = zip(SPECS, verdicts, strict=True)
    cases = [Case(spec.id, "", verdict, float(verdict is Verdict.PASSED)) for spec, verdict in pairs]
    return Grade(ASSIGNMENT, name, judge(ASSIGNMENT, SPECS, cases), members, fault=fault)


def _rows(path: Path, *grades: Grade) -> list[list[str]]:
    write_csv(path / "grades.csv", [*map(summary_of, grades)])
    with (path / "grades.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_row_has_the_score_of_each_question(tmp_path: Path) -> None:
    """The header names the questions by id."""
    assert _rows(tmp_path, _grade("ada.py", Verdict.PASSED, Verdict.FAILED)) == [
        ["hand_in", "member", "score", "max", "final", "badges", "x", "y"],
        ["ada.py", "", "4", "6", "true", "", "4", "0"],
    ]


def test_each_member_of_a_team_has_a_row(tmp_path: Path) -> None:
    """One grade goes to everybody who handed in."""
    rows = _rows(tmp_path, _grade("team.zip", Verdict.PASSED, Verdict.PASSED, members=("ada", "alan")))

    assert [row[1:3] for row in rows[1:]] == [["ada", "6"], ["alan", "6"]]


def test_a_fault_of_the_grader_leaves_cells_empty(tmp_path: Path) -> None:
    """Its question and the score are unknown; other questions keep theirs."""
    rows = _rows(tmp_path, _grade("ada.py", Verdict.PASSED, Verdict.GRADER_ERROR))

    assert rows[1] == ["ada.py", "", "", "6", "false", "", "4", ""]


def test_without_grades_the_table_is_a_header(tmp_path: Path) -> None:
    """Nothing graded is no error."""
    assert _rows(tmp_path) == [["hand_in", "member", "score", "max", "final", "badges"]]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("ada.py", "ada.py"),
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@sum", "'@sum"),
        ("  =1", "'  =1"),
        ("\uff1d1", "'\uff1d1"),
        ("\t=1", "'\\t=1"),
        ("a\nb", "'a\\nb"),
    ],
)
def test_student_text_is_never_a_formula(text: str, cell: str) -> None:
    """What a spreadsheet would run, or what hides itself, begins with a quote."""
    assert safe(text) == cell


@given(st.text())
def test_no_cell_begins_as_a_formula(text: str) -> None:
    """Whatever the name, its cell is printable, on one line, and no formula."""
    cell = safe(text)

    assert cell.isprintable()
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
