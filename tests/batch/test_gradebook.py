"""Gradebooks: whose hand-in counts, what lateness costs, and the files that platforms import."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from autograder.assignment import Assignment
from autograder.batch.decisions import Decisions
from autograder.batch.entries import Entry
from autograder.batch.formats import FORMATS
from autograder.batch.gradebook import Gradebook, gradebook
from autograder.batch.graded import Graded
from autograder.batch.people import People, Student
from autograder.batch.policy import read_policy
from autograder.batch.schema import ADJUSTMENTS, MARKS
from autograder.batch.sheet import write_sheet
from autograder.batch.store import Store
from autograder.batch.submissions import Person
from autograder.errors import PeopleError

HandedIn = Callable[..., Entry]
Book = Callable[..., Gradebook]
ADA = Student("Ada", "ada@x.org", "11", "s1", "ada", "A")
BOB = Student("Bob", "bob@x.org", "12", "s2", "bob", "B")
CLEO = Student("Cleo", "cleo@x.org", "13", "s3", "cleo", "A")
POLICY = """\
time_zone = "UTC"
slip_days = 1
late_percent = 25
[assignments.small]
released = 2026-11-10T12:00:00
deadline = 2026-11-20T12:00:00
weights = { why = 0 }
"""


def _on(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def _person(student: Student) -> Person:
    return Person(student.name, student.email)


@pytest.fixture
def book(store: Store, essay: Assignment, tmp_path: Path) -> Book:
    """Work out the gradebook of the store's run."""

    def make(policy: str = POLICY, roster: tuple[Student, ...] = (ADA, BOB, CLEO)) -> Gradebook:
        file = tmp_path / "policy.toml"
        file.write_text(policy, encoding="utf-8")
        decisions = Decisions(store)
        people = People(roster, decisions.entries)
        return gradebook([Graded(essay, decisions)], read_policy(file, [essay]), people)

    return make


def _total(book: Gradebook, student: Student) -> float | None:
    return book.sheets[0].results[student].total


@pytest.mark.parametrize(
    ("day", "hour", "total", "said"),
    [
        (20, 12, 6, ""),
        (20, 13, 6, "small: ada@x.org: 1 day late, 1 paid with slip days, 0 % off"),
        (22, 12, 4.5, "small: ada@x.org: 2 days late, 1 paid with slip days, 25 % off"),
        (29, 12, 0, "small: ada@x.org: 9 days late, 1 paid with slip days, 100 % off"),
    ],
)
def test_days_late_cost_slip_days_then_points(
    handed_in: HandedIn, book: Book, day: int, hour: int, total: float, said: str
) -> None:
    """A quarter of the points for each day that has begun, never more than all."""
    handed_in("ada", _person(ADA), submitted=_on(day, hour))
    made = book()

    assert (_total(made, ADA), made.remarks) == (total, [said] if said else [])


def test_a_team_has_one_grade_and_pays_together(handed_in: HandedIn, book: Book) -> None:
    """It has as many slip days as the one of them who has fewest."""
    handed_in("team", _person(ADA), _person(BOB), submitted=_on(22))
    made = book(POLICY + '[students."bob@x.org"]\nslip_days = 0\n')

    assert _total(made, ADA) == _total(made, BOB) == 3
    assert made.remarks == ["small: ada@x.org, bob@x.org: 2 days late, 0 paid with slip days, 50 % off"]


def test_slip_days_are_charged_in_the_order_of_deadlines(
    store: Store, handed_in: HandedIn, essay: Assignment, tmp_path: Path
) -> None:
    """Whatever the order of the runs: what the first assignment used is gone in the second."""
    later = Assignment(Path("later"), "Later", ("x.py",), 9, essay.questions)
    handed_in("ada", _person(ADA), submitted=_on(21))
    decisions = Decisions(store)
    (file := tmp_path / "policy.toml").write_text(
        POLICY + "[assignments.later]\ndeadline = 2026-11-20T13:00:00\nweights = { why = 0 }\n", encoding="utf-8"
    )
    runs = [Graded(later, decisions), Graded(essay, decisions)]
    made = gradebook(runs, read_policy(file, [essay, later]), People([ADA], decisions.entries))

    assert [(sheet.title, sheet.results[ADA].slipped, sheet.results[ADA].total) for sheet in made.sheets] == [
        ("Later", 0, 4.5),
        ("Small", 1, 6),
    ]


