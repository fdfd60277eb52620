"""Backpropagation and SGD by hand: what `loss.backward()` and `optimizer.step()` do, in numpy alone.

Rows are samples: a batch is (N, D), scores are (N, K), labels (N,) hold whole
numbers from 0 to K - 1. Results are float64. No function writes into its
arguments. Wrong kinds raise TypeError; wrong shapes, ranges and numbers raise
ValueError. A prediction is called `probs` or `outputs`, what it should be `targets`
or `labels`.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MNIST_MEAN, MNIST_STD = 33.318, 78.567  # of the 60,000 training images, 0 to 255; the lecture's numbers


def as_floats(value: object, name: str, *ndims: int) -> Floats:
    """Give an array of real numbers as float64, or refuse it. Given: use it.

    Args:
        value: what was passed.
        name: the argument's name, for the message.
        ndims: numbers of axes that are fine; any when none is given.

    Returns:
        The same numbers as float64. A float64 array is given back itself, not a copy: do not write into it.

    Raises:
        TypeError: if the value is no numpy array, or holds no real numbers.
        ValueError: if it is empty, or has another number of axes.
    """
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a numpy array, got {type(value).__name__}")
    if value.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {value.dtype}")
    if value.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {value.shape}")
    if ndims and value.ndim not in ndims:
        raise ValueError(f"{name} must have {' or '.join(map(str, ndims))} axes, got shape {value.shape}")
    return value.astype(np.float64, copy=False)


def as_labels(value: object, count: int, num_classes: int) -> Ints:
    """Give labels as int64, or refuse them. Given: use it.

    Args:
        value: what was passed, (N,).
        count: N, the labels that there must be.
        num_classes: K; labels are 0 to K - 1.

    Raises:
        TypeError: if the value is no numpy array of integers.
        ValueError: if its shape is not (count,), or a label is below 0 or above K - 1.
    """
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iu":
        raise TypeError(f"labels must be a numpy array of integers, got {getattr(value, 'dtype', type(value))}")
    if value.shape != (count,):
        raise ValueError(f"labels must have shape ({count},), got {value.shape}")
    if count and (value.min() < 0 or value.max() >= num_classes):
        raise ValueError(f"labels must be 0 to {num_classes - 1}, got {value.min()} to {value.max()}")
    return value.astype(np.int64)


def require_int(value: object, name: str, least: int) -> None:
    """Refuse what is no integer, or less than `least`. Given: use it.

    Raises:
        TypeError: if the value is no integer; a bool and a float are none.
        ValueError: if it is less than `least`.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def require_positive(value: object, name: str) -> None:
    """Refuse what is no finite number above 0. Given: use it.

    Raises:
        TypeError: if the value is no number; a bool is none.
        ValueError: if it is 0, negative, infinite or NaN.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a finite number above 0, got {value}")


def load_digits() -> tuple[NDArray[np.uint8], Ints]:
    """Read the 10,000 training digits that lie in `data/` beside this file. Given: use it.

    Returns:
        images (10000, 28, 28) uint8, 0 to 255; labels (10000,) int64, 0 to 9.

    Raises:
        FileNotFoundError: if the file is not there.
    """
    file = Path(__file__).with_name("data") / "mnist_sample_train.npz"
    if not file.exists():
        raise FileNotFoundError(f"{file}: is not there; it comes with the starter kit")
    with np.load(file, allow_pickle=False) as digits:
        return digits["images"], digits["labels"].astype(np.int64)


def sigmoid(z: Array) -> Floats:
    """Squeeze numbers into 0 to 1: 1 / (1 + e^-z), without overflow for any z.

    Args:
        z: any shape, real numbers.

    Returns:
        z's shape, 0 to 1.

    Raises:
        TypeError: if z is no array of real numbers.
        ValueError: if z is empty.
    """
    z = as_floats(z, "z")
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


def sigmoid_grad(z: Array) -> Floats:
    """Give the derivative of the sigmoid at z; at most 0.25, at 0.

    Args:
        z: any shape; what went into the sigmoid, not what came out.

    Returns:
        z's shape.

    Raises:
        TypeError: if z is no array of real numbers.
        ValueError: if z is empty.
    """
    a = sigmoid(z)
    return a * (1 - a)


def tanh(z: Array) -> Floats:
    """Squeeze numbers into -1 to 1: (e^z - e^-z) / (e^z + e^-z), without overflow for any z.

    Args:
        z: any shape, real numbers.

    Returns:
        z's shape, -1 to 1.

    Raises:
        TypeError: if z is no array of real numbers.
        ValueError: if z is empty.
    """
    return np.tanh(as_floats(z, "z"))


def tanh_grad(z: Array) -> Floats:
    """Give the derivative of tanh at z; at most 1, at 0.

    Args:
        z: any shape; what went into tanh, not what came out.

    Returns:
        z's shape.

    Raises:
        TypeError: if z is no array of real numbers.
        ValueError: if z is empty.
    """
    return 1 - tanh(z) ** 2


def relu(z: Array) -> Floats:
    """Give max(0, z), element by element.

    Args:
        z: any shape, real numbers.

    Returns:
        z's shape, a new array.

    Raises:
        TypeError: if z is no array of real numbers.
        ValueError: if z is empty.
    """
    return np.maximum(as_floats(z, "z"), 0.0)


def relu_grad(z: Array) -> Floats:
    """Give the derivative of relu at z: 1 where z is above 0, else 0.

    At 0 there is no derivative; here it is 0. A 1 is accepted there too.

    Args:
        z: any shape, real numbers.

    Returns:
        z's shape, 0 or 1.

    Raises:
        TypeError: if z is no array of real numbers.
        ValueError: if z is empty.
    """
    return (as_floats(z, "z") > 0).astype(np.float64)


def leaky_relu(z: Array, alpha: float = 0.01) -> Floats:
    """Give max(0, z) + alpha min(0, z), element by element.

    Args:
        z: any shape, real numbers.
        alpha: the coefficient of leakage.

    Returns:
        z's shape, a new array.

    Raises:
        TypeError: if z is no array of real numbers.
        ValueError: if z is empty.
    """
    z = as_floats(z, "z")
    return np.where(z > 0, z, alpha * z)


def leaky_relu_grad(z: Array, alpha: float = 0.01) -> Floats:
    """Give the derivative of leaky_relu at z: 1 where z is above 0, else alpha.

    At 0 there is no derivative; here it is alpha. A 1 is accepted there too.

    Args:
        z: any shape, real numbers.
        alpha: the coefficient of leakage.

    Returns:
        z's shape, alpha or 1.

    Raises:
        TypeError: if z is no array of real numbers.
        ValueError: if z is empty.
    """
    return np.where(as_floats(z, "z") > 0, 1.0, alpha)


def softmax(z: Array) -> Floats:
    """Turn each row of scores into probabilities: e^z, divided by the row's sum, without overflow for any z.

    Args:
        z: (N, K), real numbers, also far from 0 and of very different size from row to row.

    Returns:
        (N, K); each row sums to 1.

    Raises:
        TypeError: if z is no array of real numbers.
        ValueError: if z has another number of axes than two, or is empty.

    Source:
        Goodfellow, Bengio and Courville, Deep Learning, section 4.1: subtracting the largest score changes nothing.
    """
    z = as_floats(z, "z", 2)
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def one_hot(labels: Array, num_classes: int) -> Floats:
    """Turn each label into a row with a single 1.

    Args:
        labels: (N,) or (N, 1), integers of any width, 0 to num_classes - 1.
        num_classes: K, at least 1.

    Returns:
        (N, K): 1 in the label's column, 0 elsewhere.

    Raises:
        TypeError: if labels is no array of integers, or num_classes no integer.
        ValueError: if a label is below 0 or not below K, the shape is another one, or num_classes is below 1.
    """
    require_int(num_classes, "num_classes", 1)
    if isinstance(labels, np.ndarray) and labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    count = len(labels) if isinstance(labels, np.ndarray) and labels.ndim else 0
    return np.eye(num_classes)[as_labels(labels, count, num_classes)]


def softmax_cross_entropy(logits: Array, labels: Array) -> tuple[float, Floats]:
    """Give the mean cross-entropy of softmax(logits) and its gradient, without overflow and without log(0).

    The cross-entropy of one sample is -log of the probability that its right class gets. With probabilities at
    hand it would be -sum(targets * log(probs)); from the scores it is log(sum(e^z)) - z[label], which stays finite.
    The slides give the sum over the samples. Here, as in the exercises, it is the mean.

    Args:
        logits: (N, K), scores before the softmax, also far from 0.
        labels: (N,), integers, 0 to K - 1.

    Returns:
        loss: a Python float, the mean over the N samples.
        dlogits: (N, K), the derivative of that mean; each row sums to 0.

    Raises:
        TypeError: if logits is no array of real numbers, or labels no array of integers.
        ValueError: if logits has another number of axes than two or is empty, labels another shape than (N,),
            or a label is out of range.
    """
    logits = as_floats(logits, "logits", 2)
    count, num_classes = logits.shape
    labels = as_labels(labels, count, num_classes)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = float(-log_probs[np.arange(count), labels].mean())
    return loss, (softmax(logits) - one_hot(labels, num_classes)) / count


def binary_cross_entropy(probs: Array, targets: Array) -> float:
    """Give the mean over samples of the sum over outputs of -t log(p) - (1 - t) log(1 - p).

    K outputs are K separate yes-or-no questions here, each with a probability of its own; this is not the
    cross-entropy after a softmax. Probabilities closer than 1e-12 to 0 or 1 count as 1e-12 away, so that
    the result is finite; no other probability is changed.

    Args:
        probs: (N, K), 0 to 1.
        targets: (N, K), 0 to 1.

    Returns:
        A Python float.

    Raises:
        TypeError: if an argument is no array of real numbers.
        ValueError: if the shapes differ or have another number of axes than two, an array is empty,
            or a number is below 0, above 1 or NaN.
    """
    probs, targets = as_floats(probs, "probs", 2), as_floats(targets, "targets", 2)
    if probs.shape != targets.shape:
        raise ValueError(f"probs and targets must have one shape, got {probs.shape} and {targets.shape}")
    if not all(((values >= 0) & (values <= 1)).all() for values in (probs, targets)):
        raise ValueError("probs and targets must be from 0 to 1")
    probs = np.clip(probs, 1e-12, 1 - 1e-12)
    return float(-(targets * np.log(probs) + (1 - targets) * np.log(1 - probs)).sum(axis=1).mean())


def numerical_gradient(f: Callable[[Floats], float], x: Array, eps: float = 1e-5) -> Floats:
    """Approximate the gradient of f at x by central differences.

    Element p is (f(x + eps e_p) - f(x - eps e_p)) / (2 eps), where e_p is 1 at p and 0 elsewhere. Far too slow
    for training, and the best way to check a gradient that you derived.

    Args:
        f: takes an array of x's shape, float64, and returns one number; it may be called 2 x.size + 1 times.
        x: any shape, real numbers; integers are cast to float64 first. Unchanged afterwards, bit for bit.
        eps: the step, above 0.

    Returns:
        x's shape.

    Raises:
        TypeError: if f cannot be called, x is no array of real numbers, or eps no number.
        ValueError: if eps is not above 0, x is empty, or f returns more than one number.
    """
    if not callable(f):
        raise TypeError(f"f must be a function, got {type(f).__name__}")
    require_positive(eps, "eps")
    point = as_floats(x, "x").copy()
    gradient = np.zeros(point.shape)
    for index in np.ndindex(point.shape):
        middle, values = point[index], []
        for moved in (middle + eps, middle - eps):
            point[index] = moved
            value = np.asarray(f(point.copy()))
            if value.size != 1:
                raise ValueError(f"f must return one number, got shape {value.shape}")
            values.append(value.item())
        point[index] = middle
        gradient[index] = (values[0] - values[1]) / (2 * eps)
    return gradient


def max_graph_forward(x: Array, w: Array, b: Array, target: float, power: int = 2) -> dict[str, Any]:
    """Walk forward through the graph of the lecture.

        a[i] = w[i] x[i]
        c[0] = a[0] + a[1] + b[0],  c[1] = a[2] + a[3] + b[1]
        y = max(c[0], c[1])
        C = (y - target) ** power

    With power 3 the result keeps its sign: C is then no real cost, for it has no minimum. It is an exercise
    in the chain rule.

    Args:
        x: (4,).
        w: (4,).
        b: (2,).
        target: a number.
        power: 2 or 3.

    Returns:
        A dict with "a" (4,), "c" (2,), "y" and "C" Python floats, and whatever else your backward pass needs:
        arrays, numbers and tuples, lists or dicts of them, not an object of a class of your own.

    Raises:
        TypeError: if x, w or b is no array of real numbers.
        ValueError: if a shape is another one, or power is neither 2 nor 3.
    """
    x, w, b = as_floats(x, "x", 1), as_floats(w, "w", 1), as_floats(b, "b", 1)
    if (x.shape, w.shape, b.shape) != ((4,), (4,), (2,)):
        raise ValueError(f"x, w and b must have shapes (4,), (4,) and (2,), got {x.shape}, {w.shape} and {b.shape}")
    if power not in {2, 3}:
        raise ValueError(f"power must be 2 or 3, got {power}")
    a = w * x
    c = a.reshape(2, 2).sum(axis=1) + b
    y = float(c.max())
    cost = (y - target) ** power
    return {"a": a, "c": c, "y": y, "C": float(cost), "x": x, "w": w, "target": float(target), "power": power}


def max_graph_backward(cache: dict[str, Any]) -> dict[str, Any]:
    """Walk backward through the graph of max_graph_forward, one local derivative at a time.

    Only the branch that won passes the gradient on. If c[0] == c[1], the first wins.

    Args:
        cache: what max_graph_forward returned.

    Returns:
        The derivatives of C: "y" a Python float, "c" (2,), "a" (4,), "b" (2,), "w" (4,), "x" (4,).
    """
    dy = cache["power"] * (cache["y"] - cache["target"]) ** (cache["power"] - 1)
    dc = np.zeros(2)
    dc[np.argmax(cache["c"])] = dy
    da = np.repeat(dc, 2)
    return {"y": float(dy), "c": dc, "a": da, "b": dc.copy(), "w": da * cache["x"], "x": da * cache["w"]}


def composite_value(W: Array, u: Array) -> float:
    """Give f(g(u)) with g_p(u) = sum over q of W[p, q] u[q]^2, and f(y) = sum over p of y[p]^2.

    Args:
        W: (M, K).
        u: (K,).

    Returns:
        A Python float.

    Raises:
        TypeError: if an argument is no array of real numbers.
        ValueError: if the shapes do not fit.
    """
    W, u = as_floats(W, "W", 2), as_floats(u, "u", 1)
    if W.shape[1] != u.shape[0]:
        raise ValueError(f"W must have a column for each element of u, got {W.shape} and {u.shape}")
    return float(((W @ u**2) ** 2).sum())


def composite_gradient(W: Array, u: Array) -> Floats:
    """Give the gradient of composite_value by the chain rule: 4 u_k, times the sum over j of W[j, k] g_j(u).

    Args:
        W: (M, K).
        u: (K,).

    Returns:
        (K,), the derivatives with respect to u.

    Raises:
        TypeError: if an argument is no array of real numbers.
        ValueError: if the shapes do not fit.
    """
    W, u = as_floats(W, "W", 2), as_floats(u, "u", 1)
    if W.shape[1] != u.shape[0]:
        raise ValueError(f"W must have a column for each element of u, got {W.shape} and {u.shape}")
    return 4 * u * (W.T @ (W @ u**2))


def mse_gradient(X: Array, outputs: Array, targets: Array) -> Floats:
    """Give the gradient of the squared error of a linear model outputs = X @ W, with respect to W.

    Element (i, k) is the mean over the N samples of -2 (targets[n, k] - outputs[n, k]) X[n, i]. The slide's loop
    computes one weight at a time; this does all of them at once. No Python loops: a part of the points is for speed.

    Args:
        X: (N, D).
        outputs: (N, K).
        targets: (N, K).

    Returns:
        (D, K).

    Raises:
        TypeError: if an argument is no array of real numbers.
        ValueError: if an array has another number of axes than two or is empty, or the shapes do not fit.
    """
    X, outputs, targets = as_floats(X, "X", 2), as_floats(outputs, "outputs", 2), as_floats(targets, "targets", 2)
    if outputs.shape != targets.shape or len(X) != len(outputs):
        raise ValueError(f"shapes do not fit: {X.shape}, {outputs.shape} and {targets.shape}")
    return -2 * X.T @ (targets - outputs) / len(X)


def preprocess_mnist(images: Array, mean: float, std: float) -> Floats:
    """Flatten and normalise images of digits, and append a constant 1: the bias trick.

    With a last column of ones, the last row of a weight matrix acts as the bias. So this goes with models that
    have no bias of their own: `softmax_regression_forward` and `mse_gradient`.

    Args:
        images: (N, 28, 28) or (N, 784), raw, 0 to 255.
        mean: of the training images; see MNIST_MEAN.
        std: of the training images, above 0; see MNIST_STD.

    Returns:
        (N, 785): (images - mean) / std in C order, then a column of exactly 1.

    Raises:
        TypeError: if images is no array of real numbers, or mean or std no number.
        ValueError: if the shape is another one, images is empty, or std is not above 0.
    """
    images = as_floats(images, "images", 2, 3)
    require_positive(std, "std")
    if isinstance(mean, bool) or not isinstance(mean, (int, float, np.integer, np.floating)):
        raise TypeError(f"mean must be a number, got {type(mean).__name__}")
    if images.shape[1:] not in {(28, 28), (784,)}:
        raise ValueError(f"images must be (N, 28, 28) or (N, 784), got {images.shape}")
    flat = (images.reshape(len(images), 784) - mean) / std
    return np.hstack([flat, np.ones((len(images), 1))])


def softmax_regression_forward(X: Array, W: Array) -> Floats:
    """Give a softmax regression's probabilities. Given: it uses your softmax.

    Args:
        X: (N, 785), with the bias trick.
        W: (785, K).

    Returns:
        (N, K).
    """
    return softmax(X @ W)


def logistic_forward(X: Array, w: Array) -> Floats:
    """Give a logistic regression's probabilities of class 1. Given: it uses your sigmoid.

    Args:
        X: (N, D).
        w: (D,).

    Returns:
        (N,).
    """
    return sigmoid(X @ w)


def linear_forward(x: Array, W: Array, b: Array) -> tuple[Floats, Any]:
    """Give the output of a linear layer, and what its backward pass needs.

    Args:
        x: (N, d1, ..., dk), at least two axes; each sample is flattened to D = d1 * ... * dk numbers, in C order.
        W: (D, M).
        b: (M,).

    Returns:
        out: (N, M), x W + b.
        cache: whatever your linear_backward needs, and nobody else looks into it: arrays and numbers in a tuple, a
            list or a dict, not an object of a class of your own.

    Raises:
        TypeError: if an argument is no array of real numbers.
        ValueError: if the shapes do not fit, or an array is empty.
    """
    x, W, b = as_floats(x, "x"), as_floats(W, "W", 2), as_floats(b, "b", 1)
    if x.ndim < 2 or math.prod(x.shape[1:]) != W.shape[0] or b.shape != (W.shape[1],):
        raise ValueError(f"shapes do not fit: x {x.shape}, W {W.shape}, b {b.shape}")
    return x.reshape(len(x), -1) @ W + b, (x, W)


def linear_backward(dout: Array, cache: Any) -> tuple[Floats, Floats, Floats]:
    """Give the gradients of a linear layer.

    Args:
        dout: (N, M), the gradient of the loss with respect to the layer's output.
        cache: what linear_forward returned.

    Returns:
        dx: x's shape.
        dW: (D, M).
        db: (M,), the sum of dout over the batch: whoever wants a mean has it in dout already.

    Raises:
        TypeError: if dout is no array of real numbers.
        ValueError: if dout is not (N, M).
    """
    x, W = cache
    dout = as_floats(dout, "dout", 2)
    if dout.shape != (len(x), W.shape[1]):
        raise ValueError(f"dout must have shape {(len(x), W.shape[1])}, got {dout.shape}")
    return (dout @ W.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


class TwoLayerNet:
    """A network with one hidden layer: linear, relu, linear; its scores go into a softmax.

    Both layers have biases of their own, so digits come as 784 numbers, without the bias trick.

    Attributes:
        params: "W1" (D, H), "b1" (H,), "W2" (H, K), "b2" (K,). May be replaced from outside at any time:
            each method uses what it holds then.
    """

    def __init__(self, input_size: int, hidden_size: int, num_classes: int, std: float = 1e-4, seed: int = 0) -> None:
        """Draw the weights from a normal distribution with standard deviation `std`; biases begin at 0.

        The weights must differ from each other: hidden units that begin equal stay equal.

        Args:
            input_size: D, at least 1.
            hidden_size: H, at least 1.
            num_classes: K, at least 1.
            std: standard deviation, above 0.
            seed: for a generator of your own; the same seed gives the same weights.
        """
        rng = np.random.default_rng(seed)
        self.params = {
            "W1": std * rng.standard_normal((input_size, hidden_size)),
            "b1": np.zeros(hidden_size),
            "W2": std * rng.standard_normal((hidden_size, num_classes)),
            "b2": np.zeros(num_classes),
        }

    def scores(self, X: Array) -> Floats:
        """Give the scores before the softmax.

        Args:
            X: (N, D).

        Returns:
            (N, K).
        """
        hidden, _ = linear_forward(X, self.params["W1"], self.params["b1"])
        return linear_forward(relu(hidden), self.params["W2"], self.params["b2"])[0]

    def loss(self, X: Array, y: Array, reg: float = 0.0) -> tuple[float, dict[str, Floats]]:
        """Give loss and gradients; change nothing.

        The loss is the mean cross-entropy of the softmax, plus reg times the sum of the squares of all elements
        of W1 and W2. So the penalty adds 2 reg W to the gradient of each weight matrix, and nothing to a bias's.

        Args:
            X: (N, D).
            y: (N,), integers, 0 to K - 1.
            reg: strength of the penalty, 0 or more.

        Returns:
            loss: a Python float.
            grads: the gradients, under the same keys and in the same shapes as params.

        Raises:
            ValueError: if a label is out of range, or there is not one for each row of X.
        """
        W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))
        z, first = linear_forward(X, W1, b1)
        scores, second = linear_forward(relu(z), W2, b2)
        loss, dscores = softmax_cross_entropy(scores, y)
        dhidden, dW2, db2 = linear_backward(dscores, second)
        _, dW1, db1 = linear_backward(dhidden * relu_grad(z), first)
        penalty = float(reg * ((W1**2).sum() + (W2**2).sum()))
        return loss + penalty, {"W1": dW1 + 2 * reg * W1, "b1": db1, "W2": dW2 + 2 * reg * W2, "b2": db2}

    def predict(self, X: Array) -> Ints:
        """Give the class with the highest score.

        Args:
            X: (N, D).

        Returns:
            (N,), int64.
        """
        return self.scores(X).argmax(axis=1)


def sgd_update(
    params: dict[str, Any],
    grads: dict[str, Any],
    lr: float,
    momentum: float = 0.0,
    velocity: dict[str, Any] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Take one step downhill, with momentum: v = momentum v + g, then w = w - lr v.

    Args:
        params: name to array or number.
        grads: the gradients, under the same names.
        lr: learning rate, above 0.
        momentum: 0 to below 1; 0 is plain gradient descent.
        velocity: what the step before returned; None at the first step means zeros.

    Returns:
        params: the new ones, under the same names; the given ones stay as they are.
        velocity: for the next step.

    Raises:
        TypeError: if lr is no number.
        ValueError: if lr is not above 0, momentum is not from 0 to below 1, or the names differ.

    Source:
        Sutskever et al., On the importance of initialization and momentum in deep learning, in the form of PyTorch.
    """
    require_positive(lr, "lr")
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum must be from 0 to below 1, got {momentum}")
    if velocity is None:
        velocity = {name: 0.0 * np.asarray(value) for name, value in params.items()}
    if not params.keys() == grads.keys() == velocity.keys():
        raise ValueError(f"names differ: {sorted(params)}, {sorted(grads)} and {sorted(velocity)}")
    moved = {name: momentum * velocity[name] + grads[name] for name in params}
    return {name: params[name] - lr * moved[name] for name in params}, moved


