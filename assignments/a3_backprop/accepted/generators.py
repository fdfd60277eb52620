"""Generators everywhere: rows, places, paths through graphs and training epochs are streams that are consumed."""

import itertools
import math
from collections import deque
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


def filled(z, of_number):
    """Fill an array from a stream of numbers."""
    z = as_floats(z, "z")
    stream = (of_number(value) for value in z.flat)
    return np.fromiter(stream, dtype=np.float64, count=z.size).reshape(z.shape)


def chunked(z, of_block):
    """Fill an array from a stream of blocks: element by element would be slow for a network."""
    z = np.ascontiguousarray(as_floats(z, "z"))
    flat = z.ravel()
    blocks = (of_block(flat[start : start + 4096]) for start in range(0, flat.size, 4096))
    return np.concatenate(list(blocks)).reshape(as_floats(z, "z").shape)


def stable_sigmoid(value):
    """One number."""
    power = math.exp(-abs(value))
    return (1.0 if value >= 0 else power) / (1.0 + power)


def sigmoid(z):
    """A stream of numbers."""
    return filled(z, stable_sigmoid)


def sigmoid_grad(z):
    """A stream of products."""
    return filled(z, lambda value: stable_sigmoid(value) * stable_sigmoid(-value))


def tanh(z):
    """A stream of numbers."""
    return filled(z, math.tanh)


def tanh_grad(z):
    """A stream of differences."""
    return filled(z, lambda value: 1 - math.tanh(value) ** 2)


def relu(z):
    """A stream of blocks."""
    return chunked(z, lambda block: np.fmax(block, 0))


def relu_grad(z):
    """A stream of blocks."""
    return chunked(z, lambda block: np.sign(np.fmax(block, 0)))


def leaky_relu(z, alpha=0.01):
    """A stream of numbers."""
    return filled(z, lambda value: value if value >= 0 else alpha * value)


def leaky_relu_grad(z, alpha=0.01):
    """A stream of numbers; 1 at 0."""
    return filled(z, lambda value: 1.0 if value >= 0 else alpha)


def rows_of_probs(z):
    """Yield a row of probabilities for each row of scores."""
    for row in z:
        powers = np.exp(row - np.max(row))
        yield powers / np.sum(powers)


def softmax(z):
    """Stack the stream."""
    return np.stack(list(rows_of_probs(as_floats(z, "z", 2))))


def one_hot(labels, num_classes):
    """Stack a stream of unit vectors."""
    require_int(num_classes, "num_classes", 1)
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu":
        raise TypeError("labels")
    if labels.ndim not in (1, 2) or labels.shape[1:] not in ((), (1,)):
        raise ValueError("labels")

    def unit_vectors():
        for label in map(int, labels.flat):
            if label not in range(num_classes):
                raise ValueError("labels")
            yield from itertools.chain(itertools.repeat(0.0, label), [1.0], itertools.repeat(0.0, num_classes - label - 1))

    return np.fromiter(unit_vectors(), dtype=float).reshape(labels.size, num_classes)


def softmax_cross_entropy(logits, labels):
    """Consume losses and gradients of the samples in parallel."""
    logits = as_floats(logits, "logits", 2)
    labels = as_labels(labels, *logits.shape)

    def samples():
        for row, label in zip(logits, labels):
            shifted = row - row.max()
            powers = np.exp(shifted)
            total = powers.sum()
            gradient = powers / total
            gradient[label] -= 1
            yield np.log(total) - shifted[label], gradient / len(labels)

    losses, gradients = zip(*samples())
    return float(sum(losses) / len(losses)), np.array(gradients)


def binary_cross_entropy(probs, targets):
    """Sum a stream with fsum."""
    probs, targets = as_floats(probs, "probs", 2), as_floats(targets, "targets", 2)
    if probs.shape != targets.shape:
        raise ValueError("shapes")
    pairs = list(zip(probs.flat, targets.flat))
    if not all(0 <= p <= 1 and 0 <= t <= 1 for p, t in pairs):
        raise ValueError("range")
    safe = ((min(max(p, 1e-12), 1 - 1e-12), t) for p, t in pairs)
    return math.fsum(-t * math.log(p) - (1 - t) * math.log(1 - p) for p, t in safe) / len(probs)


