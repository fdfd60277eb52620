"""Names that a student's module may not use: found in its source, blocked at run time.

A teaching rule and not a wall: Python offers ways around it. What keeps a
student honest is that the rule is plain and its message says why.
"""

import ast
import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any

__tracebackhide__ = True  # pytest shows the line that is refused, and none of this module


class Refused(ImportError):
    """A refused name was imported or called."""


def find_refused(tree: ast.Module, refused: Sequence[str]) -> list[tuple[int, str]]:
    """List the line and the refused name of each use in a module.

    Imports under another name are followed: `import numpy as np` makes `np.pad` a use of `numpy.pad`.
    """
    aliases = dict(_imported(tree))
    found = set()
    for node in ast.walk(tree):
        for name in _names(node, aliases):
            found |= {(node.lineno, banned) for banned in refused if f"{name}.".startswith(f"{banned}.")}  # type: ignore[attr-defined]
    return sorted(found)


@contextmanager
def enforced(refused: Sequence[str], why: str) -> Iterator[None]:
    """Make refused modules fail to import, and refused functions such as `numpy.pad` raise when called."""
    if "torch" in sys.modules:
        importlib.import_module("torch._dynamo")  # it looks whether others are installed, by names that may be refused
    finder = _Finder({name for name in refused if "." not in name}, why)
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] in finder.names}
    saved = [_replace(name, why) for name in refused if "." in name]
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for module, attribute, value in saved:
            setattr(module, attribute, value)
        sys.modules.update(hidden)


def _replace(name: str, why: str) -> tuple[ModuleType, str, object]:
    home, _, attribute = name.rpartition(".")
    module = importlib.import_module(home)
    original = getattr(module, attribute)
    setattr(module, attribute, _raiser(name, why))
    return module, attribute, original


class _Finder(MetaPathFinder):
    def __init__(self, names: set[str], why: str) -> None:
        self.names, self.why = names, why

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:  # noqa: ARG002 - the protocol's
        if fullname.split(".", maxsplit=1)[0] in self.names:
            raise Refused(message(fullname.split(".", maxsplit=1)[0], self.why))


def message(name: str, why: str) -> str:
    """Say that a name is refused, and why."""
    return f"{name} is refused in this assignment: {why}"


def _raiser(name: str, why: str) -> Any:
    def refuse(*_: object, **__: object) -> None:
        raise Refused(message(name, why))

    return refuse


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _names(node: ast.AST, aliases: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Attribute):
        parts: list[str] = []
        inner: ast.AST = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name):
            yield ".".join([aliases.get(inner.id, inner.id), *reversed(parts)])
