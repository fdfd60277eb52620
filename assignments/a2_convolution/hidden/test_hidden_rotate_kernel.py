"""Hidden tests of rotate_kernel."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("rotate_kernel")


@pytest.mark.points(1.25)
@pytest.mark.hint("A turn by 180 degrees keeps the shape, and puts the last row first and the last column first.")
@pytest.mark.parametrize("shape", [(2, 3), (1, 5), (5, 1), (4, 4), (3, 5), (1, 1)], ids=str)
def test_any_shape(alone, reference, rng, shape):
    """rotate_kernel turns kernels of any shape, even and oblong ones too."""
    kernel = rng.normal(size=shape)
    expected = reference.rotate_kernel(kernel)
    known = {
        "Only one axis was flipped: the rows. Flip the columns too.": kernel[::-1],
        "Only one axis was flipped: the columns. Flip the rows too.": kernel[:, ::-1],
        "A transpose is not a 180 degree turn.": kernel.T,
        "A quarter turn is not a 180 degree turn.": np.rot90(kernel),
        "A quarter turn back is not a 180 degree turn.": np.rot90(kernel, 3),
        "A mirror on the other diagonal is not a 180 degree turn.": np.rot90(kernel, 2).T,
        "The kernel is not turned at all.": kernel,
    }

    assert_close(alone.rotate_kernel(kernel), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("Slices with a negative step are views: return a copy, in the kernel's dtype.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_copy_from_any_layout(alone, reference, rng, layout):
    """rotate_kernel returns a copy in the kernel's dtype, however the kernel lies in memory."""
    kernel = rng.integers(-9, 10, size=(3, 5)).astype(np.int16)
    expected = reference.rotate_kernel(kernel)

    assert_close(alone.rotate_kernel(relaid(kernel, layout)), expected, rtol=0, atol=0)
    assert_own_memory(alone)


@pytest.mark.points(0.5)
@pytest.mark.hint("A kernel has two axes and at least one number.")
@pytest.mark.parametrize(
    ("kernel", "error"),
    [
        (np.ones(3), ValueError),
        (np.ones((3, 3, 3)), ValueError),
        (np.ones((0, 3)), ValueError),
        ([[1, 2], [3, 4]], TypeError),
        (np.array([["a", "b"]]), TypeError),
    ],
    ids=["one axis", "three axes", "empty", "list", "text"],
)
def test_bad_inputs(alone, kernel, error):
    """rotate_kernel refuses what is no two-dimensional array of numbers, and takes what is."""
    alone.rotate_kernel(np.ones((2, 3)))

    assert_raises(error, alone.rotate_kernel, kernel)
