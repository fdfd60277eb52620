"""The verbs `grade` and `regrade`: what they keep, what they grade again, and what they say."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.batch.store import Store
from autograder.cli import cli
from autograder.errors import CallError, StoreError

pytestmark = pytest.mark.usefixtures("stay_warm")
Write = Callable[..., Path]
WRONG = "def double(x):\n    return 7\n"


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def _grade(course: Path, folder: Path, out: Path, *more: object) -> Result:
    return _run("grade", "small", folder, "--course", course, "--out", out, *more)


def _grades(out: Path) -> dict[str, list[float | None]]:
    """Give all grades of each hand-in, the oldest first."""
    with Store(out) as store:
        entries = store.entries()
        return {one.submission.key: [grade.summary.score for grade in store.history(one)] for one in entries}


def test_the_same_command_grades_nothing_twice(small_course: Path, hand_ins: Write, tmp_path: Path) -> None:
    """It shows the same table again."""
    folder, out = hand_ins("ada.py", **{"bob.py": WRONG}), tmp_path / "out"

    first, second = (_grade(small_course, folder, out) for _ in range(2))

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.output == second.output
    assert _grades(out) == {"ada.py": [10], "bob.py": [0]}


def test_a_changed_hand_in_is_graded_again(small_course: Path, hand_ins: Write, tmp_path: Path) -> None:
    """Alone, and its old grade stays in the history."""
    out = tmp_path / "out"
    _grade(small_course, hand_ins("ada.py", **{"bob.py": WRONG}), out)

    done = _grade(small_course, hand_ins("bob.py"), out, "--lines")

    assert done.output.splitlines()[0].startswith("bob.py  10 of 10  everything passed  ")
    assert "ada.py  10" not in done.output
    assert _grades(out) == {"ada.py": [10], "bob.py": [0, 10]}
    assert json.loads((out / "bob.py" / "results.json").read_text(encoding="utf-8"))["score"] == 10


def test_hand_ins_may_come_later(small_course: Path, hand_ins: Write, tmp_path: Path) -> None:
    """They join the table of those that are there."""
    out = tmp_path / "out"
    _grade(small_course, hand_ins("ada.py"), out)
    late = tmp_path / "late.py"
    late.write_text(WRONG, encoding="utf-8")

    _grade(small_course, late, out)

    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["hand_in"], row["member"], row["score"]) for row in rows] == [
        ("ada.py", "ada", "10"),
        ("late.py", "", "0"),
    ]


def test_results_that_were_deleted_come_back_from_the_store(
    small_course: Path, hand_ins: Write, tmp_path: Path
) -> None:
    """Without grading."""
    out = tmp_path / "out"
    _grade(small_course, hand_ins("ada.py"), out)
    files = [out / "ada.py" / name for name in ("results.json", "grade.json")]
    before = [file.read_text(encoding="utf-8") for file in files]
    for file in files:
        file.unlink()

    _grade(small_course, hand_ins("ada.py"), out)

    assert [file.read_text(encoding="utf-8") for file in files] == before
    assert _grades(out) == {"ada.py": [10]}


def test_what_cannot_be_opened_is_a_row_with_its_reason(small_course: Path, hand_ins: Write, tmp_path: Path) -> None:
    """The others are graded."""
    folder = hand_ins("ada.py", **{"bob.zip": "no zip", "eve.txt": "?"})

    done = _grade(small_course, folder, tmp_path / "out")

    assert done.exit_code == 0
    assert "bob.zip is damaged, or no zip file" in done.output
    assert "eve.txt is no Python file" in done.output
    assert _grades(tmp_path / "out") == {"ada.py": [10], "bob.zip": [0], "eve.txt": [0]}


def test_a_folder_of_ten_thousand_files_is_a_row_with_its_reason(
    small_course: Path, hand_ins: Write, tmp_path: Path
) -> None:
    """It is not read."""
    folder = hand_ins("ada.py")
    (folder / "bob").mkdir()
    for number in range(10_000):
        (folder / "bob" / f"{number}.txt").touch()

    assert "bob holds more than 2,000 files" in _grade(small_course, folder, tmp_path / "out").output


def test_odd_names_each_have_a_row_and_a_folder(small_course: Path, hand_ins: Write, tmp_path: Path) -> None:
    """Spaces, Unicode, newlines, two that differ in case alone, and one that would be a formula."""
    names = ["Ada.py", "ada.py", "a b.py", "a\nb.py", "Zoë 日本.py", "=1+1.py"]
    out = tmp_path / "out"

    done = _grade(small_course, hand_ins(*names), out)

    assert done.exit_code == 0
    assert len([*out.glob("*/results.json")]) == len({path.name.casefold() for path in out.glob("*/")}) == len(names)
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        found = [row["hand_in"] for row in csv.DictReader(file)]
    assert sorted(found) == ["'=1+1.py", "Ada.py", "Zoë 日本.py", "a b.py", "a\\nb.py", "ada.py"]


def test_a_hand_in_that_nobody_may_read_is_a_fault_and_no_zero(
    small_course: Path, hand_ins: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command grades it once that is put right."""
    folder, out = hand_ins("ada.py", "bob.py"), tmp_path / "out"
    refused = "autograder.grading.handin.entry_of"
    real = __import__("autograder.grading.archive", fromlist=["entry_of"]).entry_of

    def entry_of(home: str, file: Path, root: Path) -> object:
        return real(home, file.with_name("gone") if file.name == "bob.py" else file, root)

    with monkeypatch.context() as patched:
        patched.setattr(refused, entry_of)
        first = _grade(small_course, folder, out)
    second = _grade(small_course, folder, out)

    assert (first.exit_code, second.exit_code) == (1, 0)
    assert "NOT FINAL: a fault of the grader" in first.output
    assert _grades(out) == {"ada.py": [10], "bob.py": [None, 10]}


