"""Procedures that drive your network and your minibatches; the tests look at what comes back."""

import itertools

import numpy as np


def network(module, params):
    """Build a network, then replace its parameters."""
    (inputs, hidden), classes = params["W1"].shape, params["W2"].shape[1]
    net = module.TwoLayerNet(inputs, hidden, classes)
    net.params = {name: value.copy() for name, value in params.items()}
    return net


def first_params(module, sizes):
    """Give the parameters that a new network has."""
    return dict(module.TwoLayerNet(*sizes, std=0.1, seed=3).params)


def scores(module, params, X):
    """Give the scores of a network with these parameters."""
    return network(module, params).scores(X)


def predictions(module, params, X):
    """Give the classes that a network with these parameters predicts."""
    return network(module, params).predict(X)


def loss(module, params, X, y, reg):
    """Give the loss of a network with these parameters."""
    return network(module, params).loss(X, y, reg)[0]


def gradients(module, params, X, y, reg):
    """Give the gradients of a network with these parameters."""
    return dict(network(module, params).loss(X, y, reg)[1])


def params_after_loss(module, params, X, y, reg):
    """Give the parameters that a network has after it was asked for its loss, and that loss."""
    net = network(module, params)
    value = net.loss(X, y, reg)[0]
    return {**net.params, "loss": value}


def numerical_gradients(module, params, X, y, reg):
    """Give the central differences of a network's loss, one parameter after the other."""
    net, eps = network(module, params), 1e-5
    gradients = {name: np.zeros(value.shape) for name, value in params.items()}
    for name, value in params.items():
        for place in np.ndindex(value.shape):
            higher, lower = value.copy(), value.copy()
            higher[place] += eps
            lower[place] -= eps
            net.params = {**params, name: higher}
            above = net.loss(X, y, reg)[0]
            net.params = {**params, name: lower}
            gradients[name][place] = (above - net.loss(X, y, reg)[0]) / (2 * eps)
    return gradients


def batches(module, X, y, batch_size, rng, **options):
    """List the batches of one epoch; an endless generator is cut."""
    found = module.iterate_minibatches(X, y, batch_size, rng, **options)
    return [(xs.copy(), ys.copy()) for xs, ys in itertools.islice(found, 100)]


def two_epochs(module, X, y, batch_size, rng):
    """Give the labels in the order in which two epochs with one generator bring them."""
    found = [batches(module, X, y, batch_size, rng) for _ in range(2)]
    return [[int(label) for _, ys in epoch for label in ys] for epoch in found]


class Parabola:
    """A network with one parameter, whose loss (w - mean of X)^2 you can follow by hand."""

    def __init__(self):
        self.params = {"w": np.array([0.0])}

    def loss(self, X, y, reg=0.0):  # noqa: ARG002 - as a network has it
        """Give loss and gradient."""
        error = self.params["w"] - X.mean()
        return float(error[0] ** 2), {"w": 2 * error}

    def predict(self, X):
        """Give class 1 where X is below w, else 0."""
        return (X[:, 0] < self.params["w"][0]).astype(np.int64)


def steps_on_parabola(module, data, epochs, batch_size, lr, momentum):
    """Train the network with one parameter; give the losses and the parameter."""
    net = Parabola()
    history = module.fit_classifier(net, data, epochs, batch_size, lr, 0.0, np.random.default_rng(0), momentum)
    return {"train_loss": np.array(history["train_loss"]), "w": net.params["w"]}


def history_on_parabola(module, data, epochs, batch_size, lr):
    """Train the network with one parameter; give the history."""
    return module.fit_classifier(Parabola(), data, epochs, batch_size, lr, 0.0, np.random.default_rng(0))


def last_of_history(module, data, sizes, epochs, batch_size, lr):
    """Train a network of yours; give its last loss and its last accuracy, and those of all epochs."""
    net = module.TwoLayerNet(*sizes, std=0.5, seed=0)
    history = module.fit_classifier(net, data, epochs, batch_size, lr, 0.0, np.random.default_rng(0))
    losses, accuracies = ([float(number) for number in history[name]] for name in ("train_loss", "val_accuracy"))
    return {"loss": losses[-1], "accuracy": accuracies[-1], "losses": losses, "accuracies": accuracies}