@pytest.mark.parametrize(
    ("extension", "day", "percent"),
    [
        ("deadlines = { small = 2026-11-24T12:00:00 }", 25, 0),
        ("deadlines = { small = 2026-11-24T12:00:00 }", 26, 25),
        ("time = 1.5", 26, 0),
        ("time = 1.5", 27, 25),
    ],
)
def test_people_have_deadlines_of_their_own(
    handed_in: HandedIn, book: Book, extension: str, day: int, percent: float
) -> None:
    """Another day, or a multiple of the ten days; each with one slip day behind it."""
    handed_in("ada", _person(ADA), submitted=_on(day))

    made = book(f'{POLICY}[students."Ada"]\n{extension}\n')
    assert made.sheets[0].results[ADA].percent == percent


def test_the_last_hand_in_counts_or_the_best(handed_in: HandedIn, book: Book) -> None:
    """The best one after what lateness costs."""
    handed_in("1", _person(ADA), submitted=_on(12), right="x")
    handed_in("2", _person(ADA), submitted=_on(23), attempt=2)
    handed_in("3", _person(ADA), submitted=_on(24), attempt=3)

    assert _total(book(), ADA) == 1.5
    assert _total(book('attempt = "best"\n' + POLICY), ADA) == 4


@pytest.mark.parametrize("late", [False, True])
def test_a_hand_in_without_a_time_is_told(handed_in: HandedIn, book: Book, late: bool) -> None:  # noqa: FBT001
    """Canvas says that it is late, and not by how much: that is a day."""
    handed_in("ada", _person(ADA), late=late)
    made = book(POLICY.replace("slip_days = 1", "slip_days = 0"))

    assert _total(made, ADA) == (4.5 if late else 6)
    assert made.remarks[-1].startswith("small: without a time, so counted as in time, or one day late where")


def test_no_total_while_a_person_is_awaited(store: Store, handed_in: HandedIn, book: Book) -> None:
    """Until they have marked it; then their points count."""
    handed_in("ada", _person(ADA))
    handed_in("bob", _person(BOB))
    store.append(MARKS, person="bob@x.org", question="why", items=["chain"], comment="", who="grader")
    made = book("")

    assert (_total(made, ADA), _total(made, BOB)) == (None, 8)
    assert made.remarks == ["small: no total yet, for want of why: ada@x.org"]


@pytest.mark.parametrize(("weight", "total"), [(0, 6), (12, 6 + 8)])
def test_a_policy_weights_questions(store: Store, handed_in: HandedIn, book: Book, weight: float, total: float) -> None:
    """The rubric's share of the weight counts, in place of the question's own points."""
    handed_in("ada", _person(ADA))
    store.append(MARKS, person="ada@x.org", question="why", items=["chain"], comment="", who="grader")
    made = book(f"[assignments.small]\nweights = {{ why = {weight} }}\n")

    assert _total(made, ADA) == total
    assert sum(made.sheets[0].worth.values()) == 6 + weight


def test_adjustments_are_weighted_too_and_no_total_is_below_zero(store: Store, handed_in: HandedIn, book: Book) -> None:
    """They are points of the question."""
    handed_in("ada", _person(ADA), right="y")
    store.append(ADJUSTMENTS, person="ada@x.org", question="x", delta=1.0, reason="r", who="grader")
    handed_in("bob", _person(BOB), right="")
    store.append(ADJUSTMENTS, person="bob@x.org", question="x", delta=-3.0, reason="r", who="grader")
    made = book("[assignments.small]\nweights = { x = 8, why = 0 }\n")

    assert (_total(made, ADA), _total(made, BOB)) == (4, 0)


def test_an_adjustment_that_a_regrade_has_made_needless_is_told(store: Store, handed_in: HandedIn, book: Book) -> None:
    """It survives the regrade, and a person has to take it back."""
    handed_in("ada", _person(ADA), right="y")
    store.append(ADJUSTMENTS, person="ada@x.org", question="x", delta=4.0, reason="r", who="grader")
    handed_in("ada", _person(ADA), right="xy")
    made = book("[assignments.small]\nweights = { why = 0 }\n")

    assert made.remarks == ["small: more points than a question has, by an adjustment: ada@x.org"]


