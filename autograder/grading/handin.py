"""Open what a student hands in: a module, a notebook, a zip or a folder. Nothing is unpacked to disk.

Everything in here is hostile until read: sizes are counted while reading, links are never
followed, names are shown escaped, and no byte of it is parsed as Python.
"""

import json
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from autograder.assignment import Assignment
from autograder.errors import HandInError
from autograder.results.escape import escape

TEAM_FILE = "handin.json"
MAX_FILE = 20 * 2**20
MAX_FILES = 2_000
_MAX_MEMBERS, _MAX_MEMBER_NAME = 20, 200
_IGNORED = ("__MACOSX", ".ipynb_checkpoints", "__pycache__", ".git")
_CELL_MAGIC = "%%"
_LINE_MAGICS = ("%", "!")
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class HandIn:
    """An opened hand-in.

    Attributes:
        name: as on the command line; student text.
        files: the assignment's files that were found, by their expected names.
        members: who handed in together; empty when the hand-in does not say.
        notes: remarks for the student.
        notebook: whether the module's bytes are the code cells of a notebook.
    """

    name: str
    files: dict[str, bytes]
    members: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    notebook: bool = False


@dataclass(frozen=True)
class _Entry:
    """A file of a zip or folder that has not been read yet."""

    name: str
    zip_file: zipfile.ZipFile | None = None
    info: zipfile.ZipInfo | None = None
    path: Path | None = None

    @property
    def base(self) -> str:
        return PurePosixPath(self.name).name

    def read(self) -> bytes:
        if self.zip_file and self.info:
            return _read_member(self.zip_file, self.info)
        return _read_file(self.path) if self.path else b""


def open_handin(path: Path, assignment: Assignment) -> HandIn:
    """Open a hand-in.

    Args:
        path: a module, a notebook, a zip or a folder. A module given by itself may have any name.
        assignment: which files it must hold.

    Raises:
        HandInError: with a text for the student, if it cannot be used.
    """
    wanted = assignment.module_file
    if path.is_dir():
        return _from_entries(path.name, list(_walk(path)), assignment)
    if path.suffix == ".py":
        note = (
            ()
            if path.name == assignment.module_file
            else (f"{escape(path.name)} was read as {assignment.module_file}",)
        )
        return HandIn(path.name, {assignment.module_file: _text(path.name, _read_file(path))}, notes=note)
    if path.suffix == ".ipynb":
        return HandIn(path.name, {wanted: _cells(path.name, _read_file(path))}, notebook=True)
    try:
        with zipfile.ZipFile(path) as archive:
            return _from_entries(path.name, _members_of(archive, path.name), assignment)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        todo = f"hand in {assignment.module_file}, or the zip that hand_in.py writes"
        raise HandInError(
            escape(path.name), f"this is no zip that can be opened ({escape(str(error))})", todo
        ) from None


def write_to(handin: HandIn, folder: Path) -> None:
    """Write the files, readable by everybody, to where a worker will read them."""
    for name, content in handin.files.items():
        file = folder / name
        file.write_bytes(content)
        file.chmod(0o644)


def _from_entries(name: str, entries: list[_Entry], assignment: Assignment) -> HandIn:
    modules = [entry for entry in entries if entry.base == assignment.module_file]
    candidates = modules + _notebooks(entries, assignment)
    if len(candidates) > 1:
        found = " and ".join(escape(entry.name) for entry in candidates[:4])
        raise HandInError(escape(name), f"found {found}: it is not clear which one to grade", "hand in one of them")
    if not candidates:
        raise _missing(name, entries, assignment)
    entry = candidates[0]
    content = _text(entry.name, entry.read()) if modules else _cells(entry.name, entry.read())
    files = {assignment.module_file: content} | _other_files(name, entries, assignment)
    return HandIn(name, files, _team(entries), notebook=not modules)


def _notebooks(entries: list[_Entry], assignment: Assignment) -> list[_Entry]:
    """Give the notebooks that may stand for the module: named after it or after the assignment, else the only one."""
    found = [entry for entry in entries if entry.base.endswith(".ipynb")]
    named = [entry for entry in found if entry.base in {f"{assignment.module}.ipynb", f"{assignment.name}.ipynb"}]
    modules = any(entry.base == assignment.module_file for entry in entries)
    return named or ([] if modules or len(found) != 1 else found)


def _other_files(name: str, entries: list[_Entry], assignment: Assignment) -> dict[str, bytes]:
    files = {}
    for wanted in assignment.hand_in[1:]:
        found = [entry for entry in entries if entry.base == wanted]
        if len(found) > 1:
            raise HandInError(escape(name), f"{wanted} is there {len(found)} times", "hand in one of them")
        if found:
            files[wanted] = found[0].read()
    return files


