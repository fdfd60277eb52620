"""Derivatives by complex steps, exact to the last digit; loops that write into buffers; training without own batches."""

import math
import sys
from itertools import count
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


STEP = 1e-30  # f(z + ih) = f(z) + ih f'(z): nothing is subtracted, so nothing is lost


def _slope(f, z):
    """Differentiate a function of each number."""
    return np.imag(f(z + 1j * STEP)) / STEP


def _partials(f, x):
    """Differentiate a function of all numbers, one after the other."""
    result = np.empty(x.shape)
    for place in np.ndindex(*x.shape):
        moved = x.astype(complex)
        moved[place] += 1j * STEP
        result[place] = f(moved).imag / STEP
    return result


def _squash(z):
    """The sigmoid, of complex numbers too: e to a power whose real part is never positive."""
    positive = z.real >= 0
    power = np.exp(np.where(positive, -z, z))
    return np.where(positive, 1, power) / (1 + power)


def _tanh(z):
    return 2 * _squash(2 * z) - 1


def sigmoid(z):
    """Of real numbers."""
    return _squash(as_floats(z, "z"))


def sigmoid_grad(z):
    """By a complex step."""
    return _slope(_squash, as_floats(z, "z"))


def tanh(z):
    """A sigmoid, stretched; near 0 numpy's own is more exact."""
    return np.tanh(as_floats(z, "z"))


def tanh_grad(z):
    """By a complex step."""
    return _slope(_tanh, as_floats(z, "z"))


def relu(z):
    """Write zeros."""
    result = np.array(as_floats(z, "z"))
    np.putmask(result, result < 0, 0)
    return result


def relu_grad(z):
    """1 at 0 as well, which is accepted; by heaviside."""
    return np.heaviside(as_floats(z, "z"), 1.0)


def leaky_relu(z, alpha=0.01):
    """Scale in place, where negative."""
    result = as_floats(z, "z").copy()
    np.multiply(result, alpha, out=result, where=result < 0)
    return result


def leaky_relu_grad(z, alpha=0.01):
    """1 at 0 as well."""
    result = np.ones(as_floats(z, "z").shape)
    np.place(result, np.asarray(z) < 0, [alpha])
    return result


def softmax(z):
    """Divide e^(z_j - z_k) sums: 1 / sum over j of e^(z_j - z_k), where overflow would be in parts that are 0."""
    z = as_floats(z, "z", 2)
    result = z - np.amax(z, axis=1)[:, np.newaxis]
    np.exp(result, out=result)
    result /= result @ np.ones((result.shape[1], 1))
    return result


def one_hot(labels, num_classes):
    """Write ones at flat places."""
    require_int(num_classes, "num_classes", 1)
    if not isinstance(labels, np.ndarray):
        raise TypeError("labels")
    if labels.shape[1:] == (1,):
        labels = labels.T[0]
    if labels.ndim != 1:
        raise ValueError("labels")
    labels = as_labels(labels, labels.size, num_classes)
    result = np.zeros(labels.size * num_classes)
    result[np.arange(labels.size) * num_classes + labels] = 1
    return result.reshape(-1, num_classes)


def softmax_cross_entropy(logits, labels):
    """Go through the samples; the gradient is written where the powers were."""
    scores = np.array(as_floats(logits, "logits", 2))
    labels = as_labels(labels, scores.shape[0], scores.shape[1])
    losses = []
    for row, label in zip(scores, labels):
        row -= row.max()
        right = row[label]
        np.exp(row, out=row)
        total = row.sum()
        losses.append(math.log(total) - right)
        row /= total
        row[label] -= 1
    scores /= len(labels)
    return math.fsum(losses) / len(labels), scores


def binary_cross_entropy(probs, targets):
    """Add up exactly."""
    probs, targets = as_floats(probs, "probs", 2), as_floats(targets, "targets", 2)
    if probs.shape != targets.shape:
        raise ValueError("shapes")
    terms = []
    for p, t in zip(probs.flat, targets.flat):
        if not (0 <= p <= 1 and 0 <= t <= 1):
            raise ValueError("from 0 to 1")
        p = min(max(p, 1e-12), 1 - 1e-12)
        terms += [-t * math.log(p), -(1 - t) * math.log1p(-p)]
    return math.fsum(terms) / len(probs)


