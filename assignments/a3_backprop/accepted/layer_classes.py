"""Objects: activations and layers that know their way forward and back, a graph of nodes, an optimiser, a loader."""

import math
from abc import ABC, abstractmethod
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


class Activation(ABC):
    """A function of one number, element by element."""

    def forward(self, z):
        return self.value(as_floats(z, "z"))

    def slope(self, z):
        return self.derivative(as_floats(z, "z"))

    @abstractmethod
    def value(self, z): ...

    @abstractmethod
    def derivative(self, z): ...


class Sigmoid(Activation):
    """Between 0 and 1."""

    def value(self, z):
        power = np.exp(-np.absolute(z))
        return np.where(z < 0, power, 1.0) / (1.0 + power)

    def derivative(self, z):
        power = np.exp(-np.absolute(z))
        return power / (1.0 + power) ** 2


class Tanh(Activation):
    """Between -1 and 1."""

    def value(self, z):
        return np.tanh(z)

    def derivative(self, z):
        power = np.exp(-2 * np.absolute(z))
        return 4 * power / (1 + power) ** 2


class LeakyRelu(Activation):
    """Two straight pieces."""

    def __init__(self, alpha=0.0):
        self.alpha = alpha

    def value(self, z):
        return self.derivative(z) * z

    def derivative(self, z):
        return np.select([z > 0, z <= 0], [1.0, float(self.alpha)])


def sigmoid(z):
    """Ask an activation."""
    return Sigmoid().forward(z)


def sigmoid_grad(z):
    """Ask an activation."""
    return Sigmoid().slope(z)


def tanh(z):
    """Ask an activation."""
    return Tanh().forward(z)


def tanh_grad(z):
    """Ask an activation."""
    return Tanh().slope(z)


def relu(z):
    """Ask an activation."""
    return LeakyRelu().forward(z)


def relu_grad(z):
    """Ask an activation."""
    return LeakyRelu().slope(z)


def leaky_relu(z, alpha=0.01):
    """Ask an activation."""
    return LeakyRelu(alpha).forward(z)


def leaky_relu_grad(z, alpha=0.01):
    """Ask an activation."""
    return LeakyRelu(alpha).slope(z)


class SoftmaxHead:
    """Scores of a batch, and what follows from them."""

    def __init__(self, logits, name="logits"):
        logits = as_floats(logits, name, 2)
        self.shape = logits.shape
        self.shifted = logits - logits.max(axis=1, keepdims=True)
        self.sums = np.exp(self.shifted).sum(axis=1, keepdims=True)

    @property
    def probs(self):
        return np.exp(self.shifted) / self.sums

    def loss(self, labels):
        count, classes = self.shape
        self.labels = as_labels(labels, count, classes)
        chosen = np.take_along_axis(self.shifted, self.labels[:, None], axis=1)
        return float((np.log(self.sums) - chosen).mean())

    def backward(self):
        grad = self.probs
        np.subtract.at(grad, (np.arange(len(grad)), self.labels), 1.0)
        return grad / len(grad)


def softmax(z):
    """Ask a head."""
    return SoftmaxHead(z, "z").probs


def one_hot(labels, num_classes):
    """Add ones to zeros."""
    require_int(num_classes, "num_classes", 1)
    if not isinstance(labels, np.ndarray):
        raise TypeError("labels")
    column = labels.ndim == 2 and labels.shape[1] == 1
    if labels.dtype.kind in "iu" and labels.ndim != 1 and not column:
        raise ValueError("labels")
    labels = as_labels(labels.reshape(-1), labels.size, num_classes)
    rows = np.zeros((labels.size, num_classes))
    np.add.at(rows, (np.arange(labels.size), labels), 1.0)
    return rows


def softmax_cross_entropy(logits, labels):
    """Ask a head for both."""
    head = SoftmaxHead(logits)
    return head.loss(labels), head.backward()


