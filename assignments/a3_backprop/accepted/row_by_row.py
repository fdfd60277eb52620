"""One sample at a time, then vectorize: functions of one row, lifted over the batch; gradients added up per sample."""

import functools
import itertools
import math
import operator
import random
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


def elementwise(function):
    """Lift a function of one number, and options, over arrays of any shape."""

    @functools.wraps(function)
    def lifted(z, *options, **named):
        z = as_floats(z, "z")
        answers = [function(number, *options, **named) for number in z.ravel().tolist()]
        return np.array(answers, dtype=np.float64).reshape(z.shape)

    return lifted


@elementwise
def sigmoid(z):
    """By cases."""
    if z >= 0:
        return 1.0 / (1.0 + math.exp(-z))
    power = math.exp(z)
    return power / (1.0 + power)


@elementwise
def sigmoid_grad(z):
    """Even: the same at z and -z."""
    power = math.exp(-abs(z))
    return power / (1.0 + power) ** 2


@elementwise
def tanh(z):
    """Python's."""
    return math.tanh(z)


@elementwise
def tanh_grad(z):
    """1 / cosh², and 0 where cosh would overflow."""
    return math.cosh(z) ** -2 if abs(z) < 300 else 0.0


@elementwise
def relu(z):
    """The larger one."""
    return max(z, 0.0)


@elementwise
def relu_grad(z):
    """A comparison."""
    return float(z > 0)


@elementwise
def leaky_relu(z, alpha=0.01):
    """By cases."""
    return z if z >= 0 else alpha * z


@elementwise
def leaky_relu_grad(z, alpha=0.01):
    """1 at 0, too."""
    return alpha if z < 0 else 1.0


def _softmax_row(row):
    powers = [math.exp(score - max(row)) for score in row]
    return [power / math.fsum(powers) for power in powers]


def softmax(z):
    """Row by row."""
    return np.array([_softmax_row(row) for row in as_floats(z, "z", 2).tolist()])


def one_hot(labels, num_classes):
    """A list of lists."""
    require_int(num_classes, "num_classes", 1)
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "ui":
        raise TypeError("labels are integers")
    if labels.ndim not in (1, 2) or labels.shape[1:] not in ((), (1,)):
        raise ValueError("labels are (N,) or (N, 1)")
    rows = []
    for label in labels.ravel().tolist():
        if label not in range(num_classes):
            raise ValueError("no such class")
        rows.append([0.0] * label + [1.0] + [0.0] * (num_classes - label - 1))
    return np.array(rows).reshape(-1, num_classes)


def _cross_entropy_row(row, label):
    """Give one sample's loss and gradient."""
    top = max(row)
    loss = math.log(math.fsum(math.exp(score - top) for score in row)) - (row[label] - top)
    gradient = _softmax_row(row)
    gradient[label] -= 1
    return loss, gradient


def softmax_cross_entropy(logits, labels):
    """Zip losses and gradients apart."""
    logits = as_floats(logits, "logits", 2)
    labels = as_labels(labels, len(logits), logits.shape[1])
    losses, gradients = zip(*map(_cross_entropy_row, logits.tolist(), labels.tolist()))
    return math.fsum(losses) / len(losses), np.array(gradients) / len(losses)


def binary_cross_entropy(probs, targets):
    """Vectorize a function of two numbers."""
    probs, targets = as_floats(probs, "probs", 2), as_floats(targets, "targets", 2)
    if probs.shape != targets.shape:
        raise ValueError("shapes")
    if not all(0 <= number <= 1 for number in itertools.chain(probs.flat, targets.flat)):
        raise ValueError("a probability is 0 to 1")
    surprise = lambda p, t: -t * math.log(p) - (1 - t) * math.log(1 - p)
    clipped = np.vectorize(lambda p: sorted((1e-12, p, 1 - 1e-12))[1])(probs)
    return float(np.vectorize(surprise, otypes=[float])(clipped, targets).sum() / len(probs))


