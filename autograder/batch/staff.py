"""What the verbs `mark`, `adjust`, `gradebook` and `similar` do, and what they print."""

import getpass
import math
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from autograder.assignment import find_assignments
from autograder.batch.desk import Desk, at_desk, no_section
from autograder.batch.entries import Entry
from autograder.batch.formats import FORMATS
from autograder.batch.gradebook import gradebook as worked_out
from autograder.batch.graded import Graded
from autograder.batch.marking import Adjustment
from autograder.batch.marks import read_marks, waiting, write_template
from autograder.batch.people import People
from autograder.batch.policy import Policy, read_policy
from autograder.batch.progress import counted
from autograder.batch.roster import read_roster
from autograder.batch.sheet import write_sheet
from autograder.batch.similar import MOST_SHOWN, compare, read_modules, strangers, write_page
from autograder.errors import PeopleError, did_you_mean
from autograder.results.wording import one_line

_MOST_REASON = 2_000  # characters


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
        desk.decisions.add_mark(one.entry, one.question, one.mark, desk.assignment, who or getpass.getuser())
    desk.decisions.publish_table(desk.assignment)
    click.echo(f"{len(new)} answers marked, {len(marked) - len(new)} were marked like that before")
    _tell_waiting(desk)


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
    made = Adjustment(question, delta, reason.strip())
    desk.decisions.add_adjustment(entries[-1], made, desk.assignment, who or getpass.getuser())
    desk.decisions.publish_table(desk.assignment)
    grade = desk.decisions.grade(entries[-1], desk.assignment)
    team = ", ".join(map(str, desk.decisions.people.team(entries[-1])))
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
        raise no_section(section, sections)
    file = out or runs[0] / f"gradebook-{platform}.csv"
    write_sheet(file, FORMATS[platform](book, students))
    for remark in book.remarks:
        click.echo(remark)
    click.echo(f"wrote {file}: {len(students)} students")


def similar(desk: Desk, run: Path, percent: float, section: str | None) -> None:
    """Compare a run's hand-ins, list those that look alike, and write them side by side.

    Raises:
        SimilarityError: if copydetect is not installed.
        PeopleError: if nobody is in that section.
    """
    people, entries = desk.decisions.people, desk.decisions.current()
    own = {*map(people.team, desk.of(section))}
    modules, left_out = read_modules(desk.assignment, counted(entries, "reading"), people)
    asked = [pair for pair in strangers(modules) if not own.isdisjoint(module.team for module in pair)]
    compared = (compare(one, two, percent / 100) for one, two in counted(asked, "comparing"))
    pairs = sorted(filter(None, compared), key=lambda pair: (-pair.share, pair.left.name, pair.right.name))
    for pair in pairs[:MOST_SHOWN]:
        click.echo(f"{pair.share:4.0%}  {pair.left.name}  and  {pair.right.name}")
    for name, why in left_out.items():
        click.echo(f"left out: {name}: {why}")
    write_page(file := run / "similar.html", pairs, desk.assignment.title)
    click.echo(f"wrote {file}: {len(pairs)} of {len(asked)} pairs look alike")


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
