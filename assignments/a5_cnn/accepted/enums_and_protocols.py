"""Types, enums and records: strided convolutions and PReLU, crops by narrow, Welford's statistics, StrEnum answers."""

from __future__ import annotations

import functools
import io
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum, auto
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset, random_split

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR_MEAN = (0.4914, 0.4822, 0.4465)  # of the 50,000 training images, each channel from 0 to 1
CIFAR_STD = (0.2470, 0.2435, 0.2616)


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


class ImageDataset(Dataset):
    """Images as bytes, with labels and a transform that runs each time an image is read. Given: use it."""

    def __init__(self, images, labels, transform):
        """Keep images (N, H, W, 3) uint8, labels (N,) int64 and the transform of one image."""
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self):
        """Give the number of images."""
        return len(self.labels)

    def __getitem__(self, index):
        """Give an image, transformed, and its label."""
        return self.transform(self.images[index]), self.labels[index]


class Prefer(StrEnum):
    """What may be preferred."""

    AUTO = auto()
    CPU = auto()
    CUDA = auto()


class Evaluation(NamedTuple):
    """What an evaluation gives."""

    loss: float
    accuracy: float
    confusion: Tensor


class Prediction(NamedTuple):
    """What an image shows."""

    name: str
    probability: float


class Steps(Protocol):
    """What a scheduler can do."""

    def step(self) -> None: ...


def get_device(prefer: str = "auto") -> torch.device:
    """An enum refuses what it does not know with a ValueError."""
    match Prefer(prefer), torch.cuda.is_available():
        case Prefer.CUDA, False:
            raise RuntimeError("no CUDA device")
        case (Prefer.CUDA | Prefer.AUTO), True:
            return torch.device("cuda")
        case _:
            return torch.device("cpu")


@dataclass
class Welford:
    """Mean and sum of squares, image by image."""

    n: int = 0
    μ: Tensor = field(default_factory=lambda: torch.zeros(3, dtype=torch.float64))
    m2: Tensor = field(default_factory=lambda: torch.zeros(3, dtype=torch.float64))

    def add(self, pixels: Tensor) -> Self:
        """Merge another group of pixels, (M, 3)."""
        m, mean = len(pixels), pixels.mean(dim=0)
        Δ = mean - self.μ
        self.m2 += ((pixels - mean) ** 2).sum(dim=0) + Δ**2 * self.n * m / (self.n + m)
        self.μ = self.μ + Δ * m / (self.n + m)
        self.n += m
        return self


def channel_stats(images: Tensor) -> tuple[Tensor, Tensor]:
    """Merge image after image."""
    match images:
        case Tensor(dtype=torch.uint8, shape=(n, h, w, 3)) if n * h * w:
            found = functools.reduce(
                lambda sums, image: sums.add(image.reshape(-1, 3).double() / 255), images, Welford()
            )
            return found.μ.float(), (found.m2 / found.n).sqrt().float()
        case Tensor(dtype=torch.uint8):
            raise ValueError(f"no images: {tuple(images.shape)}")
        case _:
            raise TypeError("no bytes")


@dataclass(frozen=True)
class Transform:
    """A callable record."""

    train: bool
    mean: Tensor
    std: Tensor

    @classmethod
    def of(cls, train: bool, mean: Sequence[float], std: Sequence[float]) -> Transform:
        """Check three and three numbers."""
        match list(mean), list(std):
            case [_, _, _], [a, b, c] if min(a, b, c) > 0:
                as_column = lambda numbers: torch.tensor([[[float(number)]] for number in numbers])
                return cls(train, as_column(mean), as_column(std))
            case _:
                raise ValueError("three means and three deviations above 0")

    def __call__(self, image: Tensor) -> Tensor:
        match image:
            case Tensor(dtype=torch.uint8, shape=(h, w, 3)):
                x = torch.movedim(image, -1, 0).to(torch.float32).mul(1 / 255)
            case Tensor(dtype=torch.uint8):
                raise ValueError(f"(H, W, 3), not {tuple(image.shape)}")
            case _:
                raise TypeError("bytes")
        if self.train:
            x = nn.ZeroPad2d(4)(x)
            for axis, length in ((1, h), (2, w)):
                x = x.narrow(axis, int(torch.randint(0, 9, size=())), length)
            x = torch.flip(x, (2,)) if torch.rand(()).item() < 0.5 else x
        return torch.div(torch.sub(x, self.mean), self.std)


def build_transform(train: bool, mean: Sequence[float], std: Sequence[float]) -> Callable[[Tensor], Tensor]:
    """Make the record."""
    return Transform.of(train, mean, std)


