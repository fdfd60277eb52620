"""By somebody who thinks in PyTorch: modules, functional, an optimiser with param groups, a loader; all in float64."""

import math
from pathlib import Path
from types import SimpleNamespace

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


def tensor(data, dim=None):
    """Like torch.tensor for real data, with a check of the dimensions; always a copy, always double."""
    if not isinstance(data, np.ndarray):
        raise TypeError(f"expected an array, not {type(data).__name__}")
    if not (np.issubdtype(data.dtype, np.integer) or np.issubdtype(data.dtype, np.floating) or data.dtype == bool):
        raise TypeError(f"cannot convert {data.dtype} to double")
    if data.size == 0:
        raise ValueError("empty tensor")
    if dim is not None and data.ndim != dim:
        raise ValueError(f"expected {dim} dimensions, got {data.ndim}")
    return data.astype(np.double, copy=True)


def _sigmoid(z):
    exp = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, exp) / (1 + exp)


def _log_softmax(z, dim):
    shifted = z - z.max(axis=dim, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=dim, keepdims=True))


def _nll_loss(log_probs, target):
    return -log_probs[np.arange(len(target)), target].mean()


F = SimpleNamespace(
    sigmoid=_sigmoid,
    tanh=np.tanh,
    relu=lambda z: np.maximum(z, 0),
    leaky_relu=lambda z, negative_slope: np.maximum(z, 0) + negative_slope * np.minimum(z, 0),
    log_softmax=_log_softmax,
    softmax=lambda z, dim: np.exp(_log_softmax(z, dim)),
    nll_loss=_nll_loss,
    linear=lambda x, weight, bias: x @ weight + bias,
)


def sigmoid(z):
    """Forward."""
    return F.sigmoid(tensor(z))


def sigmoid_grad(z):
    """Backward for grad_output 1."""
    out = F.sigmoid(tensor(z))
    return (1 - out) * out


def tanh(z):
    """Forward."""
    return F.tanh(tensor(z))


def tanh_grad(z):
    """Backward for grad_output 1."""
    out = F.tanh(tensor(z))
    return 1 - out * out


def relu(z):
    """Forward."""
    return F.relu(tensor(z))


def relu_grad(z):
    """Backward for grad_output 1, threshold 0."""
    return (F.relu(tensor(z)) > 0).astype(np.double)


def leaky_relu(z, alpha=0.01):
    """Forward."""
    return F.leaky_relu(tensor(z), negative_slope=alpha)


def leaky_relu_grad(z, alpha=0.01):
    """Backward for grad_output 1."""
    grad = np.ones(np.shape(tensor(z)))
    return np.where(z > 0, grad, grad * alpha)


def softmax(z):
    """Softmax over dim 1."""
    return F.softmax(tensor(z, 2), dim=1)


def one_hot(labels, num_classes):
    """Like F.one_hot, as double."""
    require_int(num_classes, "num_classes", 1)
    if not isinstance(labels, np.ndarray) or not np.issubdtype(labels.dtype, np.integer):
        raise TypeError("one_hot needs an index tensor")
    if labels.ndim == 2 and labels.shape[-1] == 1:
        labels = labels.squeeze(-1)
    if labels.ndim != 1:
        raise ValueError("one_hot needs (N,) or (N, 1)")
    target = np.zeros((labels.shape[0], num_classes), dtype=np.double)
    for row, label in zip(target, labels.tolist()):
        if not 0 <= label < num_classes:
            raise ValueError("class values must be from 0 to num_classes - 1")
        row[label] = 1
    return target


class CrossEntropyLoss:
    """log_softmax and nll_loss, reduction mean, with its own backward."""

    def __call__(self, input, target):
        self.input = tensor(input, 2)
        self.target = as_labels(target, *self.input.shape)
        return float(F.nll_loss(F.log_softmax(self.input, dim=1), self.target))

    def backward(self):
        grad_input = F.softmax(self.input, dim=1)
        grad_input[np.arange(len(self.target)), self.target] -= 1
        grad_input /= len(self.target)
        return grad_input


