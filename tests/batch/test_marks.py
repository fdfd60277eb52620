"""The CSV for written answers: what is written, what is read, and what is complained about."""

import csv
from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.batch.decisions import Decisions
from autograder.batch.entries import Run
from autograder.batch.marking import Mark
from autograder.batch.marks import read_marks, waiting, write_template
from autograder.batch.schema import MARKS
from autograder.batch.store import Store
from autograder.batch.submissions import Person, Submission
from autograder.errors import PeopleError

ADA, BOB, CLEO = Person("Ada", "ada@x.org"), Person("Bob", "bob@x.org"), Person("=cmd()")


@pytest.fixture(scope="module")
def decisions(tmp_path_factory: pytest.TempPathFactory) -> Decisions:
    """Give the hand-ins of a team, of a person, and of one who has been marked."""
    out = tmp_path_factory.mktemp("run")
    with Store(out) as store:
        store.begin(Run("small", out))
        people = {"team": (ADA, BOB), "cleo": (CLEO,), "dan": (Person("dan"),)}
        store.register([Submission(key, Path(key), people=who) for key, who in people.items()])
        store.append(MARKS, person="dan", question="why", items=[], comment="", who="grader")
        return Decisions(store)


@pytest.fixture
def template(decisions: Decisions, essay: Assignment, tmp_path: Path) -> Path:
    """Write the file for what awaits a person."""
    write_template(tmp_path / "marks.csv", decisions, waiting(decisions, decisions.current(), essay))
    return tmp_path / "marks.csv"


def _read(decisions: Decisions, essay: Assignment, file: Path, text: str | bytes) -> dict[str, Mark]:
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return {one.entry.submission.key: one.mark for one in read_marks(file, decisions, essay)}


def test_each_answer_that_waits_has_a_row(template: Path) -> None:
    """With the rubric to read and the hand-in to open; no name is a formula."""
    with template.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))

    rubric = "chain (2): names it | shapes (1): all"
    assert rows == [
        ["student", "question", "items", "comment", "rubric", "hand_in"],
        ["ada@x.org", "why", "", "", rubric, "team"],
        ["'=cmd()", "why", "", "", rubric, "cleo"],
    ]


def test_what_is_filled_in_is_read(template: Path, decisions: Decisions, essay: Assignment) -> None:
    """Whatever stands between the items; what is empty waits for another day."""
    text = template.read_text(encoding="utf-8").replace("ada@x.org,why,,", "ada@x.org,why,shapes; chain,well done")

    assert _read(decisions, essay, template, text) == {"team": Mark(("chain", "shapes"), "well done")}


@pytest.mark.parametrize(
    ("items", "mark"),
    [('"chain, shapes"', ("chain", "shapes")), ("shapes", ("shapes",)), ("none", ()), ("chain chain", ("chain",))],
)
def test_items_are_named_by_their_ids(
    template: Path, decisions: Decisions, essay: Assignment, items: str, mark: tuple[str, ...]
) -> None:
    """Each counts once, and none is a word of its own."""
    text = f"student;question;items;comment\n'=cmd();why;{items};\n"

    assert _read(decisions, essay, template, text) == {"cleo": Mark(mark)}


HEAD = "student,question,items,comment\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("student,question,item,comment\n", r"marks.csv:1: there is no column 'items'\n  did you mean 'item'\?"),
        ("a,b\n1,2\n", "marks.csv:1: there is no column 'student'\n  the columns are student, question, items, comm"),
        ("", "marks.csv:1: there is no column 'student'"),
        (HEAD + "eda@x.org,why,chain,\n", r"marks.csv:2: nobody here goes by 'eda@x.org'\n  did you mean 'ada@x.org'"),
        (HEAD + "ada@x.org,wy,chain,\n", r"marks.csv:2: 'wy' is no written question\n  did you mean 'why'\?"),
        (HEAD + "ada@x.org,x,chain,\n", r"marks.csv:2: 'x' is no written question\n  written questions: why"),
        (HEAD + "ada@x.org,why,chian,\n", r"marks.csv:2: 'chian' is no item of the rubric\n  did you mean 'chain'\?"),
        (HEAD + "ada@x.org,why,2,\n", "'2' is no item of the rubric\n  items of why: chain, shapes, or none alone"),
        (HEAD + "ada@x.org,why,none chain,\n", "'none' is no item of the rubric"),
        (HEAD + "ada@x.org,why,,nice\n", "marks.csv:2: has a comment and no items\n  write 'none' where nothing is"),
        (HEAD + f"ada@x.org,why,chain,{'x' * 2001}\n", "marks.csv:2: has a comment of 2,001 characters\n  2,000 are"),
        (
            HEAD + "ada@x.org,why,chain,\nbob@x.org,why,shapes,\n",
            "marks.csv:3: why of 'bob@x.org' stands in line 2, too\n  keep the row that counts",
        ),
        (HEAD + "ada@x.org,why,chain,nice,work\n", "marks.csv:2: has 5 cells, and there are 4 columns"),
        ((HEAD + "ada@x.org,why,chain,fein gemacht für Ada\n").encode("cp1252"), "marks.csv:2: is not UTF-8: byte"),
        (
            (HEAD + "ada@x.org,why,chain,\n").encode("utf-16"),
            "marks.csv: is saved as UTF-16\n  save it as CSV in UTF-8",
        ),
    ],
)
def test_complaints_name_file_and_line(
    template: Path, decisions: Decisions, essay: Assignment, text: str | bytes, message: str
) -> None:
    """A row that cannot be used is refused with its place and the remedy, and none counts."""
    with pytest.raises(PeopleError, match=message):
        _read(decisions, essay, template, text)


def test_a_file_that_is_there_is_kept(template: Path, decisions: Decisions) -> None:
    """Somebody may have filled it in."""
    with pytest.raises(PeopleError, match="marks.csv: is there already, and may hold somebody's marks\n  read it with"):
        write_template(template, decisions, ())