class Probability:
    """Numbers from 0 to 1, with logarithms that stay finite."""

    def __init__(self, values, name):
        self.values = as_floats(values, name, 2)
        if not (self.values.min() >= 0 and self.values.max() <= 1):
            raise ValueError(name)

    def logs(self):
        safe = np.clip(self.values, 1e-12, 1 - 1e-12)
        return np.log(safe), np.log(1 - safe)


def binary_cross_entropy(probs, targets):
    """Weigh two logarithms."""
    probs, targets = Probability(probs, "probs"), Probability(targets, "targets")
    t = targets.values
    if t.shape != probs.values.shape:
        raise ValueError("shapes")
    yes, no = probs.logs()
    return float(np.mean((-t * yes - (1 - t) * no).sum(axis=1)))


class Prober:
    """Calls f at shifted points."""

    def __init__(self, f, x, eps):
        if not callable(f):
            raise TypeError("f")
        require_positive(eps, "eps")
        self.f, self.x, self.eps = f, as_floats(x, "x"), eps

    def at(self, place, shift):
        point = np.array(self.x)
        point[place] += shift
        value = np.asarray(self.f(point))
        if value.size != 1:
            raise ValueError("f")
        return value.item()

    def slope(self, place):
        return (self.at(place, self.eps) - self.at(place, -self.eps)) / (2 * self.eps)


def numerical_gradient(f, x, eps=1e-5):
    """Probe each place."""
    prober = Prober(f, x, eps)
    slopes = [prober.slope(place) for place in np.ndindex(prober.x.shape)]
    return np.array(slopes, dtype=np.float64).reshape(prober.x.shape)


class Node:
    """A number in a graph, with its derivative."""

    def __init__(self, value, *parents):
        self.value, self.grad, self.parents = float(value), 0.0, parents

    def __mul__(self, other):
        return Node(self.value * other.value, (self, other.value), (other, self.value))

    def __add__(self, other):
        return Node(self.value + other.value, (self, 1.0), (other, 1.0))

    def maximum(self, other):
        winner = self if self.value >= other.value else other
        return Node(winner.value, (winner, 1.0))

    def power_of_distance(self, target, power):
        error = self.value - target
        return Node(error**power, (self, power * error ** (power - 1)))

    def backward(self, grad=1.0):
        """Send a derivative along every path; each node adds up what arrives."""
        self.grad += grad
        for parent, local in self.parents:
            parent.backward(grad * local)


def _graph(x, w, b, target, power):
    xs, ws, bs = ([Node(value) for value in values] for values in (x, w, b))
    products = [weight * value for weight, value in zip(ws, xs)]
    sums = [products[0] + products[1] + bs[0], products[2] + products[3] + bs[1]]
    y = sums[0].maximum(sums[1])
    return {"x": xs, "w": ws, "b": bs, "a": products, "c": sums, "y": [y], "C": [y.power_of_distance(target, power)]}


def max_graph_forward(x, w, b, target, power=2):
    """Build the graph and read its values."""
    given = {"x": as_floats(x, "x", 1), "w": as_floats(w, "w", 1), "b": as_floats(b, "b", 1)}
    if [len(values) for values in given.values()] != [4, 4, 2]:
        raise ValueError("shapes")
    if power not in (2, 3):
        raise ValueError("power")
    nodes = _graph(**given, target=float(target), power=power)
    values = {name: np.array([node.value for node in nodes[name]]) for name in ("a", "c")}
    numbers = {name: nodes[name][0].value for name in ("y", "C")}
    return {**values, **numbers, **{name: np.array(v) for name, v in given.items()}, "target": target, "power": power}


def max_graph_backward(cache):
    """Build the graph again and walk it back."""
    nodes = _graph(*(cache[name] for name in ("x", "w", "b", "target", "power")))
    nodes["C"][0].backward()
    grads = {name: np.array([node.grad for node in nodes[name]]) for name in ("c", "a", "b", "w", "x")}
    return {"y": nodes["y"][0].grad, **grads}