def _missing(name: str, entries: list[_Entry], assignment: Assignment) -> HandInError:
    wanted, names = assignment.module_file, sorted({entry.base for entry in entries})
    modules = [base for base in names if base.endswith((".py", ".ipynb"))]
    by_case = {base.lower(): base for base in names}
    near = get_close_matches(wanted.lower(), list(by_case), n=1, cutoff=0.5)
    shown = by_case[near[0]] if near else ", ".join(modules[:5]) or ", ".join(names[:5]) or "nothing"
    what = f"found {escape(shown)}; this assignment hands in {wanted}"
    return HandInError(escape(name), what, f"rename the file to {wanted}" if near else f"add {wanted}")


def _team(entries: list[_Entry]) -> tuple[str, ...]:
    found = [entry for entry in entries if entry.base == TEAM_FILE]
    if not found:
        return ()
    try:
        members = json.loads(found[0].read())["members"]
        names = tuple(member.strip() for member in members if isinstance(members, list))
        fine = len(names) <= _MAX_MEMBERS and all(0 < len(name) <= _MAX_MEMBER_NAME for name in names)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        fine, names = False, ()
    if not fine:
        raise HandInError(
            TEAM_FILE, "it does not hold a list of members", "python hand_in.py --team NAME NAME writes it"
        )
    return tuple(dict.fromkeys(names))


def _members_of(archive: zipfile.ZipFile, name: str) -> list[_Entry]:
    infos = archive.infolist()
    if len(infos) > MAX_FILES:
        raise HandInError(
            escape(name), f"it holds {len(infos)} files, more than {MAX_FILES}", "hand in your own files alone"
        )
    entries = []
    for info in infos:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        kind = stat.S_IFMT(info.external_attr >> 16)
        if not info.is_dir() and kind in {0, stat.S_IFREG} and not _ignored(path.parts):
            entries.append(_Entry(str(path), archive, info))
    return entries


def _walk(folder: Path) -> Iterator[_Entry]:
    """List a folder's plain files; links are not followed."""
    count = 0
    for home, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not _ignored((name,)))
        for name in sorted(names):
            count += 1
            if count > MAX_FILES:
                raise HandInError(
                    escape(folder.name), f"it holds more than {MAX_FILES} files", "hand in your own files alone"
                )
            path = Path(home) / name
            if stat.S_ISREG(path.lstat().st_mode) and not _ignored((name,)):
                yield _Entry(str(path.relative_to(folder)), path=path)


def _too_many(name: str) -> HandInError:
    return HandInError(escape(name), f"it holds more than {MAX_FILES} files", "hand in your own files alone")


def _ignored(parts: tuple[str, ...]) -> bool:
    return any(part in _IGNORED or part.startswith("._") for part in parts) or parts[-1:] == (".DS_Store",)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.flag_bits & _ENCRYPTED:
        raise HandInError(escape(info.filename), "it is protected by a password", "hand in a zip without one")
    with archive.open(info) as stream:
        return _bounded(info.filename, stream.read(MAX_FILE + 1))


def _read_file(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise HandInError(escape(path.name), f"it cannot be read ({error.strerror})") from None
    with open(descriptor, "rb") as stream:  # noqa: PTH123 - a descriptor, so that no link is followed
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise HandInError(escape(path.name), "it is no plain file")
        return _bounded(path.name, stream.read(MAX_FILE + 1))


def _bounded(name: str, content: bytes) -> bytes:
    if len(content) > MAX_FILE:
        raise HandInError(escape(name), f"it is larger than {MAX_FILE // 2**20} MB", "hand in code, without data sets")
    return content


def _text(name: str, content: bytes) -> bytes:
    """Normalise a module's text: UTF-8 without a byte order mark, lines that end in a line feed."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        what = f"line {line} holds byte 0x{content[error.start]:02x}, which is not UTF-8"
        raise HandInError(escape(name), what, "save the file as UTF-8") from None
    if "\0" in text:
        raise HandInError(escape(name), "it holds a NUL byte", "save the file as UTF-8 text")
    return text.replace("\r\n", "\n").replace("\r", "\n").encode()


def _cells(name: str, content: bytes) -> bytes:
    """Join a notebook's code cells, without magics and shell lines."""
    try:
        cells = json.loads(_text(name, content))["cells"]
        sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except HandInError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError):
        todo = "save the notebook again, or hand in the module"
        raise HandInError(escape(name), "it is no notebook that can be read", todo) from None
    kept = [source for source in sources if not source.lstrip().startswith(_CELL_MAGIC)]
    lines = [line for source in kept for line in (*source.splitlines(), "")]
    return "\n".join(line for line in lines if not line.lstrip().startswith(_LINE_MAGICS)).encode()
