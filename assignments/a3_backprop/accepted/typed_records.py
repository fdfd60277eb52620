"""Types, records and keywords: every argument by its name, results in named tuples and ordered dicts, Greek letters."""

from __future__ import annotations

import math
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypedDict

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

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


class LossAndGradient(NamedTuple):
    """A loss, and where it grows."""

    loss: float
    gradient: Any


class Step(NamedTuple):
    """What a step leaves."""

    params: dict[str, Any]
    velocity: dict[str, Any]


class History(TypedDict):
    """What training leaves."""

    train_loss: list[float]
    val_accuracy: list[float]


class Network(Protocol):
    """What can be trained."""

    params: dict[str, Floats]

    def loss(self, X: Floats, y: NDArray[np.int64], reg: float = 0.0) -> tuple[float, dict[str, Floats]]: ...
    def predict(self, X: Floats) -> NDArray[np.int64]: ...


Layer = namedtuple("Layer", "dx dW db")


def sigmoid(z: NDArray[Any]) -> Floats:
    """½ (1 + tanh ½z); below -30 that would lose digits, and e^z is exact there."""
    z = as_floats(value=z, name="z")
    return np.where(z < -30, np.exp(np.minimum(z, 0)), 0.5 * (1 + np.tanh(z / 2)))


def sigmoid_grad(z: NDArray[Any]) -> Floats:
    """σ(z) σ(-z), so that nothing cancels."""
    return sigmoid(z=z) * sigmoid(z=-as_floats(z, "z"))


def tanh(z: NDArray[Any]) -> Floats:
    """By expm1: (e^2|z| - 1) / (e^2|z| + 1), with the sign given back; beyond 20 it is 1."""
    z = as_floats(value=z, name="z")
    grown = np.expm1(2 * np.minimum(np.abs(z), 20))
    return np.copysign(grown / (grown + 2), z)


def tanh_grad(z: NDArray[Any]) -> Floats:
    """(1 + a) (1 - a)."""
    α = tanh(z=z)
    return (1 + α) * (1 - α)


def relu(z: NDArray[Any]) -> Floats:
    """Half of z and |z|."""
    z = as_floats(value=z, name="z")
    return (z + np.fabs(z)) / 2


def relu_grad(z: NDArray[Any]) -> Floats:
    """Half of the sign and its square."""
    s = np.sign(as_floats(value=z, name="z"))
    return (s + s * s) / 2


def leaky_relu(z: NDArray[Any], alpha: float = 0.01) -> Floats:
    """As the formula says."""
    z = as_floats(value=z, name="z")
    return np.maximum(0, z) + alpha * np.minimum(0, z)


def leaky_relu_grad(z: NDArray[Any], alpha: float = 0.01) -> Floats:
    """Choose."""
    positive = np.greater(as_floats(value=z, name="z"), 0)
    return np.select(condlist=[positive], choicelist=[np.ones(positive.shape)], default=float(alpha))


def _lse(z: Floats) -> Floats:
    """The logarithm of a sum of powers, pair by pair."""
    return np.logaddexp.reduce(z, axis=-1, keepdims=True)


def softmax(z: NDArray[Any]) -> Floats:
    """e^(z - log Σ e^z)."""
    z = as_floats(z, "z", 2)
    return np.exp(z - _lse(z))


def one_hot(labels: NDArray[np.integer[Any]], num_classes: int) -> Floats:
    """The Kronecker δ of labels and classes."""
    require_int(value=num_classes, name="num_classes", least=1)
    match labels:
        case np.ndarray(shape=(n,)) | np.ndarray(shape=(n, 1)):
            ι = as_labels(value=labels.reshape(n), count=n, num_classes=num_classes)
        case np.ndarray():
            raise ValueError(f"labels have shape {labels.shape}")
        case _:
            raise TypeError("labels are no array")
    δ = np.zeros(shape=(n, num_classes), dtype=np.float64)
    np.put_along_axis(δ, indices=ι[:, None], values=1.0, axis=1)
    return δ


def softmax_cross_entropy(logits: NDArray[Any], labels: NDArray[Any]) -> tuple[float, Floats]:
    """The differences of all scores to the right one, and their log-sum-exp."""
    z = as_floats(logits, "logits", 2)
    n, k = z.shape
    y = as_labels(value=labels, count=n, num_classes=k)
    losses = _lse(z - np.take_along_axis(z, y[:, None], axis=1))
    return LossAndGradient(loss=float(losses.mean()), gradient=(softmax(z=z) - one_hot(labels=y, num_classes=k)) / n)