def numerical_gradient(f, x, eps=1e-5):
    """By a function of one place, and fromfunction's cousin: a product of ranges."""
    if not hasattr(f, "__call__"):
        raise TypeError("f")
    require_positive(eps, "eps")
    x = as_floats(x, "x")

    def value(place, by):
        moved = x.copy()
        moved[place] += by
        result = f(moved)
        if isinstance(result, np.ndarray) and result.size != 1:
            raise ValueError("one number, please")
        if isinstance(result, (list, tuple)):
            raise ValueError("one number, please")
        return float(result if not isinstance(result, np.ndarray) else result.item())

    gradient = {place: (value(place, eps) - value(place, -eps)) / (eps + eps) for place in itertools.product(*map(range, x.shape))}
    return np.array(list(gradient.values())).reshape(x.shape)


def max_graph_forward(x, w, b, target, power=2):
    """Scalars and lists; arrays at the end."""
    for part, name, size in ((x, "x", 4), (w, "w", 4), (b, "b", 2)):
        if len(as_floats(part, name, 1)) != size:
            raise ValueError(name)
    if power not in (2, 3):
        raise ValueError("power")
    a1, a2, a3, a4 = map(operator.mul, w.tolist(), x.tolist())
    b1, b2 = b.tolist()
    c1, c2 = a1 + a2 + b1, a3 + a4 + b2
    y = max(c1, c2)
    error = y - target
    arrays = {"a": np.array([a1, a2, a3, a4], dtype=float), "c": np.array([c1, c2], dtype=float)}
    factors = {"x": x.astype(float), "w": w.astype(float)}
    return {**arrays, "y": float(y), "C": float(error**power), "won": (c1 >= c2, c2 > c1), "slope": float(power * error ** (power - 1)), **factors}


def max_graph_backward(cache):
    """What the forward pass knew already: the slope and who won."""
    dy = cache["slope"]
    dc = [dy * won for won in cache["won"]]
    da = [g for g in dc for _ in "12"]
    lists = {
        "c": dc,
        "a": da,
        "b": dc,
        "w": [g * x for g, x in zip(da, cache["x"])],
        "x": [g * w for g, w in zip(da, cache["w"])],
    }
    return {"y": dy} | {name: np.array(numbers, dtype=float) for name, numbers in lists.items()}


def _inner(W, u):
    W, u = as_floats(W, "W", 2), as_floats(u, "u", 1)
    if W.shape[1] != len(u):
        raise ValueError("shapes")
    return W, u, [math.fsum(weight * number**2 for weight, number in zip(row, u)) for row in W]


def composite_value(W, u):
    """A sum of squares."""
    return math.fsum(g**2 for g in _inner(W, u)[2])


def composite_gradient(W, u):
    """A sum of rows."""
    W, u, g = _inner(W, u)
    return functools.reduce(operator.add, (4 * number * row * u for number, row in zip(g, W)))


def mse_gradient(X, outputs, targets):
    """Rank-one parts would be slow; their sum is one product, written with @ and a transpose of both sides."""
    X, outputs, targets = as_floats(X, "X", 2), as_floats(outputs, "outputs", 2), as_floats(targets, "targets", 2)
    if len(X) != len(outputs) or outputs.shape != targets.shape:
        raise ValueError("shapes")
    return ((2.0 * (outputs - targets)).T @ X / X.shape[0]).T


def preprocess_mnist(images, mean, std):
    """Image by image."""
    images = as_floats(images, "images", 2, 3)
    require_positive(std, "std")
    if isinstance(mean, bool) or not isinstance(mean, (int, float, np.integer, np.floating)):
        raise TypeError("mean")
    if images.shape[1:] != (28, 28) and images.shape[1:] != (784,):
        raise ValueError("shape")
    return np.array([np.append((image.flatten() - mean) / std, 1) for image in images])


def linear_forward(x, W, b):
    """Row by row."""
    x, W, b = as_floats(x, "x"), as_floats(W, "W", 2), as_floats(b, "b", 1)
    if x.ndim < 2 or x[0].size != len(W) or b.shape != W[0].shape:
        raise ValueError("shapes")
    return np.array([sample.ravel() @ W + b for sample in x]), (W.copy(), [sample.copy() for sample in x])


