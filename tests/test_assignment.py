"""Manifests: what is read, and what is complained about."""

from pathlib import Path

import pytest

from autograder.assignment import Limits, find_assignments, load_assignment, package_name
from autograder.errors import ManifestError

GOOD = """
title = "T"
hand_in = ["solution.py"]
points = 5
[[questions]]
id = "first"
title = "First"
[[questions]]
id = "second"
title = "Second"
needs = ["first"]
"""


def _folder(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "assignments" / "a1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "assignment.toml").write_text(text, encoding="utf-8")
    return folder


def test_manifest_becomes_frozen_data(tmp_path: Path) -> None:
    """A manifest's questions, defaults and paths come out as data."""
    assignment = load_assignment(_folder(tmp_path, GOOD))

    assert (assignment.name, assignment.module, assignment.limits) == ("a1", "solution", Limits())
    assert assignment.by_id["second"].needs == ("first",)
    assert assignment.by_id["second"].functions == ("second",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("points = 5", "pionts = 5", r"assignment.toml:4: unknown key 'pionts'\n  did you mean 'points'\?"),
        ("points = 5", "", "assignment.toml: key 'points' is missing"),
        ("points = 5", "points = 0", "'points' must be above 0, got 0"),
        ("points = 5", "points = true", "'points' must be int or float, got True"),
        ("points = 5", 'points = "5"', "'points' must be int or float, got '5'"),
        ("points = 5", "points =", "not valid TOML"),
        ('["solution.py"]', '["solution.txt"]', "'hand_in' must begin with a Python module"),
        ('["solution.py"]', '["solution.py", "../x"]', "'hand_in' holds plain file names"),
        ('["solution.py"]', "[3]", "'hand_in' must hold non-empty strings"),
        ('id = "second"', 'id = "first"', r"'questions\[1\].id' repeats 'first'"),
        ('needs = ["first"]', 'needs = ["frist"]', r"names 'frist', which is not above it\n  did you mean 'first'\?"),
        ('needs = ["first"]', 'nedes = ["first"]', r"assignment.toml:11: unknown key 'questions\[1\].nedes'"),
        ("points = 5", "points = 5\nlimits = { seconds = 0 }", "'limits.seconds' must be above 0"),
        ("points = 5", 'points = 5\nlimits = { memory = "1 GB" }', "'limits.memory' must read like '512 MiB'"),
        ("points = 5", "points = 5\nlimits = 3", "'limits' must be dict, got 3"),
        ("points = 5", "points = 5\nweights = 3", "'weights' must be dict, got 3"),
        ("points = 5", 'points = 5\nweights = { file = "net" }', "key 'weights.parameters' is missing"),
        ("points = 5", 'points = 5\nweights = { file = "net", parameters = 0 }', "'weights.parameters' must be at"),
        ("points = 5", 'points = 5\nweights = { file = "a/b", parameters = 9 }', "'weights.file' must be a name such"),
        ("points = 5", 'points = 5\nweights = { fiel = "net" }', r"unknown key 'weights.fiel'\n  did you mean 'file'"),
    ],
)
def test_complaints_name_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    """A manifest that cannot be used is refused with file, key and remedy."""
    folder = _folder(tmp_path, GOOD.replace(old, new))

    with pytest.raises(ManifestError, match=message):
        load_assignment(folder)


def test_a_manifest_without_questions_is_refused(tmp_path: Path) -> None:
    """An assignment needs at least one question."""
    folder = _folder(tmp_path, 'title = "T"\nhand_in = ["s.py"]\npoints = 5\nquestions = []\n')

    with pytest.raises(ManifestError, match="'questions' is empty"):
        load_assignment(folder)


def test_a_missing_manifest_says_how_to_get_one(tmp_path: Path) -> None:
    """A folder without a manifest is no assignment."""
    with pytest.raises(
        ManifestError, match="cannot be read: no such file or directory\n  autograder new assignment NAME"
    ):
        load_assignment(tmp_path)


def test_assignments_are_found_by_name(tmp_path: Path) -> None:
    """A misspelt name is answered with the nearest one."""
    _folder(tmp_path, GOOD)

    assert [a.name for a in find_assignments(tmp_path)] == ["a1"]
    with pytest.raises(ManifestError, match=r"no assignment is named 'aa1'\n  did you mean 'a1'\?"):
        find_assignments(tmp_path, ("aa1",))


@pytest.mark.parametrize(
    ("requirement", "name"),
    [("numpy>=2", "numpy"), ("torch", "torch"), ("a.b-c_d[x] ~= 1", "a.b-c_d"), ("numpy!=2.1", "numpy")],
)
def test_a_requirement_names_its_package(requirement: str, name: str) -> None:
    """Bounds, extras and spaces are no part of the name."""
    assert package_name(requirement) == name
