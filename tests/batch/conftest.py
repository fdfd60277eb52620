"""Grades and stores without any grading."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.assignment import Assignment, Question
from autograder.batch.entries import Run
from autograder.batch.store import Store
from autograder.results.grade import Grade, judge
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

MADE_UP = Assignment(Path("small"), "Small", ("x.py",), 6, (Question("x", "X"), Question("y", "Y")))
SPECS = (Spec("test_x::test_a", "x", "A holds.", points=4), Spec("test_y::test_b", "y", "B holds.", points=2))


@pytest.fixture
def made_up() -> Callable[..., Grade]:
    """Make a grade with points for some of two tests, of 4 and 2 points."""

    def make(name: str = "ada.py", right: str = "xy", members: tuple[str, ...] = (), fault: str = "") -> Grade:
        verdicts = [Verdict.PASSED if spec.question in right else Verdict.FAILED for spec in SPECS]
        pairs = zip(SPECS, verdicts, strict=True)
        cases = [Case(spec.id, "", verdict, float(verdict is Verdict.PASSED)) for spec, verdict in pairs]
        return Grade(MADE_UP, name, judge(MADE_UP, SPECS, cases), members, fault=fault, seconds=0.5)

    return make


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Describe a run."""
    return Run("small", tmp_path)


@pytest.fixture
def store(tmp_path: Path, run: Run) -> Iterator[Store]:
    """Give a store in which a run has begun."""
    out = tmp_path / "out"
    out.mkdir()
    with Store(out, alone=True) as store:
        store.begin(run)
        yield store
