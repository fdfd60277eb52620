"""The lectures' items: each has a place in an assignment, and the place is there."""

import ast
import tomllib
from pathlib import Path

import pytest

from autograder.assignment import Assignment, load_assignment

ROOT = Path(__file__).resolve().parents[1] / "assignments"
DECKS = tomllib.loads((ROOT / "lectures.toml").read_text(encoding="utf-8"))
ROWS = {row: places for deck in DECKS.values() for row, places in deck.items()}
NUMPY = (  # items that a deck has for the numpy assignments
    "0.1 0.2 0.3 0.4 0.5 0.6 0.11 0.12 0.13 0.14 0.15 0.16 "
    "1.1 1.2 1.3 1.5 1.6 1.9 1.10 1.11 1.12 1.13 1.14 1.15 1.18 1.23 "
    "2.2 2.3 2.4 2.5 2.6 2.7 2.8 2.18 2.19 2.22 2.23 2.24 2.25 2.26 2.27 "
    "3.1 3.2 3.3 3.4 3.5 3.6 3.7 3.8 3.9 3.10 3.11 3.14 3.18 "
    "4.1 4.2 4.3 4.4 4.5 4.6 4.7 4.8 4.9 4.9b 4.10 4.11 4.12 4.13 4.14 4.15 4.16 4.17 4.19 4.20 4.21 4.23 4.30 4.31"
)


TORCH = (  # items that a deck has for the torch assignments
    "0.1 0.6 0.7 0.8 0.9 0.10 0.11 0.12 0.17 0.18 0.19 0.20 0.21 "
    "1.4 1.7 1.8 1.13 1.15 1.16 1.17 1.19 1.20 1.21 1.22 1.23 1.24 1.25 1.26 "
    "2.1 2.2 2.8 2.9 2.10 2.11 2.12 2.13 2.14 2.15 2.16 2.17 2.18 2.19 2.20 2.21 2.22 2.25 2.27 2.28 2.29 "
    "3.1 3.11 3.12 3.13 3.15 3.16 3.17 3.18 "
    "4.16 4.18 4.20 4.21 4.22 4.24 4.25 4.26 4.27 4.28 4.29 4.30 4.31 4.32 "
)


def _functions(assignment: Assignment) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(assignment.source.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def _is_there(place: str) -> bool:
    name, kind, what = place.split("/", 2)
    assignment = load_assignment(ROOT / name)
    functions = _functions(assignment)
    graded = {name for question in assignment.questions for name in question.functions}
    match kind:
        case "question":
            return what in assignment.by_id
        case "given":
            return what in functions and what not in graded
        case "concept":
            key = {node.value for node in ast.walk(functions["concept_check"]) if isinstance(node, ast.Constant)}
            return what in key
        case "handout":
            return what in " ".join((assignment.folder / "handout.md").read_text(encoding="utf-8").split())
    return False


def test_every_item_has_a_place() -> None:
    """Nothing that a lecture teaches is lost."""
    assert set(NUMPY.split()) <= set(ROWS)
    assert all(any(place.startswith(("a4_", "a5_")) for place in ROWS[row]) for row in TORCH.split())
    assert all(ROWS.values())


@pytest.mark.parametrize(("row", "place"), [(row, place) for row, places in ROWS.items() for place in places])
def test_the_place_of_an_item_is_there(row: str, place: str) -> None:
    """A question, a key of the concept check, a given helper, or the very words in the handout."""
    assert _is_there(place), f"{row}: {place} is not there"
