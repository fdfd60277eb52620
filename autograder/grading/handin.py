"""Open a hand-in, whatever it is, without trusting it.

No byte is read as Python: what comes out is the named files' content, bounded and in memory.
"""

import json
import re
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.assignment import Assignment
from autograder.errors import HandInError, did_you_mean
from autograder.grading.archive import Entry, bounded, entry_of, in_folder, in_zip
from autograder.results.wording import one_line

TEAM = "handin.json"
_ONE_FILE = frozenset({".py", ".ipynb", ".zip"})
_MOST_PARTS = 500_000  # commas and brackets of a JSON file
_MOST_SOURCE = 2 * 2**20  # bytes of one module, or of a notebook's code
_MOST_MEMBERS = 20
_MOST_NAME = 200  # characters
_MOST_LISTED = 5
_UTF_8 = "save it as UTF-8 and hand it in again"
_ONLY_IPYTHON = re.compile(
    r"^([ \t]*)(?:(?<![ \t])%|%\w|!|\?|[\w.]+\?{1,2}[ \t]*$)(?:.*\\\n)*.*$",
    re.MULTILINE,
)
_ASSIGNS_A_COMMAND = re.compile(r"^([ \t]*)[\w,][\w, \t]*=[ \t]*(?:!|%\w).*$", re.MULTILINE)
_TRANSPARENT = ("%%time", "%%capture", "%%prun")  # magics of cells that hold Python


@dataclass(frozen=True)
class HandIn:
    """An opened hand-in.

    Attributes:
        name: what was opened; student text, so escape it.
        files: content of the assignment's files that were found, by their expected names.
        members: who handed in together; empty when the hand-in does not say.
        notes: remarks for the student.
        notebook: whether the module's content is the code of a notebook's cells.
    """

    name: str
    files: dict[str, bytes]
    members: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    notebook: bool = False


def open_handin(path: Path, assignment: Assignment) -> HandIn:
    """Open a module, a notebook, a zip or a folder.

    Args:
        path: a file given directly is the module, whatever its name; in a zip or a folder the name must fit.
        assignment: says which files are handed in.

    Raises:
        HandInError: if the student has to put something right; the text is for the student.
        GraderFault: if the file is not there or may not be read.
    """
    path = path.absolute()
    entry, suffix = entry_of(path.name, path, path.parent), path.suffix.lower()
    if stat.S_ISDIR(entry.mode):
        return _select(path.name, bounded(path.name, in_folder(path)), assignment)
    if suffix == ".zip":
        return _select(path.name, bounded(path.name, in_zip(entry)), assignment)
    if suffix in {".py", ".ipynb"}:
        return _assemble(entry, [], assignment)
    todo = f"hand in {assignment.module_file}, a notebook, or a zip of them"
    raise entry.wrong("is no Python file, notebook, zip or folder", todo)


def open_files(home: str, files: Mapping[str, Path], assignment: Assignment) -> HandIn:
    """Open files that were handed in together and lie apart, as some platforms give them.

    Args:
        home: the hand-in's name.
        files: name as it was handed in → where the file lies.
        assignment: says which files are handed in.

    Raises:
        HandInError: if the student has to put something right; the text is for the student.
        GraderFault: if a file is not there or may not be read.
    """
    entries = [
        replace(entry_of(home, path.absolute(), path.absolute().parent), path=PurePosixPath(name))
        for name, path in files.items()
    ]
    return _select(home, bounded(home, iter(entries)), assignment)


def handed_in(folder: Path) -> Path:
    """Give the file that is all of a submission, else its folder: who hands in one file may name it freely.

    Args:
        folder: the submission; what an archive leaves beside a file does not count.
    """
    entries = [entry for entry in folder.iterdir() if not entry.name.startswith((".", "__"))]
    single = len(entries) == 1 and entries[0].suffix.lower() in _ONE_FILE
    return entries[0] if single and entries[0].is_file() and not entries[0].is_symlink() else folder


def write_to(handin: HandIn, folder: Path, data: Sequence[Path] = ()) -> None:
    """Write a hand-in's files into a folder, for a worker to read.

    Args:
        handin: whose files.
        folder: which is empty.
        data: training data, copied to where the kit has them: a module may read them while it is imported.
    """
    for name, content in handin.files.items():
        (folder / name).write_bytes(content)
    if data:
        (folder / "data").mkdir()
    for source in data:
        shutil.copyfile(source, folder / "data" / source.name)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _select(home: str, entries: Sequence[Entry], assignment: Assignment) -> HandIn:
    """Find the module, or a notebook in its place, among the files of a zip or a folder."""
    named = (assignment.module_file, f"{assignment.module}.ipynb", f"{assignment.name}.ipynb")
    module = _find(entries, *named) or _only_notebook(entries, named)
    if module is None:
        raise _missing(home, entries, assignment)
    return _assemble(module, entries, assignment)


def _find(entries: Sequence[Entry], *names: str) -> Entry | None:
    found = [entry for entry in entries if entry.name in names]
    if len(found) > 1:
        what = f"{len(found)} files could be {names[0]}: {_listed(found)}"
        raise HandInError(one_line(found[0].home), what, "hand in only the one that counts")
    return found[0] if found else None


def _only_notebook(entries: Sequence[Entry], names: Sequence[str]) -> Entry | None:
    """Take the only notebook under whatever name, unless a misspelt module lies there too."""
    notebooks = [entry for entry in entries if entry.is_notebook]
    misspelt = any(not entry.is_notebook for entry in _near(entries, names))
    return notebooks[0] if len(notebooks) == 1 and not misspelt else None


