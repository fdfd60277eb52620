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

    assert_same(alone.conv_parameter_count(cin, cout, k, bias=bias), expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("With groups each filter sees cin / groups channels; the number of biases stays cout.")
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groups(alone, reference, groups):
    """conv_parameter_count lets each filter of a grouped layer see its own share of the channels."""
    expected = reference.conv_parameter_count(8, 12, (3, 5), groups=groups)

    assert_same(alone.conv_parameter_count(8, 12, (3, 5), groups=groups), expected)


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
