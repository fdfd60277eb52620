"""Expressions instead of statements: reduce, map, partial and closures; state only where a class is asked for."""

import math
from functools import partial, reduce
from itertools import accumulate, chain, pairwise
from operator import matmul
from pathlib import Path

import numpy as np

MNIST_MEAN, MNIST_STD = 33.318, 78.567


def as_floats(value, name, *ndims):
    """Give an array of real numbers as float64, or refuse it. Given: use it."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a numpy array, got {type(value).__name__}")
    if value.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {value.dtype}")
    if value.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {value.shape}")
    if ndims and value.ndim not in ndims:
        raise ValueError(f"{name} must have {' or '.join(map(str, ndims))} axes, got shape {value.shape}")
    return value.astype(np.float64, copy=False)


def as_labels(value, count, num_classes):
    """Give labels as int64, or refuse them. Given: use it."""
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iu":
        raise TypeError(f"labels must be a numpy array of integers, got {getattr(value, 'dtype', type(value))}")
    if value.shape != (count,):
        raise ValueError(f"labels must have shape ({count},), got {value.shape}")
    if count and (value.min() < 0 or value.max() >= num_classes):
        raise ValueError(f"labels must be 0 to {num_classes - 1}, got {value.min()} to {value.max()}")
    return value.astype(np.int64)


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def require_positive(value, name):
    """Refuse what is no finite number above 0. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a finite number above 0, got {value}")


def load_digits():
    """Read the 10,000 training digits that lie in `data/` beside this file. Given: use it."""
    file = Path(__file__).with_name("data") / "mnist_sample_train.npz"
    if not file.exists():
        raise FileNotFoundError(f"{file}: is not there; it comes with the starter kit")
    with np.load(file, allow_pickle=False) as digits:
        return digits["images"], digits["labels"].astype(np.int64)


def softmax_regression_forward(X, W):
    """Give a softmax regression's probabilities. Given: it uses your softmax."""
    return softmax(X @ W)


def logistic_forward(X, w):
    """Give a logistic regression's probabilities of class 1. Given: it uses your sigmoid."""
    return sigmoid(X @ w)


def ensure(condition, error=ValueError):
    """Raise unless the condition holds."""
    if not condition:
        raise error("that cannot be")


def elementwise(formula):
    """Make a function of an array of real numbers."""
    return lambda z, *settings: formula(as_floats(z, "z"), *settings)


log_sigmoid = lambda z: -np.logaddexp(0.0, -z)


def sigmoid(z):
    """Exponentiate the log-sigmoid."""
    return elementwise(lambda z: np.exp(log_sigmoid(z)))(z)


def sigmoid_grad(z):
    """Multiply the sigmoids of z and -z."""
    return elementwise(lambda z: np.exp(log_sigmoid(z) + log_sigmoid(-z)))(z)


def tanh(z):
    """Stretch a sigmoid."""
    return elementwise(lambda z: 2 * np.exp(log_sigmoid(2 * z)) - 1)(z)


def tanh_grad(z):
    """Multiply 1 - a and 1 + a."""
    return (lambda a: (1 - a) * (1 + a))(tanh(z))


def relu(z):
    """Take the mean of z and |z|."""
    return elementwise(lambda z: (z + np.abs(z)) / 2)(z)


def relu_grad(z):
    """Use the step function; it is 1 at 0 here."""
    return elementwise(lambda z: np.heaviside(z, 1.0))(z)


def leaky_relu(z, alpha=0.01):
    """Add both halves."""
    return elementwise(lambda z, alpha: np.maximum(z, 0) + alpha * np.minimum(z, 0))(z, alpha)


def leaky_relu_grad(z, alpha=0.01):
    """Mix 1 and alpha by the step function."""
    return elementwise(lambda z, alpha: (lambda step: step + alpha * (1 - step))(np.heaviside(z, 0.0)))(z, alpha)


