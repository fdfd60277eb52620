"""Log-sum-exp everywhere: probabilities are logarithms until the last line."""

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


def softplus(z):
    """log(1 + e^z), for any z."""
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def log_sum_exp(z, axis):
    """log of the sum of e^z along an axis, which stays."""
    top = np.max(z, axis=axis, keepdims=True)
    return top + np.log(np.sum(np.exp(z - top), axis=axis, keepdims=True))


def sigmoid(z):
    """log sigmoid(z) is -softplus(-z)."""
    return np.exp(-softplus(-as_floats(z, "z")))


def sigmoid_grad(z):
    """The log of a (1 - a) is -softplus(-z) - softplus(z)."""
    z = as_floats(z, "z")
    return np.exp(-softplus(-z) - softplus(z))


def tanh(z):
    """1 - 2 sigmoid(-2 z)."""
    return 1 - 2 * np.exp(-softplus(2 * as_floats(z, "z")))


def tanh_grad(z):
    """4 times the sigmoid's derivative at 2 z."""
    z = 2 * as_floats(z, "z")
    return np.exp(math.log(4) - softplus(-z) - softplus(z))


def relu(z):
    """The softplus without its tail."""
    return np.maximum(0.0, as_floats(z, "z"))


def relu_grad(z):
    """Sign of the relu."""
    return np.sign(relu(z))


def leaky_relu(z, alpha=0.01):
    """relu(z) - alpha relu(-z)."""
    z = as_floats(z, "z")
    return np.maximum(z, 0) - alpha * np.maximum(-z, 0)


def leaky_relu_grad(z, alpha=0.01):
    """In two steps."""
    z = as_floats(z, "z")
    slopes = np.full_like(z, alpha)
    slopes[z > 0] = 1
    return slopes


def log_softmax(z):
    """Subtract each row's log-sum-exp."""
    return z - log_sum_exp(z, 1)


def softmax(z):
    """Leave log space at the end."""
    return np.exp(log_softmax(as_floats(z, "z", 2)))


def one_hot(labels, num_classes):
    """Use rows of the identity, after the checks."""
    require_int(num_classes, "num_classes", 1)
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in ("i", "u"):
        raise TypeError("labels must be integers")
    if labels.ndim == 0 or labels.ndim > 2 or labels.ndim == 2 and labels.shape[1] != 1:
        raise ValueError("labels must be (N,) or (N, 1)")
    flat = labels.ravel()
    if np.any(flat < 0) or np.any(flat >= num_classes):
        raise ValueError("label out of range")
    return np.take(np.identity(num_classes), flat, axis=0)


def softmax_cross_entropy(logits, labels):
    """Mean of log-sum-exp minus the right scores."""
    logits = as_floats(logits, "logits", 2)
    N, K = logits.shape
    labels = as_labels(labels, N, K)
    log_probs = log_softmax(logits)
    dlogits = np.exp(log_probs)
    dlogits[np.arange(N), labels] -= 1
    dlogits /= N
    return float(-np.mean([log_probs[n, label] for n, label in enumerate(labels)])), dlogits


def binary_cross_entropy(probs, targets):
    """Turn probabilities into log odds, and use the softplus."""
    p, t = as_floats(probs, "probs", 2), as_floats(targets, "targets", 2)
    if p.shape != t.shape:
        raise ValueError("shapes")
    if np.isnan(p).any() or np.isnan(t).any() or min(p.min(), t.min()) < 0 or max(p.max(), t.max()) > 1:
        raise ValueError("range")
    p = np.clip(p, 1e-12, 1 - 1e-12)
    odds = np.log(p) - np.log(1 - p)
    return float(np.mean(np.sum(softplus(odds) - t * odds, axis=1)))


def numerical_gradient(f, x, eps=1e-5):
    """Reset the whole point each time."""
    if not callable(f):
        raise TypeError("f")
    require_positive(eps, "eps")
    x = as_floats(x, "x")
    gradient = np.zeros(x.shape)
    for index, value in np.ndenumerate(x):
        ends = []
        for moved in (value + eps, value - eps):
            point = x.copy()
            point[index] = moved
            result = np.asarray(f(point))
            if result.shape not in ((), (1,)) and result.size != 1:
                raise ValueError("f")
            ends.append(float(result.ravel()[0]))
        gradient[index] = (ends[0] - ends[1]) / eps / 2
    return gradient


def max_graph_forward(x, w, b, target, power=2):
    """Keep which branch won as a number."""
    x, w, b = (as_floats(v, n, 1) for v, n in ((x, "x"), (w, "w"), (b, "b")))
    if x.size != 4 or w.size != 4:
        raise ValueError("x and w have four elements")
    if b.size != 2:
        raise ValueError("b has two elements")
    if power not in [2, 3]:
        raise ValueError("power")
    a = np.multiply(w, x)
    c = np.array([np.sum(a[:2]) + b[0], np.sum(a[2:]) + b[1]])
    winner = 1 if c[1] > c[0] else 0
    error = float(c[winner]) - target
    cost = error**2 if power == 2 else error**3
    saved = np.concatenate([x, w, [error, power, winner]])
    return {"a": a, "c": c, "y": float(c[winner]), "C": float(cost), "saved": saved}


