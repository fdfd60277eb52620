"""Hidden tests of fit_classifier."""

import numpy as np
import pytest

from coursekit import assert_accuracy, assert_array, assert_close, assert_each_close, assert_same

pytestmark = pytest.mark.question("fit_classifier")

COUNT, BATCH, EPOCHS = 13, 5, 3
SIZES = [5, 5, 3]
SETTINGS = {"epochs": EPOCHS, "batch_size": BATCH, "lr": 0.05, "reg": 0.1}
XOR = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])


class Watched:
    """A linear model for two classes with a squared error, which notes what its network is asked."""

    def __init__(self, rng):
        self.start = {"w": rng.normal(0, 0.5, size=3), "b": rng.normal(size=1)}
        self.asked = []

    def loss(self, params, X, y, reg=0.0):
        """Note the question; give loss and gradients."""
        if X.ndim != 2 or y.shape != (len(X),):
            raise ValueError("a batch is (N, D), with (N,) labels")
        self.asked.append((params, X, y))
        return squared_error(params, X, y, reg)

    def predict(self, params, X):
        """Give class 1 where the output is nearer to 1 than to 0."""
        return (X @ params["w"] + params["b"] > 0.5).astype(np.int64)

    def steps(self, last):
        """Give the batches after which the parameters changed: a loss that is only looked at is no step."""
        after = [params for params, _, _ in self.asked[1:]] + [last]
        pairs = zip(self.asked, after, strict=False)  # nothing asked: no step
        return [(X, y) for (params, X, y), new in pairs if not same(params, new)]


def squared_error(params, X, y, reg):
    """Give mean squared error plus penalty, and gradients."""
    error = X @ params["w"] + params["b"] - y
    grads = {"w": 2 * X.T @ error / len(X) + 2 * reg * params["w"], "b": 2 * error.mean(keepdims=True)}
    return float((error**2).mean() + reg * (params["w"] ** 2).sum()), grads


def same(old, new):
    """Whether parameters are still the same."""
    return type(new) is dict and all(np.array_equal(value, new.get(name)) for name, value in old.items())


def draw_data(rng):
    """Draw two classes that overlap."""
    data = {}
    for part, count in (("train", COUNT), ("val", 20)):
        data[f"y_{part}"] = np.arange(count) % 2
        data[f"X_{part}"] = rng.normal(size=(count, 3)) + data[f"y_{part}"][:, None]
    return data


def train(alone, reference, probes, model, data, **settings):
    """Train the model's network with the student's function; minibatches and steps are the reference's."""

    def listed(X, y, batch_size, rng, **options):
        batches = list(reference.iterate_minibatches(X, y, batch_size, rng, **options))
        return batches, rng.bit_generator.state

    functions = {"loss": model.loss, "predict": model.predict}
    with alone.using(iterate_minibatches=listed):
        return alone.probe(probes.fit, **functions, params=model.start, data=data, **settings)


def replay(reference, model, steps, momentum=0.0, reg=0.1, restart=0):
    """Take the student's batches in their order with the reference: parameters after each step, and its loss.

    Args:
        reference: the solved module.
        model: where it began.
        steps: the batches.
        momentum: of the steps.
        reg: strength of the penalty.
        restart: after how many steps the velocity is forgotten, as a mistake; never when 0.
    """
    params, velocity, ways, losses = model.start, None, [], []
    for number, (X, y) in enumerate(steps):
        loss, grads = squared_error(params, X, y, reg)
        velocity = None if restart and number % restart == 0 else velocity
        params, velocity = reference.sgd_update(params, grads, SETTINGS["lr"], momentum, velocity)
        ways.append(params)
        losses.append(loss)
    return ways, np.array(losses)


def rows_of(data, steps):
    """Say for each batch which training samples it holds, with their labels; -1 for what is none."""
    batches = []
    for X, y in steps:
        found = (X[:, None] == data["X_train"]).all(axis=2) & (y[:, None] == data["y_train"])
        batches.append([int(row.argmax()) if row.any() else -1 for row in found])
    return batches


