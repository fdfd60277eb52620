"""A container's folders, with the small assignment's zip unpacked as Gradescope does it."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.assignment import Assignment, find_assignments
from autograder.authoring.markers import reference_text
from autograder.course import Course, find_course, read_salt
from autograder.packaging.otter import write_otter_zip

Container = Callable[..., Path]


@pytest.fixture(scope="session")
def autograder_zip(small: Assignment, small_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the small assignment's autograder zip."""
    return write_otter_zip(small, read_salt(small_course), tmp_path_factory.mktemp("zip") / "autograder.zip")


@pytest.fixture(scope="session")
def solved(small: Assignment) -> str:
    """Give the solved module's text."""
    return reference_text(small.source.read_text(encoding="utf-8"), small.source)


@pytest.fixture
def container(autograder_zip: Path, tmp_path: Path) -> Container:
    """Lay out a container's root with one submission."""

    def lay_out(text: str, name: str = "small.py", metadata: object = None) -> Path:
        root = tmp_path / "autograder"
        with zipfile.ZipFile(autograder_zip) as archive:
            archive.extractall(root / "source")
        (root / "submission").mkdir()
        (root / "submission" / name).write_text(text, encoding="utf-8")
        (root / "submission_metadata.json").write_text(json.dumps(metadata or {}), encoding="utf-8")
        return root

    return lay_out


@pytest.fixture
def course(small_course: Path, tmp_path: Path) -> Course:
    """Copy the small course, to write into it."""
    shutil.copytree(small_course, tmp_path / "course")
    return find_course(tmp_path / "course")


@pytest.fixture
def assignments(course: Course) -> list[Assignment]:
    """Give the copied course's assignments."""
    return find_assignments(course.root)
