"""Hidden tests of the bonus questions: no points, but a badge for each."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_each_close, assert_own_memory, relaid


def sigma(z):
    """Give the sigmoid."""
    return 1 / (1 + np.exp(-z))


@pytest.mark.question("rnn_step")
@pytest.mark.points(0)
@pytest.mark.hint("The state goes into tanh together with the input, and the new state into the output.")
@pytest.mark.parametrize("size", [4, 1])
@pytest.mark.parametrize("seed", range(5))
def test_rnn_steps_in_a_row(alone, reference, rng, seed, size):
    """rnn_step takes a step for a batch, and a second one from the state after it."""
    x, h = rng.normal(size=(size, 3)), rng.normal(size=(size, 6))
    weights = rng.normal(size=(3, 6)), rng.normal(size=(6, 6)), rng.normal(size=(6, 2))
    W_xh, W_hh, W_hy = weights
    states = {
        "The state is not fed back: add h W_hh.": np.tanh(x @ W_xh),
        "Rows are samples: h W_hh, without a transpose.": np.tanh(h @ W_hh.T + x @ W_xh),
        "The activation is tanh.": sigma(h @ W_hh + x @ W_xh),
        "The state goes through tanh.": h @ W_hh + x @ W_xh,
        "One tanh goes around the sum.": np.tanh(h @ W_hh) + np.tanh(x @ W_xh),
    }
    known = [{sentence: state @ W_hy for sentence, state in states.items()}, states]
    known[0]["The output comes from the state after the step, not before it."] = h @ W_hy
    known[0]["The output has no activation."] = np.tanh(np.tanh(h @ W_hh + x @ W_xh) @ W_hy)

    for _ in range(2):
        expected = reference.rnn_step(x, h, *weights)
        assert_each_close(alone.rnn_step(x, h, *weights), expected, rtol=1e-7, atol=1e-10, known=dict(enumerate(known)))
        h, known = expected[1], []


@pytest.mark.question("lstm_step")
@pytest.mark.points(0)
@pytest.mark.hint("Gates i, f, o and the candidate g, in this order; then c' = f c + i g and h' = o tanh(c').")
@pytest.mark.parametrize("size", [4, 1])
@pytest.mark.parametrize("seed", range(5))
def test_lstm_steps_in_a_row(alone, reference, rng, seed, size):
    """lstm_step takes a step for a batch, and a second one from the state and the cell after it."""
    x, h, c = rng.normal(size=(size, 3)), rng.normal(size=(size, 5)), rng.normal(size=(size, 5))
    W, b = rng.normal(size=(8, 20)), rng.normal(size=20)

    def finish(i, f, o, g, squash=np.tanh):
        cell = f * c + i * g
        return o * squash(cell), cell

    z = np.split(np.hstack([x, h]) @ W + b, 4, axis=1)
    swapped = np.split(np.hstack([h, x]) @ W + b, 4, axis=1)
    bare, offsets = np.split(np.hstack([x, h]) @ W, 4, axis=1), np.split(b, 4)
    gates = [sigma(part) for part in z]
    forms = {
        "The order of the blocks is i, f, o, g; this is PyTorch's i, f, g, o.": finish(
            gates[0], gates[1], gates[3], np.tanh(z[2])
        ),
        "The order of the blocks is i, f, o, g: i and f are swapped.": finish(
            gates[1], gates[0], gates[2], np.tanh(z[3])
        ),
        "The biases belong inside the sigmoid and the tanh.": finish(
            *(sigma(part) + offset for part, offset in zip(bare[:3], offsets, strict=False)),
            np.tanh(bare[3]) + offsets[3],
        ),
        "The biases of the gates belong inside the sigmoid.": finish(
            *(sigma(part) + offset for part, offset in zip(bare[:3], offsets, strict=False)), np.tanh(z[3])
        ),
        "The biases are missing.": finish(*(sigma(part) for part in bare[:3]), np.tanh(bare[3])),
        "g goes through tanh, not through the sigmoid.": finish(*gates),
        "h' = o tanh(c'): the tanh of the cell is missing.": finish(*gates[:3], np.tanh(z[3]), squash=lambda v: v),
        "The rows of W for x come first, then those for h.": finish(
            *(sigma(part) for part in swapped[:3]), np.tanh(swapped[3])
        ),
        "The cell is not fed back: c' = f c + i g.": (
            gates[2] * np.tanh(gates[0] * np.tanh(z[3])),
            gates[0] * np.tanh(z[3]),
        ),
        "h' comes from the new cell, not from the old one.": (gates[2] * np.tanh(c), c),
    }
    known = {place: {sentence: form[place] for sentence, form in forms.items()} for place in range(2)}

    for _ in range(2):
        expected = reference.lstm_step(x, h, c, W, b)
        assert_each_close(alone.lstm_step(x, h, c, W, b), expected, rtol=1e-7, atol=1e-10, known=known)
        (h, c), known = expected, {}


@pytest.mark.question("scaled_dot_product_attention")
@pytest.mark.points(0)
@pytest.mark.hint("softmax(q k^T / sqrt(d)) v, where d is the length of a query, and each query's weights sum to 1.")
@pytest.mark.parametrize("sizes", [(4, 6, 3, 5), (1, 4, 2, 3), (5, 1, 3, 2), (3, 4, 1, 2)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_attention(alone, reference, rng, seed, sizes):
    """scaled_dot_product_attention weighs the values of all keys for each query."""
    queries, keys, depth, width = sizes
    q, k, v = (rng.normal(0, 2, size=shape) for shape in ((queries, depth), (keys, depth), (keys, width)))
    expected = reference.scaled_dot_product_attention(q, k, v)
    scores = q @ k.T / np.sqrt(depth)
    forms = {
        "Divide by the square root of d.": reference.softmax(q @ k.T),
        "Divide by the square root of d, not by d.": reference.softmax(q @ k.T / depth),
        "Divide by the square root of d, not of the number of keys.": reference.softmax(q @ k.T / np.sqrt(keys)),
        "The softmax is over the keys: each row sums to 1.": reference.softmax(scores.T).T,
        "The softmax is over the keys of each query alone.": np.exp(scores) / np.exp(scores).sum(),
        "The weights are probabilities: the softmax is missing.": scores,
    }
    known = {0: {sentence: form @ v for sentence, form in forms.items()}, 1: forms}

    result = alone.scaled_dot_product_attention(q, k, v)
    assert_each_close(result, expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.question("scaled_dot_product_attention")
@pytest.mark.points(0)
@pytest.mark.hint("Use your softmax: exp of a large score overflows.")
@pytest.mark.parametrize("seed", range(5))
def test_attention_of_large_scores(alone, reference, rng, seed):
    """scaled_dot_product_attention stays finite for queries and keys far from 0."""
    q, k, v = rng.normal(0, 100, size=(4, 3)), rng.normal(0, 100, size=(6, 3)), rng.normal(size=(6, 5))
    expected = reference.scaled_dot_product_attention(q, k, v)

    assert_each_close(alone.scaled_dot_product_attention(q, k, v), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.question("multiclass_hinge_loss")
@pytest.mark.points(0)
@pytest.mark.hint("The right class is no rival of its own: leave it out, and average over the samples.")
@pytest.mark.parametrize("sizes", [(6, 4), (1, 3), (5, 2), (3, 1)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_hinge_loss(alone, reference, rng, seed, sizes):
    """multiclass_hinge_loss gives the mean loss and its gradient."""
    size, classes = sizes
    scores, y = rng.normal(0, 1.5, size=sizes), rng.integers(0, classes, size=size)
    expected = reference.multiclass_hinge_loss(scores, y)
    rows, targets = np.arange(size), np.eye(classes)[y]

    def gradient(margin=1.0, times=1.0, pull=True):
        above = (scores - scores[rows, y][:, None] + margin > 0) * (1 - targets)
        return times * (above - (above.sum(axis=1, keepdims=True) * targets if pull else 0)) / size

    known = {
        "A rival counts from a margin of 1 on: max(0, s_j - s_y + 1).": gradient(margin=0.0),
        "The mean over the samples is missing.": gradient(times=size),
        "Divide by N only, not by N * K.": gradient(times=1 / classes),
        "Each class above the margin takes 1 from the right one.": gradient(pull=False),
        "The right class is no rival of its own.": gradient() - targets / size,
        "Gradient points uphill: the right score must rise.": gradient(times=-1),
    }

    result = alone.multiclass_hinge_loss(scores, y)
    assert isinstance(result, tuple), "return the loss and its gradient"
    assert len(result) == 2, "return the loss and its gradient"
    assert_close(result[1], expected[1], rtol=1e-7, atol=1e-10, known=known)
    assert_close(result[0], expected[0], rtol=1e-7, atol=1e-10)
    assert type(result[0]) is float, "the loss must be a Python float"


@pytest.mark.question("xyz_graph_backward")
@pytest.mark.points(0)
@pytest.mark.hint("Walk back from c: ones for b, the same for a and z, then y and x.")
@pytest.mark.parametrize("shape", [(3, 4), (1, 5)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_graph(alone, rng, seed, shape):
    """xyz_graph_backward gives the three gradients, each in memory of its own."""
    x, y, z = (rng.normal(size=shape) for _ in range(3))
    expected = y.copy(), x.copy(), np.ones(shape)
    known = {
        0: {"A product swaps its factors: dx is y.": x, "The gradient of b is 1, not z.": y * z},
        1: {"A product swaps its factors: dy is x.": y, "The gradient of b is 1, not z.": x * z},
        2: {"A sum copies the gradient: dz is 1.": z},
    }

    assert_each_close(alone.xyz_graph_backward(x, y, z), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.question("prelu_grad")
@pytest.mark.points(0)
@pytest.mark.hint("dz is 1 or a, da is 0 or z: where z is above 0 the slope a has no say.")
@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 1, 5)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_prelu(alone, reference, rng, seed, shape):
    """prelu_grad gives both derivatives, for any shape."""
    z, a = rng.choice([-1, 1], size=shape) * rng.uniform(0.1, 3, size=shape), rng.uniform(0.05, 0.9)
    expected = reference.prelu_grad(z, a)
    known = {
        0: {
            "Below 0 the derivative is a, not 0.": (z > 0).astype(float),
            "The derivative is 1 or a: this is the value.": np.where(z > 0, z, a * z),
            "The branches are swapped.": np.where(z > 0, a, 1.0),
            "a is given: it is not 0.01.": np.where(z > 0, 1.0, 0.01),
        },
        1: {
            "The slope a has no say above 0: da is 0 there.": z,
            "Below 0 da is z: a times z is the value.": np.minimum(a * z, 0),
            "Below 0 da is z, not 1.": (z < 0).astype(float),
            "The branches are swapped.": np.maximum(z, 0),
        },
    }

    assert_each_close(alone.prelu_grad(z, a), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.question("collapse_linear_layers")
@pytest.mark.points(0)
@pytest.mark.hint("The last layer stands on the left: W3 W2 W1.")
@pytest.mark.parametrize("sizes", [(6, 4, 3), (5, 2, 4, 3), (4, 4, 4, 4), (3, 2), (1, 3, 1)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_collapse(alone, reference, rng, seed, sizes):
    """collapse_linear_layers gives the product of any number of layers, in the right order."""
    weights = [rng.normal(size=shape) for shape in zip(sizes[1:], sizes, strict=False)]
    expected = reference.collapse_linear_layers(weights)

    assert_close(alone.collapse_linear_layers(weights), expected, rtol=1e-7, atol=1e-10)
    assert_own_memory(alone)


@pytest.mark.question("collapse_linear_layers")
@pytest.mark.points(0)
@pytest.mark.hint("Do not write into the matrices, and do not rely on how they lie in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_collapse_of_layouts(alone, reference, rng, layout):
    """collapse_linear_layers does not care how the matrices lie in memory."""
    weights = [rng.normal(size=(3, 5)), rng.normal(size=(2, 3))]
    expected = reference.collapse_linear_layers(weights)

    assert_close(
        alone.collapse_linear_layers([relaid(weight, layout) for weight in weights]), expected, rtol=1e-7, atol=1e-10
    )
