"""The verbs for people who grade; each imports what it needs when it runs."""

from pathlib import Path

import click

_RUN = click.Path(path_type=Path, exists=True, file_okay=False)
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_STORE = click.option("--store", envvar="AUTOGRADER_STORE", help="Address of the database, as given to grade.")
_ROSTER = click.option("--roster", type=_FILE, help="The platform's list of students: CSV as it exports it.")
_SECTION = click.option("--section", help="Only the students of this section of the roster.")
_BY = click.option("--by", "who", help="Who decides; your user name by default.")


@click.command()
@click.argument("run", metavar="RUN", type=_RUN)
@click.argument("file", metavar="[CSV]", type=_FILE, required=False)
@_ROSTER
@_SECTION
@_BY
@_STORE
def mark(  # noqa: PLR0913, PLR0917 - one for each option
    run: Path, file: Path | None, roster: Path | None, section: str | None, who: str | None, store: str | None
) -> None:
    """Mark written answers: write a CSV with a row for each that awaits a person, or read it filled in.

    Write the ids of the rubric's items that an answer earns into its row,
    or none where it earns nothing; the comment is shown to the student.
    """
    from autograder.batch import staff
    from autograder.batch.desk import at_desk

    if file and section:
        raise click.UsageError("--section chooses what is written; of a CSV, every row is read")
    with at_desk(run, store, roster, alone=True) as desk:
        if file:
            staff.take_marks(desk, file, who)
        else:
            staff.write_marks(desk, run, section)


@click.command(context_settings={"ignore_unknown_options": True})  # -2 is a number of points
@click.argument("run", metavar="RUN", type=_RUN)
@click.argument("student")
@click.argument("question")
@click.argument("delta")
@click.option("--reason", required=True, help="Why: the student reads it.")
@_ROSTER
@_BY
@_STORE
def adjust(  # noqa: PLR0913, PLR0917 - one for each argument
    run: Path,
    student: str,
    question: str,
    delta: str,
    reason: str,
    roster: Path | None,
    who: str | None,
    store: str | None,
) -> None:
    """Add points to a question of somebody's hand-in, and so of their team's, or take them.

    Adjustments are never changed and survive every regrade: take one back by its opposite.
    """
    from autograder.batch import staff
    from autograder.batch.desk import at_desk

    with at_desk(run, store, roster, alone=True) as desk:
        staff.adjust(desk, student, question, delta, reason, who)


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, type=_RUN)
@click.option("--format", "platform", type=click.Choice(["canvas", "moodle", "gradescope"]), required=True)
@click.option("--policy", type=_FILE, help="The course's rules for late work and for what counts: TOML.")
@_ROSTER
@_SECTION
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file; in the first run by default.")
@_STORE
def gradebook(  # noqa: PLR0913, PLR0917 - one for each option
    runs: tuple[Path, ...],
    platform: str,
    policy: Path | None,
    roster: Path | None,
    section: str | None,
    out: Path | None,
    store: str | None,
) -> None:
    """Write the grades of runs as a CSV that a platform imports, one row for each student.

    Slip days are counted over all runs that are named, in the order of their deadlines.
    """
    from autograder.batch import staff

    staff.gradebook(runs, store, platform, policy, roster, section, out)


@click.command()
@click.argument("run", metavar="RUN", type=_RUN)
@click.option(
    "--at-least", "percent", type=click.FloatRange(1, 100), default=60, show_default=True,
    help="Percent of either module that the other has to have, too.",
)  # fmt: skip
@_ROSTER
@_SECTION
@_STORE
def similar(run: Path, percent: float, roster: Path | None, section: str | None, store: str | None) -> None:
    """Find hand-ins that look alike, and write a page that shows them side by side.

    What the starter gives does not count, nor does renaming; people of one
    team are not compared.
    """
    from autograder.batch import staff
    from autograder.batch.desk import at_desk

    with at_desk(run, store, roster) as desk:
        staff.similar(desk, run, percent, section)


@click.command()
@click.argument("run", metavar="RUN", type=_RUN)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Where the pages go; beside the results by default."
)
@_ROSTER
@_STORE
def report(run: Path, out: Path | None, roster: Path | None, store: str | None) -> None:
    """Write a page for each hand-in, for its students, and one about the class, for you: report.html.

    The pages need no network and no server. In the one about the class are
    faults of the grader, scores, questions by difficulty and discrimination,
    tests, and who went wrong in the same way.
    """
    from autograder.batch import report as pages
    from autograder.batch.desk import at_desk

    with at_desk(run, store, roster) as desk:
        pages.report(desk, run, out)


VERBS = (mark, adjust, gradebook, similar, report)