def numerical_gradient(f, x, eps=1e-5):
    """Move one number of one buffer, with nditer; f gets a copy each time."""
    if not callable(f):
        raise TypeError("f")
    require_positive(eps, "eps")
    x = np.array(as_floats(x, "x"), order="C")
    gradient = np.empty_like(x)
    places = np.nditer(x, flags=["multi_index"])
    for _ in places:
        place = places.multi_index
        before = x[place]
        ends = []
        for sign in (+1, -1):
            x[place] = before + sign * eps
            end = np.ravel(f(x.copy()))
            if end.shape != (1,):
                raise ValueError("f gives more than one number")
            ends.append(float(end[0]))
        x[place] = before
        gradient[place] = (ends[0] - ends[1]) / eps / 2
    return gradient


def _cost(x, w, b, target, power):
    c0, c1 = x[0] * w[0] + x[1] * w[1] + b[0], x[2] * w[2] + x[3] * w[3] + b[1]
    y = c0 if c0.real >= c1.real else c1
    return (y - target) ** power


def max_graph_forward(x, w, b, target, power=2):
    """Write the graph out, number by number."""
    x, w, b = as_floats(x, "x", 1), as_floats(w, "w", 1), as_floats(b, "b", 1)
    if x.size != 4 or w.size != 4 or b.size != 2:
        raise ValueError("sizes")
    if power not in range(2, 4):
        raise ValueError("power")
    a = np.array([w[i] * x[i] for i in range(4)])
    c = np.array([a[0] + a[1] + b[0], a[2] + a[3] + b[1]])
    y = float(max(c))
    return dict(a=a, c=c, y=y, C=float((y - target) ** power), x=x, w=w, b=b, target=target, power=power)


def max_graph_backward(cache):
    """Complex steps for the leaves; a sum passes its gradient on, so c and a have that of b."""
    x, w, b, target, power = (cache[name] for name in ("x", "w", "b", "target", "power"))
    db = _partials(lambda b: _cost(x, w, b, target, power), b)
    return {
        "b": db,
        "c": db.copy(),
        "a": db[[0, 0, 1, 1]],
        "y": float(db.sum()),
        "w": _partials(lambda w: _cost(x, w, b, target, power), w),
        "x": _partials(lambda x: _cost(x, w, b, target, power), x),
    }


def _composite(W, u):
    return ((W @ (u * u)) ** 2).sum()


def _fitting(W, u):
    W, u = as_floats(W, "W", 2), as_floats(u, "u", 1)
    if W.shape[1:] != u.shape:
        raise ValueError("shapes")
    return W, u


def composite_value(W, u):
    """One line."""
    return float(_composite(*_fitting(W, u)))


def composite_gradient(W, u):
    """By complex steps."""
    W, u = _fitting(W, u)
    return _partials(lambda moved: _composite(W, moved), u)


def mse_gradient(X, outputs, targets):
    """Tensordot over the samples."""
    X, outputs, targets = (as_floats(v, n, 2) for v, n in ((X, "X"), (outputs, "outputs"), (targets, "targets")))
    if outputs.shape != targets.shape or X.shape[0] != targets.shape[0]:
        raise ValueError("shapes")
    error = np.subtract(outputs, targets)
    error *= 2.0 / X.shape[0]
    return np.tensordot(X, error, axes=(0, 0))


def preprocess_mnist(images, mean, std):
    """Insert ones behind, in place of a stack."""
    images = as_floats(images, "images", 2, 3)
    require_positive(std, "std")
    if type(mean) is bool or not np.isscalar(mean) or not np.isreal(mean) or isinstance(mean, str):
        raise TypeError("mean")
    if images.shape[1:] not in [(28, 28), (784,)]:
        raise ValueError("shape")
    flat = np.insert(images.reshape(len(images), -1), 784, 0, axis=1)
    flat -= mean
    flat /= std
    flat[:, -1] = 1.0
    return flat


