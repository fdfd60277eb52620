"""Look for hidden tests and solutions in what is shipped to students."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from autograder.assignment import Assignment
from autograder.authoring.markers import reference_text, starter_text
from autograder.packaging.build import starter_files

_SHORTEST = 24  # characters of a line that is telling on its own


def leaks(assignment: Assignment) -> list[str]:
    """List what of the hidden tests or of the solution stands in a starter kit, "file: what"."""
    secrets = _secrets(assignment)
    found = []
    for path, content in sorted(starter_files(assignment).items()):
        text = content.decode("utf-8", errors="replace")
        found += [f"{path}: {what}" for secret, what in secrets.items() if secret in text or secret in path.name]
    return found


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
    strings = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type in {tokenize.STRING, tokenize.COMMENT}
        for line in range(token.start[0], token.end[0] + 1)
    }
    for number, line in enumerate(source.splitlines(), 1):
        if number not in strings and len(line.strip()) >= _SHORTEST and re.search(r"[=(]", line):
            yield line.strip()
