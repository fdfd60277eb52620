"""Hidden tests of split_indices."""

import numpy as np
import pytest

from coursekit import assert_close, assert_none_of, assert_raises, assert_same

pytestmark = pytest.mark.question("split_indices")


@pytest.mark.points(1.25)
@pytest.mark.hint("Part i has floor(n splits[i] / sum(splits)) numbers; what is left over goes to the first part.")
@pytest.mark.parametrize(
    ("n", "shares", "sizes"),
    [
        (101, [80, 20], [81, 20]),
        (10, [1, 1, 1], [4, 3, 3]),
        (11, [1, 1, 1], [5, 3, 3]),
        (1000, [60, 20, 20], [600, 200, 200]),
        (400, [0.5, 0.25, 0.25], [200, 100, 100]),
        (7, [3], [7]),
        (9, (1, 3), [3, 6]),
        (3, [1, 1, 1, 1, 1], [3, 0, 0, 0, 0]),
        (12, [0, 1], [0, 12]),
        (13, [2, 0, 1, 5], [4, 0, 1, 8]),
        (1, [0.5, 0.5], [1, 0]),
        (1, [5], [1]),
    ],
    ids=str,
)
def test_sizes(alone, probes, n, shares, sizes):
    """split_indices gives each part its share, rounded down, and the first part what is left over."""
    (parts,) = alone.probe(probes.splits, n=n, shares=shares, seeds=[4])

    assert_close(np.array([len(part) for part in parts]), np.array(sizes), rtol=0, atol=0, known=rounded(n, shares))


def rounded(n, shares):
    """Give the sizes that other rules lead to, where they tell these rules apart."""
    exact = np.array(shares) * n / sum(shares)
    floor = np.floor(exact + 1e-9).astype(int)
    last, nearest = floor.copy(), np.rint(exact).astype(int)
    last[-1] += n - floor.sum()
    nearest[0] += n - nearest.sum()
    forms = {
        "What is left over goes to the first part, not to the last.": last,
        "What is left over goes to the first part, not to one part after the other.": floor
        + (np.arange(len(floor)) < n - floor.sum()),
        "What is left over goes to the first part: each number is in one part.": floor,
        "Round each share down, not to the nearest number.": nearest,
    }
    found = [sizes.tolist() for sizes in forms.values()]
    return {sentence: sizes for sentence, sizes in forms.items() if found.count(sizes.tolist()) == 1}


@pytest.mark.points(0.75)
@pytest.mark.hint("These indices are in both splits, or in none: cut one permutation into parts.")
@pytest.mark.parametrize(("n", "shares"), [(20, [1, 1]), (101, [80, 20]), (60, [0.5, 0.3, 0.2])], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_each_number_once(alone, probes, n, shares, seed):
    """split_indices puts each of the numbers 0 to n - 1 into one part alone."""
    (parts,) = alone.probe(probes.splits, n=n, shares=shares, seeds=[seed])

    assert len(parts) == len(shares), "there is one part for each proportion"
    whole = [len(set(part)) == len(part) for part in parts]
    twice = sum(map(len, parts)) > len(set().union(*parts))
    assert_none_of(
        {
            "These indices are in both splits: cut one permutation into parts.": all(whole) and twice,
            "A part holds a number twice: draw no number again.": not all(whole),
        }
    )
    assert_same(sorted(number for part in parts for number in part), list(range(n)))


@pytest.mark.points(0.75)
@pytest.mark.hint("Every number may come into every part: shuffle all numbers before you cut.")
@pytest.mark.parametrize("start", range(0, 1000, 200))
def test_at_random(alone, probes, start):
    """split_indices gives each number the same chance to come into each part."""
    splits = alone.probe(probes.splits, n=12, shares=[6, 3, 3], seeds=list(range(start, start + 200)))

    counts = np.zeros((3, 12))
    for parts in splits:
        assert_same(sorted(number for part in parts for number in part), list(range(12)))
        assert_same([len(part) for part in parts], [6, 3, 3])
        for place, part in enumerate(parts):
            counts[place, part] += 1
    # the shares have standard deviations of 0.035 and 0.031
    assert_close(counts / 200, np.repeat([[0.5], [0.25], [0.25]], 12, axis=1), rtol=0, atol=0.2)
    assert len({str(parts) for parts in splits}) > 190, "other seeds give the same parts"


@pytest.mark.points(0.5)
@pytest.mark.hint("torch.Generator().manual_seed(seed), handed on to torch.randperm.")
@pytest.mark.parametrize("seed", range(5))
def test_seed(alone, probes, seed):
    """split_indices gives the same parts for the same seed, whatever was drawn before; without one the seed is 13."""
    pairs = [({"seed": seed}, {"seed": seed}), ({}, {"seed": 13})]

    for first, again in pairs:
        one = alone.probe(probes.split_between_draws, start=seed, n=40, shares=[3, 1], **first)
        other = alone.probe(probes.split_between_draws, start=seed + 1, n=40, shares=[3, 1], **again)
        assert_same(other["parts"], one["parts"])


@pytest.mark.points(0.5)
@pytest.mark.hint("A generator of your own leaves the global one alone: torch.manual_seed does not.")
@pytest.mark.parametrize("seed", range(5))
def test_global_generators(alone, reference, probes, seed):
    """split_indices neither seeds the global generators nor draws from them."""
    settings = {"start": seed + 50, "n": 30, "shares": [2, 1], "seed": seed}
    expected = probes.split_between_draws(reference, **settings)["next"]

    found = alone.probe(probes.split_between_draws, **settings)
    assert_close(found["next"], expected, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("A list of lists of Python ints: tolist() makes them of a tensor or an array.")
@pytest.mark.parametrize(("n", "shares"), [(10, [1, 1, 1]), (3, [1, 1, 1, 1, 1]), (5, [1])], ids=str)
def test_kinds(alone, reference, n, shares):
    """split_indices gives a list, with a list of Python ints for each part."""
    kinds = [[int] * len(part) for part in reference.split_indices(n, shares, 3)]
    parts = alone.split_indices(n, shares, 3)

    assert type(parts) is list, "return a list"
    assert all(type(part) is list for part in parts), "each part is a list"
    assert [[type(number) for number in part] for part in parts] == kinds, "a part holds something else than ints"


@pytest.mark.points(0.75)
@pytest.mark.hint("Check n with require_int, and that the proportions are finite, 0 or more, and not all 0.")
@pytest.mark.parametrize(
    ("n", "shares", "error"),
    [
        (0, [80, 20], ValueError),
        (-3, [80, 20], ValueError),
        (10, [], ValueError),
        (10, [1.2, -0.2], ValueError),
        (10, [0, 0], ValueError),
        (10, [1.0, float("nan")], ValueError),
        (10, [float("inf"), 1.0], ValueError),
        (10.0, [80, 20], TypeError),
        ("10", [80, 20], TypeError),
    ],
    ids=["0", "below 0", "no splits", "negative", "all 0", "NaN", "infinite", "float", "text"],
)
def test_bad_inputs(alone, probes, n, shares, error):
    """split_indices refuses what is no number of things or no proportion, and takes the rest."""
    alone.probe(probes.splits, n=10, shares=[80, 20], seeds=[1])

    assert_raises(error, alone.split_indices, n, shares, 1)
