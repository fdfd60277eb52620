"""The files of a folder or a zip, listed and read without trusting either.

Nothing is extracted, no link is followed, and no size that an archive claims is believed.
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from autograder.errors import GraderFault, HandInError
from autograder.results.wording import one_line

MOST_FILE = 20 * 2**20  # bytes of one file that is handed in
MOST_TOTAL = 200 * 2**20  # bytes of a whole hand-in, unpacked
MOST_FILES = 2_000
_MOST_FOLDERS = 20  # how deep a folder is searched
_CHUNK = 2**16
_DIRECTORY_ENTRY = b"PK\x01\x02"  # stands before each entry of a zip's directory
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others can ask for any amount of memory
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,
    ValueError,
    LookupError,
    OSError,
    OverflowError,
)


@dataclass(frozen=True)
class Entry:
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
        """The file's name, without folders."""
        return self.path.name

    @property
    def is_notebook(self) -> bool:
        """Whether its name is that of a notebook."""
        return self.path.suffix.lower() == ".ipynb"

    def wrong(self, what: str, todo: str) -> HandInError:
        """Make the error that says what is wrong with this file."""
        return HandInError(one_line(self.home), f"{self} {what}", todo)

    def read(self, most: int = MOST_FILE) -> bytes:
        """Read the file.

        Raises:
            HandInError: if it is no plain file, or larger than `most` bytes.
        """
        kind = stat.S_IFMT(self.mode)
        if kind not in {0, stat.S_IFREG}:
            raise self.wrong("is a link" if kind == stat.S_IFLNK else "is no plain file", "hand in the file itself")
        content = self.get(most + 1) if self.size <= most else b""
        if max(self.size, len(content)) > most:
            todo = "clear the outputs of its cells" if self.is_notebook else "hand in your code, without data sets"
            raise self.wrong(f"is larger than {most // 2**20} MB", todo)
        return content


def entry_of(home: str, file: Path, root: Path) -> Entry:
    """Describe a file or folder; a link is described itself, not what it points to.

    Raises:
        GraderFault: if it is not there or may not be read.
    """
    try:
        found = file.lstat()
    except OSError as error:
        raise _unreadable(file, error) from None
    inside = PurePosixPath(file.relative_to(root).as_posix())
    return Entry(home, inside, found.st_size, found.st_mode, partial(_read_file, file))


def _read_file(file: Path, most: int) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # lest it became a link or a FIFO meanwhile
    try:
        with os.fdopen(os.open(file, flags), "rb") as opened:
            return opened.read(most)
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: object, error: OSError) -> GraderFault:
    return GraderFault(one_line(str(file)), f"cannot be read: {error.strerror}", "let the grader read it")


def in_folder(folder: Path) -> Iterator[Entry]:
    """List a folder's files, not following links.

    Raises:
        GraderFault: if a folder may not be read.
    """

    def refuse(error: OSError) -> None:
        raise _unreadable(error.filename, error)

    for home, folders, names in os.walk(folder, onerror=refuse):
        deep = len(Path(home).relative_to(folder).parts) >= _MOST_FOLDERS
        folders[:] = [] if deep else sorted(name for name in folders if not _is_clutter(name))
        for name in sorted(names):
            if not _is_clutter(name):
                yield entry_of(folder.name, Path(home, name), folder)


def in_zip(file: Entry) -> Iterator[Entry]:
    """List a zip's files; the size of its directory is bounded before it is read.

    Raises:
        HandInError: if it is no zip, is damaged or holds too many files.
    """
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
            yield Entry(file.name, inside, info.file_size, info.external_attr >> 16, get)


def _unzip(file: Entry, archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
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


def bounded(home: str, entries: Iterator[Entry]) -> list[Entry]:
    """Collect what a hand-in holds.

    Raises:
        HandInError: if it holds too many files, or too much.
    """
    found: list[Entry] = []
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
