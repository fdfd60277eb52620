"""Public tests of composite_value and composite_gradient."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises

pytestmark = pytest.mark.question("composite")

W, U = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([1.0, 2.0])


@pytest.mark.points(0.5)
@pytest.mark.hint("g = 9, 19, 29; then add up their squares.")
def test_lecture_value(student):
    """composite_value of the lecture's W and u is 1283."""
    assert_close(student.composite_value(W, U), 1283.0, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("4 u_k, times the sum over j of W[j, k] g_j.")
def test_lecture_gradient(student):
    """composite_gradient of the lecture's W and u is 844 and 2144."""
    assert_close(student.composite_gradient(W, U), np.array([844.0, 2144.0]), rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("W has a column for each element of u.")
def test_shapes_that_do_not_fit(student):
    """composite_gradient refuses a W without a column for each element of u."""
    student.composite_gradient(W, U)

    assert_raises(ValueError, student.composite_gradient, W.T, U)
