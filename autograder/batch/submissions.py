"""What a class has handed in, before any of it is opened."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


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


@dataclass(frozen=True)
class Submission:
    """One hand-in that lies somewhere on the disk, unopened.

    Attributes:
        key: its name within the run, the same each time that the command is given.
        path: a module, a notebook, a zip or a folder.
        people: who handed it in, as the platform says; empty when it does not say.
        submitted: when; None when the platform does not say.
        attempt: 1 for a person's first hand-in.
        section: the group of students, or empty.
        late: whether the platform marked it as late.
    """

    key: str
    path: Path
    people: tuple[Person, ...] = ()
    submitted: datetime | None = None
    attempt: int = 1
    section: str = ""
    late: bool = False
