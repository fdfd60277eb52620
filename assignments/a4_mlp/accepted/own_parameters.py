"""Weights, dropout, cross-entropy and the optimiser's step written out, with nn.Parameter and .data."""

import math
import random

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
    if not torch.is_tensor(t):
        raise TypeError("no tensor")
    return {"shape": tuple(int(n) for n in t.size())} | {name: str(getattr(t, name)) for name in ("dtype", "device", "layout")}


def tensor_from_numpy(array, copy=True):
    if not isinstance(array, np.ndarray):
        raise TypeError("no array")
    t = torch.as_tensor(array)
    return t.clone() if copy else t


def autograd_gradients(f, *xs):
    with torch.enable_grad():
        leaves = [nn.Parameter(x.detach().clone()) for x in xs]
        out = f(*leaves)
        if out.numel() > 1:
            raise ValueError("one element")
        total = out.sum() + sum((0 * leaf).sum() for leaf in leaves)
        return torch.autograd.grad(total, leaves)


def to_device(obj, device):
    if torch.is_tensor(obj) or isinstance(obj, nn.Module):
        return obj.to(device=device)
    if type(obj) in (list, tuple):
        return type(obj)([to_device(part, device) for part in obj])
    if type(obj) is dict:
        moved = dict(obj)
        for key, value in obj.items():
            moved[key] = to_device(value, device)
        return moved
    return obj


def split_indices(n, splits, seed=13):
    require_int(n, "n", 1)
    splits = list(splits)
    if not splits or any(not math.isfinite(s) or s < 0 for s in splits) or not any(splits):
        raise ValueError("splits")
    numbers = list(range(n))
    random.Random(seed).shuffle(numbers)
    rest = [int(n * (s / sum(splits))) for s in splits[1:]]
    parts = []
    for size in reversed(rest):
        parts.insert(0, [numbers.pop() for _ in range(size)])
    return [numbers, *parts]


class TransformedTensorDataset(Dataset):
    def __init__(self, x, y, transform=None):
        if x.size(0) != y.size(0):
            raise ValueError("lengths")
        self.pairs = list(zip(x, y))
        self.transform = transform

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        x, y = self.pairs[index]
        if self.transform:
            x = self.transform(x)
        return x, y


class Augment(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, image):
        image = torch.div(image - 0.5, 0.5)
        if self.p and torch.randint(0, 2, (1,)).item():
            image = torch.flip(image, dims=[2])
        return image


def build_transform(train):
    return Augment(0.5 if train else 0.0)


def class_weights(y):
    if y.shape[0] == 0:
        raise ValueError("empty")
    labels = y.flatten().long()
    counts = torch.bincount(labels)
    return counts[counts > 0].to(torch.float32).reciprocal()


def sample_weights(y):
    if y.shape[0] == 0:
        raise ValueError("empty")
    labels = y.flatten().long()
    return torch.bincount(labels)[labels].float().reciprocal()


def make_balanced_sampler(y, seed=13):
    weights = sample_weights(y).double()
    return WeightedRandomSampler(weights / weights.sum(), y.shape[0], True, torch.Generator("cpu").manual_seed(seed))


def make_loaders(train, val, batch_size, sampler=None):
    require_int(batch_size, "batch_size", 1)
    order = {"shuffle": True, "generator": torch.Generator().manual_seed(1)} if sampler is None else {"sampler": sampler}
    return DataLoader(train, batch_size, **order), DataLoader(val, batch_size, shuffle=False, drop_last=False)


class MLP(nn.Module):
    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu"):
        super().__init__()
        self.sizes = [in_features] + list(hidden) + [out_features]
        for size in self.sizes:
            require_int(size, "size", 1)
        if activation not in ACTIVATIONS:
            raise ValueError("activation")
        if not (0.0 <= dropout < 1.0):
            raise ValueError("dropout")
        self.keep, self.act = 1 - dropout, getattr(torch, activation)
        for i, (a, b) in enumerate(zip(self.sizes, self.sizes[1:])):
            setattr(self, f"W{i}", nn.Parameter(torch.empty(a, b).uniform_(-1, 1) / a**0.5))
            setattr(self, f"b{i}", nn.Parameter(torch.zeros(1, b)))

    def forward(self, x):
        x = x.float().flatten(start_dim=1)
        last = len(self.sizes) - 2
        for i in range(last + 1):
            x = x @ getattr(self, f"W{i}") + getattr(self, f"b{i}")
            if i < last:
                x = self.act(x)
                if self.training:
                    x = x * torch.bernoulli(torch.full_like(x, self.keep)) / self.keep
        return x


