"""Public tests of mse_gradient."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises

pytestmark = pytest.mark.question("mse_gradient")


def loop(X, outputs, targets):
    """Compute the gradient as the slide does, one weight at a time."""
    gradient = np.zeros((X.shape[1], outputs.shape[1]))
    for i in range(gradient.shape[0]):
        for k in range(gradient.shape[1]):
            gradient[i, k] = np.mean(-2 * (targets[:, k] - outputs[:, k]) * X[:, i])
    return gradient


@pytest.mark.points(0.5)
@pytest.mark.hint("-2 (t - o) x, averaged over the samples.")
def test_one_sample(student):
    """mse_gradient of one sample is -2 (t - o) x."""
    X, outputs, targets = np.array([[1.0, 2.0]]), np.array([[3.0]]), np.array([[5.0]])

    assert_close(student.mse_gradient(X, outputs, targets), np.array([[-4.0], [-8.0]]), rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.75)
@pytest.mark.hint("The loop's sums are a matrix product of X transposed and the errors.")
def test_loop_of_the_slide(student, rng):
    """mse_gradient equals the slide's loop over the weights."""
    X, outputs, targets = rng.normal(size=(6, 4)), rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    expected = loop(X, outputs, targets)

    assert_close(student.mse_gradient(X, outputs, targets), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("outputs and targets have one shape, and a row for each sample.")
def test_shapes_that_do_not_fit(student):
    """mse_gradient refuses targets of another shape than the outputs."""
    student.mse_gradient(np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 4)))

    assert_raises(ValueError, student.mse_gradient, np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 1)))
