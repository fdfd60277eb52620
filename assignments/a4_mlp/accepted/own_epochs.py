"""Own loops over batches in Trainer and fit_mnist, inference_mode, SGD with momentum, batch norm."""

import copy as copies
import math

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
    if not isinstance(t, torch.Tensor):
        raise TypeError(f"expected a tensor, got {t!r}")
    return dict(shape=tuple(t.size()), dtype=repr(t.dtype), device=repr(t.device)[13:-2], layout=repr(t.layout))


def tensor_from_numpy(array, copy=True):
    if not isinstance(array, np.ndarray):
        raise TypeError(f"expected an array, got {array!r}")
    if copy:
        array = copies.deepcopy(array)
    return torch.from_numpy(array)


def autograd_gradients(f, *xs):
    xs = [torch.empty_like(x).copy_(x.detach()).requires_grad_(True) for x in xs]
    y = f(*xs)
    if y.shape.numel() != 1:
        raise ValueError(f"one element expected, got {y.shape}")
    if y.grad_fn is not None:
        torch.autograd.backward([y], [torch.ones_like(y)])
    return tuple(torch.zeros_like(x.detach()) if x.grad is None else x.grad for x in xs)


def to_device(obj, device):
    if hasattr(obj, "to"):
        return obj.to(device)
    if isinstance(obj, dict):
        return {k: to_device(v, device) for k, v in obj.items()}
    if isinstance(obj, list):
        return [to_device(v, device) for v in obj]
    if isinstance(obj, tuple):
        return tuple(to_device(v, device) for v in obj)
    return obj


def split_indices(n, splits, seed=13):
    require_int(n, "n", 1)
    s = np.array(splits, dtype=np.float64)
    if s.size == 0 or not np.all(np.isfinite(s)) or s.min() < 0 or s.sum() == 0:
        raise ValueError("splits")
    sizes = np.floor(n * s / s.sum()).astype(np.int64)
    sizes[0] += n - sizes.sum()
    order = np.random.RandomState(seed).permutation(n)
    return [part.tolist() for part in np.split(order, np.cumsum(sizes)[:-1])]


class TransformedTensorDataset(Dataset):
    def __init__(self, x, y, transform=None):
        super().__init__()
        if len(x) != len(y):
            raise ValueError(f"{len(x)} samples, {len(y)} labels")
        self.x = x
        self.y = y
        self.transform = transform

    def __len__(self):
        return self.x.shape[0]

    def __getitem__(self, idx):
        if self.transform is None:
            return self.x[idx], self.y[idx]
        return self.transform(self.x[idx]), self.y[idx]


def build_transform(train):
    def normalise(image):
        return (image - 0.5) / 0.5

    def augment(image):
        image = normalise(image)
        return image if torch.rand(1).item() >= 0.5 else image.flip(dims=(-1,))

    return augment if train else normalise


def class_weights(y):
    values, counts = np.unique(y.cpu().numpy(), return_counts=True)
    if len(values) == 0:
        raise ValueError("no labels")
    return torch.tensor([1.0 / c for c in counts], dtype=torch.float32)


def sample_weights(y):
    if len(y) == 0:
        raise ValueError("no labels")
    y = y.view(-1)
    weights = torch.empty(len(y))
    for label in y.unique():
        mask = y == label
        weights[mask] = 1.0 / mask.sum()
    return weights


def make_balanced_sampler(y, seed=13):
    gen = torch.Generator()
    gen.manual_seed(seed)
    weights = sample_weights(y)
    return WeightedRandomSampler(weights=weights, num_samples=len(weights), replacement=True, generator=gen)


def make_loaders(train, val, batch_size, sampler=None):
    require_int(batch_size, "batch_size", 1)
    shuffle = True
    if sampler is not None:
        shuffle = False
    train_dl = DataLoader(dataset=train, batch_size=int(batch_size), shuffle=shuffle, sampler=sampler, num_workers=0)
    val_dl = DataLoader(dataset=val, batch_size=int(batch_size), shuffle=False, num_workers=0)
    return (train_dl, val_dl)