def test_a_person_in_two_teams_is_an_error(handed_in: HandedIn, book: Book) -> None:
    """Both are named, with their people, and how to say which one counts."""
    handed_in("one.zip", _person(ADA), _person(BOB))
    handed_in("two.zip", _person(ADA), members=("cleo@x.org",))

    message = (
        r"small: 'ada@x.org' is in two teams: one.zip of ada@x.org and bob@x.org, and two.zip of ada@x.org and "
        r"cleo@x.org\n  write below \[assignments.small\] of the policy which does not count: ignore = \['…'\]"
    )
    with pytest.raises(PeopleError, match=message):
        book("")
    made = book('[assignments.small]\nignore = ["two.zip"]\n')
    assert {*made.sheets[0].results} == {ADA, BOB}


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ('[students."eve@x.org"]\ntime = 1\n', "policy.toml:1: nobody here goes by 'eve@x.org'\n  did you mean 'cleo@"),
        ('[students."bbo@x.org"]\ntime = 1\n', "policy.toml:1: nobody here goes by 'bbo@x.org'\n  did you mean 'bob@x"),
        (
            '[assignments.small]\nignore = ["old"]\n',
            r"\[assignments.small\] of the policy: 'ignore' names 'old', no hand-in\n  name it as the table of grade",
        ),
    ],
)
def test_a_policy_names_people_and_hand_ins_that_are_there(book: Book, policy: str, message: str) -> None:
    """A misspelt name would take somebody's extension away."""
    with pytest.raises(PeopleError, match=message):
        book(policy)


def test_without_a_roster_a_name_may_be_of_somebody_who_has_not_handed_in(handed_in: HandedIn, book: Book) -> None:
    """It is only told."""
    handed_in("ada", _person(ADA))
    made = book('[students."eve@x.org"]\ntime = 1\n[assignments.small]\nweights = { why = 0 }\n', ())

    (said,) = made.remarks
    assert said.endswith("policy.toml:1: nobody here goes by 'eve@x.org'; without a roster that may be right")


def _csv(tmp_path: Path, made: Gradebook, name: str) -> list[dict[str, Any]]:
    write_sheet(file := tmp_path / "book.csv", FORMATS[name](made, [*made.people]))
    with file.open(encoding="utf-8", newline="") as text:
        return [*csv.DictReader(text)]


@pytest.fixture
def made(handed_in: HandedIn, book: Book) -> Gradebook:
    """Give a gradebook in which one hands in in time, one late, and one not at all."""
    handed_in("ada", _person(ADA), submitted=_on(19))
    handed_in("bob", _person(BOB), submitted=_on(22), right="x")
    return book()


def test_canvas(tmp_path: Path, made: Gradebook) -> None:
    """Its own columns first, in their order, then a row of points, then the students."""
    points, ada, bob, cleo = _csv(tmp_path, made, "canvas")

    assert [*ada] == [
        "Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Small", "Small: x", "Small: y"
    ]  # fmt: skip
    assert [*points.values()] == ["    Points Possible", "", "", "", "", "6", "4", "2"]
    assert [*ada.values()] == ["Ada", "11", "s1", "ada", "A", "6", "4", "2"]
    assert [*bob.values()] == ["Bob", "12", "s2", "bob", "B", "3", "4", "0"]
    assert [*cleo.values()] == ["Cleo", "13", "s3", "cleo", "A", "", "", ""]


def test_moodle(tmp_path: Path, made: Gradebook) -> None:
    """Names for each field by which it can find a student."""
    ada, *_ = _csv(tmp_path, made, "moodle")

    assert ada == {
        "Full name": "Ada", "Username": "ada", "ID number": "s1", "Email address": "ada@x.org", "Group": "A",
        "Small": "6", "Small: x": "4", "Small: y": "2",
    }  # fmt: skip


def test_gradescope(tmp_path: Path, made: Gradebook) -> None:
    """The columns of its own course grades."""
    ada, *_ = _csv(tmp_path, made, "gradescope")

    assert ada == {
        "Name": "Ada", "SID": "s1", "Email": "ada@x.org", "Sections": "A",
        "Small": "6", "Small - Max Points": "6", "Small: x": "4", "Small: y": "2",
    }  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_no_cell_is_a_formula(handed_in: HandedIn, book: Book, tmp_path: Path, name: str) -> None:
    """Whatever people call themselves; strangers to the roster are told."""
    handed_in("x", Person("=cmd|'/C calc'!A0", "+1@x.org", "-2"))
    made = book("")

    file = tmp_path / "book.csv"
    write_sheet(file, FORMATS[name](made, [*made.people]))
    with file.open(encoding="utf-8", newline="") as text:
        assert not [cell for row in csv.reader(text) for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert made.remarks[-1] == "+1@x.org has handed in, and is not in the roster"
