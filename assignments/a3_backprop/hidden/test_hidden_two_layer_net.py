"""Hidden tests of TwoLayerNet."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_array, assert_close, assert_each_close, assert_raises, assert_same, relaid

pytestmark = pytest.mark.question("two_layer_net")

N, D, H, K = 5, 4, 10, 3
PENALTY = "The loss adds reg * sum(W^2), so the gradient adds 2 * reg * W, weights only"
ACTIVE = "Gradient passes only where the unit was active"


def problem(rng, size=N, sizes=(D, H, K)):
    """Draw weights, biases, samples and labels, no hidden unit near the ReLU's kink."""
    inputs, hidden, classes = sizes
    while True:
        params = {
            "W1": rng.normal(0, 0.5, size=(inputs, hidden)),
            "b1": rng.normal(size=hidden),
            "W2": rng.normal(0, 0.5, size=(hidden, classes)),
            "b2": rng.normal(size=classes),
        }
        X, y = rng.normal(0, 2, size=(size, inputs)), rng.integers(0, classes, size=size)
        if np.abs(X @ params["W1"] + params["b1"]).min() > 5e-3:
            return params, X, y


def network(reference, params):
    """Build the reference's network with these parameters."""
    net = reference.TwoLayerNet(*params["W1"].shape, params["b2"].size)
    net.params = params
    return net


def mistaken_gradients(reference, params, X, y, reg):
    """Give, for each key, the gradients that well-known mistakes lead to."""
    W2, size, classes = params["W2"], len(X), params["b2"].size
    z = X @ params["W1"] + params["b1"]
    a, hidden = reference.sigmoid(z), reference.relu(z)
    right = (reference.softmax(hidden @ W2 + params["b2"]) - np.eye(classes)[y]) / size

    def grads(error=right, mask=z > 0, weights=2 * reg, biases=0.0, into_second=hidden):
        dz = error @ W2.T * mask
        data = {"W1": X.T @ dz, "b1": dz.sum(axis=0), "W2": into_second.T @ error, "b2": error.sum(axis=0)}
        return {name: data[name] + (weights if name[0] == "W" else biases) * params[name] for name in data}

    forms = {
        "Your gradient is N times too large: average over the batch.": grads(size * right),
        "Your gradient is K times too small: divide by N, not by N * K.": grads(right / classes),
        "Gradient points uphill: the error is probs - targets, not targets - probs.": grads(-right),
        f"{ACTIVE}: multiply by relu_grad(z).": grads(mask=1),
        f"{ACTIVE}: the mask comes from z, not from the gradient.": grads(mask=right @ W2.T > 0),
        f"{ACTIVE}. This is sigmoid'(z) = a(1-a), with a the activation; the hidden layer has a ReLU.": grads(
            mask=a * (1 - a)
        ),
        "The second layer saw the activation: dW2 comes from relu(z), not from z.": grads(into_second=z),
        f"{PENALTY}. This adds reg * W.": grads(weights=reg),
        f"{PENALTY}. Here it adds nothing.": grads(weights=0),
        f"{PENALTY}. This divides the penalty by N.": grads(weights=2 * reg / size),
        f"{PENALTY}. This adds it to the biases too.": grads(biases=2 * reg),
        "db sums over the batch, shape (H,). This is the mean: N is divided by already.": {
            name: value / size for name, value in grads().items()
        },
        "db sums over the batch, shape (H,). It is not 0.": {name: 0 * value for name, value in params.items()},
        "db sums over the batch, shape (H,). This has an axis too many.": {
            name: value[None] for name, value in grads().items()
        },
    }
    return {name: {sentence: form[name] for sentence, form in forms.items()} for name in params}


