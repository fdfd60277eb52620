"""Index notation: every sum over an axis is an einsum, with the letters of the docstrings."""

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


def sigmoid(z):
    """Shift and scale a tanh."""
    return 0.5 + 0.5 * np.tanh(0.5 * as_floats(z, "z"))


def sigmoid_grad(z):
    """Square the activation with einsum."""
    a = sigmoid(z)
    return a - np.einsum("...,...->...", a, a)


def tanh(z):
    """Divide two differences of small powers, with z's sign."""
    z = as_floats(z, "z")
    small = np.exp(-2 * np.abs(z))
    return np.sign(z) * (1 - small) / (1 + small)


def tanh_grad(z):
    """Use the activation."""
    a = tanh(z)
    return 1 - np.einsum("...,...->...", a, a)


def relu(z):
    """Multiply by the derivative."""
    return relu_grad(z) * as_floats(z, "z")


def relu_grad(z):
    """Compare; 1 at 0."""
    return np.where(as_floats(z, "z") >= 0, 1.0, 0.0)


def leaky_relu(z, alpha=0.01):
    """Multiply by the derivative."""
    return leaky_relu_grad(z, alpha) * as_floats(z, "z")


def leaky_relu_grad(z, alpha=0.01):
    """Choose one of two numbers."""
    return np.array([alpha, 1.0])[(as_floats(z, "z") > 0).astype(int)]


def softmax(z):
    """Divide by sums over k."""
    z = as_floats(z, "z", 2)
    powers = np.exp(z - np.max(z, axis=1)[:, None])
    return np.einsum("nk,n->nk", powers, 1 / np.einsum("nk->n", powers))


def one_hot(labels, num_classes):
    """Scatter ones with put_along_axis."""
    require_int(num_classes, "num_classes", 1)
    if isinstance(labels, np.ndarray) and labels.shape[1:] == (1,):
        labels = np.einsum("nj->n", labels)
    labels = as_labels(labels, np.size(labels) if np.ndim(labels) == 1 else -1, num_classes)
    rows = np.zeros((labels.size, num_classes))
    np.put_along_axis(rows, labels[:, None], 1.0, axis=1)
    return rows


def softmax_cross_entropy(logits, labels):
    """Contract targets with log-probabilities."""
    logits = as_floats(logits, "logits", 2)
    N, K = logits.shape
    targets = one_hot(as_labels(labels, N, K), K)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sums = np.log(np.einsum("nk->n", np.exp(shifted)))
    log_probs = shifted - log_sums[:, None]
    loss = -np.einsum("nk,nk->", targets, log_probs) / N
    return float(loss), (np.exp(log_probs) - targets) / N


def binary_cross_entropy(probs, targets):
    """Two full contractions."""
    p, t = as_floats(probs, "probs", 2), as_floats(targets, "targets", 2)
    if p.shape != t.shape:
        raise ValueError("shapes")
    if not (np.all((p >= 0) & (p <= 1)) and np.all((t >= 0) & (t <= 1))):
        raise ValueError("range")
    p = p.clip(1e-12, 1 - 1e-12)
    return float(-(np.einsum("nk,nk->", t, np.log(p)) + np.einsum("nk,nk->", 1 - t, np.log(1 - p))) / len(p))


def numerical_gradient(f, x, eps=1e-5):
    """Move one number of a flat copy, and put it back."""
    if not callable(f):
        raise TypeError("f")
    require_positive(eps, "eps")
    point = np.array(as_floats(x, "x"), order="C")
    flat = point.reshape(-1)
    gradient = np.zeros(flat.size)
    for p in range(flat.size):
        kept = flat[p]
        ends = np.zeros(2)
        for place, sign in enumerate((1, -1)):
            flat[p] = kept + sign * eps
            value = np.array(f(point.copy()))
            if value.size > 1 or value.size == 0:
                raise ValueError("one number")
            ends[place] = value.item()
        flat[p] = kept
        gradient[p] = np.einsum("i,i->", ends, [1.0, -1.0]) / (2 * eps)
    return gradient.reshape(np.shape(x))


BRANCH = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])  # which a goes into which c


def max_graph_forward(x, w, b, target, power=2):
    """Write the graph as a matrix."""
    x, w, b = as_floats(x, "x", 1), as_floats(w, "w", 1), as_floats(b, "b", 1)
    if x.shape != (4,) or w.shape != (4,) or b.shape != (2,):
        raise ValueError("shapes")
    if power != 2 and power != 3:
        raise ValueError("power")
    a = np.einsum("i,i->i", w, x)
    c = np.einsum("ji,i->j", BRANCH, a) + b
    y = c.max().item()
    return {"a": a, "c": c, "y": y, "C": float((y - target) ** power), "saved": [x, w, y - float(target), power]}