def softmax_cross_entropy(logits, labels):
    """Criterion, then backward."""
    criterion = CrossEntropyLoss()
    loss = criterion(logits, labels)
    return loss, criterion.backward()


def binary_cross_entropy(probs, targets):
    """Like F.binary_cross_entropy with reduction none, summed over outputs."""
    input, target = tensor(probs, 2), tensor(targets, 2)
    if input.shape != target.shape:
        raise ValueError("using a target size that is different to the input size")
    if ((input < 0) | (input > 1) | np.isnan(input)).any() or ((target < 0) | (target > 1) | np.isnan(target)).any():
        raise ValueError("all elements of input should be between 0 and 1")
    input = np.clip(input, 1e-12, 1 - 1e-12)
    return float((target * -np.log(input) + (1 - target) * -np.log(1 - input)).sum(axis=-1).mean(axis=0))


def numerical_gradient(f, x, eps=1e-5):
    """Like gradcheck's numerical Jacobian."""
    if not callable(f):
        raise TypeError("fn must be callable")
    require_positive(eps, "eps")
    x = tensor(x)
    grad = np.zeros_like(x)

    def fn(input):
        output = np.asarray(f(input))
        if output.size != 1:
            raise ValueError("grad can be created only for scalar outputs")
        return float(output.item())

    for index in np.ndindex(*x.shape):
        orig = x[index].copy()
        x[index] = orig + eps
        outb = fn(x.copy())
        x[index] = orig - eps
        outa = fn(x.copy())
        x[index] = orig
        grad[index] = (outb - outa) / (2 * eps)
    return grad


def max_graph_forward(x, w, b, target, power=2):
    """ctx.save_for_backward is a dict here."""
    x, w, b = tensor(x, 1), tensor(w, 1), tensor(b, 1)
    if x.shape != (4,) or w.shape != (4,) or b.shape != (2,):
        raise ValueError("size mismatch")
    if power not in (2, 3):
        raise ValueError("power must be 2 or 3")
    a = w * x
    c = a.reshape(2, 2).sum(-1) + b
    index = c.argmax().item()
    y = c[index].item()
    return {"a": a, "c": c, "y": y, "C": (y - float(target)) ** power, "saved": (x, w, index, float(target), power)}


def max_graph_backward(cache):
    """Each grad_input from the grad_output behind it."""
    x, w, index, target, power = cache["saved"]
    grad_C = 1.0
    grad_y = grad_C * power * (cache["y"] - target) ** (power - 1)
    grad_c = np.zeros(2)
    np.put(grad_c, index, grad_y)
    grad_b = grad_c.copy()
    grad_a = np.repeat(grad_c, 2)
    return {"y": float(grad_y), "c": grad_c, "a": grad_a, "b": grad_b, "w": grad_a * x, "x": grad_a * w}


def _mv(W, u):
    W, u = tensor(W, 2), tensor(u, 1)
    if W.shape[-1] != u.shape[0]:
        raise ValueError("size mismatch")
    return W, u, W @ u**2


def composite_value(W, u):
    """Forward."""
    return _mv(W, u)[2].__pow__(2).sum().item()


def composite_gradient(W, u):
    """Backward: vector-Jacobian products."""
    W, u, g = _mv(W, u)
    grad_g = 2 * g
    grad_squares = W.T @ grad_g
    return grad_squares * 2 * u


def mse_gradient(X, outputs, targets):
    """Backward of a linear layer behind an MSE loss."""
    X, outputs, targets = tensor(X, 2), tensor(outputs, 2), tensor(targets, 2)
    if outputs.shape != targets.shape or X.shape[0] != outputs.shape[0]:
        raise ValueError("size mismatch")
    grad_outputs = 2 * (outputs - targets) / X.shape[0]
    return X.T @ grad_outputs


class Compose:
    """Transforms, one after the other."""

    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, x):
        for t in self.transforms:
            x = t(x)
        return x


