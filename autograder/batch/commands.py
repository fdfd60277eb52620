"""What the verbs `grade` and `regrade` do, and what they print."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from autograder.assignment import Assignment, find_assignments
from autograder.batch import changes
from autograder.batch.batch import Batch, Done, Workers
from autograder.batch.decisions import TABLE, Decisions
from autograder.batch.entries import Entry, Run
from autograder.batch.jobs import Task
from autograder.batch.platforms import find_submissions
from autograder.batch.progress import shown
from autograder.batch.store import Store, require_run
from autograder.course import read_salt
from autograder.errors import CallError
from autograder.results import terminal
from autograder.results.summary import Summary

_MOST_ROWS = 60


@dataclass(frozen=True)
class Place:
    """Where a run is kept.

    Attributes:
        course: the course's folder, resolved.
        out: the run's folder; None keeps nothing.
        url: address of a database other than the folder's own file.
    """

    course: Path
    out: Path | None
    url: str | None = None


def task_of(assignment: Assignment, salt: str, seed: int, *, allow_unconfined: bool) -> Task:
    """Say what all hand-ins of a run have in common."""
    return Task(assignment.folder, salt, seed, allow_unconfined)


def grade(  # noqa: PLR0913 - what, who and where
    assignment: Assignment, task: Task, paths: Sequence[Path], workers: Workers, place: Place, *, lines: bool
) -> bool:
    """Grade what some paths hold, show it, and keep it where there is a place for it.

    Returns:
        whether every grade is final.

    Raises:
        CallError: if the paths hold no hand-in, or the course itself, or the run's folder cannot be made.
    """
    _require_apart(place.course, paths)
    submissions = find_submissions(paths, assignment)
    if place.out is None:
        batch = Batch(assignment, task)
        return _show(batch, _graded(batch, batch.entries(submissions), workers, lines=lines))
    _make(place.out)
    with Store(place.out, place.url, alone=True) as store:
        store.begin(Run(assignment.name, place.course, task.seed, task.allow_unconfined))
        batch = Batch(assignment, task, store)
        try:
            done = _graded(batch, batch.entries(submissions), workers, lines=lines)
        finally:
            Decisions(store).publish_table(assignment)
        final = _show(batch, done)
        Console().print(f"\nresults: {place.out}", soft_wrap=True, highlight=False)
    return final


def regrade(out: Path, url: str | None, workers: Workers, *, apply: bool) -> bool:
    """Grade again what has changed since a run, show what that changes, and make it count where that is wanted.

    Returns:
        whether every new grade is final.

    Raises:
        CallError: if there is no run.
        StoreError: if another command is at work on it.
    """
    require_run(out, url)
    with Store(out, url, alone=True) as store:
        run = store.run
        (assignment,) = find_assignments(run.course, (run.assignment,))
        task = task_of(assignment, read_salt(run.course), run.seed, allow_unconfined=run.allow_unconfined)
        entries = [entry for entry in store.entries() if entry.grade]
        done = _graded(Batch(assignment, task, store, applied=False), entries, workers, lines=False)
        found = [*changes.changes_of(store, done)]
        changes.show(found, Console(), applied=apply)
        if apply:
            changes.apply(store, assignment, found)
            Decisions(store).publish_table(assignment)
    return all(one.summary.final for one in done)


def _graded(batch: Batch, entries: list[Entry], workers: Workers, *, lines: bool) -> list[Done]:
    """Grade, and give all in the order in which they were named."""
    place = {entry.id: number for number, entry in enumerate(entries)}
    done = shown(batch.grade(entries, workers), len(entries), lines=lines)
    kept = (one if len(entries) == 1 else replace(one, grade=None) for one in done)  # whole grades of a class are large
    return sorted(kept, key=lambda one: place[one.entry.id])


def _show(batch: Batch, done: Sequence[Done]) -> bool:
    console, summaries = Console(), [batch.summary(one) for one in done]
    if len(done) == 1:
        terminal.show(batch.whole(done[0]), console)
    else:
        terminal.show_many(_worth_showing(summaries), console)
    if len(done) > _MOST_ROWS:
        console.print(_in_short(summaries), highlight=False)
    return all(summary.final for summary in summaries)


def _worth_showing(summaries: Sequence[Summary]) -> Sequence[Summary]:
    """Choose what fits on a screen: of a large class, those that somebody should look at."""
    odd = [one for one in summaries if not one.final or one.stands_out.startswith("look at this")]
    return odd[:_MOST_ROWS] if len(summaries) > _MOST_ROWS else summaries


def _in_short(summaries: Sequence[Summary]) -> str:
    scores = [summary.score for summary in summaries if summary.score is not None]
    mean = f"{sum(scores) / len(scores):.1f} of {summaries[0].maximum:g} on average" if scores else "no score"
    return f"{len(summaries)} hand-ins, {mean}, {len(summaries) - len(scores)} not final; all are in {TABLE}"


def _require_apart(course: Path, paths: Sequence[Path]) -> None:
    """Refuse a course that lies among hand-ins: one may have brought it along, and its tests would be trusted."""
    for path in paths:
        if course.is_relative_to(path.resolve()):
            todo = "work in the course's folder, or name it with --course; hand-ins go into a folder of their own"
            raise CallError(path, f"the course lies among these hand-ins ({course})", todo)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CallError(folder, f"cannot be made: {error.strerror}", "choose another --out") from None
