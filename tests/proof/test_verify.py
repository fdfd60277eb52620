"""Claims about a suite: proven where it is sound, broken where it is not."""

import json
import shutil
from pathlib import Path, PurePosixPath

import pytest

from autograder.assignment import Assignment, load_assignment
from autograder.proof.claims import Claim, Kind
from autograder.proof.hollow import returns_none
from autograder.proof.leaks import leaks
from autograder.proof.verify import Proof, claims_about

MISTAKE = """
[[mistakes]]
id = "1"
name = "triples"
question = "double"
hint = "{hint}"
edits = [{{ in = "double", replace = "2 * x", by = "3 * x" }}]
"""


@pytest.fixture
def folder(small_course: Path, tmp_path: Path) -> Path:
    """Give a copy of the small assignment that a test may change."""
    return Path(shutil.copytree(small_course / "assignments" / "small", tmp_path / "assignments" / "small"))


def _broken(folder: Path, *, quick: bool = True) -> dict[str, str]:
    claims: list[Claim] = list(claims_about(load_assignment(folder), "salt", Proof(quick=quick)))
    return {claim.text: claim.broken for claim in claims if not claim.holds}


def _edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_sound_suite_breaks_no_claim(folder: Path) -> None:
    """Reference, starter, empty and None modules and a known mistake behave as they should."""
    (folder / "mistakes.toml").write_text(MISTAKE.format(hint="Multiply by two."), encoding="utf-8")

    assert _broken(folder, quick=False) == {}


def test_a_mistake_without_its_hint_is_named(folder: Path) -> None:
    """Losing points is not enough: the hint must show."""
    (folder / "mistakes.toml").write_text(MISTAKE.format(hint="Divide."), encoding="utf-8")

    (broken,) = _broken(folder).values()

    assert "its hint 'Divide.' is not shown" in broken


def test_a_false_fail_is_named(folder: Path) -> None:
    """A right solution in another style that loses points breaks its claim."""
    (folder / "accepted").mkdir()
    text = "import numpy as np\ndef double(x):\n    return np.add(x, x)\ndef twice(f, x):\n    return f(f(x))\n"
    (folder / "accepted" / "adds.py").write_text(text, encoding="utf-8")

    broken = _broken(folder)

    assert list(broken) == ["accepted/adds.py earns everything"]
    assert "test_double::test_double_refuses_lists" in broken["accepted/adds.py earns everything"]


def test_a_suite_that_a_stub_satisfies_is_named(folder: Path) -> None:
    """A test that a module of `return None` passes is found."""
    _edit(
        folder / "public" / "test_double.py",
        "assert_raises(TypeError, student.double, [1, 2])",
        "student.double([1, 2])",
    )

    assert "functions that return None earn nothing" in _broken(folder)


def test_a_mistake_that_costs_another_question_is_named(folder: Path) -> None:
    """One bug costs its own question, unless the mistake says otherwise."""
    (folder / "mistakes.toml").write_text(
        MISTAKE.format(hint="Call f on its own").replace('"double"\nhint', '"twice"\nhint')
    )

    (broken,) = _broken(folder).values()

    assert "it lives: twice keeps all of its points" in broken or "not shown" in broken or "other questions" in broken


def test_a_suite_that_cannot_be_collected_proves_nothing(folder: Path) -> None:
    """Every claim is not proven; none passes by accident."""
    _edit(folder / "hidden" / "test_twice.py", "import numpy", "import numpyy")

    broken = _broken(folder)

    assert list(broken) == ["the suite can be used"]
    assert "No module named 'numpyy'" in broken["the suite can be used"]


def test_a_solution_outside_of_its_markers_leaks(folder: Path) -> None:
    """A line of the hidden tests in the handout is found; a kit without one is clean."""
    clean = leaks(load_assignment(folder))
    _edit(folder / "handout.md", "Double it.", "Beware of test_marker_hidden_sentinel.")

    assert clean == []
    assert leaks(load_assignment(folder)) != []


