"""Find the hand-ins in what a learning platform gives: Gradescope, Moodle, Canvas, or a plain folder."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from autograder.assignment import Assignment
from autograder.batch.submissions import Person, Submission
from autograder.errors import CallError
from autograder.results.wording import escaped

GRADESCOPE = "submission_metadata.yml"
_MOODLE = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)_(?P<file>.*)", re.DOTALL)
_CANVAS = re.compile(r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<id>\d+)_(?P<number>\d+)_(?P<file>.+)", re.DOTALL)
_CANVAS_AGAIN = re.compile(r"-\d+(?=(\.\w+)?$)")  # "small-1.py": handed in once more
_SUFFIXES = (".py", ".ipynb", ".zip")
_CLUTTER = (".", "__MACOSX", "__pycache__")
_Found = Iterator[Submission]


def find_submissions(paths: Iterable[Path], assignment: Assignment) -> list[Submission]:
    """List the hand-ins that some paths hold, each under a key of its own.

    Args:
        paths: hand-ins, folders of hand-ins, or what a platform gives, unzipped.
        assignment: tells a hand-in's folder from a folder of hand-ins.

    Raises:
        CallError: if a folder holds none, or its metadata cannot be read.
    """
    found = [submission for path in paths for submission in _in(path, assignment)]
    times = Counter(submission.key for submission in found)
    return [_apart(one) if times[one.key] > 1 else one for one in dict.fromkeys(found)]


def _in(path: Path, assignment: Assignment) -> _Found:
    path = path.absolute()
    names = sorted(name for name in os.listdir(path) if not name.startswith(_CLUTTER)) if path.is_dir() else []
    if not path.is_dir() or {*names} & _module_names(assignment):
        return iter([Submission(_key(path.name), path)])
    if not names:
        raise CallError(path, "there is no hand-in in this folder", "name a folder of hand-ins, unzipped")
    if GRADESCOPE in names:
        return _gradescope(path, names)
    if any(map(_MOODLE.fullmatch, names)):
        return _moodle(path, names)
    if any(map(_CANVAS.fullmatch, names)):
        return _canvas(path, names)
    return _plain(path, names)


def _module_names(assignment: Assignment) -> set[str]:
    return {*assignment.hand_in, f"{assignment.module}.ipynb", f"{assignment.name}.ipynb"}


def _plain(folder: Path, names: Sequence[str]) -> _Found:
    """A hand-in for each file and folder, which its student's name names."""
    for name in names:
        stem = name.removesuffix(next(filter(name.lower().endswith, _SUFFIXES), ""))
        yield Submission(_key(name), folder / name, people=(_person(stem),))


def _gradescope(folder: Path, names: Sequence[str]) -> _Found:
    """A folder for each submission; the metadata say whose it is, and since when."""
    known = _metadata(folder / GRADESCOPE)
    for name in names:
        if name == GRADESCOPE:
            continue
        about = known.get(name, {})
        people = [person for person in about.get(":submitters") or () if isinstance(person, dict)]
        yield Submission(
            _key(name),
            folder / name,
            people=tuple(
                Person(*(_text(person.get(part)) for part in (":name", ":email", ":sid"))) for person in people
            ),
            submitted=_moment(about.get(":created_at")),
            attempt=1 + len(about.get(":history") or ()),
        )


def _metadata(file: Path) -> dict[str, dict[str, Any]]:
    try:
        data = yaml.load(file.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        todo = "export the submissions from Gradescope again"
        raise CallError(file, f"cannot be read: {' '.join(str(error).split())}", todo) from None
    if not isinstance(data, dict):
        raise CallError(file, "holds no submissions", "export the submissions from Gradescope again")
    return {str(name): about for name, about in data.items() if isinstance(about, dict)}


def _moodle(folder: Path, names: Sequence[str]) -> _Found:
    """A folder for each participant, or all files side by side; a text typed online is no hand-in."""
    parts: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for name in names:
        match = _MOODLE.fullmatch(name)
        if match is None:
            yield Submission(_key(name), folder / name)
        elif match["kind"] == "file":
            parts.setdefault((match["name"], match["id"]), []).append((match["file"], name))
    for (person, number), files in parts.items():
        one = _of_files(_key(f"{person}_{number}"), folder, files)
        yield replace(one, people=(Person(name=_text(person), id=number),))


def _canvas(folder: Path, names: Sequence[str]) -> _Found:
    """All files side by side, with the student's name and number in front of each name."""
    parts: dict[tuple[str, str], list[tuple[str, str]]] = {}
    late = set()
    for name in names:
        if match := _CANVAS.fullmatch(name):
            owner = match["name"], match["id"]
            parts.setdefault(owner, []).append((_CANVAS_AGAIN.sub("", match["file"]), name))
            late |= {owner} if match["late"] else set()
        else:
            yield Submission(_key(name), folder / name)
    for (person, number), files in parts.items():
        one = _of_files(_key(f"{person}_{number}"), folder, files)
        yield replace(one, people=(Person(name=_text(person), id=number),), late=(person, number) in late)


def _of_files(key: str, folder: Path, files: Sequence[tuple[str, str]]) -> Submission:
    """Take a single file or folder as it is, and several files together."""
    if len(files) == 1:
        return Submission(key, folder / files[0][1])
    return Submission(key, folder, parts=tuple(files))


def _apart(submission: Submission) -> Submission:
    """Tell hand-ins of one name apart by where they lie."""
    place = os.fsencode(submission.path) + repr(submission.parts).encode("utf-8", "surrogateescape")
    return replace(submission, key=f"{submission.key} ({hashlib.sha256(place).hexdigest()[:8]})")


def _person(name: str) -> Person:
    return Person(email=_text(name)) if "@" in name else Person(name=_text(name))


def _moment(value: object) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _key(name: str) -> str:
    return escaped(name, keep="")


def _text(value: object) -> str:
    return "" if value is None else escaped(str(value), keep="")[:200]
