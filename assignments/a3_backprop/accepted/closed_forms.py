"""A mathematician's way: derivatives on paper first, one closed formula for each function, tables where they help."""

import math
from pathlib import Path

import numpy as np

MNIST_MEAN, MNIST_STD = 33.318, 78.567
LN2 = math.log(2)


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


def sigmoid(z):
    """Write 1 / (1 + e^-z) with the larger power always in front."""
    z = as_floats(z, "z")
    return np.exp(np.minimum(z, 0)) / (np.exp(np.minimum(z, 0)) + np.exp(np.minimum(-z, 0)))


def sigmoid_grad(z):
    """Divide by 4 cosh^2(z / 2), for |z| up to 700; beyond, e^-700 is as good as 0."""
    z = np.clip(as_floats(z, "z"), -700, 700)
    return 0.25 / np.cosh(z / 2) ** 2


def tanh(z):
    """Divide sinh by cosh; beyond 20 the quotient is 1 in float64."""
    z = np.clip(as_floats(z, "z"), -20, 20)
    return np.sinh(z) / np.cosh(z)


def tanh_grad(z):
    """Divide by cosh^2."""
    z = np.clip(as_floats(z, "z"), -300, 300)
    return np.cosh(z) ** -2.0


def relu(z):
    """Clip from below."""
    return as_floats(z, "z").clip(0)


def relu_grad(z):
    """Round half of 1 + sign upwards: 1 at 0."""
    return np.ceil((1 + np.sign(as_floats(z, "z"))) / 2)


def leaky_relu(z, alpha=0.01):
    """Add (1 - alpha) relu(z) to alpha z."""
    z = as_floats(z, "z")
    return alpha * z + (1 - alpha) * z.clip(0)


def leaky_relu_grad(z, alpha=0.01):
    """Interpolate between alpha and 1."""
    return alpha + (1 - alpha) * np.greater(as_floats(z, "z"), 0)


def softmax(z):
    """Divide 1 by the sum over j of e^(z_j - z_k), bounded so that no power overflows."""
    z = as_floats(z, "z", 2)
    differences = np.minimum(z[:, None, :] - z[:, :, None], 700)  # (N, K, K)
    return 1 / np.exp(differences).sum(axis=2)


def one_hot(labels, num_classes):
    """Subtract two steps: label >= k, and label > k."""
    require_int(num_classes, "num_classes", 1)
    flat = labels[:, 0] if isinstance(labels, np.ndarray) and labels.ndim == 2 and labels.shape[1] == 1 else labels
    flat = as_labels(flat, flat.shape[0] if isinstance(flat, np.ndarray) and flat.ndim else 0, num_classes)
    k = np.arange(num_classes)
    return (flat[:, None] >= k) * 1.0 - (flat[:, None] > k) * 1.0


def softmax_cross_entropy(logits, labels):
    """Write the loss as log of the sum of e^(z_j - z_label)."""
    logits = as_floats(logits, "logits", 2)
    N, K = logits.shape
    labels = as_labels(labels, N, K)
    ahead = logits - logits[range(N), labels][:, None]
    top = ahead.max(axis=1)
    losses = top + np.log(np.exp(ahead - top[:, None]).sum(axis=1))
    probs = np.exp(ahead - losses[:, None])
    probs[range(N), labels] -= 1
    return float(losses.sum() / N), probs / N


def binary_cross_entropy(probs, targets):
    """Write it as the log of p^t (1 - p)^(1 - t)."""
    p, t = as_floats(probs, "probs", 2), as_floats(targets, "targets", 2)
    if p.shape != t.shape:
        raise ValueError("shapes")
    if not (p.min() >= 0 and p.max() <= 1 and t.min() >= 0 and t.max() <= 1):
        raise ValueError("range")
    p = np.where(p < 1e-12, 1e-12, np.where(p > 1 - 1e-12, 1 - 1e-12, p))
    likelihood = p**t * (1 - p) ** (1 - t)
    return -float(np.log(likelihood).sum(1).mean())


def numerical_gradient(f, x, eps=1e-5):
    """Compute both ends of each difference, then one vector formula."""
    if not callable(f):
        raise TypeError("f")
    require_positive(eps, "eps")
    x = as_floats(x, "x")
    ends = np.empty((2, x.size))
    for p in range(x.size):
        for side, sign in enumerate((1.0, -1.0)):
            moved = x.flatten()
            moved[p] += sign * eps
            value = f(moved.reshape(x.shape))
            if np.size(value) != 1:
                raise ValueError("f")
            ends[side, p] = np.ravel(value)[0]
    return ((ends[0] - ends[1]) / (2 * eps)).reshape(x.shape)


