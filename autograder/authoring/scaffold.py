"""A small assignment that works, as the place to start one's own from."""

import keyword
from importlib import resources
from pathlib import Path

from autograder.assignment import MANIFEST
from autograder.course import Course
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
    home = resources.files("autograder.authoring") / "templates"
    for path, template in _FILES.items():
        file = folder / path.format(name=name)
        file.parent.mkdir(parents=True, exist_ok=True)
        text = (home / template).read_text(encoding="utf-8")
        file.write_text(text.replace("NAME", name), encoding="utf-8")
    return folder
