"""Arrays side by side, as plain data: bounded, whatever a student returns."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from coursekit.checks import assert_close, assert_each_close
from coursekit.compared import NAN, STEPS, compared
from coursekit.execution import Leftovers, run
from coursekit.student import Student, parameter_name
from coursekit.verdicts import CheckFailed

Array = np.ndarray[Any, Any]
RAMP = np.arange(20.0).reshape(4, 5)


def _differing(actual: Array, expected: Array) -> dict[str, Any]:
    found = compared(actual, expected, ~np.isclose(actual, expected, equal_nan=True))
    assert found is not None
    return found


def _codes(found: dict[str, Any], name: str) -> Array:
    return np.frombuffer(base64.b64decode(found[name]["codes"]), np.uint8).reshape(found["shape"])


def _changed(array: Array, place: tuple[int, ...], value: float) -> Array:
    copy = array.copy()
    copy[place] = value
    return copy


def test_both_share_a_scale_and_the_difference_is_centred() -> None:
    """The same number has the same colour in both, and no difference is the middle."""
    found = _differing(_changed(RAMP, (2, 1), 30.0), RAMP)

    assert (found["expected"]["low"], found["expected"]["high"]) == (found["actual"]["low"], "30") == ("0", "30")
    assert _codes(found, "expected")[2, 1] == round(11 / 30 * (STEPS - 1))
    assert _codes(found, "difference")[0, 0] == STEPS // 2
    assert _codes(found, "difference")[2, 1] == STEPS - 1


def test_the_first_difference_stands_in_a_table() -> None:
    """With its neighbours, and which of them differ."""
    found = _differing(_changed(RAMP, (0, 4), -1.0), RAMP)

    assert found["place"] == "(0, 4)"
    assert found["rows"][0] == [0, [[2, "2", "2", False], [3, "3", "3", False], [4, "4", "-1", True]]]
    assert [row for row, _ in found["rows"]] == [0, 1, 2]


@pytest.mark.parametrize(
    ("shape", "place", "plane", "size"),
    [
        ((6, 7), (5, 6), "", [6, 7]),
        ((6, 7, 3), (5, 6, 2), "[:, :, 2]", [6, 7]),
        ((2, 3, 6, 7), (1, 2, 5, 6), "[1, 2, :, :]", [6, 7]),
        ((2, 6, 7, 3), (1, 5, 6, 0), "[1, :, :, 0]", [6, 7]),
        ((300, 65), (299, 64), "", [64, 64]),
    ],
)
def test_the_plane_of_the_first_difference_is_shown(
    shape: tuple[int, ...], place: tuple[int, ...], plane: str, size: list[int]
) -> None:
    """Height and width, with colours last or channels first; thinned out where they are large."""
    found = _differing(_changed(np.zeros(shape), place, 1.0), np.zeros(shape))

    assert (found["plane"], found["shape"], found["place"]) == (plane, size, str(place))
    assert _codes(found, "actual")[-1, -1] == STEPS - 1


@pytest.mark.parametrize("shape", [(5,), (2, 9), (9, 2), (4, 2, 3)])
def test_what_is_no_picture_is_left_to_words(shape: tuple[int, ...]) -> None:
    """Vectors and thin arrays say enough as text."""
    assert compared(np.ones(shape), np.zeros(shape), np.ones(shape, bool)) is None


def test_one_huge_number_does_not_darken_the_rest() -> None:
    """The scale is that of what was expected; what lies far beyond is at its end."""
    found = _differing(_changed(RAMP, (0, 0), 1e300), RAMP)

    assert found["expected"]["high"] == "19"
    assert _codes(found, "actual")[0, 0] == STEPS - 1
    assert len(np.unique(_codes(found, "expected"))) == 20


def test_equal_expected_numbers_leave_the_scale_to_the_answer() -> None:
    """Else a whole answer would lie beyond it."""
    found = _differing(RAMP, np.full((4, 5), 3.0))

    assert (found["actual"]["low"], found["actual"]["high"], found["actual"]["beyond"]) == ("0", "19", 0)


def test_nan_has_a_code_of_its_own() -> None:
    """It is no number, and no colour of the scale."""
    found = _differing(_changed(RAMP, (1, 1), np.nan), RAMP)

    assert _codes(found, "actual")[1, 1] == NAN
    assert found["rows"][1][1][1] == [1, "6", "nan", True]


NUMBERS = st.sampled_from(["f8", "f4", "f2", "i8", "u8", "u1", "?"])


@given(st.data())
def test_whatever_numbers_come_the_data_stay_small_and_plain(data: st.DataObject) -> None:
    """No warning, no NaN in the JSON, one byte for each number."""
    shape = data.draw(st.tuples(st.integers(3, 9), st.integers(3, 9)))
    actual, expected = (data.draw(arrays.arrays(data.draw(NUMBERS), shape)) for _ in range(2))
    found = compared(actual, expected, np.ones(shape, bool))

    assert found is not None
    assert _codes(found, "difference").size == shape[0] * shape[1]
    assert len(json.dumps(found, allow_nan=False)) < 4_000


def test_large_arrays_make_bounded_data() -> None:
    """A megapixel is thinned out to 64 by 64."""
    found = _differing(np.ones((1000, 1000)), np.zeros((1000, 1000)))

    assert len(json.dumps(found)) < 20_000


def test_a_failed_check_carries_them() -> None:
    """Of one array or of one among several."""
    wrong = _changed(RAMP, (2, 1), 30.0)
    with pytest.raises(CheckFailed) as one:
        assert_close(wrong, RAMP, rtol=0, atol=0)
    with pytest.raises(CheckFailed) as among:
        assert_each_close((RAMP, wrong), (RAMP, RAMP), rtol=0, atol=0)

    assert one.value.compared == among.value.compared == _differing(wrong, RAMP)


class _Module(Student):
    """Functions that stand for a student's module."""

    def __init__(self, **functions: Callable[..., Any]) -> None:
        super().__init__("module.py")
        self._functions = functions

    def _call(self, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Any, Leftovers]:
        return run(self._functions[name], args, kwargs)

    def _parameter(self, name: str, key: int | str) -> str:
        return parameter_name(self._functions[name], key)


def _filter(image: Array, kernel: Array) -> Array:
    rows, columns = (size - length + 1 for size, length in zip(image.shape, kernel.shape, strict=True))
    return image[:rows, :columns] + 1


KERNEL = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def test_what_the_function_was_given_is_shown_with_the_answer() -> None:
    """The image as a picture, and what meets there."""
    answer = _Module(filter=_filter).filter(RAMP, kernel=KERNEL)
    found = _differing(answer, _changed(answer, (1, 2), 0.0))

    assert (found["given"]["name"], found["given"]["shape"]) == ("image", [4, 5])
    assert found["met"]["patch"] == [["7", "8", "9"], ["12", "13", "14"]]


def test_a_part_of_the_answer_is_known_too() -> None:
    """Of a tuple or a dict of arrays."""
    student = _Module(pair=lambda image: (image + 1, image + 2), names=lambda image: {"a": image + 1})

    assert _differing(student.pair(RAMP)[1], RAMP)["given"]["name"] == "image"
    assert _differing(student.names(RAMP)["a"], RAMP)["given"]["name"] == "image"


def test_an_older_answer_is_shown_without_what_was_given() -> None:
    """Only what led to an answer stands beside it."""
    student = _Module(double=lambda image: 2 * image)
    first, _ = student.double(RAMP), student.double(RAMP + 1)

    assert _differing(first, RAMP)["given"] is None
