"""One-hot labels instead of indices, torch.autograd.backward, values written with copy_, an MLP within an MLP."""

import math
import random
from itertools import accumulate

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def describe_tensor(t):
    if not issubclass(type(t), torch.Tensor):
        raise TypeError("t")
    description = {key: "%s" % getattr(t, key) for key in ("dtype", "device", "layout")}
    description["shape"] = tuple(t.size(axis) for axis in range(t.dim()))
    return description


def tensor_from_numpy(array, copy=True):
    if not isinstance(array, np.ndarray):
        raise TypeError("array")
    tensor = torch.from_numpy(array)
    return torch.empty_like(tensor, memory_format=torch.contiguous_format).copy_(tensor) if copy else tensor


def autograd_gradients(f, *xs):
    inputs = []
    for x in xs:
        inputs.append(x.clone().detach())
        inputs[-1].requires_grad = True
        inputs[-1].grad = torch.zeros_like(x)
    y = f(*inputs)
    if y.nelement() != 1:
        raise ValueError("one element")
    if y.requires_grad:
        torch.autograd.backward(y.view(1), grad_tensors=torch.ones(1, dtype=y.dtype), inputs=inputs)
    return tuple(x.grad.detach() for x in inputs)


def to_device(obj, device):
    torch.device(device)
    if isinstance(obj, dict):
        keys = list(obj)
        return dict(zip(keys, to_device([obj[key] for key in keys], device)))
    if isinstance(obj, tuple):
        return tuple(to_device(list(obj), device))
    if isinstance(obj, list):
        new = obj[:]
        for i, part in enumerate(new):
            new[i] = to_device(part, device)
        return new
    try:
        move = obj.to
    except AttributeError:
        return obj
    return move(device)


def split_indices(n, splits, seed=13):
    require_int(n, "n", 1)
    total = sum(splits)
    if not total > 0 or math.isinf(total) or any(share < 0 for share in splits):
        raise ValueError("splits")
    sizes = [int(n * share / total) for share in splits]
    sizes[0] += n - sum(sizes)
    order = random.Random(seed).sample(range(n), n)
    ends = list(accumulate(sizes))
    return [order[end - size : end] for size, end in zip(sizes, ends)]


class TransformedTensorDataset(Dataset):
    transform = None

    def __init__(self, x, y, transform=None):
        if x.shape[0] != y.shape[0]:
            raise ValueError(f"{x.shape[0]} != {y.shape[0]}")
        self.x, self.y = x.clone(), y.clone()
        if transform is not None:
            self.transform = transform

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        x = self.x[i]
        if callable(self.transform):
            x = self.transform(x)
        return (x, self.y[i])


def build_transform(train):
    def transform(image):
        result = torch.empty_like(image).copy_(image)
        result -= 0.5
        result *= 2
        if train:
            result = torch.where(torch.rand(()) < 0.5, result.flip(-1), result)
        return result

    return transform


def one_hot(y):
    """Give a row for each sample, with a 1 in the column of its class."""
    if y.numel() == 0:
        raise ValueError("empty")
    y = y.reshape(-1, 1)
    return torch.where(y == torch.unique(y), 1.0, 0.0)


def class_weights(y):
    return one_hot(y).sum(dim=0) ** -1


def sample_weights(y):
    rows = one_hot(y)
    return (rows / rows.sum(dim=0)).sum(dim=1)


def make_balanced_sampler(y, seed=13):
    generator = torch.Generator().manual_seed(seed)
    return WeightedRandomSampler(sample_weights(y).numpy(), len(y), replacement=True, generator=generator)


def make_loaders(train, val, batch_size, sampler=None):
    require_int(batch_size, "batch_size", 1)
    loaders = {}
    if sampler is None:
        loaders["train"] = DataLoader(train, batch_size=batch_size, shuffle=True)
    else:
        loaders["train"] = DataLoader(train, batch_size=batch_size, shuffle=False, sampler=sampler)
    loaders["val"] = DataLoader(val, batch_size=batch_size, shuffle=False)
    return loaders["train"], loaders["val"]


class MLP(nn.Module):
    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu"):
        super().__init__()
        require_int(out_features, "out_features", 1)
        require_int(in_features, "in_features", 1)
        if activation not in ACTIVATIONS:
            raise ValueError("activation")
        if dropout < 0.0 or dropout >= 1.0:
            raise ValueError("dropout")
        if len(hidden) == 0:
            self.hidden, self.rest = None, nn.Linear(in_features, out_features)
        else:
            require_int(hidden[0], "hidden", 1)
            self.hidden = nn.Linear(in_features, hidden[0])
            self.rest = MLP(hidden[0], hidden[1:], out_features, dropout, activation)
        self.act, self.drop = ACTIVATIONS[activation](), nn.Dropout(dropout)

    def forward(self, x):
        x = torch.flatten(x, start_dim=1)
        if self.hidden is not None:
            x = self.drop(self.act(self.hidden(x)))
        return self.rest(x)


