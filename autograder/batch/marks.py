"""The CSV in which people mark written answers: a row for each answer that awaits them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment import Assignment
from autograder.batch.decisions import Decisions
from autograder.batch.entries import Entry
from autograder.batch.marking import Mark
from autograder.batch.sheet import Row, read_sheet, write_sheet
from autograder.errors import PeopleError, did_you_mean
from autograder.questions import NONE, Question
from autograder.results.wording import one_line

COLUMNS = ("student", "question", "items", "comment")
_ALSO = ("rubric", "hand_in")  # for those who read, not for us
_MOST_COMMENT = 2_000  # characters


@dataclass(frozen=True)
class Marked:
    """A row that somebody has filled in.

    Attributes:
        entry: the hand-in.
        question: id of the written question.
        mark: what was found.
    """

    entry: Entry
    question: str
    mark: Mark


def waiting(decisions: Decisions, entries: Iterable[Entry], assignment: Assignment) -> Iterator[tuple[Entry, Question]]:
    """Give each written answer that awaits a person."""
    for entry in entries:
        marks = decisions.marks(entry)
        yield from ((entry, question) for question in assignment.written if question.id not in marks)


def write_template(file: Path, decisions: Decisions, answers: Iterable[tuple[Entry, Question]]) -> None:
    """Write a file with a row for each answer.

    Raises:
        PeopleError: if there is such a file already: somebody may have filled it in.
    """
    if file.exists():
        todo = f"read it with: autograder mark RUN {file}; or move it away"
        raise PeopleError(file, "is there already, and may hold somebody's marks", todo)
    rows = [
        [decisions.label(entry), question.id, "", "", _rubric(question), str(entry.submission.path)]
        for entry, question in answers
    ]
    write_sheet(file, [[*COLUMNS, *_ALSO], *rows])


def read_marks(file: Path, decisions: Decisions, assignment: Assignment) -> list[Marked]:
    """Read what people have filled in; rows without items wait for another day.

    Items are named by their ids, with spaces, commas or semicolons between them; `none` where an
    answer earns nothing.

    Raises:
        PeopleError: naming file and line, if a row cannot be used; no row counts then.
    """
    written = {question.id: question for question in assignment.written}
    found: dict[tuple[int, str], tuple[str, Marked]] = {}
    for row in read_sheet(file, COLUMNS):
        question = _question(row, written)
        entry = decisions.find(row.cells["student"], row.where)[-1]
        line, _ = found.get(key := (entry.id, question.id), ("", None))
        if line:
            what = f"{question.id} of '{one_line(row.cells['student'])}' stands in line {line}, too"
            raise PeopleError(row.where, what, "keep the row that counts")
        if mark := _mark(row, question):
            found[key] = row.where.rpartition(":")[2], Marked(entry, question.id, mark)
    return [marked for _, marked in found.values()]


def _question(row: Row, written: Mapping[str, Question]) -> Question:
    name = row.cells["question"]
    if name not in written:
        hint = did_you_mean(name, written) or f"written questions: {', '.join(written) or 'none'}"
        raise PeopleError(row.where, f"'{one_line(name)}' is no written question", hint)
    return written[name]


def _mark(row: Row, question: Question) -> Mark | None:
    items, comment = row.cells["items"].replace(",", " ").replace(";", " ").split(), row.cells["comment"]
    if not items and comment:
        raise PeopleError(row.where, "has a comment and no items", f"write '{NONE}' where nothing is earned")
    if len(comment) > _MOST_COMMENT:
        raise PeopleError(row.where, f"has a comment of {len(comment):,} characters", f"{_MOST_COMMENT:,} are the most")
    known = [item.id for item in question.rubric]
    for item in items:
        if item not in known and items != [NONE]:
            hint = did_you_mean(item, known) or f"items of {question.id}: {', '.join(known)}, or {NONE} alone"
            raise PeopleError(row.where, f"'{one_line(item)}' is no item of the rubric", hint)
    return Mark(tuple(item for item in known if item in items), comment) if items else None


def _rubric(question: Question) -> str:
    return " | ".join(f"{item.id} ({item.points:g}): {item.text}" for item in question.rubric)
