"""Handouts as pages: formulas are MathML, pictures are inside, and nothing else gets in."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from autograder.assignment import Assignment, find_assignments
from autograder.errors import BuildError
from autograder.packaging.build import starter_files
from autograder.packaging.handout import handout_page, mathml

ROOT = Path(__file__).resolve().parents[2]
HANDOUTS = {one.name: (one.folder / "handout.md").read_text(encoding="utf-8") for one in find_assignments(ROOT)}
ARGUMENTS = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "mover": 2, "munder": 2, "munderover": 3}


def _formulas(text: str) -> list[str]:
    tokens = MarkdownIt().use(dollarmath_plugin).parse(text)
    lines = [token for token in tokens if token.type == "math_block"]
    words = [child for token in tokens for child in token.children or () if child.type == "math_inline"]
    return [token.content.strip() for token in (*lines, *words)]


FORMULAS = sorted({formula for text in HANDOUTS.values() for formula in _formulas(text)})


@pytest.mark.parametrize("formula", FORMULAS)
def test_every_formula_of_every_handout_is_set(formula: str) -> None:
    """It is well-formed MathML, each of its parts is complete, and no LaTeX is left in it."""
    made = ET.fromstring(mathml(formula))  # noqa: S314 - it is our own
    parts = {element.tag.rpartition("}")[2]: len(element) for element in made.iter()}

    assert "merror" not in parts
    assert "\\" not in "".join(made.itertext())
    assert {tag: count for tag, count in parts.items() if ARGUMENTS.get(tag, count) != count} == {}


@pytest.mark.parametrize("name", HANDOUTS)
def test_no_formula_is_left_as_text(name: str) -> None:
    """Outside code, a handout's page has no dollar and no command of LaTeX; a handout has formulas."""
    (assignment,) = find_assignments(ROOT, (name,))
    page = next(content.decode() for path, content in starter_files(assignment).items() if path.name == "handout.html")
    text = re.sub(r"<(pre|code|style)\b.*?</\1>|<img[^>]*>", "", page, flags=re.DOTALL)

    assert "<math " in page
    assert re.findall(r"\$|\\[a-z]+", text) == []


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        (r"\frac{1", "its braces do not pair up"),
        (r"\foo + 1", r"it has no place for \foo"),
        ("a & b", "it has no place for &"),
        (r"\text{<script>}", r"it has no place for \lt"),
        ("a_", "MissingSuperScriptOrSubscriptError"),
    ],
)
def test_a_formula_that_cannot_be_set_is_an_error(small: Assignment, formula: str, said: str) -> None:
    """The message has the handout, the formula and the reason."""
    with pytest.raises(BuildError) as error:
        handout_page(small, f"# Small\n\nHere ${formula}$ stands.\n", {})

    assert str(error.value) == (
        f"{small.folder / 'handout.md'}: the formula '{formula}' cannot be set: {said}\n"
        "  write it in LaTeX that latex2mathml knows"
    )


def test_a_comparison_is_an_operator(small: Assignment) -> None:
    """A `<` in a formula is shown as what it is."""
    assert "<mo>&#x0003C;</mo>" in handout_page(small, "If $a < b$, then.", {})


def test_prices_are_no_formulas(small: Assignment) -> None:
    """Dollars before numbers are dollars."""
    assert "<p>It costs $5 here and $6 there.</p>" in handout_page(small, "It costs $5 here and $6 there.", {})


def test_pictures_are_inside_with_their_words(small: Assignment) -> None:
    """The page needs no folder, and who cannot see a picture reads it."""
    page = handout_page(small, '![a "row"](figures/row.svg)', {"row.svg": "<svg/>"})

    assert '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="a &quot;row&quot;" />' in page


@pytest.mark.parametrize("source", ["figures/column.svg", "https://example.org/row.svg"])
def test_a_picture_that_nobody_draws_is_an_error(small: Assignment, source: str) -> None:
    """A page fetches nothing, so every picture is drawn by figures.py."""
    with pytest.raises(BuildError) as error:
        handout_page(small, f"![a row]({source})", {"row.svg": "<svg/>"})

    name = source.removeprefix("figures/")
    assert (
        str(error.value)
        == f"{small.folder / 'handout.md'}: there is no picture figures/{name}\n  figures.py draws row.svg"
    )


def test_html_is_shown_and_not_obeyed(small: Assignment) -> None:
    """A tag in a handout is text."""
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in handout_page(small, "<script>alert(1)</script>", {})


def test_marks_for_the_notebook_are_left_out(small: Assignment) -> None:
    """Where a section stands in the notebook is no student's concern."""
    assert "before:" not in handout_page(small, "# Small\n\n## Two times\n<!-- before: twice -->\n\nApply it.\n", {})


def test_sections_are_linked(small: Assignment) -> None:
    """The page begins with links to its sections, words in code included."""
    page = handout_page(small, "# Small\n\n## How `twice` works\n\nIt does.\n", {})

    assert '<li><a href="#how-twice-works">How twice works</a></li>' in page
    assert '<h2 id="how-twice-works">How <code>twice</code> works</h2>' in page


def test_page_is_the_same_each_time(small: Assignment) -> None:
    """Same handout, same bytes."""
    text = HANDOUTS["a3_backprop"].replace("![", "[")

    assert handout_page(small, text, {}) == handout_page(small, text, {})