def iterate_minibatches(
    X: Array, y: Array, batch_size: int, rng: np.random.Generator, *, shuffle: bool = True, drop_last: bool = False
) -> Iterator[tuple[Array, Array]]:
    """Go once through the samples, a batch at a time.

    Args:
        X: (N, ...).
        y: (N,); X[i] and y[i] stay together.
        batch_size: samples in a batch, at least 1; the last batch may be smaller.
        rng: where the order comes from; numpy's global generator stays untouched. Each call draws a new order.
        shuffle: False keeps the order as it is.
        drop_last: True leaves out a last batch that is smaller.

    Yields:
        (batch of X, batch of y).

    Raises:
        TypeError: if batch_size is no integer.
        ValueError: if batch_size is below 1, or X and y have different lengths.
        Both may come from the call or from the first step.
    """
    require_int(batch_size, "batch_size", 1)
    if len(X) != len(y):
        raise ValueError(f"X and y must have one length, got {len(X)} and {len(y)}")
    order = rng.permutation(len(X)) if shuffle else np.arange(len(X))
    for start in range(0, len(X), batch_size):
        batch = order[start : start + batch_size]
        if drop_last and len(batch) < batch_size:
            return
        yield X[batch], y[batch]


def fit_classifier(
    net: Any,
    data: dict[str, Array],
    epochs: int,
    batch_size: int,
    lr: float,
    reg: float,
    rng: np.random.Generator,
    momentum: float = 0.0,
) -> dict[str, list[float]]:
    """Train a network with minibatch SGD, and say how it went.

    Each epoch goes through all training samples in a new order, the smaller last batch included. Afterwards the
    network has the weights of the last step. Validation data are only looked at: no weight depends on them.

    Args:
        net: has `params`, `loss(X, y, reg)` and `predict(X)`, as TwoLayerNet; its `params` are replaced.
        data: "X_train" (N, D), "y_train" (N,), "X_val" (V, D), "y_val" (V,).
        epochs: how many times through the training data, at least 1.
        batch_size: samples in a batch, at least 1.
        lr: learning rate, above 0.
        reg: strength of the penalty, 0 or more.
        rng: where the order of the samples comes from.
        momentum: 0 to below 1; the velocity lives for the whole training.

    Returns:
        "train_loss": for each epoch, the mean over its samples of the loss that net.loss gave for their batch, before
            the batch's step: a smaller batch counts less.
        "val_accuracy": for each epoch, the share of right predictions on the validation data, after it.
        Both are lists of Python floats.
    """
    history: dict[str, list[float]] = {"train_loss": [], "val_accuracy": []}
    velocity = None
    for _ in range(epochs):
        total = 0.0
        for X, y in iterate_minibatches(data["X_train"], data["y_train"], batch_size, rng):
            loss, grads = net.loss(X, y, reg)
            net.params, velocity = sgd_update(net.params, grads, lr, momentum, velocity)
            total += loss * len(X)
        history["train_loss"].append(float(total / len(data["X_train"])))
        history["val_accuracy"].append(float((net.predict(data["X_val"]) == data["y_val"]).mean()))
    return history


