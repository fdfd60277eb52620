"""Checks: what they accept, what they say, and what cannot fool them."""

from collections.abc import Callable

import numpy as np
import pytest

from coursekit import (
    LAYOUTS,
    assert_accuracy,
    assert_answers,
    assert_array,
    assert_close,
    assert_each_close,
    assert_none_of,
    assert_own_memory,
    assert_raises,
    assert_same,
    gap,
    interval,
    relaid,
)
from coursekit.execution import run
from coursekit.misconceptions import is_fact
from coursekit.student import Student
from coursekit.verdicts import Awarded, CheckFailed, award

RIGHT = np.arange(12.0).reshape(3, 4) - 3.3


def _close(actual: object, expected: object = RIGHT) -> None:
    assert_close(actual, expected, rtol=1e-9, atol=1e-12)


def test_equal_arrays_pass() -> None:
    """Values within tolerance, NaN for NaN included, are right."""
    _close(RIGHT + 1e-13)
    _close(np.array([np.nan, 1.0]), np.array([np.nan, 1.0]))


@pytest.mark.parametrize(
    ("actual", "summary"),
    [
        (None, "expected a numpy array, got None"),
        (RIGHT.tolist(), "expected a numpy array, got a list"),
        (np.empty((0, 4)), r"expected shape \(3, 4\), got \(0, 4\)"),
        (RIGHT[:, :3], r"expected shape \(3, 4\), got \(3, 3\)"),
        (RIGHT.astype(np.float32), "expected dtype float64, got float32"),
        (RIGHT.astype(object), "expected numbers, got dtype object"),
        (np.full((3, 4), np.nan), "all elements differ"),
        (RIGHT + np.eye(3, 4)[0], "up to 1/4 of the elements differ"),
        (RIGHT + np.array([1.2, 1.7, 3.1, 0]), "up to 3/4 of the elements differ"),
    ],
)
def test_wrong_arrays_fail_by_kind_then_shape_then_dtype_then_value(actual: object, summary: str) -> None:
    """The summary tells the kind of difference and no value."""
    with pytest.raises(CheckFailed, match=summary):
        _close(actual)


def test_details_hold_values_and_the_summary_does_not() -> None:
    """What only a public test may say is kept apart."""
    with pytest.raises(CheckFailed) as caught:
        _close(RIGHT + np.eye(3, 4))

    assert "-3.3" in caught.value.details
    assert not any(character.isdigit() and character not in "14" for character in caught.value.summary)


@pytest.mark.parametrize(
    ("wrong", "finding"),
    [
        (lambda a: -a, "The sign is wrong."),
        (np.rint, "The result is rounded"),
        (np.trunc, "The fraction of the result is cut off."),
        (lambda a: np.trunc(a).astype(np.int64).astype(np.uint8), "The result wrapped in uint8"),
        (np.abs, "without its sign"),
        (lambda a: a.T.copy(), "Rows and columns are swapped."),
        (lambda a: a[::-1].copy(), "upside down"),
        (lambda a: a[:, ::-1].copy(), "mirrored"),
        (lambda a: a[::-1, ::-1].copy(), "turned by 180 degrees"),
        (lambda a: np.roll(a, 1, 1), "shifted by one pixel"),
        (lambda a: 5 * a, "5 times what it should be"),
        (lambda a: a / 12, "0.0833333 times what it should be"),
    ],
)
def test_a_known_misconception_is_named(wrong: Callable[[np.ndarray], np.ndarray], finding: str) -> None:
    """A wrong answer that equals a well-known one is named."""
    with pytest.raises(CheckFailed) as caught:
        _close(wrong(RIGHT))

    assert finding in caught.value.finding


def test_a_tests_own_misconception_comes_first() -> None:
    """A test can add wrong answers of its own, computed only on failure."""
    with pytest.raises(CheckFailed) as caught:
        assert_close(-RIGHT, RIGHT, rtol=0, atol=0, known={"Mine.": lambda: -RIGHT})

    assert caught.value.finding == "Mine."


def test_cutting_off_is_named_where_both_ends_tell_it() -> None:
    """Zeros in place of negatives alone come from other mistakes as well."""
    wide = 40 * RIGHT

    with pytest.raises(CheckFailed) as both:
        _close(wide.clip(0, 255), wide)
    with pytest.raises(CheckFailed) as one:
        _close(RIGHT.clip(0, 255), RIGHT)

    assert (both.value.finding, one.value.finding) == ("The result is cut off: it may be negative or above 255.", "")