def test_functions_that_return_none_keep_their_signatures(small: Assignment) -> None:
    """Only bodies are replaced."""
    source = returns_none(small.source.read_text(encoding="utf-8"))

    assert "def twice(f, x):\n    return None" in source
    assert "isinstance" not in source


def _add_free_test(folder: Path, badge: str) -> None:
    """Add a question whose only test gives no points and passes whatever the student wrote."""
    with (folder / "assignment.toml").open("a", encoding="utf-8") as manifest:
        manifest.write(f'\n[[questions]]\nid = "free"\ntitle = "Free"\n{badge}\n')
    marks = '@pytest.mark.question("free")\n@pytest.mark.points(0)\n'
    body = 'def test_given():\n    """A given helper works."""\n    assert True\n'
    (folder / "public" / "test_free.py").write_text(f"import pytest\n\n\n{marks}{body}", encoding="utf-8")


def test_a_badge_for_nothing_is_named(folder: Path) -> None:
    """A bonus gives no points, so its badge must not come for free either."""
    _add_free_test(folder, 'badge = "Lucky"')
    broken = _broken(folder)

    assert set(broken.values()) == {"it earns Lucky"}
    assert "the starter earns nothing: every item is not attempted" in broken


def test_a_given_helper_may_be_shown_by_a_test_without_points(folder: Path) -> None:
    """It passes on the starter, and that is no attempt."""
    _add_free_test(folder, "")

    assert _broken(folder) == {}


SLOW = '''
@pytest.mark.slow
@pytest.mark.points(1)
@pytest.mark.hint("Be quick.")
def test_is_quick(student):
    """double is quick."""
    assert_close(student.double(np.ones(2)), np.full(2, 2.0), rtol=0, atol=0)


@pytest.mark.points(0)'''


@pytest.mark.parametrize(("slow", "broken"), [("slow = true", 0), ("", 1)])
def test_a_mistake_meets_slow_tests_only_where_it_says_so(folder: Path, slow: str, broken: int) -> None:
    """A gate trains for minutes, so other mistakes are proven without it."""
    _edit(folder / "public" / "test_double.py", "\n@pytest.mark.points(1)", SLOW)
    (folder / "mistakes.toml").write_text(MISTAKE.format(hint="Be quick.") + slow, encoding="utf-8")

    assert len(_broken(folder)) == broken


def test_a_mistake_is_slow_or_not(folder: Path) -> None:
    """Any other word is an error with file and line."""
    (folder / "mistakes.toml").write_text(MISTAKE.format(hint="x") + 'slow = "yes"', encoding="utf-8")
    (broken,) = _broken(folder).values()

    assert "mistakes.toml:2: 'slow' must be true or false, got 'yes'" in broken


def test_a_solution_in_a_notebook_leaks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that JSON writes with other quotes, and in a cell's output."""
    line = 'raise TypeError("x must be an array")'
    cell = {"cell_type": "code", "source": ["x\n"], "outputs": [{"text": [f"    {line}\n"]}]}
    kit = {PurePosixPath("small.ipynb"): json.dumps({"cells": [cell]}).encode()}
    monkeypatch.setattr("autograder.proof.leaks.starter_files", lambda _: kit)

    assert leaks(load_assignment(folder)) == ["small.ipynb: a line of the solution"]


def test_a_quick_proof_is_not_remembered_as_a_whole_one(folder: Path, tmp_path: Path) -> None:
    """It leaves a mistake once its hint was shown, and so has not seen all that the mistake costs."""
    (folder / "mistakes.toml").write_text(MISTAKE.format(hint="Multiply by two."), encoding="utf-8")
    quick, whole = (Proof(quick=quick, store=tmp_path / "proofs.sqlite") for quick in (True, False))
    list(claims_about(load_assignment(folder), "salt", quick))
    (again,) = [one for one in claims_about(load_assignment(folder), "salt", whole) if one.kind is Kind.MISTAKE]

    assert not again.cached
