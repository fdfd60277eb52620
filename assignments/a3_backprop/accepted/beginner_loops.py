"""A beginner's loops: over samples, classes and elements, step by step, with results made of zeros."""

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
    """Two formulas, one for each sign."""
    z = as_floats(z, "z")
    a = np.zeros(z.shape)
    for place in np.ndindex(z.shape):
        value = z[place]
        if value >= 0:
            a[place] = 1 / (1 + math.exp(-value))
        else:
            a[place] = math.exp(value) / (1 + math.exp(value))
    return a


def sigmoid_grad(z):
    """Use the activation."""
    a = sigmoid(z)
    grad = np.zeros(a.shape)
    for place in np.ndindex(a.shape):
        grad[place] = a[place] * (1 - a[place])
    return grad


def tanh(z):
    """Call math.tanh."""
    z = as_floats(z, "z")
    a = np.zeros(z.shape)
    for place in np.ndindex(z.shape):
        a[place] = math.tanh(z[place])
    return a


def tanh_grad(z):
    """Use the activation."""
    a = tanh(z)
    grad = np.zeros(a.shape)
    for place in np.ndindex(a.shape):
        grad[place] = 1 - a[place] * a[place]
    return grad


def relu(z):
    """Copy what is positive."""
    z = as_floats(z, "z")
    a = np.zeros(z.shape)
    for place in np.ndindex(z.shape):
        if z[place] > 0:
            a[place] = z[place]
    return a


def relu_grad(z):
    """Write ones."""
    z = as_floats(z, "z")
    grad = np.zeros(z.shape)
    for place in np.ndindex(z.shape):
        if z[place] > 0:
            grad[place] = 1.0
    return grad


def leaky_relu(z, alpha=0.01):
    """Distinguish two cases."""
    z = as_floats(z, "z")
    a = np.zeros(z.shape)
    for place in np.ndindex(z.shape):
        if z[place] > 0:
            a[place] = z[place]
        else:
            a[place] = alpha * z[place]
    return a


def leaky_relu_grad(z, alpha=0.01):
    """Distinguish two cases."""
    z = as_floats(z, "z")
    grad = np.zeros(z.shape)
    for place in np.ndindex(z.shape):
        if z[place] > 0:
            grad[place] = 1.0
        else:
            grad[place] = alpha
    return grad


def softmax(z):
    """Row by row."""
    z = as_floats(z, "z", 2)
    probs = np.zeros(z.shape)
    for n in range(z.shape[0]):
        row = z[n]
        largest = row.max()
        powers = np.exp(row - largest)
        total = powers.sum()
        for k in range(z.shape[1]):
            probs[n, k] = powers[k] / total
    return probs


def one_hot(labels, num_classes):
    """Put ones into zeros."""
    require_int(num_classes, "num_classes", 1)
    if not isinstance(labels, np.ndarray):
        raise TypeError("labels must be an array")
    if labels.dtype.kind not in "iu":
        raise TypeError("labels must be integers")
    if labels.ndim == 2:
        if labels.shape[1] != 1:
            raise ValueError("labels must be one column")
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise ValueError("labels must be (N,) or (N, 1)")
    result = np.zeros((len(labels), num_classes))
    for n in range(len(labels)):
        label = int(labels[n])
        if label < 0 or label >= num_classes:
            raise ValueError("there is no such class")
        result[n, label] = 1.0
    return result


def softmax_cross_entropy(logits, labels):
    """One sample after the other."""
    logits = as_floats(logits, "logits", 2)
    count = logits.shape[0]
    num_classes = logits.shape[1]
    labels = as_labels(labels, count, num_classes)
    probs = softmax(logits)
    total = 0.0
    dlogits = np.zeros((count, num_classes))
    for n in range(count):
        row = logits[n]
        largest = row.max()
        log_of_sum = largest + math.log(np.exp(row - largest).sum())
        total = total + (log_of_sum - row[labels[n]])
        for k in range(num_classes):
            dlogits[n, k] = probs[n, k]
        dlogits[n, labels[n]] = dlogits[n, labels[n]] - 1
    return float(total / count), dlogits / count


def binary_cross_entropy(probs, targets):
    """Two loops and two logarithms."""
    probs = as_floats(probs, "probs", 2)
    targets = as_floats(targets, "targets", 2)
    if probs.shape != targets.shape:
        raise ValueError("shapes differ")
    total = 0.0
    for n in range(probs.shape[0]):
        for k in range(probs.shape[1]):
            p = float(probs[n, k])
            t = float(targets[n, k])
            if math.isnan(p) or math.isnan(t) or p < 0 or p > 1 or t < 0 or t > 1:
                raise ValueError("not from 0 to 1")
            if p < 1e-12:
                p = 1e-12
            if p > 1 - 1e-12:
                p = 1 - 1e-12
            total += -t * math.log(p) - (1 - t) * math.log(1 - p)
    return total / probs.shape[0]