def manual_sgd_step(parameters, lr):
    if not lr > 0:
        raise ValueError("lr")
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.data.sub_(lr * parameter.grad.data)
            parameter.grad.data.fill_(0)


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = batch[0].to(device), batch[1].to(device)
    model.zero_grad()
    optimizer.zero_grad()
    model.train()
    loss = loss_fn(model(x), y)
    if np.isnan(loss.data.cpu().numpy()):
        raise FloatingPointError("nan")
    loss.backward()
    optimizer.step()
    return loss.data.item()


def evaluate(model, loader, loss_fn, device="cpu"):
    mode, recording = model.training, torch.is_grad_enabled()
    model.train(False)
    torch.set_grad_enabled(False)
    loss, accuracy, n = 0.0, 0.0, 0
    for x, y in loader:
        if len(x) == 0:
            continue
        out = model(x.to(device))
        y = y.to(device)
        # running means: no sum has to be divided at the end
        n += len(x)
        loss += (loss_fn(out, y).item() - loss) * len(x) / n
        accuracy += ((out.max(1)[1] == y).double().mean().item() - accuracy) * len(x) / n
    torch.set_grad_enabled(recording)
    model.train(mode)
    if n == 0:
        raise ValueError("empty")
    return loss, accuracy


class Trainer:
    total_epochs = 0

    def __init__(self, model, loss_fn, optimizer, device="cpu"):
        self.model, self.loss_fn, self.optimizer, self.device = model, loss_fn, optimizer, device
        model.to(device)

    def fit(self, train, val, epochs, patience=None):
        require_int(epochs, "epochs", 0)
        if patience is not None:
            require_int(patience, "patience", 1)
        train_loss, val_loss, val_accuracy = [], [], []
        best, wait = None, 0
        for _ in range(epochs):
            mean, count = 0.0, 0
            for batch in train:
                loss = train_step(self.model, batch, self.loss_fn, self.optimizer, self.device)
                count += 1
                mean += (loss - mean) / count
            loss, accuracy = evaluate(self.model, val, self.loss_fn, self.device)
            earlier = [value for value in val_loss if not math.isnan(value)]
            train_loss.append(mean)
            val_loss.append(loss)
            val_accuracy.append(accuracy)
            self.total_epochs += 1
            if not math.isnan(loss) and all(loss < value for value in earlier):
                best, wait = [tensor.data.clone() for tensor in self.model.state_dict().values()], 0
            else:
                wait += 1
                if patience is not None and wait >= patience:
                    break
        if best is not None:
            for tensor, kept in zip(self.model.state_dict().values(), best):
                tensor.copy_(kept)
        return {"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy}


def collapse_linear_layers(model):
    product = None
    for layer in model.children():
        if type(layer) is nn.Flatten:
            continue
        if type(layer) is not nn.Linear or layer.bias is not None:
            raise ValueError("layer")
        product = layer.weight.data if product is None else torch.mm(layer.weight.data, product)
    if product is None:
        raise ValueError("no layer")
    return product.clone()


def build_mnist_model(seed):
    torch.manual_seed(seed)
    return MLP(784, [128], 10)


def cross_entropy(logits, y):
    logits = logits - logits.max(dim=1, keepdim=True).values
    return (logits.exp().sum(dim=1).log() - logits[torch.arange(len(y)), y]).mean()


def fit_mnist(train, val, seed, device="cpu"):
    model = build_mnist_model(seed).to(device)
    (x, y), lr = (part.to(device) for part in train), 0.2
    for _ in range(8):
        model.train()
        order = torch.randperm(len(x)).to(device)
        for start in range(0, len(x), 50):
            chosen = order[start : start + 50]
            cross_entropy(model(x[chosen]), y[chosen]).backward()
            manual_sgd_step(model.parameters(), lr)
        lr *= 0.8
    return model.cpu().eval()


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