def linear_forward(x, W, b):
    """The cache is a list; its arrays are copies, so that nobody changes them from outside."""
    x, W, b = as_floats(x, "x"), as_floats(W, "W", 2), as_floats(b, "b", 1)
    if x.ndim < 2:
        raise ValueError("x")
    rows = x.reshape(x.shape[0], -1).copy()
    if rows.shape[1] != W.shape[0] or b.size != W.shape[1]:
        raise ValueError("W or b")
    return np.dot(rows, W) + b, [list(x.shape), rows, W.T.copy()]


def linear_backward(dout, cache):
    """Turned products."""
    shape, rows, turned = cache
    dout = as_floats(dout, "dout", 2)
    if dout.shape != (rows.shape[0], turned.shape[0]):
        raise ValueError("dout")
    dx = np.dot(dout, turned)
    return dx.reshape(shape), np.dot(dout.T, rows).T, np.ones(len(dout)) @ dout


class TwoLayerNet:
    """All numbers lie in one vector; params shows parts of it, and whoever sets params copies into it."""

    def __init__(self, input_size, hidden_size, num_classes, std=1e-4, seed=0):
        self._shapes = {
            "W1": (input_size, hidden_size),
            "b1": (hidden_size,),
            "W2": (hidden_size, num_classes),
            "b2": (num_classes,),
        }
        self._vector = np.zeros(sum(map(math.prod, self._shapes.values())))
        random = np.random.RandomState(seed)
        for name, part in self.params.items():
            if part.ndim == 2:
                part[...] = random.normal(0, std, part.shape)

    @property
    def params(self):
        return self._parts(self._vector)

    @params.setter
    def params(self, new):
        for name, part in self.params.items():
            part[...] = new[name]

    def _parts(self, vector):
        parts, start = {}, 0
        for name, shape in self._shapes.items():
            parts[name] = vector[start : start + math.prod(shape)].reshape(shape)
            start += math.prod(shape)
        return parts

    def _hidden(self, X):
        z = np.matmul(X, self.params["W1"])
        z += self.params["b1"]
        return np.maximum(z, 0, out=z)

    def scores(self, X):
        """Two products."""
        return self._hidden(X) @ self.params["W2"] + self.params["b2"]

    def loss(self, X, y, reg=0.0):
        """Write all gradients into parts of one vector."""
        hidden = self._hidden(X)
        W1, W2 = self.params["W1"], self.params["W2"]
        loss, error = softmax_cross_entropy(hidden @ W2 + self.params["b2"], y)
        grads = self._parts(np.zeros_like(self._vector))
        np.matmul(hidden.T, error, out=grads["W2"])
        error.sum(axis=0, out=grads["b2"])
        back = error @ W2.T
        back[hidden <= 0] = 0
        np.matmul(X.T, back, out=grads["W1"])
        back.sum(axis=0, out=grads["b1"])
        for name in ("W1", "W2"):
            grads[name] += 2 * reg * self.params[name]
        return float(loss + reg * (np.vdot(W1, W1) + np.vdot(W2, W2))), grads

    def predict(self, X):
        """Sort, and take the last; of equal ones the first."""
        return np.argsort(-self.scores(X), axis=1, kind="stable")[:, 0]


def sgd_update(params, grads, lr, momentum=0.0, velocity=None):
    """Deep copies, changed in place."""
    require_positive(lr, "lr")
    if not (momentum >= 0 and momentum < 1):
        raise ValueError("momentum")
    if velocity is None:
        velocity = {name: np.zeros(np.shape(value)) for name, value in params.items()}
    if not sorted(params) == sorted(grads) == sorted(velocity):
        raise ValueError("names")
    new, moving = {}, {}
    for name in sorted(params):
        v = np.array(velocity[name], dtype=float)
        v *= momentum
        v += grads[name]
        w = np.array(params[name], dtype=float)
        w -= lr * v
        new[name], moving[name] = w, v
    return new, moving


def iterate_minibatches(X, y, batch_size, rng, *, shuffle=True, drop_last=False):
    """Check at the call; sort random numbers; give a list of views of shuffled copies."""
    require_int(batch_size, "batch_size", 1)
    if len(X) != len(y):
        raise ValueError("lengths")
    order = np.argsort(rng.random(len(X))) if shuffle else slice(None)
    X, y = X[order], y[order]
    last = len(X) - len(X) % batch_size if drop_last else len(X)
    return [(X[i : min(i + batch_size, last)], y[i : min(i + batch_size, last)]) for i in range(0, last, batch_size)]


