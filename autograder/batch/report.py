"""What the verb `report` does: a page for each hand-in, and a page about the class."""

import base64
import hashlib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from statistics import fmean, median, pstdev

import click

from autograder.assignment import Assignment
from autograder.batch.desk import Desk
from autograder.batch.insight import Class, distribution
from autograder.batch.progress import counted
from autograder.errors import StoreError
from autograder.results.html import rendered
from autograder.results.page import PAGE, student_page
from autograder.results.whole import write_whole
from autograder.results.wording import one_line

_MOST_CLUSTERS, _MOST_NAMES = 200, 40


def report(desk: Desk, run: Path, out: Path | None) -> None:
    """Write the pages, and say where they are.

    Args:
        desk: the run.
        run: its folder.
        out: where the pages go; beside the results of each hand-in when None.

    Raises:
        StoreError: if the disk does not take them.
    """
    home, pages = out or run, 0
    current, found = {entry.id for entry in desk.decisions.current()}, Class()
    for entry in counted([entry for entry in desk.decisions.entries if entry.grade], "writing pages"):
        grade = desk.decisions.grade(entry, desk.assignment)
        _write(home / entry.folder / PAGE, student_page(grade))
        pages += 1
        if entry.id in current:
            found.add(grade, one_line(", ".join(map(str, desk.decisions.people.team(entry)))), entry.folder)
    alike = "similar.html" if (home / "similar.html").exists() else ""
    _write(home / PAGE, class_page(desk.assignment, found, alike))
    click.echo(f"wrote {home / PAGE}, and {pages} pages for students")


def class_page(assignment: Assignment, found: Class, alike: str = "") -> str:
    """Give the page about a run.

    Args:
        assignment: what was graded.
        found: the hand-ins that count.
        alike: address of the page of look-alikes; empty where there is none.
    """
    script = (resources.files("autograder.batch") / "templates" / "sort.js").read_text(encoding="utf-8")
    clusters, maximum = found.clusters(), assignment.points
    counts = distribution(found.scores, maximum)
    return rendered(
        "autograder.batch",
        "class.html",
        title=assignment.title,
        lines=list(_in_short(found, maximum)),
        faults=[one for one in found.hand_ins if one.fault],
        bars=[(label, count, 100 * count / max(1, *(n for _, n in counts))) for label, count in counts],
        questions=found.questions({question.id: question.title for question in assignment.questions}),
        tests=found.tests(),
        clusters=clusters[:_MOST_CLUSTERS],
        more_clusters=len(clusters[_MOST_CLUSTERS:]),
        most_names=_MOST_NAMES,
        slow=found.slow(),
        hand_ins=found.hand_ins,
        page=PAGE,
        alike=alike,
        script=script,
        digest=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
    )


def _in_short(found: Class, maximum: float) -> Iterator[str]:
    scores = found.scores
    if scores:
        spread = f"median {median(scores):.4g}, standard deviation {pstdev(scores):.3g}"
        yield f"{len(scores)} scores: mean {fmean(scores):.4g} of {maximum:g}, {spread}"
    yield f"{len(found.hand_ins)} hand-ins that count: the last one of each person or team"
    if unknown := len(found.hand_ins) - len(scores):
        yield f"{unknown} not final: a fault of the grader"
    if awaited := sum(bool(one.summary.awaited) for one in found.hand_ins):
        yield f"{awaited} not complete: points await a person"


def _write(file: Path, page: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, page)
    except OSError as error:
        todo = "put that right, then give the same command again"
        raise StoreError(file, f"cannot be written: {error.strerror}", todo) from error
