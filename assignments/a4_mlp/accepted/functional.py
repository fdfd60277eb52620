"""Expressions instead of statements: comprehensions, reduce, generators; gradients from torch.autograd.grad."""

import functools
import itertools
import operator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, WeightedRandomSampler

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def instance(value, kind):
    if not isinstance(value, kind):
        raise TypeError(type(value))
    return value


def describe_tensor(t):
    return {"shape": (*instance(t, Tensor).shape,)} | {k: f"{getattr(t, k)}" for k in ("dtype", "device", "layout")}


def tensor_from_numpy(array, copy=True):
    return (torch.tensor if copy else torch.from_numpy)(instance(array, np.ndarray))


def autograd_gradients(f, *xs):
    def scalar(*args):
        value = f(*args)
        if value.numel() != 1:
            raise ValueError("one element")
        return value.squeeze()

    result = torch.autograd.functional.jacobian(scalar, tuple(x.detach() for x in xs))
    return tuple(r.reshape(x.shape) for r, x in zip(result, xs))


def to_device(obj, device):
    device = torch.device(device)
    move = lambda part: to_device(part, device)
    match obj:
        case Tensor() | nn.Module():
            return obj.to(device, non_blocking=True)
        case dict():
            return dict(zip(obj, map(move, obj.values())))
        case tuple():
            return (*map(move, obj),)
        case list():
            return [*map(move, obj)]
    return obj


def split_indices(n, splits, seed=13):
    require_int(n, "n", 1)
    shares = np.asarray(splits, dtype=float)
    if not shares.size or not np.isfinite(shares).all() or (shares < 0).any() or not shares.any():
        raise ValueError(splits)
    sizes = np.floor(n / shares.sum() * shares).astype(int).tolist()
    sizes[0] = n - sum(sizes[1:])
    g = torch.Generator().manual_seed(seed)
    return [list(part.indices) for part in torch.utils.data.random_split(range(n), sizes, generator=g)]


class TransformedTensorDataset(torch.utils.data.TensorDataset):
    def __init__(self, x, y, transform=None):
        if len(x) != len(y):
            raise ValueError("lengths")
        super().__init__(x, y)
        self.transform = transform or (lambda sample: sample)

    def __getitem__(self, index):
        sample, label = super().__getitem__(index)
        return self.transform(sample), label


def build_transform(train):
    def compose(*functions):
        return lambda x: functools.reduce(lambda value, f: f(value), functions, x)

    def normalise(x):
        return x.sub(0.5).div(0.5)

    def flip(x):
        return torch.fliplr(x.movedim(0, -1)).movedim(-1, 0) if torch.bernoulli(torch.tensor(0.5)) else x

    return compose(flip, normalise) if train else normalise


def class_weights(y):
    if not len(y):
        raise ValueError("empty")
    return torch.from_numpy(1 / np.unique(y.numpy(), return_counts=True)[1]).to(torch.float32)


def sample_weights(y):
    weights, classes = class_weights(y), y.flatten().unique()
    return (y.reshape(-1, 1) == classes).float() @ weights


def make_balanced_sampler(y, seed=13):
    g = torch.Generator()
    return WeightedRandomSampler(sample_weights(y), y.numel(), generator=g.manual_seed(seed))


def make_loaders(train, val, batch_size, sampler=None):
    require_int(batch_size, "batch_size", 1)
    sampler = torch.utils.data.RandomSampler(train) if sampler is None else sampler
    return tuple(DataLoader(d, batch_sampler=torch.utils.data.BatchSampler(s, batch_size, False)) for d, s in ((train, sampler), (val, range(len(val)))))


class MLP(nn.Sequential):
    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu"):
        sizes = (in_features, *hidden, out_features)
        [require_int(size, "size", 1) for size in sizes]
        if activation not in ACTIVATIONS or not 0 <= dropout < 1:
            raise ValueError("activation or dropout")
        blocks = [nn.Sequential(nn.Linear(a, b), ACTIVATIONS[activation](), nn.Dropout(dropout)) for a, b in zip(sizes, sizes[1:-1])]
        super().__init__(nn.Flatten(), *blocks, nn.Linear(sizes[-2], sizes[-1]))


