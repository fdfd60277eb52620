"""Starter kits as a student runs them: in one process, on pytest and the assignment's own requirements."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.assignment import Assignment, find_assignments, package_name
from autograder.packaging.build import kit_files, reference_files, solved_weights

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENTS = find_assignments(ROOT)
_MODULES = {"scikit-image": "skimage"}


def _pytest(folder: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=dict(os.environ), check=False)
    return done.returncode, done.stdout


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


def test_the_solved_module_passes_every_public_test(kit: tuple[Assignment, Path]) -> None:
    """What verify proves in confined workers holds in a student's own process too."""
    assignment, folder = kit
    solved = next(text for path, text in reference_files(assignment).items() if path.name == assignment.module_file)
    (folder / assignment.module_file).write_bytes(solved)
    for path, content in solved_weights(assignment).items():
        (folder / path).write_bytes(content)
    status, said = _pytest(folder)

    assert status == 0, said[-2_000:]


def test_the_stubs_are_all_still_to_do(kit: tuple[Assignment, Path]) -> None:
    """Nothing is earned, and nothing but a stub keeps a test from passing."""
    assignment, folder = kit
    _, said = _pytest(folder)
    summary = [line for line in said.splitlines() if line.startswith(("ok ", "wrong ", "to do ", "waits "))]

    assert len(summary) == len(assignment.tested)
    assert {line.split()[0] for line in summary if " 0 of 0 " not in f" {' '.join(line.split())} "} == {"to"}