def _near(entries: Sequence[Entry], names: Sequence[str]) -> list[Entry]:
    wanted = [name.lower() for name in names]
    code = [entry for entry in entries if entry.is_notebook or entry.path.suffix.lower() == ".py"]
    return [entry for entry in code if did_you_mean(entry.name.lower(), wanted)]


def _listed(entries: Sequence[Entry]) -> str:
    shown = ", ".join(map(str, entries[:_MOST_LISTED])) or "nothing"
    return f"{shown}, …" if len(entries) > _MOST_LISTED else shown


def _missing(home: str, entries: Sequence[Entry], assignment: Assignment) -> HandInError:
    wanted = assignment.module_file
    what = f"found {_listed(_near(entries, [wanted]) or entries)}; this assignment hands in {wanted}"
    return HandInError(one_line(home), what, f"name the file {wanted}, with small and capital letters as here")


def _assemble(module: Entry, entries: Sequence[Entry], assignment: Assignment) -> HandIn:
    """Read the files that were found."""
    code = _notebook_code(module) if module.is_notebook else _source(module)
    files = {assignment.module_file: _plain_text(module, code)}
    for name in assignment.hand_in[1:]:
        if entry := _find(entries, name):
            content = entry.read()
            files[name] = _plain_text(entry, content) if name.endswith(".py") else content
    weights, remarks = _weights(entries, assignment)
    files |= weights
    team = _find(entries, TEAM)
    notes = (*remarks, *_notes(module, entries, files, assignment))
    return HandIn(module.home, files, _members(team) if team else (), notes, module.is_notebook)


def _source(module: Entry) -> bytes:
    content = module.read(_MOST_SOURCE)
    if content.lstrip().startswith(b"{") and b'"nbformat"' in content:
        raise module.wrong("is a notebook under the name of a module", f"name it {module.path.stem}.ipynb")
    return content


def _weights(entries: Sequence[Entry], assignment: Assignment) -> tuple[dict[str, bytes], list[str]]:
    """Read the file of weights; one that cannot be taken costs its own question, and a remark says why."""
    found = (
        [entry for name in assignment.weights.names if (entry := _find(entries, name))] if assignment.weights else []
    )
    remarks = [f"{entry} is left out: {found[0]} is graded" for entry in found[1:]]
    try:
        return {entry.name: entry.read() for entry in found[:1]}, remarks
    except HandInError as error:
        return {}, [*remarks, f"{error.what}; the weights were left out"]


def _notes(module: Entry, entries: Sequence[Entry], files: dict[str, bytes], assignment: Assignment) -> Iterator[str]:
    """Say what was taken for the module, what is missing, and what Python files beside it are not graded."""
    if module.name != assignment.module_file:
        yield f"{module} was graded as {assignment.module_file}"
    for name in assignment.hand_in:
        if name not in files:
            yield f"{name} is missing"
    there = {entry.name for entry in entries}
    if (weights := assignment.weights) and not weights.retrain and not there & {*weights.names}:
        yield f"{weights.names[0]} is missing: without trained weights their question earns nothing"
    beside = [entry for entry in entries if entry.path.parent == module.path.parent and entry.path.suffix == ".py"]
    if left := [entry for entry in beside if entry.name not in files]:
        yield f"only {', '.join(files)} is graded; left out: {_listed(left)}"


def _plain_text(entry: Entry, content: bytes) -> bytes:
    """Take off a byte-order mark and make line ends plain; the text itself is only checked to be UTF-8."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise entry.wrong("is saved as UTF-16", _UTF_8)
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise entry.wrong(f"is not UTF-8: byte 0x{content[error.start]:02x} in line {line}", _UTF_8) from None
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(0)) + 1
        raise entry.wrong(f"is no text: it holds a NUL byte in line {line}", _UTF_8)
    return content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _json(entry: Entry, todo: str) -> dict[str, Any]:
    """Read a JSON object; nesting that Python cannot follow is an error like any other."""
    content = entry.read()
    if sum(map(content.count, (b",", b"[", b"{"))) > _MOST_PARTS:  # each takes a hundred bytes of memory
        raise entry.wrong(f"has more than {_MOST_PARTS:,} parts", "clear the outputs of its cells, and save it again")
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise entry.wrong("cannot be read: it is no JSON object", todo)
    return data


def _members(team: Entry) -> tuple[str, ...]:
    todo = 'write {"members": ["ada@example.org", "alan@example.org"]}'
    people = _json(team, todo).get("members")
    if not isinstance(people, list) or len(people) > _MOST_MEMBERS or not all(map(_is_name, people)):
        raise team.wrong("does not name the members of a team", todo)
    return tuple(dict.fromkeys(people))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and value.strip() != "" and len(value) <= _MOST_NAME


def _notebook_code(notebook: Entry) -> bytes:
    """Join a notebook's code cells; what only IPython understands becomes `pass`."""
    todo = "save the notebook again in Jupyter or Colab, or hand in a Python file"
    cells: Any = _json(notebook, todo).get("cells")
    try:
        code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        texts = [source if isinstance(source, str) else "".join(source) for source in code]
        text = "\n\n".join(text for text in texts if _is_python(text.lstrip()))
        if len(text) > _MOST_SOURCE:
            raise notebook.wrong(
                f"holds more than {_MOST_SOURCE // 2**20} MB of code", "hand in your code, without data"
            )
        text = _ASSIGNS_A_COMMAND.sub(r"\1pass", text.replace("\r\n", "\n"))
        return _ONLY_IPYTHON.sub(r"\1pass", text).encode("utf-8")
    except (TypeError, KeyError, ValueError):
        raise notebook.wrong("has no cells that can be read", todo) from None


def _is_python(cell: str) -> bool:
    return not cell.startswith("%%") or cell.startswith(_TRANSPARENT)
