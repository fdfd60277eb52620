"""Hidden tests of conv_output_size."""

import pytest

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("conv_output_size")


def wrong_formulas(n, k, padding, stride):
    """Build the answers of formulas that students confuse with the right one."""
    form = "Use floor((n+2p-k)/s)+1"
    way = n + 2 * padding - k
    return {
        f"{form}: this rounds up.": -(-way // stride) + 1,
        f"{form}: the 1 at the end is missing.": way // stride,
        f"{form}: padding counts twice.": (way - padding) // stride + 1,
        f"{form}: this divides the size by the stride, too.": -(-n // stride),
        f"{form}: the 1 is added before the division.": (way + 1) // stride,
    }


@pytest.mark.points(1)
@pytest.mark.hint("Use floor((n+2p-k)/s)+1. A last step that does not fit is left out.")
@pytest.mark.parametrize("args", [(28, 5, 0, 2), (7, 3, 0, 3), (10, 3, 1, 4), (6, 3, 0, 2)], ids=str)
def test_steps_that_do_not_divide(alone, reference, args):
    """conv_output_size rounds down where the stride does not divide the way of the window."""
    expected = reference.conv_output_size(*args)

    known = wrong_formulas(*args)

    assert_close(alone.conv_output_size(*args), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("Padding counts twice, and it is the window's way, not the image, that the stride divides.")
@pytest.mark.parametrize("seed", range(5))
def test_random_sizes(alone, reference, rng, seed):
    """conv_output_size follows the formula for any size, window, padding and stride."""
    n, k, padding, stride = (int(rng.integers(*limits)) for limits in ((20, 99), (1, 12), (0, 7), (1, 6)))
    expected = reference.conv_output_size(n, k, padding, stride)

    known = wrong_formulas(n, k, padding, stride)

    assert_close(alone.conv_output_size(n, k, padding=padding, stride=stride), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.5, all_or_nothing=True)
@pytest.mark.hint("Return an int: // keeps integers, / gives a float.")
@pytest.mark.parametrize(("args", "expected"), [((9, 9), 1), ((3, 5, 1), 1), ((1, 1, 0, 4), 1), ((8, 2, 0, 2), 4)])
def test_type_and_single_positions(alone, args, expected):
    """conv_output_size returns an int, also where the window fits exactly once."""
    assert_same(alone.conv_output_size(*args), expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("What cannot be a size, a padding or a stride is a ValueError; a float is a TypeError.")
@pytest.mark.parametrize(
    ("args", "error"),
    [
        ((5, 8, 1, 1), ValueError),
        ((5, 3, 0, 0), ValueError),
        ((5, 3, -1, 1), ValueError),
        ((5, 0, 0, 1), ValueError),
        ((0, 1, 1, 1), ValueError),
        ((5.0, 3, 0, 1), TypeError),
        ((5, 3, 0, 1.5), TypeError),
    ],
    ids=["window too long", "stride 0", "padding -1", "window 0", "size 0", "float size", "float stride"],
)
def test_bad_inputs(alone, args, error):
    """conv_output_size refuses windows that do not fit, impossible numbers and floats, and takes the rest."""
    alone.conv_output_size(5, 7, 1, 1)

    assert_raises(error, alone.conv_output_size, *args)
