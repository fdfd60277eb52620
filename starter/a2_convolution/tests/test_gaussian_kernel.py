"""Public tests of gaussian_kernel."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("gaussian_kernel")


@pytest.mark.points(1.5)
@pytest.mark.hint("Offsets are -2 to 2; divide by the sum of the sampled values, not by 2 pi sigma^2.")
def test_five_by_five(student):
    """gaussian_kernel samples a Gaussian of sigma 1 on 5x5 pixels, and its values sum to 1."""
    profile = np.array([np.exp(-2.0), np.exp(-0.5), 1.0, np.exp(-0.5), np.exp(-2.0)])
    samples = np.outer(profile, profile)
    known = {
        "Divide by the sum of the samples, so that the kernel sums to 1.": samples,
        "Divide by the sum of the samples; the integral's 2 pi sigma^2 is only close.": samples / (2 * np.pi),
    }

    assert_close(student.gaussian_kernel(5, 1.0), samples / samples.sum(), rtol=1e-7, atol=1e-10, known=known)