def test_two_misconceptions_that_agree_are_both_named() -> None:
    """Where the student's answer cannot tell them apart, neither is preferred; three names would say nothing."""
    known = {"One.": -RIGHT, "Two.": -RIGHT, "Another.": RIGHT + 1}

    with pytest.raises(CheckFailed) as two:
        assert_close(-RIGHT, RIGHT, rtol=0, atol=0, known=known)
    with pytest.raises(CheckFailed) as three:
        assert_close(-RIGHT, RIGHT, rtol=0, atol=0, known=known | {"Three.": -RIGHT})

    assert (two.value.finding, three.value.finding) == ("One. Or: Two.", "")


def test_a_general_answer_that_is_all_alike_is_not_named() -> None:
    """Zeros are what rounding gives of small numbers, and what many mistakes give."""
    small = RIGHT / 100

    with pytest.raises(CheckFailed) as caught:
        _close(np.zeros_like(small), small)

    assert caught.value.finding == ""


def test_a_wrong_number_is_named() -> None:
    """A number can have wrong answers of its own, as an array has; the right number has no name."""
    known = {"Twice as much.": 5.0, "Right here.": 2.5}

    with pytest.raises(CheckFailed) as named:
        assert_close(5.0, 2.5, rtol=1e-9, atol=0, known=known)
    with pytest.raises(CheckFailed) as unnamed:
        assert_close(4.0, 2.5, rtol=1e-9, atol=0, known=known)

    assert (named.value.finding, unnamed.value.finding) == ("Twice as much.", "")


@pytest.mark.parametrize(
    ("actual", "finding"),
    [
        ({"order": [2, 1], "first": RIGHT}, "The other way round."),
        ({"order": [2, 1.0], "first": RIGHT}, ""),
        ({"order": [2, 1], "first": RIGHT + 1}, ""),
        ({"order": (2, 1), "first": RIGHT}, ""),
        ([2, 1], ""),
    ],
)
def test_wrong_data_is_named_where_it_is_the_same(actual: object, finding: str) -> None:
    """Every kind, key and element must be those of the wrong answer."""
    wrong = {"order": [2, 1], "first": RIGHT}

    with pytest.raises(CheckFailed) as caught:
        assert_same(actual, {"order": [1, 2], "first": RIGHT}, known={"The other way round.": lambda: wrong})

    assert caught.value.finding == finding


@pytest.mark.parametrize(
    ("finding", "fact"),
    [
        ("The sign is wrong.", True),
        ("The result is 3 times what it should be.", True),
        ("The result is upside down. Or: The sign is wrong.", True),
        ("Red and blue look swapped.", False),
        ("The sign is wrong. Or: Red and blue look swapped.", False),
    ],
)
def test_facts_are_told_from_names(finding: str, *, fact: bool) -> None:
    """What the general family says is true of a result whatever the cause; what a test says is a cause."""
    assert is_fact(finding) is fact


def test_noise_is_not_named() -> None:
    """A wrong answer that equals no known one gets no finding."""
    with pytest.raises(CheckFailed) as caught:
        _close(RIGHT + np.random.default_rng(0).normal(size=RIGHT.shape))

    assert caught.value.finding == ""


def test_a_symmetric_answer_is_not_called_mirrored() -> None:
    """A misconception that gives the right answer explains nothing."""
    expected = np.ones((3, 3))

    with pytest.raises(CheckFailed) as caught:
        _close(expected + np.eye(3), expected)

    assert caught.value.finding == ""


@pytest.mark.parametrize(
    ("actual", "summary"),
    [
        (True, "got a bool"),
        ("3", "got a str"),
        (None, "got None"),
        (2.0, "the number differs"),
        (float("nan"), "the number differs"),
    ],
)
def test_numbers_are_compared_as_numbers(actual: object, summary: str) -> None:
    """A bool, a text or a NaN is no right number."""
    assert_close(np.float32(3), 3, rtol=0, atol=0)
    with pytest.raises(CheckFailed, match=summary):
        assert_close(actual, 3, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("actual", "expected", "summary"),
    [
        (3.0, 3, "expected an int, got a float"),
        ([1], (1,), "expected a tuple, got a list"),
        ((1, 2), (1, 3), r"another value than expected at \[1\]"),
        ((1,), (1, 3), "expected 2 items, got 1"),
        ({"a": 1}, {"b": 1}, "other keys than expected"),
        ({"a": [1, "x"]}, {"a": [1, "y"]}, r"at \['a'\]\[1\]"),
    ],
)
def test_same_means_the_same_kinds(actual: object, expected: object, summary: str) -> None:
    """Equal data of other kinds is not the same."""
    assert_same(expected, expected)
    with pytest.raises(CheckFailed, match=summary):
        assert_same(actual, expected)


