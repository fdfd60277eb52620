"""What a class has handed in, before any of it is opened."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autograder.assignment import Assignment
from autograder.grading.handin import HandIn, open_files, open_handin


@dataclass(frozen=True)
class Person:
    """Who handed in, as a learning platform names people; student text, so escape it.

    Attributes:
        name: full name, or empty.
        email: address, or empty.
        id: the platform's or the university's number, or empty.
    """

    name: str = ""
    email: str = ""
    id: str = ""

    def __str__(self) -> str:
        """Give the address, else the name, else the number."""
        return self.email or self.name or self.id


@dataclass(frozen=True)
class Submission:
    """One hand-in that lies somewhere on the disk, unopened.

    Attributes:
        key: its name within the run, the same each time that the command is given.
        path: a module, a notebook, a zip or a folder.
        parts: files below the path that belong together where the platform gives no folder for each hand-in:
            (name as it was handed in, name on the disk).
        people: who handed it in, as the platform says; empty when it does not say.
        submitted: when; None when the platform does not say.
        attempt: 1 for a person's first hand-in.
        section: the group of students, or empty.
        late: whether the platform marked it as late.
    """

    key: str
    path: Path
    parts: tuple[tuple[str, str], ...] = ()
    people: tuple[Person, ...] = ()
    submitted: datetime | None = None
    attempt: int = 1
    section: str = ""
    late: bool = False

    def open(self, assignment: Assignment) -> HandIn:
        """Open it.

        Raises:
            HandInError: if the student has to put something right.
            GraderFault: if it is not there or may not be read.
        """
        if self.parts:
            return open_files(self.key, {name: self.path / found for name, found in self.parts}, assignment)
        return open_handin(self.path, assignment)