def softmax(z):
    """Map over the rows."""
    of_row = lambda row: (lambda powers: powers / powers.sum())(np.exp(row - max(row)))
    return np.array(list(map(of_row, as_floats(z, "z", 2))))


def one_hot(labels, num_classes):
    """Compare labels with all classes."""
    require_int(num_classes, "num_classes", 1)
    ensure(isinstance(labels, np.ndarray) and np.issubdtype(labels.dtype, np.integer), TypeError)
    ensure(labels.ndim == 1 or (labels.ndim == 2 and labels.shape[1] == 1))
    ensure(all(0 <= label < num_classes for label in labels.ravel()))
    return np.equal.outer(labels.ravel(), np.arange(num_classes)).astype(float)


def softmax_cross_entropy(logits, labels):
    """Fold logaddexp over each row."""
    logits = as_floats(logits, "logits", 2)
    N, K = logits.shape
    labels = as_labels(labels, N, K)
    normaliser = np.logaddexp.reduce(logits, axis=1)
    right = one_hot(labels, K)
    loss = np.mean([total - row[label] for total, row, label in zip(normaliser, logits, labels)])
    return float(loss), (np.exp(logits - normaliser[:, None]) - right) / N


def binary_cross_entropy(probs, targets):
    """Sum two where-products."""
    p, t = (as_floats(v, "v", 2) for v in (probs, targets))
    ensure(p.shape == t.shape)
    ensure(all(np.all(v >= 0) and np.all(v <= 1) for v in (p, t)))
    clipped = np.minimum(np.maximum(p, 1e-12), 1 - 1e-12)
    return float(np.mean(np.sum(-t * np.log(clipped) - (1 - t) * np.log1p(-clipped), axis=1)))


def numerical_gradient(f, x, eps=1e-5):
    """Map a difference over the rows of an identity matrix."""
    ensure(callable(f), TypeError)
    require_positive(eps, "eps")
    x = as_floats(x, "x")

    def number(point):
        value = np.asarray(f(np.asarray(point)))
        ensure(value.size == 1)
        return value.item()

    steps = (eps * unit.reshape(x.shape) for unit in np.eye(x.size))
    return np.array([(number(x + step) - number(x - step)) / (2 * eps) for step in steps]).reshape(x.shape)


def max_graph_forward(x, w, b, target, power=2):
    """Compose the lines of the slide."""
    x, w, b = (as_floats(v, "v", 1) for v in (x, w, b))
    ensure((x.size, w.size, b.size) == (4, 4, 2))
    ensure(power in (2, 3))
    a = w * x
    c = np.array([a[:2].sum(), a[2:].sum()]) + b
    y = max(c.tolist())
    return dict(a=a, c=c, y=y, C=float((y - target) ** power), given=(np.array(x), np.array(w), float(target), power))


def max_graph_backward(cache):
    """Multiply local derivatives."""
    x, w, target, power = cache["given"]
    dy = power * (cache["y"] - target) ** (power - 1)
    won = (lambda first: np.array([first, not first], dtype=float))(cache["c"][0] >= cache["c"][1])
    dc = dy * won
    da = np.kron(dc, np.ones(2))
    return dict(zip("ycabwx", (float(dy), dc, da, 1 * dc, da * x, da * w)))


def fitting(W, u):
    """Check and give both."""
    W, u = as_floats(W, "W", 2), as_floats(u, "u", 1)
    ensure(W.shape[1:] == u.shape)
    return W, u


def composite_value(W, u):
    """Add up squares."""
    return (lambda W, u: float(sum((row @ (u * u)) ** 2 for row in W)))(*fitting(W, u))


def composite_gradient(W, u):
    """Add up rows, each times its g."""
    return (lambda W, u: 4 * u * sum(row * (row @ (u * u)) for row in W))(*fitting(W, u))


def mse_gradient(X, outputs, targets):
    """Contract over the samples."""
    X, outputs, targets = (as_floats(v, "v", 2) for v in (X, outputs, targets))
    ensure(outputs.shape == targets.shape and len(X) == len(targets))
    return np.tensordot(X, (outputs - targets) * (2 / len(X)), axes=(0, 0))


