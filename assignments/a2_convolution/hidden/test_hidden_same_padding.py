"""Hidden tests of same_padding."""

import pytest

from coursekit import assert_raises, assert_same

pytestmark = pytest.mark.question("same_padding")


@pytest.mark.points(1.5)
@pytest.mark.hint("Rows are padded by half the kernel height, columns by half its width, rounded down.")
@pytest.mark.parametrize("kernel_shape", [(1, 5), (7, 3), (9, 11), (15, 1)], ids=str)
def test_oblong_kernels(alone, reference, kernel_shape):
    """same_padding treats height and width of a kernel on their own, down to one pixel."""
    expected = reference.same_padding(kernel_shape)

    known = {
        "Rows are padded by half the kernel height, columns by half its width: these are swapped.": expected[::-1],
        "Half the size, rounded down: this is the whole size.": kernel_shape,
        "Padding depends on the kernel size.": (1, 1),
    }

    assert_same(alone.same_padding(kernel_shape), expected, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Even, zero and negative sizes are a ValueError, floats a TypeError.")
@pytest.mark.parametrize(
    ("kernel_shape", "error"),
    [((4, 3), ValueError), ((3, 2), ValueError), ((0, 3), ValueError), ((3, -1), ValueError), ((3.0, 3), TypeError)],
    ids=["even height", "even width", "zero", "negative", "float"],
)
def test_bad_inputs(alone, kernel_shape, error):
    """same_padding refuses even sizes, sizes below 1 and floats, and takes odd ones."""
    alone.same_padding((3, 5))

    assert_raises(error, alone.same_padding, kernel_shape)