def test_a_large_class_is_shown_in_short(
    small_course: Path, hand_ins: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a row for those alone that somebody should look at."""
    monkeypatch.setattr("autograder.batch.commands._MOST_ROWS", 2)
    folder = hand_ins(**{f"{number:03}.zip": "no zip" for number in range(3)})

    done = _grade(small_course, folder, tmp_path / "out")

    assert "3 hand-ins, 0.0 of 10 on average, 0 not final; all are in grades.csv" in done.output
    assert "001.zip" not in done.output


def test_a_folder_that_cannot_be_made_is_told(small_course: Path, hand_ins: Write) -> None:
    """Before anything is graded."""
    folder = hand_ins("ada.py")

    done = _grade(small_course, folder, folder / "ada.py" / "out")

    assert isinstance(done.exception, CallError)
    assert str(done.exception).endswith("ada.py/out: cannot be made: Not a directory\n  choose another --out")


def test_a_second_command_on_the_same_run_is_refused(small_course: Path, hand_ins: Write, tmp_path: Path) -> None:
    """While the first one works."""
    out = tmp_path / "out"
    out.mkdir()
    with Store(out, alone=True):
        done = _grade(small_course, hand_ins("ada.py"), out)

    assert isinstance(done.exception, StoreError)
    assert "is at work on this run\n  wait until it has ended, or choose another --out" in str(done.exception)


def test_a_clock_that_jumps_back_changes_no_order(
    small_course: Path, hand_ins: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last grade counts, whatever the clock says."""
    out = tmp_path / "out"
    _grade(small_course, hand_ins("ada.py"), out)
    clock = "autograder.batch.store._now"
    monkeypatch.setattr(clock, lambda: __import__("datetime").datetime(1970, 1, 1, tzinfo=__import__("datetime").UTC))

    _grade(small_course, hand_ins(**{"ada.py": WRONG}), out)

    with Store(out) as store:
        grade = store.entries()[0].grade
    assert grade is not None
    assert (grade.made.year, grade.summary.score) == (1970, 0)


def _harder(course: Path) -> None:
    """Change the suite: another test of double, which a wrong solution of twice passes."""
    file = course / "assignments" / "small" / "hidden" / "test_twice.py"
    text = file.read_text(encoding="utf-8").replace("np.cos", "np.sin")
    file.write_text(text.replace("4 * x, rtol", "4 * x + x, rtol"), encoding="utf-8")


def test_regrade_shows_who_changes_by_how_much_and_why(course: Path, hand_ins: Write, tmp_path: Path) -> None:
    """And writes nothing that counts."""
    out = tmp_path / "out"
    _grade(course, hand_ins("ada.py", **{"bob.py": WRONG}), out)
    before = (out / "grades.csv").read_bytes(), (out / "ada.py" / "results.json").read_bytes()
    _harder(course)

    done = _run("regrade", out)

    row = next(line for line in done.output.splitlines() if "ada.py" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")][:4] == ["ada.py", "10", "8", "-2"]
    assert "test_marker_hidden_sentinel" in done.output
    assert "bob.py" not in done.output
    assert "2 hand-ins: 2 graded again, 0 gain, 1 lose 2 points on average" in done.output
    assert "nobody's grade has changed yet: --apply makes these count" in done.output
    assert before == ((out / "grades.csv").read_bytes(), (out / "ada.py" / "results.json").read_bytes())


def test_regrade_applies_without_grading_once_more(course: Path, hand_ins: Write, tmp_path: Path) -> None:
    """The old grades stay in the history, and everything published follows."""
    out = tmp_path / "out"
    _grade(course, hand_ins("ada.py"), out)
    _harder(course)
    _run("regrade", out)

    done = _run("regrade", out, "--apply")

    assert "1 hand-ins: 1 graded again, 0 gain, 1 lose 2 points on average" in done.output
    assert "the old ones stay in the history" in done.output
    assert _grades(out) == {"ada.py": [10, 8]}
    assert json.loads((out / "ada.py" / "results.json").read_text(encoding="utf-8"))["score"] == 8
    assert ",8,10,true" in (out / "grades.csv").read_text(encoding="utf-8")
    assert "1 hand-ins: 0 graded again" in _run("regrade", out).output


def test_regrade_of_what_is_no_run_says_what_one_is(tmp_path: Path) -> None:
    """And leaves nothing behind that looks like one."""
    done = _run("regrade", tmp_path)

    assert "no run is stored here\n  RUN is an --out folder of autograder grade" in str(done.exception)
    assert list(tmp_path.iterdir()) == []