def max_graph_backward(cache):
    """Go back with the transposed matrix."""
    x, w, error, power = cache["saved"]
    dy = float(power * error ** (power - 1))
    dc = dy * np.eye(2)[int(np.argmax(cache["c"]))]
    da = np.einsum("ji,j->i", BRANCH, dc)
    return {
        "y": dy,
        "c": dc,
        "a": da,
        "b": np.array(dc),
        "w": np.einsum("i,i->i", da, x),
        "x": np.einsum("i,i->i", da, w),
    }


def composite_value(W, u):
    """One contraction with five factors."""
    W, u = as_floats(W, "W", 2), as_floats(u, "u", 1)
    if W.shape[1] != u.size:
        raise ValueError("shapes")
    return float(np.einsum("pq,q,q,pr,r,r->", W, u, u, W, u, u))


def composite_gradient(W, u):
    """The formula as it stands."""
    W, u = as_floats(W, "W", 2), as_floats(u, "u", 1)
    if W.shape[1] != u.size:
        raise ValueError("shapes")
    return 4 * np.einsum("k,jk,jq,q,q->k", u, W, W, u, u)


def mse_gradient(X, outputs, targets):
    """Contract over n, through BLAS."""
    X, outputs, targets = as_floats(X, "X", 2), as_floats(outputs, "outputs", 2), as_floats(targets, "targets", 2)
    if outputs.shape != targets.shape or X.shape[0] != outputs.shape[0]:
        raise ValueError("shapes")
    return np.einsum("ni,nk->ik", X, -2 * (targets - outputs), optimize=True) / X.shape[0]


def preprocess_mnist(images, mean, std):
    """Append a column with c_."""
    images = as_floats(images, "images", 2, 3)
    require_positive(std, "std")
    if isinstance(mean, bool) or not isinstance(mean, (int, float, np.integer, np.floating)):
        raise TypeError("mean")
    if images.shape[1:] not in [(28, 28), (784,)]:
        raise ValueError("shape")
    flat = np.einsum("nij->nij", images).reshape(-1, 784) if images.ndim == 3 else images
    return np.column_stack([flat / std - mean / std, np.ones(len(flat))])


def linear_forward(x, W, b):
    """Sum over d."""
    x, W, b = as_floats(x, "x"), as_floats(W, "W", 2), as_floats(b, "b", 1)
    if x.ndim < 2 or x[0].size != W.shape[0] or b.size != W.shape[1]:
        raise ValueError("shapes")
    flat = x.reshape(len(x), -1)
    return np.einsum("nd,dm->nm", flat, W, optimize=True) + b, (flat, W, np.array(x.shape))


def linear_backward(dout, cache):
    """Sum over m, over n, and over n."""
    flat, W, shape = cache
    dout = as_floats(dout, "dout", 2)
    if dout.shape != (flat.shape[0], W.shape[1]):
        raise ValueError("dout")
    dx = np.einsum("nm,dm->nd", dout, W, optimize=True)
    dW = np.einsum("nd,nm->dm", flat, dout, optimize=True)
    return dx.reshape(tuple(shape)), dW, np.einsum("nm->m", dout)


class TwoLayerNet:
    """All sums in index notation, without the linear layers above."""

    def __init__(self, input_size, hidden_size, num_classes, std=1e-4, seed=0):
        rng = np.random.Generator(np.random.PCG64(seed))
        drawn = std * rng.standard_normal(hidden_size * (input_size + num_classes))
        W1, W2 = np.split(drawn, [hidden_size * input_size])
        self.params = {
            "W1": W1.reshape(input_size, hidden_size).copy(),
            "b1": np.zeros(hidden_size),
            "W2": W2.reshape(hidden_size, num_classes).copy(),
            "b2": np.zeros(num_classes),
        }

    def _hidden(self, X):
        return np.einsum("nd,dh->nh", as_floats(X, "X", 2), self.params["W1"], optimize=True) + self.params["b1"]

    def scores(self, X):
        """Sum over h."""
        return self._scores(np.maximum(self._hidden(X), 0))

    def _scores(self, h):
        return np.einsum("nh,hk->nk", h, self.params["W2"], optimize=True) + self.params["b2"]

    def loss(self, X, y, reg=0.0):
        """Contract backwards."""
        p = self.params
        z = self._hidden(X)
        h = np.maximum(z, 0)
        loss, ds = softmax_cross_entropy(self._scores(h), y)
        dz = np.einsum("nk,hk,nh->nh", ds, p["W2"], (z > 0).astype(float), optimize=True)
        loss += reg * (np.einsum("dh,dh->", p["W1"], p["W1"]) + np.einsum("hk,hk->", p["W2"], p["W2"]))
        return float(loss), {
            "W2": np.einsum("nh,nk->hk", h, ds, optimize=True) + 2 * reg * p["W2"],
            "b2": np.einsum("nk->k", ds),
            "W1": np.einsum("nd,nh->dh", as_floats(X, "X", 2), dz, optimize=True) + 2 * reg * p["W1"],
            "b1": np.einsum("nh->h", dz),
        }

    def predict(self, X):
        """Sort the scores; the last one is the largest."""
        return np.argmax(self.scores(X), axis=-1)


