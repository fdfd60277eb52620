"""By somebody who thinks in numpy: counting, splitting, mirroring and scoring in arrays, tensors only where torch learns."""

import copy
import itertools
import math
import sys

import numpy as np
import torch
import torch.utils.data as data
from torch import nn, optim


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def describe_tensor(t):
    """Read the attributes."""
    if not isinstance(t, torch.Tensor):
        raise TypeError("t")
    return dict(shape=tuple(t.shape), dtype=str(t.dtype), device=str(t.device), layout=str(t.layout))


def tensor_from_numpy(array, copy=True):
    """np.array copies, np.asarray does not."""
    if not hasattr(array, "__array_interface__") or not isinstance(array, np.ndarray):
        raise TypeError("array")
    return torch.from_numpy((np.array if copy else np.asarray)(array))


def autograd_gradients(f, *xs):
    """backward() on leaves of its own, which are thrown away."""
    leaves = []
    for x in xs:
        leaf = torch.from_numpy(x.detach().numpy().copy())
        leaf.requires_grad = True
        leaves.append(leaf)
    value = f(*leaves)
    if value.numel() != 1:
        raise ValueError("one element")
    if value.requires_grad:
        value.backward(torch.ones_like(value))
    return tuple(leaf.new_zeros(leaf.shape) if leaf.grad is None else leaf.grad for leaf in leaves)


def to_device(obj, device):
    """One return for each kind, the rarest first."""
    device = torch.device(device)
    kind = type(obj)
    if isinstance(obj, dict):
        return kind((key, to_device(obj[key], device)) for key in obj)
    if isinstance(obj, list):
        return list(map(to_device, obj, itertools.repeat(device)))
    if isinstance(obj, tuple):
        return tuple(map(to_device, obj, itertools.repeat(device)))
    if torch.is_tensor(obj) or isinstance(obj, nn.Module):
        return obj.to(device)
    return obj


def split_indices(n, splits, seed=13):
    """np.split at cumulated sizes; the first is put in front of what it gets for free."""
    require_int(n, "n", 1)
    splits = np.array(splits, dtype=float)
    if splits.ndim != 1 or splits.size == 0 or not np.all(np.isfinite(splits)) or splits.min() < 0 or splits.max() == 0:
        raise ValueError("splits")
    sizes = np.floor(n * splits / np.sum(splits) + 1e-9).astype(np.int64)
    order = np.random.RandomState(seed).permutation(n)
    *parts, left = np.split(order, np.cumsum(sizes))
    parts[0] = np.concatenate([parts[0], left])
    return [part.tolist() for part in parts]


class TransformedTensorDataset(data.Dataset):
    """Zip samples and labels into a list of pairs once."""

    def __init__(self, x, y, transform=None):
        if len(x) != len(y):
            raise ValueError("lengths")
        self.pairs = list(zip(x, y))
        self.transform = transform

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, index):
        sample, label = self.pairs[index]
        if self.transform is not None:
            sample = self.transform(sample)
        return sample, label


class build_transform:
    """A class with the function's name: who calls it has a transform."""

    def __init__(self, train):
        self.train = train

    def __call__(self, image):
        pixels = image.numpy()
        if self.train and torch.rand(1) < 0.5:
            pixels = pixels[:, :, ::-1]
        return torch.from_numpy(np.ascontiguousarray((pixels - np.float32(0.5)) / np.float32(0.5)))


def class_weights(y):
    """np.unique counts."""
    if len(y) == 0:
        raise ValueError("empty")
    _, counts = np.unique(np.asarray(y), return_counts=True)
    return torch.from_numpy((1 / counts).astype(np.float32))


def sample_weights(y):
    """np.searchsorted finds places."""
    if len(y) == 0:
        raise ValueError("empty")
    labels = np.asarray(y).ravel()
    places = np.searchsorted(np.unique(labels), labels)
    return torch.from_numpy(np.asarray(class_weights(y))[places])


class _Drawn(data.Sampler):
    """Draws with np.random.Generator.choice, an epoch at a time."""

    def __init__(self, weights, seed):
        self.probabilities = np.asarray(weights, dtype=np.float64)
        self.probabilities /= self.probabilities.sum()
        self.rng = np.random.default_rng(seed)

    def __len__(self):
        return self.probabilities.size

    def __iter__(self):
        return iter(self.rng.choice(len(self), size=len(self), replace=True, p=self.probabilities).tolist())


def make_balanced_sampler(y, seed=13):
    """A sampler of its own."""
    return _Drawn(sample_weights(y), seed)


def make_loaders(train, val, batch_size, sampler=None):
    """Keywords in a dict."""
    require_int(batch_size, "batch_size", 1)
    settings = {"batch_size": batch_size, "shuffle": True}
    if sampler is not None:
        del settings["shuffle"]
        settings["sampler"] = sampler
    return data.DataLoader(train, **settings), data.DataLoader(val, batch_size=batch_size)


