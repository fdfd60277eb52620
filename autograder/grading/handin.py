"""Open a hand-in, whatever it is, without trusting it.

Nothing is extracted, no link is followed, no size that an archive claims is believed, and no
byte is read as Python: what comes out is the named files' content, bounded and in memory.
"""

import io
import json
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from autograder.assignment import Assignment
from autograder.errors import GraderFault, HandInError, did_you_mean
from autograder.results.wording import one_line

TEAM = "handin.json"
MOST_FILE = 20 * 2**20  # bytes of one file that is handed in
MOST_TOTAL = 200 * 2**20  # bytes of a whole hand-in, unpacked
MOST_FILES = 2_000
_MOST_FOLDERS = 20  # how deep a folder is searched
_MOST_MEMBERS = 20
_MOST_NAME = 200  # characters
_MOST_LISTED = 5
_CHUNK = 2**16
_DIRECTORY_ENTRY = b"PK\x01\x02"  # stands before each entry of a zip's directory
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others can ask for any amount of memory
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OSError, OverflowError)
_UTF_8 = "save it as UTF-8 and hand it in again"
_ONLY_IPYTHON = re.compile(
    r"^([ \t]*)(?:(?<![ \t])%|%\w|!|\?|[\w.]+\?{1,2}[ \t]*$)(?:.*\\\n)*.*$",
    re.MULTILINE,
)
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


@dataclass(frozen=True)
class _Entry:
    """A file of a hand-in that has not been read yet.

    Attributes:
        home: name of the hand-in.
        path: where the file stands in it.
        size: bytes, as folder or archive claim.
        mode: its kind and permissions, as `stat` has them.
        get: gives at most so many bytes of it.
    """

    home: str
    path: PurePosixPath
    size: int
    mode: int
    get: Callable[[int], bytes]

    def __str__(self) -> str:
        return one_line(str(self.path))

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def is_notebook(self) -> bool:
        return self.path.suffix.lower() == ".ipynb"

    def wrong(self, what: str, todo: str) -> HandInError:
        return HandInError(one_line(self.home), f"{self} {what}", todo)

    def read(self, most: int = MOST_FILE) -> bytes:
        kind = stat.S_IFMT(self.mode)
        if kind not in {0, stat.S_IFREG}:
            raise self.wrong("is a link" if kind == stat.S_IFLNK else "is no plain file", "hand in the file itself")
        content = self.get(most + 1) if self.size <= most else b""
        if max(self.size, len(content)) > most:
            raise self.wrong(f"is larger than {most // 2**20} MB", "hand in your code, without data sets")
        return content


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
    entry, suffix = _entry(path.name, path, path.parent), path.suffix.lower()
    if stat.S_ISDIR(entry.mode):
        return _select(path.name, _bounded(path.name, _in_folder(path)), assignment)
    if suffix == ".zip":
        return _select(path.name, _bounded(path.name, _in_zip(entry)), assignment)
    if suffix in {".py", ".ipynb"}:
        return _assemble(entry, [], assignment)
    todo = f"hand in {assignment.module_file}, a notebook, or a zip of them"
    raise entry.wrong("is no Python file, notebook, zip or folder", todo)


def write_to(handin: HandIn, folder: Path) -> None:
    """Write a hand-in's files into a folder, for a worker to read."""
    for name, content in handin.files.items():
        file = folder / name
        file.write_bytes(content)
        file.chmod(0o644)


def _entry(home: str, file: Path, root: Path) -> _Entry:
    try:
        found = file.lstat()
    except OSError as error:
        raise _unreadable(file, error) from None
    inside = PurePosixPath(file.relative_to(root).as_posix())
    return _Entry(home, inside, found.st_size, found.st_mode, partial(_read_file, file))


def _read_file(file: Path, most: int) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # lest it became a link or a FIFO meanwhile
    try:
        with os.fdopen(os.open(file, flags), "rb") as opened:
            return opened.read(most)
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: object, error: OSError) -> GraderFault:
    return GraderFault(one_line(str(file)), f"cannot be read: {error.strerror}", "let the grader read it")


