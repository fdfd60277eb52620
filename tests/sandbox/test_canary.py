"""The trial of the walls, before anybody is graded."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.errors import ConfinementError
from autograder.grading.grade import Grader
from autograder.sandbox.doctor import findings
from autograder.sandbox.limits import Walls, available
from autograder.sandbox.session import HandInProcess, Zygote

Trial = Callable[..., list[str]]
NONE = Walls(own_uid=False, closed_python=False, landlock=0, seccomp=False)


@pytest.fixture(scope="module")
def trial(small: Assignment) -> Trial:
    """Try the walls that are put on, with those that are told."""

    def trial(walls: Walls, secret: Path) -> list[str]:
        with Zygote(small) as zygote:
            zygote.wait()
            with zygote.open() as session:
                process = HandInProcess(session, small, Path(os.devnull), notebook=False, walls=walls)
                return process.try_walls([secret])

    return trial


def test_the_walls_of_this_machine_hold(trial: Trial, tmp_path: Path) -> None:
    """With everything that the platform has, nothing is possible."""
    if not available().hold:
        pytest.skip("autograder doctor says what this machine cannot confine")
    secret = tmp_path / "secret"
    secret.write_text("x", encoding="ascii")

    assert trial(available(), secret) == []


def test_a_missing_wall_is_seen(trial: Trial, tmp_path: Path) -> None:
    """Without any wall the worker reads, writes, and looks at the grader: the trial finds it."""
    secret = tmp_path / "secret"
    secret.write_text("x", encoding="ascii")
    found = trial(NONE, secret)

    assert {"a worker could read secret", "a worker could write secret"} <= {*found}
    assert secret.read_text(encoding="ascii") == "x"


def test_nobody_is_graded_where_a_wall_fell(small: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what a worker could do; it is a fault of the machine, and no zero."""
    told = {"possible": ["a worker could read test_twice.py"]}
    lines = iter([{"problems": [], "specs": []}, told])
    monkeypatch.setattr(Grader, "_next", lambda _: next(lines))

    with pytest.raises(
        ConfinementError, match=r"this machine: a worker could read test_twice\.py\n  autograder doctor"
    ):
        Grader(small, "salt")


def test_the_doctor_tries_too() -> None:
    """What the doctor says of the walls is what a worker met."""
    if not available().hold:
        pytest.skip("autograder doctor says what this machine cannot confine")

    assert "a trial worker found no way through the walls that there are" in [finding.text for finding in findings()]
