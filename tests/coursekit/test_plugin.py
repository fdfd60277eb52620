"""The pytest plugin of a starter kit, run as a student runs it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import coursekit


@pytest.fixture
def kit(small_course: Path, tmp_path: Path) -> Path:
    """Lay a kit out: module, manifest, public tests and coursekit/, nothing else of ours."""
    source = small_course / "assignments" / "small"
    folder = tmp_path / "small"
    shutil.copytree(source / "public", folder / "tests")
    shutil.copytree(Path(coursekit.__path__[0]), folder / "coursekit", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(source / "assignment.toml", folder)
    (folder / "conftest.py").write_text('pytest_plugins = ["coursekit.plugin"]\n', encoding="utf-8")
    (folder / "pytest.ini").write_text(
        "[pytest]\npythonpath = .\naddopts = --import-mode=importlib\n", encoding="utf-8"
    )
    return folder


def _pytest(kit: Path, module: str, *options: str) -> str:
    (kit / "small.py").write_text("import numpy as np\n" + module, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=kit, capture_output=True, text=True, check=False).stdout


def test_a_right_module_gets_its_points(kit: Path) -> None:
    """The summary says what the public tests give, and that there are more."""
    out = _pytest(kit, "def double(x):\n    if isinstance(x, list):\n        raise TypeError\n    return 2 * x\n")

    assert "ok         4 of 4    Double" in out
    assert "4 of 4    so far; the hidden tests give the rest of 10" in out


def test_a_wrong_module_sees_values_and_hint(kit: Path) -> None:
    """A public test says what differs, and what to try."""
    out = _pytest(kit, "def double(x):\n    return 2 * x + np.arange(len(x))\n")

    assert "wrong" in out
    assert "3 elements differ; the first at (1,)" in out
    assert "hint for test_double::test_double: Multiply by two." in out


def test_a_stub_is_still_to_do(kit: Path) -> None:
    """NotImplementedError is no failure of the student's."""
    out = _pytest(kit, "def double(x):\n    raise NotImplementedError('double')\n")

    assert "to do      0 of 4    Double" in out


def test_a_changed_argument_and_a_refused_name_are_found_here_too(kit: Path) -> None:
    """The local stand-in knows what the grader knows."""
    assert "The input x changed" in _pytest(kit, "def double(x):\n    x *= 2\n    return x\n")
    assert "small.py:3: numpy.pad is refused" in _pytest(kit, "def double(x):\n    return np.pad(x, 1)\n")


def test_prints_can_be_seen(kit: Path) -> None:
    """The module runs in pytest's own process, so that -s and breakpoints work."""
    assert "here I am" in _pytest(kit, "def double(x):\n    print('here I am')\n    return 2 * x\n", "-s")
