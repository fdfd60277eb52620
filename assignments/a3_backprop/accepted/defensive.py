"""Much checking, by small contracts and dataclasses; results are checked as well before they leave."""

import math
import numbers
from dataclasses import dataclass, field
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


def real(value, name, ndim=None):
    """Give a fresh float64 array, or refuse."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name}: {type(value)} is no array")
    if value.dtype.kind not in "biuf":
        raise TypeError(f"{name}: {value.dtype} is not real")
    if 0 in value.shape:
        raise ValueError(f"{name}: empty")
    if ndim is not None and value.ndim != ndim:
        raise ValueError(f"{name}: {value.ndim} axes instead of {ndim}")
    return np.array(value, dtype=np.float64, copy=True, order="C")


def number(value, name):
    """Give a float, or refuse."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}: {value!r} is no number")
    return float(value)


def positive(value, name):
    """Give a float above 0, or refuse."""
    value = number(value, name)
    if not (value > 0 and value != math.inf):
        raise ValueError(f"{name}: {value} is not above 0 and finite")
    return value


def agree(left, right, what):
    """Refuse what differs."""
    if left != right:
        raise ValueError(f"{what}: {left} and {right}")


def finite(result, name):
    """Make sure that a result is what it should be."""
    assert np.all(np.isfinite(result)), name
    return result


def sigmoid(z):
    """Fill both halves by masks."""
    z = real(z, "z")
    a = np.empty_like(z)
    high = z >= 0
    a[high] = 1.0 / (1.0 + np.exp(-z[high]))
    powers = np.exp(z[~high])
    a[~high] = powers / (1.0 + powers)
    return finite(a, "sigmoid")


def sigmoid_grad(z):
    """Multiply the activation by what is missing to 1."""
    a = sigmoid(z)
    return finite(a - a**2, "sigmoid_grad")


def tanh(z):
    """Trust numpy."""
    return finite(np.tanh(real(z, "z")), "tanh")


def tanh_grad(z):
    """Use the activation."""
    a = tanh(z)
    return finite(1.0 - np.square(a), "tanh_grad")


def relu(z):
    """Set negatives to 0 in a copy."""
    z = real(z, "z")
    z[z < 0] = 0.0
    return z


def relu_grad(z):
    """Fill by a mask."""
    z = real(z, "z")
    grad = np.zeros_like(z)
    grad[z > 0] = 1.0
    return grad


def leaky_relu(z, alpha=0.01):
    """Scale negatives in a copy."""
    alpha = number(alpha, "alpha")
    z = real(z, "z")
    z[z < 0] *= alpha
    return z


def leaky_relu_grad(z, alpha=0.01):
    """Fill by a mask; 1 at 0."""
    alpha = number(alpha, "alpha")
    z = real(z, "z")
    grad = np.ones_like(z)
    grad[z < 0] = alpha
    return grad


def softmax(z):
    """Shift, exponentiate, divide, each in place in a copy."""
    z = real(z, "z", 2)
    z -= np.amax(z, axis=1).reshape(-1, 1)
    np.exp(z, out=z)
    z /= np.sum(z, axis=1).reshape(-1, 1)
    assert np.allclose(z.sum(axis=1), 1.0)
    return z


@dataclass(frozen=True)
class Labels:
    """Checked labels."""

    values: np.ndarray
    classes: int

    def __post_init__(self):
        if not isinstance(self.values, np.ndarray) or not np.issubdtype(self.values.dtype, np.integer):
            raise TypeError("labels must be an array of integers")
        if isinstance(self.classes, bool) or not isinstance(self.classes, numbers.Integral):
            raise TypeError("num_classes must be an integer")
        if self.classes < 1:
            raise ValueError("there must be a class")
        if self.values.ndim == 2 and self.values.shape[1] == 1:
            object.__setattr__(self, "values", self.values.reshape(-1))
        if self.values.ndim != 1:
            raise ValueError(f"labels have shape {self.values.shape}")
        if len(self.values) and not (int(self.values.min()) >= 0 and int(self.values.max()) < self.classes):
            raise ValueError("a label is no class")

    def rows(self):
        """Give rows with a single 1."""
        rows = np.zeros((len(self.values), int(self.classes)))
        rows[np.arange(len(rows)), self.values.astype(np.int64)] = 1.0
        return rows


def one_hot(labels, num_classes):
    """Ask checked labels."""
    return Labels(labels, num_classes).rows()


