"""What the tests of a course import: checks, marks and a stand-in for the student's module.

Needs Python 3.11, pytest and numpy. A starter kit carries this folder; the
framework installs it under the same name, so a test file is the same in both.
"""

from .checks import (
    assert_answers,
    assert_array,
    assert_close,
    assert_own_memory,
    assert_raises,
    assert_same,
    assert_speed,
    layouts,
)
from .verdicts import award

__all__ = [
    "assert_answers",
    "assert_array",
    "assert_close",
    "assert_own_memory",
    "assert_raises",
    "assert_same",
    "assert_speed",
    "award",
    "layouts",
]