def fit_classifier(net, data, epochs, batch_size, lr, reg, rng, momentum=0.0):
    """Shuffle and step here, with an own velocity; a line for each epoch on standard error."""
    X, y = data["X_train"], data["y_train"]
    velocity = {name: np.zeros_like(value) for name, value in net.params.items()}
    net.params = {name: np.array(value) for name, value in net.params.items()}
    history = {"train_loss": [], "val_accuracy": []}
    for epoch in count(1):
        if epoch > epochs:
            return history
        losses = np.zeros(len(X))
        for batch in np.split(rng.permutation(len(X)), range(batch_size, len(X), batch_size)):
            losses[batch], grads = net.loss(X[batch], y[batch], reg)
            for name in velocity:
                velocity[name] = momentum * velocity[name] + grads[name]
            net.params = {name: value - lr * velocity[name] for name, value in net.params.items()}
        history["train_loss"].append(losses.mean().item())
        history["val_accuracy"].append(float(np.count_nonzero(net.predict(data["X_val"]) == data["y_val"]) / len(data["y_val"])))
        print(f"epoch {epoch}: {history['train_loss'][-1]:.4f}", file=sys.stderr)


def concept_check():
    """Answer."""
    return dict(
        mnist_task="classification",
        age_task="regression",
        mnist_inputs=784,
        mnist_outputs=10,
        training_steps=["architecture", "forward", "loss", "backward", "update"],
        one_layer_can_learn_xor=False,
        stacked_linear_layers="as much as one layer can",
        hidden_layer_approximates="any continuous function",
        sigmoid_grad_max=1 / 4,
        tanh_grad_max=1,
        relu_problem="dead neuron",
        leaky_coefficient=1e-2,
        c_infinity_activations={"tanh", "sigmoid"},
        gd_direction="negative gradient",
        batch_gd_cost="slow and needs memory",
        sgd_noise="useful",
        test_data_use="the final number",
    )


def rnn_step(x, h, W_xh, W_hh, W_hy):
    """One product of joined matrices."""
    state = np.tanh(np.concatenate([h, x], axis=1) @ np.concatenate([W_hh, W_xh], axis=0))
    return state @ W_hy, state


def lstm_step(x, h, c, W, b):
    """Gates in a dict, by their letters."""
    z = np.c_[x, h] @ W + b
    size = h.shape[1]
    gates = {name: z[:, k * size : (k + 1) * size] for k, name in enumerate("ifog")}
    cell = _squash(gates["f"]) * c + _squash(gates["i"]) * np.tanh(gates["g"])
    return _squash(gates["o"]) * np.tanh(cell), cell


def scaled_dot_product_attention(q, k, v):
    """One query at a time."""
    weights = np.empty((len(q), len(k)))
    for row, query in zip(weights, q):
        fit = k @ query / q.shape[1] ** 0.5
        row[:] = np.exp(fit - fit.max())
        row /= row.sum()
    return weights @ v, weights


def multiclass_hinge_loss(scores, y):
    """One sample at a time."""
    dscores, losses = np.zeros(scores.shape), []
    for row, grad, right in zip(scores, dscores, y):
        for label, score in enumerate(row):
            margin = score - row[right] + 1
            if label != right and margin > 0:
                losses.append(margin)
                grad[label] += 1 / len(scores)
                grad[right] -= 1 / len(scores)
    return math.fsum(losses) / len(scores), dscores


def xyz_graph_backward(x, y, z):
    """Copies of the other factor."""
    return np.array(y, dtype=float), np.array(x, dtype=float), np.ones_like(z, dtype=float)


def prelu_grad(z, a):
    """By complex steps."""
    step = 1j * STEP
    f = lambda z, a: np.where(z.real > 0, z, a * z)
    return f(z + step, a).imag / STEP, f(z + 0j, a + step).imag / STEP


def collapse_linear_layers(weights):
    """From the last layer on; multi_dot would choose the order."""
    *before, last = weights
    return last.copy() if not before else last @ collapse_linear_layers(before)


images, labels = load_digits()  # a look at the data, each time the module is imported
print(images.shape, labels.shape, np.bincount(labels))