def max_graph_backward(cache):
    """Unpack one array."""
    x, w, (error, power, winner) = np.split(cache["saved"], [4, 8])
    dy = float(power) * float(error) ** int(power - 1)
    d = {"y": dy, "c": np.zeros(2), "a": np.zeros(4)}
    d["c"][int(winner)] = dy
    d["a"][2 * int(winner) : 2 * int(winner) + 2] = dy
    return {**d, "b": d["c"].copy(), "w": d["a"] * x, "x": d["a"] * w}


def composite_value(W, u):
    """Norm of g, squared."""
    W, u = as_floats(W, "W", 2), as_floats(u, "u", 1)
    if W.shape[1] != u.size:
        raise ValueError("shapes")
    return float(np.linalg.norm(W @ np.square(u)) ** 2)


def composite_gradient(W, u):
    """Two Jacobians."""
    W, u = as_floats(W, "W", 2), as_floats(u, "u", 1)
    if W.shape[1] != u.size:
        raise ValueError("shapes")
    g = W @ np.square(u)
    return (2 * g) @ (W @ np.diag(2 * u))


def mse_gradient(X, outputs, targets):
    """Mean over samples as a product with weights 1 / N."""
    X, outputs, targets = as_floats(X, "X", 2), as_floats(outputs, "outputs", 2), as_floats(targets, "targets", 2)
    if outputs.shape != targets.shape:
        raise ValueError("outputs and targets")
    if len(X) != len(outputs):
        raise ValueError("X and outputs")
    share = np.full(len(X), 1 / len(X))
    return np.matmul((X * share[:, np.newaxis]).T, -2.0 * (targets - outputs))


def preprocess_mnist(images, mean, std):
    """Insert a column after the last one."""
    images = as_floats(images, "images", 2, 3)
    require_positive(std, "std")
    if isinstance(mean, bool) or not isinstance(mean, (int, float, np.integer, np.floating)):
        raise TypeError("mean")
    if images.shape[1:] != (784,) and images.shape[1:] != (28, 28):
        raise ValueError("shape")
    rows = (images - mean).reshape(-1, 784) / std
    return np.insert(rows, 784, 1.0, axis=1)


def linear_forward(x, W, b):
    """dot, then add."""
    x, W, b = as_floats(x, "x"), as_floats(W, "W", 2), as_floats(b, "b", 1)
    if x.ndim == 1 or x.ndim == 0:
        raise ValueError("x")
    rows = np.reshape(x, (x.shape[0], int(np.prod(x.shape[1:]))))
    if rows.shape[1] != W.shape[0] or b.shape[0] != W.shape[1]:
        raise ValueError("shapes")
    return np.add(rows.dot(W), b), (rows.copy(), W.copy(), x.shape)


def linear_backward(dout, cache):
    """Three sums."""
    rows, W, shape = cache
    dout = as_floats(dout, "dout", 2)
    if dout.shape[0] != rows.shape[0] or dout.shape[1] != W.shape[1]:
        raise ValueError("dout")
    return dout.dot(W.T).reshape(shape), rows.T.dot(dout), np.add.reduce(dout, axis=0)


class TwoLayerNet:
    """Uses only log-probabilities of its scores."""

    def __init__(self, input_size, hidden_size, num_classes, std=1e-4, seed=0):
        rng = np.random.RandomState(seed)
        shapes = dict(W1=(input_size, hidden_size), W2=(hidden_size, num_classes))
        self.params = {name: rng.normal(0, std, shape) for name, shape in shapes.items()}
        self.params.update(b1=np.zeros(hidden_size), b2=np.zeros(num_classes))

    def scores(self, X):
        """Two products."""
        return self._scores(self._inputs(X))

    def _inputs(self, X):
        return as_floats(X, "X", 2) @ self.params["W1"] + self.params["b1"]

    def _scores(self, z):
        return np.maximum(z, 0) @ self.params["W2"] + self.params["b2"]

    def loss(self, X, y, reg=0.0):
        """Derive by hand, without the layers above."""
        X = as_floats(X, "X", 2)
        z = self._inputs(X)
        scores = self._scores(z)
        y = as_labels(y, len(X), scores.shape[1])
        log_probs = log_softmax(scores)
        rows = np.arange(len(X))
        ds = np.exp(log_probs) / len(X)
        ds[rows, y] -= 1 / len(X)
        dz = ds @ self.params["W2"].T
        dz *= z > 0
        grads = {"W1": X.T @ dz, "b1": dz.sum(axis=0), "W2": np.maximum(z, 0).T @ ds, "b2": ds.sum(axis=0)}
        loss = -log_probs[rows, y].mean()
        for name in grads:
            if name.startswith("W"):
                loss += reg * np.sum(np.square(self.params[name]))
                grads[name] = grads[name] + reg * 2 * self.params[name]
        return float(loss), grads

    def predict(self, X):
        """The largest log-probability."""
        return np.argmax(log_softmax(self.scores(X)), axis=1).astype(np.int64)