class Composite:
    """f after g."""

    def __init__(self, W, u):
        self.W, self.u = as_floats(W, "W", 2), as_floats(u, "u", 1)
        if self.W.shape[1] != len(self.u):
            raise ValueError("W and u")
        self.g = self.W @ (self.u * self.u)

    def value(self):
        return float(self.g @ self.g)

    def gradient(self):
        df = 2 * self.g
        dsquares = df @ self.W
        return dsquares * (2 * self.u)


def composite_value(W, u):
    """Ask the composite."""
    return Composite(W, u).value()


def composite_gradient(W, u):
    """Ask the composite."""
    return Composite(W, u).gradient()


def mse_gradient(X, outputs, targets):
    """Let a linear layer go back."""
    outputs, targets = as_floats(outputs, "outputs", 2), as_floats(targets, "targets", 2)
    X = as_floats(X, "X", 2)
    if outputs.shape != targets.shape or len(X) != len(outputs):
        raise ValueError("shapes")
    return Linear.weight_gradient(X, 2 * (outputs - targets) / len(X))


class Preprocessor:
    """Mean and std of the training images."""

    def __init__(self, mean, std):
        if isinstance(mean, bool) or not isinstance(mean, (int, float, np.integer, np.floating)):
            raise TypeError("mean")
        require_positive(std, "std")
        self.mean, self.std = mean, std

    def __call__(self, images):
        images = as_floats(images, "images", 2, 3)
        if images.shape[1:] not in ((28, 28), (784,)):
            raise ValueError("images")
        rows = images.reshape(len(images), -1)
        return np.append((rows - self.mean) / self.std, np.ones((len(rows), 1)), axis=1)


def preprocess_mnist(images, mean, std):
    """Call a preprocessor."""
    return Preprocessor(mean, std)(images)


class Linear:
    """A layer that can be made again from its cache."""

    def __init__(self, W, b=None):
        self.W = as_floats(W, "W", 2)
        self.b = b if b is None else as_floats(b, "b", 1)

    def forward(self, x):
        x = as_floats(x, "x")
        if x.ndim < 2:
            raise ValueError("x")
        rows = x.reshape(len(x), -1)
        if rows.shape[1] != self.W.shape[0] or self.b.shape != self.W.shape[1:]:
            raise ValueError("shapes")
        return rows @ self.W + self.b

    @staticmethod
    def weight_gradient(rows, dout):
        return rows.T @ dout

    def backward(self, x, dout):
        dout = as_floats(dout, "dout", 2)
        if dout.shape != (x.shape[0], self.W.shape[1]):
            raise ValueError("dout")
        rows = x.reshape(len(x), -1)
        return np.matmul(dout, self.W.T).reshape(x.shape), self.weight_gradient(rows, dout), np.sum(dout, axis=0)


def linear_forward(x, W, b):
    """Use a layer."""
    layer = Linear(W, b)
    return layer.forward(x), {"x": np.array(x, dtype=np.float64), "W": np.array(layer.W)}


def linear_backward(dout, cache):
    """Use the layer again."""
    return Linear(cache["W"]).backward(cache["x"], dout)


class Dense:
    """A layer of a network: it reads its weights from the network's parameters whenever it is used."""

    def __init__(self, net, number):
        self.net, self.names = net, (f"W{number}", f"b{number}")

    def forward(self, x):
        self.x = x
        self.layer = Linear(*(self.net.params[name] for name in self.names))
        return self.layer.forward(x)

    def backward(self, dout, grads, reg):
        dx, dW, db = self.layer.backward(self.x, dout)
        weight, bias = self.names
        grads[weight], grads[bias] = dW + 2 * reg * self.layer.W, db
        return dx

    def penalty(self):
        return float(np.sum(self.net.params[self.names[0]] ** 2))


class ReluLayer:
    """An activation as a layer."""

    activation = LeakyRelu(0.0)

    def forward(self, x):
        self.mask = self.activation.slope(x)
        return x * self.mask

    def backward(self, dout, grads, reg):
        return dout * self.mask

    def penalty(self):
        return 0.0


