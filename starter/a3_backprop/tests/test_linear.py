"""Public tests of linear_forward and linear_backward."""

import numpy as np
import pytest

from coursekit import assert_close, assert_each_close, assert_raises

pytestmark = pytest.mark.question("linear")


def forward(student, x, W, b):
    """Call linear_forward, and require a tuple of output and cache, a cache that can travel."""
    result = student.linear_forward(x, W, b)
    assert isinstance(result, tuple), "return a tuple of output and cache"
    assert len(result) == 2, "return a tuple of output and cache"
    plain = isinstance(result[1], (tuple, list, dict, np.ndarray)) and not hasattr(result[1], "_fields")
    assert plain, "keep arrays and numbers in a tuple, a list or a dict: a class of your own is lost on the way"
    return result


@pytest.mark.points(0.75)
@pytest.mark.hint("x W + b, for all samples in one matrix product.")
def test_small_layer(student):
    """linear_forward gives x W + b."""
    x, W, b = np.array([[1.0, 2.0]]), np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 3.0]]), np.array([0.5, 0.0, -0.5])
    out, _ = forward(student, x, W, b)

    assert_close(out, np.array([[5.5, 2.0, 4.5]]), rtol=1e-7, atol=1e-10)


@pytest.mark.points(1)
@pytest.mark.hint("dW is x transposed times dout, dx is dout times W transposed, db the sum of dout over the batch.")
def test_one_neuron(student):
    """linear_backward of y = w x + b at x = 1, w = 2, b = 3 gives dy/dx = 2, dy/dw = 1 and dy/db = 1."""
    out, cache = forward(student, np.array([[1.0]]), np.array([[2.0]]), np.array([3.0]))
    assert_close(out, np.array([[5.0]]), rtol=1e-7, atol=1e-10)

    result = student.linear_backward(np.array([[1.0]]), cache)
    assert_each_close(result, (np.array([[2.0]]), np.array([[1.0]]), np.array([1.0])), rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.75)
@pytest.mark.hint("Each gradient has the shape of what it belongs to: dx that of x, db (M,).")
def test_images(student, rng):
    """linear_backward gives dx in the shape of images, and a db without a batch axis."""
    x, W, b, dout = rng.normal(size=(4, 2, 3)), rng.normal(size=(6, 5)), rng.normal(size=5), rng.normal(size=(4, 5))
    expected = (dout @ W.T).reshape(4, 2, 3), x.reshape(4, 6).T @ dout, dout.sum(axis=0)
    out, cache = forward(student, x, W, b)
    assert_close(out, x.reshape(4, 6) @ W + b, rtol=1e-7, atol=1e-10)

    assert_each_close(student.linear_backward(dout, cache), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("W has a row for each number of a sample.")
def test_shapes_that_do_not_fit(student):
    """linear_forward refuses a W with other rows than a sample has numbers."""
    student.linear_forward(np.ones((1, 3)), np.ones((3, 2)), np.ones(2))

    assert_raises(ValueError, student.linear_forward, np.ones((1, 3)), np.ones((2, 2)), np.ones(2))
