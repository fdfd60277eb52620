"""A small assignment that works, and a course around it, as the place to start one's own from."""

import keyword
from importlib import resources
from pathlib import Path

from autograder.assignment import MANIFEST
from autograder.course import SETTINGS, Course, find_course, write_salt
from autograder.errors import BuildError

_FILES = {
    MANIFEST: "assignment.toml",
    "handout.md": "handout.md",
    "{name}.py": "source.py.txt",
    "mistakes.toml": "mistakes.toml",
    "public/test_mean_filter.py": "public_test.py.txt",
    "hidden/test_hidden_mean_filter.py": "hidden_test.py.txt",
    "accepted/loops.py": "accepted.py.txt",
}
_COURSE = {SETTINGS: "course.toml", ".gitignore": "gitignore", "README.md": "course.md"}
_FIRST = "a1_first"


def new_course(root: Path) -> Course:
    """Write a course with its salt and one small assignment that verifies.

    Args:
        root: its folder, which may be there and hold other things, such as `.git`.

    Returns:
        the new course.

    Raises:
        BuildError: if something that would be written is there.
    """
    taken = [name for name in (*_COURSE, "assignments") if (root / name).exists()]
    if taken:
        raise BuildError(root, f"there is a {taken[0]} already", "name a new or an empty folder")
    (root / "assignments").mkdir(parents=True)
    for name, template in _COURSE.items():
        (root / name).write_text(_template(template), encoding="utf-8")
    write_salt(root)
    course = find_course(root)
    new_assignment(course, _FIRST)
    return course


def new_assignment(course: Course, name: str) -> Path:
    """Write a small assignment that verifies, to be filled with one's own.

    Args:
        course: the course that it belongs to.
        name: name of the folder and of the module.

    Returns:
        the new folder.

    Raises:
        BuildError: if the name cannot be a module's, or there is a folder of that name.
    """
    folder = course.root / "assignments" / name
    if not name.isidentifier() or keyword.iskeyword(name) or not name.isascii():
        todo = "use letters, digits and _, and begin with a letter: a6_transformers"
        raise BuildError(repr(name), "an assignment's name is the name of a Python module too", todo)
    if folder.exists():
        raise BuildError(folder, "there is an assignment of this name", "take another name")
    for path, template in _FILES.items():
        file = folder / path.format(name=name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_template(template).replace("NAME", name), encoding="utf-8")
    return folder


def _template(name: str) -> str:
    return (resources.files("autograder.authoring") / "templates" / name).read_text(encoding="utf-8")