def preprocess_mnist(images, mean, std):
    """Compose flatten, normalise and append."""
    ensure(all(isinstance(v, (int, float, np.number)) and not isinstance(v, bool) for v in (mean, std)), TypeError)
    images = as_floats(images, "images", 2, 3)
    ensure(images.shape[1:] in ((28, 28), (784,)) and std > 0)
    steps = (lambda v: v.reshape(len(v), -1), lambda v: (v - mean) / std, lambda v: np.c_[v, np.ones(len(v))])
    return reduce(lambda value, step: step(value), steps, images)


def linear_forward(x, W, b):
    """Multiply and add."""
    x, W, b = as_floats(x, "x"), as_floats(W, "W", 2), as_floats(b, "b", 1)
    ensure(x.ndim > 1 and x[0].size == len(W) and W.shape[1:] == b.shape)
    flat = np.reshape(x, (len(x), -1))
    return flat @ W + b, {"flat": flat, "W": W, "shape": x.shape}


def linear_backward(dout, cache):
    """Three products, one of them with ones."""
    flat, W, shape = cache["flat"], cache["W"], cache["shape"]
    dout = as_floats(dout, "dout", 2)
    ensure(dout.shape == (len(flat), W.shape[1]))
    return np.reshape(dout @ W.T, shape), flat.T @ dout, np.ones(len(flat)) @ dout


def layers_of(params):
    """Give the pairs of weights and biases, the first layer's first."""
    return [(params["W1"], params["b1"]), (params["W2"], params["b2"])]


class TwoLayerNet:
    """A thin shell around folds."""

    def __init__(self, input_size, hidden_size, num_classes, std=1e-4, seed=0):
        normal = partial(np.random.default_rng([seed, 3]).normal, 0.0, std)
        sizes = pairwise((input_size, hidden_size, num_classes))
        self.params = dict(
            chain.from_iterable(
                ((f"W{n}", normal(size=size)), (f"b{n}", np.zeros(size[1]))) for n, size in enumerate(sizes, 1)
            )
        )

    def scores(self, X):
        """Fold over the layers, with a relu before the second."""
        (first, second) = layers_of(self.params)
        return linear_forward(relu(linear_forward(X, *first)[0]), *second)[0]

    def loss(self, X, y, reg=0.0):
        """Go forth and back."""
        first, second = layers_of(self.params)
        z, cache1 = linear_forward(X, *first)
        s, cache2 = linear_forward(relu(z), *second)
        data_loss, ds = softmax_cross_entropy(s, y)
        dh, *second_grads = linear_backward(ds, cache2)
        _, *first_grads = linear_backward(np.where(z > 0, dh, 0.0), cache1)
        grads = dict(zip(("W1", "b1", "W2", "b2"), (*first_grads, *second_grads)))
        penalised = {name: grads[name] + 2 * reg * self.params[name] for name in ("W1", "W2")}
        penalty = sum(np.vdot(self.params[name], self.params[name]) for name in ("W1", "W2"))
        return float(data_loss + reg * penalty), grads | penalised

    def predict(self, X):
        """Map argmax."""
        return np.array(list(map(np.argmax, self.scores(X))), dtype=np.int64)


def sgd_update(params, grads, lr, momentum=0.0, velocity=None):
    """Two dict comprehensions."""
    require_positive(lr, "lr")
    ensure(0 <= momentum < 1)
    before = dict.fromkeys(params, 0.0) if velocity is None else velocity
    ensure(set(params) == set(grads) == set(before))
    after = {name: np.add(np.multiply(momentum, before[name]), grads[name]) for name in params}
    return {name: np.subtract(value, np.multiply(lr, after[name])) for name, value in params.items()}, after


