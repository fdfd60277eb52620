"""Known wrong solutions, as small edits of the solved source."""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograder.assignment import Assignment
from autograder.errors import MistakeError, did_you_mean

MISTAKES = "mistakes.toml"
_KEYS = {"id", "name", "question", "hint", "also", "edits"}
_EDIT_KEYS = {"in", "replace", "by"}


@dataclass(frozen=True)
class Edit:
    """One replacement inside one function; the text must stand there exactly once."""

    function: str
    replace: str
    by: str


@dataclass(frozen=True)
class Mistake:
    """A wrong solution that students really write.

    Attributes:
        id: its number in the list of mistakes.
        name: what is wrong, in a few words.
        question: the question that must lose points.
        hint: text that must show in a failing test of that question.
        also: questions that may lose points too.
        edits: what turns the solved source into the wrong one.
        where: file and line of its entry.
    """

    id: str
    name: str
    question: str
    hint: str
    also: tuple[str, ...]
    edits: tuple[Edit, ...]
    where: str

    def apply(self, source: str) -> str:
        """Make the wrong solution.

        Args:
            source: the solved source.

        Raises:
            MistakeError: if an edit's function is unknown, its text stands there never or more
                than once, or the result is no Python.
        """
        for edit in self.edits:
            source = self._applied(edit, source)
        try:
            ast.parse(source)
        except SyntaxError as error:
            raise MistakeError(self.where, f"mistake {self.id} gives no valid Python: {error.msg}") from None
        return source

    def _applied(self, edit: Edit, source: str) -> str:
        spans = dict(_spans(ast.parse(source)))
        if edit.function not in spans:
            hint = did_you_mean(edit.function, spans)
            raise MistakeError(self.where, f"mistake {self.id} edits '{edit.function}', which is not there", hint)
        lines = source.splitlines(keepends=True)
        first, last = spans[edit.function]
        body = "".join(lines[first - 1 : last])
        if (count := body.count(edit.replace)) != 1:
            what = f"mistake {self.id}: {edit.replace!r} stands {count} times in {edit.function}, not once"
            raise MistakeError(self.where, what, "make 'replace' longer or shorter until it names one place")
        return "".join([*lines[: first - 1], body.replace(edit.replace, edit.by), *lines[last:]])


def load_mistakes(assignment: Assignment) -> tuple[Mistake, ...]:
    """Read an assignment's known mistakes; none when it has no list.

    Raises:
        MistakeError: naming file and line, if an entry cannot be used.
    """
    file = assignment.folder / MISTAKES
    if not file.exists():
        return ()
    text = file.read_text(encoding="utf-8")
    try:
        entries = tomllib.loads(text).get("mistakes", [])
    except tomllib.TOMLDecodeError as error:
        raise MistakeError(file, f"not valid TOML: {error}") from None
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.strip() == "[[mistakes]]"]
    mistakes: dict[str, Mistake] = {}
    for entry, line in zip(entries, lines, strict=False):
        mistake = _mistake(entry, f"{file}:{line}", assignment)
        if mistake.id in mistakes:
            raise MistakeError(mistake.where, f"mistake {mistake.id} is listed twice")
        mistakes[mistake.id] = mistake
    return tuple(mistakes.values())


def _mistake(entry: dict[str, Any], where: str, assignment: Assignment) -> Mistake:
    _only(entry, _KEYS, where)
    edits = entry.get("edits", [])
    for missing in _KEYS - {"also"} - set(entry):
        raise MistakeError(where, f"key '{missing}' is missing")
    for edit in edits:
        _only(edit, _EDIT_KEYS, where)
        if set(edit) != _EDIT_KEYS or not all(isinstance(value, str) for value in edit.values()):
            raise MistakeError(where, "an edit needs texts for 'in', 'replace' and 'by'")
    also = tuple(entry.get("also", ()))
    for question in (entry["question"], *also):
        if question not in assignment.by_id:
            hint = did_you_mean(str(question), assignment.by_id)
            raise MistakeError(where, f"'{question}' is no question of {assignment.name}", hint)
    made = tuple(Edit(edit["in"], edit["replace"], edit["by"]) for edit in edits)
    return Mistake(str(entry["id"]), entry["name"], entry["question"], entry["hint"], also, made, where)


def _only(table: dict[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise MistakeError(where, f"unknown key '{key}'", did_you_mean(key, known))


def _spans(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, tuple[int, int]]]:
    """Give the name and the lines of each function, class and method; decorators included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield f"{prefix}{node.name}", (first, node.end_lineno or node.lineno)
            if isinstance(node, ast.ClassDef):
                yield from _spans(node, f"{prefix}{node.name}.")
