"""What a worker says of itself, held against the only forms that it may have: it may be the student's own words."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from autograder.errors import WireError
from coursekit.execution import Leftovers

_MOST_FRAMES = 10
_MOST_TEXT, _MOST_NAME, _MOST_LINE = 2_000, 100, 200
_MOST_USES = 20
_LEFTOVERS = {
    "changed": (tuple, (int, str)),
    "shares_memory": (bool, ()),
    "warnings": (tuple, (str,)),
    "output": (str, ()),
    "seconds": (float, ()),
}
_ADVICE = {
    "EOFError": "\nthe module asks for input while it is imported; there is nobody to answer",
    "SystemExit": "\nthe module calls exit() while it is imported; remove that line",
}


@dataclass(frozen=True)
class Raised:
    """An exception of the student's.

    Attributes:
        kind: its built-in type, or what claims to be one.
        name: its own class's name.
        text: its message.
        frames: function and line of the student's own frames, the innermost last.
    """

    kind: str
    name: str
    text: str
    frames: tuple[tuple[str, int], ...]

    def told(self, file_name: str, folder: Path) -> str:
        """Write the exception as Python would, with lines read from the hand-in itself."""
        return "\n".join([*self.places(file_name, folder), f"{self.name}: {self.text}"])

    def places(self, file_name: str, folder: Path) -> list[str]:
        """Write a line for each frame."""
        try:
            lines = (folder / file_name).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        shown = []
        for function, number in self.frames:
            source = lines[number - 1].strip() if 0 < number <= len(lines) else ""
            shown.append(f"  {file_name}:{number} in {function}: {source[:_MOST_LINE]}")
        return shown

    @property
    def advice(self) -> str:
        """What to do about it where it was raised by an import; may be empty."""
        return _ADVICE.get(self.kind, "")


def raised(data: Any) -> Raised:
    """Read an exception.

    Raises:
        WireError: if it has another form.
    """
    if type(data) is dict and type(frames := data.get("frames")) is list:
        kind, name, text = (data.get(key) for key in ("kind", "name", "text"))
        if type(kind) is type(name) is type(text) is str and all(map(_is_frame, frames)):
            cut = tuple((function[:_MOST_NAME], line) for function, line in frames[-_MOST_FRAMES:])
            return Raised(kind[:_MOST_NAME], name[:_MOST_NAME], text[:_MOST_TEXT], cut)
    raise _formless("an error")


def left_behind(data: Any, sent: Collection[int | str]) -> Leftovers:
    """Read what a call left behind.

    Args:
        data: the report.
        sent: positions and keywords of the arguments that went: no others can have changed.

    Raises:
        WireError: if it has another form.
    """
    if type(data) is dict and data.keys() == {field.name for field in fields(Leftovers)}:
        for name, (kind, items) in _LEFTOVERS.items():
            if type(data[name]) is not kind or (kind is tuple and any(type(item) not in items for item in data[name])):
                raise _formless(f"'{name}'")
        if all(key in sent for key in data["changed"]):
            return Leftovers(**data)
    raise _formless("what a call left behind")


def refused_uses(data: Any) -> list[tuple[int, str]]:
    """Read the lines and names of refused uses.

    Raises:
        WireError: if it has another form.
    """
    if type(data) is not list or any(
        type(use) is not list or [*map(type, use)] != [int, str] for use in data[:_MOST_USES]
    ):
        raise _formless("a list of refused names")
    return [(line, name[:_MOST_NAME]) for line, name in data[:_MOST_USES]]


def names(data: Any) -> list[str]:
    """Read a list of names.

    Raises:
        WireError: if it is none.
    """
    if type(data) is not list:
        raise _formless("a list of names")
    return [words(name)[:_MOST_NAME] for name in data[:_MOST_USES]]


def words(data: Any) -> str:
    """Read a text.

    Raises:
        WireError: if it is none.
    """
    if type(data) is not str:
        raise _formless("a text")
    return data[:_MOST_TEXT]


def _is_frame(frame: Any) -> bool:
    return type(frame) is list and [*map(type, frame)] == [str, int]


def _formless(what: str) -> WireError:
    return WireError("wire", f"{what} has not the form that it should have")
