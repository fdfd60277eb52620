"""Grades and stores without any grading."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from autograder.assignment import Assignment
from autograder.authoring.markers import reference_text
from autograder.batch.entries import Entry, Run
from autograder.batch.store import Store
from autograder.batch.submissions import Person, Submission
from autograder.batch.worker import Graders
from autograder.questions import WRITTEN, Question, RubricItem
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


@pytest.fixture(scope="session")
def solved(small: Assignment) -> str:
    """Give the small assignment's solved module."""
    return reference_text(small.source.read_text(encoding="utf-8"), small.source)


@pytest.fixture
def course(small_course: Path, tmp_path: Path) -> Path:
    """Give a copy of the small course that a test may change."""
    return Path(shutil.copytree(small_course, tmp_path / "course"))


@pytest.fixture
def hand_ins(tmp_path: Path, solved: str) -> Callable[..., Path]:
    """Write a folder of hand-ins: each name with its text, the solved module's where there is none."""

    def write(*names: str, **texts: str) -> Path:
        folder = tmp_path / "hand_ins"
        folder.mkdir(exist_ok=True)
        for name in (*names, *texts):
            (folder / name).write_text(texts.get(name, solved), encoding="utf-8")
        return folder

    return write


@pytest.fixture(scope="session")
def warm() -> Iterator[Graders]:
    """Give graders that stay warm over all tests."""
    with Graders() as graders:
        yield graders


@pytest.fixture
def stay_warm(warm: Graders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have commands in this process use the warm graders, and leave them open."""
    monkeypatch.setattr("autograder.batch.engine.Graders", lambda: nullcontext(warm))


WHY = Question(
    "why", "Why", kind=WRITTEN, points=3, rubric=(RubricItem("chain", 2, "names it"), RubricItem("shapes", 1, "all"))
)
ESSAY = Assignment(Path("small"), "Small", ("x.py",), 9, (*MADE_UP.questions, WHY))


@pytest.fixture
def essay() -> Assignment:
    """Give an assignment of 9 points: two tests, and a written question whose rubric gives 2 and 1."""
    return ESSAY


@pytest.fixture
def handed_in(store: Store) -> Callable[..., Entry]:
    """Store a graded hand-in of the assignment that has a written question."""

    def make(key: str, *people: Person, right: str = "xy", members: tuple[str, ...] = (), **more: Any) -> Entry:
        verdicts = [Verdict.PASSED if spec.question in right else Verdict.FAILED for spec in SPECS]
        pairs = zip(SPECS, verdicts, strict=True)
        cases = [Case(spec.id, "", verdict, float(verdict is Verdict.PASSED)) for spec, verdict in pairs]
        (entry,) = store.register([Submission(key, Path(key), people=people, **more)])
        store.keep(entry, Grade(ESSAY, key, judge(ESSAY, SPECS, cases), members), {})
        return next(one for one in store.entries() if one.id == entry.id)

    return make