def softmax_cross_entropy(logits, labels):
    """Pick from the log-softmax by a mask of targets."""
    logits = real(logits, "logits", 2)
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu":
        agree(labels.shape, (logits.shape[0],), "labels")
    targets = Labels(labels, logits.shape[1]).rows()
    logits -= logits.max(axis=1, keepdims=True)
    log_probs = logits - np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
    loss = -np.sum(log_probs[targets == 1]) / len(logits)
    gradient = (np.exp(log_probs) - targets) / len(logits)
    assert loss >= 0
    return float(loss), finite(gradient, "dlogits")


def binary_cross_entropy(probs, targets):
    """Clip, then add up."""
    probs, targets = real(probs, "probs", 2), real(targets, "targets", 2)
    agree(probs.shape, targets.shape, "shapes")
    for values in (probs, targets):
        if np.isnan(values).any() or values.min() < 0 or values.max() > 1:
            raise ValueError("not from 0 to 1")
    np.clip(probs, 1e-12, 1 - 1e-12, out=probs)
    losses = -(targets * np.log(probs)) - (1 - targets) * np.log(1 - probs)
    return float(np.sum(losses) / len(losses))


def numerical_gradient(f, x, eps=1e-5):
    """Walk with nditer, on copies only."""
    if not callable(f):
        raise TypeError("f must be callable")
    eps = positive(eps, "eps")
    x = real(x, "x")
    gradient = np.empty_like(x)

    def value_at(place, shift):
        point = x.copy()
        point[place] += shift
        value = np.asarray(f(point))
        if value.size != 1:
            raise ValueError("f must return one number")
        return float(value.reshape(()))

    walker = np.nditer(x, flags=["multi_index"])
    for _ in walker:
        place = walker.multi_index
        gradient[place] = (value_at(place, +eps) - value_at(place, -eps)) / (2.0 * eps)
    return gradient


def max_graph_forward(x, w, b, target, power=2):
    """Keep everything."""
    x, w, b = real(x, "x", 1), real(w, "w", 1), real(b, "b", 1)
    agree((len(x), len(w), len(b)), (4, 4, 2), "lengths")
    if power not in (2, 3):
        raise ValueError("power must be 2 or 3")
    target = number(target, "target")
    a = x * w
    c = np.add.reduceat(a, [0, 2]) + b
    y = float(np.max(c))
    cache = {"x": x, "w": w, "b": b, "target": target, "power": int(power), "a": a, "c": c, "y": y}
    cache["C"] = float(math.pow(y - target, power))
    return cache


def max_graph_backward(cache):
    """Check that the cache is one."""
    missing = {"x", "w", "target", "power", "c", "y"} - set(cache)
    if missing:
        raise ValueError(f"no cache: {missing} missing")
    error = cache["y"] - cache["target"]
    dy = {2: 2.0 * error, 3: 3.0 * error**2}[cache["power"]]
    dc = np.array([dy, 0.0]) if cache["c"][0] >= cache["c"][1] else np.array([0.0, dy])
    da = dc[[0, 0, 1, 1]]
    return {"x": da * cache["w"], "w": da * cache["x"], "b": dc.copy(), "a": da, "c": dc, "y": float(dy)}


def _composite(W, u):
    W, u = real(W, "W", 2), real(u, "u", 1)
    agree(W.shape[1], u.shape[0], "W and u")
    return W, u, W.dot(np.square(u))


def composite_value(W, u):
    """Square and add."""
    return float(np.sum(np.square(_composite(W, u)[2])))


def composite_gradient(W, u):
    """Multiply by the Jacobian of g."""
    W, u, g = _composite(W, u)
    jacobian = 2.0 * W * u
    assert jacobian.shape == W.shape
    return (2.0 * g) @ jacobian


def mse_gradient(X, outputs, targets):
    """Check shapes, multiply once."""
    X, outputs, targets = real(X, "X", 2), real(outputs, "outputs", 2), real(targets, "targets", 2)
    agree(outputs.shape, targets.shape, "outputs and targets")
    agree(X.shape[0], targets.shape[0], "samples")
    gradient = X.T.dot(outputs - targets) * (2.0 / X.shape[0])
    assert gradient.shape == (X.shape[1], targets.shape[1])
    return gradient


