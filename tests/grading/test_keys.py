"""What decides whether a hand-in has to be graded again."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.assignment import Assignment, load_assignment
from autograder.authoring.variants import choose
from autograder.grading.handin import HandIn
from autograder.grading.keys import foundation, of_hand_in


@pytest.fixture
def copied(small: Assignment, tmp_path: Path) -> Assignment:
    """Copy the small assignment, to change it."""
    return load_assignment(Path(shutil.copytree(small.folder, tmp_path / "small")))


def _changed(before: object, after: object) -> set[str]:
    return {part for part in dict(before) if dict(before)[part] != dict(after)[part]}  # type: ignore[call-overload]


def test_another_place_changes_nothing(small: Assignment, copied: Assignment) -> None:
    """Only content counts."""
    assert _changed(foundation(small, "salt", 0), foundation(copied, "salt", 0)) == set()


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("assignment.toml", "suite"),
        ("hidden/test_twice.py", "suite"),
        ("public/conftest.py", "suite"),
        ("probes.py", "suite"),
        ("small.py", "reference"),
    ],
)
def test_a_changed_file_changes_its_part(small: Assignment, copied: Assignment, file: str, part: str) -> None:
    """So that a report can say what has changed."""
    with (copied.folder / file).open("a", encoding="utf-8") as changed:
        changed.write("\n# changed\n")

    assert _changed(foundation(small, "salt", 0), foundation(copied, "salt", 0)) == {part}


def test_another_choice_changes_suite_and_reference(small: Assignment, tmp_path: Path) -> None:
    """Grades that were given under the last one are given anew."""
    folder = Path(shutil.copytree(small.folder, tmp_path / "assignments" / "small"))
    for name in ("small.py", "hidden/test_twice.py"):
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write("FACTOR = 2  # VARIANT factor\n")
    with (folder / "assignment.toml").open("a", encoding="utf-8") as manifest:
        manifest.write('[variants.factor]\nabout = "times"\nchosen = "two"\nchoices = { two = 2, three = 3 }\n')
    before = foundation(load_assignment(folder), "salt", 0)

    choose(tmp_path, ["small.factor=three"])

    assert _changed(before, foundation(load_assignment(folder), "salt", 0)) == {"suite", "reference"}


@pytest.mark.parametrize("file", ["handout.md", "mistakes.toml", "accepted/other.py", "hidden/__pycache__/x.pyc"])
def test_what_decides_no_grade_changes_nothing(small: Assignment, copied: Assignment, file: str) -> None:
    """Handouts may be improved while a class is graded."""
    (copied.folder / file).parent.mkdir(exist_ok=True)
    (copied.folder / file).write_text("new", encoding="utf-8")

    assert _changed(foundation(small, "salt", 0), foundation(copied, "salt", 0)) == set()


def test_salt_and_seed_are_one_part(small: Assignment) -> None:
    """Either gives other inputs."""
    first = foundation(small, "salt", 0)

    assert _changed(first, foundation(small, "pepper", 0)) == {"seed"} == _changed(first, foundation(small, "salt", 1))


def test_another_library_is_another_environment(small: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    """A grade is made with versions."""
    first = foundation(small, "salt", 0)
    monkeypatch.setattr("autograder.grading.keys.versions_of", lambda _: {"numpy": "0.1"})

    assert _changed(first, foundation(small, "salt", 0)) == {"environment"}


def test_a_hand_in_is_what_it_holds() -> None:
    """Not what it is called; its members count, since they are told its grade."""
    handin = HandIn("ada.py", {"small.py": b"x", "a": b"b"})

    assert of_hand_in(handin) == of_hand_in(HandIn("b.zip", {"a": b"b", "small.py": b"x"}))
    others = [
        replace(handin, notebook=True),
        replace(handin, members=("ada",)),
        HandIn("", {"small.py": b"xa", "": b"b"}),
    ]
    assert of_hand_in(handin) not in {*map(of_hand_in, others)}