def linear_backward(dout, cache):
    """Outer products, one for each sample."""
    W, samples = cache
    dout = as_floats(dout, "dout", 2)
    if dout.shape != (len(samples), W.shape[1]):
        raise ValueError("dout")
    dx = np.array([(W @ row).reshape(sample.shape) for row, sample in zip(dout, samples)])
    dW = sum(np.outer(sample, row) for row, sample in zip(dout, samples))
    return dx, dW, sum(dout)


class TwoLayerNet:
    """Whole batches here: ten epochs of single samples would take minutes."""

    def __init__(self, input_size, hidden_size, num_classes, std=1e-4, seed=0):
        dice = random.Random(seed)  # Python's own generator, an object of its own
        normal = lambda rows, columns: np.array([[dice.gauss(0, std) for _ in range(columns)] for _ in range(rows)])
        self.params = {"W1": normal(input_size, hidden_size), "W2": normal(hidden_size, num_classes)}
        self.params.update(b1=np.zeros(hidden_size), b2=np.zeros(num_classes))

    def _forward(self, X):
        W1, b1, W2, b2 = operator.itemgetter("W1", "b1", "W2", "b2")(self.params)
        z = X @ W1 + b1
        h = z * (z > 0)
        return z, h, h @ W2 + b2

    def scores(self, X):
        """The last of three."""
        return self._forward(X)[-1]

    def loss(self, X, y, reg=0.0):
        """A closure walks back."""
        z, h, s = self._forward(X)
        count, classes = s.shape
        y = as_labels(y, count, classes)
        s = s - s.max(axis=1, keepdims=True)
        p = np.exp(s)
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(count), y]).mean() if p.min() > 0 else softmax_cross_entropy(s, y)[0]

        def back(error):
            dz = error @ self.params["W2"].T * (z > 0)
            yield "W1", X.T @ dz + 2 * reg * self.params["W1"]
            yield "b1", dz.sum(axis=0)
            yield "W2", h.T @ error + 2 * reg * self.params["W2"]
            yield "b2", error.sum(axis=0)

        penalty = reg * sum(np.sum(self.params[name] ** 2) for name in ("W1", "W2"))
        return float(loss + penalty), dict(back((p - np.eye(classes)[y]) / count))

    def predict(self, X):
        """The index of each row's largest score."""
        return np.array([row.index(max(row)) for row in self.scores(X).tolist()])


def sgd_update(params, grads, lr, momentum=0.0, velocity=None):
    """Name by name."""
    require_positive(lr, "lr")
    if momentum < 0 or momentum >= 1:
        raise ValueError("momentum")
    velocity = dict.fromkeys(params, 0.0) if velocity is None else velocity
    if params.keys() != grads.keys() or params.keys() != velocity.keys():
        raise ValueError("names")
    pairs = {}
    for name, weight in params.items():
        speed = momentum * velocity[name] + grads[name]
        pairs[name] = (weight - lr * speed, speed)
    return {name: pair[0] for name, pair in pairs.items()}, {name: pair[1] for name, pair in pairs.items()}


def iterate_minibatches(X, y, batch_size, rng, *, shuffle=True, drop_last=False):
    """Zip samples and labels, shuffle the pairs by rng's keys, and stack them again."""
    require_int(batch_size, "batch_size", 1)
    if len(X) != len(y):
        raise ValueError("lengths")
    pairs = list(zip(X, y))
    if shuffle:
        keys = rng.uniform(size=len(pairs))
        pairs = [pair for _, pair in sorted(zip(keys, pairs), key=operator.itemgetter(0))]
    stream = iter(pairs)
    while batch := list(itertools.islice(stream, batch_size)):
        if len(batch) == batch_size or not drop_last:
            xs, ys = zip(*batch)
            yield np.stack(xs), np.asarray(ys)


