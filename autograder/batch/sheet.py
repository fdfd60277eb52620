"""CSV files that people fill in with a spreadsheet, and that platforms export and import."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import PeopleError, did_you_mean
from autograder.results.table import safe
from autograder.results.whole import write_whole

_UTF_8 = "save it as CSV in UTF-8, and give the same command again"


@dataclass(frozen=True)
class Row:
    """One row of a file.

    Attributes:
        where: file and line, for complaints.
        cells: column → text without spaces around it.
    """

    where: str
    cells: dict[str, str]

    def first(self, columns: Iterable[str]) -> str:
        """Give the first of some columns that says anything; empty where none does."""
        return next((text for name in columns if (text := self.cells.get(name, ""))), "")


def read_sheet(file: Path, columns: Sequence[str] = ()) -> list[Row]:
    """Read a file with a first row that names its columns; commas, semicolons or tabs between cells.

    Args:
        file: the CSV file, UTF-8.
        columns: what it has to have; more are ignored.

    Raises:
        PeopleError: if it cannot be read, a column is missing, or a row has cells that belong to no column.
    """
    text = _text(file)
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        _require(file, header, columns)
        return [_row(file, reader.line_num, header, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise PeopleError(f"{file}:{reader.line_num}", f"is no CSV: {error}", _UTF_8) from None


def write_sheet(file: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write rows, the first of which names the columns; no cell is a formula, and the file is whole or not there.

    Raises:
        PeopleError: if the disk does not take it.
    """
    text = io.StringIO(newline="")
    csv.writer(text).writerows([safe(cell) for cell in row] for row in rows)
    try:
        write_whole(file, text.getvalue())
    except OSError as error:
        raise PeopleError(file, f"cannot be written: {(error.strerror or repr(error)).lower()}") from None


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise PeopleError(file, f"cannot be read: {(error.strerror or repr(error)).lower()}") from None
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise PeopleError(file, "is saved as UTF-16", _UTF_8)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PeopleError(f"{file}:{line}", f"is not UTF-8: byte 0x{content[error.start]:02x}", _UTF_8) from None


def _require(file: Path, header: Sequence[str], columns: Sequence[str]) -> None:
    for name in columns:
        if name not in header:
            hint = did_you_mean(name, header) or f"the columns are {', '.join(columns)}"
            raise PeopleError(f"{file}:1", f"there is no column '{name}'", hint)


def _row(file: Path, line: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    if any(cell.strip() for cell in cells[len(header) :]):
        raise PeopleError(f"{file}:{line}", f"has {len(cells)} cells, and there are {len(header)} columns")
    return Row(f"{file}:{line}", {name: cell.strip() for name, cell in zip(header, cells, strict=False)})
