"""match, dataclasses, generators and early returns; a forward that stays quiet, a lazy layer."""

from __future__ import annotations

import contextlib
import os
import typing as t
from collections import Counter
from dataclasses import asdict, dataclass, field
from tempfile import NamedTemporaryFile

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, SubsetRandomSampler

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


def get_device(prefer: str = "auto") -> torch.device:
    match prefer, torch.cuda.is_available():
        case ("cpu", _) | ("auto", False):
            return torch.device("cpu")
        case ("cuda" | "auto", True):
            return torch.device("cuda")
        case "cuda", False:
            raise RuntimeError("no CUDA here")
        case _:
            raise ValueError(f"cannot prefer {prefer}")


def channel_stats(images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    if images.dtype != torch.uint8:
        raise TypeError(f"uint8 was expected, not {images.dtype}")
    match images.shape:
        case (n, _, _, 3) if n > 0:
            pass
        case shape:
            raise ValueError(f"(N, H, W, 3) was expected, not {tuple(shape)}")
    first = images.to(torch.float64).div(255).mean(dim=[0, 1, 2])
    second = images.to(torch.float64).div(255).square().mean(dim=[0, 1, 2])
    return first.float(), (second - first.square()).clamp(min=0).sqrt().float()


@dataclass(frozen=True)
class Transform:
    mean: torch.Tensor
    std: torch.Tensor
    augment: bool = False
    border: int = 4

    def __post_init__(self):
        if self.mean.numel() != 3 or self.std.numel() != 3:
            raise ValueError("there are three channels")
        if not bool((self.std > 0).all()):
            raise ValueError("std must be above 0")

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        if image.dtype != torch.uint8:
            raise TypeError(f"uint8 was expected, not {image.dtype}")
        match tuple(image.shape):
            case (_, _, 3):
                x = image.permute(2, 0, 1) / 255
            case shape:
                raise ValueError(f"(H, W, 3) was expected, not {shape}")
        # black is -mean / std after the normalisation, and can be the border then as well
        x = (x - self.mean.view(3, 1, 1)) / self.std.view(3, 1, 1)
        if not self.augment:
            return x
        black = (-self.mean / self.std).view(3, 1, 1)
        return self.flip(self.crop(x, black))

    def crop(self, x: torch.Tensor, black: torch.Tensor) -> torch.Tensor:
        _, height, width = x.shape
        canvas = black.repeat(1, height + 2 * self.border, width + 2 * self.border)
        canvas[:, self.border : -self.border, self.border : -self.border] = x
        place = int(torch.randint((2 * self.border + 1) ** 2, (1,)))
        top, left = divmod(place, 2 * self.border + 1)
        return canvas[:, top : top + height, left : left + width]

    def flip(self, x: torch.Tensor) -> torch.Tensor:
        if torch.rand(1) > 0.5:
            return x
        return x.flip(-1)


def build_transform(train, mean, std):
    mean, std = (torch.tensor([float(v) for v in values], dtype=torch.float32) for values in (mean, std))
    return Transform(mean, std, augment=bool(train))


def make_splits(n, val_fraction, seed=0):
    require_int(n, "n", 2)
    match val_fraction:
        case fraction if 0 < fraction < 1:
            size = int(round(n * fraction))
        case _:
            raise ValueError(f"{val_fraction} is not between 0 and 1")
    if size == 0:
        size = 1
    if size == n:
        size = n - 1
    generator = torch.Generator().manual_seed(seed)
    chosen = set(torch.multinomial(torch.ones(n), size, generator=generator).tolist())
    return [i for i in range(n) if i not in chosen], [i for i in range(n) if i in chosen]


def make_loaders(images, labels, batch_size, val_fraction=0.1, seed=0):
    require_int(batch_size, "batch_size", 1)
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images and {len(labels)} labels")
    train, val = make_splits(len(labels), val_fraction, seed)
    mean, std = channel_stats(images[train])
    every = {flag: ImageDataset(images, labels, build_transform(flag, mean, std)) for flag in (True, False)}
    sampler = SubsetRandomSampler(train, generator=torch.Generator().manual_seed(seed))
    return (
        DataLoader(every[True], batch_size=int(batch_size), sampler=sampler, drop_last=True),
        DataLoader(every[False], batch_size=int(batch_size), sampler=val),
    )


@contextlib.contextmanager
def evaluating(model: nn.Module) -> t.Iterator[nn.Module]:
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield model
    finally:
        model.train(training)


def layer_shapes(model, input_shape):
    @dataclass
    class Recorder:
        name: str

        def __call__(self, module, args, kwargs, output):
            shapes.append((self.name, tuple(output.shape)))

    shapes: list[tuple[str, tuple[int, ...]]] = []
    modes = {name: module.training for name, module in model.named_modules()}
    with contextlib.ExitStack() as stack, torch.no_grad():
        for name, module in model.named_modules():
            match list(module.children()):
                case []:
                    handle = module.register_forward_hook(Recorder(name), with_kwargs=True)
                    stack.callback(handle.remove)
        try:
            where = {p.device for p in model.parameters()} or {torch.device("cpu")}
            model.eval()
            model(torch.zeros(input_shape, device=where.pop()).expand(1, *input_shape))
        finally:
            for name, mode in modes.items():
                model.get_submodule(name).training = mode
    return shapes


def count_parameters(model, trainable_only=False):
    sizes = Counter()
    for p in model.parameters():
        sizes[p.requires_grad] += p.numel()
    if trainable_only:
        return sizes[True]
    return sizes.total()


class LeNetCIFAR(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = (nn.Conv2d(*size) for size in ((3, 6, 5), (6, 16, 5)))
        self.fc1, self.fc2, self.fc3 = (nn.Linear(*size) for size in ((400, 120), (120, 84), (84, 10)))

    def forward(self, x):
        for name, layer in self.named_children():
            match layer:
                case nn.Conv2d():
                    x = F.max_pool2d(F.relu(layer(x)), 2)
                case nn.Linear() if name == "fc3":
                    x = layer(x)
                case nn.Linear():
                    x = F.relu(layer(x.flatten(1)))
        return x


class ConvBlock(nn.Module):
    def __init__(self, cin, cout, norm=True, pool=True, dropout=0.0):
        super().__init__()
        require_int(cin, "cin", 1)
        require_int(cout, "cout", 1)
        match dropout:
            case p if 0 <= p < 1:
                self.dropout = nn.Identity() if p == 0 else nn.Dropout(p)
            case _:
                raise ValueError(f"dropout of {dropout}")
        self.conv = nn.Conv2d(cin, cout, 3, padding=1, bias=not norm)
        self.norm = nn.BatchNorm2d(cout) if norm else nn.Identity()
        self.pool = nn.MaxPool2d(2) if pool else nn.Identity()

    def forward(self, x):
        return self.dropout(self.pool(F.relu(self.norm(self.conv(x)))))


class SmallCNN(nn.Module):
    @dataclass
    class Shape:
        widths: tuple[int, ...] = (24, 40, 56)
        hidden: int = 0

    def __init__(self, num_classes=10):
        super().__init__()
        shape = self.Shape()
        layers, cin = [], 3
        for cout in shape.widths:
            layers += [
                nn.Conv2d(cin, cout, 3, padding=1, bias=False),
                nn.BatchNorm2d(cout),
                nn.GELU(),
                nn.AvgPool2d(2),
            ]
            cin = cout
        self.net = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(num_classes))
        self.net.eval()
        with torch.no_grad():
            self.net(torch.zeros(1, 3, 32, 32))  # the lazy layer finds its size
        self.net.train()

    def forward(self, x):
        return self.net(x)


@dataclass
class Meter:
    """Sums over samples, and what comes out in the end."""

    loss: float = 0.0
    count: int = 0

    def add(self, loss: float, count: int) -> None:
        self.loss += loss * count
        self.count += count

    @property
    def mean(self) -> float:
        if self.count == 0:
            raise ValueError("there is no sample")
        return self.loss / self.count


def moved(loader, device):
    for images, labels in loader:
        yield images.to(device), labels.to(device)


def train_one_epoch(model, loader, loss_fn, optimizer, device="cpu", scheduler=None):
    model.train()
    meter = Meter()
    for images, labels in moved(loader, device):
        optimizer.zero_grad()
        match loss_fn(model(images), labels):
            case loss if bool(torch.isnan(loss)):
                raise FloatingPointError("NaN")
            case loss:
                loss.backward()
        optimizer.step()
        meter.add(float(loss.detach()), len(labels))
        if scheduler is not None:
            scheduler.step()
    return meter.mean


def evaluate(model, loader, loss_fn, device="cpu", num_classes=10):
    meter, pairs = Meter(), torch.zeros(num_classes * num_classes, dtype=torch.int64)
    with evaluating(model):
        for images, labels in moved(loader, device):
            logits = model(images)
            meter.add(loss_fn(logits, labels).item(), len(labels))
            codes = (labels * num_classes + logits.argmax(dim=1)).cpu()
            pairs += codes.bincount(minlength=len(pairs))
    confusion = pairs.unflatten(0, (num_classes, num_classes))
    return meter.mean, int(torch.einsum("ii->", confusion)) / meter.count, confusion


@dataclass
class History:
    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)