@pytest.mark.parametrize(
    ("shown", "finding"), [([True, False, False], "One."), ([True, True, False], "One. Or: Two."), ([True] * 3, "")]
)
def test_misconceptions_are_told_by_their_traces(shown: list[bool], finding: str) -> None:
    """One or two are named; three say nothing, and fail all the same."""
    names = ["One.", "Two.", "Three."]

    assert_none_of(dict.fromkeys(names, False))
    with pytest.raises(CheckFailed, match="not what was asked for") as caught:
        assert_none_of(dict(zip(names, shown, strict=True)))

    assert caught.value.finding == finding


def test_raises_tells_three_cases_apart() -> None:
    """The right class passes; another class or none is told; an error of the test's own goes through."""

    def raiser(error: Exception) -> None:
        error.student = "traceback"  # type: ignore[attr-defined]
        raise error

    def broken() -> None:
        raise TypeError("the test's own")

    assert_raises(ValueError, raiser, ValueError("x"))
    with pytest.raises(CheckFailed, match="expected ValueError, got TypeError"):
        assert_raises(ValueError, raiser, TypeError("x"))
    with pytest.raises(CheckFailed, match="expected ValueError, but nothing was raised"):
        assert_raises(ValueError, lambda: 3)
    with pytest.raises(TypeError, match="the test's own"):
        assert_raises(ValueError, broken)


def test_answers_are_one_sum() -> None:
    """A concept check never says which answer was wrong."""
    key = {"a": "Max Pooling", "b": 3, "c": {"zero", "reflection"}, "d": False}

    assert_answers({"a": " max pooling ", "b": 3, "c": ["reflection", "zero"], "d": False}, key)
    with pytest.raises(Awarded, match="3 of 4 answers are right") as caught:
        assert_answers({"a": "max pooling", "b": 3, "c": ["zero"], "d": False}, key)
    assert caught.value.fraction == 0.75
    with pytest.raises(CheckFailed, match="0 of 4 answers are right"):
        assert_answers({"d": 0, "c": [[]]}, key)
    with pytest.raises(CheckFailed, match="expected a dict, got None"):
        assert_answers(None, key)


def test_a_fraction_is_a_fraction() -> None:
    """An award outside 0 to 1 is the test's mistake."""
    with pytest.raises(ValueError, match="the fraction must be 0 to 1, got 2"):
        award(2, "too much")


def _each_close(actual: object, expected: object = (RIGHT, 2.0), **known: object) -> None:
    assert_each_close(actual, expected, rtol=1e-9, atol=1e-12, **known)  # type: ignore[arg-type]


def test_results_that_are_all_right_pass() -> None:
    """A tuple of arrays and numbers, and a dict of them."""
    _each_close((RIGHT, 2.0))
    _each_close({"w": RIGHT, "b": 1.0}, {"b": 1.0, "w": RIGHT})


@pytest.mark.parametrize(
    ("actual", "expected", "summary"),
    [
        ([RIGHT, 2.0], (RIGHT, 2.0), "expected a tuple, got a list"),
        (RIGHT, (RIGHT, 2.0), "expected a tuple, got an array of shape"),
        ((RIGHT,), (RIGHT, 2.0), "expected 2 results, got 1"),
        ((RIGHT, 2.5), (RIGHT, 2.0), "result 2: the number differs"),
        (None, {"w": RIGHT}, "expected a dict, got None"),
        ({"w": RIGHT, "v": 0}, {"w": RIGHT}, "other keys than expected"),
        ({"w": RIGHT[:2]}, {"w": RIGHT}, r"w: expected shape \(3, 4\), got \(2, 4\)"),
    ],
)
def test_results_that_differ_are_named(actual: object, expected: object, summary: str) -> None:
    """The summary says where, by key or by place."""
    with pytest.raises(CheckFailed, match=summary):
        _each_close(actual, expected)


def test_a_misconception_is_named_at_its_place() -> None:
    """Each result has wrong answers of its own, and its details."""
    with pytest.raises(CheckFailed) as caught:
        _each_close((RIGHT, RIGHT + 1), (RIGHT, RIGHT), known={1: {"One too many.": RIGHT + 1}})

    assert (caught.value.summary, caught.value.finding) == ("result 2: all elements differ", "One too many.")
    assert "largest difference 1" in caught.value.details


LABELS = np.arange(10) % 4