def concept_check() -> dict[str, Any]:
    """Answer the questions of the lecture.

    Returns:
        mnist_task: which kind of learning recognising a digit is, "regression" or "classification".
        age_task: the same for guessing an age, in years, from a face.
        mnist_inputs: how many numbers a flattened MNIST image has.
        mnist_outputs: how many scores a network for MNIST gives.
        training_steps: the five steps in their order, a list of "backward", "forward", "update", "loss" and
            "architecture".
        one_layer_can_learn_xor: whether a single linear layer can learn XOR, True or False.
        stacked_linear_layers: what three linear layers without activations can compute, "more than one layer can" or
            "as much as one layer can".
        hidden_layer_approximates: what a network with one hidden layer that is wide enough can approximate,
            "linear functions" or "any continuous function".
        sigmoid_grad_max: the largest derivative of the sigmoid.
        tanh_grad_max: the largest derivative of tanh.
        relu_problem: what can happen to a unit with a relu whose input is always negative, "dead neuron",
            "exploding gradient" or "overfitting".
        leaky_coefficient: the usual coefficient of leakage.
        c_infinity_activations: which of "sigmoid", "tanh", "relu", "leaky_relu" have derivatives of every order
            everywhere, a set.
        gd_direction: where gradient descent steps, "gradient", "negative gradient" or "random".
        batch_gd_cost: what speaks against using all samples for each step, "slow and needs memory" or "noisy".
        sgd_noise: what the noise of SGD is, "useful" or "always harmful".
        test_data_use: what the test data are for, "training", "tuning" or "the final number".
    """
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


