"""Types of all arguments checked, early returns, walrus; the history is a dataclass, each part's mode is restored."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from io import BytesIO
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.data import DataLoader, Dataset, Sampler, WeightedRandomSampler

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def require(value: Any, kinds: type | tuple[type, ...], name: str) -> Any:
    if not isinstance(value, kinds):
        raise TypeError(f"{name}: unexpected {type(value).__name__}")
    return value


def require_callable(value: Any, name: str) -> Any:
    if not callable(value):
        raise TypeError(f"{name} cannot be called")
    return value


def describe_tensor(t: Tensor) -> dict[str, Any]:
    require(t, Tensor, "t")
    return {
        "shape": tuple(int(size) for size in t.shape),
        "dtype": str(t.dtype),
        "device": str(t.device),
        "layout": str(t.layout),
    }


def tensor_from_numpy(array: np.ndarray, copy: bool = True) -> Tensor:
    require(array, np.ndarray, "array")
    if not copy:
        return torch.from_numpy(array)
    tensor = torch.empty(array.shape, dtype=torch.from_numpy(np.zeros(1, array.dtype)).dtype)
    tensor.numpy()[...] = array
    return tensor


def autograd_gradients(f, *xs: Tensor) -> tuple[Tensor, ...]:
    require_callable(f, "f")
    for x in xs:
        if not require(x, Tensor, "x").is_floating_point():
            raise TypeError("gradients need floats")
    leaves = [x.detach().clone().requires_grad_(True) for x in xs]
    value = require(f(*leaves), Tensor, "f's result")
    if (count := value.numel()) != 1:
        raise ValueError(f"f gives {count} elements")
    if not value.requires_grad:
        return tuple(map(torch.zeros_like, xs))
    return torch.autograd.grad(value.sum(), leaves, allow_unused=True, materialize_grads=True)


def to_device(obj: Any, device: torch.device | str) -> Any:
    device = torch.device(device)
    if isinstance(obj, Tensor):
        return obj.to(device)
    if isinstance(obj, nn.Module):
        return obj.to(device)
    if isinstance(obj, tuple) and hasattr(obj, "_fields"):
        return type(obj)(*(to_device(item, device) for item in obj))
    if isinstance(obj, (list, tuple)):
        return type(obj)([to_device(item, device) for item in obj])
    if isinstance(obj, dict):
        return {key: to_device(item, device) for key, item in obj.items()}
    return obj


def split_indices(n: int, splits: Sequence[float], seed: int = 13) -> list[list[int]]:
    require_int(n, "n", 1)
    require_int(seed, "seed", 0)
    if not all(math.isfinite(share) and share >= 0 for share in splits):
        raise ValueError(f"splits: {splits}")
    shares = [Fraction(str(share)) for share in splits]
    if not (total := sum(shares)):
        raise ValueError(f"splits: {splits}")
    first, *others = [math.floor(n * share / total) for share in shares]
    order = torch.randperm(n, generator=torch.Generator(device="cpu").manual_seed(seed)).tolist()
    parts = []
    for size in others:
        order, part = order[size:], order[:size]
        parts.append(part)
    return [order, *parts]


class TransformedTensorDataset(Dataset):
    def __init__(self, x: Tensor, y: Tensor, transform=None) -> None:
        self._x, self._y = require(x, Tensor, "x"), require(y, Tensor, "y")
        if (samples := len(x)) != (labels := len(y)):
            raise ValueError(f"{samples} samples, but {labels} labels")
        self._transform = None if transform is None else require_callable(transform, "transform")

    def __len__(self) -> int:
        return len(self._x)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        sample, label = self._x[index], self._y[index]
        if self._transform is None:
            return sample, label
        return self._transform(sample), label


@dataclass(frozen=True)
class Transform:
    train: bool
    mean: float = 0.5
    std: float = 0.5

    def __call__(self, image: Tensor) -> Tensor:
        normalised = (image - self.mean) / self.std
        if not self.train:
            return normalised
        if torch.rand(1).item() < 0.5:
            return normalised
        return normalised.flip(-1)


def build_transform(train: bool) -> Transform:
    return Transform(bool(train))


def labels_of(y: Tensor) -> list[float]:
    if not (labels := require(y, Tensor, "y").flatten().tolist()):
        raise ValueError("y is empty")
    return labels


def class_weights(y: Tensor) -> Tensor:
    counts = Counter(labels_of(y))
    return torch.tensor([1 / counts[label] for label in sorted(counts)], dtype=torch.float32)


def sample_weights(y: Tensor) -> Tensor:
    counts = Counter(labels := labels_of(y))
    return torch.tensor([1 / counts[label] for label in labels], dtype=torch.float32)


def make_balanced_sampler(y: Tensor, seed: int = 13) -> WeightedRandomSampler:
    weights = sample_weights(y)
    generator = torch.Generator()
    generator.manual_seed(seed)
    return WeightedRandomSampler(weights, len(weights), generator=generator)


def make_loaders(train: Dataset, val: Dataset, batch_size: int, sampler: Sampler | None = None):
    require(train, Dataset, "train")
    require(val, Dataset, "val")
    require_int(batch_size, "batch_size", 1)
    val_loader = DataLoader(val, batch_size=batch_size, shuffle=False, drop_last=False)
    if sampler is None:
        return DataLoader(train, batch_size=batch_size, shuffle=True), val_loader
    require(sampler, (Sampler, Iterable), "sampler")
    return DataLoader(train, batch_size=batch_size, sampler=sampler), val_loader


class MLP(nn.Module):
    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu") -> None:
        require_int(in_features, "in_features", 1)
        require_int(out_features, "out_features", 1)
        for size in require(hidden, (list, tuple), "hidden"):
            require_int(size, "a hidden size", 1)
        if (kind := ACTIVATIONS.get(require(activation, str, "activation"))) is None:
            raise ValueError(f"no activation {activation!r}")
        if not 0 <= require(dropout, (int, float), "dropout") < 1:
            raise ValueError(f"dropout {dropout}")
        super().__init__()
        layers, before = [nn.Flatten(start_dim=1)], in_features
        for size in hidden:
            layers.extend([nn.Linear(before, size), kind(), nn.Dropout(dropout)])
            before = size
        layers.append(nn.Linear(before, out_features))
        self.in_features = in_features
        self.stack = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        require(x, Tensor, "x")
        if (count := x[:1].numel()) != self.in_features and len(x):
            raise ValueError(f"{count} numbers in a sample, not {self.in_features}")
        return self.stack(x)


def manual_sgd_step(parameters: Iterable[Tensor], lr: float) -> None:
    if math.isnan(require(lr, (int, float), "lr")) or lr <= 0:
        raise ValueError(f"lr {lr}")
    with torch.no_grad():
        for parameter in parameters:
            if (gradient := require(parameter, Tensor, "parameter").grad) is None:
                continue
            parameter.sub_(gradient, alpha=lr)
            parameter.grad = None


def train_step(model: nn.Module, batch, loss_fn, optimizer: Optimizer, device="cpu") -> float:
    require(model, nn.Module, "model")
    require(optimizer, Optimizer, "optimizer")
    require_callable(loss_fn, "loss_fn")
    samples, labels = (require(part, Tensor, "batch").to(device) for part in require(batch, (list, tuple), "batch"))
    model.train()
    optimizer.zero_grad(set_to_none=True)
    loss = loss_fn(model(samples), labels)
    if math.isnan(value := loss.detach().cpu().item()):
        raise FloatingPointError(f"the loss is {value}")
    loss.backward()
    optimizer.step()
    return value


def evaluate(model: nn.Module, loader: Iterable, loss_fn, device="cpu") -> tuple[float, float]:
    require(model, nn.Module, "model")
    require_callable(loss_fn, "loss_fn")
    modes = [(part, part.training) for part in model.modules()]
    losses, hits, count = [], 0, 0
    model.eval()
    try:
        with torch.no_grad():
            for samples, labels in loader:
                if not (size := len(labels)):
                    continue
                samples, labels = samples.to(device), labels.to(device)
                logits = model(samples)
                losses.append(size * loss_fn(logits, labels).detach().cpu().item())
                hits += int((logits.argmax(dim=1) == labels).sum().cpu().item())
                count += size
    finally:
        for part, mode in modes:
            part.training = mode
    if not count:
        raise ValueError("there is no sample")
    return math.fsum(losses) / count, hits / count


@dataclass
class History:
    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)

    def note(self, train_loss: float, val_loss: float, val_accuracy: float) -> bool:
        """Note an epoch, and say whether it is the best so far."""
        best = min((loss for loss in self.val_loss if not math.isnan(loss)), default=math.inf)
        self.train_loss.append(float(train_loss))
        self.val_loss.append(float(val_loss))
        self.val_accuracy.append(float(val_accuracy))
        return val_loss < best


class Trainer:
    def __init__(self, model: nn.Module, loss_fn, optimizer: Optimizer, device="cpu") -> None:
        self.device = torch.device(device)
        self.model = require(model, nn.Module, "model").to(self.device)
        self.loss_fn = require_callable(loss_fn, "loss_fn")
        self.optimizer = require(optimizer, Optimizer, "optimizer")
        self.total_epochs: int = 0

    def fit(self, train: Iterable, val: Iterable, epochs: int, patience: int | None = None) -> dict[str, list[float]]:
        require_int(epochs, "epochs", 0)
        if patience is not None:
            require_int(patience, "patience", 1)
        history, checkpoint, waited = History(), BytesIO(), 0
        for _ in range(epochs):
            losses = [train_step(self.model, batch, self.loss_fn, self.optimizer, self.device) for batch in train]
            better = history.note(math.fsum(losses) / len(losses), *self._validate(val))
            self.total_epochs += 1
            if better:
                torch.save(self.model.state_dict(), checkpoint := BytesIO())
                waited = 0
                continue
            waited += 1
            if patience is not None and waited >= patience:
                break
        if checkpoint.tell():
            checkpoint.seek(0)
            self.model.load_state_dict(torch.load(checkpoint, weights_only=True))
        return asdict(history)

    def _validate(self, val: Iterable) -> tuple[float, float]:
        return evaluate(self.model, val, self.loss_fn, self.device)


def collapse_linear_layers(model: nn.Sequential) -> Tensor:
    matrices = []
    for layer in require(model, nn.Sequential, "model"):
        match layer:
            case nn.Flatten():
                pass
            case nn.Linear(bias=None):
                matrices.insert(0, layer.weight.detach().clone())
            case _:
                raise ValueError(f"{layer} does not collapse")
    if not matrices:
        raise ValueError("no linear layer")
    if len(matrices) == 1:
        return matrices[0]
    return torch.linalg.multi_dot(matrices)


def build_mnist_model(seed: int) -> nn.Module:
    require_int(seed, "seed", 0)
    torch.manual_seed(seed)
    return MLP(28 * 28, [160, 80], 10, dropout=0.05)


def fit_mnist(train, val, seed: int, device="cpu") -> nn.Module:
    require_int(seed, "seed", 0)
    for images, labels in (train, val):
        if require(images, Tensor, "images").shape[1:] != (1, 28, 28) or labels.dtype != torch.int64:
            raise ValueError("images (N, 1, 28, 28) and labels int64 are needed")
    model = build_mnist_model(seed)
    loaders = make_loaders(TransformedTensorDataset(*train), TransformedTensorDataset(*val), batch_size=64)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=5e-4)
    Trainer(model, nn.CrossEntropyLoss(), optimizer, device).fit(*loaders, epochs=6, patience=2)
    return model.to("cpu").eval()


def concept_check() -> dict[str, Any]:
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
