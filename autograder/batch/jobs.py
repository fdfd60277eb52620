"""What is to be graded, as it travels to what grades it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autograder.grading.handin import HandIn
from autograder.grading.process import HostKey
from autograder.results.grade import Grade


@dataclass(frozen=True)
class Task:
    """What all hand-ins of a run have in common.

    Attributes:
        folder: the assignment's folder, on a file system that all workers see.
        salt: the course's salt.
        seed: seed of the run.
        allow_unconfined: whether to grade where student code could read hidden tests.
        foundation: hashes of what the grades rest on; a worker that has another suite or other libraries refuses.
        host: a warm process on this machine that its graders share.
    """

    folder: Path
    salt: str
    seed: int = 0
    allow_unconfined: bool = False
    foundation: tuple[tuple[str, str], ...] = ()
    host: HostKey | None = None


@dataclass(frozen=True)
class Job:
    """One hand-in to grade, on its way to a worker.

    Attributes:
        number: names it within the run.
        name: as reports show it; student text.
        handin: what was handed in; None where that cannot be opened.
        problem: why not, where its student has to put it right.
        fault: what keeps it from being graded, where that is no fault of its student's.
    """

    number: int
    name: str
    handin: HandIn | None = None
    problem: str = ""
    fault: str = ""


Graded = tuple[Job, Grade]


class Engine(Protocol):
    """Grades hand-ins."""

    def grade(self, jobs: Iterable[Job]) -> Iterator[Graded]:
        """Grade hand-ins, which are asked for one by one as there is room, and give each as it is ready."""