def differences(f, x, eps):
    """Yield a central difference for each element, in C order."""
    for place in np.ndindex(x.shape):
        values = []
        for shift in (eps, -eps):
            moved = x.copy()
            moved[place] += shift
            value = np.asarray(f(moved))
            if value.size != 1:
                raise ValueError("f must return one number")
            values.append(value.item())
        yield (values[0] - values[1]) / (2 * eps)


def numerical_gradient(f, x, eps=1e-5):
    """Consume the differences."""
    if not callable(f):
        raise TypeError("f")
    require_positive(eps, "eps")
    x = as_floats(x, "x")
    return np.fromiter(differences(f, x, eps), dtype=np.float64).reshape(x.shape)


def max_graph_forward(x, w, b, target, power=2):
    """Draw products from one stream: two for each sum."""
    x, w, b = as_floats(x, "x", 1), as_floats(w, "w", 1), as_floats(b, "b", 1)
    if (len(x), len(w), len(b)) != (4, 4, 2):
        raise ValueError("sizes")
    if power not in range(2, 4):
        raise ValueError("power")
    products = [float(v) * float(u) for u, v in zip(x, w)]
    stream = iter(products)
    sums = [next(stream) + next(stream) + float(bias) for bias in b]
    y = max(sums)
    error = y - float(target)
    return {
        "a": np.array(products),
        "c": np.array(sums),
        "y": y,
        "C": math.prod(itertools.repeat(error, power)),
        "way back": {"x": x.tolist(), "w": w.tolist(), "error": error, "power": power, "winner": sums.index(y)},
    }


def max_graph_backward(cache):
    """Yield names and gradients from right to left."""
    kept = cache["way back"]

    def walk():
        dy = kept["power"] * math.prod(itertools.repeat(kept["error"], kept["power"] - 1))
        yield "y", float(dy)
        dc = [dy if place == kept["winner"] else 0.0 for place in range(2)]
        yield "c", np.array(dc)
        yield "b", np.array(dc)
        da = list(itertools.chain.from_iterable(itertools.repeat(value, 2) for value in dc))
        yield "a", np.array(da)
        for name, factor in (("w", "x"), ("x", "w")):
            yield name, np.array([gradient * value for gradient, value in zip(da, kept[factor])])

    return dict(walk())


def squares_of_inner(W, u):
    """Yield each row of W with its g."""
    W, u = as_floats(W, "W", 2), as_floats(u, "u", 1)
    if W.shape[1] != len(u):
        raise ValueError("shapes")
    yield from ((row, float(np.dot(row, u**2))) for row in W)


def composite_value(W, u):
    """Sum the squares of the stream."""
    return float(sum(g * g for _, g in squares_of_inner(W, u)))


def composite_gradient(W, u):
    """Sum the contributions of the stream."""
    total = sum(4.0 * g * row for row, g in squares_of_inner(W, u))
    return total * u


def mse_gradient(X, outputs, targets):
    """Add up products of blocks of samples."""
    X, outputs, targets = as_floats(X, "X", 2), as_floats(outputs, "outputs", 2), as_floats(targets, "targets", 2)
    if outputs.shape != targets.shape or len(X) != len(targets):
        raise ValueError("shapes")
    blocks = (slice(start, start + 1024) for start in range(0, len(X), 1024))
    return sum(X[block].T @ (outputs[block] - targets[block]) for block in blocks) * (2 / len(X))


def preprocess_mnist(images, mean, std):
    """Stack a stream of rows."""
    images = as_floats(images, "images", 2, 3)
    if isinstance(mean, bool) or not isinstance(mean, (int, float, np.integer, np.floating)):
        raise TypeError("mean")
    require_positive(std, "std")
    if images.shape[1:] not in ((28, 28), (784,)):
        raise ValueError("images")
    return np.stack([np.append((image.ravel() - mean) / std, 1.0) for image in images])


