"""What the verbs `mark`, `adjust` and `gradebook` do, and what they print."""

import getpass
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from autograder.assignment import Assignment, find_assignments
from autograder.batch.decisions import Decisions
from autograder.batch.entries import Entry
from autograder.batch.formats import FORMATS
from autograder.batch.gradebook import gradebook as worked_out
from autograder.batch.graded import Graded
from autograder.batch.marks import read_marks, waiting, write_template
from autograder.batch.people import People
from autograder.batch.policy import Policy, read_policy
from autograder.batch.roster import read_roster
from autograder.batch.schema import ADJUSTMENTS, MARKS
from autograder.batch.sheet import write_sheet
from autograder.batch.store import Store
from autograder.errors import PeopleError, did_you_mean
from autograder.results.wording import one_line

_MOST_REASON = 2_000  # characters


@dataclass(frozen=True)
class Desk:
    """A run on somebody's desk.

    Attributes:
        store: its store.
        assignment: what was graded.
        decisions: its hand-ins, with what people have decided so far.
        people: its students, with what a roster says of them.
    """

    store: Store
    assignment: Assignment
    decisions: Decisions
    people: People

    def section(self, entry: Entry) -> str:
        """Give the section of who handed in first of a team; empty where none is known."""
        return self.people.team(entry)[0].section

    def of(self, section: str | None) -> list[Entry]:
        """List the hand-ins that count, of all sections or of one.

        Raises:
            PeopleError: if nobody is in that section.
        """
        current = self.decisions.current()
        found = [entry for entry in current if section is None or self.section(entry) == section]
        if section is not None and not found:
            raise _no_section(section, [name for name in dict.fromkeys(map(self.section, current)) if name])
        return found


@contextmanager
def at_desk(run: Path, url: str | None, roster: Path | None = None, *, alone: bool = False) -> Iterator[Desk]:
    """Open a run.

    Raises:
        StoreError: if there is none, or another command is at work on it.
        PeopleError: if the roster cannot be used.
    """
    with Store(run, url, alone=alone) as store:
        about = store.run
        (assignment,) = find_assignments(about.course, (about.assignment,))
        decisions = Decisions(store)
        people = People(read_roster(roster) if roster else (), decisions.entries)
        yield Desk(store, assignment, decisions, people)


def write_marks(desk: Desk, run: Path, section: str | None) -> None:
    """Say what awaits a person, and write the file in which they mark it.

    Raises:
        PeopleError: if nobody is in that section, or there is such a file already.
    """
    answers = list(waiting(desk.decisions, desk.of(section), desk.assignment))
    _tell_waiting(desk)
    if answers:
        end = re.sub(r"[^\w-]", "_", f"-{section}") if section else ""
        write_template(file := run / f"marks{end}.csv", desk.decisions, answers)
        click.echo(f"wrote {file}: fill in items and comment, then give: autograder mark {run} {file}")


def take_marks(desk: Desk, file: Path, who: str | None) -> None:
    """Take over what people have marked, and show it to the students.

    Raises:
        PeopleError: naming file and line, if a row cannot be used; none counts then.
        StoreError: if the disk does not take it.
    """
    marked = read_marks(file, desk.decisions, desk.assignment)
    new = [one for one in marked if desk.decisions.marks(one.entry).get(one.question) != one.mark]
    for one in new:
        person, items = desk.decisions.person(one.entry), list(one.mark.items)
        said = {"items": items, "comment": one.mark.comment, "who": who or getpass.getuser()}
        desk.store.append(MARKS, person=person, question=one.question, **said)
    after = _shown(desk, [one.entry for one in new])
    click.echo(f"{len(new)} answers marked, {len(marked) - len(new)} were marked like that before")
    _tell_waiting(after)


def adjust(desk: Desk, student: str, question: str, points: str, reason: str, who: str | None) -> None:  # noqa: PLR0913, PLR0917
    """Add points to a question of somebody's hand-in, or take them.

    Raises:
        PeopleError: if nobody goes by that name, there is no such question, or the points make no sense.
        StoreError: if the disk does not take it.
    """
    entries = desk.decisions.find(student)
    delta = _delta(desk, entries[-1], question, points)
    if not reason.strip() or len(reason) > _MOST_REASON:
        raise PeopleError("--reason", f"must be a text of at most {_MOST_REASON:,} characters", "the student reads it")
    person = desk.decisions.person(entries[-1])
    about = {"question": question, "delta": delta, "reason": reason.strip(), "who": who or getpass.getuser()}
    desk.store.append(ADJUSTMENTS, person=person, **about)
    after = _shown(desk, entries)
    grade = after.decisions.grade(entries[-1], desk.assignment)
    team = ", ".join(map(str, desk.people.team(entries[-1])))
    click.echo(f"{team}: {question} {delta:+g}, now {grade.score:g} of {desk.assignment.points:g}")