class MLP(nn.Module):
    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu"):
        super().__init__()
        for size in (in_features, out_features, *hidden):
            require_int(size, "size", 1)
        if not 0 <= dropout < 1:
            raise ValueError("dropout")
        if activation not in ACTIVATIONS:
            raise ValueError("activation")
        self.net = nn.Sequential()
        for i, h in enumerate(hidden):
            self.net.add_module(f"fc{i}", nn.Linear(in_features, h))
            self.net.add_module(f"{activation}{i}", ACTIVATIONS[activation]())
            if dropout > 0:
                self.net.add_module(f"dropout{i}", nn.Dropout(p=dropout))
            in_features = h
        self.net.add_module("out", nn.Linear(in_features, out_features))

    def forward(self, x):
        return self.net(torch.flatten(x, 1))


@torch.no_grad()
def manual_sgd_step(parameters, lr):
    if math.isnan(lr) or lr <= 0:
        raise ValueError("lr")
    for p in parameters:
        if p.grad is None:
            continue
        p -= lr * p.grad
        p.grad.zero_()


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    device = torch.device(device)
    x = batch[0].to(device)
    y = batch[1].to(device).long()
    model.train()
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = None
    out = model(x)
    loss = loss_fn(out, y)
    if not torch.isfinite(loss):
        raise FloatingPointError
    loss.backward()
    optimizer.step()
    return float(loss.detach())


@torch.inference_mode()
def evaluate(model, loader, loss_fn, device="cpu"):
    mode = model.training
    try:
        model.eval()
        losses, hits, sizes = [], [], []
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            out = model(x)
            losses.append(float(loss_fn(out, y)))
            hits.append((out.argmax(-1) == y).float().sum().item())
            sizes.append(y.size(0))
    finally:
        model.train(mode)
    if sum(sizes) == 0:
        raise ValueError("empty")
    return float(np.average(losses, weights=sizes)), sum(hits) / sum(sizes)


class Trainer:
    def __init__(self, model, loss_fn, optimizer, device="cpu"):
        self.model = model
        self.model.to(device)
        self.loss_fn = loss_fn
        self.optimizer = optimizer
        self.device = device
        self.total_epochs = 0

    def fit(self, train, val, epochs, patience=None):
        require_int(epochs, "epochs", 0)
        if patience is not None and patience < 1:
            raise ValueError
        tl, vl, va = [], [], []
        best_epoch, best = None, None
        for epoch in range(epochs):
            total, n = 0.0, 0
            self.model.train()
            for x, y in train:
                x, y = x.to(self.device), y.to(self.device)
                self.optimizer.zero_grad(set_to_none=False)
                loss = self.loss_fn(self.model(x), y)
                loss.backward()
                self.optimizer.step()
                total += loss.item(); n += 1
            tl.append(total / n)
            l, a = evaluate(self.model, val, self.loss_fn, self.device)
            vl.append(l); va.append(a)
            self.total_epochs += 1
            if not math.isnan(l) and (best_epoch is None or l < vl[best_epoch]):
                best_epoch = epoch
                best = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
            since = epoch - (best_epoch if best_epoch is not None else -1)
            if patience is not None and since >= patience:
                break
        if best is not None:
            self.model.load_state_dict(best)
        return dict(train_loss=tl, val_loss=vl, val_accuracy=va)


def collapse_linear_layers(model):
    from functools import reduce
    linear = [l for l in model if not isinstance(l, nn.Flatten)]
    if not linear or any(type(l) is not nn.Linear or l.bias is not None for l in linear):
        raise ValueError
    with torch.no_grad():
        return reduce(lambda a, b: b @ a, [l.weight for l in linear]).detach()


def build_mnist_model(seed):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 200), nn.BatchNorm1d(200), nn.ReLU(), nn.Dropout(0.2), nn.Linear(200, 10))


def fit_mnist(train, val, seed, device="cpu"):
    model = build_mnist_model(seed).to(device)
    opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
    g = torch.Generator().manual_seed(seed)
    x, y = train
    best, state = -1.0, None
    for _ in range(6):
        model.train()
        for idx in torch.randperm(len(y), generator=g).split(100):
            xb, yb = x[idx].to(device), y[idx].to(device)
            opt.zero_grad()
            nn.functional.cross_entropy(model(xb), yb).backward()
            opt.step()
        model.eval()
        with torch.no_grad():
            acc = (model(val[0].to(device)).argmax(1).cpu() == val[1]).float().mean().item()
        if acc > best:
            best, state = acc, copies.deepcopy(model.state_dict())
    model.load_state_dict(state)
    return model.to("cpu").eval()


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
