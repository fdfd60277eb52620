"""The tables of a store; SQLite and PostgreSQL alike."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class Utc(TypeDecorator[datetime]):
    """A moment, kept in UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:  # noqa: ARG002
        """Take off the zone once it is UTC."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:  # noqa: ARG002
        """Put the zone back."""
        return value.replace(tzinfo=UTC) if value else None


class FilePath(TypeDecorator[Path]):
    """A path, whatever bytes its names are."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Path | None, dialect: object) -> bytes | None:  # noqa: ARG002
        """Give the path's bytes."""
        return os.fsencode(value) if value is not None else None

    def process_result_value(self, value: Any, dialect: object) -> Path | None:  # noqa: ARG002
        """Make them a path again."""
        return Path(os.fsdecode(bytes(value))) if value is not None else None


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _of(table: str) -> Column[int]:
    return Column(f"{table}_id", Integer, ForeignKey(f"{table}s.id"), nullable=False, index=True)


TABLES = MetaData()

RUNS = Table(
    "runs",
    TABLES,
    _id(),
    Column("name", Text, nullable=False, unique=True),  # "." in a run's own file, else the --out folder
    Column("assignment", Text, nullable=False),
    Column("course", FilePath, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("allow_unconfined", Boolean, nullable=False),
    Column("started", Utc, nullable=False),
)

SUBMISSIONS = Table(
    "submissions",
    TABLES,
    _id(),
    _of("run"),
    Column("key", Text, nullable=False),
    Column("folder", Text, nullable=False),  # where its results lie in --out
    Column("path", FilePath, nullable=False),
    Column("parts", JSON, nullable=False),  # [[name as handed in, name on the disk]]
    Column("people", JSON, nullable=False),  # [{name, email, id}], as the platform says
    Column("submitted", Utc),
    Column("attempt", Integer, nullable=False),
    Column("section", Text, nullable=False),
    Column("late", Boolean, nullable=False),
    UniqueConstraint("run_id", "key"),
    UniqueConstraint("run_id", "folder"),
)

GRADES = Table(  # never changed but for `applied`: a hand-in's grade is its last applied one, the others are history
    "grades",
    TABLES,
    _id(),
    _of("submission"),
    Column("number", Integer, nullable=False),
    Column("applied", Boolean, nullable=False),
    Column("made", Utc, nullable=False),
    Column("hashes", JSON, nullable=False),  # part → hash of what the grade rests on
    Column("hand_in", Text, nullable=False),
    Column("members", JSON, nullable=False),  # as the hand-in itself says
    Column("score", Float),  # NULL: a fault of the grader
    Column("maximum", Float, nullable=False),
    Column("stands_out", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("badges", JSON, nullable=False),
    Column("record", LargeBinary, nullable=False),  # grade.json, compressed
    UniqueConstraint("submission_id", "number"),
)

QUESTIONS = Table(
    "questions",
    TABLES,
    _id(),
    _of("grade"),
    Column("question", Text, nullable=False),
    Column("score", Float),  # NULL: a fault of the grader
    Column("maximum", Float, nullable=False),
    Column("verdict", Text, nullable=False),
)

ADJUSTMENTS = Table(  # append-only: the sum of all counts
    "adjustments",
    TABLES,
    _id(),
    _of("run"),
    Column("person", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("delta", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("made", Utc, nullable=False),
)

MARKS = Table(  # append-only: the last one for a person and a question counts
    "marks",
    TABLES,
    _id(),
    _of("run"),
    Column("person", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("items", JSON, nullable=False),  # names of the rubric's items
    Column("comment", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("made", Utc, nullable=False),
)
