"""A tiny framework first: values that remember how they came about, and one backward pass that gives every gradient."""

import math
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


class Value:
    """An array, the values that it was made of, and how a gradient comes back to each of them."""

    def __init__(self, data, *parents):
        self.data = np.asarray(data, dtype=np.float64)
        self.parents = parents  # pairs of a value and a function of the gradient
        self.grad = None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(
            self.data + other.data,
            (self, lambda g: _like(g, self.data)),
            (other, lambda g: _like(g, other.data)),
        )

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(
            self.data * other.data,
            (self, lambda g: _like(g * other.data, self.data)),
            (other, lambda g: _like(g * self.data, other.data)),
        )

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + (-other)

    def __matmul__(self, other):
        return Value(
            self.data @ other.data,
            (self, lambda g: g @ other.data.T),
            (other, lambda g: self.data.T @ g),
        )

    def __pow__(self, n):
        return Value(self.data**n, (self, lambda g: g * n * self.data ** (n - 1)))

    def map(self, function, derivative):
        """Apply a function to each number; the derivative is a function of input and output."""
        out = function(self.data)
        return Value(out, (self, lambda g: g * derivative(self.data, out)))

    def reshape(self, *shape):
        """Give other brackets."""
        return Value(self.data.reshape(*shape), (self, lambda g: g.reshape(self.data.shape)))

    def sum(self, axis=None):
        """Add up; the axis stays, with length 1."""
        out = self.data.sum(axis=axis, keepdims=axis is not None)
        return Value(out, (self, lambda g: np.broadcast_to(g, self.data.shape)))

    def take(self, place):
        """Pick elements by an index."""

        def back(g):
            spread = np.zeros(self.data.shape)
            np.add.at(spread, place, g)
            return spread

        return Value(self.data[place], (self, back))

    def backward(self, gradient=1.0):
        """Walk back through everything that this value was made of, each after all that use it."""
        order, seen = [], set()

        def visit(value):
            if id(value) not in seen:
                seen.add(id(value))
                for parent, _ in value.parents:
                    visit(parent)
                order.append(value)

        visit(self)
        for value in order:
            value.grad = np.zeros(value.data.shape)
        self.grad = self.grad + gradient
        for value in reversed(order):
            for parent, back in value.parents:
                parent.grad = parent.grad + back(value.grad)
        return self


def _like(gradient, data):
    """Add up what was broadcast."""
    while gradient.ndim > data.ndim:
        gradient = gradient.sum(axis=0)
    for axis, length in enumerate(data.shape):
        if length == 1 and gradient.shape[axis] != 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient


def _sigmoid(data):
    return np.exp(-np.logaddexp(0, -data))


def _leaky(slope):
    return lambda z, _: np.where(z > 0, 1.0, slope)


def _sigmoid_value(z):
    return z.map(_sigmoid, lambda _, a: a * (1 - a))


def _tanh_value(z):
    return z.map(np.tanh, lambda _, a: 1 - a * a)


def _relu_value(z, slope=0.0):
    return z.map(lambda data: np.maximum(data, 0) + slope * np.minimum(data, 0), _leaky(slope))


def _derivative(activation, z, *options):
    """Differentiate the sum of an activation's outputs."""
    value = Value(as_floats(z, "z"))
    activation(value, *options).sum().backward()
    return value.grad


def sigmoid(z):
    """Forward."""
    return _sigmoid_value(Value(as_floats(z, "z"))).data


def sigmoid_grad(z):
    """Backward."""
    return _derivative(_sigmoid_value, z)


def tanh(z):
    """Forward."""
    return _tanh_value(Value(as_floats(z, "z"))).data


def tanh_grad(z):
    """Backward."""
    return _derivative(_tanh_value, z)


def relu(z):
    """Forward."""
    return _relu_value(Value(as_floats(z, "z"))).data


def relu_grad(z):
    """Backward."""
    return _derivative(_relu_value, z)


def leaky_relu(z, alpha=0.01):
    """Forward."""
    return _relu_value(Value(as_floats(z, "z")), alpha).data


def leaky_relu_grad(z, alpha=0.01):
    """Backward."""
    return _derivative(_relu_value, z, alpha)


def _log_softmax(scores):
    """Subtract the logarithm of the sum of powers; the largest score is a constant here, it cancels out."""
    shifted = scores - Value(scores.data.max(axis=1, keepdims=True))
    powers = shifted.map(np.exp, lambda _, power: power)
    return shifted - powers.sum(axis=1).map(np.log, lambda total, _: 1 / total)


