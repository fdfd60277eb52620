"""The command line: a few verbs, assignments named the same way everywhere.

Exit status 0: everything asked for was done; 1: the work is wrong; 2: the call is wrong.
Each verb imports what it needs when it runs, so that --help answers at once.
"""

import os
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from autograder import __version__
from autograder.batch.verbs import VERBS
from autograder.errors import AutograderError, CallError, ManifestError, PeopleError

if TYPE_CHECKING:
    from autograder.assignment import Assignment
    from autograder.course import Course
    from autograder.proof.claims import Claim

_NAMES = click.argument("names", metavar="[ASSIGNMENT]...", nargs=-1)
_COURSE = click.option(
    "--course", "root", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path(),
    help="The course's folder; the one around this folder by default.",
)  # fmt: skip

_WORKERS = click.option(
    "--workers", type=click.IntRange(min=1),
    help="How many graders work here at once; as many as there are processors and work for them by default.",
)  # fmt: skip
_SCHEDULER = click.option(
    "--scheduler", default="", help="Address of a Dask scheduler, whose workers are used instead."
)
_STORE = click.option(
    "--store", envvar="AUTOGRADER_STORE",
    help="Address of the database; grades.sqlite in the run's folder by default. [$AUTOGRADER_STORE]",
)  # fmt: skip


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def cli() -> None:
    """Build, prove and grade the assignments of a course."""


@cli.command("list")
@_COURSE
def list_assignments(root: Path) -> None:
    """List the course's assignments."""
    from autograder.assignment import find_assignments
    from autograder.course import find_course

    for assignment in find_assignments(find_course(root).root):
        questions = len(assignment.questions)
        size = f"{assignment.points:>4g} points, {questions:>2} questions"
        click.echo(f"{assignment.name:<20} {size}  {assignment.title}")


@cli.command()
@_NAMES
@_COURSE
@click.option("--out", type=click.Path(path_type=Path), help="Where the zips go; dist/ in the course by default.")
@click.option("--check", is_flag=True, help="Only say what has drifted from its source; write nothing.")
@click.option("--image", is_flag=True, help="Build the container images, too: autograder-ASSIGNMENT. Needs docker.")
def build(names: tuple[str, ...], root: Path, out: Path | None, *, check: bool, image: bool) -> None:
    """Write starter and reference folders, and the zips of dist/, from each assignment's folder."""
    from autograder.packaging import build as packaging
    from autograder.packaging.image import build_image

    course, assignments = _find(root, names)
    if check:
        drifts = packaging.check(course, assignments)
        for drift in drifts:
            click.echo(drift)
        if drifts:
            raise click.ClickException(f"{len(drifts)} built files have drifted; run: autograder build")
        return
    out = out or course.root / "dist"
    for path in packaging.build(course, assignments, out):
        click.echo(path)
    for assignment in assignments if image else ():
        archive = out / assignment.name / "autograder.zip"
        click.echo(build_image(archive, f"autograder-{assignment.name}", course.base))


