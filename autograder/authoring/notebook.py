"""An assignment as a notebook: the handout's story, a cell for each function, and one that checks it.

A section of the handout with `<!-- before: pad_image -->` under its heading stands before that question.

Nothing is written to disk from inside it: a check cell runs the kit's public tests on the
functions as the notebook defines them, and the notebook itself can be handed in.
"""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from autograder.assignment import Assignment
from autograder.authoring.figures import data_uri
from autograder.errors import BuildError, did_you_mean
from autograder.questions import Question

Cell = dict[str, Any]
Places = dict[int, list[Question]]  # by the number of a piece of the source
_PICTURE = re.compile(r"!\[([^\]]*)\]\(figures/([^)\s]+)\)")
_PLACE = re.compile(r"\n<!-- before: (\w+) -->")
_START = """\
## How this notebook works

Beside it lie `tests/` and `coursekit/` of the starter kit. In Colab, upload `starter.zip` with the folder symbol on
the left, run `!unzip -o starter.zip` in a cell of its own, then `%cd {name}`.

Write each function in its cell, run the cell, then run the check below it. Restart the kernel and run all cells
before you hand in. Then `python hand_in.py --notebook` writes the zip; or write the functions into `{module}`
instead, and `python hand_in.py` hands that in.
"""


def notebook(assignment: Assignment, source: str, handout: str, figures: dict[str, str], kit: str | None = None) -> str:
    """Write the notebook of an assignment.

    Args:
        assignment: whose questions give the check cells.
        source: the module's text, stubs or solved, without markers.
        handout: Markdown; its headings of the first three levels begin new cells.
        figures: file name → SVG text; a picture `figures/NAME` of the handout is put into the notebook.
        kit: folder of the starter kit as seen from the notebook; None beside it.

    Returns:
        nbformat 4.5 JSON, the same text for the same arguments.

    Raises:
        BuildError: if the handout shows a picture that is not drawn, or has a section for a question that is not there.
    """
    story = _story(_embedded(handout, figures, assignment), assignment)
    start = _text(_START.format(name=assignment.name, module=assignment.module_file))
    cells = [*story.pop("", ()), start, *_code_cells(assignment, source, story, kit)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = {
        "cells": [{"id": f"cell-{number}", **cell} for number, cell in enumerate(cells)],
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def without_places(handout: str) -> str:
    """Give a handout without the marks that say where its sections stand in the notebook."""
    return _PLACE.sub("", handout)


def _text(source: str) -> Cell:
    return {"cell_type": "markdown", "metadata": {}, "source": source.strip().splitlines(keepends=True)}


def _code(source: str) -> Cell:
    lines = source.strip("\n").splitlines(keepends=True)
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": lines}


def _parts(handout: str) -> list[str]:
    """Cut a handout at its headings; a `#` inside a code block is none."""
    parts, fenced = [""], False
    for line in handout.splitlines(keepends=True):
        fenced ^= line.lstrip().startswith("```")
        if not fenced and re.match(r"#{1,3} ", line):
            parts.append("")
        parts[-1] += line
    return [part for part in parts if part.strip()]


def _story(handout: str, assignment: Assignment) -> dict[str, list[Cell]]:
    """Give the handout's cells by the question that they stand before; "" for what comes first of all."""
    story: dict[str, list[Cell]] = {}
    known = [question.id for question in assignment.tested]
    for part in _parts(handout):
        place = _PLACE.search(part)
        if place and place[1] not in known:
            todo = did_you_mean(place[1], known) or f"questions: {', '.join(known)}"
            raise BuildError(assignment.folder / "handout.md", f"'{place[0].strip()}' names no question", todo)
        story.setdefault(place[1] if place else "", []).append(_text(without_places(part)))
    return story


def _embedded(text: str, figures: dict[str, str], assignment: Assignment) -> str:
    """Put pictures into the text itself, so that the notebook stands alone."""

    def data(match: re.Match[str]) -> str:
        return f"![{match[1]}]({data_uri(match[2], figures, assignment.folder / 'handout.md')})"

    return _PICTURE.sub(data, text)


def _code_cells(assignment: Assignment, source: str, story: dict[str, list[Cell]], kit: str | None) -> Iterator[Cell]:
    """Give each piece of the source, before the first function of a question its story, behind the last its check."""
    pieces = _pieces(source)
    names = [name for name, _ in pieces]
    first, last = _places(assignment, names)
    where = f", {kit!r}" if kit else ""
    for number, (_, text) in enumerate(pieces):
        for question in first.get(number, ()):
            yield _text(f"## {question.title}")
            yield from story.get(question.id, ())
        yield _code(text)
        if number == 0:
            yield _code("from coursekit.notebook import check")
        for question in last.get(number, ()):
            yield _code(f'check("{question.id}"{where})')


def _places(assignment: Assignment, names: list[str]) -> tuple[Places, Places]:
    """Give the questions that begin before each piece, and those that are checked after it."""
    first: Places = {}
    last: Places = {}
    for question in assignment.tested:
        found = [number for number, name in enumerate(names) if name in question.functions] or [len(names) - 1]
        first.setdefault(found[0], []).append(question)
        last.setdefault(found[-1], []).append(question)
    return first, last


def _pieces(source: str) -> list[tuple[str, str]]:
    """Cut a module into its functions and classes, each by name, and what stands between them, without a name."""
    lines = source.splitlines()
    pieces: list[tuple[str, str]] = []
    start = 0
    for node in ast.parse(source).body:
        name = node.name if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else ""
        text = "\n".join(lines[start : node.end_lineno])
        start = node.end_lineno or 0
        if pieces and not name and not pieces[-1][0]:
            pieces[-1] = ("", f"{pieces[-1][1]}\n{text}")
        else:
            pieces.append((name, text))
    return pieces or [("", "")]
