"""Grading inside a container: results.json is there from the start, and whatever happens."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.packaging import container as room
from autograder.packaging.container import main

Container = Callable[..., Path]
ANSWER = "NOT FINAL: a fault of the grader"


def results(root: Path) -> dict[str, Any]:
    """Read what Gradescope reads."""
    return dict(json.loads((root / "results" / "results.json").read_text(encoding="utf-8")))


def run_script(root: Path) -> subprocess.CompletedProcess[str]:
    """Run the zip's run_autograder on another root."""
    script = ["/bin/bash", str(root / "source" / "run_autograder")]
    environment = {**os.environ, "AUTOGRADER_ROOT": str(root)}
    return subprocess.run(script, env=environment, capture_output=True, text=True, check=False)


def link_environment(root: Path) -> None:
    """Let this test's Python stand for the one that setup.sh installs."""
    (root / "venv" / "bin").mkdir(parents=True)
    program = root / "venv" / "bin" / "python"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
    program.chmod(0o755)


def test_solved_hand_in_earns_everything(container: Container, solved: str) -> None:
    """A right hand-in gets every point, and the exit status says that the grade is final."""
    root = container(solved)

    assert (main(root), results(root)["score"]) == (0, 10)


def test_every_test_is_not_run_before_the_first_one(
    container: Container, solved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed container leaves a valid file at any time: first a fault, then every test not run."""
    written: list[dict[str, Any]] = []
    monkeypatch.setattr(room, "write_results", lambda _, data: written.append(data))
    main(container(solved))

    assert [len(data["tests"]) for data in written] == [1, 4, 4]
    assert "score" not in written[0]
    assert all("not run" in test["output"] for test in written[1]["tests"])


def test_each_case_is_written_while_grading_goes_on(
    container: Container, solved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is decided is on disk, so that a time limit costs only the rest."""
    written: list[int] = []
    monkeypatch.setattr(room, "_REWRITE_SECONDS", 0)
    monkeypatch.setattr(
        room, "write_results", lambda _, data: written.append(sum(t.get("status") == "passed" for t in data["tests"]))
    )
    main(container(solved))

    assert written == [0, 0, 0, 1, 2, 3, 4, 4]


@pytest.mark.parametrize(
    ("metadata", "members"),
    [
        ({"users": [{"email": "ada@x.org", "name": "Ada"}, {"name": "Bob"}]}, ["ada@x.org", "Bob"]),
        ({"users": 7}, []),
        ([], []),
    ],
)
def test_users_of_gradescope_are_the_members(
    container: Container, solved: str, metadata: object, members: list[str]
) -> None:
    """Who submitted together gets one grade; metadata of another form is no fault."""
    root = container(solved, metadata=metadata)
    main(root)

    assert results(root)["extra_data"]["members"] == members


def test_suite_and_results_are_closed_to_others(container: Container, solved: str) -> None:
    """No other user can read hidden tests or write results."""
    root = container(solved)
    main(root)

    assert [oct((root / name).stat().st_mode & 0o777) for name in ("source", "results")] == ["0o700", "0o700"]


def test_fault_of_the_grader_is_no_zero(container: Container, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a suite there is a valid results.json that carries no score and says that it is not final."""
    root = container("")
    (root / "source" / "files" / "suite" / "salt").unlink()

    assert main(root) == 1
    assert results(root)["output"] == f"{ANSWER}: its report is on standard output, for the instructor"
    assert "score" not in results(root)
    assert results(root)["extra_data"] == {"final": False}
    assert "there is no suite with its salt" in capsys.readouterr().out


def test_script_grades_and_keeps_standard_output_clean(container: Container, solved: str) -> None:
    """The zip's own script does all of it."""
    root = container(solved)
    link_environment(root)
    done = run_script(root)

    assert (done.returncode, done.stdout, results(root)["score"]) == (0, "", 10)


def test_script_takes_the_wheel_where_nothing_is_installed(container: Container, solved: str) -> None:
    """Under `otter grade` the wheel comes after setup.sh; then it is unpacked beside the environment."""
    root = container(solved)
    link_environment(root)
    program = root / "venv" / "bin" / "python"
    refuses = '[ "$1" = -c ] && [ -z "$PYTHONPATH" ] && exit 1\n'
    program.write_text(f'#!/bin/sh\n{refuses}exec {sys.executable} "$@"\n', encoding="utf-8")
    run_script(root)

    assert results(root)["score"] == 10
    assert (root / "wheel" / "coursekit" / "plugin.py").exists()


def test_script_leaves_results_where_python_is_broken(container: Container, solved: str) -> None:
    """Even without a Python that starts, results.json is valid and no zero."""
    root = container(solved)
    done = run_script(root)

    assert done.returncode == 0
    assert results(root)["output"].startswith(f"{ANSWER}: it did not start")
    assert "score" not in results(root)


def test_script_answers_otter_grade_in_its_own_form(container: Container, solved: str) -> None:
    """Under `otter grade`, which puts an empty results.pkl there, the instructor's Otter reads our results from it."""
    root = container(solved)
    link_environment(root)
    answer = root / "results" / "results.pkl"
    answer.parent.mkdir()
    answer.touch()
    run_script(root)
    read = f"import dill; r = dill.load(open({str(answer)!r}, 'rb')); print(r.total, r.percent, len(r.test_files))"
    said = subprocess.run([sys.executable, "-W", "ignore", "-c", read], capture_output=True, text=True, check=True)

    assert said.stdout == "10.0 1.0 4\n"


def test_grading_needs_neither_otter_nor_the_command_line_s_packages(
    container: Container, solved: str, tmp_path: Path
) -> None:
    """The image has what the assignment asks for, pytest and numpy: nothing else that our package uses elsewhere."""
    root = container(solved)
    link_environment(root)
    (root / "results").mkdir()
    (root / "results" / "results.pkl").touch()
    absent = {
        "click",
        "dill",
        "hypothesis",
        "IPython",
        "ipykernel",
        "jinja2",
        "nbconvert",
        "nbformat",
        "otter",
        "pandas",
        "rich",
    }
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(f"import sys\nsys.modules |= dict.fromkeys({absent!r})\n", encoding="utf-8")
    program = root / "venv" / "bin" / "python"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={site} exec {sys.executable} "$@"\n', encoding="utf-8")
    done = run_script(root)

    assert (done.stdout, done.stderr, results(root)["score"]) == ("", "", 10)
    assert (root / "results" / "results.pkl").stat().st_size > 0


def test_modules_in_the_folder_of_grading_are_not_imported(container: Container, solved: str) -> None:
    """A package of our name beside the submission is none of ours."""
    root = container(solved)
    link_environment(root)
    (root / "autograder").mkdir()
    (root / "autograder" / "__init__.py").write_text("raise SystemExit('the wrong one')", encoding="utf-8")
    run_script(root)

    assert results(root)["score"] == 10


def test_a_container_that_is_out_of_memory_is_said(
    container: Container, solved: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The remedy is a setting of the instructor's, who reads standard output."""
    counts = iter([1, 3])
    monkeypatch.setattr(room, "_killed_for_memory", lambda: next(counts))
    main(container(solved))

    assert "The container ran out of memory" in capsys.readouterr().out


def test_the_system_says_what_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of the places where it may say so counts; nowhere is none."""
    events = tmp_path / "memory.events"
    monkeypatch.setattr(room, "_MEMORY_EVENTS", (tmp_path / "none", events))
    before = room._killed_for_memory()  # noqa: SLF001 - the container's own reading
    events.write_text("low 0\noom 1\noom_kill 2\n", encoding="ascii")

    assert (before, room._killed_for_memory()) == (0, 2)  # noqa: SLF001 - the container's own reading