def numerical_gradient(f, x, eps=1e-5):
    """A fresh copy for each step."""
    if not callable(f):
        raise TypeError("f must be a function")
    require_positive(eps, "eps")
    x = as_floats(x, "x")
    gradient = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        right = x.copy()
        right[place] = right[place] + eps
        left = x.copy()
        left[place] = left[place] - eps
        above = f(right)
        below = f(left)
        if np.size(above) != 1 or np.size(below) != 1:
            raise ValueError("f must return one number")
        gradient[place] = (np.asarray(above).item() - np.asarray(below).item()) / (2 * eps)
    return gradient


def max_graph_forward(x, w, b, target, power=2):
    """Each line of the slide is a line here."""
    x = as_floats(x, "x", 1)
    w = as_floats(w, "w", 1)
    b = as_floats(b, "b", 1)
    if len(x) != 4 or len(w) != 4 or len(b) != 2:
        raise ValueError("four, four and two")
    if power != 2 and power != 3:
        raise ValueError("2 or 3")
    a = np.zeros(4)
    for i in range(4):
        a[i] = w[i] * x[i]
    c = np.zeros(2)
    c[0] = a[0] + a[1] + b[0]
    c[1] = a[2] + a[3] + b[1]
    if c[0] >= c[1]:
        winner = 0
    else:
        winner = 1
    y = float(c[winner])
    error = y - float(target)
    C = error * error
    if power == 3:
        C = C * error
    cache = {}
    cache["a"] = a
    cache["c"] = c
    cache["y"] = y
    cache["C"] = C
    cache["winner"] = winner
    cache["error"] = error
    cache["power"] = power
    cache["x"] = x.copy()
    cache["w"] = w.copy()
    return cache


def max_graph_backward(cache):
    """From right to left."""
    error = cache["error"]
    if cache["power"] == 2:
        dy = 2 * error
    else:
        dy = 3 * error * error
    dc = np.zeros(2)
    dc[cache["winner"]] = dy
    db = np.zeros(2)
    db[0] = dc[0]
    db[1] = dc[1]
    da = np.zeros(4)
    da[0] = dc[0]
    da[1] = dc[0]
    da[2] = dc[1]
    da[3] = dc[1]
    dw = np.zeros(4)
    dx = np.zeros(4)
    for i in range(4):
        dw[i] = da[i] * cache["x"][i]
        dx[i] = da[i] * cache["w"][i]
    return {"y": dy, "c": dc, "a": da, "b": db, "w": dw, "x": dx}


def inner_values(W, u):
    """Compute all g_p."""
    W = as_floats(W, "W", 2)
    u = as_floats(u, "u", 1)
    if W.shape[1] != len(u):
        raise ValueError("W and u do not fit")
    g = []
    for p in range(W.shape[0]):
        total = 0.0
        for q in range(W.shape[1]):
            total += W[p, q] * u[q] ** 2
        g.append(total)
    return W, u, g


def composite_value(W, u):
    """Add up squares."""
    W, u, g = inner_values(W, u)
    total = 0.0
    for value in g:
        total += value**2
    return float(total)


def composite_gradient(W, u):
    """The chain rule as two loops."""
    W, u, g = inner_values(W, u)
    gradient = np.zeros(len(u))
    for k in range(len(u)):
        for j in range(len(g)):
            gradient[k] += 2 * g[j] * 2 * W[j, k] * u[k]
    return gradient


def mse_gradient(X, outputs, targets):
    """The one place without a loop."""
    X = as_floats(X, "X", 2)
    outputs = as_floats(outputs, "outputs", 2)
    targets = as_floats(targets, "targets", 2)
    if outputs.shape != targets.shape:
        raise ValueError("outputs and targets differ")
    if X.shape[0] != outputs.shape[0]:
        raise ValueError("X and outputs differ")
    error = outputs - targets
    total = np.dot(X.T, error)
    return 2 * total / X.shape[0]


def preprocess_mnist(images, mean, std):
    """Fill zeros image by image."""
    images = as_floats(images, "images", 2, 3)
    for number in (mean, std):
        if isinstance(number, bool) or not isinstance(number, (int, float, np.integer, np.floating)):
            raise TypeError("mean and std must be numbers")
    if not std > 0:
        raise ValueError("std must be above 0")
    if images.shape[1:] != (28, 28) and images.shape[1:] != (784,):
        raise ValueError("no MNIST images")
    result = np.zeros((len(images), 785))
    for n in range(len(images)):
        result[n, :784] = (images[n].reshape(784) - mean) / std
        result[n, 784] = 1
    return result