class MLP(nn.Module):
    """Linear layers whose first weights come from numpy; x W + b with numpy's order of axes, by F.linear."""

    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu"):
        super().__init__()
        if activation not in ("relu", "sigmoid", "tanh"):
            raise ValueError("activation")
        if dropout < 0 or dropout >= 1 or math.isnan(dropout):
            raise ValueError("dropout")
        sizes = np.array([in_features, *hidden, out_features], dtype=object)
        for size in sizes:
            require_int(size, "size", 1)
        layers = []
        for fan_in, fan_out in zip(sizes[:-1], sizes[1:]):
            layer = nn.Linear(int(fan_in), int(fan_out))
            bound = math.sqrt(6 / (fan_in + fan_out))
            rng = np.random.default_rng(int(torch.randint(2**31, ())))
            layer.weight.data = torch.from_numpy(rng.uniform(-bound, bound, size=(fan_out, fan_in)).astype("float32"))
            layers += [layer, {"relu": nn.ReLU(), "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh()}[activation], nn.Dropout(dropout)]
        self.body = nn.Sequential(nn.Flatten(1), *layers[:-2])

    def forward(self, x):
        return self.body(x)


def manual_sgd_step(parameters, lr):
    """Write through .data."""
    if not (lr > 0):
        raise ValueError("lr")
    for p in list(parameters):
        if p.grad is not None:
            p.data[...] = p.data - lr * p.grad.data
            p.grad.data.zero_()


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    """The order of the slides: clear after the step, and before it too."""
    inputs, labels = batch
    inputs, labels = inputs.to(device), labels.to(device)
    model.train()
    optimizer.zero_grad()
    outputs = model(inputs)
    loss = loss_fn(outputs, labels)
    number = loss.item()
    if np.isnan(number):
        raise FloatingPointError("nan")
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return number


def evaluate(model, loader, loss_fn, device="cpu"):
    """Count hits in numpy; an array holds a number for each batch."""
    training = model.training
    rows = []
    model.eval()
    try:
        with torch.no_grad():
            for inputs, labels in loader:
                outputs = model(inputs.to(device))
                loss = loss_fn(outputs, labels.to(device)).item()
                hits = np.argmax(outputs.cpu().numpy(), axis=1) == labels.cpu().numpy()
                rows.append((len(labels), loss, np.sum(hits)))
    finally:
        model.train(training)
    counts, losses, hits = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    if counts.sum() == 0:
        raise ValueError("no samples")
    return float(np.average(losses, weights=counts)), float(hits.sum() / counts.sum())


class Trainer:
    """Deep copies of model and optimizer? Of the model's numbers alone, as arrays."""

    def __init__(self, model, loss_fn, optimizer, device="cpu"):
        self.model, self.loss_fn, self.optimizer = model, loss_fn, optimizer
        self.device = torch.device(device)
        for module in [self.model]:
            module.to(self.device)
        self.total_epochs = 0

    def _snapshot(self):
        return {name: tensor.detach().cpu().numpy().copy() for name, tensor in self.model.state_dict().items()}

    def _restore(self, arrays):
        state = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
        self.model.load_state_dict(state)

    def fit(self, train, val, epochs, patience=None):
        require_int(epochs, "epochs", 0)
        if patience is not None:
            require_int(patience, "patience", 1)
        log = np.full((epochs, 3), np.nan)
        best, kept, epoch = np.inf, None, 0
        last_better = -1
        for epoch in range(epochs):
            log[epoch, 0] = np.mean([train_step(self.model, b, self.loss_fn, self.optimizer, self.device) for b in train])
            log[epoch, 1:] = evaluate(self.model, val, self.loss_fn, self.device)
            self.total_epochs = self.total_epochs + 1
            print("%2d  %.4f  %.4f  %.4f" % (epoch, *log[epoch]), file=sys.stderr)
            if log[epoch, 1] < best:
                best, kept, last_better = log[epoch, 1], self._snapshot(), epoch
            elif patience is not None and epoch - last_better >= patience:
                break
        if kept is not None:
            self._restore(kept)
        done = log[: epoch + 1 if epochs else 0]
        return dict(zip(("train_loss", "val_loss", "val_accuracy"), done.T.tolist()))


def collapse_linear_layers(model):
    """Matrices of numpy."""
    matrix = None
    for layer in copy.copy(model):
        if isinstance(layer, nn.Flatten):
            continue
        if not isinstance(layer, nn.Linear) or layer.bias is not None:
            raise ValueError("layer")
        weight = layer.weight.detach().numpy()
        matrix = weight if matrix is None else np.dot(weight, matrix)
    if matrix is None:
        raise ValueError("empty")
    return torch.tensor(matrix)


def build_mnist_model(seed):
    torch.manual_seed(seed)
    np.random.seed(seed)
    return MLP(784, [160], 10)


def fit_mnist(train, val, seed, device="cpu"):
    """Nesterov's momentum, batches cut by hand from an array of indices."""
    model = build_mnist_model(seed)
    rng = np.random.default_rng(seed)
    images, labels = train

    class Cut:
        def __iter__(self):
            for batch in np.array_split(rng.permutation(len(labels)), math.ceil(len(labels) / 50)):
                yield images[batch], labels[batch]

    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-4)
    Trainer(model, nn.CrossEntropyLoss(), optimizer, device).fit(Cut(), [val], epochs=6)
    return model.cpu().eval()


def concept_check():
    """A table, read line by line."""
    table = """
    nllloss_expects: log-probabilities
    tune_on: validation
    test_set_use: final only
    underfitting_fix: more capacity
    overfitting_fix: more regularisation
    slow_learning_fix: raise the learning rate
    unstable_fix: lower the learning rate
    augment: training
    minority_weight: larger
    missing_zero_grad: the sum of all gradients so far
    """
    answers = dict(line.strip().split(": ") for line in table.strip().splitlines())
    answers["crossentropy_includes_softmax"] = answers["dynamic_graph"] = True
    answers["hyperparameters"] = set(["learning rate", "batch size"])
    return answers