def preprocess_mnist(images, mean, std):
    """Compose([Flatten, Normalize, append a one])."""
    if isinstance(mean, bool) or not isinstance(mean, (int, float, np.integer, np.floating)):
        raise TypeError("mean")
    require_positive(std, "std")
    images = tensor(images)
    if images.shape[1:] not in {(28, 28), (784,)}:
        raise ValueError("expected MNIST images")
    transform = Compose(
        [
            lambda x: x.reshape(x.shape[0], -1),
            lambda x: (x - mean) / std,
            lambda x: np.concatenate([x, np.ones((x.shape[0], 1))], axis=1),
        ]
    )
    return transform(images)


def linear_forward(x, W, b):
    """Flatten(1), then F.linear."""
    x, W, b = tensor(x), tensor(W, 2), tensor(b, 1)
    if x.ndim < 2:
        raise ValueError("expected a batch")
    flat = x.reshape(x.shape[0], -1)
    if flat.shape[1] != W.shape[0] or W.shape[1] != b.shape[0]:
        raise ValueError("mat1 and mat2 shapes cannot be multiplied")
    return F.linear(flat, W, b), (x, W, b)


def linear_backward(dout, cache):
    """grad_input, grad_weight, grad_bias."""
    x, W, _ = cache
    grad_output = tensor(dout, 2)
    if grad_output.shape != (x.shape[0], W.shape[1]):
        raise ValueError("grad_output has another shape")
    grad_input = (grad_output @ W.T).reshape(x.shape)
    grad_weight = x.reshape(x.shape[0], -1).T @ grad_output
    grad_bias = grad_output.sum(axis=0)
    return grad_input, grad_weight, grad_bias


class Module:
    """Callable, with parameters."""

    def __call__(self, *args):
        return self.forward(*args)


class TwoLayerNet(Module):
    """nn.Sequential(Linear, ReLU, Linear), by hand."""

    def __init__(self, input_size, hidden_size, num_classes, std=1e-4, seed=0):
        generator = np.random.default_rng(seed)
        self.params = {
            "W1": generator.normal(loc=0.0, scale=std, size=(input_size, hidden_size)),
            "b1": np.zeros(hidden_size),
            "W2": generator.normal(loc=0.0, scale=std, size=(hidden_size, num_classes)),
            "b2": np.zeros(num_classes),
        }

    def forward(self, X):
        """Save what backward needs."""
        self.pre, self.ctx1 = linear_forward(X, self.params["W1"], self.params["b1"])
        out, self.ctx2 = linear_forward(relu(self.pre), self.params["W2"], self.params["b2"])
        return out

    def backward(self, grad_output):
        """Give a state dict of gradients."""
        grad_hidden, grad_W2, grad_b2 = linear_backward(grad_output, self.ctx2)
        grad_pre = np.where(self.pre > 0, grad_hidden, 0.0)
        _, grad_W1, grad_b1 = linear_backward(grad_pre, self.ctx1)
        return {"W1": grad_W1, "b1": grad_b1, "W2": grad_W2, "b2": grad_b2}

    def scores(self, X):
        """Logits."""
        return self(X)

    def loss(self, X, y, reg=0.0):
        """Criterion, penalty, backward."""
        loss, grad_logits = softmax_cross_entropy(self(X), y)
        grads = self.backward(grad_logits)
        for name in ["W1", "W2"]:
            loss += reg * (self.params[name] ** 2).sum().item()
            grads[name] = grads[name] + 2 * reg * self.params[name]
        return float(loss), grads

    def predict(self, X):
        """logits.argmax(dim=1)."""
        return self(X).argmax(axis=1).astype(np.int64)


def sgd_update(params, grads, lr, momentum=0.0, velocity=None):
    """torch.optim.SGD, without in-place operations."""
    require_positive(lr, "lr")
    if momentum < 0.0 or momentum >= 1.0:
        raise ValueError(f"Invalid momentum value: {momentum}")
    if set(params) != set(grads) or (velocity is not None and set(velocity) != set(params)):
        raise ValueError("parameters, gradients and buffers have different names")
    new_params, buffers = {}, {}
    for name, p in params.items():
        d_p = grads[name]
        buf = d_p * 1.0 if velocity is None else momentum * velocity[name] + d_p  # first step: a clone, as in torch
        buffers[name] = buf
        new_params[name] = p - lr * buf
    return new_params, buffers


