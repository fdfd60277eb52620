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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path

from autograder.errors import MarkerError

_BEGIN = re.compile(r"# BEGIN SOLUTION (\S.*)")
_END = "# END SOLUTION"
_FIRST_WORDS, _SECOND_WORD = ("begin", "end"), "solution"
_SIMILAR = 0.75
_REMEDY = "write '# BEGIN SOLUTION <what to do>' or '# END SOLUTION', exactly"
_WIDTH = 120
_Function = ast.FunctionDef | ast.AsyncFunctionDef


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
    tree = ast.parse(_compiled(source, where))
    functions = list(_functions(tree))
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    found: list[Region] = []
    begun: tuple[int, str, str] | None = None  # line, what to do, indentation
    for line, comment, before in _comments(source):
        begin, place = _BEGIN.fullmatch(comment), f"{where}:{line}"
        if not begin and comment != _END:
            if _looks_like_a_marker(comment):
                raise MarkerError(place, f"'{comment}' looks like a marker but is not one", _REMEDY)
        elif before.strip():
            raise MarkerError(place, "a marker stands behind code", "put it on a line of its own")
        elif begin and begun:
            todo = "end that one first, with '# END SOLUTION'"
            raise MarkerError(place, f"a region begins inside the one of line {begun[0]}", todo)
        elif begin:
            begun = line, begin[1], before
        elif begun is None:
            raise MarkerError(place, "a region ends that never began", _REMEDY)
        else:
            region = Region(begun[0], line, begun[1], begun[2], "")
            found.append(_placed(region, functions, statements, where))
            begun = None
    if begun:
        raise MarkerError(f"{where}:{begun[0]}", "a region begins that never ends", "write '# END SOLUTION' after it")
    return found


def _placed(
    region: Region, functions: Sequence[tuple[str, _Function]], statements: Sequence[ast.stmt], where: Path
) -> Region:
    """Name a region's function, once it holds whole statements of one."""
    place = f"{where}:{region.first}"
    around = [item for item in functions if item[1].lineno < region.first <= (item[1].end_lineno or 0)]
    if not around:
        raise MarkerError(place, "a region stands outside of a function", "put the markers inside one")
    name, function = around[-1]
    here = [node for node in statements if region.first < node.lineno < region.last]
    if not here:
        raise MarkerError(place, "a region is empty", "put the solution between the markers")
    if any(node.lineno > (function.end_lineno or 0) for node in here):
        raise MarkerError(place, f"a region reaches over the end of {name}", "end it inside the same function")
    if any((node.end_lineno or 0) > region.last for node in here):
        raise MarkerError(place, "a region ends in the middle of a statement", "end it after the statement")
    if min(here, key=lambda node: node.lineno).col_offset != len(region.indent):
        raise MarkerError(place, "a marker is not indented as the code below it", "indent it alike")
    return replace(region, function=name)


def _stub(region: Region) -> list[str]:
    """Write the TODO, and an error that names the function."""
    said = f"{region.function}: {region.todo}"
    todo = textwrap.wrap(region.todo, _WIDTH - len(region.indent) - len("# TODO: "))
    comments = [f"{region.indent}# TODO: {todo[0]}", *(f"{region.indent}#       {more}" for more in todo[1:])]
    line = f"{region.indent}raise NotImplementedError({_quoted(said)})"
    if len(line) <= _WIDTH:
        return [*comments, line]
    room = _WIDTH - len(region.indent) - 8 - said.count('"') - said.count("\\")
    pieces = textwrap.wrap(said, room, drop_whitespace=False)
    inner = [f"{region.indent}    {_quoted(piece)}" for piece in pieces]
    return [*comments, f"{region.indent}raise NotImplementedError(", *inner, f"{region.indent})"]


def _quoted(text: str) -> str:
    """Write a string as the formatter would: in double quotes, unless that takes escapes."""
    if '"' in text and "'" not in text and "\\" not in text:
        return f"'{text}'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _comments(source: str) -> Iterator[tuple[int, str, str]]:
    """Give line, text, and what stands before it, of each comment."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.rstrip(), token.line[: token.start[1]]


def _looks_like_a_marker(comment: str) -> bool:
    """Whether the first two words, in any case and with any signs between them, are nearly those of a marker."""
    words = re.findall(r"[a-z]+", comment.lower())
    if words and any(_near(words[0], first + _SECOND_WORD) for first in _FIRST_WORDS):
        return True
    return len(words) > 1 and any(_near(words[0], first) for first in _FIRST_WORDS) and _near(words[1], _SECOND_WORD)


def _near(word: str, known: str) -> bool:
    return SequenceMatcher(None, word, known).ratio() >= _SIMILAR


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, _Function]]:
    """Give the dotted name and the node of each function, outer ones first."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, _Function):
            yield f"{prefix}{node.name}", node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _functions(node, f"{prefix}{node.name}.")
        else:
            yield from _functions(node, prefix)


def _compiled(text: str, where: Path) -> str:
    try:
        compile(text, str(where), "exec", dont_inherit=True)
    except SyntaxError as error:
        what = f"not valid Python: {error.msg}"
        raise MarkerError(f"{where}:{error.lineno}", what, "a region must leave a whole function behind") from None
    return text
