"""One solved source in, starter and reference out.

`# BEGIN SOLUTION <what to do>` and `# END SOLUTION` stand around what students write. In the
starter a region becomes its TODO and a NotImplementedError that names the function; in the
reference only the marker lines go.
"""

import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from autograder.errors import MarkerError

_BEGIN = re.compile(r"# BEGIN SOLUTION (\S.*)")
_END = "# END SOLUTION"
_LOOKS_LIKE = ("begin solution", "end solution")
_SIMILAR = 0.8
_REMEDY = "write '# BEGIN SOLUTION <what to do>' or '# END SOLUTION', exactly"
_WIDTH = 118


@dataclass(frozen=True)
class Region:
    """What students write: lines `first` to `last`, markers included, counted from 1."""

    first: int
    last: int
    todo: str
    indent: str
    function: str


def starter_text(source: str, where: Path) -> str:
    """Replace each region by its TODO and a stub that names itself.

    Args:
        source: the solved source with markers.
        where: its file, for messages.

    Raises:
        MarkerError: if a marker is misspelt, does not pair up, or stands outside of a function.
    """
    lines = source.splitlines()
    for region in reversed(regions(source, where)):
        lines[region.first - 1 : region.last] = _stub(region)
    return _compiled("\n".join(lines) + "\n", where)


def reference_text(source: str, where: Path) -> str:
    """Drop the marker lines.

    Args:
        source: the solved source with markers.
        where: its file, for messages.

    Raises:
        MarkerError: as `starter_text`.
    """
    marks = {line for region in regions(source, where) for line in (region.first, region.last)}
    kept = [line for number, line in enumerate(source.splitlines(), 1) if number not in marks]
    return _compiled("\n".join(kept) + "\n", where)


def regions(source: str, where: Path) -> list[Region]:
    """List a source's regions, from top to bottom.

    Raises:
        MarkerError: as `starter_text`.
    """
    functions = list(_functions(ast.parse(_compiled(source, where))))
    found: list[Region] = []
    begun: tuple[int, str, str] | None = None
    for line, comment, before in _comments(source):
        begin = _BEGIN.fullmatch(comment)
        if before and (begin or comment == _END):
            raise MarkerError(f"{where}:{line}", "a marker stands on a line of its own", _REMEDY)
        if begin and begun:
            raise MarkerError(f"{where}:{line}", f"a region begins inside the one of line {begun[0]}", _REMEDY)
        if begin:
            indent = source.splitlines()[line - 1].split("#")[0]
            begun = line, begin[1].strip(), indent
        elif comment == _END:
            if begun is None:
                raise MarkerError(f"{where}:{line}", "a region ends that never began", _REMEDY)
            found.append(Region(begun[0], line, begun[1], begun[2], _around(functions, begun[0], line, where)))
            begun = None
        elif _looks_like_a_marker(comment):
            raise MarkerError(f"{where}:{line}", f"'{comment}' looks like a marker but is not one", _REMEDY)
    if begun:
        raise MarkerError(f"{where}:{begun[0]}", "a region begins that never ends", _REMEDY)
    return found


def _stub(region: Region) -> list[str]:
    """Write the TODO, and an error that names the function."""
    said = f"{region.function}: {region.todo}"
    line = f'{region.indent}raise NotImplementedError("{_quoted(said)}")'
    todo = textwrap.wrap(region.todo, _WIDTH - len(region.indent) - len("# TODO: "))
    comments = [f"{region.indent}# TODO: {todo[0]}", *(f"{region.indent}#   {more}" for more in todo[1:])]
    if len(line) <= _WIDTH:
        return [*comments, line]
    pieces = textwrap.wrap(said, _WIDTH - len(region.indent) - 8, drop_whitespace=False)
    inner = [f'{region.indent}    "{_quoted(piece)}"' for piece in pieces]
    return [*comments, f"{region.indent}raise NotImplementedError(", *inner, f"{region.indent})"]


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _comments(source: str) -> Iterator[tuple[int, str, str]]:
    """Give line, comment, and the code before it, of each comment."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.rstrip(), token.line[: token.start[1]].strip()


def _looks_like_a_marker(comment: str) -> bool:
    words = re.sub(r"[^a-z ]", " ", comment.lower()).split()[:2]
    text = " ".join(words)
    return any(SequenceMatcher(None, text, known).ratio() >= _SIMILAR for known in _LOOKS_LIKE)


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, int, int]]:
    """Give the dotted name and the lines of each function, outer ones first."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            name = f"{prefix}{node.name}"
            if not isinstance(node, ast.ClassDef):
                yield name, node.lineno, node.end_lineno or node.lineno
            yield from _functions(node, f"{name}.")


def _around(functions: list[tuple[str, int, int]], first: int, last: int, where: Path) -> str:
    """Name the function around a region; its last line may be the comment after the function's own last one."""
    inside = [name for name, start, end in functions if start < first <= end]
    if not inside:
        raise MarkerError(f"{where}:{first}", "a region stands outside of a function", "put the markers inside one")
    if last <= first + 1:
        raise MarkerError(f"{where}:{first}", "a region is empty", "put the solution between the markers")
    return inside[-1]


def _compiled(text: str, where: Path) -> str:
    try:
        ast.parse(text)
    except SyntaxError as error:
        what = f"not valid Python: {error.msg}"
        raise MarkerError(f"{where}:{error.lineno}", what, "a region must leave a whole function behind") from None
    return text
