"""Procedures for the hidden tests: they drive what cannot cross as data, and hand back what they see.

None of them knows what is right: a test compares.
"""

from contextlib import contextmanager
from itertools import islice

import numpy as np


def initial_params(module, sizes, **options):
    """Build a network and give its first parameters; "moved" says how far numpy's global generator went meanwhile."""
    before = _global_state()
    params = dict(module.TwoLayerNet(*sizes, **options).params)
    return {**params, "moved": _global_state() - before}


def scores(module, params, X):
    """Give the scores of a network with these parameters."""
    return _network(module, params).scores(X)


def predictions(module, params, X):
    """Give the classes that a network with these parameters predicts."""
    return _network(module, params).predict(X)


def losses(module, params, X, y, strengths):
    """Give the loss of one network for each strength of the penalty."""
    net = _network(module, params)
    return [net.loss(X, y, reg)[0] for reg in strengths]


def grads(module, params, X, y, **options):
    """Give the gradients of a network with these parameters."""
    return dict(_network(module, params).loss(X, y, **options)[1])


def traces_of_loss(module, params, X, y, reg):
    """Ask one network twice for its loss, and give both, and what parameters and samples are afterwards."""
    net = _network(module, params)
    first, again = (net.loss(X, y, reg)[0] for _ in range(2))
    return {**net.params, "first loss": first, "loss again": again, "X": X, "y": y}


def central_differences(module, params, X, y, reg):
    """Give the numerical gradients of a network's loss."""
    net, eps, numerical = _network(module, params), 1e-5, {}
    for name, value in params.items():
        numerical[name] = np.zeros(value.shape)
        for place in np.ndindex(value.shape):
            ends = []
            for step in (eps, -eps):
                moved = value.copy()
                moved[place] += step
                net.params = {**params, name: moved}
                ends.append(net.loss(X, y, reg)[0])
            numerical[name][place] = (ends[0] - ends[1]) / (2 * eps)
    return numerical


def epochs(module, X, y, rng, count=1, **options):
    """Go `count` times through the samples with one generator: a list of batches for each time."""
    return [_batches(module, X, y, rng, options) for _ in range(count)]


def traces_of_batches(module, X, y, rng, **options):
    """Go once through the samples, and give them afterwards; "moved" is about numpy's global generator."""
    before = _global_state()
    _batches(module, X, y, rng, options)
    return {"X": X, "y": y, "moved": _global_state() - before}


def fit(module, loss, predict, params, data, **settings):
    """Train a network whose loss and predictions the test computes, so that the test knows what was asked.

    `iterate_minibatches` must be replaced by a function that gives a list of batches, and the generator's state.
    """
    net = _Asking(params, loss, predict)
    with _one_by_one(module):
        history = module.fit_classifier(net, data, **settings)
    return {**_arrays(history), "history": history, "params": net.params, "data": data}


def fit_network(module, params, data, **settings):
    """Train a network of the module; give the history, and what it predicts for the validation data then."""
    net = _network(module, params)
    history = module.fit_classifier(net, data, **settings)
    return {**_arrays(history), "predicted": net.predict(data["X_val"])}


def digits(module, images, labels, held_out, rng):
    """Train 64 hidden units on digits, and give the classes of those that were held out."""
    X, X_new = ((part.reshape(len(part), 784) - 33.318) / 78.567 for part in (images, held_out))
    data = {"X_train": X, "y_train": labels, "X_val": X[:500], "y_val": labels[:500]}
    net = module.TwoLayerNet(784, 64, 10, std=0.05, seed=int(rng.integers(2**31)))
    module.fit_classifier(net, data, epochs=10, batch_size=64, lr=0.02, reg=0.0, rng=rng)
    return net.predict(X_new)


class _Asking:
    """A network that asks the test for its loss and its predictions."""

    def __init__(self, params, loss, predict):
        self.params, self._loss, self._predict = params, loss, predict

    def loss(self, X, y, reg=0.0):
        """Ask for loss and gradients at the parameters of now."""
        return self._loss(self.params, X, y, reg)

    def predict(self, X):
        """Ask for the classes at the parameters of now."""
        return self._predict(self.params, X)


def _network(module, params):
    """Build a network, then replace its parameters."""
    (inputs, hidden), classes = params["W1"].shape, params["W2"].shape[1]
    net = module.TwoLayerNet(inputs, hidden, classes)
    net.params = {name: value.copy() for name, value in params.items()}
    return net


def _batches(module, X, y, rng, options):
    """List copies of the batches; an endless generator is cut."""
    batches = module.iterate_minibatches(X, y, rng=rng, **options)
    return [(_copy(xs), _copy(ys)) for xs, ys in islice(batches, 2 * len(X) + 10)]


@contextmanager
def _one_by_one(module):
    """Turn the list of batches that comes from the test into a generator, and bring the random generator up to date."""
    asked = module.iterate_minibatches

    def iterate_minibatches(X, y, batch_size, rng, **options):
        batches, rng.bit_generator.state = asked(X, y, batch_size, rng, **options)
        yield from batches

    module.iterate_minibatches = iterate_minibatches
    try:
        yield
    finally:
        module.iterate_minibatches = asked


def _arrays(history):
    """Put both parts of a history into arrays."""
    return {name: np.array(history[name]) for name in ("train_loss", "val_accuracy")}


def _copy(value):
    return value.copy() if isinstance(value, np.ndarray) else value


def _global_state():
    """Give the state of numpy's global generator as one array of numbers."""
    state = np.random.get_state(legacy=False)["state"]  # noqa: NPY002 - this is about the global one
    return np.append(state["key"], state["pos"]).astype(np.int64)
