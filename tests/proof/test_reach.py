"""Reach: a change is met by every test that can come to it, and by no other."""

import ast
import shutil
from pathlib import Path

import pytest

from autograder.assignment import load_assignment
from autograder.proof.reach import Reach, users
from coursekit.recording import Spec

MODULE = """
def a(x): return x
def b(x): return a(x) + 1
TABLE = {"b": b}
class C:
    def run(self, x): return TABLE["b"](x)
def d(x): return -x
"""


@pytest.mark.parametrize(
    ("changed", "reached"),
    [({"a"}, {"a", "b", "TABLE", "C"}), ({"C"}, {"C"}), ({"d"}, {"d"}), ({"a", "d"}, {"a", "b", "TABLE", "C", "d"})],
)
def test_users_are_found_through_functions_tables_and_classes(changed: set[str], reached: set[str]) -> None:
    """Whatever mentions a name at the top level uses it, and so on."""
    assert users(ast.parse(MODULE), changed) == reached


@pytest.fixture
def folder(small_course: Path, tmp_path: Path) -> Path:
    """Give a copy of the small assignment that a test may change."""
    return Path(shutil.copytree(small_course / "assignments" / "small", tmp_path / "small"))


SPECS = [
    Spec("test_double::test_double", "double", "Doubles.", 1),
    Spec("test_twice::test_twice_of_a_function", "twice", "Twice.", 1, public=False),
]


def _reached(folder: Path, name: str) -> list[str]:
    return [test.split("::")[0] for test in Reach(load_assignment(folder)).tests({name}, SPECS)]


def test_a_test_that_names_a_function_reaches_it(folder: Path) -> None:
    """The hidden test uses the reference's double, so its file names it; the public one never names twice."""
    assert _reached(folder, "double") == ["test_double", "test_twice"]
    assert _reached(folder, "twice") == ["test_twice"]


PROBES = {"drive": "_helper(module)", "rest": "module.double"}


@pytest.mark.parametrize(
    ("file", "used", "reaches"),
    [
        ("public/probes.py", "probes.drive", True),
        ("public/probes.py", "getattr(probes, 'drive')", True),
        ("public/probes.py", "probes.rest", False),
        ("probes.py", "probes.drive", False),
    ],
)
def test_probes_reach_for_the_tests_that_use_them(folder: Path, file: str, used: str, *, reaches: bool) -> None:
    """A probe counts for the tests that name it, through helpers too: hidden ones above, public ones beside."""
    helper = "WANTED = 'twice'\n\n\ndef _helper(module):\n    return getattr(module, WANTED)\n\n\n"
    probes = (
        helper + "def drive(module):\n    return _helper(module)\n\n\ndef rest(module):\n    return module.double\n"
    )
    (folder / file).write_text(probes, encoding="utf-8")
    test = folder / "public" / "test_double.py"
    test.write_text(f"# {used}\n{test.read_text(encoding='utf-8')}", encoding="utf-8")

    assert ("test_double" in _reached(folder, "twice")) is reaches


@pytest.mark.parametrize(("fixture", "reaches"), [("student", True), ("reference", False)])
def test_fixtures_reach_where_they_ask_for_the_student(folder: Path, fixture: str, *, reaches: bool) -> None:
    """A conftest.py that only asks the reference reaches no student."""
    text = f"def helper({fixture}):\n    return {fixture}.twice\n"
    (folder / "public" / "conftest.py").write_text(text, encoding="utf-8")

    assert ("test_double" in _reached(folder, "twice")) is reaches
