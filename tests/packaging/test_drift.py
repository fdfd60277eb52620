"""What drifted between built folders and their source, one line each; checking writes nothing."""

from pathlib import Path, PurePosixPath

from autograder.assignment import Assignment
from autograder.course import Course
from autograder.packaging.build import check, reference_files, starter_files, write_folders
from autograder.packaging.zips import read_folder


def everything(folder: Path) -> dict[PurePosixPath, bytes]:
    """Read what a course's folders hold, salt included."""
    return read_folder(folder) | {PurePosixPath(".salt"): (folder / ".salt").read_bytes()}


def test_check_is_silent_after_a_build(course: Course, assignments: list[Assignment]) -> None:
    """What was just built has not drifted, and checking writes nothing."""
    list(write_folders(course, assignments[0]))
    before = everything(course.root)

    assert check(course, assignments) == []
    assert everything(course.root) == before


def test_check_lists_every_drift_on_a_line(course: Course, assignments: list[Assignment]) -> None:
    """Missing, left-over and changed files, and folders without an assignment, are each one line."""
    list(write_folders(course, assignments[0]))
    starter = course.root / "starter" / "small"
    (starter / "small.py").write_text("edited\n", encoding="utf-8")
    (starter / "pytest.ini").unlink()
    (starter / "more.py").write_text("", encoding="utf-8")
    (course.root / "reference" / "gone").mkdir()
    (course.root / "reference" / "gone" / "gone.py").write_text("", encoding="utf-8")

    assert check(course, assignments) == [
        "reference/gone: is left over: no assignment has this name",
        "starter/small/pytest.ini: is missing",
        "starter/small/more.py: is left over",
        "starter/small/small.py: differs from what its source gives",
    ]


def test_check_before_any_build_lists_what_is_missing(course: Course, assignments: list[Assignment]) -> None:
    """A course that was never built lacks every file, and checking makes none of them."""
    assert len(check(course, assignments)) == len(starter_files(assignments[0])) + len(reference_files(assignments[0]))
    assert not (course.root / "starter").exists()


def test_build_removes_what_an_earlier_one_left(course: Course, assignments: list[Assignment]) -> None:
    """A file that is no longer built goes, so that a build ends without drift."""
    list(write_folders(course, assignments[0]))
    (course.root / "starter" / "small" / "tests" / "test_old.py").write_text("", encoding="utf-8")
    list(write_folders(course, assignments[0]))

    assert check(course, assignments) == []
