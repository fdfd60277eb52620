"""Look-alikes: who copied is found whatever the names, and nobody is found by what the starter gives."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.assignment import find_assignments
from autograder.authoring.markers import reference_text, starter_text
from autograder.batch.entries import Run
from autograder.batch.people import People, Student
from autograder.batch.similar import Module, Pair, Side, compare, read_modules, strangers, write_page
from autograder.batch.store import Store
from autograder.batch.submissions import Person, Submission
from autograder.cli import cli
from autograder.errors import SimilarityError

ROOT = Path(__file__).resolve().parents[2]
(A2,) = find_assignments(ROOT, ("a2_convolution",))
SOURCE = A2.source.read_text(encoding="utf-8")
SOLVED, STARTER = reference_text(SOURCE, A2.source), starter_text(SOURCE, A2.source)
LOOPS = (A2.folder / "accepted" / "beginner_loops.py").read_text(encoding="utf-8")
WriteRun = Callable[..., Path]

pytest.importorskip("copydetect", reason="the extra 'similar' is not installed")


@pytest.fixture
def write_run(tmp_path: Path) -> WriteRun:
    """Store a run of a2_convolution: each hand-in's name with its module, teams joined by an underscore."""

    def write(**modules: str) -> Path:
        out = tmp_path / "run"
        out.mkdir()
        submissions = []
        for key, text in modules.items():
            (file := tmp_path / f"{key}.py").write_text(text, encoding="utf-8")
            submissions.append(Submission(key, file, people=tuple(map(Person, key.split("_")))))
        with Store(out) as store:
            store.begin(Run("a2_convolution", ROOT))
            store.register(submissions)
        return out

    return write


def _modules(run: Path) -> tuple[list[Module], dict[str, str]]:
    with Store(run) as store:
        entries = store.entries()
    return read_modules(A2, entries, People(entries=entries))


def _renamed(text: str) -> str:
    """Rename what is named, and take out comments and docstrings."""
    text = re.sub(r'"""[^"]*"""', "pass", text)
    text = re.sub(r"#.*", "", text)
    return re.sub(r"\b(image|kernel|result|padded)\b", r"my_\1", text)


def test_a_renamed_copy_is_found(write_run: WriteRun) -> None:
    """And nobody who has written their own."""
    modules, left_out = _modules(write_run(ada=LOOPS, bob=_renamed(LOOPS), cleo=SOLVED))
    found = [pair for one, two in strangers(modules) if (pair := compare(one, two, 0.6))]

    assert [(pair.left.name, pair.right.name) for pair in found] == [("ada", "bob")]
    assert found[0].share > 0.9
    assert left_out == {}


def test_what_the_starter_gives_is_nobodys(write_run: WriteRun) -> None:
    """Two who have done nothing have nothing in common, and a repeated line of one's own still counts."""
    modules, _ = _modules(write_run(ada=STARTER, bob=STARTER))

    assert [len(module.some.hashes) for module in modules] == [0, 0]
    assert compare(*modules, 0.01) is None


def test_sides_are_the_whole_text_in_pieces(write_run: WriteRun) -> None:
    """What both have is marked, and nothing is lost or doubled."""
    modules, _ = _modules(write_run(ada=LOOPS, bob=f"ADA = 7\n\n\n{LOOPS}"))
    pair = compare(*modules, 0.6)

    assert pair
    assert "".join(text for text, _ in pair.left.parts) == LOOPS
    assert sum(len(text) for text, alike in pair.left.parts if alike) > len(LOOPS) / 4
    assert not pair.right.parts[0][1]


def test_people_of_one_team_are_not_compared(write_run: WriteRun) -> None:
    """Nor is anybody with an earlier hand-in of their own."""
    modules, _ = _modules(write_run(ada_bob=LOOPS, bob=LOOPS, cleo=LOOPS))

    names = [{str(student) for module in pair for student in module.team} for pair in strangers(modules)]
    assert names == [{"ada", "bob", "cleo"}, {"bob", "cleo"}]


def test_what_cannot_be_compared_is_told(write_run: WriteRun, tmp_path: Path) -> None:
    """A hand-in that is gone, that is no text, or that is too long to be anybody's own."""
    run = write_run(ada=LOOPS, bob="x = 1\n" * 40_000, cleo=LOOPS, dan=LOOPS)
    (tmp_path / "cleo.py").unlink()
    (tmp_path / "dan.py").write_bytes(b"\xff\xff")
    modules, left_out = _modules(run)

    assert [str(module.team[0]) for module in modules] == ["ada"]
    assert left_out["bob"] == "has 240,000 characters, and 200,000 are compared"
    assert "not UTF-8" in left_out["dan"]
    assert left_out["cleo"]


def test_a_page_runs_nothing_and_needs_nothing(tmp_path: Path) -> None:
    """Student text is escaped, control characters are written out, and no address is asked for."""
    nasty = "<script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\u202e</pre></details>"
    side = Side(str(Student(nasty)), 0.9, ((nasty, True), ("x = 1\n", False)))
    write_page(tmp_path / "similar.html", [Pair(side, side)], "A2")

    page = (tmp_path / "similar.html").read_text(encoding="utf-8")
    assert not re.search(r"<script|<img|\x1b|\u202e", page)
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;\\x1b[2J\\u202e") == 8
    assert "default-src 'none'" in page
    assert re.findall(r"(?:src|href|url)\s*[=(]", page.replace("src=x", "")) == []


def test_a_page_says_what_it_leaves_out(tmp_path: Path) -> None:
    """The most alike are shown, and with nothing to show it says so."""
    side = Side("ada", 0.9, (("x", True),))
    write_page(tmp_path / "many.html", [Pair(side, side)] * 103, "A2")
    write_page(tmp_path / "none.html", [], "A2")

    assert "3 more pairs are not shown" in (tmp_path / "many.html").read_text(encoding="utf-8")
    assert "No two hand-ins look alike." in (tmp_path / "none.html").read_text(encoding="utf-8")


def test_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    """The file is named."""
    with pytest.raises(SimilarityError, match="similar.html: cannot be written: no such file or directory"):
        write_page(tmp_path / "gone" / "similar.html", [], "A2")


def test_the_verb_lists_pairs_and_writes_a_page(write_run: WriteRun) -> None:
    """With how many were compared."""
    run = write_run(ada=LOOPS, bob=LOOPS, cleo=SOLVED)
    done = CliRunner().invoke(cli, ["similar", str(run)])

    assert done.output == f"100%  ada  and  bob\nwrote {run / 'similar.html'}: 1 of 3 pairs look alike\n"


def test_the_library_is_an_extra(write_run: WriteRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, the message says how to get it."""
    run = write_run(ada=LOOPS)
    monkeypatch.setitem(sys.modules, "copydetect", None)

    with pytest.raises(SimilarityError, match=r"copydetect is not installed\n  pip install 'autograder\[similar\]'"):
        _modules(run)
