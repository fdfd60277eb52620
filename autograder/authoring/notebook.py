"""An assignment as a notebook: the handout's story, then a cell for each function and one that checks it."""

import ast
import base64
import re
from collections.abc import Iterator

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.assignment import Assignment, Question

_PICTURE = re.compile(r"!\[([^\]]*)\]\(figures/([^)]+)\)")
_START = """\
**Beside this notebook** lie the starter kit's folders `tests/` and `coursekit/`; in Colab, upload and unzip the kit
and open the notebook from its folder. Write each function in its cell, run the cell, then run the check below it.
When you are done, `python hand_in.py --notebook` writes the zip, or hand in the module instead.
"""


def notebook(assignment: Assignment, source: str, handout: str, figures: dict[str, str]) -> str:
    """Write the notebook of an assignment.

    Args:
        assignment: whose questions give the check cells.
        source: the module's text, stubs or solved, without markers.
        handout: Markdown; its `## ` headings begin new cells.
        figures: file name → SVG text; a picture `figures/NAME` of the handout is put into the notebook.

    Returns:
        nbformat 4 JSON, the same text for the same arguments.
    """
    story = [new_markdown_cell(_embedded(part, figures)) for part in _parts(handout)]
    cells = [*story, new_markdown_cell(_START), *_code_cells(assignment, source)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    return nbformat.writes(made) + "\n"


def _parts(handout: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?m)^(?=## )", handout) if part.strip()]


def _embedded(text: str, figures: dict[str, str]) -> str:
    """Put pictures into the text itself, so that the notebook stands alone."""

    def data(match: re.Match[str]) -> str:
        svg = base64.b64encode(figures[match[2]].encode()).decode()
        return f"![{match[1]}](data:image/svg+xml;base64,{svg})"

    return _PICTURE.sub(data, text)


def _code_cells(assignment: Assignment, source: str) -> Iterator[nbformat.NotebookNode]:
    """Give the header, then each question's functions and its check; helpers stand where the source has them."""
    last = {question.functions[-1]: question for question in assignment.questions}
    first = {question.functions[0]: question for question in assignment.questions}
    yield new_code_cell("from coursekit.notebook import check")
    for name, text in _pieces(source):
        if name in first:
            yield new_markdown_cell(f"### {first[name].title}")
        yield new_code_cell(text)
        if name in last:
            yield _check(last[name])


def _check(question: Question) -> nbformat.NotebookNode:
    return new_code_cell(f'check("{question.id}")')


def _pieces(source: str) -> Iterator[tuple[str, str]]:
    """Cut a module into its functions and classes, each by name, and what stands between them, without a name."""
    lines, between = source.splitlines(), []
    body = ast.parse(source).body
    start = 0
    for node in body:
        end = node.end_lineno or 0
        text = "\n".join(lines[start:end]).strip("\n")
        start = end
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            if between:
                yield "", "\n".join(between)
                between = []
            yield node.name, text
        else:
            between.append(text)
    if between:
        yield "", "\n".join(between)
