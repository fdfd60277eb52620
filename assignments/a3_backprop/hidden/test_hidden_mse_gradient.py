"""Hidden tests of mse_gradient."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_raises, assert_speed, relaid

pytestmark = pytest.mark.question("mse_gradient")


def draw(rng, count, inputs, outputs):
    """Draw samples, outputs and targets."""
    return rng.normal(size=(count, inputs)), rng.normal(size=(count, outputs)), rng.normal(size=(count, outputs))


@pytest.mark.points(1.5)
@pytest.mark.hint("One matrix product, divided by N: your gradient is the mean over the samples, of -2 (t - o) x.")
@pytest.mark.parametrize("shape", [(5, 4, 3), (2, 7, 1), (1, 3, 2)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_random_inputs(alone, reference, rng, shape, seed):
    """mse_gradient gives (D, K), the mean over the samples."""
    X, outputs, targets = draw(rng, *shape)
    expected = reference.mse_gradient(X, outputs, targets)
    known = {
        "Your gradient is N times too large: average over the batch.": len(X) * expected,
        "Divide by N, not by N * K.": expected / shape[2],
        "Gradient points uphill: it is -2 (t - o) x.": -expected,
        "The factor 2 is missing: the derivative of a square.": expected / 2,
        "The gradient has the shape of W, (D, K).": expected.T,
    }

    assert_close(alone.mse_gradient(X, outputs, targets), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint(
    "Do not write into the arguments, and do not rely on how they lie in memory. Bytes are fine: compute in float64."
)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, layout):
    """mse_gradient takes bytes and any memory layout."""
    arguments = [rng.integers(0, 200, size=size).astype(np.uint8) for size in ((5, 4), (5, 3), (5, 3))]
    expected = reference.mse_gradient(*arguments)

    result = alone.mse_gradient(*(relaid(array, layout) for array in arguments))
    assert_close(result, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("Three arrays with two axes; outputs and targets have one shape, and X as many rows.")
@pytest.mark.parametrize(
    ("X", "outputs", "targets", "error"),
    [
        (np.ones((2, 3)), np.ones((3, 4)), np.ones((3, 4)), ValueError),
        (np.ones((2, 3)), np.ones((2, 4)), np.ones((1, 4)), ValueError),
        (np.ones(3), np.ones((3, 4)), np.ones((3, 4)), ValueError),
        (np.ones((2, 3)), np.ones(2), np.ones(2), ValueError),
        (np.ones((0, 3)), np.ones((0, 4)), np.ones((0, 4)), ValueError),
        ([[1.0]], np.ones((1, 1)), np.ones((1, 1)), TypeError),
    ],
    ids=["other N", "targets (1, K)", "X (N,)", "outputs (N,)", "empty", "list"],
)
def test_bad_inputs(alone, X, outputs, targets, error):
    """mse_gradient refuses shapes that do not fit, empty arrays, and what is no array."""
    alone.mse_gradient(np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 4)))

    assert_raises(error, alone.mse_gradient, X, outputs, targets)


@pytest.mark.slow
@pytest.mark.points(1)
@pytest.mark.hint(
    "If the other tests pass, your function is correct. One matrix product in place of the loops passes the speed test."
)
def test_is_vectorised(student, reference, rng):
    """mse_gradient takes 512 digits and ten outputs without a loop over the weights."""
    small, large = draw(rng, 5, 7, 3), draw(rng, 512, 785, 10)
    expected = reference.mse_gradient(*small)
    assert_close(student.mse_gradient(*small), expected, rtol=1e-7, atol=1e-10)

    # measured: the slide's loop takes 60 to 180 times the reference's time, an einsum at most 8 times
    assert_speed(student, "mse_gradient", large, reference.mse_gradient, ratio=30, floor=0.04)
