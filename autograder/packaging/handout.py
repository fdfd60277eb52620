"""A handout as a page: formulas as MathML, pictures inside, nothing fetched and nothing run."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from autograder.assignment import Assignment
from autograder.authoring.figures import data_uri
from autograder.authoring.notebook import without_places
from autograder.errors import BuildError
from autograder.results.html import rendered

PAGE = "handout.html"
_FORMULAS = ("math_inline", "math_block")
_UNKNOWN = re.compile(r"\\[A-Za-z]+|&(?!#?\w+;)")
_BRACE = re.compile(r"(?<!\\)[{}]")


def handout_page(assignment: Assignment, handout: str, figures: dict[str, str]) -> str:
    """Write the page that a student reads.

    Args:
        assignment: whose handout it is.
        handout: Markdown; formulas stand between `$` or `$$`, HTML is shown as text.
        figures: file name → SVG text, for its pictures `figures/NAME`.

    Returns:
        HTML, the same text for the same arguments.

    Raises:
        BuildError: if it has a formula that cannot be set, or a picture that is not drawn.
    """
    file, markdown = assignment.folder / "handout.md", _markdown()
    tokens = markdown.parse(without_places(handout))
    for token in _all(tokens):
        if token.type == "image":
            name = str(token.attrs["src"]).removeprefix("figures/")
            token.attrs["src"] = data_uri(name, figures, file)
        elif token.type in _FORMULAS:
            token.content = _formula(token, file)
    body = markdown.renderer.render(tokens, markdown.options, {})
    return rendered("autograder.packaging", PAGE, title=assignment.title, body=body, sections=list(_sections(tokens)))


def mathml(latex: str, display: str = "inline") -> str:
    r"""Set a formula as MathML.

    Args:
        latex: the formula, without its dollars, such as `\frac{1}{2}`.
        display: "inline", or "block" for a line of its own.

    Raises:
        ValueError: if it cannot be set, with the reason.
    """
    braces = _BRACE.findall(latex)
    if braces.count("{") != braces.count("}"):
        raise ValueError("its braces do not pair up")
    text = latex.replace("<", r"\lt ").replace(">", r"\gt ")  # which would come out as HTML inside of \text
    try:
        made = convert(text, display=display)
    except Exception as error:  # each kind of slip has an exception of its own there
        raise ValueError(type(error).__name__) from error
    if unknown := _UNKNOWN.search(made):
        raise ValueError(f"it has no place for {unknown[0]}")
    return made


def _markdown() -> MarkdownIt:
    """Read what GitHub and Jupyter read, without HTML; formulas come out as they are set here."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table").use(anchors_plugin, max_level=3)
    return markdown.use(
        dollarmath_plugin, allow_labels=False, allow_space=False, allow_digits=False, renderer=lambda text, _: text
    )


def _formula(token: Token, file: Path) -> str:
    try:
        return mathml(token.content.strip(), "block" if token.type == "math_block" else "inline")
    except ValueError as error:
        what = f"the formula '{token.content.strip()}' cannot be set: {error}"
        raise BuildError(file, what, "write it in LaTeX that latex2mathml knows") from error


def _all(tokens: Iterable[Token]) -> Iterator[Token]:
    """Give every token, those inside a line too."""
    for token in tokens:
        yield token
        yield from _all(token.children or ())


def _sections(tokens: list[Token]) -> Iterator[tuple[str, str]]:
    """Give the sections, each by the end of its address and its heading."""
    for token, inside in pairwise(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            yield str(token.attrs["id"]), "".join(child.content for child in inside.children or ())
