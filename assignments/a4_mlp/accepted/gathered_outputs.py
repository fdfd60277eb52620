"""Evaluation on all outputs put together, epochs kept as rows, total_epochs as a property; AdamW and tanh."""

import copy
import math

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def describe_tensor(t):
    try:
        assert isinstance(t, torch.Tensor)
    except AssertionError:
        raise TypeError("t")
    names = ["shape", "dtype", "device", "layout"]
    values = [tuple(t.shape), *map(str, (t.dtype, t.device, t.layout))]
    return dict(zip(names, values))


def tensor_from_numpy(array, copy=True):
    if not isinstance(array, np.ndarray):
        raise TypeError("array")
    shared = torch.from_numpy(array if not copy else np.array(array))
    return shared


def autograd_gradients(f, *xs):
    inputs = tuple(x.detach().clone() for x in xs)
    shapes = []

    def total(*args):
        out = f(*args)
        shapes.append(out.shape)
        return out.sum()

    _, found = torch.autograd.functional.vjp(total, inputs)
    if shapes[-1].numel() != 1:
        raise ValueError("one element")
    return tuple(found)


def to_device(obj, device):
    kinds = {list: list, tuple: tuple}
    if type(obj) in kinds:
        return kinds[type(obj)](map(lambda part: to_device(part, device), obj))
    if isinstance(obj, dict):
        return {**{key: to_device(obj[key], device) for key in obj.keys()}}
    return obj.to(torch.device(device)) if isinstance(obj, (torch.Tensor, nn.Module)) else obj