def _in_folder(folder: Path) -> Iterator[_Entry]:
    """List a folder's files, not following links."""

    def refuse(error: OSError) -> None:
        raise _unreadable(error.filename, error)

    for home, folders, names in os.walk(folder, onerror=refuse):
        deep = len(Path(home).relative_to(folder).parts) >= _MOST_FOLDERS
        folders[:] = [] if deep else sorted(name for name in folders if not _is_clutter(name))
        for name in sorted(names):
            if not _is_clutter(name):
                yield _entry(folder.name, Path(home, name), folder)


def _in_zip(file: _Entry) -> Iterator[_Entry]:
    """List a zip's files; the size of its directory is bounded before it is read."""
    content = file.read(MOST_TOTAL)
    if content.count(_DIRECTORY_ENTRY) > MOST_FILES:
        raise _too_many(file.name)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except _DAMAGED:
        raise file.wrong("is damaged, or no zip file", "zip it again and hand in that") from None
    for info in archive.infolist():
        inside = PurePosixPath(info.filename.replace("\\", "/"))
        if not info.is_dir() and not any(map(_is_clutter, inside.parts)):
            get = partial(_unzip, file, archive, info)
            yield _Entry(file.name, inside, info.file_size, info.external_attr >> 16, get)


def _unzip(file: _Entry, archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    """Unpack a file of a zip until it ends or is too large, whatever size the zip claims."""
    if info.flag_bits & 1:
        raise file.wrong("is protected by a password", "zip it again, without a password")
    if info.compress_type not in _METHODS:
        raise file.wrong("is compressed in an unusual way", "zip it again, with your system's own tool")
    content = bytearray()
    try:
        with archive.open(info) as opened:
            while len(content) < most and (chunk := opened.read(min(_CHUNK, most - len(content)))):
                content += chunk
    except _DAMAGED:
        raise file.wrong(f"is damaged at {one_line(info.filename)}", "zip it again and hand in that") from None
    return bytes(content)


def _is_clutter(name: str) -> bool:
    """Tell what systems and tools leave behind, and what points out of the hand-in."""
    return name.startswith((".", "__MACOSX", "__pycache__"))


def _bounded(home: str, entries: Iterator[_Entry]) -> list[_Entry]:
    """Collect what a hand-in holds, as long as it is not too much."""
    found: list[_Entry] = []
    total = 0
    for entry in entries:
        found.append(entry)
        total += entry.size
        if len(found) > MOST_FILES:
            raise _too_many(home)
        if total > MOST_TOTAL:
            what = f"{one_line(home)} is larger than {MOST_TOTAL // 2**20} MB unpacked"
            raise HandInError(one_line(home), what, "hand in your code, without data sets")
    return found


def _too_many(home: str) -> HandInError:
    what = f"{one_line(home)} holds more than {MOST_FILES:,} files"
    return HandInError(one_line(home), what, "hand in the assignment's files alone")


def _select(home: str, entries: Sequence[_Entry], assignment: Assignment) -> HandIn:
    """Find the module, or a notebook in its place, among the files of a zip or a folder."""
    named = (assignment.module_file, f"{assignment.module}.ipynb", f"{assignment.name}.ipynb")
    module = _find(entries, *named) or _only_notebook(entries, named)
    if module is None:
        raise _missing(home, entries, assignment)
    return _assemble(module, entries, assignment)


def _find(entries: Sequence[_Entry], *names: str) -> _Entry | None:
    found = [entry for entry in entries if entry.name in names]
    if len(found) > 1:
        what = f"{len(found)} files could be {names[0]}: {_listed(found)}"
        raise HandInError(one_line(found[0].home), what, "hand in only the one that counts")
    return found[0] if found else None


def _only_notebook(entries: Sequence[_Entry], names: Sequence[str]) -> _Entry | None:
    """Take the only notebook under whatever name, unless a misspelt module lies there too."""
    notebooks = [entry for entry in entries if entry.is_notebook]
    misspelt = any(not entry.is_notebook for entry in _near(entries, names))
    return notebooks[0] if len(notebooks) == 1 and not misspelt else None


def _near(entries: Sequence[_Entry], names: Sequence[str]) -> list[_Entry]:
    wanted = [name.lower() for name in names]
    code = [entry for entry in entries if entry.is_notebook or entry.path.suffix.lower() == ".py"]
    return [entry for entry in code if did_you_mean(entry.name.lower(), wanted)]


def _listed(entries: Sequence[_Entry]) -> str:
    shown = ", ".join(map(str, entries[:_MOST_LISTED])) or "nothing"
    return f"{shown}, …" if len(entries) > _MOST_LISTED else shown


def _missing(home: str, entries: Sequence[_Entry], assignment: Assignment) -> HandInError:
    wanted = assignment.module_file
    what = f"found {_listed(_near(entries, [wanted]) or entries)}; this assignment hands in {wanted}"
    return HandInError(one_line(home), what, f"name the file {wanted}, with small and capital letters as here")


def _assemble(module: _Entry, entries: Sequence[_Entry], assignment: Assignment) -> HandIn:
    """Read the files that were found."""
    code = _notebook_code(module) if module.is_notebook else module.read()
    files = {assignment.module_file: _plain_text(module, code)}
    for name in assignment.hand_in[1:]:
        if entry := _find(entries, name):
            content = entry.read()
            files[name] = _plain_text(entry, content) if name.endswith(".py") else content
    team = _find(entries, TEAM)
    notes = tuple(_notes(module, entries, files, assignment))
    return HandIn(module.home, files, _members(team) if team else (), notes, module.is_notebook)


def _notes(module: _Entry, entries: Sequence[_Entry], files: dict[str, bytes], assignment: Assignment) -> Iterator[str]:
    """Say what was taken for the module, what is missing, and what Python files beside it are not graded."""
    if module.name != assignment.module_file:
        yield f"{module} was graded as {assignment.module_file}"
    for name in assignment.hand_in:
        if name not in files:
            yield f"{name} is missing"
    beside = [entry for entry in entries if entry.path.parent == module.path.parent and entry.path.suffix == ".py"]
    if left := [entry for entry in beside if entry.name not in files]:
        yield f"only {', '.join(files)} is graded; left out: {_listed(left)}"


def _plain_text(entry: _Entry, content: bytes) -> bytes:
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


def _json(entry: _Entry, todo: str) -> dict[str, Any]:
    """Read a JSON object; nesting that Python cannot follow is an error like any other."""
    try:
        data = json.loads(entry.read().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise entry.wrong("cannot be read: it is no JSON object", todo)
    return data


def _members(team: _Entry) -> tuple[str, ...]:
    todo = 'write {"members": ["ada@example.org", "alan@example.org"]}'
    people = _json(team, todo).get("members")
    if not isinstance(people, list) or len(people) > _MOST_MEMBERS or not all(map(_is_name, people)):
        raise team.wrong("does not name the members of a team", todo)
    return tuple(dict.fromkeys(people))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and value.strip() != "" and len(value) <= _MOST_NAME


def _notebook_code(notebook: _Entry) -> bytes:
    """Join a notebook's code cells; what only IPython understands becomes `pass`."""
    todo = "save the notebook again in Jupyter or Colab, or hand in a Python file"
    cells: Any = _json(notebook, todo).get("cells")
    try:
        code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        texts = [source if isinstance(source, str) else "".join(source) for source in code]
        text = "\n\n".join(text for text in texts if _is_python(text.lstrip()))
        return _ONLY_IPYTHON.sub(r"\1pass", text.replace("\r\n", "\n")).encode("utf-8")
    except (TypeError, KeyError, ValueError):
        raise notebook.wrong("has no cells that can be read", todo) from None


def _is_python(cell: str) -> bool:
    return not cell.startswith("%%") or cell.startswith(_TRANSPARENT)
