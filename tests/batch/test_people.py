"""Who is who: hand-ins, rosters and the command line name the same people differently."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.batch.entries import Entry
from autograder.batch.people import People, Student
from autograder.batch.store import Store
from autograder.batch.submissions import Person, Submission
from autograder.errors import PeopleError
from autograder.results.grade import Grade

ADA = Student("Ada Lovelace", "ada@example.org", "11", "s1", "ada", "A")
BOB = Student("Bob Noyce", "bob@example.org", "12", "s2", "bob", "B")
HandIn = Callable[..., Entry]


@pytest.fixture
def hand_in(store: Store, made_up: Callable[..., Grade]) -> HandIn:
    """Store a graded hand-in of somebody."""

    def make(key: str, *people: Person, members: tuple[str, ...] = ()) -> Entry:
        (entry,) = store.register([Submission(key, Path(key), people=people)])
        return replace(entry, grade=store.keep(entry, made_up(key, members=members), {}))

    return make


@pytest.mark.parametrize(
    "name", ["ada@example.org", "ADA@Example.org ", "11", "s1", "ada", "Ada Lovelace", "ada lovelace"]
)
def test_a_student_goes_by_many_names(name: str) -> None:
    """Address, numbers, user name and full name, in any case."""
    assert People([ADA, BOB]).find(name) == ADA


def test_a_hand_in_is_its_students(hand_in: HandIn) -> None:
    """What the platform knows, what a file is called, and what a team writes down name the same people."""
    entries = [
        hand_in("canvas", Person("lovelaceada", id="11")),
        hand_in("ada.py", Person("ada")),
        hand_in("team.zip", Person(email="bob@example.org"), members=("ada", "bob@example.org")),
        hand_in("bob"),
    ]
    people = People([ADA, BOB], entries)

    assert [people.team(entry) for entry in entries] == [(ADA,), (ADA,), (BOB, ADA), (BOB,)]
    assert people.strangers == []


def test_without_a_roster_whoever_hands_in_is_a_student(hand_in: HandIn) -> None:
    """What several hand-ins say of a person is put together."""
    entries = [
        hand_in("1", Person("Ada Lovelace", "ada@example.org")),
        hand_in("2", Person("Ada Lovelace", id="11")),
        hand_in("cleo.py"),
    ]
    people = People(entries=entries)

    assert [*people] == [Student("Ada Lovelace", "ada@example.org", "11"), Student("cleo")]


def test_people_of_one_name_are_not_one_person(hand_in: HandIn) -> None:
    """Another address is another person; a name alone could then be both."""
    entries = [hand_in("1", Person("Jan Novak", "jan@a.org")), hand_in("2", Person("Jan Novak", "jan@b.org"))]
    people = People(entries=entries)

    assert len([*people]) == 2
    with pytest.raises(PeopleError, match=r"STUDENT: 'Jan Novak' could be jan@a.org, jan@b.org\n  name one by address"):
        people.find("Jan Novak")


def test_a_file_s_name_adds_nobody_to_a_team_that_names_itself(hand_in: HandIn) -> None:
    """`ada.zip` is ada@example.org's; a name that fits nobody stays a person, so that nobody can take it off."""
    ada, mallory = (
        hand_in("ada.zip", Person("ada"), members=("ada@a.org",)),
        hand_in("m.zip", Person("m"), members=("x@a.org",)),
    )
    people = People(entries=[ada, mallory])

    assert [str(student) for student in people.team(ada)] == ["ada@a.org"]
    assert [str(student) for student in people.team(mallory)] == ["m", "x@a.org"]


def test_strangers_to_the_roster_are_told(hand_in: HandIn) -> None:
    """Their grade would reach nobody."""
    assert People([ADA], [hand_in("eve.py")]).strangers == [Student("eve")]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("adda@example.org", "STUDENT: nobody here goes by 'adda@example.org'\n  did you mean 'ada@example.org'"),
        ("zoe", "nobody here goes by 'zoe'\n  students here: ada@example.org, bob@example.org"),
        (" ", "nobody here goes by ' '\n  students here: "),
        ("\x1b[2J", r"nobody here goes by '\\x1b\[2J'"),
    ],
)
def test_a_name_that_is_nobodys(name: str, message: str) -> None:
    """The nearest one is offered, and nothing that a terminal would obey."""
    with pytest.raises(PeopleError, match=message):
        People([ADA, BOB]).find(name)


def test_a_name_that_a_table_had_to_change_is_found_again() -> None:
    """A cell that would be a formula begins with a quote, and control characters are written out."""
    nasty = Student("=cmd()\n")

    assert People([nasty]).find("'=cmd()\\n") == nasty
