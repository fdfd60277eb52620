"""Markers turn one source into starter and reference, and a wrong one is found."""

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.authoring.markers import Region, reference_text, regions, starter_text

WHERE = Path("double.py")
SOURCE = '''\
"""Doubling."""


def double(x):
    """Double a number."""
    # BEGIN SOLUTION multiply by two
    two = 2
    return two * x
    # END SOLUTION


class Doubler:
    """Doubles."""

    def __call__(self, x):
        # BEGIN SOLUTION call double
        return double(x)
        # END SOLUTION
'''
STARTER = '''\
"""Doubling."""


def double(x):
    """Double a number."""
    # TODO: multiply by two
    raise NotImplementedError("double: multiply by two")


class Doubler:
    """Doubles."""

    def __call__(self, x):
        # TODO: call double
        raise NotImplementedError("Doubler.__call__: call double")
'''


def function_with(comment: str) -> str:
    """Write a function whose region is followed by a comment."""
    return f"def f():\n    # BEGIN SOLUTION give one\n    return 1\n    # END SOLUTION\n    {comment}\n"


def test_starter_has_todo_and_stub_for_each_region() -> None:
    """A region becomes its TODO and an error that names the function or the method."""
    assert starter_text(SOURCE, WHERE) == STARTER


def test_reference_drops_the_marker_lines_alone() -> None:
    """The reference is the source without its marker lines."""
    kept = [line for line in SOURCE.splitlines() if "SOLUTION" not in line]

    assert reference_text(SOURCE, WHERE).splitlines() == kept


def test_regions_name_lines_and_function() -> None:
    """A region knows its lines, its text, its indentation and its function."""
    assert regions(SOURCE, WHERE)[1] == Region(16, 18, "call double", "        ", "Doubler.__call__")


def test_code_before_and_after_a_region_stays() -> None:
    """A region may be a part of a function, and a function may have two."""
    source = """\
def f(x):
    y = x
    # BEGIN SOLUTION add one
    y += 1
    # END SOLUTION
    z = y
    # BEGIN SOLUTION add two
    z += 2
    # END SOLUTION
    return z
"""

    assert [line for line in starter_text(source, WHERE).splitlines() if "TODO" not in line] == [
        "def f(x):",
        "    y = x",
        '    raise NotImplementedError("f: add one")',
        "    z = y",
        '    raise NotImplementedError("f: add two")',
        "    return z",
    ]


def test_a_source_without_markers_stays_as_it_is() -> None:
    """A module without regions is its own starter and its own reference."""
    source = "ONE = 1\n"

    assert (starter_text(source, WHERE), reference_text(source, WHERE)) == (source, source)


def test_markers_inside_strings_are_text() -> None:
    """Only comments are looked at: a docstring may speak of markers."""
    assert regions('TEXT = """\n# BEGIN SOLUTON\n"""\n', WHERE) == []


def test_a_region_may_hold_a_nested_function() -> None:
    """A region belongs to the function that it began in, whatever it defines."""
    source = "def f():\n    # BEGIN SOLUTION give g\n    def g():\n        return 1\n    return g\n    # END SOLUTION\n"

    assert regions(source, WHERE)[0].function == "f"


def test_a_function_below_an_if_is_found() -> None:
    """A region's function may be defined below an if or a try."""
    source = "try:\n    pass\nexcept ValueError:\n" + textwrap.indent(function_with("# fine"), "    ")

    assert regions(source, WHERE)[0].function == "f"


@given(st.lists(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1), min_size=1).map(" ".join))
def test_every_text_fits_the_line_and_is_said_in_full(todo: str) -> None:
    """Whatever a marker says, the starter is valid Python, says it in full and keeps to 120 columns."""
    source = f"def function(x):\n    # BEGIN SOLUTION {todo}\n    return x\n    # END SOLUTION\n"
    text = starter_text(source, WHERE)
    names: dict[str, object] = {}
    exec(text, names)  # noqa: S102 - the test's own text

    with pytest.raises(NotImplementedError) as error:
        names["function"](1)  # type: ignore[operator]

    long_word = max(map(len, todo.split())) > 100
    assert str(error.value) == f"function: {todo}"
    assert long_word or max(map(len, text.splitlines())) <= 120
