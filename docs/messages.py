"""Every message of the framework's errors, read from the statements that raise them, or make them to be raised."""

import ast
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from autograder import errors

ROOT = Path(__file__).resolve().parents[1]
Said = tuple[str, str, str]  # error, file, message


def page() -> str:
    """Write the list as Markdown, by the error and the module that raises it; `…` stands for what is filled in."""
    parts = [
        "# Every message\n\nAn error says where, what is wrong, and what to do. `…` stands for what is filled in.\n"
    ]
    found = sorted({said for file in (ROOT / "autograder").rglob("*.py") for said in _in(file)})
    for error, of_error in groupby(found, key=lambda said: said[0]):
        parts.append(f"\n## {error}\n\n{getattr(errors, error).__doc__}\n")
        for file, of_file in groupby(of_error, key=lambda said: said[1]):
            parts.append(f"\n`{file}`:\n\n```text\n" + "\n".join(said[2] for said in of_file) + "\n```\n")
    return "".join(parts)


def _in(file: Path) -> Iterator[Said]:
    for function in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            texts = _texts(function)
            for node in ast.walk(function):
                made = node.exc if isinstance(node, ast.Raise) else node.value if isinstance(node, ast.Return) else None
                if isinstance(made, ast.Call) and (error := _error(made.func)):
                    said = [_text(texts.get(ast.unparse(part), part)) for part in made.args[1:]]
                    if told := "\n  ".join(text for text in said if text.strip("… ")):
                        yield error, str(file.relative_to(ROOT)), f"…: {told}"


def _texts(function: ast.AST) -> dict[str, ast.expr]:
    """Give what a function's names stand for, where they stand for text."""
    assigned = [node for node in ast.walk(function) if isinstance(node, ast.Assign)]
    return {ast.unparse(node.targets[0]): node.value for node in assigned}


def _error(called: ast.expr) -> str:
    """Name the error that is raised; empty when it is none of ours. A table's `wrong` makes a ManifestError."""
    if isinstance(called, ast.Attribute):
        return "ManifestError" if called.attr == "wrong" else ""
    kind = getattr(errors, ast.unparse(called), None)
    return kind.__name__ if isinstance(kind, type) and issubclass(kind, errors.AutograderError) else ""


def _text(expression: ast.expr) -> str:
    """Write a text as it is shown."""
    if isinstance(expression, ast.Constant):
        return str(expression.value)
    if isinstance(expression, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in expression.values)
    return "…"