@pytest.mark.parametrize(
    ("right", "outcome"),
    [(10, 1.0), (9, 1.0), (8, 0.75), (7, 0.5), (5, CheckFailed), (0, CheckFailed)],
)
def test_accuracy_earns_on_a_line(right: int, outcome: object) -> None:
    """Nothing up to half of the labels, everything from nine of ten, and in between a part."""
    predicted = np.where(np.arange(10) < right, LABELS, LABELS + 1)
    if outcome is CheckFailed:
        with pytest.raises(CheckFailed, match="90.0% earns everything, 50.0% nothing"):
            assert_accuracy(predicted, LABELS, zero=0.5, full=0.9)
    else:
        with pytest.raises(Awarded, match=f"{right * 10}.0% reached") as caught:
            assert_accuracy(predicted, LABELS, zero=0.5, full=0.9)

        assert caught.value.fraction == pytest.approx(outcome)


def test_an_interval_that_straddles_a_boundary_asks_for_further_seeds() -> None:
    """At most twice, and all predictions count together; a clear result asks for none."""
    labels = np.arange(1000) % 10
    asked: list[int] = []

    def again(seed: int) -> np.ndarray:
        asked.append(seed)
        return np.where(np.arange(1000) < 860, labels, labels + 1)

    with pytest.raises(Awarded, match=r"86.3% reached \(95 % interval 85.1% to 87.5%\)") as close:
        assert_accuracy(np.where(np.arange(1000) < 870, labels, -1), labels, zero=0.5, full=0.87, again=again)
    with pytest.raises(Awarded) as clear:
        assert_accuracy(labels, labels, zero=0.5, full=0.87, again=again)

    assert asked == [1, 2]
    assert close.value.fraction == pytest.approx((0.86333 - 0.5) / 0.37, abs=1e-4)
    assert clear.value.fraction == 1


@pytest.mark.parametrize(
    ("right", "total", "low", "high"), [(0, 10, 0.0, 0.2775), (81, 263, 0.2553, 0.3662), (10, 10, 0.7225, 1.0)]
)
def test_an_interval_is_wilsons(right: int, total: int, low: float, high: float) -> None:
    """81 of 263 is Newcombe's example (Statistics in Medicine 17, 1998, table I)."""
    assert interval(right, total) == pytest.approx((low, high), abs=1e-4)


@pytest.mark.parametrize(
    ("known", "fresh", "suspicious"),
    [((990, 1000), (600, 1000), True), ((620, 1000), (600, 1000), False), ((9, 10), (6, 10), False)],
)
def test_a_gap_is_told_where_chance_and_harder_images_do_not_explain_it(
    known: tuple[int, int], fresh: tuple[int, int], *, suspicious: bool
) -> None:
    """Few images have wide intervals, and raise no suspicion."""
    assert bool(gap(known, fresh, allowed=0.15)) is suspicious


@pytest.mark.parametrize(
    ("predicted", "summary"),
    [
        (None, "expected a numpy array, got None"),
        (LABELS[:9], r"expected shape \(10,\), got \(9,\)"),
        (LABELS.astype(float), "expected predictions that are integers, got dtype float64"),
    ],
)
def test_predictions_are_integers_one_for_each_label(predicted: object, summary: str) -> None:
    """Anything else is no answer, however much of it would be equal."""
    with pytest.raises(CheckFailed, match=summary):
        assert_accuracy(predicted, LABELS, zero=0.5, full=0.9)


def test_layouts_hold_the_same_values() -> None:
    """Four layouts, equal to the array, each unusual in its own way."""
    variants = {layout: relaid(RIGHT, layout) for layout in LAYOUTS}

    assert all(np.array_equal(variant, RIGHT) for variant in variants.values())
    assert not variants["read-only"].flags.writeable
    assert variants["Fortran order"].flags.f_contiguous
    assert not variants["strided"].flags.c_contiguous
    assert all(stride < 0 for stride in variants["negative strides"].strides)


def test_a_layout_that_is_unknown_is_named() -> None:
    """A misspelt layout is the test's mistake."""
    with pytest.raises(ValueError, match="layout must be one of read-only, .*, got 'C order'"):
        relaid(RIGHT, "C order")


def test_arrays_are_checked_for_what_is_asked() -> None:
    """Shape and dtype are optional."""
    assert_array(RIGHT)
    with pytest.raises(CheckFailed, match="expected dtype int64, got float64"):
        assert_array(RIGHT, dtype=np.int64)


class _Stub(Student):
    pass


def test_shared_memory_is_told() -> None:
    """A view of an argument is no copy."""
    student = _Stub("x.py")
    _, student.last = run(lambda x: x[::-1], [RIGHT], {})

    with pytest.raises(CheckFailed, match="shares memory with the input. Return a copy"):
        assert_own_memory(student)