def sgd_update(params, grads, lr, momentum=0.0, velocity=None):
    """Copy the dicts, then replace entries."""
    require_positive(lr, "lr")
    if momentum < 0 or momentum >= 1:
        raise ValueError("momentum")
    if velocity is None:
        velocity = {name: 0 * value for name, value in grads.items()}
    if sorted(params) != sorted(grads) or sorted(params) != sorted(velocity):
        raise ValueError("names")
    params, velocity = dict(params), dict(velocity)
    for name in params:
        velocity[name] = momentum * velocity[name] + grads[name]
        params[name] = params[name] - lr * velocity[name]
    return params, velocity


def iterate_minibatches(X, y, batch_size, rng, *, shuffle=True, drop_last=False):
    """Shuffle both arrays into copies, then slice."""
    require_int(batch_size, "batch_size", 1)
    if len(X) != len(y):
        raise ValueError("lengths")
    if shuffle:
        order = rng.permutation(len(y))
        X, y = X[order], y[order]
    end = len(y) - len(y) % batch_size if drop_last else len(y)
    return iter([(X[i : i + batch_size], y[i : i + batch_size]) for i in range(0, end, batch_size)])


def fit_classifier(net, data, epochs, batch_size, lr, reg, rng, momentum=0.0):
    """Own batches, own steps: only the network is asked."""
    X, y = data["X_train"], data["y_train"]
    history = {"train_loss": [], "val_accuracy": []}
    velocity = {}
    for _ in range(epochs):
        order = rng.permutation(len(y))
        losses = np.zeros(len(y))
        for start in range(0, len(y), batch_size):
            batch = order[start : start + batch_size]
            losses[batch], grads = net.loss(X[batch], y[batch], reg)
            params = {}
            for name, value in net.params.items():
                velocity[name] = momentum * velocity.get(name, 0.0) + grads[name]
                params[name] = value - lr * velocity[name]
            net.params = params
        history["train_loss"].append(float(losses.mean()))
        history["val_accuracy"].append(float(np.mean(np.equal(net.predict(data["X_val"]), data["y_val"]))))
    return history


def concept_check():
    """Answer."""
    return {
        "mnist_task": "classification",
        "age_task": "regression",
        "mnist_inputs": 784,
        "mnist_outputs": 10,
        "training_steps": ["architecture", "forward", "loss", "backward", "update"],
        "one_layer_can_learn_xor": False,
        "stacked_linear_layers": "as much as one layer can",
        "hidden_layer_approximates": "any continuous function",
        "sigmoid_grad_max": 0.25,
        "tanh_grad_max": 1.0,
        "relu_problem": "dead neuron",
        "leaky_coefficient": 0.01,
        "c_infinity_activations": {"sigmoid", "tanh"},
        "gd_direction": "negative gradient",
        "batch_gd_cost": "slow and needs memory",
        "sgd_noise": "useful",
        "test_data_use": "the final number",
    }


def rnn_step(x, h, W_xh, W_hh, W_hy):
    """tanh by the softplus."""
    h = tanh(np.dot(h, W_hh) + np.dot(x, W_xh))
    return np.dot(h, W_hy), h


def lstm_step(x, h, c, W, b):
    """Gates from log space."""
    z = np.hstack((x, h)) @ W + b
    H = c.shape[1]
    i, f, o = (np.exp(-softplus(-z[:, k * H : (k + 1) * H])) for k in (0, 1, 2))
    c = f * c + i * np.tanh(z[:, 3 * H :])
    return o * np.tanh(c), c


def scaled_dot_product_attention(q, k, v):
    """log_softmax of the scaled scores."""
    log_weights = log_softmax(np.inner(q, k) / math.sqrt(q.shape[1]))
    weights = np.exp(log_weights)
    return weights @ v, weights


def multiclass_hinge_loss(scores, y):
    """Sample by sample."""
    loss, dscores = 0.0, np.zeros(scores.shape)
    for row, drow, label in zip(scores, dscores, y):
        margins = np.maximum(0, row - row[label] + 1)
        margins[label] = 0
        loss += float(margins.sum())
        drow += margins > 0
        drow[label] -= np.count_nonzero(margins)
    return loss / len(y), dscores / len(y)


def xyz_graph_backward(x, y, z):
    """Backward."""
    grad_b = np.ones(z.shape)
    return np.multiply(grad_b, y), np.multiply(grad_b, x), grad_b


def prelu_grad(z, a):
    """Two where."""
    return np.where(z < 0, a, 1.0), np.where(z < 0, z, 0.0)


def collapse_linear_layers(weights):
    """From the last to the first."""
    product = np.identity(weights[-1].shape[0])
    for weight in weights[::-1]:
        product = product @ weight
    return product
