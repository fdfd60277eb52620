"""What a store holds of a run: its hand-ins and their grades."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.batch.submissions import Submission
from autograder.results.summary import Summary


@dataclass(frozen=True)
class Run:
    """What a run grades.

    Attributes:
        assignment: its name.
        course: the course's folder.
        seed: seed of the run.
        allow_unconfined: whether it grades where student code could read hidden tests.
    """

    assignment: str
    course: Path
    seed: int = 0
    allow_unconfined: bool = False


@dataclass(frozen=True)
class StoredGrade:
    """A grade as the store has it.

    Attributes:
        id: names it in the store; see `Store.record`.
        made: when, in UTC.
        hashes: part → hash of what the grade rests on.
        summary: the grade without its tests.
        applied: False for one that `regrade` made and nobody has applied.
    """

    id: int
    made: datetime
    hashes: Mapping[str, str]
    summary: Summary
    applied: bool = True


@dataclass(frozen=True)
class Entry:
    """A hand-in with its current grade.

    Attributes:
        id: names it in the store; see `Store.history`.
        submission: what was handed in.
        folder: where its results lie in the run's folder.
        grade: None until it is graded.
    """

    id: int
    submission: Submission
    folder: str
    grade: StoredGrade | None = None