def linear_forward(x, W, b):
    """Flatten sample by sample."""
    x = as_floats(x, "x")
    W = as_floats(W, "W", 2)
    b = as_floats(b, "b", 1)
    if x.ndim < 2:
        raise ValueError("x needs two axes")
    rows = []
    for sample in x:
        rows.append(sample.flatten())
    rows = np.array(rows)
    if rows.shape[1] != W.shape[0] or W.shape[1] != len(b):
        raise ValueError("shapes do not fit")
    out = np.dot(rows, W)
    for n in range(len(out)):
        out[n] = out[n] + b
    cache = (rows, W.copy(), x.shape)
    return out, cache


def linear_backward(dout, cache):
    """Add up over the samples."""
    rows, W, shape = cache
    dout = as_floats(dout, "dout", 2)
    if dout.shape[0] != rows.shape[0] or dout.shape[1] != W.shape[1]:
        raise ValueError("dout has another shape")
    dx = np.zeros(rows.shape)
    db = np.zeros(W.shape[1])
    for n in range(rows.shape[0]):
        dx[n] = np.dot(W, dout[n])
        db = db + dout[n]
    dW = np.dot(rows.T, dout)
    return dx.reshape(shape), dW, db


class TwoLayerNet:
    """Two layers, written out."""

    def __init__(self, input_size, hidden_size, num_classes, std=1e-4, seed=0):
        generator = np.random.RandomState(seed)
        self.params = {}
        self.params["W1"] = generator.randn(input_size, hidden_size) * std
        self.params["b1"] = np.zeros(hidden_size)
        self.params["W2"] = generator.randn(hidden_size, num_classes) * std
        self.params["b2"] = np.zeros(num_classes)

    def scores(self, X):
        """Forward."""
        z, cache1 = linear_forward(X, self.params["W1"], self.params["b1"])
        h = np.maximum(z, 0)
        out, cache2 = linear_forward(h, self.params["W2"], self.params["b2"])
        return out

    def loss(self, X, y, reg=0.0):
        """Forward and backward."""
        W1 = self.params["W1"]
        W2 = self.params["W2"]
        z, cache1 = linear_forward(X, W1, self.params["b1"])
        h = np.maximum(z, 0)
        out, cache2 = linear_forward(h, W2, self.params["b2"])
        loss, dout = softmax_cross_entropy(out, y)
        loss = loss + reg * np.sum(W1 * W1)
        loss = loss + reg * np.sum(W2 * W2)
        dh, dW2, db2 = linear_backward(dout, cache2)
        dz = dh.copy()
        dz[z <= 0] = 0
        dX, dW1, db1 = linear_backward(dz, cache1)
        grads = {}
        grads["W1"] = dW1 + 2 * reg * W1
        grads["b1"] = db1
        grads["W2"] = dW2 + 2 * reg * W2
        grads["b2"] = db2
        return float(loss), grads

    def predict(self, X):
        """Look for the largest score of each row."""
        scores = self.scores(X)
        classes = []
        for row in scores:
            best = 0
            for k in range(len(row)):
                if row[k] > row[best]:
                    best = k
            classes.append(best)
        return np.array(classes, dtype=np.int64)


def sgd_update(params, grads, lr, momentum=0.0, velocity=None):
    """Name after name."""
    require_positive(lr, "lr")
    if momentum < 0 or momentum >= 1:
        raise ValueError("momentum")
    if set(params) != set(grads):
        raise ValueError("params and grads have different names")
    if velocity is not None and set(params) != set(velocity):
        raise ValueError("params and velocity have different names")
    new_params = {}
    new_velocity = {}
    for name in params:
        if velocity is None:
            v = grads[name] * 1.0
        else:
            v = momentum * velocity[name] + grads[name]
        new_velocity[name] = v
        new_params[name] = params[name] - lr * v
    return new_params, new_velocity


def iterate_minibatches(X, y, batch_size, rng, *, shuffle=True, drop_last=False):
    """Collect indices until there are enough."""
    require_int(batch_size, "batch_size", 1)
    if len(X) != len(y):
        raise ValueError("X and y have different lengths")
    order = list(range(len(X)))
    if shuffle:
        rng.shuffle(order)
    batch = []
    for i in order:
        batch.append(i)
        if len(batch) == batch_size:
            yield X[batch], y[batch]
            batch = []
    if len(batch) > 0 and not drop_last:
        yield X[batch], y[batch]


