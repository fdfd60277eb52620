"""What the tests of a course import: checks, marks and a stand-in for the student's module.

Needs Python 3.11, pytest and numpy. A starter kit carries this folder; the
framework installs it under the same name, so a test file is the same in both.
"""

from .answers import assert_answers
from .checks import (
    assert_array,
    assert_close,
    assert_each_close,
    assert_none_of,
    assert_own_memory,
    assert_raises,
    assert_same,
)
from .gates import assert_accuracy, assert_speed, count_right, gap, interval
from .layouts import LAYOUTS, relaid
from .photos import photo
from .verdicts import award
from .weights import assert_fits

__all__ = [
    "LAYOUTS",
    "assert_accuracy",
    "assert_answers",
    "assert_array",
    "assert_close",
    "assert_each_close",
    "assert_fits",
    "assert_none_of",
    "assert_own_memory",
    "assert_raises",
    "assert_same",
    "assert_speed",
    "award",
    "count_right",
    "gap",
    "interval",
    "photo",
    "relaid",
]
