"""A run on somebody's desk: its hand-ins, what people have decided about them, and who is who."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment import Assignment, find_assignments
from autograder.batch.decisions import Decisions
from autograder.batch.entries import Entry
from autograder.batch.roster import read_roster
from autograder.batch.store import Store, require_run
from autograder.errors import PeopleError, did_you_mean
from autograder.results.wording import one_line


@dataclass(frozen=True)
class Desk:
    """A run on somebody's desk.

    Attributes:
        store: its store.
        assignment: what was graded.
        decisions: its hand-ins, with what people have decided so far, and who is who.
    """

    store: Store
    assignment: Assignment
    decisions: Decisions

    def section(self, entry: Entry) -> str:
        """Give the section of who handed in first of a team; empty where none is known."""
        return self.decisions.people.team(entry)[0].section

    def of(self, section: str | None) -> list[Entry]:
        """List the hand-ins that count, of all sections or of one.

        Raises:
            PeopleError: if nobody is in that section.
        """
        current = self.decisions.current()
        found = [entry for entry in current if section is None or self.section(entry) == section]
        if section is not None and not found:
            raise no_section(section, [name for name in dict.fromkeys(map(self.section, current)) if name])
        return found


@contextmanager
def at_desk(run: Path, url: str | None, roster: Path | None = None, *, alone: bool = False) -> Iterator[Desk]:
    """Open a run.

    Raises:
        StoreError: if there is none, or another command is at work on it.
        PeopleError: if the roster cannot be used.
    """
    require_run(run, url)
    with Store(run, url, alone=alone) as store:
        about = store.run
        (assignment,) = find_assignments(about.course, (about.assignment,))
        yield Desk(store, assignment, Decisions(store, read_roster(roster) if roster else ()))


def no_section(section: str, known: Sequence[str]) -> PeopleError:
    """Make the error that says which sections there are."""
    todo = did_you_mean(section, known) or f"sections here: {', '.join(known) or 'none; a --roster names them'}"
    return PeopleError("--section", f"nobody is in '{one_line(section)}'", todo)