def binary_cross_entropy(probs: NDArray[Any], targets: NDArray[Any]) -> float:
    """-Σ t log p + (1 - t) log(1 - p)."""
    p, t = as_floats(probs, "probs", 2), as_floats(targets, "targets", 2)
    if p.shape != t.shape:
        raise ValueError("shapes differ")
    for α in (p, t):
        if not (np.nanmin(α) >= 0 and np.nanmax(α) <= 1) or np.isnan(α).any():
            raise ValueError("no probability")
    ε = 1e-12
    p = p.clip(min=ε, max=1 - ε)
    return float(np.mean(np.sum(-t * np.log(p) - (1 - t) * np.log1p(-p), axis=1)))


def numerical_gradient(f: Callable[[Floats], float], x: NDArray[Any], eps: float = 1e-5) -> Floats:
    """Ask f for its middle first, to see that it gives one number; then in both directions, along rows of an identity."""
    if not callable(f):
        raise TypeError("f is not callable")
    require_positive(value=eps, name="eps")
    x = as_floats(value=x, name="x")
    if np.size(f(x.copy())) != 1:
        raise ValueError("f gives no single number")
    directions = eps * np.identity(x.size).reshape(x.size, *x.shape)
    δ = [np.asarray(f(x + h)).item() - np.asarray(f(x - h)).item() for h in directions]
    return np.reshape(δ, x.shape) / (2 * eps)


def max_graph_forward(x, w, b, target: float, power: int = 2) -> dict[str, Any]:
    """An ordered dict, in the order of the graph."""
    x, w, b = (as_floats(v, n, 1) for v, n in ((x, "x"), (w, "w"), (b, "b")))
    match (x.shape, w.shape, b.shape, power):
        case ((4,), (4,), (2,), 2 | 3):
            pass
        case _:
            raise ValueError("shapes, or power")
    graph: OrderedDict[str, Any] = OrderedDict(x=x, w=w, target=float(target), power=int(power))
    graph["a"] = x * w
    graph["c"] = np.add.reduceat(graph["a"], [0, 2]) + b
    graph["y"] = max(graph["c"].tolist())
    graph["C"] = math.pow(graph["y"] - graph["target"], graph["power"])
    graph.move_to_end("x")
    return graph


def max_graph_backward(cache: Mapping[str, Any]) -> dict[str, Any]:
    """An ordered dict, in the order of the way back."""
    grads: OrderedDict[str, Any] = OrderedDict()
    n, ε = cache["power"], cache["y"] - cache["target"]
    grads["y"] = float(n * ε ** (n - 1))
    first = cache["c"][0] >= cache["c"][1]
    grads["c"] = np.array([grads["y"], 0.0] if first else [0.0, grads["y"]])
    grads["b"] = 1 * grads["c"]
    grads["a"] = np.kron(grads["c"], np.ones(2))
    grads["w"], grads["x"] = grads["a"] * cache["x"], grads["a"] * cache["w"]
    return grads


@dataclass(frozen=True)
class Composite:
    """f and g of one matrix and one vector."""

    W: Floats
    u: Floats

    def __post_init__(self) -> None:
        W, u = as_floats(self.W, "W", 2), as_floats(self.u, "u", 1)
        if W.shape[1] != u.shape[0]:
            raise ValueError("shapes")
        object.__setattr__(self, "W", W)
        object.__setattr__(self, "u", u)

    @property
    def g(self) -> Floats:
        """Σ W u²."""
        return np.inner(self.W, np.square(self.u))

    @property
    def value(self) -> float:
        """Σ g²."""
        return float(np.inner(self.g, self.g))

    @property
    def jacobian(self) -> Floats:
        """∂g/∂u."""
        return self.W * (2 * self.u)[None, :]


def composite_value(W: NDArray[Any], u: NDArray[Any]) -> float:
    """Ask the record."""
    return Composite(W=W, u=u).value


def composite_gradient(W: NDArray[Any], u: NDArray[Any]) -> Floats:
    """Multiply by the whole Jacobian."""
    chain = Composite(W=W, u=u)
    return 2 * chain.g @ chain.jacobian


def mse_gradient(X: NDArray[Any], outputs: NDArray[Any], targets: NDArray[Any]) -> Floats:
    """Two products, one of which does not know the other."""
    X, o, t = as_floats(X, "X", 2), as_floats(outputs, "outputs", 2), as_floats(targets, "targets", 2)
    if not (o.shape == t.shape and X.shape[0] == o.shape[0]):
        raise ValueError("shapes")
    return np.einsum("ni,nk->ik", X, o - t, optimize=True) * (2 / X.shape[0])


