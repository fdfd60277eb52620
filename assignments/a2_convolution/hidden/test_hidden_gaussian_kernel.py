"""Hidden tests of gaussian_kernel."""

import math

import numpy as np
import pytest

from coursekit import assert_array, assert_close, assert_raises

pytestmark = pytest.mark.question("gaussian_kernel")


@pytest.mark.points(1)
@pytest.mark.hint("exp(-(r^2 + c^2) / (2 sigma^2)), counted from the centre, divided by the sum.")
@pytest.mark.parametrize("seed", range(5))
def test_random_sizes(alone, reference, rng, seed):
    """gaussian_kernel follows the formula for any odd size and any sigma."""
    size, sigma = 2 * int(rng.integers(1, 6)) + 1, float(rng.uniform(0.5, 3))
    expected = reference.gaussian_kernel(size, sigma)
    profile = np.exp(-((np.arange(size) - size // 2) ** 2) / sigma**2)
    sharp = np.outer(profile, profile)
    known = {
        "The exponent has 2 sigma^2 below the line, not sigma^2.": sharp / sharp.sum(),
        "Divide by the sum of the samples, so that the kernel sums to 1.": expected / expected.max(),
        "Divide by the sum of the samples; the integral's 2 pi sigma^2 is only close.": expected
        / expected.max()
        / (2 * np.pi * sigma**2),
    }

    assert_close(alone.gaussian_kernel(size, sigma), expected, rtol=1e-7, atol=1e-12, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint(
    "The sum is 1 to the last digits, the peak is the centre, and the kernel is a product of two profiles."
)
def test_shape_of_the_bell(alone, rng):
    """gaussian_kernel sums to 1, has its one peak in the centre, is symmetric, and is separable."""
    size, sigma = 9, float(rng.uniform(1, 2))
    kernel = alone.gaussian_kernel(size, sigma)

    assert_array(kernel, shape=(size, size), dtype=np.float64)
    assert math.isclose(kernel.sum(), 1, rel_tol=0, abs_tol=1e-12)
    assert (kernel == kernel.max()).sum() == 1
    assert kernel.argmax() == kernel.size // 2
    assert np.allclose(kernel, kernel.T, rtol=0, atol=1e-12)
    assert np.allclose(kernel, kernel[::-1, ::-1], rtol=0, atol=1e-12)
    assert np.linalg.matrix_rank(kernel) == 1


@pytest.mark.points(0.5, all_or_nothing=True)
@pytest.mark.hint("A kernel of one pixel is [[1]]; sigma may be an int.")
@pytest.mark.parametrize(("size", "sigma"), [(1, 0.7), (3, 0.01), (5, 2), (3, 1e6)], ids=str)
def test_extremes(alone, reference, size, sigma):
    """gaussian_kernel takes one pixel, a very small and a very large sigma, and a whole number."""
    expected = reference.gaussian_kernel(size, sigma)

    assert_close(alone.gaussian_kernel(size, sigma), expected, rtol=1e-7, atol=1e-12)


@pytest.mark.points(0.5)
@pytest.mark.hint("The size is an odd integer, sigma above 0 and finite.")
@pytest.mark.parametrize(
    ("size", "sigma", "error"),
    [
        (4, 1.0, ValueError),
        (0, 1.0, ValueError),
        (-3, 1.0, ValueError),
        (3, 0.0, ValueError),
        (3, -1.0, ValueError),
        (3, float("nan"), ValueError),
        (3, float("inf"), ValueError),
        (3.0, 1.0, TypeError),
        (3, "1", TypeError),
    ],
    ids=["even", "zero", "negative", "sigma 0", "sigma -1", "sigma NaN", "sigma infinite", "float size", "text"],
)
def test_bad_inputs(alone, size, sigma, error):
    """gaussian_kernel refuses sizes that are not odd and sigmas that are not positive, and takes the rest."""
    alone.gaussian_kernel(3, 1.0)

    assert_raises(error, alone.gaussian_kernel, size, sigma)