def iterate_minibatches(X, y, batch_size, rng, *, shuffle=True, drop_last=False):
    """Map indexing over slices of the order."""
    require_int(batch_size, "batch_size", 1)
    ensure(len(X) == len(y))
    order = np.argsort(rng.random(len(X))) if shuffle else np.arange(len(X))
    ends = range(batch_size, len(X) + (0 if drop_last else batch_size - 1) + 1, batch_size)
    return map(lambda end: (X[order[end - batch_size : end]], y[order[end - batch_size : end]]), ends)


def fit_classifier(net, data, epochs, batch_size, lr, reg, rng, momentum=0.0):
    """Accumulate epochs."""

    def step(state, batch):
        velocity, total = state
        loss, grads = net.loss(*batch, reg)
        net.params, velocity = sgd_update(net.params, grads, lr, momentum, velocity)
        return velocity, total + loss * len(batch[1])

    def epoch(state, _):
        batches = iterate_minibatches(data["X_train"], data["y_train"], batch_size, rng)
        velocity, total = reduce(step, batches, (state[0], 0.0))
        accuracy = np.mean(net.predict(data["X_val"]) == data["y_val"])
        return velocity, float(total / len(data["y_train"])), float(accuracy)

    _, *seen = accumulate(range(epochs), epoch, initial=(None, 0.0, 0.0))
    return {"train_loss": [loss for _, loss, _ in seen], "val_accuracy": [share for *_, share in seen]}


def concept_check():
    """Merge small dicts."""
    learning = dict(mnist_task="classification", age_task="regression", mnist_inputs=784, mnist_outputs=10)
    steps = dict(training_steps="architecture forward loss backward update".split())
    layers = dict(
        one_layer_can_learn_xor=False,
        stacked_linear_layers="as much as one layer can",
        hidden_layer_approximates="any continuous function",
    )
    bends = dict(
        sigmoid_grad_max=1 / 4,
        tanh_grad_max=1.0,
        relu_problem="dead neuron",
        leaky_coefficient=0.01,
        c_infinity_activations={"tanh", "sigmoid"},
    )
    descent = dict(gd_direction="negative gradient", batch_gd_cost="slow and needs memory", sgd_noise="useful")
    return learning | steps | layers | bends | descent | dict(test_data_use="the final number")


def rnn_step(x, h, W_xh, W_hh, W_hy):
    """Stack inputs and weights, and multiply once."""
    state = np.tanh(np.hstack((x, h)) @ np.vstack((W_xh, W_hh)))
    return state @ W_hy, state


def lstm_step(x, h, c, W, b):
    """Apply a function to each block."""
    blocks = np.split(x @ W[: x.shape[1]] + h @ W[x.shape[1] :] + b, 4, axis=1)
    i, f, o, g = (act(block) for act, block in zip((sigmoid, sigmoid, sigmoid, tanh), blocks))
    return (lambda cell: (o * tanh(cell), cell))(f * c + i * g)


def scaled_dot_product_attention(q, k, v):
    """Scale the queries first."""
    return (lambda weights: (weights @ v, weights))(softmax((q / q.shape[-1] ** 0.5) @ k.T))


def multiclass_hinge_loss(scores, y):
    """Subtract what the right class adds to its own sum."""
    right = np.take_along_axis(scores, y[:, None], axis=1)
    margins = np.maximum(0, scores - right + 1)
    active = np.where(np.arange(scores.shape[1]) == y[:, None], 0, margins > 0).astype(float)
    dscores = active - one_hot(y, scores.shape[1]) * active.sum(axis=1, keepdims=True)
    return float(np.mean(margins.sum(axis=1) - 1)), dscores / len(y)


def xyz_graph_backward(x, y, z):
    """Copy what the product rule says."""
    return (+y).astype(float), (+x).astype(float), np.ones_like(z, dtype=float)


def prelu_grad(z, a):
    """Zip two steps."""
    positive = np.heaviside(z, 0.0)
    return positive + a * (1 - positive), z * (1 - positive)


def collapse_linear_layers(weights):
    """Reduce with a turned product."""
    return np.array(reduce(lambda product, weight: matmul(weight, product), weights))