def preprocess_mnist(images: NDArray[Any], mean: float, std: float) -> Floats:
    """(x - μ) / σ, and a one."""
    x = as_floats(images, "images", 2, 3)
    μ, σ = mean, std
    require_positive(value=σ, name="std")
    if isinstance(μ, (bool, np.bool_)) or not isinstance(μ, (int, float, np.number)):
        raise TypeError("mean")
    match x.shape:
        case (n, 28, 28) | (n, 784):
            x = x.reshape(n, -1)
        case _:
            raise ValueError("no digits")
    return np.column_stack(((x - μ) / σ, np.ones(n)))


def linear_forward(x: NDArray[Any], W: NDArray[Any], b: NDArray[Any]) -> tuple[Floats, Any]:
    """The bias as a last row of W, under a last column of ones."""
    x, W, b = as_floats(x, "x"), as_floats(W, "W", 2), as_floats(b, "b", 1)
    if x.ndim < 2 or int(np.prod(x.shape[1:])) != W.shape[0] or W.shape[1] != b.shape[0]:
        raise ValueError("shapes do not fit")
    rows = np.column_stack([np.reshape(x, (x.shape[0], -1)), np.ones(x.shape[0])])
    Ŵ = np.vstack([W, b])
    return rows @ Ŵ, {"rows": rows, "weights": Ŵ, "shape": x.shape}


def linear_backward(dout: NDArray[Any], cache: Any) -> tuple[Floats, Floats, Floats]:
    """One product for dW and db, one for dx and the column of ones, which nobody needs."""
    δ = as_floats(dout, "dout", 2)
    rows, Ŵ = cache["rows"], cache["weights"]
    if δ.shape != (rows.shape[0], Ŵ.shape[1]):
        raise ValueError("dout has another shape than the output")
    dŴ, drows = rows.T @ δ, δ @ Ŵ.T
    return Layer(dx=drows[:, :-1].reshape(cache["shape"]), dW=dŴ[:-1], db=dŴ[-1])


@dataclass
class TwoLayerNet:
    """Two layers and a ReLU."""

    input_size: int
    hidden_size: int
    num_classes: int
    std: float = 1e-4
    seed: int = 0
    params: dict[str, Floats] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        first, second = (np.random.default_rng(s) for s in np.random.SeedSequence(self.seed).spawn(2))
        self.params = OrderedDict(
            W1=first.normal(loc=0.0, scale=self.std, size=(self.input_size, self.hidden_size)),
            b1=np.zeros(self.hidden_size),
            W2=second.normal(loc=0.0, scale=self.std, size=(self.hidden_size, self.num_classes)),
            b2=np.zeros(self.num_classes),
        )

    def __call__(self, X: Floats) -> Floats:
        """Give the scores."""
        z, _ = linear_forward(x=X, W=self.params["W1"], b=self.params["b1"])
        return linear_forward(x=relu(z=z), W=self.params["W2"], b=self.params["b2"])[0]

    scores = __call__

    def loss(self, X: Floats, y: NDArray[np.int64], reg: float = 0.0) -> tuple[float, dict[str, Floats]]:
        """Forward, backward, penalty."""
        θ = self.params
        z, first = linear_forward(x=X, W=θ["W1"], b=θ["b1"])
        s, second = linear_forward(x=relu(z=z), W=θ["W2"], b=θ["b2"])
        ℓ, ds = softmax_cross_entropy(logits=s, labels=y)
        back = linear_backward(dout=ds, cache=second)
        front = linear_backward(dout=back[0] * relu_grad(z=z), cache=first)
        grads = OrderedDict(W1=front[1], b1=front[2], W2=back[1], b2=back[2])
        for name, parameter in θ.items():
            if parameter.ndim == 2:
                ℓ += float(reg * np.linalg.norm(parameter) ** 2)
                grads[name] = grads[name] + 2 * reg * parameter
        return LossAndGradient(loss=ℓ, gradient=grads)

    def predict(self, X: Floats) -> NDArray[np.int64]:
        """The best class."""
        return np.array([int(np.argmax(row)) for row in self(X)], dtype=np.int64)


def sgd_update(params, grads, lr, momentum=0.0, velocity=None) -> tuple[dict[str, Any], dict[str, Any]]:
    """A record of two ordered dicts."""
    require_positive(value=lr, name="lr")
    μ, η = momentum, lr
    if not 0 <= μ < 1:
        raise ValueError("momentum is 0 to below 1")
    v = OrderedDict((name, 0.0) for name in params) if velocity is None else velocity
    if not set(params) == set(grads) == set(v):
        raise ValueError("names differ")
    v = OrderedDict((name, μ * v[name] + grads[name]) for name in params)
    return Step(params=OrderedDict((name, w - η * v[name]) for name, w in params.items()), velocity=v)


