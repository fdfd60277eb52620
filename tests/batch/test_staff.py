"""The verbs for people who grade, from the command line on a run of the small course."""

import csv
import errno
import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.assignment import Assignment, load_assignment
from autograder.batch.entries import Run
from autograder.batch.schema import ADJUSTMENTS
from autograder.batch.store import Store
from autograder.batch.submissions import Person, Submission
from autograder.cli import cli
from autograder.errors import AutograderError
from autograder.results.files import write_grade
from autograder.results.grade import Grade, judge
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

ROSTER = """\
Student,ID,SIS User ID,SIS Login ID,Section
Ada,11,s1,ada,A
Bob,12,s2,bob,B
Cleo,13,s3,cleo,B
"""
WRITTEN = """
[[questions]]
id = "why"
title = "Why it works"
kind = "written"
points = 3
rubric = [{ id = "chain", points = 2, text = "names it" }, { id = "shapes", points = 1, text = "all" }]
"""
SPECS = (Spec("test_a::test_a", "double", "A.", points=4), Spec("test_b::test_b", "twice", "B.", points=6))


@pytest.fixture(scope="module")
def graded(small_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store a run of a course with a written question: Ada has everything, Bob and Cleo half."""
    home = tmp_path_factory.mktemp("graded")
    course, out = Path(shutil.copytree(small_course, home / "course")), home / "run"
    manifest = course / "assignments" / "small" / "assignment.toml"
    text = manifest.read_text(encoding="utf-8").replace("points = 10", "points = 13")
    manifest.write_text(text + WRITTEN, encoding="utf-8")
    assignment = load_assignment(manifest.parent)
    out.mkdir()
    with Store(out) as store:
        store.begin(Run("small", course))
        _hand_in(store, assignment, Submission("ada.py", Path("ada.py"), people=(Person("Ada"),)), (1, 1))
        team = (Person("Bob"), Person("Cleo"))
        _hand_in(store, assignment, Submission("team.zip", Path("team.zip"), people=team), (1, 0))
    return out


@pytest.fixture
def run(graded: Path, tmp_path: Path) -> Path:
    """Give a copy of that run, which a test may change."""
    return Path(shutil.copytree(graded, tmp_path / "run"))


def _hand_in(store: Store, assignment: Assignment, submission: Submission, right: tuple[float, float]) -> None:
    cases = [Case(spec.id, "", Verdict.PASSED, share) for spec, share in zip(SPECS, right, strict=True)]
    (entry,) = store.register([submission])
    grade = Grade(assignment, submission.key, judge(assignment, SPECS, cases))
    write_grade(store.out / entry.folder, grade)
    store.keep(entry, grade, {})


def _said(*arguments: object) -> str:
    """Run a verb, and give what it prints, or the message of its error."""
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    if isinstance(done.exception, AutograderError):
        return f"Error: {done.exception}"
    return done.output


def _results(run: Path, folder: str) -> dict[str, object]:
    data = json.loads((run / folder / "results.json").read_text(encoding="utf-8"))
    return {"score": data["score"], "said": [test["output"] for test in data["tests"][2:]]}


def _table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return [*csv.DictReader(text)]


def test_marking_from_the_template_to_the_students(run: Path) -> None:
    """The file is written, filled in and read; students read rubric and comment, and the table is complete."""
    file = run / "marks.csv"
    assert _said("mark", run) == (
        f"2 answers await a person\nwrote {file}: fill in items and comment, then give: autograder mark {run} {file}\n"
    )
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("Ada,why,,", "Ada,why,chain,Shapes?").replace("Bob,why,,", "Bob,why,none,"), "utf-8")

    assert _said("mark", run, file) == "2 answers marked, 0 were marked like that before\nnothing awaits a person\n"
    assert _results(run, "ada.py") == {
        "score": 12,
        "said": ["decided by a person\n+ names it (2)\n- all (1)\nShapes?"],
    }
    assert [row["score"] for row in _table(run / "grades.csv")] == ["12", "4"]
    assert _said("mark", run, file) == "0 answers marked, 2 were marked like that before\nnothing awaits a person\n"


def test_sections_split_the_work(run: Path, tmp_path: Path) -> None:
    """Each grader gets the rows of a section, and reads how many wait in each."""
    (roster := tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    said = _said("mark", run, "--roster", roster, "--section", "B")

    assert said.startswith("section A: 1 await a person\nsection B: 1 await a person\n2 answers await a person\nwrote ")
    assert [row["student"] for row in _table(run / "marks-B.csv")] == ["Bob"]
    assert "Error: --section: nobody is in 'C'\n  sections here: A, B" in _said(
        "mark", run, "--roster", roster, "--section", "C"
    )
    assert "sections here: none; a --roster names them" in _said("mark", run, "--section", "C")


def test_adjustments_are_shown_to_the_whole_team(run: Path) -> None:
    """With the reason; nothing that was adjusted before is lost."""
    assert _said("adjust", run, "cleo", "twice", "2", "--reason", "half of it is right", "--by", "eve") == (
        "Bob, Cleo: twice +2, now 6 of 13\n"
    )
    assert _said("adjust", run, "Bob", "twice", "-0.5", "--reason", "no") == "Bob, Cleo: twice -0.5, now 5.5 of 13\n"

    assert _results(run, "team.zip") == {
        "score": 5.5,
        "said": ["decided by a person\nhalf of it is right", "decided by a person\nno", "awaiting a person"],
    }
    with Store(run) as store:
        assert [(row.person, row.delta, row.who) for row in store.rows(ADJUSTMENTS)][:1] == [("bob", 2, "eve")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("Eda", "twice", "1"), r"Error: STUDENT: nobody here goes by 'Eda'\n  did you mean 'ada'?"),
        (("Ada", "twise", "1"), "Error: QUESTION: small has no question 'twise'\n  did you mean 'twice'?"),
        (("Ada", "twice", "one"), "Error: DELTA: 'one' is no number of points\n  write 2 or -0.5"),
        (("Ada", "twice", "nan"), "Error: DELTA: 'nan' is no number of points"),
        (("Ada", "twice", "0"), "Error: DELTA: '0' is no number of points"),
        (("Ada", "twice", "1e999"), "Error: DELTA: '1e999' is no number of points"),
        (("Ada", "twice", "1"), "Error: DELTA: twice has 6 of 6 points, and +1\n  write a number from -6 to 0"),
        (("Bob", "twice", "-1"), "Error: DELTA: twice has 0 of 6 points, and -1\n  write a number from 0 to 6"),
        (("Ada", "why", "1"), "Error: why: has no points that could be adjusted: awaiting a person\n  mark or grade"),
        (("Ada", "twice", "-1", " "), "Error: --reason: must be a text of at most 2,000 characters\n  the student"),
    ],
)
def test_adjustments_that_make_no_sense(run: Path, words: tuple[str, ...], message: str) -> None:
    """Nothing is stored, and the message says what would make sense."""
    student, question, delta, reason = (*words, "because")[:4]

    assert message.replace(r"\n", "\n") in _said("adjust", run, student, question, delta, "--reason", reason)


def test_a_gradebook_from_the_command_line(run: Path, tmp_path: Path) -> None:
    """By policy and roster, one row for each student of the section, and a line for what an instructor should know."""
    (roster := tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    (policy := tmp_path / "policy.toml").write_text("[assignments.small]\nweights = { why = 0 }\n", encoding="utf-8")
    file = tmp_path / "book.csv"
    options = ("--format", "canvas", "--policy", policy, "--roster", roster, "--section", "B", "--out", file)

    assert _said("gradebook", run, *options) == f"wrote {file}: 2 students\n"
    assert [[*row.values()] for row in _table(file)] == [
        ["    Points Possible", "", "", "", "", "10", "4", "6"],
        ["Bob", "12", "s2", "bob", "B", "4", "4", "0"],
        ["Cleo", "13", "s3", "cleo", "B", "4", "4", "0"],
    ]


def test_a_gradebook_says_what_is_not_complete(run: Path) -> None:
    """Without a policy each question gives its own points; what awaits a person leaves the total empty."""
    assert _said("gradebook", run, "--format", "moodle") == (
        f"small: no total yet, for want of why: Ada; Bob, Cleo\nwrote {run / 'gradebook-moodle.csv'}: 3 students\n"
    )
    ada, *_ = _table(run / "gradebook-moodle.csv")
    assert (ada["Small"], ada["Small: double"], ada["Small: why"]) == ("", "4", "")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--section", "A"), "Error: --section: nobody is in 'A'\n  sections here: none; a --roster names them"),
        (("--format", "excel"), "Error: Invalid value for '--format': 'excel' is not one of 'canvas', 'moodle', 'grad"),
        (("--out", "gone/book.csv"), "Error: gone/book.csv: cannot be written: no such file or directory"),
        (("--policy", "none.toml"), "Error: Invalid value for '--policy': File 'none.toml' does not exist."),
    ],
)
def test_a_gradebook_that_cannot_be_written(run: Path, options: tuple[str, ...], message: str) -> None:
    """What is wrong with the call is said."""
    assert message in _said("gradebook", run, "--format", "canvas", *options)


def test_two_runs_of_one_assignment_are_no_gradebook(run: Path) -> None:
    """Which grades would count?"""
    again = run / ".." / "run"

    assert f"{again}: grades small, and so does {run}\n  name one run" in _said(
        "gradebook", run, again, "--format", "moodle"
    )


@pytest.mark.parametrize(
    "words", [("mark",), ("adjust", "a", "b", "1", "--reason", "r"), ("gradebook", "--format", "moodle")]
)
def test_a_folder_without_a_run(tmp_path: Path, words: tuple[str, ...]) -> None:
    """It says what a run is, and leaves nothing in a folder that is somebody's hand-ins, perhaps."""
    verb, *rest = words

    assert "no run is stored here\n  RUN is an --out folder of autograder grade" in _said(verb, tmp_path, *rest)
    assert list(tmp_path.iterdir()) == []


def test_a_roster_finds_people_by_what_the_platform_calls_them(run: Path, tmp_path: Path) -> None:
    """What is decided then counts without the roster, too; who has handed in nothing has nothing to adjust."""
    (roster := tmp_path / "roster.csv").write_text(f"{ROSTER}Zoe,14,s4,zoe,A\n", encoding="utf-8")

    assert (
        _said("adjust", run, "s1", "twice", "-1", "--reason", "r", "--roster", roster) == "ada: twice -1, now 9 of 13\n"
    )
    assert _said("adjust", run, "Ada", "twice", "-1", "--reason", "r") == "Ada: twice -1, now 8 of 13\n"
    assert "STUDENT: 'zoe' has handed in nothing" in _said(
        "adjust", run, "zoe", "twice", "1", "--reason", "r", "--roster", roster
    )


def test_a_section_goes_with_writing_only(run: Path) -> None:
    """Rows of others would be left out without a word."""
    _said("mark", run)

    assert "Error: --section chooses what is written; of a CSV, every row is read" in _said(
        "mark", run, run / "marks.csv", "--section", "A"
    )


def test_a_disk_that_is_full_leaves_nothing_half_done(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What students cannot be shown is not kept, so that the same command, given again, counts once."""
    words = ("adjust", run, "Ada", "twice", "-1", "--reason", "r")
    with monkeypatch.context() as patch:
        patch.setattr("autograder.results.whole.os.fsync", _full)
        assert "cannot be written: No space left on device" in _said(*words)
    with Store(run) as store:
        assert store.rows(ADJUSTMENTS) == []

    assert _said(*words) == "Ada: twice -1, now 9 of 13\n"


def _full(_: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
