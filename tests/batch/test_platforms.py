"""What platforms give, and what it is taken for."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.batch.platforms import find_submissions
from autograder.batch.submissions import Person, Submission
from autograder.errors import CallError

Write = Callable[..., Path]
METADATA = """---
submission_11:
  :submitters:
  - :name: Ada Lovelace
    :sid: '7'
    :email: ada@example.org
  - :name: "Alan\\nTuring"
    :email: alan@example.org
  :created_at: 2026-10-25 01:30:00.5 +02:00
  :score: 3.0
  :history:
  - :id: 10
    :created_at: 2026-10-24 01:30:00 Z
submission_12: nonsense
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write empty files below a folder, and give the folder."""

    def write(*names: str, **texts: str) -> Path:
        for name in (*names, *texts):
            file = tmp_path / "in" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(texts.get(name, "x = 1\n"), encoding="utf-8")
        return tmp_path / "in"

    return write


@pytest.fixture
def found(small: Assignment) -> Callable[..., list[Submission]]:
    """Find hand-ins of the small assignment."""
    return lambda *paths: find_submissions(paths, small)


Found = Callable[..., list[Submission]]


def test_a_folder_of_hand_ins_has_one_for_each_name(write: Write, found: Found) -> None:
    """Modules, notebooks, zips and folders, named by student; what systems leave behind is none."""
    folder = write("ada.zip", "bob@example.org.py", "eve/small.py", "note.txt", ".DS_Store", "__MACOSX/x.py")

    submissions = found(folder)

    assert [(one.key, one.people[0]) for one in submissions] == [
        ("ada.zip", Person("ada")),
        ("bob@example.org.py", Person(email="bob@example.org")),
        ("eve", Person("eve")),
        ("note.txt", Person("note.txt")),
    ]


def test_a_folder_with_the_module_is_one_hand_in(write: Write, found: Found) -> None:
    """As it is with a notebook in its place."""
    assert [one.key for one in found(write("small.py", "more.py"))] == ["in"]


def test_a_gradescope_export_says_who_and_when(write: Write, found: Found) -> None:
    """People, time in UTC and attempt come from its metadata; names are on one line."""
    folder = write("submission_11/small.py", "submission_12/small.py", **{"submission_metadata.yml": METADATA})

    first, second = found(folder)

    ada = Person("Ada Lovelace", "ada@example.org", "7")
    assert first.people == (ada, Person("Alan\\nTuring", "alan@example.org"))
    assert (first.submitted, first.attempt) == (datetime(2026, 10, 24, 23, 30, 0, 500_000, UTC), 2)
    assert (second.key, second.people, second.submitted) == ("submission_12", (), None)


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: [", "submission_metadata.yml: cannot be read"), ("- a", "submission_metadata.yml: holds no submissions")],
)
def test_metadata_that_cannot_be_used_are_named(write: Write, found: Found, text: str, message: str) -> None:
    """With what to do."""
    folder = write("submission_1/small.py", **{"submission_metadata.yml": text})

    with pytest.raises(CallError, match=f"{message}(.|\n)*export the submissions from Gradescope again"):
        found(folder)


def test_metadata_are_never_objects(write: Write, found: Found) -> None:
    """YAML's tags make nothing."""
    folder = write("submission_1/small.py", **{"submission_metadata.yml": "a: !!python/object/apply:os.getpid []"})

    with pytest.raises(CallError, match="cannot be read"):
        found(folder)


def test_a_moodle_download_has_a_folder_for_each_participant(write: Write, found: Found) -> None:
    """A text typed online is no hand-in."""
    folder = write(
        "Ada Lovelace_123_assignsubmission_file_/small.py",
        "Ada Lovelace_123_assignsubmission_onlinetext_/onlinetext.html",
        "Bob_9_assignsubmission_file_/small.py",
    )

    submissions = found(folder)

    assert [(one.key, *one.people) for one in submissions] == [
        ("Ada Lovelace_123", Person("Ada Lovelace", id="123")),
        ("Bob_9", Person("Bob", id="9")),
    ]


def test_files_of_a_moodle_download_without_folders_belong_together(
    write: Write, found: Found, small: Assignment
) -> None:
    """They are opened under the names that they were handed in by."""
    folder = write("A_1_assignsubmission_file_small.py", "A_1_assignsubmission_file_handin.json")
    (folder / "A_1_assignsubmission_file_handin.json").write_text('{"members": ["a@x.org", "b@x.org"]}')

    (submission,) = found(folder)

    opened = submission.open(small)
    assert (set(opened.files), opened.members) == ({"small.py"}, ("a@x.org", "b@x.org"))


def test_a_canvas_download_says_who_and_late(write: Write, found: Found) -> None:
    """Files handed in once more lose the number that Canvas has added."""
    folder = write(
        "lovelaceada_42_1001_small-2.py",
        "lovelaceada_42_1002_cnn.safetensors",
        "turingalan_LATE_43_1003_small.zip",
    )

    ada, alan = found(folder)

    assert (ada.key, ada.late, ada.people) == ("lovelaceada_42", False, (Person("lovelaceada", id="42"),))
    assert [name for name, _ in ada.parts] == ["small.py", "cnn.safetensors"]
    assert (alan.path.name, alan.late, alan.parts) == ("turingalan_LATE_43_1003_small.zip", True, ())


def test_odd_names_each_keep_a_key_of_their_own(write: Write, found: Found) -> None:
    """Spaces, Unicode, newlines, and two that differ in case alone."""
    names = ["Ada.py", "ada.py", "a b.py", "a\nb.py", "a\\nb.py", "Zoë 日本.py", "=1+1.py"]

    submissions = found(write(*names))

    assert len({one.key for one in submissions}) == len(names)
    assert {one.path.name for one in submissions} == {*names}
    assert all(one.key.isprintable() for one in submissions)


def test_equal_names_from_two_folders_are_told_apart(write: Write, found: Found) -> None:
    """The same command gives the same keys again."""
    folder = write("one/small.py", "two/small.py")
    paths = (folder / "one" / "small.py", folder / "two" / "small.py")

    first, second = found(*paths)

    assert first.key != second.key
    assert found(*paths) == [first, second]


def test_a_path_named_twice_is_one_hand_in(write: Write, found: Found) -> None:
    """Whether absolute or not."""
    file = write("ada.py") / "ada.py"

    assert len(found(file, file.parent / "ada.py")) == 1


def test_an_empty_folder_is_told(tmp_path: Path, found: Found) -> None:
    """It holds no hand-in."""
    with pytest.raises(CallError, match="there is no hand-in in this folder\n  name a folder of hand-ins, unzipped"):
        found(tmp_path)
