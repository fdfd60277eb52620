"""A small course that tests of the framework grade for real."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from autograder.assignment import Assignment, load_assignment
from autograder.grading.grade import Grader
from autograder.results.grade import Grade

settings.register_profile("the same on every run", derandomize=True, deadline=None)
settings.load_profile("the same on every run")

SALT = "a salt for tests"
MANIFEST = """
title = "Small"
hand_in = ["small.py"]
points = 10
refused = ["numpy.pad", "scipy"]
why_refused = "write it yourself"
limits = { seconds = 2, memory = "512 MiB" }

[[questions]]
id = "double"
title = "Double"

[[questions]]
id = "twice"
title = "Twice"
needs = ["double"]
"""
SOLVED = '''
"""Small."""
import numpy as np


def double(x):
    """Double an array."""
    # BEGIN SOLUTION multiply by two
    if not isinstance(x, np.ndarray):
        raise TypeError("x must be an array")
    return 2 * x
    # END SOLUTION


def twice(f, x):
    """Apply f twice."""
    # BEGIN SOLUTION call f on the result of f
    return f(f(x))
    # END SOLUTION
'''
PUBLIC = '''
import numpy as np
import pytest
from coursekit import assert_close, assert_raises

pytestmark = pytest.mark.question("double")


@pytest.mark.points(3)
@pytest.mark.hint("Multiply by two.")
@pytest.mark.parametrize("size", [3, 4])
def test_double(student, rng, size):
    """double doubles an array."""
    x = rng.normal(size=size)

    assert_close(student.double(x), 2 * x, rtol=1e-9, atol=0)


@pytest.mark.points(1)
def test_double_refuses_lists(student):
    """double refuses what is no array."""
    assert_raises(TypeError, student.double, [1, 2])
'''
HIDDEN = '''
import numpy as np
import pytest
from coursekit import assert_close

pytestmark = pytest.mark.question("twice")


@pytest.mark.points(4)
@pytest.mark.hint("Call f on its own result.")
def test_twice_of_a_function(student, reference, rng):
    """twice applies a function of the test's two times."""
    x = rng.normal(size=5)
    expected = reference.twice(np.cos, x)

    assert_close(student.twice(lambda v: np.cos(v), x), expected, rtol=1e-9, atol=0)


@pytest.mark.points(2)
def test_marker_hidden_sentinel(student, reference, rng):
    """twice works with the reference's double."""
    x = rng.normal(size=5)

    assert_close(student.twice(reference.double, x), 4 * x, rtol=1e-9, atol=0)
'''


@pytest.fixture(scope="session")
def small_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a course with one small assignment, and give its root."""
    root = tmp_path_factory.mktemp("course")
    folder = root / "assignments" / "small"
    for path, text in {
        "assignment.toml": MANIFEST,
        "small.py": SOLVED,
        "handout.md": "# Small\n\nDouble it.\n",
        "public/test_double.py": PUBLIC,
        "hidden/test_twice.py": HIDDEN,
    }.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.lstrip(), encoding="utf-8")
    (root / ".salt").write_text(SALT, encoding="ascii")
    return root


@pytest.fixture(scope="session")
def small(small_course: Path) -> Assignment:
    """Give the small assignment."""
    return load_assignment(small_course / "assignments" / "small")


@pytest.fixture(scope="session")
def grader(small: Assignment) -> Iterator[Grader]:
    """Give a warm grader of the small assignment, shared by all tests."""
    with Grader(small, SALT) as grader:
        yield grader


@pytest.fixture
def grade(grader: Grader, tmp_path: Path) -> Callable[[str], Grade]:
    """Grade a module's text as a hand-in."""

    def grade(text: str) -> Grade:
        file = tmp_path / "small.py"
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return grader.grade(file)

    return grade
