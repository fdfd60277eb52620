"""Finding the suite inside an unpacked autograder zip."""

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import read_salt
from autograder.errors import SuiteError
from autograder.packaging.suite import find_suite


def test_suite_is_found_with_its_salt(container: Callable[[str], Path], small_course: Path) -> None:
    """The one assignment and the salt are read."""
    assignment, salt = find_suite(container("") / "source" / "files" / "suite")

    assert (assignment.name, salt) == ("small", read_salt(small_course))


def test_missing_suite_is_an_error(tmp_path: Path) -> None:
    """A folder without assignment or salt is named."""
    with pytest.raises(SuiteError) as error:
        find_suite(tmp_path)

    assert str(error.value) == (
        f"{tmp_path}: there is no suite with its salt\n  upload the zip that autograder build writes"
    )