def gradebook(  # noqa: PLR0913, PLR0917 - one for each option
    runs: Sequence[Path],
    url: str | None,
    platform: str,
    policy: Path | None,
    roster: Path | None,
    section: str | None,
    out: Path | None,
) -> None:
    """Write the grades of one or more runs for a platform, and say what an instructor should know.

    Raises:
        ManifestError: if the policy cannot be used.
        PeopleError: if the roster cannot, somebody is in two teams, or two runs grade one assignment.
    """
    with ExitStack() as stack:
        desks = [stack.enter_context(at_desk(run, url)) for run in runs]
        _require_different(desks, runs)
        everyone = People(read_roster(roster) if roster else (), [e for desk in desks for e in desk.decisions.entries])
        rules = read_policy(policy, find_assignments(desks[0].store.run.course)) if policy else Policy()
        book = worked_out([Graded(desk.assignment, desk.decisions) for desk in desks], rules, everyone)
    students = [student for student in everyone if section is None or student.section == section]
    if section is not None and not students:
        sections = [name for name in dict.fromkeys(student.section for student in everyone) if name]
        raise _no_section(section, sections)
    file = out or runs[0] / f"gradebook-{platform}.csv"
    write_sheet(file, FORMATS[platform](book, students))
    for remark in book.remarks:
        click.echo(remark)
    click.echo(f"wrote {file}: {len(students)} students")


def _require_different(desks: Sequence[Desk], runs: Sequence[Path]) -> None:
    first: dict[str, Path] = {}
    for desk, run in zip(desks, runs, strict=True):
        name = desk.assignment.name
        if first.setdefault(name, run) is not run:
            raise PeopleError(run, f"grades {name}, and so does {first[name]}", "name one run of each assignment")


def _tell_waiting(desk: Desk) -> None:
    """Say how many answers await a person, in each section."""
    answers = list(waiting(desk.decisions, desk.of(None), desk.assignment))
    counts = Counter(desk.section(entry) for entry, _ in answers)
    for name, count in sorted(counts.items()) if any(counts) else ():
        click.echo(f"section {one_line(name) or '(none)'}: {count} await a person")
    click.echo(f"{len(answers)} answers await a person" if answers else "nothing awaits a person")


def _shown(desk: Desk, entries: Sequence[Entry]) -> Desk:
    """Publish what has been decided, and give the desk as it is now."""
    after = replace(desk, decisions=Decisions(desk.store))
    for entry in {entry.id: entry for entry in entries if entry.grade}.values():
        after.decisions.publish(entry, desk.assignment)
    after.decisions.publish_table(desk.assignment)
    return after


def _delta(desk: Desk, entry: Entry, question: str, points: str) -> float:
    """Give the points that are meant, once they make sense."""
    if question not in desk.assignment.by_id:
        known = did_you_mean(question, desk.assignment.by_id) or f"questions: {', '.join(desk.assignment.by_id)}"
        raise PeopleError("QUESTION", f"{desk.assignment.name} has no question '{one_line(question)}'", known)
    try:
        delta = round(float(points), 2)
    except (ValueError, OverflowError):
        delta = math.nan
    if not delta or not math.isfinite(delta):
        raise PeopleError("DELTA", f"'{one_line(points)}' is no number of points", "write 2 or -0.5")
    summary = desk.decisions.summary(entry, desk.assignment)
    found = next((one for one in summary.questions if one.question == question), None) if summary else None
    if found is None or found.score is None:
        said = found.verdict if found else "not graded yet"
        raise PeopleError(question, f"has no points that could be adjusted: {said}", "mark or grade it first")
    if not 0 <= round(found.score + delta, 2) <= found.maximum:
        todo = f"write a number from {0 - found.score:g} to {found.maximum - found.score:g}"
        raise PeopleError("DELTA", f"{question} has {found.score:g} of {found.maximum:g} points, and {delta:+g}", todo)
    return delta


def _no_section(section: str, known: Sequence[str]) -> PeopleError:
    todo = did_you_mean(section, known) or f"sections here: {', '.join(known) or 'none; a --roster names them'}"
    return PeopleError("--section", f"nobody is in '{one_line(section)}'", todo)