def fit_classifier(net, data, epochs, batch_size, lr, reg, rng, momentum=0.0):
    """Count losses and right answers."""
    train_loss = []
    val_accuracy = []
    velocity = None
    for epoch in range(epochs):
        total = 0.0
        count = 0
        for X, y in iterate_minibatches(data["X_train"], data["y_train"], batch_size, rng):
            loss, grads = net.loss(X, y, reg)
            total += loss * len(y)
            count += len(y)
            new_params, velocity = sgd_update(net.params, grads, lr, momentum, velocity)
            net.params = new_params
        train_loss.append(float(total / count))
        predicted = net.predict(data["X_val"])
        right = 0
        for i in range(len(predicted)):
            if predicted[i] == data["y_val"][i]:
                right += 1
        val_accuracy.append(right / len(predicted))
    history = {}
    history["train_loss"] = train_loss
    history["val_accuracy"] = val_accuracy
    return history


def concept_check():
    """Answer."""
    answers = {}
    answers["mnist_task"] = "classification"
    answers["age_task"] = "regression"
    answers["mnist_inputs"] = 28 * 28
    answers["mnist_outputs"] = 10
    answers["training_steps"] = ["architecture", "forward", "loss", "backward", "update"]
    answers["one_layer_can_learn_xor"] = False
    answers["stacked_linear_layers"] = "as much as one layer can"
    answers["hidden_layer_approximates"] = "any continuous function"
    answers["sigmoid_grad_max"] = 0.25
    answers["tanh_grad_max"] = 1.0
    answers["relu_problem"] = "dead neuron"
    answers["leaky_coefficient"] = 0.01
    answers["c_infinity_activations"] = {"sigmoid", "tanh"}
    answers["gd_direction"] = "negative gradient"
    answers["batch_gd_cost"] = "slow and needs memory"
    answers["sgd_noise"] = "useful"
    answers["test_data_use"] = "the final number"
    return answers


def rnn_step(x, h, W_xh, W_hh, W_hy):
    """Sample by sample."""
    new_h = np.zeros(h.shape)
    y = np.zeros((len(x), W_hy.shape[1]))
    for n in range(len(x)):
        new_h[n] = np.tanh(np.dot(h[n], W_hh) + np.dot(x[n], W_xh))
        y[n] = np.dot(new_h[n], W_hy)
    return y, new_h


def lstm_step(x, h, c, W, b):
    """Gate by gate."""
    H = h.shape[1]
    together = np.concatenate([x, h], axis=1)
    z = np.dot(together, W) + b
    i = sigmoid(z[:, 0:H])
    f = sigmoid(z[:, H : 2 * H])
    o = sigmoid(z[:, 2 * H : 3 * H])
    g = tanh(z[:, 3 * H : 4 * H])
    new_c = f * c + i * g
    new_h = o * np.tanh(new_c)
    return new_h, new_c


def scaled_dot_product_attention(q, k, v):
    """Query by query, key by key."""
    scores = np.zeros((len(q), len(k)))
    for i in range(len(q)):
        for j in range(len(k)):
            scores[i, j] = np.dot(q[i], k[j]) / math.sqrt(q.shape[1])
    weights = softmax(scores)
    out = np.zeros((len(q), v.shape[1]))
    for i in range(len(q)):
        for j in range(len(k)):
            out[i] += weights[i, j] * v[j]
    return out, weights


def multiclass_hinge_loss(scores, y):
    """Three nested ideas: sample, class, margin."""
    loss = 0.0
    dscores = np.zeros(scores.shape)
    for n in range(len(scores)):
        for j in range(scores.shape[1]):
            if j == y[n]:
                continue
            margin = scores[n, j] - scores[n, y[n]] + 1
            if margin > 0:
                loss += margin
                dscores[n, j] += 1
                dscores[n, y[n]] -= 1
    return float(loss / len(scores)), dscores / len(scores)


def xyz_graph_backward(x, y, z):
    """Backward through three nodes."""
    grad_b = np.zeros(z.shape)
    for place in np.ndindex(z.shape):
        grad_b[place] = 1.0
    grad_a = grad_b.copy()
    grad_z = grad_b.copy()
    grad_x = grad_a * y
    grad_y = grad_a * x
    return grad_x, grad_y, grad_z


def prelu_grad(z, a):
    """Two cases."""
    dz = np.zeros(z.shape)
    da = np.zeros(z.shape)
    for place in np.ndindex(z.shape):
        if z[place] > 0:
            dz[place] = 1.0
        else:
            dz[place] = a
            da[place] = z[place]
    return dz, da


def collapse_linear_layers(weights):
    """Multiply one after the other."""
    result = np.eye(weights[0].shape[1])
    for W in weights:
        result = np.dot(W, result)
    return result