@pytest.mark.points(1)
@pytest.mark.hint("Every epoch needs a new order, and without the last batch one sample is never seen.")
@pytest.mark.parametrize(("batch_size", "sizes"), [(5, SIZES), (1, [1] * COUNT), (COUNT, [COUNT])], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_every_epoch(alone, reference, probes, rng, seed, batch_size, sizes):
    """fit_classifier takes a step for each batch, and goes through all samples in each epoch, in a new order."""
    model, data, settings = Watched(rng), draw_data(rng), SETTINGS | {"batch_size": batch_size, "rng": rng}

    result = train(alone, reference, probes, model, data, **settings)
    batches = rows_of(data, model.steps(result["params"]))
    assert_same([len(batch) for batch in batches], EPOCHS * sizes)
    rows = [row for batch in batches for row in batch]
    epochs = [tuple(rows[start : start + COUNT]) for start in range(0, len(rows), COUNT)]
    for epoch in epochs:
        assert_same(sorted(epoch), list(range(COUNT)))
    assert len(set(epochs)) == EPOCHS, "two epochs have the same order"


@pytest.mark.points(0.5)
@pytest.mark.hint("After training the network has the weights of the last step: each step with lr, reg and momentum.")
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("seed", range(5))
def test_weights(alone, reference, probes, rng, seed, momentum):
    """fit_classifier leaves the weights of the last step, with a velocity that lives for the whole training."""
    model, data = Watched(rng), draw_data(rng)

    result = train(alone, reference, probes, model, data, **SETTINGS, rng=rng, momentum=momentum)
    steps = model.steps(result["params"])
    assert steps, "the network's parameters never change"
    forms = {
        "The momentum is not used: hand it on, and the velocity from step to step.": replay(reference, model, steps),
        "The velocity lives for the whole training: do not begin each epoch without one.": replay(
            reference, model, steps, momentum, restart=len(SIZES)
        ),
        "The strength of the penalty is not handed on to net.loss.": replay(reference, model, steps, momentum, reg=0),
    }
    known = {name: {sentence: ways[-1][name] for sentence, (ways, _) in forms.items()} for name in model.start}
    ways, _ = replay(reference, model, steps, momentum)
    assert_each_close(result["params"], ways[-1], rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("Compute all gradients first, then update: one step with all gradients of net.loss.")
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("seed", range(5))
def test_one_step(alone, reference, probes, rng, seed, momentum):
    """fit_classifier changes all parameters at once, with gradients that were computed before any of them changed."""
    model, data = Watched(rng), draw_data(rng)
    X, y, lr, reg = data["X_train"], data["y_train"], SETTINGS["lr"], SETTINGS["reg"]
    first = squared_error(model.start, X, y, reg)[1]
    expected = {name: model.start[name] - lr * first[name] for name in first}
    known = {}
    for name, other in (("w", "b"), ("b", "w")):
        late = squared_error(model.start | {other: expected[other]}, X, y, reg)[1]
        known[name] = {"Compute all gradients first, then update.": model.start[name] - lr * late[name]}
    settings = SETTINGS | {"epochs": 1, "batch_size": COUNT}

    result = train(alone, reference, probes, model, data, **settings, rng=rng, momentum=momentum)
    assert_each_close(result["params"], expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("The mean over an epoch's samples: a smaller batch counts less. The accuracy is taken afterwards.")
@pytest.mark.parametrize("seed", range(5))
def test_history(alone, reference, probes, rng, seed):
    """fit_classifier notes, for each epoch, the mean loss of its samples and the accuracy on the validation data."""
    model, data = Watched(rng), draw_data(rng)

    result = train(alone, reference, probes, model, data, **SETTINGS, rng=rng)
    steps = model.steps(result["params"])
    assert_same([len(y) for _, y in steps], EPOCHS * SIZES)
    ways, losses = replay(reference, model, steps)
    ends, losses = ways[len(SIZES) - 1 :: len(SIZES)], losses.reshape(EPOCHS, len(SIZES))
    per_sample = losses @ SIZES / COUNT
    after = [squared_error(params, data["X_train"], data["y_train"], SETTINGS["reg"])[0] for params in ends]
    known = {
        "A smaller batch counts less: weigh each batch's loss by its samples.": losses.mean(axis=1),
        "This is the loss of the last batch: take the mean over the epoch.": losses[:, -1],
        "This is a sum: divide by the number of samples.": per_sample * COUNT,
        "This is a sum over batches: take the mean over the samples.": losses.sum(axis=1),
        "Begin each epoch's mean anew.": per_sample.cumsum(),
        "This is the loss after the epoch: take each batch's loss before its step.": np.array(after),
    }
    assert_close(result["train_loss"], per_sample, rtol=1e-7, atol=1e-10, known=known)

    right = accuracies(model, ends, data["X_val"], data["y_val"])
    known = {
        "The accuracy is that of the validation data.": accuracies(model, ends, data["X_train"], data["y_train"]),
        "The accuracy is taken after the epoch, not before it.": accuracies(
            model, [model.start, *ends[:-1]], data["X_val"], data["y_val"]
        ),
        "The accuracy is a share, 0 to 1.": 100 * right,
        "This counts the right predictions: divide by their number.": 20 * right,
        "This is the share of wrong predictions.": 1 - right,
    }
    assert_close(result["val_accuracy"], right, rtol=1e-7, atol=1e-10, known=known)


def accuracies(model, ways, X, y):
    """Give the share of right predictions for each of several parameters."""
    return np.array([(model.predict(params, X) == y).mean() for params in ways])


@pytest.mark.points(0.25)
@pytest.mark.hint("Two keys, and in each list one Python float for each epoch: float(...) turns numpy's into one.")
@pytest.mark.parametrize("epochs", [1, 4])
def test_kinds_in_the_history(alone, reference, probes, rng, epochs):
    """fit_classifier returns two lists of Python floats, one for each epoch."""
    model, data, settings = Watched(rng), draw_data(rng), SETTINGS | {"epochs": epochs, "rng": rng}
    expected = dict.fromkeys(("train_loss", "val_accuracy"), ["float"] * epochs)

    history = train(alone, reference, probes, model, data, **settings)["history"]
    assert type(history) is dict, "return a dict"
    kinds = {
        name: [type(number).__name__ for number in values] if type(values) is list else type(values).__name__
        for name, values in history.items()
    }
    assert_same(kinds, expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("Validation data are only looked at: no step uses them, and the weights of the last step stay.")
@pytest.mark.parametrize("seed", range(5))
def test_validation_data_are_only_looked_at(alone, reference, probes, rng, seed):
    """fit_classifier does not let the validation data change a weight, nor choose between epochs."""
    model, data = Watched(rng), draw_data(rng)
    data["y_val"] = 1 - data["y_val"]  # the better the network becomes, the worse it looks
    untouched = {name: value.copy() for name, value in data.items()}

    settings = SETTINGS | {"epochs": 5, "rng": rng}
    result = train(alone, reference, probes, model, data, **settings)
    steps = model.steps(result["params"])
    assert_array(result["val_accuracy"], shape=(5,))
    assert steps, "the network's parameters never change"
    assert -1 not in np.concatenate(rows_of(data, steps)), "a step was taken with samples that are not for training"
    ways, _ = replay(reference, model, steps)
    assert_each_close(result["params"], ways[-1], rtol=1e-7, atol=1e-10)
    assert_each_close(result["data"], untouched, rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("The order comes from the given rng: hand it on to iterate_minibatches.")
@pytest.mark.parametrize("seed", range(5))
def test_order_from_the_generator(alone, reference, probes, rng, seed):
    """fit_classifier takes the same order from the same generator, and another order from another one."""
    data, orders = draw_data(rng), []
    for number in (seed, seed, seed + 9):
        model, settings = Watched(np.random.default_rng(1)), SETTINGS | {"rng": np.random.default_rng(number)}
        result = train(alone, reference, probes, model, data, **settings)
        orders.append(rows_of(data, model.steps(result["params"])))

    assert orders[0], "the network's parameters never change"
    assert_same(orders[1], orders[0])
    assert orders[2] != orders[0], "two generators give the same order"


@pytest.mark.slow
@pytest.mark.points(0.5)
@pytest.mark.hint("This test uses your own network, minibatches and steps: look at their tests first.")
@pytest.mark.parametrize("seed", range(5))
def test_xor(student, probes, rng, seed):
    """fit_classifier teaches the student's own network XOR, from any first weights."""
    params = {
        "W1": rng.normal(0, 0.5, size=(2, 16)),
        "b1": np.zeros(16),
        "W2": rng.normal(0, 0.5, size=(16, 2)),
        "b2": np.zeros(2),
    }
    y = np.array([0, 1, 1, 0])
    data = {"X_train": XOR, "y_train": y, "X_val": XOR, "y_val": y}
    settings = {"epochs": 1000, "batch_size": 4, "lr": 0.5, "reg": 0.0}

    result = student.probe(probes.fit_network, params=params, data=data, **settings, rng=rng)
    assert_close(result["predicted"], y, rtol=0, atol=0)
    assert_close(result["val_accuracy"][-1:], np.array([1.0]), rtol=0, atol=0)


@pytest.mark.slow
@pytest.mark.points(1.5)
@pytest.mark.hint("The other tests say more about what is wrong: a network with a mistake still reads most digits.")
def test_digits(student, probes, rng, data):
    """fit_classifier trains the student's own network on 10,000 digits until it reads others, which it never saw."""
    (images, labels), (held_out, right) = data("mnist_sample").train, data("mnist_sample").held_out

    seeds = rng.spawn(3)

    def train(run):
        return student.probe(probes.digits, images=images, labels=labels, held_out=held_out, rng=seeds[run])

    # tests/benchmarks/gate_a3.py, one thread, numpy 2.4, x86-64: 30 runs of the reference, each with its own seed, give
    # mean 0.9228, sd 0.0030, min 0.9175, so at most 0.910; full is lower still, since the smallest of 250 more
    # runs (mean 0.9227, sd 0.0034) was 0.910. With lr 0.05 the tail is longer: 2 of 150 fall below mean - 4 sd.
    # zero: a hidden layer that never learns reaches 0.80, a training of one epoch 0.862 (2 runs each).
    assert_accuracy(train(0), right, zero=0.86, full=0.905, again=train)
