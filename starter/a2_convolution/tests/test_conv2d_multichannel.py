"""Public tests of conv2d_multichannel."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("conv2d_multichannel")


@pytest.mark.points(1.5)
@pytest.mark.hint("Multiply patch and weights element by element, add up, and add the bias.")
def test_one_neuron(student):
    """conv2d_multichannel of one 4x4 patch is the lecture's neuron: the weighted sum plus the bias."""
    x, weight = np.arange(16.0).reshape(1, 1, 4, 4), np.arange(16.0)[::-1].reshape(1, 1, 4, 4)

    assert_close(
        student.conv2d_multichannel(x, weight, np.array([0.5])), np.array([[[[560.5]]]]), rtol=1e-7, atol=1e-10
    )


@pytest.mark.points(1.5)
@pytest.mark.hint("Each filter adds over all input channels; padding puts zeros around the image.")
def test_ones_filters(student):
    """conv2d_multichannel with filters of ones adds up neighbourhoods, over both input channels."""
    plane = np.arange(9.0).reshape(3, 3)
    sums = np.array([[8.0, 15.0, 12.0], [21.0, 36.0, 27.0], [20.0, 33.0, 24.0]])
    x, weight, bias = np.array([[plane, 10 * plane]]), np.ones((3, 2, 3, 3)), np.array([0.0, 1.0, -1.0])
    expected = np.array([[11 * sums, 11 * sums + 1, 11 * sums - 1]])

    assert_close(student.conv2d_multichannel(x, weight, bias, padding=1), expected, rtol=1e-7, atol=1e-10)
