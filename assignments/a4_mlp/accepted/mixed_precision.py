"""Ready for a GPU: autocast and a gradient scaler that rest on a CPU, non-blocking moves, clones kept on the CPU, fused bits."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, RandomSampler, SequentialSampler, TensorDataset, WeightedRandomSampler, random_split

logger = logging.getLogger("mlp")
logger.addHandler(logging.NullHandler())

torch.backends.cudnn.benchmark = True
torch.set_float32_matmul_precision("high")
torch.set_num_threads(4)


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


@singledispatch
def _described(t: object) -> dict[str, Any]:
    raise TypeError(f"a tensor, please, not {type(t)}")


@_described.register
def _(t: Tensor) -> dict[str, Any]:
    return {name: str(getattr(t, name)) for name in ("dtype", "device", "layout")} | {"shape": (*t.shape,)}


def describe_tensor(t: Tensor) -> dict[str, Any]:
    """By single dispatch."""
    return _described(t)


def tensor_from_numpy(array: np.ndarray, copy: bool = True) -> Tensor:
    """Through DLPack or as a copy in a new tensor."""
    match array:
        case np.ndarray() if copy:
            return torch.asarray(array, copy=True)
        case np.ndarray():
            return torch.asarray(array, copy=False)
        case _:
            raise TypeError("not numpy's")


def autograd_gradients(f, *xs: Tensor) -> tuple[Tensor, ...]:
    """By torch.autograd.functional's vector-Jacobian product, which does not mind unused inputs."""
    shape: list[torch.Size] = []

    def checked(*inputs: Tensor) -> Tensor:
        value = f(*inputs)
        shape.append(value.shape)
        if value.numel() != 1:
            raise ValueError(f"one element, not {tuple(value.shape)}")
        return value.reshape(()) + sum((0 * x.sum() for x in inputs), start=torch.zeros((), dtype=inputs[0].dtype))

    _, gradients = torch.autograd.functional.vjp(checked, tuple(x.detach().clone() for x in xs))
    return tuple(gradient.detach() for gradient in gradients)


def to_device(obj: Any, device: torch.device | str) -> Any:
    """Single dispatch, again."""
    return _moved(obj, torch.device(device))


@singledispatch
def _moved(obj: Any, device: torch.device) -> Any:
    return obj


@_moved.register(Tensor)
@_moved.register(nn.Module)
def _(obj, device):
    return obj.to(device, non_blocking=True)


@_moved.register(list)
def _(obj, device):
    return [_moved(part, device) for part in obj]


@_moved.register(tuple)
def _(obj, device):
    return (*(_moved(part, device) for part in obj),)


@_moved.register(dict)
def _(obj, device):
    return {key: _moved(part, device) for key, part in obj.items()}


def split_indices(n: int, splits: Sequence[float], seed: int = 13) -> list[list[int]]:
    """Sizes by hand, the rest by random_split and its subsets."""
    require_int(n, "n", 1)
    shares = np.asarray(splits, dtype=np.float64)
    if shares.size == 0 or not np.isfinite(shares).all() or (shares < 0).any() or shares.sum() == 0:
        raise ValueError("splits")
    sizes = np.floor(np.round(n * shares / shares.sum(), 9)).astype(int)
    sizes[0] += n - sizes.sum()
    subsets = random_split(range(n), sizes.tolist(), generator=torch.Generator().manual_seed(seed))
    return [list(subset.indices) for subset in subsets]


class TransformedTensorDataset(TensorDataset):
    """A TensorDataset that gives whole batches at once where a loader asks for them."""

    def __init__(self, x: Tensor, y: Tensor, transform=None) -> None:
        if x.size(0) != y.size(0):
            raise ValueError("lengths")
        super().__init__(x, y)
        self.transform = nn.Identity() if transform is None else transform

    def __getitem__(self, index):
        x, y = super().__getitem__(index)
        return self.transform(x), y

    def __getitems__(self, indices):
        return [self[index] for index in indices]


