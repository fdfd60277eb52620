"""From an assignment's folder to everything that is built from it."""

import importlib.util
from collections.abc import Iterator
from importlib import resources
from pathlib import Path, PurePosixPath

import coursekit
from autograder.assignment import MANIFEST, Assignment
from autograder.authoring.markers import reference_text, starter_text
from autograder.authoring.notebook import notebook
from autograder.authoring.variants import require_followed, unmarked
from autograder.authoring.weights import solved_weights
from autograder.course import Course, read_salt
from autograder.data.sets import files as data_files
from autograder.errors import BuildError
from autograder.packaging import otter
from autograder.packaging.handout import PAGE, handout_page
from autograder.packaging.zips import read_folder, write_zip
from coursekit.data import TRAIN

Files = dict[PurePosixPath, bytes]
_CONFTEST = '"""Make the course\'s marks and fixtures known to pytest."""\n\npytest_plugins = ["coursekit.plugin"]\n'
_PYTEST = "[pytest]\npythonpath = .\ntestpaths = tests\naddopts = --import-mode=importlib --strict-markers -rN\n"
_BUILT = f"""\
<!-- Built from assignments/{{name}}/ by `autograder build`. Edit there, not here. -->

*The same text with its formulas set: open [{PAGE}]({PAGE}) in a browser.*

"""
_PROGRAMS = frozenset({"hand_in.py"})


def starter_files(assignment: Assignment) -> Files:
    """Give the content of `starter/NAME/`: stubs, handout, notebook, public tests, `hand_in.py`, and all of `given/`.

    Raises:
        MarkerError: if the source's markers do not pair up, or a marked value is not the chosen one.
        BuildError: if the handout or the figures cannot be used.
    """
    require_followed(assignment)
    source = assignment.source.read_text(encoding="utf-8")
    stubs, figures = starter_text(source, assignment.source), _figures(assignment)
    handout = _handout(assignment)
    template = resources.files("autograder.packaging") / "templates" / "hand_in.py"
    texts = {
        assignment.module_file: stubs,
        "README.md": _BUILT.format(name=assignment.name) + handout,
        PAGE: handout_page(assignment, handout, figures),
        f"{assignment.name}.ipynb": notebook(assignment, stubs, handout, figures),
        "conftest.py": _CONFTEST,
        "pytest.ini": _PYTEST,
        "requirements.txt": "\n".join([*assignment.requires, "pytest>=8.2", ""]),
        MANIFEST: (assignment.folder / MANIFEST).read_text(encoding="utf-8"),
        "hand_in.py": template.read_text(encoding="utf-8"),
    } | {f"figures/{name}": svg for name, svg in figures.items()}
    files = {PurePosixPath(name): text.encode() for name, text in texts.items()}
    given = assignment.folder / "given"
    files |= read_folder(given) if given.is_dir() else {}
    return files | {PurePosixPath("tests") / path: content for path, content in read_folder(assignment.public).items()}


def kit_files(assignment: Assignment) -> Files:
    """Give the content of the starter kit's zip: `starter/NAME/`, the course kit that its tests import, training data.

    Raises:
        MarkerError: if the source's markers do not pair up.
        BuildError: if the handout or the figures cannot be used.
    """
    data = {PurePosixPath("data") / file.name: file.read_bytes() for file in _training_data(assignment)}
    return starter_files(assignment) | _below("coursekit", read_folder(Path(coursekit.__path__[0]))) | data


def reference_files(assignment: Assignment) -> Files:
    """Give the content of `reference/NAME/`: the solved module and notebook.

    Raises:
        MarkerError: if the source's markers do not pair up.
        BuildError: if the handout or the figures cannot be used.
    """
    solved = reference_text(assignment.source.read_text(encoding="utf-8"), assignment.source)
    handout = _handout(assignment)
    texts = {
        "__init__.py": f'"""Solved; built from assignments/{assignment.name}/ by `autograder build`."""\n',
        assignment.module_file: solved,
        f"{assignment.name}.ipynb": notebook(
            assignment, solved, handout, _figures(assignment), f"../../starter/{assignment.name}"
        ),
    }
    return {PurePosixPath(name): text.encode() for name, text in texts.items()}