class TwoLayerNet:
    """A list of layers."""

    def __init__(self, input_size, hidden_size, num_classes, std=1e-4, seed=0):
        rng = np.random.default_rng(seed)
        self.params = {}
        for number, (inputs, outputs) in enumerate([(input_size, hidden_size), (hidden_size, num_classes)], start=1):
            self.params[f"W{number}"] = rng.normal(scale=std, size=(inputs, outputs))
            self.params[f"b{number}"] = np.zeros(outputs)
        self.layers = [Dense(self, 1), ReluLayer(), Dense(self, 2)]

    def scores(self, X):
        """Go forward."""
        value = as_floats(X, "X", 2)
        for layer in self.layers:
            value = layer.forward(value)
        return value

    def loss(self, X, y, reg=0.0):
        """Go forward, then back through the reversed list."""
        head, grads = SoftmaxHead(self.scores(X)), {}
        loss = head.loss(y) + reg * sum(layer.penalty() for layer in self.layers)
        dout = head.backward()
        for layer in reversed(self.layers):
            dout = layer.backward(dout, grads, reg)
        return float(loss), grads

    def predict(self, X):
        """Largest score."""
        return self.scores(X).argmax(axis=1).astype(np.int64)


class SGD:
    """An optimiser with a memory."""

    def __init__(self, lr, momentum=0.0, velocity=None):
        require_positive(lr, "lr")
        if not (0 <= momentum < 1):
            raise ValueError("momentum")
        self.lr, self.momentum, self.velocity = lr, momentum, velocity

    def step(self, params, grads):
        before = self.velocity if self.velocity is not None else {name: np.zeros_like(v) for name, v in params.items()}
        if not set(params) == set(grads) == set(before):
            raise ValueError("names")
        self.velocity = {name: self.momentum * before[name] + grads[name] for name in params}
        return {name: params[name] - self.lr * self.velocity[name] for name in params}


def sgd_update(params, grads, lr, momentum=0.0, velocity=None):
    """Let an optimiser take one step."""
    optimiser = SGD(lr, momentum, velocity)
    return optimiser.step(params, grads), optimiser.velocity


class Minibatches:
    """An iterator over one epoch."""

    def __init__(self, X, y, batch_size, rng, shuffle, drop_last):
        require_int(batch_size, "batch_size", 1)
        if len(X) != len(y):
            raise ValueError("lengths")
        self.X, self.y, self.size = X, y, batch_size
        self.left = list(rng.permutation(len(y)) if shuffle else range(len(y)))
        self.least = batch_size if drop_last else 1

    def __iter__(self):
        return self

    def __next__(self):
        if len(self.left) < self.least:
            raise StopIteration
        chosen, self.left = self.left[: self.size], self.left[self.size :]
        return self.X[chosen], self.y[chosen]


def iterate_minibatches(X, y, batch_size, rng, *, shuffle=True, drop_last=False):
    """Build an iterator."""
    return Minibatches(X, y, batch_size, rng, shuffle, drop_last)


class Training:
    """A network, an optimiser, and what was seen."""

    def __init__(self, net, lr, momentum, reg):
        self.net, self.optimiser, self.reg = net, SGD(lr, momentum), reg
        self.history = {"train_loss": [], "val_accuracy": []}

    def epoch(self, batches, X_val, y_val):
        weighted, seen = 0.0, 0
        for X, y in batches:
            loss, grads = self.net.loss(X, y, self.reg)
            self.net.params = self.optimiser.step(self.net.params, grads)
            weighted, seen = weighted + loss * len(y), seen + len(y)
        self.history["train_loss"].append(float(weighted / seen))
        self.history["val_accuracy"].append(float((self.net.predict(X_val) == y_val).mean()))


def fit_classifier(net, data, epochs, batch_size, lr, reg, rng, momentum=0.0):
    """Run a training."""
    training = Training(net, lr, momentum, reg)
    for _ in range(epochs):
        batches = iterate_minibatches(data["X_train"], data["y_train"], batch_size, rng)
        training.epoch(batches, data["X_val"], data["y_val"])
    return training.history


