"""The guides are right: their files make a course that verifies, and their words are the framework's own."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.assignment import load_assignment
from autograder.authoring.scaffold import new_course
from autograder.proof.verify import Proof, claims_about

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = [page for page in sorted(DOCS.rglob("*.md")) if "made" not in page.parts and "_build" not in page.parts]
_BLOCK = re.compile(r"^```(?:\{code-block\} )?(\w+)\n(?::caption: ([^\n]+)\n\n)?(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = ", at its end"


def _blocks(page: Path) -> Iterator[tuple[str, str, str]]:
    """Give a page's examples: language, caption or empty, text."""
    yield from _BLOCK.findall(page.read_text(encoding="utf-8"))


def _follow(guide: str, root: Path) -> None:
    """Write the files of a guide into a course."""
    for _, caption, text in _blocks(DOCS / "guides" / f"{guide}.md"):
        if caption:
            file = root / caption.removesuffix(_END)
            before = file.read_text(encoding="utf-8") + "\n\n" if caption.endswith(_END) else ""
            file.write_text(before + text, encoding="utf-8")


def test_what_the_guides_write_verifies(tmp_path: Path) -> None:
    """A hidden test, its mistake, and a probe, written as the guides say, hold every claim of a quick proof."""
    root = new_course(tmp_path / "course").root
    for guide in ("hidden-test", "mistake", "probe"):
        _follow(guide, root)
    manifest = root / "assignments" / "a1_first" / "assignment.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("= 12", "= 15"), encoding="utf-8")

    claims = list(claims_about(load_assignment(manifest.parent), "a salt", Proof(workers=1, quick=True)))

    assert [f"{claim.text}: {claim.broken}" for claim in claims if claim.fails] == []
    assert sum(claim.text.startswith("mistake") for claim in claims) == 3


HAND_INS = {
    "syntax": "def mean_filter(row:",
    "import": "import images\n",
    "refused": "import scipy.ndimage\n",
    "top level": "while True:\n    pass\n",
    "no function": "def mean(row):\n    return row\n",
    "changes": "def mean_filter(row):\n    row[0] = 0\n    return row\n",
    "loops": "def mean_filter(row):\n    while True:\n        pass\n",
    "dies": "import os\n\n\ndef mean_filter(row):\n    os.abort()\n",
}


def _edited(folder: Path, name: str, old: str, new: str) -> Assignment:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    return load_assignment(folder)


def _told(course: Course) -> Iterator[str]:
    """Make each error that an instructor asks about."""
    folder = course.root / "assignments" / "a1_first"
    assignment, hidden = load_assignment(folder), "hidden/test_hidden_mean_filter.py"
    errors: list[tuple[Callable[[], object], tuple[str, str, str]]] = [
        (lambda: find_course(course.root.parent), (hidden, "", "")),
        (lambda: read_salt(course.root.parent), (hidden, "", "")),
        (lambda: fetch("minst", ()), (hidden, "", "")),
        (lambda: find_submissions([folder / "public"], assignment), (hidden, "", "")),
        (lambda: load_assignment(folder), ("assignment.toml", "points ", "pionts ")),
        (lambda: starter_files(assignment), ("a1_first.py", "# END SOLUTION", "# END SOLUTON")),
    ]