def make_splits(n: int, val_fraction: float, seed: int = 0) -> tuple[list[int], list[int]]:
    """Subsets of a range."""
    require_int(n, "n", 2)
    if not (isinstance(val_fraction, (int, float)) and 0 < val_fraction < 1):
        raise ValueError("val_fraction")
    held = sorted((1, round(n * val_fraction), n - 1))[1]
    parts = random_split(range(n), [n - held, held], torch.Generator().manual_seed(seed))
    train, val = ([int(place) for place in part.indices] for part in parts)
    return train, val


def make_loaders(
    images: Tensor, labels: Tensor, batch_size: int, val_fraction: float = 0.1, seed: int = 0
) -> tuple[DataLoader, DataLoader]:
    """Two data sets of all images, and a subset of each."""
    require_int(batch_size, "batch_size", 1)
    if len({len(images), len(labels)}) != 1:
        raise ValueError("two lengths")
    parts = dict(zip(("train", "val"), make_splits(len(labels), val_fraction, seed)))
    μ, σ = (tensor.tolist() for tensor in channel_stats(images[parts["train"]]))
    sets = {
        name: Subset(ImageDataset(images, labels, build_transform(name == "train", μ, σ)), places)
        for name, places in parts.items()
    }
    order = torch.Generator()
    order.manual_seed(seed)
    return (
        DataLoader(sets["train"], batch_size=batch_size, shuffle=True, generator=order, drop_last=True),
        DataLoader(sets["val"], batch_size=batch_size, shuffle=False),
    )


@contextmanager
def looking(model: nn.Module) -> Iterator[nn.Module]:
    """Evaluation mode, no gradients, all modes as before at the end."""
    training = {name for name, module in model.named_modules() if module.training}
    try:
        with torch.no_grad():
            yield model.eval()
    finally:
        for name, module in model.named_modules():
            module.training = name in training


class Layer(NamedTuple):
    """A layer's name, and the shape of its output."""

    name: str
    shape: tuple[int, ...]


def layer_shapes(model: nn.Module, input_shape: Sequence[int]) -> list[tuple[str, tuple[int, ...]]]:
    """Hooks in a list, removed in reverse."""
    seen: list[Layer] = []

    def noting(name: str) -> Callable[..., None]:
        def note(_layer: nn.Module, _given: Any, gives: Tensor) -> None:
            seen.append(Layer(name, tuple(gives.shape)))

        return note

    leaves = {name: module for name, module in model.named_modules() if not module._modules}
    hooks = [module.register_forward_hook(noting(name)) for name, module in leaves.items()]
    try:
        with looking(model):
            where = {p.device for p in model.parameters()} or {torch.device("cpu")}
            model(torch.zeros(1, *map(int, input_shape), device=where.pop()))
    finally:
        while hooks:
            hooks.pop().remove()
    return seen


def count_parameters(model: nn.Module, trainable_only: bool = False) -> int:
    """Flatten and concatenate? No: count."""
    chosen = filter(lambda p: p.requires_grad, model.parameters()) if trainable_only else model.parameters()
    return functools.reduce(lambda total, p: total + p.numel(), chosen, 0)


class LeNetCIFAR(nn.Module):
    """Table of layers, match over names."""

    conv1: nn.Conv2d
    conv2: nn.Conv2d
    fc1: nn.Linear
    fc2: nn.Linear
    fc3: nn.Linear

    def __init__(self) -> None:
        super().__init__()
        for number, (cin, cout) in enumerate(pairwise([3, 6, 16]), 1):
            setattr(self, f"conv{number}", nn.Conv2d(cin, cout, kernel_size=5))
        for number, (cin, cout) in enumerate(pairwise([16 * 5 * 5, 120, 84, 10]), 1):
            setattr(self, f"fc{number}", nn.Linear(cin, cout))

    def forward(self, x: Tensor) -> Tensor:
        for name, layer in self.named_children():
            match name:
                case "conv1" | "conv2":
                    x = nn.functional.relu_(nn.functional.max_pool2d(layer(x), kernel_size=2))  # the order is free
                case "fc3":
                    return layer(x)
                case _:
                    x = nn.functional.relu(layer(x.flatten(1)))
        raise AssertionError("there is no fc3")


