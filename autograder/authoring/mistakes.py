"""Known wrong solutions, as small edits of the solved source."""

import ast
import functools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.assignment import Assignment
from autograder.errors import MistakeError, did_you_mean

MISTAKES = "mistakes.toml"
_TEXTS = ("id", "name", "question", "hint")
_KEYS = (*_TEXTS, "fits", "also", "slow", "edits")
_EDIT_KEYS = ("in", "replace", "by")
_ENTRY = re.compile(r"\s*\[\[\s*mistakes\s*\]\]")


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
        fits: other misconceptions that are true of it as well; every one besides that a test recognises is wrong.
        also: questions that may lose points too.
        edits: what turns the solved source into the wrong one.
        where: file and line of its entry.
        slow: whether a test marked slow must catch it; the others are proven without those.
    """

    id: str
    name: str
    question: str
    hint: str
    also: tuple[str, ...]
    edits: tuple[Edit, ...]
    where: str
    slow: bool = False
    fits: tuple[str, ...] = ()

    def apply(self, source: str) -> str:
        """Make the wrong solution.

        Args:
            source: the solved source.

        Raises:
            MistakeError: if an edit's function is unknown, its text stands there never or more
                than once, or the result is no Python.
        """
        try:
            for edit in self.edits:
                source = self._applied(edit, source)
            compile(source, self.where, "exec", dont_inherit=True)
        except SyntaxError as error:
            what = f"mistake {self.id} gives no valid Python: {error.msg}: {(error.text or '').strip()}"
            raise MistakeError(self.where, what, "a mistake must still run; correct 'by'") from None
        return source

    def _applied(self, edit: Edit, source: str) -> str:
        spans = _spans_of(source)
        if edit.function not in spans:
            hint = did_you_mean(edit.function, spans) or "name a function, a class or Class.method of the module"
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
    mistakes: dict[str, Mistake] = {}
    for where, entry in _entries(file) if file.exists() else ():
        mistake = _mistake(entry, where, assignment)
        if mistake.id in mistakes:
            other = mistakes[mistake.id].where.rpartition(":")[2]
            raise MistakeError(where, f"mistake {mistake.id} stands at line {other} already", "give it another id")
        mistakes[mistake.id] = mistake
    return tuple(mistakes.values())


def _entries(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give place and content of each entry."""
    try:
        text = file.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MistakeError(file, f"not valid TOML: {error}") from None
    _refuse_unknown(table, ("mistakes",), str(file))
    lines = [number for number, line in enumerate(text.splitlines(), 1) if _ENTRY.match(line)]
    entries = table.get("mistakes", [])
    if len(entries) != len(lines):
        raise MistakeError(file, "the mistakes are not all tables", "begin each with a line [[mistakes]]")
    for line, entry in zip(lines, entries, strict=True):
        yield f"{file}:{line}", entry


def _mistake(entry: dict[str, Any], where: str, assignment: Assignment) -> Mistake:
    _refuse_unknown(entry, _KEYS, where)
    for key in _TEXTS:
        _require(isinstance(entry.get(key), str) and entry[key].strip(), f"'{key}' must be a text", entry, key, where)
    also = entry.get("also", [])
    _require(isinstance(also, list), "'also' must be a list of questions", entry, "also", where)
    for named in (entry["question"], *also):
        if named not in assignment.by_id:
            near = did_you_mean(str(named), assignment.by_id) or f"questions: {', '.join(assignment.by_id)}"
            raise MistakeError(where, f"'{named}' is no question of {assignment.name}", near)
    fits = entry.get("fits", [])
    fine = isinstance(fits, list) and all(isinstance(text, str) and text.strip() for text in fits)
    _require(fine, "'fits' must be a list of texts", entry, "fits", where)
    slow = entry.get("slow", False)
    _require(isinstance(slow, bool), "'slow' must be true or false", entry, "slow", where)
    identifier, name, question, hint = (entry[key] for key in _TEXTS)
    return Mistake(identifier, name, question, hint, tuple(also), _edits(entry, where), where, slow, tuple(fits))


def _edits(entry: dict[str, Any], where: str) -> tuple[Edit, ...]:
    edits = entry.get("edits")
    _require(isinstance(edits, list) and edits, "'edits' must be a list of edits", entry, "edits", where)
    for edit in edits or ():
        _require(isinstance(edit, dict), "an edit must be a table", entry, "edits", where)
        _refuse_unknown(edit, _EDIT_KEYS, where)
        for key in _EDIT_KEYS:
            _require(isinstance(edit.get(key), str), f"'{key}' of an edit must be a text", edit, key, where)
        if edit["replace"] == edit["by"]:
            raise MistakeError(where, f"an edit of '{edit['in']}' changes nothing", "'replace' and 'by' must differ")
    return tuple(Edit(edit["in"], edit["replace"], edit["by"]) for edit in edits or ())


def _require(fine: object, what: str, table: dict[str, Any], key: str, where: str) -> None:
    if key not in table and not fine:
        raise MistakeError(where, f"key '{key}' is missing", f"{what.removeprefix('an ')}")
    if not fine:
        raise MistakeError(where, f"{what}, got {table[key]!r}")


def _refuse_unknown(table: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known) or f"known keys: {', '.join(known)}"
            raise MistakeError(where, f"unknown key '{key}'", hint)


@functools.lru_cache(maxsize=1)
def _spans_of(source: str) -> dict[str, tuple[int, int]]:
    """Find the functions of a source; most edits are of the same one."""
    return dict(_spans(ast.parse(source)))


def _spans(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, tuple[int, int]]]:
    """Give the name and the lines of each function, class and method; decorators included."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield f"{prefix}{node.name}", (first, node.end_lineno or node.lineno)
            if isinstance(node, ast.ClassDef):
                yield from _spans(node, f"{prefix}{node.name}.")