def sgd_update(params, grads, lr, momentum=0.0, velocity=None):
    """Two formulas for each name."""
    require_positive(lr, "lr")
    if not (momentum >= 0 and momentum < 1):
        raise ValueError("momentum")
    names = list(params)
    for other in [grads] if velocity is None else [grads, velocity]:
        if sorted(other) != sorted(names):
            raise ValueError("names")
    v = {name: grads[name] + (0.0 if velocity is None else momentum * velocity[name]) for name in names}
    return {name: params[name] - lr * v[name] for name in names}, v


def iterate_minibatches(X, y, batch_size, rng, *, shuffle=True, drop_last=False):
    """Cut the order into pieces with array_split's cousin."""
    require_int(batch_size, "batch_size", 1)
    N = len(X)
    if N != len(y):
        raise ValueError("lengths")
    order = np.arange(N)
    if shuffle:
        rng.shuffle(order)
    for piece in np.split(order, range(batch_size, N, batch_size)):
        if len(piece) == batch_size or not drop_last:
            yield X[piece], y[piece]


def fit_classifier(net, data, epochs, batch_size, lr, reg, rng, momentum=0.0):
    """Contract losses with batch sizes."""
    history = {"train_loss": [], "val_accuracy": []}
    velocity = None
    for _ in range(epochs):
        losses, sizes = [], []
        for X, y in iterate_minibatches(data["X_train"], data["y_train"], batch_size, rng, shuffle=True):
            loss, grads = net.loss(X, y, reg=reg)
            net.params, velocity = sgd_update(net.params, grads, lr, momentum, velocity)
            losses.append(loss)
            sizes.append(float(len(X)))
        history["train_loss"].append(float(np.einsum("i,i->", losses, sizes) / np.sum(sizes)))
        history["val_accuracy"].append(float(np.mean(net.predict(data["X_val"]) == data["y_val"])))
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
        "leaky_coefficient": 1e-2,
        "c_infinity_activations": {"sigmoid", "tanh"},
        "gd_direction": "negative gradient",
        "batch_gd_cost": "slow and needs memory",
        "sgd_noise": "useful",
        "test_data_use": "the final number",
    }


def rnn_step(x, h, W_xh, W_hh, W_hy):
    """Sum over d, over the old state, over the new one."""
    h = np.tanh(np.einsum("nd,dh->nh", x, W_xh) + np.einsum("nj,jh->nh", h, W_hh))
    return np.einsum("nh,hk->nk", h, W_hy), h


def lstm_step(x, h, c, W, b):
    """Give the four blocks an axis of their own."""
    (N, D), H = x.shape, h.shape[1]
    blocks = W.reshape(D + H, 4, H)
    z = np.einsum("nd,dgh->gnh", x, blocks[:D]) + np.einsum("nj,jgh->gnh", h, blocks[D:])
    i, f, o, g = z + b.reshape(4, 1, H)
    cell = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(cell), cell


def scaled_dot_product_attention(q, k, v):
    """Sum over d, then over s."""
    weights = softmax(np.einsum("ld,sd->ls", q, k) / math.sqrt(k.shape[1]))
    return np.einsum("ls,sm->lm", weights, v), weights


def multiclass_hinge_loss(scores, y):
    """Contract with one-hot rows."""
    N, K = scores.shape
    right = one_hot(y, K)
    margins = np.maximum(scores - np.einsum("nk,nk->n", scores, right)[:, None] + 1 - right, 0)
    active = (margins > 0) * (1 - right)
    dscores = active - np.einsum("nk,nj->nj", active, right)
    return float(np.einsum("nk,nk->", margins, 1 - right) / N), dscores / N


def xyz_graph_backward(x, y, z):
    """Multiply by ones."""
    ones = np.ones(z.shape)
    return np.einsum("nd,nd->nd", ones, y), np.einsum("nd,nd->nd", ones, x), ones


def prelu_grad(z, a):
    """Choose by index; clip from above."""
    return np.array([a, 1.0])[(z > 0).astype(int)], z.clip(max=0)


def collapse_linear_layers(weights):
    """Chain with multi_dot, from the last layer to the first."""
    if len(weights) == 1:
        return weights[0].copy()
    return np.linalg.multi_dot(weights[::-1])