def rnn_step(x: Array, h: Array, W_xh: Array, W_hh: Array, W_hy: Array) -> tuple[Floats, Floats]:
    """Bonus: take one step of a recurrent network: h' = tanh(h W_hh + x W_xh), y = h' W_hy.

    Samples are rows, so the slide's transposes are gone. The same weights serve at every step.

    Args:
        x: (N, D), the input of this step.
        h: (N, H), the state before it.
        W_xh: (D, H).
        W_hh: (H, H).
        W_hy: (H, K).

    Returns:
        y: (N, K).
        h: (N, H), the state after it.
    """
    h = np.tanh(h @ W_hh + x @ W_xh)
    return h @ W_hy, h


def lstm_step(x: Array, h: Array, c: Array, W: Array, b: Array) -> tuple[Floats, Floats]:
    """Bonus: take one step of an LSTM.

    The columns of [x, h] W + b are four blocks of H, in the slide's order: i, f, o, g. The gates i, f and o go
    through the sigmoid, g through tanh, each with its bias inside. Then c' = f c + i g, and h' = o tanh(c').

    Args:
        x: (N, D), the input of this step.
        h: (N, H), the state before it.
        c: (N, H), the cell before it.
        W: (D + H, 4 H): the rows for x first, then those for h.
        b: (4 H,).

    Returns:
        h: (N, H), the state after it.
        c: (N, H), the cell after it.
    """
    i, f, o, g = np.split(np.hstack([x, h]) @ W + b, 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def scaled_dot_product_attention(q: Array, k: Array, v: Array) -> tuple[Floats, Floats]:
    """Bonus: let each query gather values by how well their keys fit it: softmax(q k^T / sqrt(d)) v.

    Args:
        q: (L, d), queries.
        k: (S, d), keys.
        v: (S, m), values.

    Returns:
        out: (L, m).
        weights: (L, S); each row sums to 1.

    Source:
        Vaswani et al., Attention is all you need, equation 1.
    """
    weights = softmax(q @ k.T / math.sqrt(q.shape[1]))
    return weights @ v, weights


def multiclass_hinge_loss(scores: Array, y: Array) -> tuple[float, Floats]:
    """Bonus: ask that the right score is at least 1 above every other: sum over j != y of max(0, s_j - s_y + 1).

    Args:
        scores: (N, K).
        y: (N,), integers, 0 to K - 1.

    Returns:
        loss: a Python float, the mean over the N samples.
        dscores: (N, K), its gradient.
    """
    rows = np.arange(len(scores))
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1)
    margins[rows, y] = 0
    dscores = (margins > 0).astype(np.float64)
    dscores[rows, y] = -dscores.sum(axis=1)
    return float(margins.sum() / len(scores)), dscores / len(scores)