def build_transform(train: bool):
    """A module, in training mode or not: its mode says whether it flips."""
    return _Transform().train(train)


class _Transform(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("middle", torch.tensor(0.5))

    def forward(self, image: Tensor) -> Tensor:
        if self.training and torch.rand(1).item() > 0.5:
            image = torch.flip(image, dims=(2,))
        return (image - self.middle) / self.middle


def class_weights(y: Tensor) -> Tensor:
    """Bins."""
    if not len(y):
        raise ValueError("no labels")
    _, places = np.unique(y.numpy(), return_inverse=True)
    return torch.reciprocal(torch.bincount(torch.from_numpy(places.reshape(-1))).to(torch.float32))


def sample_weights(y: Tensor) -> Tensor:
    """Gather."""
    weights = class_weights(y)
    equal = y.reshape(-1, 1) == torch.unique(y)[None, :]  # (N, classes)
    return equal.float().mv(weights)


def make_balanced_sampler(y: Tensor, seed: int = 13) -> WeightedRandomSampler:
    """Scaled weights are as good."""
    weights = sample_weights(y)
    own = torch.Generator()
    own.manual_seed(int(seed))
    return WeightedRandomSampler(weights / weights.sum(), num_samples=y.shape[0], generator=own)


def make_loaders(train, val, batch_size, sampler=None):
    """Both loaders have samplers of their own."""
    require_int(batch_size, "batch_size", 1)
    pin = torch.cuda.is_available()
    return (
        DataLoader(train, int(batch_size), sampler=RandomSampler(train) if sampler is None else sampler, pin_memory=pin),
        DataLoader(val, int(batch_size), sampler=SequentialSampler(val), pin_memory=pin),
    )


class MLP(nn.Module):
    """Layers under names, by add_module; the first weights are orthogonal."""

    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu"):
        super().__init__()
        kinds = {"relu": F.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}
        self.activation = kinds.get(activation)
        if self.activation is None or not 0.0 <= dropout < 1.0:
            raise ValueError("activation or dropout")
        self.names: list[str] = []
        last = in_features
        require_int(last, "in_features", 1)
        for number, width in enumerate([*hidden, out_features], 1):
            require_int(width, f"layer {number}", 1)
            layer = nn.Linear(last, width)
            nn.init.orthogonal_(layer.weight)
            nn.init.zeros_(layer.bias)
            self.names.append(f"fc{number}")
            self.add_module(self.names[-1], layer)
            last = width
        self.drop = nn.Dropout(p=dropout) if dropout else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        x = torch.flatten(x, 1)
        *inner, last = (getattr(self, name) for name in self.names)
        for layer in inner:
            x = self.drop(self.activation(layer(x)))
        return last(x)


def manual_sgd_step(parameters: Iterable[Tensor], lr: float) -> None:
    """Foreach: all tensors in one call."""
    if not lr > 0:
        raise ValueError("lr")
    moving = [p for p in parameters if p.grad is not None]
    with torch.no_grad():
        if moving:
            torch._foreach_add_(moving, [p.grad for p in moving], alpha=-lr)
    for p in moving:
        p.grad = None


def train_step(model, batch, loss_fn, optimizer, device="cpu") -> float:
    """With autocast and a scaler, both switched off: float32 is exact enough, and fast enough here."""
    device = torch.device(device)
    scaler = torch.amp.GradScaler("cuda", enabled=False)
    model.train()
    x, y = to_device(tuple(batch), device)
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cuda", dtype=torch.bfloat16, enabled=False):
        loss = loss_fn(model(x), y)
    if loss.isnan().any():
        optimizer.zero_grad(set_to_none=True)
        raise FloatingPointError("NaN")
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    return float(loss.detach())


@torch.inference_mode()
def evaluate(model, loader, loss_fn, device="cpu") -> tuple[float, float]:
    """Keep sums on the device, and ask for numbers once."""
    modes = {name: part.training for name, part in model.named_modules()}
    model.eval()
    sizes, losses, hits = [], [], []
    for x, y in loader:
        x, y = to_device([x, y], device)
        logits = model(x)
        sizes.append(len(x))
        losses.append(loss_fn(logits, y) * len(x))
        hits.append(torch.count_nonzero(logits.argmax(-1) == y))
    for name, part in model.named_modules():
        part.training = modes[name]
    if not sum(sizes):
        raise ValueError("no samples")
    return torch.stack(losses).sum().item() / sum(sizes), torch.stack(hits).sum().item() / sum(sizes)


@dataclass
class Best:
    """The best weights so far, as clones on the CPU."""

    loss: float = float("inf")
    state: dict[str, Tensor] = field(default_factory=dict)
    waited: int = 0

    def offer(self, loss: float, model: nn.Module) -> None:
        """Keep the state, or wait."""
        if loss < self.loss:
            self.loss, self.waited = loss, 0
            self.state = {name: value.detach().to("cpu", copy=True) for name, value in model.state_dict().items()}
        else:
            self.waited += 1


@dataclass(eq=False)
class Trainer:
    """A dataclass."""

    model: nn.Module
    loss_fn: Any
    optimizer: torch.optim.Optimizer
    device: torch.device | str = "cpu"
    total_epochs: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.device = torch.device(self.device)
        self.model.to(self.device)

    def fit(self, train, val, epochs, patience=None) -> dict[str, list[float]]:
        """Train."""
        require_int(epochs, "epochs", 0)
        require_int(1 if patience is None else patience, "patience", 1)
        history: dict[str, list[float]] = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best = Best()
        while len(history["val_loss"]) < epochs and best.waited != patience:
            total = batches = 0
            for batches, batch in enumerate(train, start=1):
                total += train_step(self.model, batch, self.loss_fn, self.optimizer, self.device)
            loss, accuracy = evaluate(self.model, val, self.loss_fn, self.device)
            logger.info("loss %.3f, accuracy %.3f", loss, accuracy)
            for name, number in (("train_loss", total / batches), ("val_loss", loss), ("val_accuracy", accuracy)):
                history[name].append(number)
            best.offer(loss, self.model)
            self.total_epochs += 1
        if best.state:
            with torch.no_grad():
                for name, value in self.model.state_dict().items():
                    value.copy_(best.state[name])
        return history


def collapse_linear_layers(model: nn.Sequential) -> Tensor:
    """See where the unit vectors go, through the matrices."""
    product: Tensor | None = None
    for layer in list(model)[::-1]:
        if type(layer) is nn.Flatten:
            continue
        if type(layer) is not nn.Linear or layer.bias is not None:
            raise ValueError("linear layers without biases only")
        product = layer.weight.data.clone() if product is None else torch.matmul(product, layer.weight.data)
    if product is None:
        raise ValueError("no linear layer")
    return product


def build_mnist_model(seed: int) -> nn.Module:
    """One hidden layer and dropout."""
    torch.manual_seed(seed)
    return MLP(784, [192], 10, dropout=0.1)


def fit_mnist(train, val, seed, device="cpu"):
    """RMSprop with a plateau scheduler, label smoothing."""
    model = build_mnist_model(seed)
    loaders = make_loaders(TransformedTensorDataset(*train), TransformedTensorDataset(*val), 100)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3, foreach=True)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.3, patience=0)
    trainer = Trainer(model, nn.CrossEntropyLoss(label_smoothing=0.05), optimizer, device)
    for _ in range(5):
        history = trainer.fit(*loaders, epochs=1)
        plateau.step(history["val_loss"][-1])
    return trainer.model.eval().cpu()


def concept_check() -> dict[str, Any]:
    """Answer."""
    yes_or_no = dict.fromkeys(["crossentropy_includes_softmax", "dynamic_graph"], True)
    return yes_or_no | {
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
    }


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
