"""Built folders and zips: complete, free of anything hidden, and checked for drift."""

import dataclasses
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from autograder.assignment import Assignment, find_assignments, load_assignment
from autograder.course import Course
from autograder.errors import BuildError, ManifestError
from autograder.packaging.build import build, kit_files, reference_files, starter_files
from autograder.packaging.zips import read_folder

SHIPPED = [
    "README.md",
    "assignment.toml",
    "conftest.py",
    "hand_in.py",
    "handout.html",
    "pytest.ini",
    "requirements.txt",
    "small.ipynb",
    "small.py",
    "tests/test_double.py",
]


def draw(assignment: Assignment, text: str) -> None:
    """Give an assignment a figures.py."""
    (assignment.folder / "figures.py").write_text(text, encoding="utf-8")


def test_starter_holds_what_a_student_needs(small: Assignment) -> None:
    """The starter is complete, and its files are these."""
    assert [str(path) for path in sorted(starter_files(small))] == SHIPPED


def test_kit_adds_the_modules_that_its_tests_import(small: Assignment) -> None:
    """The zip carries coursekit, so that pytest and the requirements are all that it needs."""
    added = {path.parts[0] for path in kit_files(small).keys() - starter_files(small).keys()}

    assert added == {"coursekit"}


def test_kit_has_training_data_and_no_held_out_labels(small: Assignment) -> None:
    """What the manifest names travels in the kit's zip, not in the folder that is committed."""
    assignment = dataclasses.replace(small, data=("mnist_sample",))
    added = kit_files(assignment).keys() - kit_files(small).keys()

    assert {str(path) for path in added} == {"data/mnist_sample_train.npz"}
    assert starter_files(assignment).keys() == starter_files(small).keys()


def test_starter_holds_nothing_hidden(small: Assignment) -> None:
    """No name of a hidden test, and no line of the solution, is in any file that ships."""
    text = b"\n".join(kit_files(small).values()).decode(errors="replace")

    assert [word for word in ("sentinel", "return 2 * x", "must be an array", "test_twice") if word in text] == []


def test_readme_says_where_it_is_built_from(small: Assignment) -> None:
    """Who opens a built folder learns where to edit."""
    readme = starter_files(small)[PurePosixPath("README.md")].decode()

    assert readme.startswith("<!-- Built from assignments/small/ by `autograder build`. Edit there, not here. -->\n")


def test_requirements_are_the_manifest_s_and_pytest(course: Course) -> None:
    """A kit asks for what the assignment asks for, and pytest."""
    manifest = course.root / "assignments" / "small" / "assignment.toml"
    text = manifest.read_text(encoding="utf-8").replace("points = 10", 'points = 10\nrequires = ["numpy>=2"]')
    manifest.write_text(text, encoding="utf-8")
    (assignment,) = find_assignments(course.root)

    assert starter_files(assignment)[PurePosixPath("requirements.txt")] == b"numpy>=2\npytest>=8.2\n"


def test_reference_is_the_solved_module_without_markers(small: Assignment) -> None:
    """The reference is importable, solved, and free of markers."""
    files = reference_files(small)

    assert sorted(map(str, files)) == ["__init__.py", "small.ipynb", "small.py"]
    assert b"return 2 * x" in files[PurePosixPath("small.py")]
    assert b"SOLUTION" not in files[PurePosixPath("small.py")]


def test_figures_are_drawn_into_both(course: Course, assignments: list[Assignment]) -> None:
    """What figures.py draws lies in the starter, and inside the notebooks."""
    (small,) = assignments
    draw(small, 'def draw():\n    return {"row.svg": "<svg/>"}\n')
    (small.folder / "handout.md").write_text("![a row](figures/row.svg)\n", encoding="utf-8")

    assert starter_files(small)[PurePosixPath("figures/row.svg")] == b"<svg/>"
    assert b"data:image/svg+xml" in reference_files(small)[PurePosixPath("small.ipynb")]
    assert course.root in small.folder.parents


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def draw():\n    return 1 / 0\n", "the figures cannot be drawn: ZeroDivisionError('division by zero')"),
        ("x = 1\n", "the figures cannot be drawn: AttributeError("),
    ],
)
def test_figures_that_cannot_be_drawn_are_an_error(assignments: list[Assignment], text: str, message: str) -> None:
    """An error inside figures.py is told with the file."""
    (small,) = assignments
    draw(small, text)

    with pytest.raises(BuildError) as error:
        starter_files(small)

    assert str(error.value).startswith(f"{small.folder / 'figures.py'}: {message}")
    assert str(error.value).endswith("\n  draw() gives file name → SVG text")


def test_missing_handout_is_an_error(assignments: list[Assignment]) -> None:
    """An assignment needs something that a student reads."""
    (small,) = assignments
    (small.folder / "handout.md").unlink()

    with pytest.raises(BuildError) as error:
        starter_files(small)

    assert str(error.value) == (f"{small.folder / 'handout.md'}: there is no handout\n  write what a student reads")


def test_build_writes_folders_and_zips(course: Course, assignments: list[Assignment], tmp_path: Path) -> None:
    """A build names each path that it wrote."""
    paths = list(build(course, assignments, tmp_path / "dist"))

    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        "course/starter/small",
        "course/reference/small",
        "dist/small/starter.zip",
        "dist/small/solved.zip",
        "dist/small/empty.zip",
        "dist/small/autograder.zip",
    ]


def test_second_build_gives_the_same_bytes(course: Course, assignments: list[Assignment], tmp_path: Path) -> None:
    """Same input, same bytes: folders and every zip."""
    for name in ("one", "other"):
        list(build(course, assignments, tmp_path / name))

    assert read_folder(tmp_path / "one") == read_folder(tmp_path / "other")


def test_kit_s_zip_unpacks_into_one_folder_that_pytest_runs_in(
    course: Course, assignments: list[Assignment], tmp_path: Path
) -> None:
    """A student unpacks the zip and runs pytest: the public tests run, and say what is to do."""
    list(build(course, assignments, tmp_path / "dist"))
    with zipfile.ZipFile(tmp_path / "dist" / "small" / "starter.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path / "unpacked" / "small", capture_output=True, text=True, check=False)

    assert "to do      0 of 4    Double" in done.stdout
    assert "4 of 10" not in done.stdout


def test_build_needs_a_salt(course: Course, assignments: list[Assignment], tmp_path: Path) -> None:
    """Without the course's salt there is no autograder zip."""
    (course.root / ".salt").unlink()

    with pytest.raises(ManifestError) as error:
        list(build(course, assignments, tmp_path / "dist"))

    assert str(error.value).startswith(f"{course.root / '.salt'}: the course has no salt")


def test_sample_hand_ins_hold_the_module_alone(course: Course, assignments: list[Assignment], tmp_path: Path) -> None:
    """The solved and the empty sample are flat zips of one module, as every front takes them."""
    list(build(course, assignments, tmp_path / "dist"))
    found = {}
    for name in ("solved", "empty"):
        with zipfile.ZipFile(tmp_path / "dist" / "small" / f"{name}.zip") as archive:
            found[name] = (archive.namelist(), b"NotImplementedError" in archive.read("small.py"))

    assert found == {"solved": (["small.py"], False), "empty": (["small.py"], True)}


def test_assignment_may_be_loaded_from_anywhere(small: Assignment) -> None:
    """Building depends on the assignment's folder, not on the working directory."""
    assert starter_files(load_assignment(small.folder)) == starter_files(small)
