"""The zip that Gradescope and Otter take."""

import dataclasses
import json
import subprocess
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.course import Course, read_salt
from autograder.errors import BuildError
from autograder.packaging import otter
from autograder.packaging.otter import suite_files, write_otter_zip


def test_zip_holds_what_grading_needs_and_no_more(autograder_zip: Path) -> None:
    """Suite, salt, wheel, scripts and Otter's own files: no handout, no mistakes, no accepted solutions."""
    version = metadata.version("autograder")
    with zipfile.ZipFile(autograder_zip) as archive:
        names = archive.namelist()

    assert names == [
        "constraints.txt",
        "environment.yml",
        "files/suite/salt",
        "files/suite/small/assignment.toml",
        "files/suite/small/hidden/test_twice.py",
        "files/suite/small/public/test_double.py",
        "files/suite/small/small.py",
        f"files/wheels/autograder-{version}-py3-none-any.whl",
        "otter_config.json",
        "requirements.txt",
        "run_autograder",
        "run_otter.py",
        "setup.sh",
        "tests/placeholder.py",
    ]


def test_data_beside_the_tests_goes_along(assignments: list[Assignment]) -> None:
    """Stored outputs that hidden tests compare with, and probes, are part of the suite."""
    (small,) = assignments
    for name in ("hidden/expected.npz", "probes.py", "accepted/other.py"):
        (small.folder / name).parent.mkdir(exist_ok=True)
        (small.folder / name).write_bytes(b"")

    assert [file.relative_to(small.folder).as_posix() for file in suite_files(small)] == [
        "assignment.toml",
        "small.py",
        "probes.py",
        "public/test_double.py",
        "hidden/expected.npz",
        "hidden/test_twice.py",
    ]


def test_data_sets_lie_beside_the_suite_with_their_held_out_part(small: Assignment, tmp_path: Path) -> None:
    """The grader needs the labels, and an assignment without data does not carry any."""
    with_data = dataclasses.replace(small, data=("mnist_sample",))
    with zipfile.ZipFile(write_otter_zip(with_data, "salt", tmp_path / "autograder.zip")) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npz")]

    home = "files/suite/small/data"
    assert names == [f"{home}/mnist_sample_test.npz", f"{home}/mnist_sample_train.npz"]


def test_salt_is_the_course_s(autograder_zip: Path, small_course: Path) -> None:
    """Hidden tests meet the same inputs in the container as on the instructor's machine."""
    with zipfile.ZipFile(autograder_zip) as archive:
        assert archive.read("files/suite/salt").decode() == read_salt(small_course)


def test_configuration_names_our_plugin(autograder_zip: Path) -> None:
    """Otter's own verbs grade through our plugin."""
    with zipfile.ZipFile(autograder_zip) as archive:
        config = json.loads(archive.read("otter_config.json"))

    assert config["plugins"] == ["autograder.packaging.otter_plugin.OtterPlugin"]


@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_scripts_are_ours_and_can_be_executed(autograder_zip: Path, tmp_path: Path, name: str) -> None:
    """Otter's set-up, which installs conda, is replaced; the scripts are valid shell with a fixed mode."""
    with zipfile.ZipFile(autograder_zip) as archive:
        script = Path(archive.extract(name, tmp_path))
        mode = archive.getinfo(name).external_attr >> 16
    subprocess.run(["/bin/bash", "-n", str(script)], check=True)

    assert mode == 0o100755
    assert "conda" not in script.read_text(encoding="utf-8")


def test_versions_are_those_of_this_environment(autograder_zip: Path) -> None:
    """The container gets the versions that the suite was proven with, and what they bring along; torch never."""
    with zipfile.ZipFile(autograder_zip) as archive:
        required = archive.read("requirements.txt").decode().splitlines()
        constrained = archive.read("constraints.txt").decode().splitlines()

    assert required == [f"{name}=={metadata.version(name)}" for name in ("pytest", "numpy")]
    assert {*required, f"pluggy=={metadata.version('pluggy')}"} <= {*constrained}
    assert not [line for line in constrained if line.startswith(("torch", "click", "otter"))]


def test_course_says_where_else_wheels_lie(course: Course, assignments: list[Assignment], tmp_path: Path) -> None:
    """An index that the course names, such as the one of torch's CPU builds, stands in the zip's requirements."""
    (course.root / "course.toml").write_text('wheels = "https://wheels.example.org/cpu"', encoding="utf-8")
    with zipfile.ZipFile(write_otter_zip(assignments[0], "salt", tmp_path / "autograder.zip")) as archive:
        first = archive.read("requirements.txt").decode().splitlines()[0]

    assert first == "--extra-index-url https://wheels.example.org/cpu"


def test_packages_that_nothing_imports_are_left_out_of_the_image(small: Assignment, tmp_path: Path) -> None:
    """The zip names them for setup.sh, only where the manifest does."""
    lean = dataclasses.replace(small, unneeded=("scipy", "networkx"))
    with zipfile.ZipFile(write_otter_zip(lean, "salt", tmp_path / "autograder.zip")) as archive:
        assert archive.read("unneeded.txt") == b"scipy\nnetworkx\n"


def test_without_otter_the_zip_is_an_error(small: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Otter is told what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    path = tmp_path / "autograder.zip"

    with pytest.raises(BuildError) as error:
        write_otter_zip(small, "salt", path)

    assert str(error.value) == f"{path}: the Otter zip needs otter-grader\n  pip install 'autograder[otter]'"


def test_otter_generate_that_fails_is_an_error(
    small: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Otter says when it fails is passed on."""
    monkeypatch.setattr(otter, "_PLUGIN", "nowhere.Plugin")

    with pytest.raises(BuildError) as error:
        write_otter_zip(small, "salt", tmp_path / "autograder.zip")

    assert str(error.value) == (
        "otter generate: failed: ModuleNotFoundError: No module named 'nowhere'\n"
        "  is otter-grader[grading] 7.0 installed?"
    )
