"""Hidden tests of linear_forward and linear_backward."""

import math

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_array, assert_close, assert_each_close, assert_raises, relaid

pytestmark = pytest.mark.question("linear")

SHAPES = [(5, 4), (3, 2, 4), (1, 6), (2, 3, 1, 2)]


def draw(rng, shape, outputs=3):
    """Draw samples, weights, biases and a gradient that is not uniform."""
    inputs = math.prod(shape[1:])
    layer = rng.normal(size=shape), rng.normal(size=(inputs, outputs)), rng.normal(size=outputs)
    return layer, rng.normal(size=(shape[0], outputs))


def forward(student, x, W, b):
    """Call linear_forward, and require a tuple of output and cache."""
    result = student.linear_forward(x, W, b)
    assert isinstance(result, tuple), "return a tuple of output and cache"
    assert len(result) == 2, "return a tuple of output and cache"
    return result


@pytest.mark.points(1)
@pytest.mark.hint("Flatten each sample in C order, then x W + b.")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_outputs(alone, reference, rng, shape, seed):
    """linear_forward flattens samples of any number of axes, and gives x W + b."""
    (x, W, b), _ = draw(rng, shape)
    expected = reference.linear_forward(x, W, b)[0]
    known = {"The bias is missing.": expected - b, "Samples are flattened in C order.": _fortran(x) @ W + b}

    assert_close(forward(alone, x, W, b)[0], expected, rtol=1e-7, atol=1e-10, known=known)


def _fortran(x):
    return np.stack([sample.ravel(order="F") for sample in x])


@pytest.mark.points(2.25)
@pytest.mark.hint("dx = dout W^T in x's shape, dW = x^T dout, and db sums over the batch, shape (M,).")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_gradients(alone, reference, rng, shape, seed):
    """linear_backward gives the gradients with respect to x, W and b."""
    (x, W, b), dout = draw(rng, shape)
    expected = reference.linear_backward(dout, reference.linear_forward(x, W, b)[1])
    dx, dW, db = expected
    count = len(x)
    known = {
        0: {
            "dx has the shape of x: give the axes back.": dx.reshape(count, -1),
            "dx goes through W: multiply by W transposed.": np.ones_like(dx),
            "dout holds the mean already: do not divide by N again.": dx / count,
        },
        1: {
            "dW has the shape of W: it is x transposed times dout.": dW.T,
            "dout holds the mean already: do not divide by N again.": dW / count,
        },
        2: {
            "db sums over the batch, shape (M,): this is (1, M).": db[None],
            "db sums over the batch, shape (M,): this is the mean.": db / count,
            "db sums over the batch, shape (M,): these are zeros.": 0 * db,
            "db sums over the batch, shape (M,): this sums over the outputs.": dout.sum(axis=1),
            "db sums over the batch, shape (M,): here it is not summed.": dout,
            "db sums over the batch, shape (M,): these are ones.": np.ones_like(db),
        },
    }

    cache = forward(alone, x, W, b)[1]
    assert_each_close(alone.linear_backward(dout, cache), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Check each gradient against central differences of the sum of dout times your own output.")
@pytest.mark.parametrize("place", [0, 1, 2], ids=["x", "W", "b"])
def test_gradients_of_your_own_layer(alone, rng, place):
    """linear_backward agrees with central differences of the student's own forward pass."""
    layer, dout = draw(rng, (3, 2, 2), outputs=2)
    numerical = np.zeros(layer[place].shape)
    for index in np.ndindex(numerical.shape):
        ends = []
        for step in (1e-5, -1e-5):
            moved = [array.copy() for array in layer]
            moved[place][index] += step
            out = forward(alone, *moved)[0]
            assert_array(out, shape=(3, 2), dtype=np.float64)
            ends.append(float((out * dout).sum()))
        numerical[index] = (ends[0] - ends[1]) / 2e-5
    assert np.abs(numerical).max() > 0, "the output does not depend on it"

    result = alone.linear_backward(dout, forward(alone, *layer)[1])
    assert isinstance(result, tuple), "return a tuple of dx, dW and db"
    assert len(result) == 3, "return a tuple of dx, dW and db"
    assert_close(result[place], numerical, rtol=1e-6, atol=1e-8)


@pytest.mark.points(0.5)
@pytest.mark.hint("Do not write into the arguments, and do not rely on how they lie in memory. Bytes are fine.")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float64", "uint8"])
def test_memory_layouts(alone, reference, rng, layout, dtype):
    """linear_forward and linear_backward take bytes and floats in any memory layout; a cache serves twice."""
    arguments = [rng.integers(0, 9, size=size).astype(dtype) for size in ((4, 2, 3), (6, 5), (5,))]
    dout = rng.normal(size=(4, 5))
    out, cache = reference.linear_forward(*arguments)
    expected = reference.linear_backward(dout, cache)

    found, own = forward(alone, *(relaid(array, layout) for array in arguments))
    assert_close(found, out, rtol=1e-7, atol=1e-10)
    forward(alone, *draw(rng, (2, 3))[0])  # a network has more than one layer: the cache belongs to the first
    for _ in range(2):
        assert_each_close(alone.linear_backward(relaid(dout, layout), own), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("x has at least two axes, W a row for each number of a sample, b a number for each column of W.")
@pytest.mark.parametrize(
    ("x", "W", "b", "error"),
    [
        (np.ones((2, 3)), np.ones((4, 5)), np.ones(5), ValueError),
        (np.ones((2, 3)), np.ones((3, 5)), np.ones(4), ValueError),
        (np.ones((2, 3)), np.ones((3, 5)), np.ones((1, 5)), ValueError),
        (np.ones((2, 3)), np.ones((3, 5)), np.ones(1), ValueError),
        (np.ones(3), np.ones((3, 5)), np.ones(5), ValueError),
        (np.ones(3), np.ones((1, 5)), np.ones(5), ValueError),
        (np.ones((2, 3)), np.ones(3), np.ones(1), ValueError),
        (np.ones((0, 3)), np.ones((3, 5)), np.ones(5), ValueError),
        ([[1.0]], np.ones((1, 5)), np.ones(5), TypeError),
    ],
    ids=["rows of W", "size of b", "b (1, M)", "b (1,)", "x (D,)", "x (N,)", "W (D,)", "empty", "list"],
)
def test_bad_inputs(alone, x, W, b, error):
    """linear_forward refuses shapes that do not fit, and what is no array."""
    forward(alone, np.ones((2, 3)), np.ones((3, 5)), np.ones(5))

    assert_raises(error, alone.linear_forward, x, W, b)


@pytest.mark.points(0.5)
@pytest.mark.hint("dout has the shape of the layer's output.")
@pytest.mark.parametrize(
    ("dout", "error"),
    [
        (np.ones((2, 4)), ValueError),
        (np.ones((3, 5)), ValueError),
        (np.ones(5), ValueError),
        (np.ones((1, 5)), ValueError),
        ([[1.0] * 5] * 2, TypeError),
    ],
    ids=["(2, 4)", "(3, 5)", "(5,)", "(1, 5)", "list"],
)
def test_bad_gradients(alone, dout, error):
    """linear_backward refuses a dout of another shape than the layer's output, and what is no array."""
    cache = forward(alone, np.ones((2, 3)), np.ones((3, 5)), np.ones(5))[1]
    alone.linear_backward(np.ones((2, 5)), cache)

    assert_raises(error, alone.linear_backward, dout, cache)
