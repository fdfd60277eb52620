"""Hidden tests of composite_value and composite_gradient."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_raises, relaid

pytestmark = pytest.mark.question("composite")


@pytest.mark.points(0.5)
@pytest.mark.hint("The squares of u first, then the products with W, then the squares of these sums.")
@pytest.mark.parametrize("shape", [(3, 2), (2, 5), (1, 3), (4, 1)], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_values(alone, reference, rng, shape, seed):
    """composite_value is right for any number of rows and columns."""
    W, u = rng.normal(size=shape), rng.normal(size=shape[1])
    expected = reference.composite_value(W, u)

    value = alone.composite_value(W, u)
    assert type(value) is float, "the value is a Python float"
    assert_close(value, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(1.25)
@pytest.mark.hint("df/dg_j = 2 g_j and dg_j/du_k = 2 W[j, k] u_k; multiply, and add up over j.")
@pytest.mark.parametrize("shape", [(3, 2), (2, 5), (1, 3), (4, 1)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_gradients(alone, reference, rng, shape, seed):
    """composite_gradient is right for any number of rows and columns."""
    W, u = rng.normal(size=shape), rng.normal(size=shape[1])
    expected, g = reference.composite_gradient(W, u), W @ u**2
    known = {
        "A factor 2 is missing: both squares give one.": expected / 2,
        "Both factors 2 are missing: each square gives one.": expected / 4,
        "The factor u_k is missing: dg_j/du_k = 2 W[j, k] u_k.": 4 * W.T @ g,
        "The factor g_j is missing: df/dg_j = 2 g_j.": 4 * u * W.sum(axis=0),
        "dg_j/du_k = 2 W[j, k] u_k, without another square.": 4 * u**2 * (W.T @ g),
        "g has the squares of u in it.": 4 * u * (W.T @ (W @ u)),
    }

    assert_close(alone.composite_gradient(W, u), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Do not write into W or u, and do not rely on how they lie in memory. Integers are fine.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, layout):
    """composite_value and composite_gradient take integers in any memory layout."""
    W, u = rng.integers(-4, 5, size=(3, 4)), rng.integers(-4, 5, size=4)
    expected = reference.composite_value(W, u), reference.composite_gradient(W, u)

    assert_close(alone.composite_value(relaid(W, layout), relaid(u, layout)), expected[0], rtol=1e-7, atol=1e-10)
    assert_close(alone.composite_gradient(relaid(W, layout), relaid(u, layout)), expected[1], rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("W has two axes, u one, and W has a column for each element of u.")
@pytest.mark.parametrize("name", ["composite_value", "composite_gradient"])
@pytest.mark.parametrize(
    ("W", "u", "error"),
    [
        (np.ones((2, 3)), np.ones(2), ValueError),
        (np.ones((2, 3)), np.ones(1), ValueError),
        (np.ones(3), np.ones(3), ValueError),
        (np.ones((2, 3)), np.ones((3, 1)), ValueError),
        ([[1.0, 2.0]], np.ones(2), TypeError),
    ],
    ids=["u as rows", "u of one", "W (3,)", "u (3, 1)", "list"],
)
def test_bad_inputs(alone, name, W, u, error):
    """composite_value and composite_gradient refuse shapes that do not fit, and what is no array."""
    getattr(alone, name)(np.ones((2, 3)), np.ones(3))

    assert_raises(error, getattr(alone, name), W, u)
