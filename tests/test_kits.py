"""Starter kits as a student runs them: in one process, on pytest and the assignment's own requirements.

Python runs here as on Windows: without POSIX's modules and functions, printing into a pipe in
cp1252, and with a locale that knows ASCII alone, so that a text file opened without its encoding breaks.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.assignment import Assignment, find_assignments, package_name
from autograder.authoring.weights import solved_weights
from autograder.packaging.build import kit_files, reference_files

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENTS = find_assignments(ROOT)
_MODULES = {"scikit-image": "skimage"}
_NO_POSIX = {
    "PYTHONPATH": str(ROOT / "tests" / "no_posix"),
    "LC_ALL": "C",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONIOENCODING": "cp1252",
    "PYTHONUTF8": "0",
}


def _python(folder: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, *arguments]
    env = os.environ | _NO_POSIX
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="cp1252", env=env, check=False)
    return done.returncode, done.stdout + done.stderr


def _pytest(folder: Path) -> tuple[int, str]:
    return _python(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider")


@pytest.fixture(params=ASSIGNMENTS, ids=lambda assignment: assignment.name)
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Assignment, Path]:
    """Unpack a kit, where its requirements are installed."""
    for requirement in request.param.requires:
        pytest.importorskip(_MODULES.get(package_name(requirement), package_name(requirement)))
    for path, content in kit_files(request.param).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return request.param, tmp_path


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import fcntl", "ModuleNotFoundError: import of fcntl halted"),
        ("import os; os.fork()", "AttributeError: module 'os' has no attribute 'fork'"),
        ("print('\u03c3')", "UnicodeEncodeError"),
        ("import pathlib; pathlib.Path('text').read_text()", "UnicodeDecodeError"),
    ],
)
def test_python_here_is_without_posix(tmp_path: Path, code: str, said: str) -> None:
    """What the tests below would notice in a kit."""
    (tmp_path / "text").write_text("\u03c3", encoding="utf-8")

    assert said in _python(tmp_path, "-c", code)[1]


def test_the_solved_module_passes_every_public_test(kit: tuple[Assignment, Path]) -> None:
    """What verify proves in confined workers holds in a student's own process too, and `hand_in.py` packs it."""
    assignment, folder = kit
    solved = next(text for path, text in reference_files(assignment).items() if path.name == assignment.module_file)
    (folder / assignment.module_file).write_bytes(solved)
    for path, content in solved_weights(assignment).items():
        (folder / path).write_bytes(content)
    status, said = _pytest(folder)
    packed, wrote = _python(folder, "hand_in.py")

    assert status == 0, said[-2_000:]
    assert (packed, f"wrote {folder.name}.zip with {assignment.module_file}" in wrote) == (0, True), wrote


def test_given_programs_start(kit: tuple[Assignment, Path]) -> None:
    """Whatever `given/` has can be imported, and a program says how it is used."""
    assignment, folder = kit
    for file in sorted((assignment.folder / "given").glob("*.py")):
        status, said = _python(folder, file.name, "--help")

        assert status == 0, said


def test_the_stubs_are_all_still_to_do(kit: tuple[Assignment, Path]) -> None:
    """Nothing is earned, and nothing but a stub keeps a test from passing."""
    assignment, folder = kit
    _, said = _pytest(folder)
    summary = [line for line in said.splitlines() if line.startswith(("ok ", "wrong ", "to do ", "waits "))]

    assert len(summary) == len(assignment.tested)
    assert {line.split()[0] for line in summary if " 0 of 0 " not in f" {' '.join(line.split())} "} == {"to"}