@torch.no_grad()
def manual_sgd_step(parameters, lr):
    if not lr > 0:
        raise ValueError(lr)
    for p in filter(lambda p: p.grad is not None, parameters):
        p.add_(p.grad, alpha=-lr).grad = None


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = map(functools.partial(to_device, device=device), batch)
    loss = loss_fn(model.train()(x), y)
    if loss != loss:
        raise FloatingPointError(loss)
    optimizer.zero_grad()
    learnt = [p for p in model.parameters() if p.requires_grad]
    for p, p.grad in zip(learnt, torch.autograd.grad(loss, learnt, allow_unused=True)):
        pass
    optimizer.step()
    return loss.item()


@contextmanager
def evaluating(model):
    training = model.training
    try:
        with torch.no_grad():
            yield model.eval()
    finally:
        model.train(training)


def evaluate(model, loader, loss_fn, device="cpu"):
    def sums(batch):
        x, y = to_device(tuple(batch), device)
        logits = model(x)
        return np.array([len(y), len(y) and len(y) * loss_fn(logits, y).item(), (logits.argmax(1) == y).sum().item()])

    with evaluating(model):
        count, loss, right = functools.reduce(operator.add, map(sums, loader), np.zeros(3))
    if not count:
        raise ValueError("no sample")
    return float(loss / count), float(right / count)


class Trainer:
    def __init__(self, model, loss_fn, optimizer, device="cpu"):
        self.model, self.total_epochs = model.to(device), 0
        self.step = functools.partial(train_step, model, loss_fn=loss_fn, optimizer=optimizer, device=device)
        self.evaluate = functools.partial(evaluate, model, loss_fn=loss_fn, device=device)

    def epochs(self, train, val):
        while True:
            losses = [*map(self.step, train)]
            self.total_epochs += 1
            yield sum(losses) / len(losses), *self.evaluate(val)

    def fit(self, train, val, epochs, patience=None):
        require_int(epochs, "epochs", 0)
        require_int(1 if patience is None else patience, "patience", 1)
        rows, best = [], (float("inf"), None, 0)
        for row in itertools.islice(self.epochs(train, val), epochs):
            rows.append(row)
            if row[1] < best[0]:
                best = row[1], {k: v.clone() for k, v in self.model.state_dict().items()}, len(rows)
            if len(rows) - best[2] == patience:
                break
        if best[1]:
            self.model.load_state_dict(best[1])
        return {k: [row[i] for row in rows] for i, k in enumerate(("train_loss", "val_loss", "val_accuracy"))}


def collapse_linear_layers(model):
    layers = [layer for layer in model if not isinstance(layer, nn.Flatten)]
    if not layers or not all(isinstance(layer, nn.Linear) and layer.bias is None for layer in layers):
        raise ValueError(model)
    return functools.reduce(lambda product, layer: layer.weight @ product, layers[1:], layers[0].weight).detach().clone()


def build_mnist_model(seed):
    return (torch.manual_seed(seed), MLP(784, (192,), 10, dropout=0.1))[1]


def fit_mnist(train, val, seed, device="cpu"):
    model = build_mnist_model(seed)
    loaders = make_loaders(*itertools.starmap(TransformedTensorDataset, (train, val)), 50)
    Trainer(model, nn.functional.cross_entropy, torch.optim.NAdam(model.parameters()), device).fit(*loaders, 5, 2)
    return model.eval().to("cpu")


def concept_check():
    more, lr = "more {}".format, "{} the learning rate".format
    return dict(
        zip(("crossentropy_includes_softmax", "dynamic_graph"), (True, True)),
        nllloss_expects="log-probabilities",
        tune_on="validation",
        test_set_use="final only",
        hyperparameters=set(("learning rate", "batch size")),
        underfitting_fix=more("capacity"),
        overfitting_fix=more("regularisation"),
        slow_learning_fix=lr("raise"),
        unstable_fix=lr("lower"),
        augment="training",
        minority_weight="larger",
        missing_zero_grad="the sum of all gradients so far",
    )
