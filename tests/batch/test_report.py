"""The verb `report`: a page for each hand-in, and one about the class."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.assignment import load_assignment
from autograder.batch.entries import Run
from autograder.batch.schema import ADJUSTMENTS
from autograder.batch.store import Store
from autograder.batch.submissions import Person, Submission
from autograder.cli import cli
from autograder.errors import CallError, StoreError
from autograder.results.grade import Grade, judge
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

WriteRun = Callable[..., Path]
SPECS = (Spec("test_x::a", "double", "A holds.", points=7), Spec("test_y::b", "twice", "B holds.", points=3))
NASTY = "<script>alert(1)</script>"


@pytest.fixture
def write_run(small_course: Path, tmp_path: Path) -> WriteRun:
    """Store a run of the small assignment: who hands in, with what test a says of it; nothing where it passes."""

    def write(fault: str = "", **wrong: str) -> Path:
        small, out = load_assignment(small_course / "assignments" / "small"), tmp_path / "run"
        out.mkdir()
        with Store(out) as store:
            store.begin(Run("small", small_course))
            for name, said in wrong.items():
                verdict = Verdict.FAILED if said else Verdict.PASSED
                case = Case(SPECS[0].id, "", verdict, float(not said), summary="all differ", details=said)
                cases = [case, Case(SPECS[1].id, "", Verdict.PASSED, 1.0)]
                (entry,) = store.register([Submission(f"{name}.py", Path(f"{name}.py"), people=(Person(name),))])
                grade = Grade(small, f"{name}.py", judge(small, SPECS, cases), seconds=0.5)
                store.keep(entry, replace(grade, fault=fault) if fault and name == "ada" else grade, {})
        return out

    return write


def _report(run: Path, *more: object) -> Result:
    return CliRunner().invoke(cli, ["report", *map(str, (run, *more))])


def _page(run: Path) -> str:
    return (run / "report.html").read_text(encoding="utf-8")


def test_each_hand_in_has_its_page_and_the_class_one(write_run: WriteRun) -> None:
    """Beside the results, and the page about the class links to them."""
    run = write_run(ada="", bob="got 2.5")

    done = _report(run)

    assert (done.exit_code, done.output) == (0, f"wrote {run / 'report.html'}, and 2 pages for students\n")
    assert "got 2.5" in (run / "bob.py" / "report.html").read_text(encoding="utf-8")
    assert '<a href="bob.py/report.html">bob</a>' in _page(run)
    assert "2 scores: mean 6.5 of 10, median 6.5, standard deviation 3.5" in _page(run)


def test_pages_may_go_elsewhere(write_run: WriteRun, tmp_path: Path) -> None:
    """And the run's folder stays as it was."""
    run, out = write_run(ada=""), tmp_path / "pages"

    _report(run, "--out", out)

    assert [path.name for path in run.iterdir()] == ["grades.sqlite"]
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.html")) == ["ada.py/report.html", "report.html"]


def test_what_people_decided_is_on_both_pages(write_run: WriteRun) -> None:
    """An adjustment counts, with its reason for the students."""
    run = write_run(ada="", bob="got 2.5")
    with Store(run) as store:
        store.append(ADJUSTMENTS, person="bob", question="double", delta=2.0, reason="nearly right", who="staff")

    _report(run)

    assert "nearly right" in (run / "bob.py" / "report.html").read_text(encoding="utf-8")
    assert "mean 7.5 of 10" in _page(run)


def test_identical_wrong_answers_are_shown_with_their_students(write_run: WriteRun) -> None:
    """Those who share them, and nobody else."""
    run = write_run(ada="got 2.5", bob="got 3.5", cleo="got 2.5")

    _report(run)

    assert "<td>all differ: got 2.5</td>\n<td>ada, cleo</td>" in _page(run)
    assert "<td>all differ: got 3.5</td>" not in _page(run)


def test_faults_of_the_grader_come_first(write_run: WriteRun) -> None:
    """Before the scores, with what broke, for the instructor alone."""
    run = write_run(fault="KeyError: SECRET", ada="", bob="")

    _report(run)

    assert 0 < _page(run).index("KeyError: SECRET") < _page(run).index("Scores")
    assert "SECRET" not in (run / "ada.py" / "report.html").read_text(encoding="utf-8")


def test_student_text_is_shown_as_text(write_run: WriteRun) -> None:
    """In the page about the class, too, whose policy lets its own script run and no other."""
    run = write_run(**{"ada": NASTY, "bob": NASTY, f"eve{NASTY}": ""})

    _report(run)
    page = _page(run)
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)

    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'" in page


def test_look_alikes_are_linked_where_they_were_looked_for(write_run: WriteRun) -> None:
    """`similar` leaves its page in the run's folder."""
    run = write_run(ada="")
    (run / "similar.html").touch()

    _report(run)

    assert '<a href="similar.html">Look-alikes</a>' in _page(run)


def test_a_run_without_grades_has_a_page(write_run: WriteRun) -> None:
    """It says that there is nothing."""
    run = write_run()

    assert _report(run).exit_code == 0
    assert "0 hand-ins that count" in _page(run)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    """The message says what a run is."""
    error = _report(tmp_path).exception

    assert isinstance(error, CallError)
    assert str(error) == f"{tmp_path}: no run is stored here\n  RUN is an --out folder of autograder grade"
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_cannot_be_written_is_told(write_run: WriteRun, tmp_path: Path) -> None:
    """With the file, and what to do."""
    out = tmp_path / "pages"
    (out / "report.html").mkdir(parents=True)

    error = _report(write_run(ada=""), "--out", out).exception

    assert isinstance(error, StoreError)
    todo = "put that right, then give the same command again"
    assert str(error) == f"{out / 'report.html'}: cannot be written: Is a directory\n  {todo}"
