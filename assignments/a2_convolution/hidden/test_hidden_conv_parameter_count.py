"""Hidden tests of conv_parameter_count."""

import pytest

from coursekit import assert_raises, assert_same

pytestmark = pytest.mark.question("conv_parameter_count")


@pytest.mark.points(1)
@pytest.mark.hint("cout filters, each cin * kh * kw weights and, if asked for, one bias.")
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_random_layers(alone, reference, rng, bias, seed):
    """conv_parameter_count counts weights and biases as an int, for square and oblong kernels."""
    cin, cout, kh, kw = map(int, rng.permutation(60)[:4] + 1)
    k = (kh, kw) if seed % 2 else kh
    expected = reference.conv_parameter_count(cin, cout, k, bias)

    weights = cin * cout * kh * (kw if seed % 2 else kh)
    known = {
        "cout filters, each with one bias: these are cin biases.": weights + cin,
        "cout filters, each with one bias: these are biases for each pair of channels.": weights + cin * cout,
        "The argument bias is not used.": weights if bias else weights + cout,
        "Each filter has cin * kh * kw weights: this is one filter for each output channel alone.": expected
        - weights
        + weights // cin,
    }

    assert_same(alone.conv_parameter_count(cin, cout, k, bias=bias), expected, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("With groups each filter sees cin / groups channels; the number of biases stays cout.")
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groups(alone, reference, groups):
    """conv_parameter_count lets each filter of a grouped layer see its own share of the channels."""
    expected = reference.conv_parameter_count(8, 12, (3, 5), groups=groups)

    known = {
        "With groups each filter sees cin / groups channels, not all of them.": 12 * 8 * 15 + 12,
        "With groups the number of biases stays cout.": (expected - 12) + 12 // groups,
        "Only the channels that a filter sees are shared out: there are still cout filters.": (expected - 12) // groups
        + 12,
    }

    assert_same(alone.conv_parameter_count(8, 12, (3, 5), groups=groups), expected, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("All numbers are integers of at least 1, and groups divides both channel numbers.")
@pytest.mark.parametrize(
    ("args", "options", "error"),
    [
        ((0, 4, 3), {}, ValueError),
        ((4, -1, 3), {}, ValueError),
        ((4, 4, 0), {}, ValueError),
        ((4, 4, (3, 0)), {}, ValueError),
        ((4, 6, 3), {"groups": 4}, ValueError),
        ((6, 4, 3), {"groups": 4}, ValueError),
        ((4, 4, 3), {"groups": 0}, ValueError),
        ((4.0, 4, 3), {}, TypeError),
        ((4, 4, 2.5), {}, TypeError),
    ],
    ids=["cin 0", "cout -1", "k 0", "kw 0", "groups and cout", "groups and cin", "groups 0", "float cin", "float k"],
)
def test_bad_inputs(alone, args, options, error):
    """conv_parameter_count refuses numbers below 1, floats and groups that do not divide, and takes the rest."""
    alone.conv_parameter_count(4, 4, 3, groups=2)

    assert_raises(error, alone.conv_parameter_count, *args, **options)