def softmax(z):
    """Exponentiate the log-softmax."""
    return np.exp(_log_softmax(Value(as_floats(z, "z", 2))).data)


def one_hot(labels, num_classes):
    """Compare each label with each class."""
    require_int(num_classes, "num_classes", 1)
    if not isinstance(labels, np.ndarray):
        raise TypeError("labels must be an array")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels.reshape(-1)
    labels = as_labels(labels, labels.shape[0] if labels.ndim else 0, num_classes)
    return np.equal.outer(labels, np.arange(num_classes)).astype(np.float64)


def _cross_entropy(scores, labels):
    picked = _log_softmax(scores).take((np.arange(len(labels)), labels))
    return picked.sum() * (-1 / len(labels))


def softmax_cross_entropy(logits, labels):
    """Build the graph, walk it back."""
    scores = Value(as_floats(logits, "logits", 2))
    loss = _cross_entropy(scores, as_labels(labels, *scores.data.shape)).backward()
    return float(loss.data), scores.grad


def binary_cross_entropy(probs, targets):
    """Only forward."""
    p, t = as_floats(probs, "probs", 2), as_floats(targets, "targets", 2)
    if p.shape != t.shape:
        raise ValueError("two shapes")
    if not (np.all((0 <= p) & (p <= 1)) and np.all((0 <= t) & (t <= 1))):
        raise ValueError("not from 0 to 1")
    p = Value(np.maximum(np.minimum(p, 1 - 1e-12), 1e-12))
    log = lambda value: value.map(np.log, lambda x, _: 1 / x)
    likelihood = log(p) * t + log(Value(1.0) - p) * (1 - t)
    return float((likelihood.sum() * (-1 / len(t))).data)


def numerical_gradient(f, x, eps=1e-5):
    """Check the framework with it."""
    if not callable(f):
        raise TypeError("f is no function")
    require_positive(eps, "eps")
    x = as_floats(x, "x")

    def at(place, step):
        moved = x.ravel().copy()
        moved[place] += step
        result = np.array(f(moved.reshape(x.shape)), dtype=np.float64)
        if result.size != 1:
            raise ValueError("f must give one number")
        return float(result.reshape(()))

    slopes = [(at(place, eps) - at(place, -eps)) / (2 * eps) for place in range(x.size)]
    return np.array(slopes).reshape(x.shape)


def _graph(x, w, b, target, power):
    """Build the lecture's graph of values."""
    leaves = {"x": Value(x), "w": Value(w), "b": Value(b)}
    a = leaves["w"] * leaves["x"]
    c = a.reshape(2, 2).sum(axis=1).reshape(2) + leaves["b"]
    y = c.take(0) if c.data[0] >= c.data[1] else c.take(1)
    return leaves | {"a": a, "c": c, "y": y, "C": (y - Value(target)) ** power}


def max_graph_forward(x, w, b, target, power=2):
    """Keep the inputs: the graph is built again on the way back, for a graph is no data."""
    inputs = [as_floats(x, "x", 1), as_floats(w, "w", 1), as_floats(b, "b", 1)]
    if [len(part) for part in inputs] != [4, 4, 2]:
        raise ValueError("shapes")
    if power != 2 and power != 3:
        raise ValueError("power")
    graph = _graph(*inputs, target, power)
    numbers = {name: float(graph[name].data) for name in ("y", "C")}
    return numbers | {"a": graph["a"].data, "c": graph["c"].data, "inputs": [*inputs, target, power]}


def max_graph_backward(cache):
    """Build the graph again, walk it back."""
    graph = _graph(*cache["inputs"])
    graph["C"].backward()
    return {"y": float(graph["y"].grad)} | {name: graph[name].grad for name in ("c", "a", "b", "w", "x")}


def _composite(W, u):
    W, u = as_floats(W, "W", 2), as_floats(u, "u", 1)
    if W.shape[1] != len(u):
        raise ValueError("shapes")
    u = Value(u)
    g = Value(W) @ (u**2).reshape(-1, 1)
    return (g**2).sum(), u


def composite_value(W, u):
    """Forward."""
    return float(_composite(W, u)[0].data)


def composite_gradient(W, u):
    """Backward."""
    f, u = _composite(W, u)
    f.backward()
    return u.grad


