"""What meets where a filtered image first differs: patch and kernel, as numbers and as text."""

import numpy as np
import pytest

from coursekit import given
from coursekit.checks import assert_close
from coursekit.meeting import Array, Meeting, in_lines, meeting
from coursekit.verdicts import CheckFailed

RAMP = np.arange(20.0).reshape(4, 5)
KERNEL = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])


def _sums(image: Array, kernel: Array) -> Array:
    """Correlate, with zeros around."""
    padded = np.pad(image, 1)
    return np.array([[(padded[r : r + 3, c : c + 3] * kernel).sum() for c in range(5)] for r in range(4)])


def _met(image: Array, kernel: Array, expected: Array, name: str = "kernel") -> Meeting | None:
    """Find what meets in a call that gave zeros."""
    answer = np.zeros(expected.shape)
    given.note(answer, (image, kernel), {}, lambda place: ("image", name)[place])
    return meeting(answer, expected, answer != expected)


def test_a_convolution_meets_the_turned_kernel() -> None:
    """Where its products add up to what was expected."""
    met = _met(RAMP, KERNEL, _sums(RAMP, KERNEL[::-1, ::-1]))

    assert met is not None
    assert (met["place"], met["how"], met["sum"]) == ("(0, 0)", "turned by 180 degrees", "20")
    assert met["patch"] == [["", "", ""], ["", "0", "1"], ["", "5", "6"]]
    assert met["kernel"] == [["9", "8", "7"], ["6", "5", "4"], ["3", "2", "1"]]


def test_a_correlation_meets_the_kernel_as_given() -> None:
    """And so does one whose kernel is the same when it is turned."""
    correlated, symmetric = (
        _met(RAMP, KERNEL, _sums(RAMP, KERNEL)),
        _met(RAMP, np.ones((3, 3)), _sums(RAMP, np.ones((3, 3)))),
    )

    assert [(met or {})["how"] for met in (correlated, symmetric)] == ["as given"] * 2
    assert (correlated or {})["kernel"][0] == ["1", "2", "3"]


def test_other_answers_are_not_explained() -> None:
    """Patch and kernel stand there, and no sum is claimed."""
    met = _met(RAMP, KERNEL, np.full((4, 5), 1000.0), name="filter")

    assert met is not None
    assert (met["how"], met["sum"]) == ("as given", "")


def test_without_padding_the_kernel_lies_on_the_image() -> None:
    """The answer is smaller than the image."""
    met = _met(RAMP, KERNEL, _sums(RAMP, KERNEL)[1:-1, 1:-1])

    assert (met or {})["patch"] == [["0", "1", "2"], ["5", "6", "7"], ["10", "11", "12"]]


def test_a_colour_image_is_met_in_the_channel_that_differs() -> None:
    """The first one, at the first pixel."""
    expected = np.zeros((4, 5, 3))
    expected[2, 2, 1] = 1.0
    met = _met(np.stack([RAMP, RAMP + 100, RAMP], axis=2), KERNEL, expected)

    assert (met or {})["patch"] == [["106", "107", "108"], ["111", "112", "113"], ["116", "117", "118"]]


@pytest.mark.parametrize("kernel", [np.ones(3), np.ones((9, 9)), np.ones((2, 2))], ids=["1-d", "large", "other size"])
def test_nothing_meets_where_it_cannot_be_said_what(kernel: Array) -> None:
    """A kernel of another kind, or an answer of a size that no stride of 1 gives."""
    assert _met(np.ones((8, 8)), kernel, np.ones((3, 3))) is None


def test_a_failed_check_writes_patch_and_kernel_side_by_side() -> None:
    """In its details, which a public test shows, even where the arrays are too small for pictures."""
    image, answer = np.array([[1, 2], [7, 8]]), np.zeros((2, 2))
    given.note(
        answer, (image, np.array([[0, 1, 0], [1, 0, 1], [0, 2, 0]])), {}, lambda place: ("image", "kernel")[place]
    )

    with pytest.raises(CheckFailed) as failed:
        assert_close(answer, np.array([[9.0, 12.0], [10.0, 11.0]]), rtol=0, atol=0)

    assert failed.value.details.endswith(
        "at (0, 0) this patch meets the kernel, turned by 180 degrees; · lies outside:\n"
        "  ·  ·  ·     0  2  0\n"
        "  ·  1  2     1  0  1\n"
        "  ·  7  8     0  1  0\n"
        "their products add up to 9"
    )


def test_whole_patches_need_no_sign_for_outside() -> None:
    """Numbers are aligned."""
    met = {"place": "(1, 1)", "patch": [["1", "20"]], "kernel": [["0.5", "1"]], "how": "as given", "sum": ""}

    assert in_lines(met) == ["at (1, 1) this patch meets the kernel, as given:", "    1   20     0.5    1"]