def split_indices(n, splits, seed=13):
    require_int(n, "n", 1)
    total = sum(splits)
    if len(splits) < 1 or any(s < 0 for s in splits) or not 0 < total < math.inf:
        raise ValueError("splits")
    bounds = np.cumsum([n - sum(n * s // total for s in splits[1:])] + [n * s // total for s in splits[1:]]).astype(int)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed)).numpy()
    return [[int(i) for i in order[a:b]] for a, b in zip([0, *bounds], bounds)]


class TransformedTensorDataset(TensorDataset):
    def __init__(self, x, y, transform=None):
        if x.shape[:1] != y.shape[:1]:
            raise ValueError("lengths")
        super().__init__(x, y)
        self.transform = transform

    def __getitem__(self, index):
        pair = list(super().__getitem__(index))
        if self.transform is not None:
            pair[0] = self.transform(pair[0])
        return tuple(pair)


def build_transform(train):
    return lambda image: (image.flip(2) if train and torch.rand(1) > 0.5 else image) / 0.5 - 1


def class_weights(y):
    if y.nelement() == 0:
        raise ValueError("y")
    y = torch.sort(y.ravel()).values
    _, counts = torch.unique_consecutive(y, return_counts=True)
    return torch.ones(len(counts)) / counts


def sample_weights(y):
    if y.nelement() == 0:
        raise ValueError("y")
    y = y.ravel()
    return 1 / (y[:, None] == y[None, :]).sum(dim=1).float()


def make_balanced_sampler(y, seed=13):
    generator = torch.Generator()
    generator.manual_seed(seed)
    return WeightedRandomSampler(sample_weights(y).double(), len(y), replacement=True, generator=generator)


def make_loaders(train, val, batch_size, sampler=None):
    require_int(batch_size, "batch_size", 1)
    return (
        DataLoader(train, batch_size=batch_size, shuffle=(sampler is None), sampler=sampler),
        DataLoader(val, batch_size=batch_size),
    )


class Block(nn.Module):
    def __init__(self, before, after, dropout, activation):
        super().__init__()
        self.linear = nn.Linear(before, after)
        self.activation = ACTIVATIONS[activation]()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        return self.dropout(self.activation(self.linear(x)))


class MLP(nn.Module):
    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu"):
        super().__init__()
        sizes = [in_features] + [*hidden] + [out_features]
        for size in sizes:
            require_int(size, "size", 1)
        if activation not in ACTIVATIONS.keys() or dropout < 0 or dropout >= 1:
            raise ValueError("options")
        blocks = [Block(a, b, dropout, activation) for a, b in zip(sizes[:-2], sizes[1:-1])]
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(sizes[-2], sizes[-1])

    def forward(self, x):
        return self.head(self.blocks(x.flatten(1)))


def manual_sgd_step(parameters, lr):
    if not lr > 0:
        raise ValueError
    for p in list(parameters):
        if p.grad is not None:
            p.data = p.data - lr * p.grad.data
            p.grad = torch.zeros_like(p)


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = batch
    x, y = x.to(device), y.to(device)
    optimizer.zero_grad(set_to_none=False)
    model = model.train(True)
    loss = loss_fn(model.forward(x), y)
    if loss.isnan().any():
        raise FloatingPointError("nan")
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.cpu().detach().tolist()


def evaluate(model, loader, loss_fn, device="cpu"):
    before = model.training
    flags = [p.requires_grad for p in model.parameters()]
    for p in model.parameters():
        p.requires_grad_(False)
    model.eval()
    outs, labels = [], []
    for batch in list(loader):
        x, y = to_device(tuple(batch), device)
        o = model(x)
        outs.append(o)
        labels.append(y)
    for p, f in zip(model.parameters(), flags):
        p.requires_grad_(f)
    if before:
        model.train()
    n = sum(map(len, labels))
    if not n:
        raise ValueError
    o, y = torch.cat(outs), torch.cat(labels)
    return float(loss_fn(o, y)), float(o.max(dim=1).indices.eq(y).double().mean())


class Trainer:
    def __init__(self, model, loss_fn, optimizer, device="cpu"):
        self.parts = (model.to(device), loss_fn, optimizer, device)
        self._history = []

    @property
    def total_epochs(self):
        return len(self._history)

    def fit(self, train, val, epochs, patience=None):
        require_int(epochs, "epochs", 0)
        if patience is not None and patience < 1:
            raise ValueError
        model, loss_fn, optimizer, device = self.parts
        rows, keep = [], []
        while len(rows) < epochs:
            t = float(np.mean([train_step(model, b, loss_fn, optimizer, device) for b in train]))
            v, a = evaluate(model, val, loss_fn, device)
            rows.append((t, v, a)); self._history.append(v)
            losses = [r[1] for r in rows if not math.isnan(r[1])]
            if losses and v == min(losses) and losses.count(v) == 1:
                keep = [copy.deepcopy(model), len(rows)]
            if patience and len(rows) - (keep[1] if keep else 0) >= patience:
                break
        if keep:
            model.load_state_dict(keep[0].state_dict())
        columns = [list(c) for c in zip(*rows)] if rows else [[], [], []]
        return dict(zip(("train_loss", "val_loss", "val_accuracy"), columns))


def collapse_linear_layers(model):
    if any(not isinstance(l, (nn.Linear, nn.Flatten)) for l in model) or any(isinstance(l, nn.Linear) and l.bias is not None for l in model):
        raise ValueError
    ls = [l for l in model if isinstance(l, nn.Linear)]
    if not ls:
        raise ValueError
    out = torch.eye(ls[0].in_features, dtype=ls[0].weight.dtype)
    for l in ls:
        out = l(out)
    return out.T.detach()


def build_mnist_model(seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MLP(784, [256, 64], 10, dropout=0.1, activation="tanh")


def fit_mnist(train, val, seed, device="cpu"):
    model = build_mnist_model(seed)
    torch.manual_seed(seed)
    loader = DataLoader(TransformedTensorDataset(*train), 128, shuffle=True)
    valid = DataLoader(TransformedTensorDataset(*val), 500)
    opt = torch.optim.AdamW(model.parameters(), lr=2e-3)
    Trainer(model, nn.CrossEntropyLoss(label_smoothing=0.05), opt, device).fit(loader, valid, 8, patience=3)
    model.eval()
    return model.to("cpu")


def concept_check():
    return {
        "crossentropy_includes_softmax": True,
        "nllloss_expects": "log-probabilities",
        "tune_on": "validation",
        "test_set_use": "final only",
        "hyperparameters": {"learning rate", "batch size"},
        "underfitting_fix": "more capacity",
        "overfitting_fix": "more regularisation",
        "slow_learning_fix": "raise the learning rate",
        "unstable_fix": "lower the learning rate",
        "augment": "training",
        "minority_weight": "larger",
        "missing_zero_grad": "the sum of all gradients so far",
        "dynamic_graph": True,
    }
