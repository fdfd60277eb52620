"""What a worker says of itself has exactly its form, or is an error of the wire."""

from typing import Any

import pytest

from autograder.errors import WireError
from autograder.sandbox import reports

ERROR = {"kind": "ValueError", "name": "Mine", "text": "no", "frames": [["f", 3]]}
LEFT = {"changed": (0, "y"), "shares_memory": False, "warnings": ("a",), "output": "", "seconds": 0.5}


@pytest.mark.parametrize(
    "change",
    [{"frames": 5}, {"frames": [["f"]]}, {"frames": [["f", "3"]]}, {"kind": 1}, {"name": None}, {"text": b"x"}],
    ids=str,
)
def test_an_error_of_another_form_is_refused(change: dict[str, Any]) -> None:
    """Frames are functions with lines, the rest is text."""
    with pytest.raises(WireError, match="an error has not the form that it should have"):
        reports.raised(ERROR | change)


def test_an_error_is_cut() -> None:
    """Names, text and frames are as long as a report may be."""
    error = reports.raised({"kind": "k" * 999, "name": "n" * 999, "text": "t" * 9_999, "frames": [["f", 1]] * 99})

    assert [len(part) for part in (error.kind, error.name, error.text, error.frames)] == [100, 100, 2_000, 10]


@pytest.mark.parametrize(
    "change",
    [
        {"changed": 5},
        {"changed": ("SECRET array",)},
        {"changed": (7,)},
        {"shares_memory": 1},
        {"warnings": ["a"]},
        {"warnings": (1,)},
        {"output": None},
        {"seconds": "1"},
        {"more": 1},
    ],
    ids=str,
)
def test_leftovers_of_another_form_are_refused(change: dict[str, Any]) -> None:
    """Only arguments that were sent can have changed: their names stand in a report."""
    with pytest.raises(WireError, match="has not the form"):
        reports.left_behind(LEFT | change, [0, "y"])


@pytest.mark.parametrize("uses", [5, [5], [["1", "scipy"]], [[1, 2]], None], ids=str)
def test_refused_uses_of_another_form_are_refused(uses: object) -> None:
    """A use is a line and a name."""
    with pytest.raises(WireError, match="a list of refused names has not the form"):
        reports.refused_uses(uses)


def test_words_are_text() -> None:
    """Anything else is refused."""
    with pytest.raises(WireError, match="a text has not the form"):
        reports.words(["x"])