def preprocess_mnist(images, mean, std):
    """Write into an array of ones."""
    mean, std = number(mean, "mean"), positive(std, "std")
    images = real(images, "images")
    if images.ndim not in (2, 3) or images.shape[1:] not in ((784,), (28, 28)):
        raise ValueError(f"images have shape {images.shape}")
    result = np.ones((images.shape[0], 785))
    result[:, :-1] = (images.reshape(images.shape[0], 784) - mean) / std
    assert (result[:, -1] == 1).all()
    return result


def linear_forward(x, W, b):
    """Check all three shapes, keep copies."""
    x, W, b = real(x, "x"), real(W, "W", 2), real(b, "b", 1)
    if x.ndim < 2:
        raise ValueError("x must have samples and inputs")
    agree(math.prod(x.shape[1:]), W.shape[0], "inputs")
    agree(W.shape[1], b.shape[0], "outputs")
    out = x.reshape(x.shape[0], W.shape[0]).dot(W)
    out += b
    return out, (x, W)


def linear_backward(dout, cache):
    """Check dout against the cache, and the results against both."""
    x, W = cache
    dout = real(dout, "dout", 2)
    agree(dout.shape, (x.shape[0], W.shape[1]), "dout")
    dx = dout.dot(W.T).reshape(x.shape)
    dW = x.reshape(x.shape[0], -1).T.dot(dout)
    db = dout.sum(axis=0)
    assert dW.shape == W.shape
    assert db.shape == W.shape[1:]
    return dx, dW, db


