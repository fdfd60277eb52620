"""The zip that Gradescope, `otter run` and `otter grade` take.

Made by `otter generate`, with our plugin for Otter's own verbs; then our `setup.sh` and
`run_autograder` take the place of Otter's, so that Gradescope runs our grader directly.
"""

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib import resources
from pathlib import Path, PurePosixPath

from autograder.assignment import MANIFEST, Assignment
from autograder.course import wheels_for
from autograder.data.sets import files as data_files
from autograder.errors import BuildError
from autograder.packaging.pins import constraints, requirements
from autograder.packaging.wheel import write_wheel
from autograder.packaging.zips import read_folder, write_zip

SALT_FILE = "salt"
_PLUGIN = "autograder.packaging.otter_plugin.OtterPlugin"
_PLACEHOLDER = 'OK_FORMAT = True\ntest = {"name": "placeholder", "points": 0, "suites": []}\n'
_PROGRAMS = frozenset({"setup.sh", "run_autograder"})


def write_otter_zip(assignment: Assignment, salt: str, out: Path) -> Path:
    """Write an assignment's autograder zip.

    Args:
        assignment: what it grades.
        salt: the course's salt, which goes into it.
        out: the zip.

    Raises:
        BuildError: if Otter is not installed, or `otter generate` fails.
        ManifestError: if the course's settings cannot be used.
    """
    if importlib.util.find_spec("otter") is None:
        raise BuildError(out, "the Otter zip needs otter-grader", "pip install 'autograder[otter]'")
    with tempfile.TemporaryDirectory(prefix="autograder-") as name:
        folder = Path(name)
        _lay_out(folder, assignment, salt)
        _generate(folder)
        with zipfile.ZipFile(folder / "otter.zip") as archive:
            files = {
                PurePosixPath(info.filename): archive.read(info) for info in archive.infolist() if not info.is_dir()
            }
    files |= {PurePosixPath(name): _template(name) for name in _PROGRAMS}
    files[PurePosixPath("requirements.txt")] = requirements(assignment, wheels_for(assignment.folder)).encode()
    files[PurePosixPath("constraints.txt")] = constraints(assignment).encode()
    if assignment.unneeded:
        files[PurePosixPath("unneeded.txt")] = "".join(f"{name}\n" for name in assignment.unneeded).encode()
    return write_zip(out, files, _PROGRAMS)


def suite_files(assignment: Assignment) -> list[Path]:
    """List the files that grading needs: manifest, source, probes, and the tests with what lies beside them."""
    single = (assignment.folder / MANIFEST, assignment.source, assignment.folder / "probes.py")
    homes = [home for home in (assignment.public, assignment.hidden) if home.is_dir()]
    return [file for file in single if file.is_file()] + [home / path for home in homes for path in read_folder(home)]


def _lay_out(folder: Path, assignment: Assignment, salt: str) -> None:
    for file in suite_files(assignment):
        target = folder / "suite" / assignment.name / file.relative_to(assignment.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    _lay_out_data(folder / "suite" / assignment.name / "data", assignment)
    (folder / "suite" / SALT_FILE).write_text(salt, encoding="ascii")
    (folder / "wheels").mkdir()
    write_wheel(folder / "wheels")
    (folder / "tests").mkdir()
    (folder / "tests" / "placeholder.py").write_text(_PLACEHOLDER, encoding="utf-8")
    config = {"plugins": [_PLUGIN], "print_summary": False}
    (folder / "otter_config.json").write_text(json.dumps(config), encoding="utf-8")


def _lay_out_data(home: Path, assignment: Assignment) -> None:
    for name in assignment.data:
        home.mkdir(exist_ok=True)
        for file in data_files(name, assignment.folder).values():
            shutil.copyfile(file, home / file.name)


def _generate(folder: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "otter", "generate", "-o", "otter.zip", "suite", "wheels"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise BuildError("otter generate", f"failed: {' '.join(said)}", "is otter-grader[grading] 7.0 installed?")


def _template(name: str) -> bytes:
    return (resources.files("autograder.packaging") / "templates" / name).read_bytes()