@cli.command()
@_NAMES
@_COURSE
@click.option(
    "--quick", is_flag=True, help="Without generated mutants; mistakes in their own questions; slow tests once."
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write every claim with its evidence here.")
@click.option("--html", "page", type=click.Path(path_type=Path), help="Write which test catches what, as a page, here.")
@click.option("--container", is_flag=True, help="Grade the reference in its container, too. Needs docker.")
@click.option("--matrix", "show_matrix", is_flag=True, help="Show which test catches what, as a table.")
@click.option("--workers", default=2, show_default=True, help="How many graders run at once.")
@click.option("--no-cache", is_flag=True, help="Make every proof anew.")
def verify(  # noqa: PLR0913 - one for each option
    names: tuple[str, ...],
    root: Path,
    json_file: Path | None,
    page: Path | None,
    workers: int,
    *,
    quick: bool,
    container: bool,
    show_matrix: bool,
    no_cache: bool,
) -> None:
    """Prove that each suite grades what it claims to.

    The reference and every accepted solution must earn every point, the
    starter none, each known mistake must lose points in the question it
    names and show its hint, and at least 95 % of the generated mutants
    must die; those that live are listed. All assignments when none is
    named.
    """
    from rich.console import Console

    from autograder.course import read_salt
    from autograder.proof import matrix
    from autograder.proof.cache import default_file
    from autograder.proof.verify import Proof, claims_about

    course, assignments = _find(root, names)
    proof = Proof(workers, quick, None if no_cache else default_file(), course.base if container else "")
    salt, made = read_salt(course.root), []
    for assignment in assignments:
        for claim in claims_about(assignment, salt, proof):
            made.append(claim)
            click.echo(_said(claim, "  (before)" if claim.cached else f"  ({claim.seconds:.1f} s)"))
    if show_matrix:
        Console().print(matrix.table(made))
    for line in matrix.summary(made):
        click.echo(line)
    if json_file:
        matrix.write_json(json_file, made)
    if page:
        matrix.write_page(page, made)
    _require_proven(made)


@cli.command()
@click.argument("name", metavar="ASSIGNMENT")
@click.argument("hand_ins", metavar="HANDIN...", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@_COURSE
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The run's folder: results and grades.")
@click.option("--seed", default=0, show_default=True, help="Seed of the run: another one gives other inputs.")
@_WORKERS
@_SCHEDULER
@_STORE
@click.option("--lines", "--verbose", is_flag=True, help="Print a line for each hand-in as it is ready.")
@click.option("--allow-unconfined", is_flag=True, help="Grade even where student code could read hidden tests.")
def grade(  # noqa: PLR0913, PLR0917 - one for each option
    name: str,
    hand_ins: tuple[Path, ...],
    root: Path,
    out: Path | None,
    seed: int,
    workers: int | None,
    scheduler: str,
    store: str | None,
    *,
    lines: bool,
    allow_unconfined: bool,
) -> None:
    """Grade hand-ins: modules, notebooks, zips, folders of them, or what Gradescope, Moodle or Canvas give, unzipped.

    With --out, each grade is kept the moment that it is made: the same
    command, given again, goes on where it was, and grades only what has
    changed since.
    """
    from autograder.batch import commands
    from autograder.batch.batch import Workers
    from autograder.course import read_salt

    if out is None and click.get_current_context().get_parameter_source("store") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--store keeps the grades of a run: name the run's folder, too, with --out")
    course, (assignment,) = _find(root, (name,))
    task = commands.task_of(assignment, read_salt(course.root), seed, allow_unconfined=allow_unconfined)
    who = Workers(workers, scheduler)
    _require_final(
        commands.grade(assignment, task, hand_ins, who, commands.Place(course.root, out, store), lines=lines)
    )


@cli.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--apply", is_flag=True, help="Make the new grades count; the old ones stay in the history.")
@_WORKERS
@_SCHEDULER
@_STORE
def regrade(run: Path, workers: int | None, scheduler: str, store: str | None, *, apply: bool) -> None:
    """Grade again what has changed since a run, and show whose grade changes, and by which test.

    RUN is an --out folder of grade. Nobody's grade changes without --apply.
    """
    from autograder.batch import commands
    from autograder.batch.batch import Workers

    _require_final(commands.regrade(run, store, Workers(workers, scheduler), apply=apply))


@cli.command()
def doctor() -> None:
    """Say what this machine can confine, and which libraries it has."""
    from autograder.sandbox.doctor import findings

    for finding in findings():
        click.echo(f"{'ok' if finding.good else '--':<3}{finding.text}")


@cli.group()
def data() -> None:
    """Fetch data sets, and see which are there."""


@data.command("list")
@_COURSE
def list_data(root: Path) -> None:
    """List the data sets, where each one is, and how many images it has."""
    from autograder.data.sets import inventory

    for entry in inventory(_data_folders(root)):
        click.echo(f"{'ok' if entry.there else '--':<3}{entry}")


@data.command("fetch")
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--from", "sources", multiple=True, help="A folder or a mirror that has the data set's own files.")
@_COURSE
def fetch_data(names: tuple[str, ...], sources: tuple[str, ...], root: Path) -> None:
    """Bring data sets into the cache, checked against their checksums."""
    from autograder.course import find_course
    from autograder.data.fetch import cache_folder, fetch

    for name in names:
        found = fetch(name, (*sources, *find_course(root).data))
        counts = ", ".join(f"{count:,} {part}" for part, count in found.counts.items())
        click.echo(f"{name}: {counts} images in {cache_folder()}, from {found.source}")


@cli.command()
@click.argument("choices", metavar="[ASSIGNMENT.VARIANT=CHOICE]...", nargs=-1)
@_COURSE
def choose(choices: tuple[str, ...], root: Path) -> None:
    """Choose variants: write the choices' values wherever an assignment's files are marked with them.

    Without choices, list what there is to choose.
    """
    course, assignments = _find(root, ())
    _choose(course, choices)
    for assignment in () if choices else assignments:
        for variant in assignment.variants:
            others = ", ".join(name for name in variant.choices if name != variant.chosen)
            click.echo(f"{assignment.name}.{variant.id}={variant.chosen}  (or {others})  {variant.about}")


@cli.group()
def new() -> None:
    """Start something: a course, an assignment, a term, or the course's salt."""


@new.command("course")
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def new_course(root: Path) -> None:
    """Write a course with its salt and one small assignment that verifies green, to be filled with your own."""
    from autograder.authoring import scaffold

    course = scaffold.new_course(root)
    click.echo(f"{course.root}\nnext: cd {root}, then autograder verify --quick, then autograder build")


@new.command("assignment")
@click.argument("name")
@_COURSE
def new_assignment(name: str, root: Path) -> None:
    """Write a small assignment that verifies green, to be filled with your own."""
    from autograder.authoring import scaffold
    from autograder.course import find_course

    folder = scaffold.new_assignment(find_course(root), name)
    click.echo(f"{folder}\nnext: autograder verify {name}")


@new.command("term")
@_COURSE
@click.option("--verify", "prove", is_flag=True, help="Prove every suite with the new inputs, as verify does.")
@click.option(
    "--variant", "choices", multiple=True, metavar="ASSIGNMENT.VARIANT=CHOICE",
    help="Choose another variant, as choose does; all others stay.",
)  # fmt: skip
@click.pass_context
def new_term(context: click.Context, root: Path, choices: tuple[str, ...], *, prove: bool) -> None:
    """Give the course a new salt, so that hidden tests have other inputs; the old one is kept in .salts/."""
    from datetime import date

    from autograder.course import read_salt, rotate_salt

    course, assignments = _find(root, ())
    read_salt(course.root)  # complains before anything is chosen
    _choose(course, choices)
    old = rotate_salt(course.root, date.today())  # noqa: DTZ011 - the day on this machine's wall
    chosen = " ".join(assignment.chosen for assignment in assignments if assignment.variants)
    back = f" and run: autograder choose {chosen}" if choices else ""
    click.echo(f"hidden tests have new inputs; to regrade the last term, put {old} back as .salt{back}")
    click.echo(f"next: {'' if prove else 'autograder verify, then '}autograder build, and upload the new zips")
    if prove:
        context.invoke(verify, root=root)


@new.command("salt")
@_COURSE
def new_salt(root: Path) -> None:
    """Write the course's salt, which makes the inputs of its hidden tests its own; keep it out of git."""
    from autograder.course import find_course, write_salt

    click.echo(write_salt(find_course(root).root))


for verb in VERBS:
    cli.add_command(verb)


def main() -> None:
    """Run the command line; an error of ours is one message and a status, never a traceback."""
    os.environ["PYTHONSAFEPATH"] = "1"  # no process started from here imports what lies in this folder: hand-ins may
    try:
        cli()
    except (CallError, ManifestError, PeopleError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
    except AutograderError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


def _find(root: Path, names: tuple[str, ...]) -> "tuple[Course, list[Assignment]]":
    from autograder.assignment import find_assignments
    from autograder.course import find_course

    course = find_course(root)
    return course, find_assignments(course.root, names)


def _choose(course: "Course", choices: tuple[str, ...]) -> None:
    from autograder.authoring import variants

    for file in variants.choose(course.root, choices):
        click.echo(file.relative_to(course.root))


def _data_folders(root: Path) -> list[Path]:
    """Give the assignments' own folders of data and those that the course names, where this is a course."""
    from autograder.assignment import find_assignments
    from autograder.course import data_folders, find_course

    try:
        own = [assignment.folder / "data" for assignment in find_assignments(find_course(root).root)]
        return [*own, *data_folders(root)]
    except ManifestError:
        return []


def _said(claim: "Claim", time: str = "") -> str:
    """Say whether a claim holds, and what was seen where the proof fails by it."""
    sign = "ok" if claim.holds else "NO" if claim.fails else "--"
    why = "\n" + textwrap.indent(claim.broken, " " * 5) if claim.fails else ""
    return f"{sign:<3}{claim.assignment}: {claim.text}{time}{why}"


def _require_proven(made: "list[Claim]") -> None:
    if broken := [_said(claim) for claim in made if claim.fails]:
        do = "does" if len(broken) == 1 else "do"
        raise click.ClickException("\n".join([f"{len(broken)} of {len(made)} claims {do} not hold", *broken]))


def _require_final(final: bool) -> None:  # noqa: FBT001 - it is all that there is
    if not final:
        raise click.ClickException("the grader itself failed on some tests; those grades are not final")