def mse_gradient(X, outputs, targets):
    """Walk back from the outputs, whose gradient is 2 (outputs - targets) / N, through a product with any W."""
    X, outputs, targets = as_floats(X, "X", 2), as_floats(outputs, "outputs", 2), as_floats(targets, "targets", 2)
    if outputs.shape != targets.shape or X.shape[0] != outputs.shape[0]:
        raise ValueError("shapes")
    W = Value(np.zeros((X.shape[1], outputs.shape[1])))
    (Value(X) @ W).backward(2 * (outputs - targets) / len(X))
    return W.grad


def preprocess_mnist(images, mean, std):
    """Pad with the number that normalises to 1, then normalise."""
    images = as_floats(images, "images", 2, 3)
    require_positive(std, "std")
    if not isinstance(mean, (int, float, np.integer, np.floating)) or isinstance(mean, bool):
        raise TypeError("mean")
    if images.shape[1:] not in ((784,), (28, 28)):
        raise ValueError("shape")
    result = np.ones((images.shape[0], 785))
    np.divide(images.reshape(-1, 784) - mean, std, out=result[:, :-1])
    return result


def _linear(x, W, b):
    values = Value(x), Value(W), Value(b)
    flat = values[0].reshape(len(x), -1)
    return values, flat @ values[1] + values[2]


def linear_forward(x, W, b):
    """Keep the three arrays."""
    x, W, b = as_floats(x, "x"), as_floats(W, "W", 2), as_floats(b, "b", 1)
    if x.ndim == 1 or x[0].size != W.shape[0] or W.shape[1] != b.size:
        raise ValueError("shapes")
    return _linear(x, W, b)[1].data, {"x": x, "W": W, "b": b}


def linear_backward(dout, cache):
    """Go forward again, then back from dout."""
    dout = as_floats(dout, "dout", 2)
    values, out = _linear(**cache)
    if dout.shape != out.data.shape:
        raise ValueError("dout")
    out.backward(dout)
    return tuple(value.grad for value in values)


class TwoLayerNet:
    """A function of values."""

    def __init__(self, input_size, hidden_size, num_classes, std=1e-4, seed=0):
        rng = np.random.Generator(np.random.PCG64(seed))
        normal = lambda *shape: rng.normal(scale=std, size=shape)
        self.params = dict(
            W1=normal(input_size, hidden_size), b1=np.zeros(hidden_size),
            W2=normal(hidden_size, num_classes), b2=np.zeros(num_classes),
        )

    def _forward(self, X):
        params = {name: Value(array) for name, array in self.params.items()}
        hidden = _relu_value(Value(X) @ params["W1"] + params["b1"])
        return params, hidden @ params["W2"] + params["b2"]

    def scores(self, X):
        """Forward."""
        return self._forward(X)[1].data

    def loss(self, X, y, reg=0.0):
        """Forward and backward, with the penalty in the graph."""
        params, scores = self._forward(X)
        loss = _cross_entropy(scores, as_labels(y, *scores.data.shape))
        for name in ("W1", "W2"):
            loss = loss + (params[name] ** 2).sum() * reg
        loss.backward()
        return float(loss.data), {name: value.grad for name, value in params.items()}

    def predict(self, X):
        """The first of the largest."""
        return np.argmax(self.scores(X), axis=-1)


def sgd_update(params, grads, lr, momentum=0.0, velocity=None):
    """Names in the order of params."""
    require_positive(lr, "lr")
    if momentum < 0 or momentum >= 1:
        raise ValueError("momentum")
    if set(params) ^ set(grads) or (velocity is not None and set(params) ^ set(velocity)):
        raise ValueError("names")
    new, moving = {}, {}
    for name in params:
        before = 0.0 if velocity is None else velocity[name]
        moving[name] = grads[name] + momentum * before
        new[name] = params[name] - lr * moving[name]
    return new, moving


class iterate_minibatches:
    """A class in place of a function: it checks when it is made, and draws when somebody begins to iterate."""

    def __init__(self, X, y, batch_size, rng, *, shuffle=True, drop_last=False):
        require_int(batch_size, "batch_size", 1)
        if len(X) != len(y):
            raise ValueError("lengths")
        self.X, self.y, self.batch_size, self.rng = X, y, batch_size, rng
        self.shuffle, self.drop_last = shuffle, drop_last

    def __len__(self):
        whole, rest = divmod(len(self.X), self.batch_size)
        return whole + (1 if rest and not self.drop_last else 0)

    def __iter__(self):
        order = np.arange(len(self.X))
        if self.shuffle:
            self.rng.shuffle(order)
        for batch in range(len(self)):
            chosen = order[batch * self.batch_size :][: self.batch_size]
            yield self.X[chosen], self.y[chosen]


