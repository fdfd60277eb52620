"""Look for hidden tests and solutions in what is shipped to students."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.assignment import Assignment
from autograder.authoring.markers import reference_text, starter_text
from autograder.packaging.build import starter_files

_SHORTEST = 24  # characters of a line that is telling on its own


def leaks(assignment: Assignment) -> list[str]:
    """List what of the hidden tests or of the solution stands in a starter kit, "file: what"."""
    secrets = _secrets(assignment)
    found = []
    for path, content in sorted(starter_files(assignment).items()):
        text = _text(path.suffix, content)
        found += [f"{path}: {what}" for secret, what in secrets.items() if secret in text or secret in path.name]
    return found


def _text(kind: str, content: bytes) -> str:
    """Give a file's text; of a notebook all strings, its outputs too, as a reader sees them."""
    text = content.decode("utf-8", errors="replace")
    return "".join(_strings(json.loads(text))) if kind == ".ipynb" else text


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, (list, dict)):
        for item in data.values() if isinstance(data, dict) else data:
            yield from _strings(item)


def _secrets(assignment: Assignment) -> dict[str, str]:
    """Telling pieces of text, and what each is."""
    public = "".join(file.read_text(encoding="utf-8") for file in assignment.public.rglob("*.py"))
    source = assignment.source.read_text(encoding="utf-8")
    shown = starter_text(source, assignment.source) + public
    secrets = {}
    for file in sorted(assignment.hidden.rglob("*.py")):
        secrets[file.stem] = "the name of a hidden test file"
        secrets |= dict.fromkeys(_test_names(file), "the name of a hidden test")
    for line in _telling_lines(reference_text(source, assignment.source)):
        secrets[line] = "a line of the solution"
    secrets.pop("conftest", None)  # a kit has one of its own
    return {secret: what for secret, what in secrets.items() if secret not in shown}


def _test_names(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name


def _telling_lines(source: str) -> Iterator[str]:
    """Lines of code that say something on their own: no comments, no docstrings, nothing short."""
    texts = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Expr)]
    told = [node for node in texts if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)]
    docstrings = {line for node in told for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    for number, line in enumerate(map(str.strip, source.splitlines()), 1):
        telling = len(line) >= _SHORTEST and re.search(r"[=(]", line) and not line.startswith("#")
        if telling and number not in docstrings:
            yield line
