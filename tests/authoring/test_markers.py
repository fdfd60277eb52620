"""Markers turn one source into starter and reference, and a wrong one is found."""

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.authoring.markers import Region, reference_text, regions, starter_text
from autograder.errors import MarkerError

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
REMEDY = "write '# BEGIN SOLUTION <what to do>' or '# END SOLUTION', exactly"


def broken(source: str) -> str:
    """Give the message about a source that cannot be used."""
    with pytest.raises(MarkerError) as error:
        regions(textwrap.dedent(source), WHERE)
    return str(error.value)


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


@pytest.mark.parametrize(
    "comment",
    [
        "# BEGIN SOLUTON flip the kernel",
        "#begin solution",
        "#BEGIN SOLUTION x",
        "# BEGIN SOLUTION",
        "# BEGIN SOLUTION   ",
        "# Begin Solution: flip",
        "# BEGIN_SOLUTION flip",
        "# BEGINSOLUTION flip",
        "# BEGN SOLUTION flip",
        "## BEGIN SOLUTION flip",
        "# END SOLUTIONS",
        "# END SOLUTION here",
        "# end solution",
        "#END SOLUTION",
        "# --- END SOLUTION ---",
        "# ENDSOLUTION",
    ],
)
def test_a_comment_that_only_looks_like_a_marker_is_an_error(comment: str) -> None:
    """A misspelt marker is named with file and line, with the right spelling below."""
    assert broken(function_with(comment)) == (
        f"double.py:5: '{comment.rstrip()}' looks like a marker but is not one\n  {REMEDY}"
    )


@pytest.mark.parametrize(
    "comment", ["# in solution space", "# the solution begins here", "# end of file", "# begin", "#"]
)
def test_other_comments_are_no_markers(comment: str) -> None:
    """A comment that speaks of solutions is no marker."""
    assert len(regions(function_with(comment), WHERE)) == 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "def f():\n    # BEGIN SOLUTION one\n    # BEGIN SOLUTION two\n    return 1\n    # END SOLUTION\n",
            "double.py:3: a region begins inside the one of line 2\n  end that one first, with '# END SOLUTION'",
        ),
        ("def f():\n    return 1\n    # END SOLUTION\n", f"double.py:3: a region ends that never began\n  {REMEDY}"),
        (
            "def f():\n    # BEGIN SOLUTION one\n    return 1\n",
            "double.py:2: a region begins that never ends\n  write '# END SOLUTION' after it",
        ),
        (
            "# BEGIN SOLUTION set it\nX = 1\n# END SOLUTION\n",
            "double.py:1: a region stands outside of a function\n  put the markers inside one",
        ),
        (
            "class A:\n    # BEGIN SOLUTION set it\n    x = 1\n    # END SOLUTION\n",
            "double.py:2: a region stands outside of a function\n  put the markers inside one",
        ),
        (
            "def f():\n    # BEGIN SOLUTION one\n    # END SOLUTION\n    return 1\n",
            "double.py:2: a region is empty\n  put the solution between the markers",
        ),
        (
            "def f():\n    # BEGIN SOLUTION one\n    return 1\n\ndef g():\n    return 2\n    # END SOLUTION\n",
            "double.py:2: a region reaches over the end of f\n  end it inside the same function",
        ),
        (
            "def f(x):\n    # BEGIN SOLUTION one\n    if x:\n        x = 1\n        # END SOLUTION\n        x = 2\n",
            "double.py:2: a region ends in the middle of a statement\n  end it after the statement",
        ),
        (
            "def f():\n  # BEGIN SOLUTION one\n    return 1\n    # END SOLUTION\n",
            "double.py:2: a marker is not indented as the code below it\n  indent it alike",
        ),
        (
            "def f():\n    x = 1  # BEGIN SOLUTION one\n    return x\n    # END SOLUTION\n",
            "double.py:2: a marker stands behind code\n  put it on a line of its own",
        ),
        (
            "def f(:\n",
            "double.py:1: not valid Python: invalid syntax\n  a region must leave a whole function behind",
        ),
    ],
)
def test_markers_that_do_not_pair_up_are_errors(source: str, message: str) -> None:
    """Every way to place markers wrongly has a message with file, line and remedy."""
    assert broken(source) == message


def test_a_starter_that_is_no_python_is_an_error() -> None:
    """A region whose removal breaks the code around it is an error."""
    region = "    # BEGIN SOLUTION set n\n    n = 1\n    # END SOLUTION\n"
    source = f"def f():\n{region}    def g():\n        nonlocal n\n        n = 2\n"

    with pytest.raises(MarkerError) as error:
        starter_text(source, WHERE)

    assert str(error.value) == (
        "double.py:5: not valid Python: no binding for nonlocal 'n' found\n"
        "  a region must leave a whole function behind"
    )