def manual_sgd_step(parameters, lr):
    if not lr > 0:
        raise ValueError("lr")
    for p in parameters:
        if p.grad is None:
            continue
        new = p.detach() - lr * p.grad
        with torch.no_grad():
            p.copy_(new)
        p.grad = None


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    model.train()
    x, y = [part.to(device) for part in batch]
    loss = loss_fn(model(x), y)
    if loss.isnan():
        raise FloatingPointError("NaN")
    for group in optimizer.param_groups:
        for p in group["params"]:
            if p.grad is not None:
                p.grad.detach_()
                p.grad.zero_()
    torch.autograd.backward(loss)
    optimizer.step()
    return float(loss)


def evaluate(model, loader, loss_fn, device="cpu"):
    was_training = model.training
    try:
        model.eval()
        sums = np.zeros(3)
        with torch.no_grad():
            for x, y in loader:
                if len(x) > 0:
                    out = model(x.to(device)).cpu()
                    loss = loss_fn(out.to(device), y.to(device)).cpu()
                    hot = nn.functional.one_hot(y.cpu(), out.shape[1])
                    predicted = nn.functional.one_hot(out.argmax(dim=1), out.shape[1])
                    sums += [len(x) * float(loss), float((hot * predicted).sum()), len(x)]
        if not sums[2]:
            raise ValueError("empty")
        return float(sums[0] / sums[2]), float(sums[1] / sums[2])
    finally:
        model.train(was_training)


class Trainer:
    def __init__(self, model, loss_fn, optimizer, device="cpu"):
        self.__dict__.update(model=model.to(device), loss_fn=loss_fn, optimizer=optimizer, device=device)
        self.total_epochs = 0

    def _epoch(self, train, val):
        total, count = 0.0, 0
        for batch in train:
            total, count = total + train_step(self.model, batch, self.loss_fn, self.optimizer, self.device), count + 1
        loss, accuracy = evaluate(self.model, val, self.loss_fn, self.device)
        self.total_epochs += 1
        return {"train_loss": total / count, "val_loss": loss, "val_accuracy": accuracy}

    def fit(self, train, val, epochs, patience=None):
        require_int(epochs, "epochs", 0)
        if patience is None:
            patience = math.inf
        elif patience < 1:
            raise ValueError("patience")
        log, best, since = [], {"val_loss": math.inf}, 0
        kept = {name: torch.empty_like(value) for name, value in self.model.state_dict().items()}
        while len(log) < epochs and since < patience:
            log.append(self._epoch(train, val))
            since += 1
            if log[-1]["val_loss"] < best["val_loss"]:
                best, since = log[-1], 0
                for name, value in self.model.state_dict().items():
                    kept[name].copy_(value)
        if best in log:
            self.model.load_state_dict(kept)
        return {name: [row[name] for row in log] for name in ("train_loss", "val_loss", "val_accuracy")}


def collapse_linear_layers(model):
    stack, names = [], [type(layer).__name__ for layer in model]
    if "Linear" not in names or set(names) - {"Linear", "Flatten"}:
        raise ValueError(names)
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.bias is not None:
                raise ValueError("bias")
            stack.append(layer.weight.detach())
    while len(stack) > 1:
        first, second = stack[:2]
        stack[:2] = [torch.einsum("hi,oh->oi", first, second)]
    return stack[0].clone()


class Centred(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net
        self.register_buffer("mean", torch.tensor(0.13))
        self.register_buffer("std", torch.tensor(0.31))

    def forward(self, x):
        return self.net((x - self.mean) / self.std)


def build_mnist_model(seed):
    torch.manual_seed(seed)
    return Centred(MLP(784, [128, 64], 10, dropout=0.1, activation="relu"))


def fit_mnist(train, val, seed, device="cpu"):
    x, y = train[0].to(device), nn.functional.one_hot(train[1], 10).float().to(device)
    model = build_mnist_model(seed).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    generator = torch.Generator().manual_seed(seed)
    loader = DataLoader(range(len(x)), batch_size=64, shuffle=True, generator=generator)
    for _ in range(6):
        model.train()
        for chosen in loader:
            chosen = chosen.to(device)
            loss = -(y[chosen] * torch.log_softmax(model(x[chosen]), dim=1)).sum(dim=1).mean()
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
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