class _Batches:
    """An iterator that counts down what is left."""

    def __init__(self, X, y, size: int, order, drop_last: bool) -> None:
        self.X, self.y, self.size, self.drop_last = X, y, size, drop_last
        self.left = list(order)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return self

    def __next__(self) -> tuple[Any, Any]:
        now, self.left = self.left[: self.size], self.left[self.size :]
        if not now or (self.drop_last and len(now) < self.size):
            raise StopIteration
        return np.take(self.X, now, axis=0), np.take(self.y, now)


def iterate_minibatches(X, y, batch_size, rng, *, shuffle=True, drop_last=False) -> Iterator[tuple[Any, Any]]:
    """Make an iterator; the check is here, at the call."""
    require_int(value=batch_size, name="batch_size", least=1)
    N = len(X)
    if len(y) != N:
        raise ValueError("lengths differ")
    order = rng.choice(N, size=N, replace=False) if shuffle else range(N)
    return _Batches(X, y, size=batch_size, order=order, drop_last=drop_last)


def fit_classifier(net: Network, data, epochs, batch_size, lr, reg, rng, momentum=0.0) -> History:
    """Everything by its name."""
    history = History(train_loss=[], val_accuracy=[])
    X, y, X_val, y_val = (data[name] for name in ("X_train", "y_train", "X_val", "y_val"))
    step = Step(params=net.params, velocity=None)
    for _ in range(epochs):
        seen, mean = 0, 0.0
        for Xi, yi in iterate_minibatches(X=X, y=y, batch_size=batch_size, rng=rng):
            ℓ, g = net.loss(Xi, yi, reg)
            step = Step(*sgd_update(params=step.params, grads=g, lr=lr, momentum=momentum, velocity=step.velocity))
            net.params = step.params
            seen += len(yi)
            mean += (ℓ - mean) * len(yi) / seen  # a running mean
        history["train_loss"].append(float(mean))
        history["val_accuracy"].append(np.equal(net.predict(X_val), y_val).mean().item())
    return history


def concept_check() -> dict[str, Any]:
    """Answers, in an ordered dict."""
    return OrderedDict(
        [
            ("mnist_task", "classification"),
            ("age_task", "regression"),
            ("mnist_inputs", 784),
            ("mnist_outputs", 10),
            ("training_steps", ["architecture", "forward", "loss", "backward", "update"]),
            ("one_layer_can_learn_xor", False),
            ("stacked_linear_layers", "as much as one layer can"),
            ("hidden_layer_approximates", "any continuous function"),
            ("sigmoid_grad_max", 0.25),
            ("tanh_grad_max", 1.0),
            ("relu_problem", "dead neuron"),
            ("leaky_coefficient", 0.01),
            ("c_infinity_activations", {"sigmoid", "tanh"}),
            ("gd_direction", "negative gradient"),
            ("batch_gd_cost", "slow and needs memory"),
            ("sgd_noise", "useful"),
            ("test_data_use", "the final number"),
        ]
    )


Recurrent = namedtuple("Recurrent", ["y", "h"])
Memory = namedtuple("Memory", ["h", "c"])
Attention = namedtuple("Attention", ["out", "weights"])


def rnn_step(x, h, W_xh, W_hh, W_hy):
    """A record."""
    state = np.tanh(h.dot(W_hh) + x.dot(W_xh))
    return Recurrent(y=state.dot(W_hy), h=state)


def lstm_step(x, h, c, W, b):
    """Blocks on an axis of their own."""
    blocks = (np.hstack((x, h)) @ W + b).reshape(len(x), 4, -1)
    ι, φ, ο = (sigmoid(z=blocks[:, k]) for k in range(3))
    cell = φ * c + ι * tanh(z=blocks[:, 3])
    return Memory(h=ο * tanh(z=cell), c=cell)


def scaled_dot_product_attention(q, k, v):
    """Scale the queries first."""
    weights = softmax(z=(q / np.sqrt(q.shape[1])) @ k.T)
    return Attention(out=weights @ v, weights=weights)


def multiclass_hinge_loss(scores, y):
    """One-hot rows as masks."""
    n, k = scores.shape
    right = one_hot(labels=y, num_classes=k).astype(bool)
    margins = (scores - scores[right][:, None] + 1) * ~right
    active = (margins > 0) * 1.0
    active -= right * active.sum(axis=1, keepdims=True)
    return LossAndGradient(loss=float(margins[margins > 0].sum() / n), gradient=active / n)


def xyz_graph_backward(x, y, z):
    """Three copies."""
    return y * 1.0, x * 1.0, np.ones(np.shape(z))


def prelu_grad(z, a):
    """By the sign."""
    negative = z < 0
    return np.where(negative, a, 1.0), np.where(negative, z, 0.0)


def collapse_linear_layers(weights):
    """multi_dot needs two, so an identity stands at the end."""
    return np.linalg.multi_dot([*reversed(weights), np.eye(weights[0].shape[1])])
