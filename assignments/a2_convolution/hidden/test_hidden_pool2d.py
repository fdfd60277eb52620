"""Hidden tests of pool2d."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("pool2d")


def wrong_windows(reference, x, size, stride, mode):
    """Build the answers of windows that go on where the input ends, and of a maximum that begins with 0."""
    form, step = "Use floor((n+2p-k)/s)+1: a last window that does not fit is left out, not filled up", stride or size
    ends = [(0, 0), (0, 0), *((0, -(length - size) % step) for length in x.shape[2:])]
    return {
        f"{form}.": lambda: reference.pool2d(np.pad(x, ends, mode="edge"), size, stride, mode),
        f"{form} with zeros.": lambda: reference.pool2d(np.pad(x, ends), size, stride, mode),
        "The maximum of negatives is negative: do not begin with 0.": lambda: np.maximum(
            reference.pool2d(x, size, stride, mode), 0 if mode == "max" else -np.inf
        ),
    }


@pytest.mark.points(1.75)
@pytest.mark.hint("Windows of size x size pixels, stride pixels apart, in each channel of each sample on its own.")
@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize(("size", "stride"), [(2, 1), (3, 2), (2, 3), (1, 2), (4, 3)], ids=str)
def test_random_inputs(alone, reference, rng, mode, size, stride):
    """pool2d handles windows that overlap and windows with gaps, in both modes."""
    x = rng.normal(size=(2, 3, 7, 9))
    expected = reference.pool2d(x, size, stride, mode)
    known = {
        "The mode argument is not used.": reference.pool2d(x, size, stride, "avg" if mode == "max" else "max"),
        "The stride is not used.": lambda: reference.pool2d(x, size, size, mode),
        "Pool each channel on its own.": expected.max(axis=1),
    } | wrong_windows(reference, x, size, stride, mode)

    assert_close(alone.pool2d(x, size, stride, mode), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("The maximum of negatives is negative.")
@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("dtype", ["float64", "int8"])
def test_negative_inputs(alone, reference, rng, size, dtype):
    """pool2d finds the maximum of negative numbers, up to the border."""
    x = (-rng.uniform(2, 100, size=(2, 3, 6, 8))).astype(dtype)
    expected = reference.pool2d(x, size)
    known = {
        "The maximum of negatives is negative: do not begin with 0.": np.zeros_like(expected),
        "The maximum of negatives is negative; this is the largest absolute value.": reference.pool2d(-x, size),
    }

    assert_close(alone.pool2d(x, size), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("Use floor((n+2p-k)/s)+1: a last window that does not fit is left out.")
@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, None), (2, 3), (4, None), (5, 5)], ids=str)
def test_windows_that_do_not_fit(alone, reference, rng, mode, size, stride):
    """pool2d leaves out a last window that does not fit; without a stride, windows lie side by side."""
    x = rng.normal(size=(1, 2, 5, 7))
    expected = reference.pool2d(x, size, stride, mode)
    known = wrong_windows(reference, x, size, stride, mode)

    assert_close(alone.pool2d(x, size, stride, mode), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Compute in float64: sums of bytes overflow.")
@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_small_dtypes(alone, reference, rng, mode, dtype):
    """pool2d gives float64, whatever its input holds."""
    x = rng.integers(100, 256, size=(2, 1, 6, 5)).astype(dtype)
    expected = reference.pool2d(x, 2, mode=mode)

    assert_close(alone.pool2d(x, 2, mode=mode), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("Do not write into the input, and do not rely on how it lies in memory.")
@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, layout, size):
    """pool2d does not care how its input lies in memory, and does not write into it."""
    x = rng.normal(size=(2, 3, 5, 6))
    expected = reference.pool2d(x, size)

    assert_close(alone.pool2d(relaid(x, layout), size), expected, rtol=1e-7, atol=1e-10)
    assert_own_memory(alone)


@pytest.mark.points(0.75)
@pytest.mark.hint("Four axes, a window that fits, a stride of 1 or more, and one of the two modes.")
@pytest.mark.parametrize(
    ("x", "args", "error"),
    [
        (np.ones((2, 3, 4, 6)), (5,), ValueError),
        (np.ones((2, 3, 6, 4)), (5,), ValueError),
        (np.ones((2, 3, 4, 6)), (0,), ValueError),
        (np.ones((2, 3, 4, 6)), (2, 0), ValueError),
        (np.ones((2, 3, 4, 6)), (2, 2, "min"), ValueError),
        (np.ones((3, 4, 6)), (2,), ValueError),
        (np.ones((0, 3, 4, 6)), (2,), ValueError),
        (np.ones((2, 3, 4, 6)), (2.0,), TypeError),
        ([[[[1.0]]]], (1,), TypeError),
    ],
    ids=["too high", "too wide", "size 0", "stride 0", "unknown mode", "three axes", "no sample", "float size", "list"],
)
def test_bad_inputs(alone, x, args, error):
    """pool2d refuses windows that do not fit, impossible options and what has not four axes, and takes the rest."""
    alone.pool2d(np.ones((2, 3, 4, 6)), 4)

    assert_raises(error, alone.pool2d, x, *args)
