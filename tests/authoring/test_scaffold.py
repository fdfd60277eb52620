"""A new assignment and a new course work from the first minute."""

from pathlib import Path

import pytest

from autograder.assignment import find_assignments, load_assignment
from autograder.authoring.scaffold import new_assignment, new_course
from autograder.course import Course, read_salt
from autograder.errors import BuildError
from autograder.packaging.build import starter_files
from autograder.proof.verify import claims_about


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Give an empty course."""
    (tmp_path / "assignments").mkdir()
    return Course(tmp_path)


def test_new_assignment_is_complete(course: Course) -> None:
    """Every kind of file that an assignment may have is there once."""
    folder = new_assignment(course, "a6_means")

    assert [file.relative_to(folder).as_posix() for file in sorted(folder.rglob("*")) if file.is_file()] == [
        "a6_means.py",
        "accepted/loops.py",
        "assignment.toml",
        "handout.md",
        "hidden/test_hidden_mean_filter.py",
        "mistakes.toml",
        "public/test_mean_filter.py",
    ]


def test_every_claim_about_it_holds(course: Course) -> None:
    """A new assignment verifies green before a word of it is changed."""
    assignment = load_assignment(new_assignment(course, "a6_means"))

    assert [claim for claim in claims_about(assignment, "salt") if not claim.holds] == []


def test_it_can_be_built(course: Course) -> None:
    """A new assignment has all that a starter kit is built from."""
    assignment = load_assignment(new_assignment(course, "a6_means"))

    assert "a6_means.ipynb" in map(str, starter_files(assignment))


@pytest.mark.parametrize("name", ["a 6", "6a", "../up", "class", "", "größe"])
def test_name_that_is_no_module_is_refused(course: Course, name: str) -> None:
    """A name that Python could not import is refused before anything is written."""
    with pytest.raises(BuildError) as error:
        new_assignment(course, name)

    assert str(error.value) == (
        f"{name!r}: an assignment's name is the name of a Python module too\n"
        "  use letters, digits and _, and begin with a letter: a6_transformers"
    )
    assert list((course.root / "assignments").iterdir()) == []


def test_existing_folder_is_refused(course: Course) -> None:
    """Nothing that is there is ever written over."""
    folder = new_assignment(course, "a6_means")

    with pytest.raises(BuildError) as error:
        new_assignment(course, "a6_means")

    assert str(error.value) == f"{folder}: there is an assignment of this name\n  take another name"


def test_new_course_is_complete(tmp_path: Path) -> None:
    """Settings, a salt that git does not have, what to read first, and an assignment."""
    made = new_course(tmp_path / "my" / "course")

    assert sorted(path.name for path in made.root.iterdir()) == [
        ".gitignore",
        ".salt",
        "README.md",
        "assignments",
        "course.toml",
    ]
    assert (made.title, made.team_size, len(read_salt(made.root))) == ("A course", 1, 32)
    assert [assignment.name for assignment in find_assignments(made.root)] == ["a1_first"]
    assert {".salt", ".salts/", "/hand_ins/", "/runs/"} <= {
        *(made.root / ".gitignore").read_text(encoding="utf-8").splitlines()
    }


def test_new_course_lies_beside_what_git_has(tmp_path: Path) -> None:
    """A repository may be there before its course."""
    (tmp_path / ".git").mkdir()

    assert new_course(tmp_path).root == tmp_path


@pytest.mark.parametrize("name", ["README.md", "assignments"])
def test_new_course_writes_over_nothing(tmp_path: Path, name: str) -> None:
    """What is in the way is named, and nothing has been written."""
    (tmp_path / name).mkdir()

    with pytest.raises(BuildError) as error:
        new_course(tmp_path)

    assert str(error.value) == f"{tmp_path}: there is a {name} already\n  name a new or an empty folder"
    assert [path.name for path in tmp_path.iterdir()] == [name]