def max_graph_forward(x, w, b, target, power=2):
    """Write max as half of sum plus distance."""
    x, w, b = as_floats(x, "x", 1), as_floats(w, "w", 1), as_floats(b, "b", 1)
    if x.size != 4 or w.size != 4 or b.size != 2:
        raise ValueError("sizes")
    if power not in {2, 3}:
        raise ValueError("power")
    a = x * w
    c = b + (a[0] + a[1], a[2] + a[3])
    y = float(c[0] if c[0] >= c[1] else c[1])
    first = c[0] >= c[1]
    slope = power * (y - target) ** (power - 1)
    dc = np.array([slope * first, slope * (not first)])
    spread = np.repeat(dc, 2)
    # all derivatives are known already: the way back only has to read them
    known = {"y": float(slope), "c": dc, "a": spread, "b": 1.0 * dc, "w": spread * x, "x": spread * w}
    return {"a": a, "c": c, "y": y, "C": float((y - target) ** power), "derivatives": known}


def max_graph_backward(cache):
    """Read what is known, into new arrays."""
    return {name: value if name == "y" else value.copy() for name, value in cache["derivatives"].items()}


def composite_value(W, u):
    """Write it as a quadratic form of the squares: s^T (W^T W) s."""
    W, u = as_floats(W, "W", 2), as_floats(u, "u", 1)
    if W.shape[1] != u.shape[0]:
        raise ValueError("shapes")
    s = u * u
    return float(s @ (W.T @ W) @ s)


def composite_gradient(W, u):
    """Differentiate the quadratic form: 2 (W^T W) s, times 2 u."""
    W, u = as_floats(W, "W", 2), as_floats(u, "u", 1)
    if W.shape[1] != u.shape[0]:
        raise ValueError("shapes")
    return 4.0 * u * ((W.T @ W) @ (u * u))


def mse_gradient(X, outputs, targets):
    """Multiply from the other side, and transpose."""
    X, outputs, targets = as_floats(X, "X", 2), as_floats(outputs, "outputs", 2), as_floats(targets, "targets", 2)
    if targets.shape != outputs.shape or X.shape[0] != targets.shape[0]:
        raise ValueError("shapes")
    N = X.shape[0]
    return ((outputs - targets).T @ X).T * 2 / N


def preprocess_mnist(images, mean, std):
    """Fill an array of ones with one formula."""
    if isinstance(mean, (bool, np.bool_)) or not isinstance(mean, (float, int, np.number)):
        raise TypeError("mean")
    require_positive(std, "std")
    images = as_floats(images, "images", 2, 3)
    if images[0].size != 784 or (images.ndim == 3 and images.shape[1] != 28):
        raise ValueError("images")
    N = images.shape[0]
    result = np.ones((N, 785))
    result[:, 0:784] = (1 / std) * (images.reshape(N, 784) - mean)
    return result


def linear_forward(x, W, b):
    """Write x W + b as one product, with the bias as a last row."""
    x, W, b = as_floats(x, "x"), as_floats(W, "W", 2), as_floats(b, "b", 1)
    N = x.shape[0] if x.ndim else 0
    if x.ndim < 2 or x.size != N * W.shape[0] or W.shape[1] != b.shape[0]:
        raise ValueError("shapes")
    extended = np.hstack([x.reshape(N, -1), np.ones((N, 1))])
    stacked = np.vstack([W, b])
    return extended @ stacked, (extended, stacked, x.shape)


def linear_backward(dout, cache):
    """One product gives dW and db together."""
    extended, stacked, shape = cache
    dout = as_floats(dout, "dout", 2)
    if dout.shape != (extended.shape[0], stacked.shape[1]):
        raise ValueError("dout")
    both = extended.T @ dout
    return (dout @ stacked[:-1].T).reshape(shape), both[:-1].copy(), both[-1].copy()


class TwoLayerNet:
    """Gradients by one formula each."""

    def __init__(self, input_size, hidden_size, num_classes, std=1e-4, seed=0):
        rng = np.random.default_rng(seed)
        self.params = {"b1": np.zeros(hidden_size), "b2": np.zeros(num_classes)}
        self.params["W1"] = rng.standard_normal((input_size, hidden_size)) * std
        self.params["W2"] = rng.standard_normal((hidden_size, num_classes)) * std

    def scores(self, X):
        """max(0, X W1 + b1) W2 + b2."""
        p = self.params
        return np.maximum(X @ p["W1"] + p["b1"], 0.0) @ p["W2"] + p["b2"]

    def loss(self, X, y, reg=0.0):
        """Formulas from paper."""
        X = as_floats(X, "X", 2)
        W1, b1, W2, b2 = [self.params[name] for name in ("W1", "b1", "W2", "b2")]
        H = np.maximum(X @ W1 + b1, 0.0)
        cost, G = softmax_cross_entropy(H @ W2 + b2, y)
        D = (G @ W2.T) * (H > 0)
        cost += reg * (np.trace(W1.T @ W1) + np.trace(W2.T @ W2))
        return float(cost), dict(W1=X.T @ D + 2 * reg * W1, b1=D.sum(0), W2=H.T @ G + 2 * reg * W2, b2=G.sum(0))

    def predict(self, X):
        """argmax."""
        return self.scores(as_floats(X, "X", 2)).argmax(1).astype(np.int64)