@dataclass
class TwoLayerNet:
    """A dataclass that draws its parameters."""

    input_size: int
    hidden_size: int
    num_classes: int
    std: float = 1e-4
    seed: int = 0
    params: dict = field(init=False)

    def __post_init__(self):
        for name in ("input_size", "hidden_size", "num_classes"):
            require_int(getattr(self, name), name, 1)
        positive(self.std, "std")
        rng = np.random.default_rng(self.seed)
        D, H, K = self.input_size, self.hidden_size, self.num_classes
        self.params = {
            "W1": rng.normal(0.0, self.std, (D, H)),
            "b1": np.zeros((H,)),
            "W2": rng.normal(0.0, self.std, (H, K)),
            "b2": np.zeros((K,)),
        }

    def _check(self):
        D, H = self.params["W1"].shape
        K = self.params["W2"].shape[1]
        for name, shape in {"W1": (D, H), "b1": (H,), "W2": (H, K), "b2": (K,)}.items():
            agree(self.params[name].shape, shape, name)

    def _forward(self, X):
        self._check()
        z, first = linear_forward(X, self.params["W1"], self.params["b1"])
        h = relu(z)
        scores, second = linear_forward(h, self.params["W2"], self.params["b2"])
        return z, first, second, scores

    def scores(self, X):
        """Forward only."""
        *_, scores = self._forward(X)
        return scores

    def loss(self, X, y, reg=0.0):
        """Forward, then backward."""
        z, first, second, scores = self._forward(X)
        data_loss, dscores = softmax_cross_entropy(scores, y)
        dh, dW2, db2 = linear_backward(dscores, second)
        _, dW1, db1 = linear_backward(dh * relu_grad(z), first)
        grads = {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
        total = data_loss
        for name in ("W1", "W2"):
            total += reg * float(np.linalg.norm(self.params[name]) ** 2)
            grads[name] = grads[name] + 2.0 * reg * self.params[name]
        for name, grad in grads.items():
            agree(grad.shape, self.params[name].shape, name)
        return float(total), grads

    def predict(self, X):
        """Largest score."""
        return np.argmax(self.scores(X), axis=1).astype(np.int64)


def sgd_update(params, grads, lr, momentum=0.0, velocity=None):
    """Check everything, then move copies."""
    lr = positive(lr, "lr")
    momentum = number(momentum, "momentum")
    if not 0.0 <= momentum < 1.0:
        raise ValueError("momentum must be from 0 to below 1")
    agree(sorted(params), sorted(grads), "names")
    if velocity is None:
        velocity = {name: np.zeros(np.shape(value)) for name, value in params.items()}
    agree(sorted(params), sorted(velocity), "names")
    moved, speeds = {}, {}
    for name in params:
        weight = np.array(params[name], dtype=np.float64, copy=True)
        speed = momentum * np.asarray(velocity[name]) + np.asarray(grads[name])
        agree(np.shape(speed), weight.shape, name)
        speeds[name] = speed
        moved[name] = weight - lr * speed
    return moved, speeds


def iterate_minibatches(X, y, batch_size, rng, *, shuffle=True, drop_last=False):
    """Check at the call, then hand out a generator."""
    require_int(batch_size, "batch_size", 1)
    agree(len(X), len(y), "lengths of X and y")

    def batches():
        order = rng.permutation(len(X)) if shuffle else np.arange(len(X))
        full, rest = divmod(len(X), batch_size)
        for number_ in range(full):
            chosen = order[number_ * batch_size : (number_ + 1) * batch_size]
            yield np.take(X, chosen, axis=0), np.take(y, chosen, axis=0)
        if rest and not drop_last:
            chosen = order[-rest:]
            yield np.take(X, chosen, axis=0), np.take(y, chosen, axis=0)

    return batches()


def fit_classifier(net, data, epochs, batch_size, lr, reg, rng, momentum=0.0):
    """Check the data, then train."""
    require_int(epochs, "epochs", 1)
    X_train, y_train, X_val, y_val = (data[name] for name in ("X_train", "y_train", "X_val", "y_val"))
    agree(len(X_train), len(y_train), "training data")
    agree(len(X_val), len(y_val), "validation data")
    history = {"train_loss": [], "val_accuracy": []}
    velocity = None
    for _ in range(epochs):
        losses, sizes = [], []
        for X, y in iterate_minibatches(X_train, y_train, batch_size, rng):
            loss, grads = net.loss(X, y, reg)
            net.params, velocity = sgd_update(net.params, grads, lr, momentum=momentum, velocity=velocity)
            losses.append(loss)
            sizes.append(len(y))
        agree(sum(sizes), len(y_train), "samples of an epoch")
        history["train_loss"].append(float(np.average(losses, weights=sizes)))
        history["val_accuracy"].append(float(np.count_nonzero(net.predict(X_val) == y_val)) / len(y_val))
    return history


def concept_check():
    """Answer, and refuse unknown answers."""
    answers = {
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
    agree(len(answers), 17, "answers")
    return answers


def rnn_step(x, h, W_xh, W_hh, W_hy):
    """Check, then two formulas."""
    x, h = real(x, "x", 2), real(h, "h", 2)
    agree(len(x), len(h), "samples")
    state = np.tanh(x @ W_xh + h @ W_hh)
    return state @ W_hy, state


def lstm_step(x, h, c, W, b):
    """Name the blocks by slices."""
    H = h.shape[1]
    agree(W.shape, (x.shape[1] + H, 4 * H), "W")
    z = np.concatenate((x, h), axis=1) @ W + b
    gate = {name: z[:, n * H : (n + 1) * H] for n, name in enumerate("ifog")}
    cell = sigmoid(gate["f"]) * c + sigmoid(gate["i"]) * np.tanh(gate["g"])
    return sigmoid(gate["o"]) * np.tanh(cell), cell


def scaled_dot_product_attention(q, k, v):
    """Check, then the formula."""
    agree(q.shape[1], k.shape[1], "d")
    agree(len(k), len(v), "S")
    weights = softmax(q.dot(k.T) / np.sqrt(q.shape[1]))
    assert np.allclose(weights.sum(axis=1), 1)
    return weights.dot(v), weights


def multiclass_hinge_loss(scores, y):
    """Delete the right class's margin with a mask."""
    scores = real(scores, "scores", 2)
    right = Labels(y, scores.shape[1]).rows().astype(bool)
    margins = scores - scores[right][:, np.newaxis] + 1
    margins[right | (margins < 0)] = 0
    dscores = np.sign(margins)
    dscores[right] = -dscores.sum(axis=1)
    return float(margins.sum(axis=1).mean()), dscores / len(scores)


def xyz_graph_backward(x, y, z):
    """Check, copy, swap."""
    x, y, z = real(x, "x", 2), real(y, "y", 2), real(z, "z", 2)
    agree(x.shape, y.shape, "x and y")
    agree(x.shape, z.shape, "x and z")
    return y.copy(), x.copy(), np.ones_like(z)


def prelu_grad(z, a):
    """Fill by a mask."""
    z, a = real(z, "z"), number(a, "a")
    dz = np.full(z.shape, a)
    dz[z > 0] = 1.0
    da = z.copy()
    da[z > 0] = 0.0
    return dz, da


def collapse_linear_layers(weights):
    """Check each pair."""
    weights = [real(weight, "weight", 2) for weight in weights]
    for first, second in zip(weights, weights[1:]):
        agree(second.shape[1], first.shape[0], "neighbours")
    product = weights.pop()
    while weights:
        product = product @ weights.pop()
    return product