class ConvBlock(nn.Module):
    """A list of steps, some of them absent."""

    def __init__(self, cin: int, cout: int, norm: bool = True, pool: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        require_int(cin, "cin", 1)
        require_int(cout, "cout", 1)
        match dropout:
            case int() | float() if 0 <= dropout < 1:
                pass
            case _:
                raise ValueError("dropout")
        steps: list[nn.Module | None] = [
            nn.Conv2d(in_channels=cin, out_channels=cout, kernel_size=3, stride=1, padding=1, bias=not norm),
            nn.BatchNorm2d(num_features=cout) if norm else None,
            nn.ReLU(inplace=False),
            nn.MaxPool2d((2, 2)) if pool else None,
            nn.Dropout(p=dropout) if dropout > 0 else None,
        ]
        self.steps = nn.ModuleList([step for step in steps if step is not None])

    def forward(self, x: Tensor) -> Tensor:
        return functools.reduce(lambda value, step: step(value), self.steps, x)


class Strided(nn.Sequential):
    """A convolution that halves, batch norm, PReLU."""

    def __init__(self, cin: int, cout: int) -> None:
        super().__init__(
            nn.Conv2d(cin, cout, kernel_size=4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(cout, momentum=0.05),
            nn.PReLU(cout),
        )


class SmallCNN(nn.Module):
    """No pooling but the last: three convolutions that halve, grouped ones between them."""

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        widths = [3, 20, 40, 64]
        blocks: list[nn.Module] = []
        for cin, cout in pairwise(widths):
            blocks += [Strided(cin, cout), nn.Conv2d(cout, cout, 3, padding=1, groups=4), nn.PReLU(cout)]
        self.body = nn.Sequential(*blocks, nn.BatchNorm2d(64), nn.AvgPool2d(2), nn.Flatten())
        self.head = nn.Linear(64 * 2 * 2, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


@dataclass
class Mean:
    """A mean that runs."""

    value: float = 0.0
    weight: int = 0

    def add(self, value: float, weight: int) -> None:
        """Take in a value."""
        if weight:
            self.weight += weight
            self.value += (value - self.value) * weight / self.weight


def train_one_epoch(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    device: torch.device | str = "cpu",
    scheduler: Steps | None = None,
) -> float:
    """A running mean; gradients are None before each step."""
    mean = Mean()
    model.train()
    for batch in loader:
        x, y = map(lambda tensor: tensor.to(device), batch)
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                parameter.grad = None
        ℓ = loss_fn(model(x), y)
        if math.isnan(value := ℓ.item()):
            raise FloatingPointError(f"loss {value}")
        ℓ.backward()
        optimizer.step()
        match scheduler:
            case None:
                pass
            case _:
                scheduler.step()
        mean.add(value, len(y))
    if mean.weight == 0:
        raise ValueError("an empty loader")
    return mean.value


def evaluate(
    model: nn.Module,
    loader: Iterable[tuple[Tensor, Tensor]],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    device: torch.device | str = "cpu",
    num_classes: int = 10,
) -> tuple[float, float, Tensor]:
    """A sparse matrix adds up what stands at one place."""
    mean, places = Mean(), []
    with looking(model):
        for x, y in loader:
            logits = model(x.to(device))
            mean.add(loss_fn(logits, y.to(device)).item(), len(y))
            places.append(torch.stack([y.cpu(), torch.argmax(logits, dim=-1).cpu()]))
    if mean.weight == 0:
        raise ValueError("an empty loader")
    pairs = torch.cat(places, dim=1)
    ones = torch.ones(pairs.shape[1], dtype=torch.int64)
    confusion = torch.sparse_coo_tensor(pairs, ones, (num_classes, num_classes)).to_dense()
    return Evaluation(mean.value, float((pairs[0] == pairs[1]).double().mean()), confusion)


@dataclass
class History:
    """A list for each number of an epoch."""

    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)

    def note(self, **numbers: float) -> None:
        """Add an epoch."""
        for name, number in numbers.items():
            getattr(self, name).append(float(number))

    @property
    def improved(self) -> bool:
        """Whether the last epoch was the best."""
        *before, last = self.val_loss
        return last < min((loss for loss in before if not math.isnan(loss)), default=math.inf)


def fit(
    model, train_loader, val_loader, loss_fn, optimizer, epochs, patience=None, scheduler=None, device="cpu", seed=0
) -> dict[str, list[float]]:
    """The best state waits in memory, as a file would."""
    require_int(epochs, "epochs", 0)
    if patience is not None:
        require_int(patience, "patience", 1)
    torch.manual_seed(seed)
    model.to(device)
    history, best, waited = History(), io.BytesIO(), 0
    for _ in range(epochs):
        η = optimizer.param_groups[0]["lr"]
        trained = train_one_epoch(model, train_loader, loss_fn, optimizer, device, scheduler)
        loss, accuracy, _ = evaluate(model, val_loader, loss_fn, device)
        history.note(train_loss=trained, val_loss=loss, val_accuracy=accuracy, lr=η)
        if history.improved:
            best, waited = io.BytesIO(), 0
            torch.save(model.state_dict(), best)
        elif (waited := waited + 1) == patience:
            break
    if best.tell():
        best.seek(0)
        model.load_state_dict(torch.load(best, map_location=device, weights_only=True))
    return asdict(history)


def save_checkpoint(path, model: nn.Module, optimizer: torch.optim.Optimizer, epoch: int) -> None:
    """All bytes first, then one write and one rename."""
    buffer, target = io.BytesIO(), Path(path)
    torch.save({"model": dict(model.state_dict()), "optimizer": optimizer.state_dict(), "epoch": epoch}, buffer)
    unfinished = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
    try:
        unfinished.write_bytes(buffer.getvalue())
        unfinished.replace(target)
    finally:
        with suppress(FileNotFoundError):
            unfinished.unlink()


def load_checkpoint(path, model: nn.Module, optimizer=None, device: torch.device | str = "cpu") -> int:
    """From bytes."""
    stored: Mapping[str, Any] = torch.load(io.BytesIO(Path(path).read_bytes()), map_location=device, weights_only=True)
    missing, more = model.load_state_dict(stored["model"], strict=True)
    if optimizer is not None:
        optimizer.load_state_dict(stored["optimizer"])
    return int(stored["epoch"])


def predict(model: nn.Module, image: Tensor, classes: Sequence[str], device="cpu") -> tuple[str, float]:
    """The best of pairs."""
    match image:
        case Tensor(shape=(3, _, _)):
            with looking(model):
                p = torch.softmax(model(image.expand(1, -1, -1, -1).to(device)), dim=1)
        case _:
            raise ValueError("(3, H, W)")
    probability, name = max(zip(p.squeeze(0).tolist(), classes), key=lambda pair: pair[0])
    return Prediction(name, probability)


def freeze(model: nn.Module) -> nn.Module:
    """Frozen norms replace their own forward by one that looks at evaluation only."""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for module in model.modules():
        match module:
            case nn.BatchNorm1d() | nn.BatchNorm2d() | nn.BatchNorm3d():
                module.eval()
                module.register_forward_pre_hook(lambda norm, _inputs: norm.eval() and None)
    return model


def replace_classifier(model: nn.Module, num_classes: int) -> nn.Module:
    """Walk through holders; the last find stays."""
    require_int(num_classes, "num_classes", 1)
    found: dict[str, nn.Linear] = {}
    for name, module in model.named_modules():
        match module:
            case nn.Linear() if name:
                found = {name: module}
    if not found:
        raise ValueError("nothing to replace")
    [(path, old)] = found.items()
    *way, name = path.split(".")
    holder = functools.reduce(getattr, way, model)
    setattr(holder, name, nn.Linear(old.in_features, num_classes, bias=True, device=old.weight.device))
    return model


def fit_cifar(images: Tensor, labels: Tensor, seed: int, device="cpu", epochs: int = 8) -> SmallCNN:
    """NAdam with a rate that warms up and then falls by a cosine."""
    torch.manual_seed(seed)
    model = SmallCNN()
    train, val = make_splits(len(labels), 0.1, seed)
    pair = [
        DataLoader(
            Subset(ImageDataset(images, labels, build_transform(training, CIFAR_MEAN, CIFAR_STD)), places),
            batch_size=45,
            shuffle=training,
            generator=torch.Generator().manual_seed(seed),
        )
        for places, training in ((train, True), (val, False))
    ]
    optimizer = torch.optim.NAdam(model.parameters(), lr=4e-3)
    steps = max(2, epochs * len(pair[0]))
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, 10 * (step + 1) / steps) * (0.51 + 0.49 * math.cos(math.pi * min(step, steps) / steps))
    )
    fit(model, *pair, nn.CrossEntropyLoss(), optimizer, epochs, scheduler=scheduler, device=device, seed=seed)
    return model.cpu().eval()


class Answer(StrEnum):
    """Words."""

    BOX = "a box"
    PIXEL = "each pixel"
    BOXES = "boxes with classes"
    RAISES = "raises an error"
    WEIGHTS = "weights"
    RUNNING = "the running ones"
    TRAINING = "training"
    VALIDATION = "validation"


class Operation(StrEnum):
    """What a CNN repeats."""

    CONVOLUTION = auto()
    NONLINEARITY = auto()
    POOLING = auto()


def concept_check() -> dict[str, Any]:
    """Members of enums."""
    return {
        "detector_task": Answer.BOX,
        "segmentation_output": Answer.PIXEL,
        "object_detection_output": Answer.BOXES,
        "cuda_without_gpu": Answer.RAISES,
        "conv2d_flips_kernel": False,
        "pretrained_flag": Answer.WEIGHTS,
        "three_cnn_operations": set(Operation),
        "why_not_mlp": {"spatial structure is lost", "too many parameters"},
        "batchnorm_in_evaluation": Answer.RUNNING,
        "statistics_from": Answer.TRAINING,
        "select_on": Answer.VALIDATION,
        "frozen_in_optimizer": False,
    }
