"""What the processes of one hand-in may hold together, and what is said when they hold more."""

import itertools
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

from autograder.assignment import load_assignment
from autograder.grading.grade import Grader
from autograder.results.grade import Grade
from autograder.sandbox import quota
from autograder.sandbox.callbacks import MOST_MEMORY, bounded
from coursekit.verdicts import Verdict

GradeText = Callable[[str], Grade]
DOUBLE = "import numpy as np, os, mmap, time\ndef double(x):\n    {}\n    time.sleep(60)\n    return 2 * x\n"


@pytest.fixture(scope="module")
def patient(small_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """Give a grader whose tests have a minute: what is ended here is ended for what it holds."""
    folder = tmp_path_factory.mktemp("patient") / "small"
    shutil.copytree(small_course / "assignments" / "small", folder)
    file = folder / "assignment.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("seconds = 2", "seconds = 60"), encoding="utf-8")
    with Grader(load_assignment(folder), "salt") as grader:
        yield grader


@pytest.fixture
def grade(patient: Grader, tmp_path: Path) -> GradeText:
    """Grade a module's text as a hand-in."""

    def grade(text: str) -> Grade:
        (tmp_path / "small.py").write_text(text, encoding="utf-8")
        return patient.grade(tmp_path / "small.py")

    return grade


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("m = mmap.mmap(-1, 2**30); [m.write(bytes(2**20)) for _ in range(600)]", "used more than 512 MB of memory"),
        (
            "[os.posix_fallocate(os.open(f'{i}', os.O_CREAT | os.O_WRONLY), 0, 50 * 2**20) for i in range(12)]",
            "wrote more than 512 MB or 20,000 files",
        ),
    ],
    ids=["shared memory", "large files"],
)
def test_what_holds_too_much_is_ended_and_told_why(grade: GradeText, body: str, reason: str) -> None:
    """Limits on each process and file do not see the sum; the supervisor does."""
    (case, *_) = grade(DOUBLE.format(body)).results[0].cases

    assert (case.verdict, case.summary) == (
        Verdict.CRASHED,
        f"the process ended in the middle of this call: it {reason}",
    )


def test_the_same_at_import(grade: GradeText) -> None:
    """A module that fills memory while it is imported ends alone."""
    text = "import mmap, time\nm = mmap.mmap(-1, 2**30)\n[m.write(bytes(2**20)) for _ in range(600)]\ntime.sleep(60)\n"

    assert grade(text).problem == "importing small.py ended its process: it used more than 512 MB of memory"


def test_a_folder_too_deep_to_look_into_is_too_much(tmp_path: Path) -> None:
    """Nothing hides from the count behind a path that is longer than the system takes."""
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=here)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    found = quota.exceeded([], 2**30, tmp_path, None)
    quota.remove(tmp_path / ("d" * 200))

    assert found == "made folders that are too deep, or cannot be read"
    assert not list(tmp_path.iterdir())


def test_many_files_are_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files without content count too."""
    monkeypatch.setattr(quota, "MOST_FILES", 5)
    for number in range(7):
        (tmp_path / f"{number}").touch()

    assert quota.exceeded([], 2**30, tmp_path, None) == "wrote more than 512 MB or 5 files"


def test_a_function_that_is_asked_may_take_little_memory_more() -> None:
    """A huge argument of the student's ends in a MemoryError, not in the grader's death."""
    with pytest.raises(MemoryError), bounded(monotonic() + 60):
        np.ones(MOST_MEMORY // 4)


def test_a_function_that_is_asked_ends_at_the_deadline() -> None:
    """The alarm comes from inside the block, and none is left behind it."""
    with pytest.raises(TimeoutError), bounded(monotonic() + 0.05):
        sum(number for number in itertools.count())

    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
