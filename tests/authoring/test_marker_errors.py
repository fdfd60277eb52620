"""Every way to write a marker wrongly is found, with file, line and remedy."""

from pathlib import Path

import pytest

from autograder.authoring.markers import regions, starter_text
from autograder.errors import MarkerError

WHERE = Path("double.py")
REMEDY = "write '# BEGIN SOLUTION <what to do>' or '# END SOLUTION', exactly"


def broken(source: str) -> str:
    """Give the message about a source that cannot be used."""
    with pytest.raises(MarkerError) as error:
        regions(source, WHERE)
    return str(error.value)


def function_with(comment: str) -> str:
    """Write a function whose region is followed by a comment."""
    return f"def f():\n    # BEGIN SOLUTION give one\n    return 1\n    # END SOLUTION\n    {comment}\n"


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
