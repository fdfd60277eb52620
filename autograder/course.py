"""What a whole course shares: its settings and its salt."""

import re
import secrets
import tomllib
from dataclasses import dataclass, fields
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

from autograder.errors import ManifestError, did_you_mean

SETTINGS = "course.toml"
SALT = ".salt"
OLD_SALTS = ".salts"
_ONE_WORD = re.compile(r"[^\s-]\S*")  # no option, and nothing behind it on its line


@dataclass(frozen=True)
class Course:
    """A course's folder and settings.

    Attributes:
        root: the folder that holds `assignments/`.
        title: what a student reads.
        team_size: how many people may hand in together, at least 1.
        data: folders or mirrors that are asked for data sets before their own addresses.
        base: the image that containers are built on.
        wheels: an index or a folder of wheels in which pip looks too when an image is built, such as the one that has
            torch's CPU builds; empty for none.
    """

    root: Path
    title: str = "A course"
    team_size: int = 1
    data: tuple[str, ...] = ()
    base: str = "gradescope/autograder-base:ubuntu-22.04"
    wheels: str = ""


def find_course(start: Path) -> Course:
    """Read the course that a folder belongs to: the nearest one above that holds `assignments/`.

    Raises:
        ManifestError: if there is none, or its settings cannot be used.
    """
    root = _root(start)
    if root is None:
        raise ManifestError(start.resolve(), "no course here", "work in a folder that holds assignments/, or below one")
    return _read(root)


def data_folders(start: Path) -> list[Path]:
    """List the folders on this machine that a course names as sources of data; none outside a course.

    Args:
        start: a folder of the course, such as an assignment's.
    """
    try:
        course = find_course(start)
    except ManifestError:
        return []
    return [course.root / source for source in course.data if "://" not in source and (course.root / source).is_dir()]


def wheels_for(start: Path) -> str:
    """Say where a course's zips look for wheels besides pip's own index; empty for nowhere, and outside a course.

    Args:
        start: a folder of the course, such as an assignment's.

    Raises:
        ManifestError: if the course's settings cannot be used.
    """
    root = _root(start)
    return _read(root).wheels if root else ""


def read_salt(root: Path) -> str:
    """Read the course's salt, which makes the inputs of hidden tests its own.

    Raises:
        ManifestError: if the course has none.
    """
    file = root / SALT
    try:
        salt = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        todo = "autograder new salt writes one; keep it out of git"
        raise ManifestError(file, "the course has no salt", todo) from None
    if not salt:
        raise ManifestError(file, "the salt is empty", "delete the file and run autograder new salt")
    return salt


def write_salt(root: Path) -> Path:
    """Give the course a fresh salt of 128 random bits; an existing one is kept."""
    file = root / SALT
    if not file.exists():
        file.write_text(secrets.token_hex(16) + "\n", encoding="ascii")
    return file


def rotate_salt(root: Path, today: date) -> Path:
    """Put the course's salt away, under the day's date, and give it a fresh one.

    Returns:
        where the old salt is; git ignores it there.

    Raises:
        ManifestError: if the course has no salt.
    """
    read_salt(root)
    folder = root / OLD_SALTS
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="ascii")
    names = (f"{today}" if number == 1 else f"{today}-{number}" for number in count(1))
    old = next(folder / name for name in names if not (folder / name).exists())
    (root / SALT).replace(old)
    write_salt(root)
    return old


def _root(start: Path) -> Path | None:
    around = (start.resolve(), *start.resolve().parents)
    return next((folder for folder in around if (folder / "assignments").is_dir()), None)


def _read(root: Path) -> Course:
    file, table = root / SETTINGS, {}
    if file.exists():
        table = _load(file)
    elif (root / "pyproject.toml").exists():
        file = root / "pyproject.toml"
        table = _load(file).get("tool", {}).get("autograder", {})
    known = {field.name for field in fields(Course)} - {"root"}
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known) or f"known keys: {', '.join(sorted(known))}"
            raise ManifestError(file, f"unknown key '{key}'", hint)
    sources = table.get("data", [])
    if not isinstance(sources, list) or not all(isinstance(source, str) for source in sources):
        raise ManifestError(file, f"'data' must be a list of folders or addresses, got {sources!r}")
    return _checked(file, Course(root, **table | {"data": tuple(sources)}))


def _checked(file: Path, course: Course) -> Course:
    if not isinstance(course.title, str):
        raise ManifestError(file, f"'title' must be str, got {course.title!r}")
    if type(course.team_size) is not int or course.team_size < 1:
        raise ManifestError(file, f"'team_size' must be a whole number from 1 on, got {course.team_size!r}")
    if not isinstance(course.base, str) or not _ONE_WORD.fullmatch(course.base):
        raise ManifestError(file, f"'base' must name a container image, got {course.base!r}")
    if not isinstance(course.wheels, str) or not _ONE_WORD.fullmatch(course.wheels or "none"):
        raise ManifestError(file, f"'wheels' must be an address or a folder, without spaces, got {course.wheels!r}")
    return course


def _load(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(file, f"not valid TOML: {error}") from None
