"""Judging answers in words."""

from collections.abc import Mapping

from .checks import kind_of
from .verdicts import CheckFailed, award


def assert_answers(answers: object, key: Mapping[str, object]) -> None:
    """Judge a concept check as one sum; which answer was wrong is never said.

    Args:
        answers: the student's dict.
        key: question → right answer. A set matches in any order and container; text in any case;
            a number matches a number.

    Raises:
        CheckFailed: if no dict was returned, or no answer is right.
        Awarded: if a part of the answers is right.
    """
    __tracebackhide__ = True
    if type(answers) is not dict:
        raise CheckFailed(f"expected a dict, got {kind_of(answers)}")
    right = sum(_is_answer(answers.get(name), value) for name, value in key.items())
    if right < len(key):
        if not right:
            raise CheckFailed(f"0 of {len(key)} answers are right")
        award(right / len(key), f"{right} of {len(key)} answers are right")


def _is_answer(given: object, right: object) -> bool:
    if isinstance(right, (set, frozenset)):
        return isinstance(given, (set, frozenset, list, tuple)) and {*map(_plain, given)} == {*map(_plain, right)}
    if isinstance(right, (list, tuple)):
        return isinstance(given, (list, tuple)) and [*map(_plain, given)] == [*map(_plain, right)]
    if isinstance(right, bool) or isinstance(given, bool):
        return given is right
    return bool(_plain(given) == _plain(right))


def _plain(value: object) -> object:
    return value.strip().casefold() if isinstance(value, str) else value if isinstance(value, (int, float)) else None
