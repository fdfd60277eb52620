"""What a run says about a class, worked out by hand."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from autograder.batch.insight import Class, distribution, point_biserial
from autograder.results.grade import Grade, judge
from coursekit.verdicts import Case, Verdict

MadeUp = Callable[..., Grade]


def _class(*grades: Grade) -> Class:
    found = Class()
    for number, grade in enumerate(grades):
        found.add(grade, grade.hand_in, f"folder {number}")
    return found


def _wrong(grade: Grade, name: str, **said: str) -> Grade:
    """Give a grade whose test of 4 points fails with what is said."""
    specs = [result.spec for result in grade.results]
    cases = [Case(specs[0].id, "5x9", Verdict.FAILED, **said), Case(specs[1].id, "", Verdict.PASSED, 1.0)]
    return replace(grade, hand_in=name, results=judge(grade.assignment, specs, cases))


def test_difficulty_and_discrimination_of_questions(made_up: MadeUp) -> None:
    """Three of four solve x and two y; x is worth 4 points and y 2."""
    grades = [made_up(right=right) for right in ("xy", "xy", "x", "")]

    x, y = _class(*grades).questions({"x": "The X", "y": "The Y"})

    assert (x.title, x.maximum, x.mean, x.solved) == ("The X", 4, 0.75, 0.75)
    assert x.discrimination == pytest.approx(3**-0.5)
    assert (y.mean, y.discrimination) == (0.5, pytest.approx(3**-0.5))


def test_a_question_that_all_solve_tells_nobody_apart(made_up: MadeUp) -> None:
    """No correlation is made up where nothing varies."""
    (x, _) = _class(made_up(), made_up(right="x")).questions({"x": "X", "y": "Y"})

    assert x.discrimination is None


@pytest.mark.parametrize(
    ("solved", "points", "expected"),
    [([True, False], [2, 1], 1.0), ([True, False], [1, 2], -1.0), ([True, True], [1, 2], None), ([True], [1], None)],
)
def test_the_point_biserial_correlation(solved: list[bool], points: list[float], expected: float | None) -> None:
    """From -1 to 1, and none where it is not defined."""
    assert point_biserial(solved, points) == expected


def test_shares_and_seconds_of_tests(made_up: MadeUp) -> None:
    """What a fault of the grader kept from being judged counts for nothing."""
    grade = made_up(right="x")
    lost = replace(grade, results=(replace(grade.results[0], verdict=Verdict.GRADER_ERROR, cases=()), grade.results[1]))

    a, b = _class(made_up(), grade, lost).tests()

    assert (a.number, a.spec.title, a.passed) == ("1.1", "A holds.", 1)
    assert (b.passed, b.median, b.longest) == (pytest.approx(1 / 3), 0, 0)


def test_identical_wrong_answers_are_clustered(made_up: MadeUp) -> None:
    """The same values, not the same sentence alone."""
    said = {"summary": "all elements differ", "details": "expected 1.5, got 2.5\nmore"}
    ada, bob = (_wrong(made_up(), name, **said) for name in ("ada", "bob"))
    cleo = _wrong(made_up(), "cleo", summary="all elements differ", details="expected 1.5, got 3.5")

    (cluster,) = _class(ada, cleo, bob, made_up("dan")).clusters()

    assert cluster.names == ("ada", "bob")
    assert (cluster.number, cluster.title) == ("1.1", "A holds.")
    assert cluster.said == "all elements differ: expected 1.5, got 2.5"


def test_who_hands_in_nothing_that_runs_is_no_cluster(made_up: MadeUp) -> None:
    """Where no answer was compared, there is nothing that could be identical."""
    said = {"summary": "the hand-in cannot be opened; the top of this report says why"}

    assert _class(*(_wrong(made_up(), name, **said) for name in ("ada", "bob"))).clusters() == []


def test_far_slower_hand_ins_are_found(made_up: MadeUp) -> None:
    """Far from the median of a class, and not merely slower."""
    seconds = {"ada": 1.0, "bob": 1.1, "cleo": 0.9, "dan": 1.8, "eve": 30.0}

    found = _class(*(replace(made_up(name), seconds=value) for name, value in seconds.items())).slow()

    assert [one.name for one in found] == ["eve"]


def test_nobody_is_slow_in_an_empty_class() -> None:
    """A run without grades has its page, too."""
    found = Class()

    assert (found.slow(), found.tests(), found.clusters(), found.questions({"x": "X"})) == ([], [], [], [])


def test_scores_are_counted_in_tenths() -> None:
    """The last tenth holds the maximum, and what people have added above it."""
    counts = distribution([0, 0.5, 1, 9.5, 10, 11], 10)

    assert counts[0] == ("0 to 1", 2)
    assert counts[1] == ("1 to 2", 1)
    assert counts[9] == ("9 to 10", 3)
