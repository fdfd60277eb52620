"""The guides are right: their files make a course that verifies, and their words are the framework's own."""

import ast
import re
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from autograder.assignment import find_assignments, load_assignment
from autograder.authoring.mistakes import load_mistakes
from autograder.authoring.scaffold import new_course
from autograder.batch.platforms import find_submissions
from autograder.batch.policy import read_policy
from autograder.cli import cli
from autograder.course import Course, find_course, read_salt
from autograder.data.fetch import fetch
from autograder.errors import AutograderError
from autograder.grading.grade import Grader
from autograder.packaging.build import check, starter_files
from autograder.proof.mutants import load_equivalents
from autograder.proof.verify import Proof, claims_about
from autograder.suite.plugin import SuiteFixtures
from coursekit.recording import MARKS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted({*DOCS.rglob("*.md")} - {*DOCS.glob("made/**/*"), *DOCS.glob("_build/**/*")})
_BLOCK = re.compile(r"^```(?:\{code-block\} )?(\w+)\n(?::caption: ([^\n]+)\n\n)?(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = ", at its end"
_HIDDEN = "hidden/test_hidden_mean_filter.py"
_HAND_INS = {
    "no Python": "def mean_filter(row:",
    "imports what is not there": "import images\n",
    "imports what is refused": "import scipy.ndimage\n",
    "waits while it is imported": "while True:\n    pass\n",
    "has another name": "def mean(row):\n    return row\n",
    "writes into its argument": "def mean_filter(row):\n    row[0] = 0\n    return row\n",
    "never returns": "def mean_filter(row):\n    while True:\n        pass\n",
    "ends its process": "import os\n\n\ndef mean_filter(row):\n    os.abort()\n",
}


def _blocks(page: Path, language: str) -> list[tuple[str, str]]:
    """Give a page's examples in a language: caption, or nothing, and text."""
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [(caption, text) for kind, caption, text in found if kind == language]


EXAMPLES = {
    language: [(page.stem, caption, text) for page in PAGES for caption, text in _blocks(page, language)]
    for language in ("python", "toml", "console")
}
COMMANDS = [
    line.removeprefix("$ ").partition(" #")[0]
    for _, _, text in EXAMPLES["console"]
    for line in text.splitlines()
    if line.startswith("$ autograder ")
]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Write the course that the guides work on."""
    return new_course(tmp_path / "course")


def _follow(guide: str, root: Path) -> None:
    """Write the files of a guide into a course."""
    page = DOCS / "guides" / f"{guide}.md"
    for caption, text in [*_blocks(page, "python"), *_blocks(page, "toml")]:
        if caption:
            file = root / caption.removesuffix(_END)
            before = file.read_text(encoding="utf-8") + "\n\n" if caption.endswith(_END) else ""
            file.write_text(before + text, encoding="utf-8")


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_what_the_guides_write_verifies(course: Course) -> None:
    """A hidden test, its mistake, and a probe, written as the guides say, hold every claim of a quick proof."""
    folder = course.root / "assignments" / "a1_first"
    for guide in ("hidden-test", "mistake", "probe"):
        _follow(guide, course.root)
    _edit(folder / "assignment.toml", "= 12", "= 15")

    claims = list(claims_about(load_assignment(folder), "a salt", Proof(workers=1, quick=True)))

    assert [f"{claim.text}: {claim.broken}" for claim in claims if claim.fails] == []
    assert sum(claim.text.startswith("mistake") for claim in claims) == 3


@pytest.mark.parametrize(("page", "caption", "text"), EXAMPLES["python"], ids=lambda value: str(value)[:30])
def test_examples_in_python_can_be_parsed(page: str, caption: str, text: str) -> None:
    """An example is Python, and takes nothing from coursekit that is not there."""
    tree = ast.parse(textwrap.dedent(text))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]

    assert tree.body, (page, caption)
    assert all(hasattr(__import__("coursekit"), name) for name in names if "from coursekit" in text)


@pytest.mark.parametrize(("page", "caption", "text"), EXAMPLES["toml"], ids=lambda value: str(value)[:30])
def test_examples_in_toml_are_loaded(course: Course, page: str, caption: str, text: str) -> None:
    """Each is read by what reads such a file, together with what the course has already."""
    folder = course.root / "assignments" / "a1_first"
    match caption.removesuffix(_END).rpartition("/")[2]:
        case "assignment.toml":
            _add(folder / "assignment.toml", text, whole="title " in text.partition("[[")[0])

            assert load_assignment(folder)
        case "mistakes.toml":
            _follow("probe", course.root) if page == "probe" else _add(folder / "mistakes.toml", text)

            assert load_mistakes(load_assignment(folder))[-1].question in text
        case "course.toml":
            (course.root / "course.toml").write_text(text, encoding="utf-8")

            assert find_course(course.root).wheels
        case "policy.toml":
            (course.root / "policy.toml").write_text(text, encoding="utf-8")

            assert read_policy(course.root / "policy.toml", find_assignments(ROOT)).rules
        case "equivalent.toml":
            there = load_equivalents(load_assignment(ROOT / caption.rpartition("/")[0]))

            assert tomllib.loads(text)["equivalent"][0]["becomes"] in {one.becomes for one in there}
        case other:
            pytest.fail(f"nothing reads {other}")


def _add(file: Path, text: str, *, whole: bool = False) -> None:
    """Write an example into a file: a table at its end, keys before its tables, or all of it."""
    before = file.read_text(encoding="utf-8")
    parts = [text] if whole else [before, text] if text.startswith("[") else [text, before]
    file.write_text("\n".join(parts), encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_there(command: str) -> None:
    """Every `autograder …` of a page is a verb with these options."""
    words = command.split()[1:]
    verb: click.Command = cli
    while isinstance(verb, click.Group):
        verb = verb.commands[words.pop(0)]
    known = {name for option in verb.params for name in option.opts}

    assert [word for word in words if word.startswith("--") and word not in known] == []


def test_every_fixture_and_mark_is_told() -> None:
    """What the reference of tests lists is what there is."""
    page = (DOCS / "reference" / "tests.md").read_text(encoding="utf-8")
    kind = type(vars(SuiteFixtures)["student"])
    fixtures = {name.removesuffix("_handed_in") for name, value in vars(SuiteFixtures).items() if type(value) is kind}

    assert len(fixtures) > 1
    assert [name for name in fixtures if f"| `{name}` |" not in page] == []
    assert [mark for mark in MARKS if f"| `{re.split('[(:]', mark)[0]}" not in page] == []


def test_errors_read_as_the_page_says(course: Course, tmp_path: Path) -> None:
    """Each message on the page of errors is what the framework says where that has gone wrong."""
    said = "\n".join([*_told_to_instructors(course), *_told_to_students(course, tmp_path)]).replace(str(tmp_path), "…")
    said = said.replace("…/course/assignments/a1_first/", "…/")

    assert [text for _, text in _blocks(DOCS / "reference" / "errors.md", "text") if text.strip() not in said] == []


def _told_to_instructors(course: Course) -> Iterator[str]:
    folder = course.root / "assignments" / "a1_first"
    (course.root.parent / "hand_ins").mkdir()

    def mistaken() -> None:
        (mistake,) = load_mistakes(load_assignment(folder))
        mistake.apply((folder / "a1_first.py").read_text(encoding="utf-8"))

    wrongs: list[tuple[Callable[[], object], list[tuple[str, str, str]]]] = [
        (lambda: find_course(course.root.parent), []),
        (lambda: read_salt(course.root.parent), []),
        (lambda: fetch("minst", ()), []),
        (lambda: find_submissions([course.root.parent / "hand_ins"], load_assignment(folder)), []),
        (lambda: load_assignment(folder), [("assignment.toml", "points ", "pionts ")]),
        (lambda: starter_files(load_assignment(folder)), [("a1_first.py", "END SOLUTION", "END SOLUTON")]),
        (lambda: starter_files(load_assignment(folder)), [("handout.md", "A mean", r"$\half$ of a mean")]),
        (mistaken, [("mistakes.toml", '") / 3"', '") / 4"')]),
        (
            lambda: Grader(load_assignment(folder), "a salt"),
            [(_HIDDEN, 'question("mean_filter")', 'question("mean_fliter")')],
        ),
        (
            lambda: Grader(load_assignment(folder), "a salt"),
            [(_HIDDEN, '    """mean_filter gives float64 for whole numbers."""\n', "")],
        ),
    ]
    yield from check(course, [load_assignment(folder)])
    for act, edits in wrongs:
        saved = {name: (folder / name).read_text(encoding="utf-8") for name, _, _ in edits}
        for name, old, new in edits:
            _edit(folder / name, old, new)
        with pytest.raises(AutograderError) as error:
            act()
        yield str(error.value)
        for name, text in saved.items():
            (folder / name).write_text(text, encoding="utf-8")


def _told_to_students(course: Course, tmp_path: Path) -> Iterator[str]:
    folder = course.root / "assignments" / "a1_first"
    _edit(folder / "assignment.toml", "seconds = 5", "seconds = 0.5")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "filter.py").touch()
    with Grader(load_assignment(folder), "a salt") as grader:
        yield grader.grade(tmp_path / "other").problem
        for text in _HAND_INS.values():
            (tmp_path / "a1_first.py").write_text(text, encoding="utf-8")
            grade = grader.grade(tmp_path / "a1_first.py")
            yield "\n".join([grade.problem, *(case.summary for result in grade.results for case in result.cases)])


@pytest.mark.filterwarnings("ignore:Port 8787 is already in use")  # of its dashboard, which this test does not open
def test_the_program_for_slurm_asks_for_workers_of_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs, on an interface that is here, and what it would submit is a worker with one thread."""
    jobqueue = pytest.importorskip("dask_jobqueue")
    asked: list[int] = []
    monkeypatch.setattr(jobqueue.SLURMCluster, "scale", lambda _, number: asked.append(number))
    (program,) = (text for _, caption, text in EXAMPLES["python"] if caption == "slurm.py")
    names: dict[str, Any] = {}

    exec(program.replace('"ib0"', '"lo"'), names)  # noqa: S102 - our own example
    script = names["cluster"].job_script()
    names["cluster"].close()

    assert asked[0] == 64  # closing asks for none
    assert "--nthreads 1 " in script


def test_the_readme_links_to_what_is_there() -> None:
    """Sphinx looks after the site's own links; these are read on the repository's first page."""
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))

    assert len(links) > 1
    assert [link for link in links if not (ROOT / link).exists()] == []