class DataLoader:
    """Batches from a sampler."""

    def __init__(self, dataset, batch_size, sampler, drop_last):
        self.dataset, self.batch_size, self.sampler, self.drop_last = dataset, batch_size, sampler, drop_last

    def __iter__(self):
        batch = []
        for idx in self.sampler():
            batch.append(idx)
            if len(batch) == self.batch_size:
                yield self.collate(batch)
                batch = []
        if batch and not self.drop_last:
            yield self.collate(batch)

    def collate(self, indices):
        """Index both tensors."""
        return tuple(t[np.array(indices)] for t in self.dataset)


def iterate_minibatches(X, y, batch_size, rng, *, shuffle=True, drop_last=False):
    """iter(DataLoader(...))."""
    require_int(batch_size, "batch_size", 1)
    if len(X) != len(y):
        raise ValueError("size mismatch between tensors")
    sampler = (lambda: rng.permutation(len(X)).tolist()) if shuffle else (lambda: range(len(X)))
    return iter(DataLoader((X, y), batch_size, sampler, drop_last))


def evaluate(net, X, y):
    """Accuracy."""
    correct = (net.predict(X) == y).sum().item()
    return correct / len(y)


def fit_classifier(net, data, epochs, batch_size, lr, reg, rng, momentum=0.0):
    """The usual loop."""
    history = {"train_loss": [], "val_accuracy": []}
    optimizer_state = None
    for epoch in range(epochs):
        running_loss = 0.0
        for xb, yb in iterate_minibatches(data["X_train"], data["y_train"], batch_size, rng):
            loss, grads = net.loss(xb, yb, reg)
            net.params, optimizer_state = sgd_update(net.params, grads, lr, momentum, optimizer_state)
            running_loss += loss * xb.shape[0]
        history["train_loss"].append(float(running_loss / data["X_train"].shape[0]))
        history["val_accuracy"].append(float(evaluate(net, data["X_val"], data["y_val"])))
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
    """Two linear layers without biases."""
    hx = F.tanh(x @ W_xh + h @ W_hh)
    return hx @ W_hy, hx


def lstm_step(x, h, c, W, b):
    """chunk(4), in the slide's order."""
    gates = F.linear(np.concatenate([x, h], axis=1), W, b)
    ingate, forgetgate, outgate, cellgate = np.array_split(gates, 4, axis=1)
    cy = F.sigmoid(forgetgate) * c + F.sigmoid(ingate) * F.tanh(cellgate)
    hy = F.sigmoid(outgate) * F.tanh(cy)
    return hy, cy


def scaled_dot_product_attention(q, k, v):
    """As in the documentation."""
    scale_factor = 1 / math.sqrt(q.shape[-1])
    attn_weight = F.softmax(q @ k.swapaxes(-2, -1) * scale_factor, dim=-1)
    return attn_weight @ v, attn_weight


def multiclass_hinge_loss(scores, y):
    """Like MultiMarginLoss times K."""
    input, target = scores.astype(np.double), y.astype(np.int64)
    batch = np.arange(input.shape[0])
    margin = (input - input[batch, target][:, None] + 1).clip(min=0)
    margin[batch, target] = 0
    grad_input = (margin > 0).astype(np.double)
    grad_input[batch, target] = -(margin > 0).sum(axis=1)
    return margin.sum(axis=1).mean().item(), grad_input / input.shape[0]


def xyz_graph_backward(x, y, z):
    """sum().backward(), node by node."""
    grad_c = 1.0
    grad_b = grad_c * np.ones_like(z, dtype=np.double)
    grad_a, grad_z = grad_b.copy(), grad_b.copy()
    return grad_a * y, grad_a * x, grad_z


def prelu_grad(z, a):
    """grad_input and grad_weight for grad_output 1."""
    positive = z > 0
    return np.where(positive, 1.0, a), np.where(positive, 0.0, 1.0 * z)


def collapse_linear_layers(weights):
    """Weights are (out, in), as in nn.Linear."""
    result = weights[-1].copy()
    for weight in reversed(weights[:-1]):
        result = result @ weight
    return result