def xyz_graph_backward(x: Array, y: Array, z: Array) -> tuple[Floats, Floats, Floats]:
    """Bonus: give the gradients of c = sum(b) with b = a + z and a = x y, element by element.

    Args:
        x: (N, D).
        y: (N, D).
        z: (N, D).

    Returns:
        dx, dy and dz, each (N, D).
    """
    ones = np.ones(z.shape)
    return ones * y, ones * x, ones


def prelu_grad(z: Array, a: float) -> tuple[Floats, Floats]:
    """Bonus: give both derivatives of max(0, z) + a min(0, z), where a is learned too.

    Args:
        z: any shape, without zeros.
        a: the slope below 0.

    Returns:
        dz: z's shape, the derivative of each output with respect to its z.
        da: z's shape, the derivative of each output with respect to a.
    """
    return np.where(z > 0, 1.0, a), np.minimum(z, 0.0)


def collapse_linear_layers(weights: list[Array]) -> Floats:
    """Bonus: give the one matrix that does what a stack of linear layers without activations does.

    Args:
        weights: at least one matrix, the first layer's first; layer i computes W_i x for a column x, so the shapes
            are (H1, D), (H2, H1), and so on.

    Returns:
        (the last layer's rows, D); for the lecture's (5, 25), (3, 5) and (1, 3) that is (1, 25).
    """
    product = weights[0]
    for weight in weights[1:]:
        product = weight @ product
    return product.copy()