def fit_classifier(net, data, epochs, batch_size, lr, reg, rng, momentum=0.0):
    """An inner function for an epoch, which hands the velocity on."""

    def epoch(velocity):
        losses = []
        for X, y in iterate_minibatches(data["X_train"], data["y_train"], batch_size, rng, shuffle=True, drop_last=False):
            loss, grads = net.loss(X, y, reg)
            losses += [loss] * len(y)
            net.params, velocity = sgd_update(net.params, grads, lr, momentum, velocity)
        hits = sum(int(found == right) for found, right in zip(net.predict(data["X_val"]), data["y_val"]))
        return math.fsum(losses) / len(losses), hits / len(data["y_val"]), velocity

    history, velocity = {"train_loss": [], "val_accuracy": []}, None
    while len(history["train_loss"]) < epochs:
        loss, accuracy, velocity = epoch(velocity)
        history["train_loss"].append(loss)
        history["val_accuracy"].append(accuracy)
    return history


def concept_check():
    """Answer, in groups."""
    counts = dict(mnist_inputs=28**2, mnist_outputs=len(range(10)), leaky_coefficient=1 / 100)
    peaks = dict(sigmoid_grad_max=sigmoid_grad(np.zeros(1)).item(), tanh_grad_max=tanh_grad(np.zeros(1)).item())
    words = dict(
        mnist_task="classification",
        age_task="regression",
        stacked_linear_layers="as much as one layer can",
        hidden_layer_approximates="any continuous function",
        relu_problem="dead neuron",
        gd_direction="negative gradient",
        batch_gd_cost="slow and needs memory",
        sgd_noise="useful",
        test_data_use="the final number",
    )
    steps = ["architecture", "forward", "loss", "backward", "update"]
    smooth = {"sigmoid", "tanh", "relu", "leaky_relu"} - {"relu", "leaky_relu"}
    return {**counts, **peaks, **words, "training_steps": steps, "one_layer_can_learn_xor": False, "c_infinity_activations": smooth}


def rnn_step(x, h, W_xh, W_hh, W_hy):
    """Row by row."""
    states = np.array([np.tanh(state @ W_hh + row @ W_xh) for row, state in zip(x, h)])
    return np.array([state @ W_hy for state in states]), states


def lstm_step(x, h, c, W, b):
    """Row by row."""
    rows = []
    for row, state, cell in zip(x, h, c):
        i, f, o, g = np.array_split(np.concatenate([row, state]) @ W + b, 4)
        new = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        rows.append((sigmoid(o) * np.tanh(new), new))
    states, cells = zip(*rows)
    return np.array(states), np.array(cells)


def scaled_dot_product_attention(q, k, v):
    """Query by query, key by key."""
    scale = math.sqrt(q.shape[1])
    weights = np.array([_softmax_row([float(query @ key) / scale for key in k]) for query in q])
    return np.array([sum(w * value for w, value in zip(row, v)) for row in weights]), weights


def multiclass_hinge_loss(scores, y):
    """Row by row."""

    def row_of(row, label):
        margins = np.maximum(row - row[label] + 1, 0)
        margins[label] = 0
        gradient = np.sign(margins)
        gradient[label] = -np.count_nonzero(margins)
        return margins.sum(), gradient

    losses, gradients = zip(*map(row_of, scores, y))
    return float(np.mean(losses)), np.array(gradients) / len(scores)


def xyz_graph_backward(x, y, z):
    """Copies."""
    return y.copy(), x.copy(), np.full(z.shape, 1.0)


def prelu_grad(z, a):
    """Number by number."""
    dz = [1.0 if number > 0 else float(a) for number in z.flat]
    da = [0.0 if number > 0 else number for number in z.flat]
    return np.reshape(dz, z.shape), np.reshape(da, z.shape)


def collapse_linear_layers(weights):
    """See what the stack does to each unit vector."""
    columns = []
    for column in np.eye(weights[0].shape[1]):
        for weight in weights:
            column = weight @ column
        columns.append(column)
    return np.array(columns).T