def linear_forward(x, W, b):
    """Stack flattened samples."""
    x, W, b = as_floats(x, "x"), as_floats(W, "W", 2), as_floats(b, "b", 1)
    if x.ndim < 2 or x[0].size != len(W) or len(b) != W.shape[1]:
        raise ValueError("shapes")
    rows = np.stack([sample.ravel() for sample in x])
    return rows @ W + b, [rows, W, list(x.shape)]


def linear_backward(dout, cache):
    """Unpack the cache, and yield three gradients."""
    rows, W, shape = cache
    dout = as_floats(dout, "dout", 2)
    if dout.shape != (rows.shape[0], W.shape[1]):
        raise ValueError("dout")

    def gradients():
        yield np.reshape(dout @ W.T, shape)
        yield rows.T @ dout
        yield np.array([column.sum() for column in dout.T])

    return tuple(gradients())


class TwoLayerNet:
    """Forward leaves tasks for the way back on a stack."""

    def __init__(self, input_size, hidden_size, num_classes, std=1e-4, seed=0):
        rng = np.random.default_rng(np.random.SeedSequence(seed))
        sizes = {"W1": (input_size, hidden_size), "b1": hidden_size, "W2": (hidden_size, num_classes), "b2": num_classes}
        self.params = {name: self._first(rng, name, size, std) for name, size in sizes.items()}

    @staticmethod
    def _first(rng, name, size, std):
        return std * rng.standard_normal(size) if name.startswith("W") else np.zeros(size)

    def _forward(self, X, tasks):
        h, cache = linear_forward(X, self.params["W1"], self.params["b1"])
        tasks.append(("1", cache))
        tasks.append(("relu", h))
        out, cache = linear_forward(np.fmax(h, 0), self.params["W2"], self.params["b2"])
        tasks.append(("2", cache))
        return out

    def _backward(self, grad, tasks):
        """Yield names and gradients."""
        while tasks:
            layer, kept = tasks.pop()
            if layer == "relu":
                grad = np.where(kept > 0, grad, 0)
            else:
                grad, dW, db = linear_backward(grad, kept)
                yield f"W{layer}", dW
                yield f"b{layer}", db

    def scores(self, X):
        """Drop the tasks."""
        return self._forward(X, deque())

    def loss(self, X, y, reg=0.0):
        """Forward, then pop the tasks."""
        tasks = deque()
        loss, dscores = softmax_cross_entropy(self._forward(X, tasks), y)
        weights = {name: value for name, value in self.params.items() if name[0] == "W"}
        loss += sum(reg * float(np.sum(W * W)) for W in weights.values())
        grads = dict(self._backward(dscores, tasks))
        return float(loss), {
            name: grad + 2 * reg * weights[name] if name in weights else grad for name, grad in grads.items()
        }

    def predict(self, X):
        """Consume rows of scores."""
        return np.fromiter((row.argmax() for row in self.scores(X)), dtype=np.int64)


def sgd_update(params, grads, lr, momentum=0.0, velocity=None):
    """Yield name, parameter and velocity."""
    require_positive(lr, "lr")
    if not 0 <= momentum < 1:
        raise ValueError("momentum")
    before = {name: 0.0 for name in params} if velocity is None else velocity
    if not (set(params) == set(grads) == set(before)):
        raise ValueError("names")

    def moved():
        for name, value in params.items():
            speed = momentum * before[name] + grads[name]
            yield name, value - lr * speed, speed

    names, values, speeds = zip(*moved()) if params else ((), (), ())
    return dict(zip(names, values)), dict(zip(names, speeds))


def iterate_minibatches(X, y, batch_size, rng, *, shuffle=True, drop_last=False):
    """Draw slices of one endless supply of indices."""
    require_int(batch_size, "batch_size", 1)
    if len(X) != len(y):
        raise ValueError("lengths")
    supply = iter(rng.permutation(len(X)) if shuffle else range(len(X)))
    while batch := list(itertools.islice(supply, batch_size)):
        if len(batch) == batch_size or not drop_last:
            yield X[batch], y[batch]