class Answers(dict):
    """Answers that can be added up."""

    def __add__(self, other):
        return Answers({**self, **other})


def concept_check():
    """Answer by topics."""
    tasks = Answers(mnist_task="classification", age_task="regression", mnist_inputs=784, mnist_outputs=10)
    training = Answers(training_steps=["architecture", "forward", "loss", "backward", "update"])
    networks = Answers(
        one_layer_can_learn_xor=False,
        stacked_linear_layers="as much as one layer can",
        hidden_layer_approximates="any continuous function",
    )
    activations = Answers(
        sigmoid_grad_max=0.25,
        tanh_grad_max=1.0,
        relu_problem="dead neuron",
        leaky_coefficient=0.01,
        c_infinity_activations={"sigmoid", "tanh"},
    )
    descent = Answers(
        gd_direction="negative gradient",
        batch_gd_cost="slow and needs memory",
        sgd_noise="useful",
        test_data_use="the final number",
    )
    return dict(tasks + training + networks + activations + descent)


class RnnCell:
    """The weights of a recurrent layer."""

    def __init__(self, W_xh, W_hh, W_hy):
        self.W_xh, self.W_hh, self.W_hy = W_xh, W_hh, W_hy

    def step(self, x, h):
        state = Tanh().value(h @ self.W_hh + x @ self.W_xh)
        return state @ self.W_hy, state


def rnn_step(x, h, W_xh, W_hh, W_hy):
    """Let a cell step."""
    return RnnCell(W_xh, W_hh, W_hy).step(x, h)


class LstmCell:
    """The weights of an LSTM, cut into gates."""

    def __init__(self, W, b):
        self.gates = list(zip("ifog", np.hsplit(W, 4), np.split(b, 4)))

    def step(self, x, h, c):
        inputs = np.hstack([x, h])
        acts = {"g": Tanh()}
        v = {name: acts.get(name, Sigmoid()).value(inputs @ W + b) for name, W, b in self.gates}
        cell = v["f"] * c + v["i"] * v["g"]
        return v["o"] * np.tanh(cell), cell


def lstm_step(x, h, c, W, b):
    """Let a cell step."""
    return LstmCell(W, b).step(x, h, c)


def scaled_dot_product_attention(q, k, v):
    """Let a head make probabilities."""
    weights = SoftmaxHead(q @ k.T * q.shape[1] ** -0.5).probs
    return weights @ v, weights


class Hinge:
    """Margins against the right class."""

    def __init__(self, scores, y):
        self.rows, self.y = np.arange(len(y)), y
        margins = scores - scores[self.rows, y].reshape(-1, 1) + 1
        margins[self.rows, y] = 0
        self.margins = np.maximum(margins, 0)

    def loss(self):
        return float(self.margins.sum() / len(self.y))

    def backward(self):
        grad = np.where(self.margins > 0, 1.0, 0.0)
        grad[self.rows, self.y] -= grad.sum(axis=1)
        return grad / len(self.y)


def multiclass_hinge_loss(scores, y):
    """Ask the margins."""
    hinge = Hinge(scores, y)
    return hinge.loss(), hinge.backward()


def xyz_graph_backward(x, y, z):
    """Build a graph of nodes for each element."""
    grads = np.zeros((3, *z.shape))
    for place in np.ndindex(z.shape):
        nodes = [Node(values[place]) for values in (x, y, z)]
        (nodes[0] * nodes[1] + nodes[2]).backward()
        grads[(slice(None), *place)] = [node.grad for node in nodes]
    return tuple(np.array(grad) for grad in grads)


def prelu_grad(z, a):
    """Ask a leaky relu, and look at what it leaks."""
    return LeakyRelu(a).slope(z), np.where(z > 0, 0.0, z)


def collapse_linear_layers(weights):
    """Send the unit vectors through the layers."""
    columns = np.eye(weights[0].shape[1])
    for W in weights:
        columns = W @ columns
    return columns
