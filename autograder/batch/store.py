"""The store: every grade of a run, in a transaction the moment that it exists, and every former one.

A run's grades are in `grades.sqlite` in its --out folder, or in another database that an
address names; there a run goes by its folder's path.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Row, Table, create_engine, event, func, insert, select, text, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from autograder.batch.entries import Entry, Run, StoredGrade
from autograder.batch.lock import in_use, locked
from autograder.batch.places import Places
from autograder.batch.schema import GRADES, QUESTIONS, RUNS, SUBMISSIONS, TABLES
from autograder.batch.submissions import Person, Submission
from autograder.errors import CallError, StoreError
from autograder.results.grade import Grade
from autograder.results.record import record
from autograder.results.summary import QuestionScore, Summary, summary_of
from autograder.results.wording import one_line

FILE = "grades.sqlite"
_PATIENCE = 60  # seconds that a transaction waits for another process's to end
_TODO = "put that right, then give the same command again: what is stored stays, and it goes on from there"


class Store:
    """The grades of one run; use as a context manager.

    Args:
        out: the run's folder.
        url: another database, in SQLAlchemy's form; the file in the folder by default.
        alone: hold the run's lock, as every command does that grades.

    Raises:
        StoreError: if the database cannot be used, or another command holds the lock.
    """

    def __init__(self, out: Path, url: str | None = None, *, alone: bool = False) -> None:
        self.out, self._alone, self._stack = out, alone, ExitStack()
        self._url = _address(out, url)
        self._name = "." if url is None else str(out.resolve())
        self._connection: Connection

    def __enter__(self) -> Self:
        """Connect, and make the tables where they are missing."""
        with ExitStack() as stack:
            if self._alone:
                stack.enter_context(locked(self.out))
            self._engine = create_engine(self._url, poolclass=NullPool)
            if self._engine.dialect.name == "sqlite":
                event.listen(self._engine, "connect", lambda file, _: file.execute("PRAGMA foreign_keys = ON"))
            with self._told():
                self._connection = stack.enter_context(self._engine.connect())
            if self._alone:
                self._require_alone()
            with self._transaction() as connection:
                TABLES.create_all(connection)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def place(self) -> str:
        """What a message calls this store: the file, or the address without its password."""
        return self._url.database or "" if self._url.drivername == "sqlite" else str(self._url)

    @property
    def run(self) -> Run:
        """What this run grades.

        Raises:
            CallError: if nothing was graded yet.
        """
        if (row := self._run()) is None:
            raise _no_run(self.out)
        return Run(row.assignment, row.course, row.seed, row.allow_unconfined)

    def begin(self, run: Run) -> None:
        """Begin a run, or go on with it.

        Raises:
            CallError: if the folder holds grades of another assignment.
        """
        row, values = self._run(), asdict(run)
        if row and row.assignment != run.assignment:
            raise CallError(self.out, f"this run grades {row.assignment}", f"choose another --out for {run.assignment}")
        with self._transaction() as connection:
            if row:
                connection.execute(update(RUNS).where(RUNS.c.id == row.id).values(**values))
            else:
                connection.execute(insert(RUNS).values(name=self._name, started=_now(), **values))

    def register(self, submissions: Iterable[Submission]) -> list[Entry]:
        """Note what was handed in, new or known, and give it with its current grades, in the same order."""
        submissions = list(submissions)
        with self._transaction() as connection:
            run = self._run_id()
            known = connection.execute(select(SUBMISSIONS).where(SUBMISSIONS.c.run_id == run)).all()
            by_key, places = {row.key: row for row in known}, Places(row.folder for row in known)
            new = [one for one in submissions if one.key not in by_key]
            if new:
                rows = [{"run_id": run, "folder": places.new(one.key), **asdict(one)} for one in new]
                connection.execute(insert(SUBMISSIONS), rows)
            for one in submissions:
                if (row := by_key.get(one.key)) and _submission(row) != one:
                    connection.execute(update(SUBMISSIONS).where(SUBMISSIONS.c.id == row.id).values(**asdict(one)))
        entries = {entry.submission.key: entry for entry in self.entries()}
        return [entries[submission.key] for submission in submissions]

    def keep(self, entry: Entry, grade: Grade, hashes: Mapping[str, str], *, applied: bool = True) -> StoredGrade:
        """Store a grade; the former ones stay.

        Args:
            entry: the hand-in.
            grade: its grade.
            hashes: part → hash of what the grade rests on.
            applied: whether it is the hand-in's grade from now on.
        """
        summary, made = summary_of(grade), _now()
        values = {name: value for name, value in asdict(summary).items() if name != "questions"}
        data = zlib.compress(json.dumps(record(grade)).encode("ascii"))
        with self._transaction() as connection:
            last = select(func.max(GRADES.c.number)).where(GRADES.c.submission_id == entry.id)
            statement = insert(GRADES).values(
                submission_id=entry.id,
                number=(connection.scalar(last) or 0) + 1,
                applied=applied,
                made=made,
                hashes=dict(hashes),
                record=data,
                **values | {"hand_in": one_line(grade.hand_in)},
            )
            grade_id = connection.scalars(statement.returning(GRADES.c.id)).one()
            if summary.questions:
                connection.execute(insert(QUESTIONS), [{"grade_id": grade_id, **asdict(q)} for q in summary.questions])
        return StoredGrade(grade_id, made, hashes, summary, applied)

    def apply(self, grades: Iterable[StoredGrade]) -> None:
        """Make these grades, which `regrade` has made, their hand-ins' own; all of them or none."""
        with self._transaction() as connection:
            for grade in grades:
                connection.execute(update(GRADES).where(GRADES.c.id == grade.id).values(applied=True))

    def entries(self, section: str | None = None) -> list[Entry]:
        """List the hand-ins of the run with their current grades, in the order in which they became known."""
        with self._transaction() as connection:
            wanted = select(SUBMISSIONS).where(SUBMISSIONS.c.run_id == self._run_id()).order_by(SUBMISSIONS.c.id)
            rows = connection.execute(wanted if section is None else wanted.where(SUBMISSIONS.c.section == section))
            last = select(func.max(GRADES.c.id)).where(GRADES.c.applied).group_by(GRADES.c.submission_id)
            current = dict(self._grades(connection, GRADES.c.id.in_(last)))
            return [Entry(row.id, _submission(row), row.folder, current.get(row.id)) for row in rows]

    def history(self, entry: Entry) -> list[StoredGrade]:
        """List all grades of a hand-in, the oldest first; also those that were never applied."""
        with self._transaction() as connection:
            return [grade for _, grade in self._grades(connection, GRADES.c.submission_id == entry.id)]

    def record(self, grade: StoredGrade) -> dict[str, Any]:
        """Give all of a grade, as in grade.json."""
        with self._transaction() as connection:
            data = connection.scalar(select(GRADES.c.record).where(GRADES.c.id == grade.id))
        return dict(json.loads(zlib.decompress(data or b"")))

    def append(self, table: Table, **values: object) -> None:
        """Append what a person has decided to `ADJUSTMENTS` or `MARKS`, with the time."""
        with self._transaction() as connection:
            connection.execute(insert(table).values(run_id=self._run_id(), made=_now(), **values))

    def rows(self, table: Table) -> list[Row[Any]]:
        """List what people have decided in this run, the oldest first."""
        with self._transaction() as connection:
            wanted = select(table).where(table.c.run_id == self._run_id()).order_by(table.c.id)
            return list(connection.execute(wanted))

    def _grades(self, connection: Connection, which: Any) -> Iterator[tuple[int, StoredGrade]]:
        """Read grades with their questions, as pairs of the hand-in's id and the grade."""
        columns = [column for column in GRADES.c if column is not GRADES.c.record]
        rows = connection.execute(select(*columns).where(which).order_by(GRADES.c.id)).all()
        chosen = select(GRADES.c.id).where(which)
        asked = select(QUESTIONS).where(QUESTIONS.c.grade_id.in_(chosen)).order_by(QUESTIONS.c.id)
        questions: dict[int, list[QuestionScore]] = {}
        for row in connection.execute(asked):
            found = QuestionScore(row.question, row.score, row.maximum, row.verdict)
            questions.setdefault(row.grade_id, []).append(found)
        for row in rows:
            summary = Summary(
                row.hand_in,
                tuple(row.members),
                row.score,
                row.maximum,
                row.stands_out,
                row.seconds,
                tuple(row.badges),
                tuple(questions.get(row.id, ())),
            )
            yield row.submission_id, StoredGrade(row.id, row.made, row.hashes, summary, row.applied)

    def _run(self) -> Row[Any] | None:
        with self._transaction() as connection:
            return connection.execute(select(RUNS).where(RUNS.c.name == self._name)).one_or_none()

    def _run_id(self) -> int:
        found = self._connection.scalar(select(RUNS.c.id).where(RUNS.c.name == self._name))
        if found is None:
            raise _no_run(self.out)
        return int(found)

    def _require_alone(self) -> None:
        """Hold a lock in the database, too, where there is more than one machine."""
        if self._engine.dialect.name != "postgresql":
            return
        number = int.from_bytes(hashlib.sha256(self._name.encode()).digest()[:8], "big", signed=True)
        with self._transaction() as connection:
            if not connection.scalar(text("SELECT pg_try_advisory_lock(:number)"), {"number": number}):
                raise in_use(self.place)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._told(), self._connection.begin():
            yield self._connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise StoreError(self.place, str(error.orig).strip(), _TODO) from error


def require_run(out: Path, url: str | None) -> None:
    """Look for a run's file before a store is opened, which would make it in whatever folder was named.

    Raises:
        CallError: if there is none, and no other database that may have the run.
    """
    if url is None and not (out / FILE).is_file():
        raise _no_run(out)


def _no_run(out: Path) -> CallError:
    return CallError(out, "no run is stored here", "RUN is an --out folder of autograder grade")


def _address(out: Path, url: str | None) -> URL:
    if url is None:
        return URL.create("sqlite", database=str(out / FILE), query={"timeout": str(_PATIENCE)})
    try:
        address = make_url(url)
        if address.drivername == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
        address.get_dialect()
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise CallError("--store", f"no address of a database: {error}", "write postgresql://HOST/DATABASE") from None
    return address


def _submission(row: Row[Any]) -> Submission:
    parts, people = tuple(map(tuple, row.parts)), tuple(Person(**person) for person in row.people)
    return Submission(row.key, row.path, parts, people, row.submitted, row.attempt, row.section, row.late)


def _now() -> datetime:
    return datetime.now(UTC)