def training(net, data, batch_size, lr, reg, rng, momentum):
    """Yield loss and accuracy of one epoch after the other, without an end."""
    velocity = None
    while True:
        total = 0.0
        for X, y in iterate_minibatches(data["X_train"], data["y_train"], batch_size, rng):
            loss, grads = net.loss(X, y, reg)
            net.params, velocity = sgd_update(net.params, grads, lr, momentum, velocity)
            total += float(loss) * len(X)
        right = net.predict(data["X_val"]) == data["y_val"]
        yield total / len(data["X_train"]), float(right.mean())


def fit_classifier(net, data, epochs, batch_size, lr, reg, rng, momentum=0.0):
    """Take as many epochs as asked for."""
    epochs_seen = itertools.islice(training(net, data, batch_size, lr, reg, rng, momentum), epochs)
    train_loss, val_accuracy = map(list, zip(*epochs_seen))
    return {"train_loss": train_loss, "val_accuracy": val_accuracy}


def concept_check():
    """Collect answers."""

    def answers():
        yield "mnist_task", "classification"
        yield "age_task", "regression"
        yield "mnist_inputs", sum(1 for _ in itertools.product(range(28), repeat=2))
        yield "mnist_outputs", len(range(10))
        yield "training_steps", list(iter(("architecture", "forward", "loss", "backward", "update")))
        yield "one_layer_can_learn_xor", False
        yield "stacked_linear_layers", "as much as one layer can"
        yield "hidden_layer_approximates", "any continuous function"
        yield "sigmoid_grad_max", 0.25
        yield "tanh_grad_max", 1.0
        yield "relu_problem", "dead neuron"
        yield "leaky_coefficient", 0.01
        yield "c_infinity_activations", set(iter(["sigmoid", "tanh"]))
        yield "gd_direction", "negative gradient"
        yield "batch_gd_cost", "slow and needs memory"
        yield "sgd_noise", "useful"
        yield "test_data_use", "the final number"

    return dict(answers())


def rnn_step(x, h, W_xh, W_hh, W_hy):
    """Stack a stream of states."""
    states = np.stack([np.tanh(before @ W_hh + row @ W_xh) for row, before in zip(x, h)])
    return np.stack([state @ W_hy for state in states]), states


def lstm_step(x, h, c, W, b):
    """Stack streams of cells and states."""

    def steps():
        for row, before, cell in zip(x, h, c):
            i, f, o, g = np.split(np.concatenate([row, before]) @ W + b, 4)
            cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
            yield sigmoid(o) * np.tanh(cell), cell

    states, cells = zip(*steps())
    return np.stack(states), np.stack(cells)


def scaled_dot_product_attention(q, k, v):
    """One query at a time."""
    rows = list(rows_of_probs(k @ query / math.sqrt(len(query)) for query in q))
    return np.stack([row @ v for row in rows]), np.stack(rows)


def multiclass_hinge_loss(scores, y):
    """Stream the margins that are violated."""
    violated = [
        (n, j, scores[n, j] - scores[n, label] + 1)
        for n, label in enumerate(y)
        for j in range(scores.shape[1])
        if j != label and scores[n, j] - scores[n, label] + 1 > 0
    ]
    dscores = np.zeros(scores.shape)
    for n, j, _ in violated:
        dscores[n, [j, y[n]]] += (1, -1)
    return float(sum(margin for *_, margin in violated) / len(y)), dscores / len(y)


def xyz_graph_backward(x, y, z):
    """Collect a stream of three arrays."""
    return tuple(np.broadcast_to(values, z.shape).astype(float) for values in (y, x, 1.0))


def prelu_grad(z, a):
    """Two streams."""
    slopes = (1.0 if value > 0 else a for value in z.flat)
    leaks = (0.0 if value > 0 else value for value in z.flat)
    return tuple(np.fromiter(stream, dtype=float).reshape(z.shape) for stream in (slopes, leaks))


def collapse_linear_layers(weights):
    """Take the last of all partial products."""
    *_, product = itertools.accumulate(weights, lambda product, weight: weight @ product)
    return product.copy()