def build(course: Course, assignments: list[Assignment], out: Path) -> Iterator[Path]:
    """Write the built folders, and the zips of each assignment into `out/NAME/`; give each path as it is written.

    Raises:
        BuildError: if something cannot be built, the Otter zip without otter included.
        ManifestError: if the course has no salt.
    """
    for assignment in assignments:
        yield from write_folders(course, assignment)
        yield from _zips(course, assignment, out / assignment.name)


def write_folders(course: Course, assignment: Assignment) -> Iterator[Path]:
    """Write `starter/NAME/` and `reference/NAME/`, and remove what an earlier build left in them.

    Raises:
        MarkerError: if the source's markers do not pair up.
        BuildError: if the handout or the figures cannot be used.
    """
    for folder, files in _built(course, assignment).items():
        _write_folder(folder, files)
        yield folder


def check(course: Course, assignments: list[Assignment]) -> list[str]:
    """List what differs between the built folders and what would be built now."""
    drifts = list(_orphans(course))
    for assignment in assignments:
        for folder, files in _built(course, assignment).items():
            there = read_folder(folder) if folder.is_dir() else {}
            place = folder.relative_to(course.root)
            drifts += [f"{place / path}: is missing" for path in sorted(files.keys() - there.keys())]
            drifts += [f"{place / path}: is left over" for path in sorted(there.keys() - files.keys())]
            changed = [path for path in sorted(files.keys() & there.keys()) if files[path] != there[path]]
            drifts += [f"{place / path}: differs from what its source gives" for path in changed]
    return drifts


def _orphans(course: Course) -> Iterator[str]:
    """Find built folders whose assignment is gone."""
    for home in ("starter", "reference"):
        for folder in sorted((course.root / home).glob("*/")):
            if not (course.root / "assignments" / folder.name / MANIFEST).exists() and read_folder(folder):
                yield f"{home}/{folder.name}: is left over: no assignment has this name"


def _built(course: Course, assignment: Assignment) -> dict[Path, Files]:
    return {
        course.root / "starter" / assignment.name: starter_files(assignment),
        course.root / "reference" / assignment.name: reference_files(assignment),
    }


def _zips(course: Course, assignment: Assignment, out: Path) -> Iterator[Path]:
    kit = kit_files(assignment)
    yield write_zip(out / "starter.zip", _below(assignment.name, kit))
    module = PurePosixPath(assignment.module_file)
    yield write_zip(out / "solved.zip", {module: reference_files(assignment)[module]} | solved_weights(assignment))
    yield write_zip(out / "empty.zip", {module: kit[module]})
    yield otter.write_otter_zip(assignment, read_salt(course.root), out / "autograder.zip")


def _training_data(assignment: Assignment) -> list[Path]:
    return [data_files(name, assignment.folder)[TRAIN] for name in assignment.data]


def _below(name: str, files: Files) -> Files:
    return {PurePosixPath(name) / path: content for path, content in files.items()}


def _write_folder(folder: Path, files: Files) -> None:
    """Write the files, and remove what an earlier build left."""
    for path in read_folder(folder) if folder.is_dir() else ():
        if path not in files:
            (folder / path).unlink()
    for path, content in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _handout(assignment: Assignment) -> str:
    file = assignment.folder / "handout.md"
    if not file.exists():
        raise BuildError(file, "there is no handout", "write what a student reads")
    return unmarked(file.read_text(encoding="utf-8"))


def _figures(assignment: Assignment) -> dict[str, str]:
    """Draw an assignment's pictures: file name → SVG text; none without a figures.py."""
    file = assignment.folder / "figures.py"
    if not file.exists():
        return {}
    spec = importlib.util.spec_from_file_location(f"figures_of_{assignment.name}", file)
    if spec is None or spec.loader is None:
        raise BuildError(file, "this is no Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        return dict(module.draw())
    except Exception as error:
        raise BuildError(
            file, f"the figures cannot be drawn: {error!r}", "draw() gives file name → SVG text"
        ) from error
