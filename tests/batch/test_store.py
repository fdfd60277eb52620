"""The store: what is kept, what is current, what is history, and what it refuses."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.batch.entries import Run
from autograder.batch.schema import ADJUSTMENTS
from autograder.batch.store import Store
from autograder.batch.submissions import Person, Submission
from autograder.errors import CallError, StoreError
from autograder.results.grade import Grade
from autograder.results.record import record

Made = Callable[..., Grade]
ADA = Submission(
    "ada.py",
    Path("in"),
    (("ada.py", "ada_7_8_ada.py"), ("ada.pt", "ada_7_9_ada.pt")),
    (Person("Ada Lovelace", "ada@example.org", "7"),),
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    attempt=2,
    section="morning",
    late=True,
)


def test_a_hand_in_comes_back_as_it_was(store: Store) -> None:
    """With people, time, attempt and section; without a grade at first."""
    (entry,) = store.register([ADA])

    assert (entry.submission, entry.grade, store.entries()) == (ADA, None, [entry])


def test_a_path_may_hold_any_bytes(store: Store) -> None:
    """Not every name is text."""
    odd = Submission("odd", Path("in") / b"\xff\n.py".decode("utf-8", "surrogateescape"))
    store.register([odd])

    assert [entry.submission for entry in store.entries()] == [odd]


def test_the_last_grade_is_current_and_the_former_ones_are_history(store: Store, made_up: Made) -> None:
    """Nothing is ever overwritten."""
    (entry,) = store.register([ADA])
    first = store.keep(entry, made_up(right="x"), {"suite": "1"})
    second = store.keep(entry, made_up(right="xy"), {"suite": "2"})

    (now,) = store.entries()
    assert (now.grade, store.history(entry)) == (second, [first, second])
    assert [grade.summary.score for grade in store.history(entry)] == [4, 6]


def test_a_question_has_score_maximum_and_verdict(store: Store, made_up: Made) -> None:
    """As tables show them."""
    (entry,) = store.register([ADA])
    store.keep(entry, made_up(right="x", members=("ada", "alan")), {})

    (now,) = store.entries()
    assert now.grade is not None
    found = [(one.question, one.score, one.maximum, one.verdict) for one in now.grade.summary.questions]
    assert found == [("x", 4, 4, "passed"), ("y", 0, 2, "failed")]
    assert now.grade.summary.members == ("ada", "alan")


def test_all_of_a_grade_is_kept(store: Store, made_up: Made) -> None:
    """The record is what grade.json holds."""
    (entry,) = store.register([ADA])
    kept = store.keep(entry, made_up(), {})

    assert store.record(kept)["results"][0]["spec"] == record(made_up())["results"][0]["spec"]


def test_a_grade_counts_once_it_is_applied(store: Store, made_up: Made) -> None:
    """A regrade's grades wait until then."""
    (entry,) = store.register([ADA])
    old = store.keep(entry, made_up(right=""), {})
    new = store.keep(entry, made_up(), {}, applied=False)

    before = store.entries()[0].grade
    store.apply([new])
    after = store.entries()[0].grade

    assert (before, after and after.id) == (old, new.id)


def test_a_fault_leaves_the_score_open(store: Store, made_up: Made) -> None:
    """It is no zero."""
    (entry,) = store.register([ADA])
    kept = store.keep(entry, made_up(fault="broke"), {})

    assert (kept.summary.score, kept.summary.final) == (None, False)


def test_what_people_decide_is_appended(store: Store) -> None:
    """With the time, in order."""
    for delta in (1.0, -0.5):
        store.append(ADJUSTMENTS, person="ada", question="x", delta=delta, reason="late", who="tutor")

    assert [row.delta for row in store.rows(ADJUSTMENTS)] == [1.0, -0.5]


def test_sections_can_be_read_alone(store: Store) -> None:
    """For the people who grade one."""
    store.register([ADA, Submission("alan.py", Path("in/alan.py"))])

    assert [entry.submission.key for entry in store.entries("morning")] == ["ada.py"]


def test_a_second_command_is_refused(store: Store) -> None:
    """It says who is at work, and what to do."""
    with pytest.raises(StoreError, match=r"process \d+ is at work on this run\n  wait until it has ended"):
        Store(store.out, alone=True).__enter__()


def test_others_may_read_meanwhile(store: Store) -> None:
    """Reports and people's marks need no lock."""
    store.register([ADA])

    with Store(store.out) as other:
        assert len(other.entries()) == 1


def test_a_folder_holds_one_assignment(store: Store, run: Run) -> None:
    """Another one gets another folder."""
    with pytest.raises(CallError, match=r"this run grades small\n  choose another --out for a2"):
        store.begin(Run("a2", run.course))


def test_a_folder_without_a_run_is_named(tmp_path: Path) -> None:
    """With what RUN means."""
    with Store(tmp_path) as empty, pytest.raises(CallError, match="no run is stored here\n  RUN is an --out folder"):
        empty.entries()


@pytest.mark.parametrize("url", ["nonsense", "nodb://host/x"])
def test_an_address_that_is_none_is_told(tmp_path: Path, url: str) -> None:
    """The message shows the form."""
    with pytest.raises(CallError, match="no address of a database(.|\n)*write postgresql://HOST/DATABASE"):
        Store(tmp_path, url)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """It is left as it is."""
    (tmp_path / "grades.sqlite").write_text("not a database, though it is long enough to be read as one" * 20)

    with pytest.raises(StoreError, match=r"grades.sqlite: file is not a database\n  put that right"):
        Store(tmp_path).__enter__()
