"""TOML files that people write, read so that every complaint names file, line and key."""

import re
import tomllib
from collections import Counter
from dataclasses import MISSING
from pathlib import Path
from typing import Any, Self

from autograder.errors import ManifestError, did_you_mean

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]")
_LAST = re.compile(r"(\[\d+\]|\.?[^.\[]*)$")  # an index or a name at the end of a path
_KEY = re.compile(r"""\s*([\w-]+|"[^"]*"|'[^']*')\s*=""")


class Table:
    """One table of a file.

    Args:
        file: the file.
        table: what stands in it.
        key: the table's own place in the file, such as `questions[1]`; empty for the whole file.
        lines: the line of each key, as `key_lines` gives them.

    Raises:
        ManifestError: if it is no table.
    """

    def __init__(self, file: Path, table: object, key: str = "", lines: dict[str, int] | None = None) -> None:
        self.file, self.key, self._lines = file, key, lines or {}
        if not isinstance(table, dict):
            raise self.wrong("", f"{key or 'the file'} must be a table, got {table!r}")
        self.table: dict[str, Any] = table

    def path(self, key: str) -> str:
        """Name a key as it is found in the file."""
        return f"{self.key}.{key}" if self.key else key

    def wrong(self, key: str, what: str, todo: str = "") -> ManifestError:
        """Make the error that complains of a key, with the nearest line that is known."""
        path = self.path(key) if key else self.key
        while path and path not in self._lines:
            path = _LAST.sub("", path)
        where = f"{self.file}:{self._lines[path]}" if path else self.file
        return ManifestError(where, what, todo)

    def refuse_unknown(self, known: set[str]) -> Self:
        """Complain of a key that nobody reads.

        Raises:
            ManifestError: offering the nearest key that is known.
        """
        for key in self.table:
            if key not in known:
                hint = did_you_mean(key, known) or f"known keys: {', '.join(sorted(known))}"
                raise self.wrong(key, f"unknown key '{self.path(key)}'", hint)
        return self

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = MISSING) -> Any:
        """Give a key's value, or the default where there is one.

        Raises:
            ManifestError: if it is missing without a default, or of another kind.
        """
        value = self.table.get(key, default)
        if value is MISSING:
            raise self.wrong("", f"key '{self.path(key)}' is missing")
        if value is not default and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            wanted = " or ".join(k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,)))
            raise self.wrong(key, f"'{self.path(key)}' must be {wanted}, got {value!r}")
        return value

    def strings(self, key: str, default: Any = ()) -> tuple[str, ...]:
        """Give a list of non-empty strings.

        Raises:
            ManifestError: if it is anything else.
        """
        values = self.get(key, list, default)
        if not all(isinstance(value, str) and value for value in values):
            raise self.wrong(key, f"'{self.path(key)}' must hold non-empty strings, got {values!r}")
        return tuple(values)

    def below(self, key: str, value: object) -> "Table":
        """Give a table inside this one, as `get` found it.

        Raises:
            ManifestError: if the value is no table.
        """
        return Table(self.file, value, self.path(key), self._lines)


def read_toml(file: Path, todo: str = "") -> Table:
    """Read a file.

    Args:
        file: the file.
        todo: what to do where there is none.

    Raises:
        ManifestError: if it is not there, or is no TOML.
    """
    try:
        text = file.read_text(encoding="utf-8")
        return Table(file, tomllib.loads(text), lines=key_lines(text))
    except OSError as error:
        raise ManifestError(file, f"cannot be read: {(error.strerror or repr(error)).lower()}", todo) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(file, f"not valid TOML: {error}") from None


def key_lines(text: str) -> dict[str, int]:
    """Find the line on which each key and each table of a TOML text begins, `questions[1].id` for one.

    Keys of a table on one line are left out: they stand where their table does.
    """
    lines: dict[str, int] = {}
    counts: Counter[str] = Counter()
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = header[2].replace('"', "")
            if header[1] == "[[":
                counts[table] += 1
                table += f"[{counts[table] - 1}]"
            lines.setdefault(table, number)
        elif key := _KEY.match(line):
            lines.setdefault(f"{table}.{name}" if (name := key[1].strip("\"'")) and table else name, number)
    return lines
