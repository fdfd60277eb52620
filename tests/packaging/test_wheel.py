"""The wheel that travels in an autograder zip."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.packaging.wheel import write_wheel

SAYS_ITS_PLACE = """\
import autograder.cli, coursekit
from importlib import metadata, resources
print(autograder.__file__, coursekit.__file__, sep="\\n")
print((resources.files("autograder.packaging") / "templates" / "setup.sh").read_bytes()[:2])
print(metadata.version("autograder") == autograder.__version__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the wheel."""
    return write_wheel(tmp_path_factory.mktemp("wheel"))


def test_wheel_is_the_same_bytes_every_time(wheel: Path, tmp_path: Path) -> None:
    """The same installed files give the same wheel."""
    assert write_wheel(tmp_path).read_bytes() == wheel.read_bytes()


def test_course_kit_is_there_once(wheel: Path) -> None:
    """The kit's folder is imported by one name, and so it is there under that name alone."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert "coursekit/plugin.py" in names
    assert not [name for name in names if name.startswith("autograder/coursekit")]


def test_wheel_is_imported_from_the_zip_itself(wheel: Path, tmp_path: Path) -> None:
    """Without being installed the wheel works from sys.path, templates and version included."""
    code = f"import sys; sys.path.insert(0, {str(wheel)!r})\n{SAYS_ITS_PLACE}"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert said.stdout.splitlines() == [
        f"{wheel}/autograder/__init__.py",
        f"{wheel}/coursekit/__init__.py",
        "b'#!'",
        "True",
    ]


def test_pip_installs_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """An installer accepts the wheel: its record fits its files, and the program is there."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--disable-pip-version-check",
    ]
    subprocess.run([*command, "--target", str(tmp_path), str(wheel)], check=True, capture_output=True)

    assert (tmp_path / "bin" / "autograder").exists()


def test_no_data_set_is_in_the_wheel(wheel: Path) -> None:
    """A zip carries the data of its own assignment; the wheel inside carries none."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()

    assert "autograder/data/sets.py" in names
    assert not [name for name in names if name.endswith(".npz")]