@dataclass
class Best:
    patience: int | None
    loss: float = float("inf")
    state: dict[str, torch.Tensor] | None = None
    waited: int = 0

    def update(self, loss: float, model: nn.Module) -> bool:
        """Note the loss; say whether to go on."""
        if loss < self.loss:
            self.loss, self.waited = loss, 0
            self.state = {name: value.clone() for name, value in model.state_dict().items()}
            return True
        self.waited += 1
        return self.patience is None or self.waited < self.patience


def fit(
    model, train_loader, val_loader, loss_fn, optimizer, epochs, patience=None, scheduler=None, device="cpu", seed=0
):
    require_int(epochs, "epochs", 0)
    match patience:
        case None:
            pass
        case _:
            require_int(patience, "patience", 1)
    torch.manual_seed(seed)
    model.to(device)
    history, best = History(), Best(patience)
    for _ in range(epochs):
        history.lr.append(float(optimizer.param_groups[0]["lr"]))
        history.train_loss.append(train_one_epoch(model, train_loader, loss_fn, optimizer, device, scheduler))
        loss, accuracy, _confusion = evaluate(model, val_loader, loss_fn, device)
        history.val_loss.append(loss)
        history.val_accuracy.append(accuracy)
        if not best.update(loss, model):
            break
    if best.state:
        model.load_state_dict(best.state)
    return asdict(history)