def fit_classifier(net, data, epochs, batch_size, lr, reg, rng, momentum=0.0):
    """Weigh losses with np.average."""
    train_loss, val_accuracy, velocity = [], [], None
    for epoch in range(epochs):
        losses, sizes = [], []
        for X, y in iterate_minibatches(data["X_train"], data["y_train"], batch_size, rng):
            loss, grads = net.loss(X, y, reg=reg)
            net.params, velocity = sgd_update(net.params, grads, lr, momentum=momentum, velocity=velocity)
            losses.append(loss)
            sizes.append(len(y))
        train_loss.append(float(np.average(losses, weights=sizes)))
        right = net.predict(data["X_val"]) == data["y_val"]
        val_accuracy.append(float(np.mean(right)))
    return {"train_loss": train_loss, "val_accuracy": val_accuracy}


def concept_check():
    """Answer."""
    peak = lambda function: float(function(np.zeros(1))[0])
    return {
        "mnist_task": "classification",
        "age_task": "regression",
        "mnist_inputs": 28 * 28,
        "mnist_outputs": 10,
        "training_steps": "architecture forward loss backward update".split(),
        "one_layer_can_learn_xor": False,
        "stacked_linear_layers": "as much as one layer can",
        "hidden_layer_approximates": "any continuous function",
        "sigmoid_grad_max": peak(sigmoid_grad),
        "tanh_grad_max": peak(tanh_grad),
        "relu_problem": "dead neuron",
        "leaky_coefficient": 0.01,
        "c_infinity_activations": {"sigmoid", "tanh"},
        "gd_direction": "negative gradient",
        "batch_gd_cost": "slow and needs memory",
        "sgd_noise": "useful",
        "test_data_use": "the final number",
    }


def rnn_step(x, h, W_xh, W_hh, W_hy):
    """Values, and their data."""
    state = _tanh_value(Value(h) @ Value(W_hh) + Value(x) @ Value(W_xh))
    return (state @ Value(W_hy)).data, state.data


def lstm_step(x, h, c, W, b):
    """Slices of one product."""
    D, H = x.shape[1], h.shape[1]
    z = Value(x) @ Value(W[:D]) + Value(h) @ Value(W[D:]) + Value(b)
    i, f, o, g = (z.take((slice(None), slice(k * H, k * H + H))) for k in range(4))
    cell = _sigmoid_value(f) * c + _sigmoid_value(i) * _tanh_value(g)
    return (_sigmoid_value(o) * _tanh_value(cell)).data, cell.data


def scaled_dot_product_attention(q, k, v):
    """Softmax by its logarithm."""
    fit = Value(q) @ Value(np.transpose(k)) * (1 / math.sqrt(q.shape[-1]))
    weights = np.exp(_log_softmax(fit).data)
    return weights @ v, weights


def multiclass_hinge_loss(scores, y):
    """The right class has the margin 1, which is taken off again."""
    value, rows = Value(scores), np.arange(len(scores))
    right = value.take((rows, y)).reshape(-1, 1)
    loss = (_relu_value(value - right + 1.0).sum() - Value(float(len(scores)))) * (1 / len(scores))
    loss.backward()
    return float(loss.data), value.grad


def xyz_graph_backward(x, y, z):
    """The graph as it stands."""
    x, y, z = Value(x), Value(y), Value(z)
    (x * y + z).sum().backward()
    return x.grad, y.grad, z.grad


def prelu_grad(z, a):
    """Two derivatives, by two leaves; a is spread over z's shape first."""
    value, slope = Value(z), Value(np.full(z.shape, a, dtype=float))
    negative = value.map(lambda data: np.minimum(data, 0), lambda data, _: (data < 0).astype(float))
    (_relu_value(value) + slope * negative).sum().backward()
    return value.grad, slope.grad


def collapse_linear_layers(weights):
    """A product of values."""
    product = Value(np.eye(weights[0].shape[1]))
    for weight in weights:
        product = Value(weight) @ product
    return product.data
