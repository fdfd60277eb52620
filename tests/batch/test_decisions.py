"""Marks and adjustments: put on top of every grade, the last or all of them, for all of a team."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.batch.decisions import Decisions
from autograder.batch.entries import Entry
from autograder.batch.marking import Mark
from autograder.batch.schema import ADJUSTMENTS, MARKS
from autograder.batch.store import Store
from autograder.batch.submissions import Person, Submission
from autograder.errors import PeopleError
from autograder.results.summary import summary_of
from autograder.results.wording import message

HandedIn = Callable[..., Entry]
ADA, BOB = Person("Ada", "ada@x.org"), Person("Bob", "bob@x.org")


def _mark(store: Store, person: str, *items: str, comment: str = "") -> None:
    store.append(MARKS, person=person, question="why", items=list(items), comment=comment, who="grader")


def _adjust(store: Store, person: str, delta: float, reason: str = "late bus") -> None:
    store.append(ADJUSTMENTS, person=person, question="x", delta=delta, reason=reason, who="grader")


def test_a_mark_completes_a_grade(store: Store, handed_in: HandedIn, essay: Assignment) -> None:
    """The points of its items count, and the student reads which they are."""
    entry = handed_in("ada", ADA)
    _mark(store, "ada@x.org", "chain", comment="Shapes?\nSee page 3.")
    grade = Decisions(store).grade(entry, essay)

    assert (grade.score, grade.awaited, summary_of(grade).total) == (8, 0, 8)
    (why,) = grade.of(essay.by_id["why"])
    assert message(why, essay) == "decided by a person\n+ names it (2)\n- all (1)\nShapes?\nSee page 3."


def test_a_question_that_was_dropped_since_keeps_its_points(
    store: Store, handed_in: HandedIn, essay: Assignment
) -> None:
    """Only a regrade takes them."""
    entry = handed_in("ada", ADA)
    _mark(store, "ada@x.org", "chain")
    fewer = replace(essay, questions=essay.questions[1:])

    assert Decisions(store).grade(entry, fewer).score == 8


def test_the_last_mark_counts(store: Store, handed_in: HandedIn, essay: Assignment) -> None:
    """Whoever of the team it names."""
    entry = handed_in("team", ADA, BOB)
    _mark(store, "bob@x.org", "chain", "shapes")
    _mark(store, "ada@x.org", "shapes")

    assert Decisions(store).marks(entry) == {"why": Mark(("shapes",))}
    assert Decisions(store).grade(entry, essay).score == 7


def test_all_adjustments_count(store: Store, handed_in: HandedIn, essay: Assignment) -> None:
    """Each is a line of the report, with its reason."""
    entry = handed_in("ada", ADA, right="x")
    _adjust(store, "ada@x.org", 2)
    _adjust(store, "ada@x.org", -0.5, "\x1b[2J")
    grade = Decisions(store).grade(entry, essay)

    assert (grade.score, summary_of(grade).questions[0].score) == (5.5, 5.5)
    lines = [(result.number, result.spec.title, message(result, essay)) for result in grade.of(essay.by_id["x"])[1:]]
    assert lines == [
        ("1.2", "Adjusted by +2 points", "decided by a person\nlate bus"),
        ("1.3", "Adjusted by -0.5 points", "decided by a person\n\\x1b[2J"),
    ]


def test_decisions_survive_a_regrade(store: Store, handed_in: HandedIn, essay: Assignment) -> None:
    """They are about who handed in, not about one grading of it."""
    handed_in("ada", ADA, right="")
    _mark(store, "ada@x.org", "chain")
    _adjust(store, "ada@x.org", 1)
    again = handed_in("ada", ADA, right="xy")

    assert Decisions(store).grade(again, essay).score == 6 + 2 + 1
    assert len(store.history(again)) == 2


def test_they_are_of_one_run_and_one_person(store: Store, handed_in: HandedIn, essay: Assignment) -> None:
    """Others keep what the tests gave, and are read from the store as they are."""
    entry = handed_in("bob", BOB)
    handed_in("ada", ADA)
    _adjust(store, "ada@x.org", 2)

    decisions = Decisions(store)
    assert entry.grade
    assert decisions.summary(entry, essay) == entry.grade.summary
    assert [decisions.find("ada@x.org")[0].submission.key, decisions.find("bob")[0].submission.key] == ["ada", "bob"]


def test_students_read_them(store: Store, handed_in: HandedIn, essay: Assignment) -> None:
    """In their results.json, with the points and without a status that tests give."""
    entry = handed_in("ada", ADA)
    _mark(store, "ada@x.org", "chain")
    _adjust(store, "ada@x.org", -1)
    Decisions(store).publish(entry, essay)

    data = json.loads((store.out / entry.folder / "results.json").read_text(encoding="utf-8"))
    said = {test["name"]: (test["score"], test["max_score"], test.get("status")) for test in data["tests"]}
    assert said == {
        "A holds.": (4, 4, "passed"),
        "Adjusted by -1 points": (-1, 0, None),
        "B holds.": (2, 2, "passed"),
        "Why": (2, 3, None),
    }
    assert (data["score"], data["extra_data"]["complete"]) == (7, True)


def test_the_last_hand_in_of_a_person_is_current(store: Store, handed_in: HandedIn) -> None:
    """By attempt, whichever became known first."""
    handed_in("second", ADA, attempt=2)
    handed_in("first", ADA, attempt=1)
    handed_in("bob", BOB)

    decisions = Decisions(store)
    assert {entry.submission.key for entry in decisions.current()} == {"second", "bob"}
    assert [entry.submission.key for entry in decisions.find("ada@x.org")] == ["first", "second"]


def test_what_is_not_graded_yet_has_no_grade(store: Store, essay: Assignment) -> None:
    """And no summary."""
    (entry,) = store.register([Submission("ada", Path("ada"))])
    decisions = Decisions(store)

    assert decisions.summary(entry, essay) is None
    with pytest.raises(PeopleError, match="ada: has no grade yet\n  run autograder grade first"):
        decisions.grade(entry, essay)


def test_people_of_one_name_keep_their_own(store: Store, handed_in: HandedIn) -> None:
    """Moodle numbers them, and the number is what counts."""
    one = handed_in("1", Person("Jan Novak", id="101"))
    two = handed_in("2", Person("Jan Novak", id="102"))
    store.append(MARKS, person=Decisions(store).person(one), question="why", items=[], comment="", who="grader")

    decisions = Decisions(store)
    assert (decisions.marks(one), decisions.marks(two)) == ({"why": Mark(())}, {})
    assert [decisions.label(one), decisions.label(two)] == ["101", "102"]


def test_a_mark_stays_with_a_person_of_whom_more_is_known(store: Store, handed_in: HandedIn) -> None:
    """First a name, then an address to it."""
    entry = handed_in("1", Person("Ada"))
    _mark(store, Decisions(store).person(entry), "chain")
    handed_in("2", Person("Ada", "ada@x.org"), attempt=2)

    assert Decisions(store).marks(entry) == {"why": Mark(("chain",))}


def test_a_summary_is_that_of_the_whole_grade(store: Store, handed_in: HandedIn, essay: Assignment) -> None:
    """It is added up from the questions' scores, so that a table needs no tests."""
    entry = handed_in("ada", ADA, right="y")
    _mark(store, "ada@x.org", "shapes")
    _adjust(store, "ada@x.org", 1.25)
    _adjust(store, "ada@x.org", -0.5)
    decisions = Decisions(store)

    assert decisions.summary(entry, essay) == summary_of(decisions.grade(entry, essay))
