"""The people of a course: who is who in hand-ins, in a platform's list, and on the command line."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import PurePath
from typing import Self

from autograder.batch.entries import Entry
from autograder.batch.submissions import Submission
from autograder.errors import PeopleError, did_you_mean
from autograder.results.wording import one_line

_MOST_NAMED = 5


@dataclass(frozen=True)
class Student:
    """A person with all that platforms call them by; what is unknown is empty. Student text, so escape it.

    Attributes:
        name: full name.
        email: address.
        id: the platform's own number.
        sis: the university's number.
        login: user name.
        section: the group that the course put them into.
    """

    name: str = ""
    email: str = ""
    id: str = ""
    sis: str = ""
    login: str = ""
    section: str = ""

    def __str__(self) -> str:
        """Give what names the person best, fit for one line."""
        return one_line(self.email or self.login or self.name or self.sis or self.id)

    @property
    def keys(self) -> tuple[str, ...]:
        """What names this person and nobody else."""
        return tuple(folded(key) for key in (self.email, self.login, self.sis, self.id) if key)

    def contradicts(self, other: Self) -> bool:
        """Whether the two cannot be one person: an address or a number of one differs from the other's."""
        pairs = [(getattr(self, key), getattr(other, key)) for key in ("email", "login", "sis", "id")]
        return any(mine and theirs and folded(mine) != folded(theirs) for mine, theirs in pairs)


class People:
    """The students of a course, each found by whatever they go by.

    Args:
        roster: the platform's list.
        entries: hand-ins; who hands in and is not in the roster becomes a student, too.
    """

    def __init__(self, roster: Iterable[Student] = (), entries: Iterable[Entry] = ()) -> None:
        self._students: list[Student] = []
        self._places: dict[str, list[int]] = {}
        self._teams: dict[Submission, tuple[int, ...]] = {}
        for student in roster:
            self._learn(len(self._students), student)
        self._enrolled, entries = len(self._students), list(entries)
        for entry in entries:  # what a platform says of people, before what hand-ins call them
            for person in entry.submission.people:
                self._place(Student(person.name, person.email, person.id, section=entry.submission.section))
        for entry in entries:
            self._teams[entry.submission] = tuple(dict.fromkeys(map(self._place, _handed_in(entry))))

    def __iter__(self) -> Iterator[Student]:
        """Go through the roster, then through those who are not in it."""
        return iter(self._students)

    @property
    def complete(self) -> bool:
        """Whether there is a roster, so that whoever is unknown is nobody."""
        return bool(self._enrolled)

    @property
    def strangers(self) -> list[Student]:
        """Those who handed in and are not in the roster."""
        return self._students[self._enrolled :] if self._enrolled else []

    def team(self, entry: Entry) -> tuple[Student, ...]:
        """Give who handed in together, in the order in which the hand-in names them."""
        return tuple(self._students[place] for place in self._teams[entry.submission])

    def label(self, student: Student) -> str:
        """Give what names a student best, and nobody else here."""
        return str(student) if len(self._named(str(student))) == 1 or not student.keys else student.keys[0]

    def names(self, student: Student) -> tuple[str, ...]:
        """Give all names under which something about a student may be kept, the surest first."""
        own = folded(student.name)
        return (*student.keys, own) if own and len(self._named(own)) == 1 else student.keys

    def find(self, text: str, where: object = "STUDENT") -> Student:
        """Find a person by an address, a number, a user name or a full name.

        Raises:
            PeopleError: if nobody goes by it, or several people do.
        """
        found = self._named(text)
        if len(found) == 1:
            return self._students[found[0]]
        if not found:
            near = did_you_mean(folded(text), self._places)
            raise PeopleError(where, f"nobody here goes by '{one_line(text)}'", near or self._some())
        several = ", ".join(str(self._students[place]) for place in found[:_MOST_NAMED])
        raise PeopleError(where, f"'{one_line(text)}' could be {several}", "name one by address or number")

    def _some(self) -> str:
        names = [str(student) for student in self._students]
        more = ", …" if len(names) > _MOST_NAMED else ""
        return f"students here: {', '.join(names[:_MOST_NAMED]) or 'none'}{more}"

    def _place(self, person: Student) -> int:
        """Find a person's place in the list; a new one for somebody who is not in it."""
        keys = [place for key in person.keys for place in self._named(key) if key in self._students[place].keys]
        names = [place for place in self._named(person.name) if not self._students[place].contradicts(person)]
        place = next(iter(keys), names[0] if len(names) == 1 else len(self._students))
        self._learn(place, person)
        return place

    def _named(self, text: str) -> list[int]:
        return self._places.get(folded(text), []) if text.strip() else []

    def _learn(self, place: int, person: Student) -> None:
        """Note what is new about a person."""
        if place == len(self._students):
            self._students.append(person)
        known = self._students[place]
        news = {key: value for key, value in asdict(person).items() if value and not getattr(known, key)}
        self._students[place] = replace(known, **news)
        for key in filter(None, {folded(person.name), *person.keys}):
            places = self._places.setdefault(key, [])
            places += [place] if place not in places else []


def folded(text: str) -> str:
    """Give a name as it is compared: as a table shows it, without regard to case and to the form of its letters."""
    return unicodedata.normalize("NFKC", one_line(text)).casefold().strip().removeprefix("'")


def _handed_in(entry: Entry) -> Iterator[Student]:
    """Name who handed in: those that the platform names, and those that the hand-in names; else whom its name names.

    A file's name says little: `ada.zip` of a team with ada@example.org adds nobody to it.
    """
    members = entry.grade.summary.members if entry.grade else ()
    people = [Student(person.name, person.email, person.id) for person in entry.submission.people]
    if not people and not members:
        people = [Student(name=PurePath(entry.submission.key).stem)]
    users = {folded(member.partition("@")[0]) for member in members}
    yield from (person for person in people if person.keys or folded(person.name) not in users)
    yield from (Student(email=member) if "@" in member else Student(name=member) for member in members)
