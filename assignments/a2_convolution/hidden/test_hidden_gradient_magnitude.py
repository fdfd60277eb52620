"""Hidden tests of gradient_magnitude."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_raises, relaid

pytestmark = pytest.mark.question("gradient_magnitude")


def wrong_formulas(gx, gy):
    """Build the answers of formulas that students confuse with the right one."""
    form = "Square root of the sum of squares, in float"
    wrapped = (gx * gx + gy * gy).astype(float)
    gx, gy = gx.astype(float), gy.astype(float)
    return {
        f"{form}: these squares wrapped.": np.sqrt(np.abs(wrapped)),
        f"{form}: this is the sum of absolute values.": np.abs(gx) + np.abs(gy),
        f"{form}: the root is missing.": gx**2 + gy**2,
        f"{form}: this is the larger absolute value.": np.maximum(np.abs(gx), np.abs(gy)),
        f"{form}: this is the root of the mean.": np.hypot(gx, gy) / np.sqrt(2),
    }


@pytest.mark.points(1)
@pytest.mark.hint("Square root of the sum of squares, in float.")
@pytest.mark.parametrize("shape", [(6, 9), (1, 1), (4, 5, 3), (7,), (2, 8)], ids=str)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_random_gradients(alone, reference, rng, layout, shape):
    """gradient_magnitude gives the length of each gradient, for any shape and memory layout."""
    gx, gy = rng.normal(size=shape), rng.normal(size=shape)
    expected = reference.gradient_magnitude(gx, gy)
    known = wrong_formulas(gx, gy)

    assert_close(
        alone.gradient_magnitude(relaid(gx, layout), relaid(gy, layout)), expected, rtol=1e-7, atol=1e-10, known=known
    )


@pytest.mark.points(1)
@pytest.mark.hint("Square root of the sum of squares, in float: convert before you square.")
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "float32"])
def test_small_integers(alone, reference, rng, dtype):
    """gradient_magnitude converts small integers to float64 before it squares them."""
    gx = rng.integers(-128, 128, size=(5, 8)).astype(np.int8).astype(dtype) * np.array(1, dtype)
    gy = gx[::-1].copy()
    if dtype == "int16":
        gx, gy = 250 * gx, 250 * gy
    expected = reference.gradient_magnitude(gx, gy)

    assert_close(alone.gradient_magnitude(gx, gy), expected, rtol=1e-7, atol=1e-10, known=wrong_formulas(gx, gy))


@pytest.mark.points(0.5)
@pytest.mark.hint("Both gradients have the same shape; broadcasting would hide a mistake.")
@pytest.mark.parametrize(
    ("gx", "gy", "error"),
    [
        (np.ones((3, 5)), np.ones((5, 3)), ValueError),
        (np.ones((3, 5)), np.ones((1, 5)), ValueError),
        (np.ones((0, 5)), np.ones((0, 5)), ValueError),
        ([[3.0]], np.ones((1, 1)), TypeError),
        (np.ones((1, 1)), 4.0, TypeError),
    ],
    ids=["other shape", "broadcastable shape", "empty", "list", "number"],
)
def test_bad_inputs(alone, gx, gy, error):
    """gradient_magnitude refuses gradients of different shapes and what is no array, and takes the rest."""
    alone.gradient_magnitude(np.ones((3, 5)), np.ones((3, 5)))

    assert_raises(error, alone.gradient_magnitude, gx, gy)
