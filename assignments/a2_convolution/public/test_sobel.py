"""Public tests of sobel_kernels and sobel_gradients."""

import numpy as np
import pytest

from coursekit import assert_each_close

pytestmark = pytest.mark.question("sobel")

BORDER = "symmetric"  # VARIANT border


@pytest.mark.points(1)
@pytest.mark.hint("Return (kx, ky), two float64 arrays with the numbers of the slide.")
def test_lecture_kernels(student):
    """sobel_kernels gives the two kernels of the lecture's slide."""
    kx = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
    ky = np.array([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0], [-1.0, -2.0, -1.0]])

    assert_each_close(student.sobel_kernels(), (kx, ky), rtol=1e-7, atol=1e-10)


@pytest.mark.points(1)
@pytest.mark.hint(f"Convolve, do not correlate, and pad with mode {BORDER}.")
def test_a_vertical_step(student):
    """sobel_gradients answers to a step from dark to bright with a positive gx and no gy."""
    image = np.array([[0, 0, 0, 10, 10]] * 4)
    gx, gy = np.array([[0.0, 0.0, 40.0, 40.0, 0.0]] * 4), np.zeros((4, 5))

    assert_each_close(student.sobel_gradients(image), (gx, gy), rtol=1e-7, atol=1e-10)
