"""Public tests of split_indices."""

import pytest

from coursekit import assert_raises, assert_same

pytestmark = pytest.mark.question("split_indices")


@pytest.mark.points(0.75)
@pytest.mark.hint("Part i has floor(n splits[i] / sum(splits)) numbers.")
@pytest.mark.parametrize("splits", [[80, 20], [0.8, 0.2]], ids=str)
def test_sizes_of_the_lecture(student, probes, splits):
    """split_indices cuts 300 numbers into 240 and 60, with percentages or with fractions."""
    parts = student.probe(probes.split, n=300, splits=splits)

    assert_same([len(part) for part in parts], [240, 60])


@pytest.mark.points(0.5)
@pytest.mark.hint("What is left over goes to the first part.")
def test_left_over(student, probes):
    """split_indices cuts 10 numbers into 4, 3 and 3."""
    parts = student.probe(probes.split, n=10, splits=[1, 1, 1])

    assert_same([len(part) for part in parts], [4, 3, 3])


@pytest.mark.points(0.5)
@pytest.mark.hint("Cut one random order of the numbers into parts: then no number is in two of them.")
def test_each_number_once(student, probes):
    """split_indices puts each number into one part, and into another one with another seed."""
    first, other = (student.probe(probes.split, n=50, splits=[30, 20], seed=seed) for seed in (1, 2))

    for parts in (first, other):
        assert_same(sorted(number for part in parts for number in part), list(range(50)))
    assert [sorted(part) for part in first] != [sorted(part) for part in other], "two seeds give the same parts"


@pytest.mark.points(0.25)
@pytest.mark.hint("Make a generator of your own, with the seed.")
def test_seed(student):
    """split_indices gives lists of ints, and the same lists for the same seed."""
    first, again = (student.split_indices(50, [30, 20], seed=3) for _ in range(2))

    assert isinstance(first, list), "return a list"
    assert all(isinstance(part, list) for part in first), "each part is a list"
    assert all(isinstance(number, int) for part in first for number in part), "a number is no int"
    assert_same(again, first)


@pytest.mark.points(0.25)
@pytest.mark.hint("require_int is given: use it.")
def test_no_number(student, probes):
    """split_indices refuses to split no numbers at all."""
    student.probe(probes.split, n=1, splits=[80, 20])

    assert_raises(ValueError, student.probe, probes.split, n=0, splits=[80, 20])
