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
        "[pytest]\npythonpath = .\naddopts = --import-mode=importlib -rN\n", encoding="utf-8"
    )
    return folder


def _pytest(kit: Path, module: str, *options: str) -> str:
    """Run the public tests on a module's text, in a pipe; line 1 of the module imports numpy."""
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


def test_a_stub_has_no_traceback(kit: Path) -> None:
    """Work to do is counted, and is neither a failure nor told at length."""
    out = _pytest(kit, "def double(x):\n    raise NotImplementedError('double')\n")

    assert out.splitlines()[0].startswith("ttt")
    assert "FAILURES" not in out
    assert out.splitlines()[-1].startswith("3 to do in ")


def test_the_first_failure_of_a_question_is_shown_in_full(kit: Path) -> None:
    """The others are counted, and have their hints."""
    out = _pytest(kit, "def double(x):\n    return x\n")

    assert out.count("CheckFailed: ") == 1
    assert "wrong      0 of 4    Double: 0 of 3 cases pass" in out
    assert out.splitlines()[-1].startswith("1 failed, 2 more failed in ")


def test_hints_come_last(kit: Path) -> None:
    """Below the points, above nothing but pytest's count."""
    lines = _pytest(kit, "def double(x):\n    return x - 7\n").splitlines()

    assert lines[-2] == "hint for test_double::test_double: Multiply by two."
    assert lines[-3].endswith("so far; the hidden tests give the rest of 10")


def test_a_traceback_has_the_test_and_the_student_alone(kit: Path) -> None:
    """None of the framework's own lines is in the student's way, whatever is raised."""
    for body in ("return x[0, 0, 0]", "__import__('scipy')", "x[0] = 1"):
        out = _pytest(kit, f"def double(x):\n    {body}\n")

        assert "test_double.py" in out
        assert not [line for line in out.splitlines() if line.startswith(("coursekit", "/"))], out


def test_a_module_that_cannot_be_imported_is_told_once(kit: Path) -> None:
    """In one line of words, with the line that is wrong; hints on functions would only bury it."""
    out = _pytest(kit, "def double(x)\n")

    assert out.count("SyntaxError: expected ':'") == 1
    assert 'File "small.py", line 2' in out
    assert "coursekit" not in out
    assert "hint for" not in out
    assert out.splitlines()[-1].startswith("1 error, 2 more failed in ")


def test_nothing_is_coloured_in_a_pipe(kit: Path) -> None:
    """Colours come with a terminal, or when they are asked for."""
    assert "\x1b" not in _pytest(kit, "def double(x):\n    return x\n")
    assert "\x1b[31mwrong" in _pytest(kit, "def double(x):\n    return x\n", "--color=yes")


def test_another_question_waits_without_failing(kit: Path) -> None:
    """What needs a question that earned nothing is said to wait."""
    more = (kit / "tests" / "test_double.py").read_text(encoding="utf-8").replace('"double"', '"twice"')
    (kit / "tests" / "test_twice.py").write_text(more, encoding="utf-8")
    out = _pytest(kit, "def double(x):\n    return x\n")

    assert "waits      0 of 4    Twice" in out
    assert out.splitlines()[-1].startswith("1 failed, 2 more failed, 3 waiting in ")
