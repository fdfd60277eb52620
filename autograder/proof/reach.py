"""Which tests can notice a change of a function: those that can reach it by name.

Two steps, both on text: what in the module reaches the function, and which test files mention any of that.
A test that cannot reach a changed function meets the very code that it met before.
"""

import ast
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from autograder.assignment import Assignment
from coursekit.recording import Spec

_STAND_INS = re.compile(r"\b(student|alone)\b")


class Reach:
    """What the tests of an assignment can reach; its files are read once.

    Args:
        assignment: whose suite it is.
    """

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._source = ast.parse(assignment.source.read_text(encoding="utf-8"))
        self._texts: dict[Path, str] = {}

    def tests(self, changed: Collection[str], specs: Iterable[Spec]) -> list[str]:
        """List the ids of the tests that can reach a changed function.

        Args:
            changed: names of functions, classes or Class.method of the module.
            specs: the tests to choose from.
        """
        names = users(self._source, {name.split(".")[0] for name in changed})
        mentioned = re.compile(rf"\b({'|'.join(map(re.escape, sorted(names)))})\b")
        return [spec.id for spec in specs if mentioned.search(self._text(spec))]

    def _text(self, spec: Spec) -> str:
        folder = self._assignment.public if spec.public else self._assignment.hidden
        file = folder / f"{spec.id.split('::')[0]}.py"
        if file not in self._texts:
            self._texts[file] = _text(file, self._assignment)
        return self._texts[file]


def users(tree: ast.Module, changed: Collection[str]) -> set[str]:
    """Name what at a module's top level uses these names, directly or through others; they themselves included."""
    uses = {name: _names(node) for node in tree.body for name in _defined(node)}
    reached = set(changed)
    while more := {name for name, used in uses.items() if name not in reached and used & reached}:
        reached |= more
    return reached


def _defined(node: ast.stmt) -> list[str]:
    """Name what a top-level statement defines."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    return [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)]


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _text(file: Path, assignment: Assignment) -> str:
    """Give a test file's text, with the probes and fixtures through which it may reach a student's module."""
    text = file.read_text(encoding="utf-8")
    probes = (assignment.folder if file.parent == assignment.hidden else file.parent) / "probes.py"
    if "probes" in text and probes.is_file():
        text += _used_by(text, probes.read_text(encoding="utf-8"))
    conftest = file.with_name("conftest.py")
    if conftest.is_file() and _STAND_INS.search(fixtures := conftest.read_text(encoding="utf-8")):
        text += fixtures
    return text


def _used_by(text: str, probes: str) -> str:
    """Give those parts of the probes that a test names, and what these name in turn: any mention counts as use."""
    parts = {name: ast.unparse(node) for node in ast.parse(probes).body for name in _defined(node)}
    used: set[str] = set()
    while more := {name for name in parts.keys() - used if re.search(rf"\b{re.escape(name)}\b", text)}:
        used |= more
        text = "\n".join(parts[name] for name in more)
    return "\n".join(parts[name] for name in sorted(used))
