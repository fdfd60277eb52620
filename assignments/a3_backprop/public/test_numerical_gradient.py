"""Public tests of numerical_gradient."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises

pytestmark = pytest.mark.question("numerical_gradient")


@pytest.mark.points(1)
@pytest.mark.hint("Use (f(x+h)-f(x-h))/2h: one-sided differences are off by 0.00009 here.")
def test_cube(student):
    """numerical_gradient of x^3 at 3 is 27 to eight digits."""
    assert_close(
        student.numerical_gradient(lambda x: float(x[0] ** 3), np.array([3.0])), np.array([27.0]), rtol=0, atol=1e-7
    )


@pytest.mark.points(0.75)
@pytest.mark.hint("Move one element at a time, and put it back before the next.")
def test_matrix(student):
    """numerical_gradient has the shape of x, one derivative for each element."""
    x = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])

    gradient = student.numerical_gradient(lambda v: float((v**2).sum()), x)
    assert_close(gradient, 2 * x, rtol=1e-6, atol=1e-7)


@pytest.mark.points(0.5)
@pytest.mark.hint("An array of integers silently swallows eps: cast to float64 first.")
def test_integers(student):
    """numerical_gradient takes integers."""
    gradient = student.numerical_gradient(lambda v: float((v**2).sum()), np.array([1, 2]))

    assert_close(gradient, np.array([2.0, 4.0]), rtol=1e-6, atol=1e-7)


@pytest.mark.points(0.25)
@pytest.mark.hint("require_positive is given: use it.")
def test_no_step(student):
    """numerical_gradient refuses a step of 0."""
    student.numerical_gradient(lambda v: float(v.sum()), np.array([1.0]), 1e-4)

    assert_raises(ValueError, student.numerical_gradient, lambda v: float(v.sum()), np.array([1.0]), 0.0)