def save_checkpoint(path, model, optimizer, epoch):
    folder = os.path.dirname(os.path.abspath(path))
    with contextlib.ExitStack() as undo:
        with NamedTemporaryFile(dir=folder, delete=False) as file:
            undo.callback(os.unlink, file.name)
            torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}, file)
        os.replace(file.name, path)
        undo.pop_all()


def load_checkpoint(path, model, optimizer=None, device="cpu"):
    match torch.load(path, map_location=device, weights_only=True):
        case {"model": weights, "optimizer": state, "epoch": epoch}:
            model.load_state_dict(weights)
            if optimizer is not None:
                optimizer.load_state_dict(state)
            return epoch
        case _:
            raise RuntimeError("this is no checkpoint")


def predict(model, image, classes, device="cpu"):
    match image.shape:
        case (3, _, _):
            pass
        case shape:
            raise ValueError(f"(3, H, W) was expected, not {tuple(shape)}")
    with evaluating(model):
        scores = model(image.to(device)[None]).softmax(-1).squeeze(0)
    probability, name = max(zip(scores.tolist(), classes, strict=True), key=lambda pair: pair[0])
    return name, probability


def freeze(model):
    for p in model.parameters():
        p.requires_grad = False
    for module in model.modules():
        match module:
            case nn.BatchNorm1d() | nn.BatchNorm2d() | nn.BatchNorm3d() | nn.SyncBatchNorm():
                module.eval()
                forward = type(module).forward

                def quiet(x, module=module, forward=forward):
                    module.training = False
                    return forward(module, x)

                module.forward = quiet
    return model


def replace_classifier(model, num_classes):
    require_int(num_classes, "num_classes", 1)
    for name, module in reversed(list(model.named_modules())):
        match module:
            case nn.Linear(in_features=size, weight=weight) if name:
                with torch.device(weight.device):
                    new = nn.Linear(size, num_classes)
                model.set_submodule(name, new)
                return model
    raise ValueError("there is no nn.Linear to replace")


@dataclass(frozen=True)
class Recipe:
    batch_size: int = 48
    lr: float = 0.05
    momentum: float = 0.9
    decay: float = 5e-4
    val_fraction: float = 0.1


def fit_cifar(images, labels, seed, device="cpu", epochs=8):
    recipe = Recipe()
    torch.manual_seed(seed)
    model = SmallCNN().to(device)
    train, val = make_splits(len(labels), recipe.val_fraction, seed)
    every = {flag: ImageDataset(images, labels, build_transform(flag, CIFAR_MEAN, CIFAR_STD)) for flag in (True, False)}
    sampler = SubsetRandomSampler(train, generator=torch.Generator().manual_seed(seed))
    loaders = (
        DataLoader(every[True], recipe.batch_size, sampler=sampler),
        DataLoader(every[False], 250, sampler=val),
    )
    optimizer = torch.optim.SGD(model.parameters(), recipe.lr, momentum=recipe.momentum, weight_decay=recipe.decay)
    steps = max(1, len(loaders[0]) * epochs)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [steps // 2, steps * 3 // 4, steps * 9 // 10], gamma=0.3)
    fit(model, *loaders, nn.CrossEntropyLoss(), optimizer, epochs, scheduler=scheduler, device=device, seed=seed)
    return model.cpu().eval()


def concept_check():
    return {
        "detector_task": "a box",
        "segmentation_output": "each pixel",
        "object_detection_output": "boxes with classes",
        "cuda_without_gpu": "raises an error",
        "conv2d_flips_kernel": False,
        "pretrained_flag": "weights",
        "three_cnn_operations": {"convolution", "nonlinearity", "pooling"},
        "why_not_mlp": {"spatial structure is lost", "too many parameters"},
        "batchnorm_in_evaluation": "the running ones",
        "statistics_from": "training",
        "select_on": "validation",
        "frozen_in_optimizer": False,
    }