@pytest.mark.points(2.75)
@pytest.mark.hint("Backward, layer by layer: the error of the scores, dW2 and db2, through the ReLU, dW1 and db1.")
@pytest.mark.parametrize("reg", [0.05, 0.7])
@pytest.mark.parametrize("seed", range(5))
def test_gradients(alone, reference, probes, rng, seed, reg):
    """TwoLayerNet.loss gives all four gradients, with a penalty, for a batch and biases that are not 0."""
    params, X, y = problem(rng)
    expected = network(reference, params).loss(X, y, reg)[1]
    known = mistaken_gradients(reference, params, X, y, reg)

    grads = alone.probe(probes.grads, params=params, X=X, y=y, reg=reg)
    assert_each_close(grads, expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("Mean cross-entropy of the softmax, plus reg times the sum of squares of W1 and W2.")
@pytest.mark.parametrize("seed", range(5))
def test_losses(alone, reference, probes, rng, seed):
    """TwoLayerNet.loss gives the loss of a batch, without and with a penalty."""
    params, X, y = problem(rng)
    strengths = np.array([0.0, 0.05, 1.5])
    plain, squares = network(reference, params).loss(X, y)[0], network(reference, params).loss(X, y, 1.0)[0]
    squares -= plain
    on_biases = sum((params[name] ** 2).sum() for name in ("b1", "b2"))
    expected = plain + strengths * squares
    known = {
        "The loss is N times too large: average over the batch.": N * plain + strengths * squares,
        "The loss is K times too small: divide by N, not by N * K.": plain / K + strengths * squares,
        "The loss adds reg * sum(W^2). Here it adds nothing.": plain + 0 * strengths,
        "The loss adds reg * sum(W^2), without a factor 1/2.": plain + strengths * squares / 2,
        "The loss adds reg * sum(W^2), and does not divide that by N.": plain + strengths * squares / N,
        "The loss adds reg * sum(W^2), weights only.": plain + strengths * (squares + on_biases),
        "The gradient is that of probabilities, so the loss has a minus sign.": -plain + strengths * squares,
    }

    losses = alone.probe(probes.losses, params=params, X=X, y=y, strengths=strengths.tolist())
    assert_close(np.array(losses), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("numpy's sums are np.float64: make the whole loss a Python float, with float(...).")
@pytest.mark.parametrize("reg", [0, 0.05])
def test_kind_of_the_loss(alone, probes, rng, reg):
    """TwoLayerNet.loss gives the loss as a Python float."""
    params, X, y = problem(rng)

    losses = alone.probe(probes.losses, params=params, X=X, y=y, strengths=[reg])
    assert_same([type(loss).__name__ for loss in losses], ["float"])
    assert losses[0] > 0, "a cross-entropy is above 0"


@pytest.mark.points(1)
@pytest.mark.hint("Scores are what comes before the softmax; the class is the column of the largest one.")
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("sizes", [(D, H, K), (7, 3, 5)], ids=str)
def test_scores_and_predictions(alone, reference, probes, rng, sizes, seed):
    """TwoLayerNet gives scores, and predicts the class with the highest one, without labels."""
    params, X, _ = problem(rng, 6, sizes)
    expected = network(reference, params).scores(X)
    z = X @ params["W1"] + params["b1"]
    known = {
        "The hidden layer's ReLU is missing.": z @ params["W2"] + params["b2"],
        "Scores come before the softmax.": reference.softmax(expected),
        "The scores have no activation.": reference.relu(expected),
        "The hidden layer's activation is a ReLU.": reference.sigmoid(z) @ params["W2"] + params["b2"],
        "Add the biases.": reference.relu(X @ params["W1"]) @ params["W2"],
    }

    assert_close(alone.probe(probes.scores, params=params, X=X), expected, rtol=1e-7, atol=1e-10, known=known)
    assert_close(alone.probe(probes.predictions, params=params, X=X), expected.argmax(axis=1), rtol=0, atol=0)


@pytest.mark.points(0.5)
@pytest.mark.hint("Try one sample, one hidden unit, one input, one class.")
@pytest.mark.parametrize(
    ("size", "sizes"), [(1, (4, 10, 3)), (5, (6, 1, 4)), (3, (1, 5, 2)), (4, (3, 2, 1)), (1, (1, 1, 2))], ids=str
)
def test_smallest_networks(alone, reference, probes, rng, size, sizes):
    """TwoLayerNet works with one sample, one hidden unit, one input or one class."""
    params, X, y = problem(rng, size, sizes)
    expected = network(reference, params).loss(X, y, 0.1)[1]
    classes = network(reference, params).predict(X)

    assert_each_close(alone.probe(probes.grads, params=params, X=X, y=y, reg=0.1), expected, rtol=1e-7, atol=1e-10)
    assert_close(alone.probe(probes.predictions, params=params, X=X), classes, rtol=0, atol=0)


@pytest.mark.points(0.5)
@pytest.mark.hint("Compute all gradients first, then update: loss itself updates nothing, and reads params afresh.")
@pytest.mark.parametrize("seed", range(5))
def test_loss_changes_nothing(alone, reference, probes, rng, seed):
    """TwoLayerNet.loss leaves parameters and samples as they are, and says the same when it is asked again."""
    params, X, y = problem(rng)
    loss = network(reference, params).loss(X, y, 0.05)[0]
    expected = {**params, "first loss": loss, "loss again": loss, "X": X, "y": y}

    traces = alone.probe(probes.traces_of_loss, params=params, X=X, y=y, reg=0.05)
    assert_each_close(traces, expected, rtol=1e-7, atol=1e-10)


def assert_shapes(params, inputs, hidden, classes):
    """Require the four arrays of a network, in float64."""
    shapes = {"W1": (inputs, hidden), "b1": (hidden,), "W2": (hidden, classes), "b2": (classes,), "moved": (625,)}
    assert_same({name: getattr(value, "shape", None) for name, value in params.items()}, shapes)
    for name in ("W1", "b1", "W2", "b2"):
        assert_array(params[name], dtype=np.float64)


@pytest.mark.points(0.75)
@pytest.mark.hint("Identical hidden units: break the symmetry. Draw each weight, times std; biases begin at 0.")
@pytest.mark.parametrize("std", [0.2, 1e-4, None])
@pytest.mark.parametrize("seed", range(5))
def test_initial_weights(alone, probes, seed, std):
    """TwoLayerNet begins with weights from a normal distribution with the given spread, and with biases of 0."""
    params = alone.probe(probes.initial_params, sizes=(50, 40, 30), seed=seed, **({} if std is None else {"std": std}))
    std = 1e-4 if std is None else std

    assert_shapes(params, 50, 40, 30)
    for name in ("W1", "W2"):
        spread, W = params[name].std(), params[name] / std
        # of 1,200 weights and more: each bound is six standard errors away, or further
        assert 0.87 < spread / std < 1.13, "the weights have another standard deviation"
        assert abs(W.mean()) < 0.18, "the weights have another mean than 0"
        assert 0.6 < (np.abs(W) < 1).mean() < 0.77, "the weights are not from a normal distribution"
        assert np.unique(W).size == W.size, "some weights are equal"
    assert_close(params["b1"], np.zeros(40), rtol=0, atol=0)
    assert_close(params["b2"], np.zeros(30), rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("Use a generator of your own, np.random.default_rng(seed), not numpy's global one.")
@pytest.mark.parametrize("seed", range(5))
def test_seeds(alone, probes, seed):
    """TwoLayerNet draws the same weights from the same seed, others from another, and no global generator moves."""
    first, again, other = (
        alone.probe(probes.initial_params, sizes=(D, H, K), std=0.5, seed=number) for number in (seed, seed, seed + 7)
    )

    for params in (first, again, other):
        assert_shapes(params, D, H, K)
        assert_close(params["moved"], np.zeros(625, dtype=np.int64), rtol=0, atol=0)
    assert_each_close(again, first, rtol=0, atol=0)
    assert not np.allclose(first["W1"], other["W1"]), "two seeds give the same weights"


@pytest.mark.points(0.25)
@pytest.mark.hint("Do not write into X or y, and do not rely on how they lie in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, probes, rng, layout):
    """TwoLayerNet does not care how X and y lie in memory."""
    params, X, y = problem(rng)
    expected = network(reference, params).loss(X, y)[1]

    grads = alone.probe(probes.grads, params=params, X=relaid(X, layout), y=relaid(y, layout))
    assert_each_close(grads, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("This test uses your own layers and your own loss: look at their tests first.")
@pytest.mark.parametrize("seed", range(5))
def test_with_your_own_functions(student, reference, probes, rng, seed):
    """TwoLayerNet gives the gradients of its own loss, together with the student's own earlier functions."""
    params, X, y = problem(rng)
    expected = network(reference, params).loss(X, y, 0.05)[1]

    numerical = student.probe(probes.central_differences, params=params, X=X, y=y, reg=0.05)
    assert_each_close(numerical, expected, rtol=1e-6, atol=1e-9)
    assert_each_close(student.probe(probes.grads, params=params, X=X, y=y, reg=0.05), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.75)
@pytest.mark.hint("There must be one label for each row of X, 0 to K - 1: else ValueError.")
@pytest.mark.parametrize(
    "labels", [[0, 1, 3], [0, -1, 2], [0, 1], [0, 1, 2, 0]], ids=["K", "negative", "too few", "too many"]
)
def test_bad_inputs(alone, probes, rng, labels):
    """TwoLayerNet.loss refuses labels that are out of range or do not fit, and takes the rest."""
    params, X, _ = problem(rng, 3)
    alone.probe(probes.grads, params=params, X=X, y=np.array([0, 1, 2]))

    assert_raises(ValueError, alone.probe, probes.grads, params=params, X=X, y=np.array(labels))