def sgd_update(params, grads, lr, momentum=0.0, velocity=None):
    """v = momentum v + g; w = w - lr v."""
    require_positive(lr, "lr")
    if not momentum >= 0 or not momentum < 1:
        raise ValueError("momentum")
    if params.keys() ^ grads.keys() or (velocity is not None and params.keys() ^ velocity.keys()):
        raise ValueError("names")
    new, v = {}, {}
    for name, w in params.items():
        v[name] = grads[name] + momentum * (0 if velocity is None else velocity[name])
        new[name] = w - lr * v[name]
    return new, v


def iterate_minibatches(X, y, batch_size, rng, *, shuffle=True, drop_last=False):
    """Number of batches by a formula."""
    require_int(batch_size, "batch_size", 1)
    N = len(y)
    if len(X) != N:
        raise ValueError("lengths")
    count = N // batch_size if drop_last else -(-N // batch_size)
    order = rng.permutation(N) if shuffle else np.arange(N)
    starts = range(0, count * batch_size, batch_size)
    return ((X[order[i : i + batch_size]], y[order[i : i + batch_size]]) for i in starts)


def fit_classifier(net, data, epochs, batch_size, lr, reg, rng, momentum=0.0):
    """Add up losses as running means, and take the steps by hand."""
    history = {"train_loss": [], "val_accuracy": []}
    velocity = {name: 0.0 for name in net.params}
    for _ in range(epochs):
        mean, seen = 0.0, 0
        for X, y in iterate_minibatches(data["X_train"], data["y_train"], batch_size, rng):
            loss, grads = net.loss(X, y, reg)
            velocity = {name: momentum * velocity[name] + grads[name] for name in velocity}
            net.params = {name: net.params[name] - lr * velocity[name] for name in velocity}
            seen += len(y)
            mean += (loss - mean) * len(y) / seen
        history["train_loss"].append(float(mean))
        wrong = np.count_nonzero(net.predict(data["X_val"]) - data["y_val"])
        history["val_accuracy"].append(float(1 - wrong / len(data["y_val"])))
    return history


def concept_check():
    """Answer."""
    return {
        "mnist_task": "classification",
        "age_task": "regression",
        "mnist_inputs": 28**2,
        "mnist_outputs": 10,
        "training_steps": ["architecture", "forward", "loss", "backward", "update"],
        "one_layer_can_learn_xor": False,
        "stacked_linear_layers": "as much as one layer can",
        "hidden_layer_approximates": "any continuous function",
        "sigmoid_grad_max": 2.0**-2,
        "tanh_grad_max": 2.0**0,
        "relu_problem": "dead neuron",
        "leaky_coefficient": 1 / 100,
        "c_infinity_activations": {"tanh", "sigmoid"},
        "gd_direction": "negative gradient",
        "batch_gd_cost": "slow and needs memory",
        "sgd_noise": "useful",
        "test_data_use": "the final number",
    }


def rnn_step(x, h, W_xh, W_hh, W_hy):
    """Columns as on the slide, and back to rows."""
    column = np.tanh(W_hh.T @ h.T + W_xh.T @ x.T)
    return (W_hy.T @ column).T.copy(), column.T.copy()


def lstm_step(x, h, c, W, b):
    """Gates by the sigmoid's identity, 2 sigmoid(z) = 1 + tanh(z / 2)."""
    D, H = x.shape[1], h.shape[1]
    z = x @ W[:D] + h @ W[D:] + b
    gates = (1 + np.tanh(z[:, : 3 * H] / 2)) / 2
    i, f, o = (gates[:, n * H : n * H + H] for n in range(3))
    cell = f * c + i * np.tanh(z[:, 3 * H :])
    return o * np.tanh(cell), cell


def scaled_dot_product_attention(q, k, v):
    """Scale queries and keys by the fourth root."""
    root = q.shape[1] ** 0.25
    weights = softmax((q / root) @ (k / root).T)
    return weights @ v, weights


def multiclass_hinge_loss(scores, y):
    """Put minus infinity in the right class's place."""
    N = len(scores)
    others = scores - scores[range(N), y].reshape(N, 1) + 1.0
    others[range(N), y] = -np.inf
    active = others > 0
    dscores = active / N
    dscores[range(N), y] = -active.sum(axis=1) / N
    return float(others[active].sum() / N), dscores


def xyz_graph_backward(x, y, z):
    """dc/dx = y, dc/dy = x, dc/dz = 1."""
    return np.array(y, dtype=float), np.array(x, dtype=float), np.full(z.shape, 1.0)


def prelu_grad(z, a):
    """Two formulas with the sign."""
    s = np.sign(z)
    return (1 + a) / 2 + s * (1 - a) / 2, (z - np.abs(z)) / 2


def collapse_linear_layers(weights):
    """Pair neighbours until one is left."""
    weights = [np.array(weight) for weight in weights]
    while len(weights) > 1:
        pairs = [weights[i + 1] @ weights[i] for i in range(0, len(weights) - 1, 2)]
        weights = pairs + weights[2 * len(pairs) :]
    return weights[0]
