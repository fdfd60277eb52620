"""The documentation site. Handouts and the list of messages are taken from the code at each build."""

import runpy
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

import autograder
from autograder.assignment import find_assignments
from autograder.authoring.notebook import without_places
from autograder.packaging.handout import mathml

DOCS = Path(__file__).parent
MADE = DOCS / "made"  # written by this file, and in .gitignore

project = html_title = "Autograded courses"
release = version = autograder.__version__
language = "en"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_math_renderer = "mathml"
html_show_copyright = html_show_sphinx = html_show_sourcelink = html_copy_source = False
highlight_language = "text"
nitpick_ignore_regex = [("py:class", r"(collections|pathlib)\..*")]  # Python's own pages are elsewhere
default_role = "code"  # in docstrings single backticks are code

myst_enable_extensions = ["dollarmath"]
myst_dmath_allow_space = myst_dmath_allow_digits = False
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings have shapes, dtypes and ranges
napoleon_custom_sections = ["Source"]
napoleon_use_ivar = True


def setup(app: Sphinx) -> None:
    """Set formulas as MathML, and write the pages that are made."""
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    app.connect("builder-inited", _make)


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f"<p>{mathml(node.astext().strip(), 'block')}</p>\n")
    raise nodes.SkipNode


def _make(_: Sphinx) -> None:
    """Write each assignment's handout, with its pictures, and the list of messages."""
    shutil.rmtree(MADE, ignore_errors=True)
    handouts = MADE / "handouts"
    handouts.mkdir(parents=True)
    for assignment in find_assignments(DOCS.parent):
        built = DOCS.parent / "starter" / assignment.name
        if (built / "figures").is_dir():
            shutil.copytree(built / "figures", handouts / assignment.name / "figures")
        text = (built / "README.md").read_text(encoding="utf-8")
        page = "# " + without_places(text.partition("\n# ")[2])  # what stands above is about the kit
        page = page.replace("](figures/", f"]({assignment.name}/figures/")
        (handouts / f"{assignment.name}.md").write_text(page, encoding="utf-8")
    messages = runpy.run_path(str(DOCS / "messages.py"))["page"]()
    (MADE / "messages.md").write_text(messages, encoding="utf-8")
