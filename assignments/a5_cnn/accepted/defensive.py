"""Checks everywhere, in small helpers; try and finally around every mode; AdamW with a cosine rate."""

import copy
import io
import logging
import math
import numbers
import os
import tempfile
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

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


log = logging.getLogger(__name__)
KERNEL, BORDER = 3, 4


def _require_tensor(value, name, dtype=None):
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be a tensor, got {type(value).__name__}")
    if dtype is not None and value.dtype != dtype:
        raise TypeError(f"{name} must be {dtype}, got {value.dtype}")


def _require_three(values, name, positive):
    values = [float(v) for v in values]
    if len(values) != 3:
        raise ValueError(f"{name} must have three numbers, got {len(values)}")
    if not all(math.isfinite(v) for v in values):
        raise ValueError(f"{name} must be finite, got {values}")
    if positive and not min(values) > 0:
        raise ValueError(f"{name} must be above 0, got {values}")
    return values


def _require_fraction(value, name):
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise ValueError(f"{name} must be a number, got {value!r}")
    if not 0.0 < value < 1.0:
        raise ValueError(f"{name} must be above 0 and below 1, got {value}")


class _Evaluating:
    """Evaluation mode in a with block; afterwards each module is in the mode that it was in."""

    def __init__(self, model):
        self.model = model

    def __enter__(self):
        self.modes = [(module, module.training) for module in self.model.modules()]
        self.model.eval()
        self.grad = torch.no_grad()
        self.grad.__enter__()

    def __exit__(self, *exc):
        self.grad.__exit__(*exc)
        for module, mode in self.modes:
            module.training = mode
        return False


def get_device(prefer="auto"):
    if not isinstance(prefer, str) or prefer not in ("auto", "cpu", "cuda"):
        raise ValueError(f"unknown device {prefer!r}")
    if prefer == "cpu":
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda")
    if prefer == "cuda":
        raise RuntimeError("CUDA was asked for, but there is none")
    return torch.device("cpu")


def channel_stats(images):
    _require_tensor(images, "images", torch.uint8)
    if images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(f"images must be (N, H, W, 3), got {tuple(images.shape)}")
    if images.numel() == 0:
        raise ValueError("there is no pixel")
    # counts of the 256 values are exact, and take little memory
    mean, std = [], []
    values = torch.arange(256, dtype=torch.float64) / 255
    for channel in range(3):
        counts = torch.bincount(images[..., channel].flatten().long().cpu(), minlength=256).double()
        share = counts / counts.sum()
        centre = (share * values).sum()
        mean.append(centre)
        std.append((share * (values - centre).square()).sum().clamp_min(0).sqrt())
    return torch.stack(mean).float(), torch.stack(std).float()


def build_transform(train, mean, std):
    mean = torch.tensor(_require_three(mean, "mean", positive=False)).view(3, 1, 1)
    std = torch.tensor(_require_three(std, "std", positive=True)).view(3, 1, 1)

    def transform(image):
        _require_tensor(image, "image", torch.uint8)
        if image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(f"image must be (H, W, 3), got {tuple(image.shape)}")
        x = image.permute(2, 0, 1).to(torch.float32).div(255)
        if train:
            _, height, width = x.shape
            padded = nn.ZeroPad2d(BORDER)(x)
            top = int(torch.randint(0, 2 * BORDER + 1, ()))
            left = int(torch.randint(0, 2 * BORDER + 1, ()))
            x = padded.narrow(1, top, height).narrow(2, left, width)
            if bool(torch.randint(0, 2, ())):
                x = x.flip(2)
        result = (x - mean).div(std).contiguous()
        assert result.dtype == torch.float32
        assert result.shape == (3, *image.shape[:2])
        return result

    return transform


def make_splits(n, val_fraction, seed=0):
    require_int(n, "n", 2)
    _require_fraction(val_fraction, "val_fraction")
    require_int(seed, "seed", 0)
    generator = torch.Generator(device="cpu")
    generator.manual_seed(int(seed))
    order = [int(i) for i in torch.randperm(int(n), generator=generator)]
    count = max(1, min(int(n) - 1, math.floor(n * val_fraction + 0.5)))
    val, train = order[:count], order[count:]
    assert len(train) >= 1
    assert sorted(train + val) == list(range(n))
    return train, val


def make_loaders(images, labels, batch_size, val_fraction=0.1, seed=0):
    require_int(batch_size, "batch_size", 1)
    _require_tensor(images, "images", torch.uint8)
    _require_tensor(labels, "labels")
    if images.shape[0] != labels.shape[0]:
        raise ValueError(f"{images.shape[0]} images, but {labels.shape[0]} labels")
    train, val = (torch.as_tensor(part) for part in make_splits(images.shape[0], val_fraction, seed))
    mean, std = channel_stats(images.index_select(0, train))
    if (std <= 0).any():
        log.warning("a channel has no contrast")
    mean, std = mean.tolist(), std.tolist()
    generator = torch.Generator()
    generator.manual_seed(int(seed))
    train_set = ImageDataset(images[train], labels[train], build_transform(True, mean, std))
    val_set = ImageDataset(images[val], labels[val], build_transform(False, mean, std))
    train_loader = DataLoader(
        train_set, batch_size=int(batch_size), shuffle=True, drop_last=True, generator=generator, num_workers=0
    )
    val_loader = DataLoader(val_set, batch_size=int(batch_size), shuffle=False, drop_last=False, num_workers=0)
    return train_loader, val_loader


def layer_shapes(model, input_shape):
    if not isinstance(model, nn.Module):
        raise TypeError("model must be a module")
    input_shape = tuple(int(size) for size in input_shape)
    if len(input_shape) != 3 or min(input_shape) < 1:
        raise ValueError(f"input_shape must be (C, H, W), got {input_shape}")
    found = []
    names = {id(module): name for name, module in model.named_modules()}
    handles = []

    def note(module, args, output):
        if not isinstance(output, Tensor):
            raise TypeError(f"{names[id(module)]} does not give a tensor")
        found.append((names[id(module)], tuple(output.size())))

    device = torch.device("cpu")
    for parameter in model.parameters():
        device = parameter.device
        break
    with _Evaluating(model):
        try:
            for module in model.modules():
                if not list(module.children()):
                    handles.append(module.register_forward_hook(note))
            model(torch.zeros((1,) + input_shape, dtype=torch.float32, device=device))
        finally:
            while handles:
                handles.pop().remove()
    return found


def count_parameters(model, trainable_only=False):
    if not isinstance(model, nn.Module):
        raise TypeError("model must be a module")
    seen = {}
    for parameter in model.parameters():
        if parameter.requires_grad or not trainable_only:
            seen[id(parameter)] = parameter.numel()
    return sum(seen.values())


class LeNetCIFAR(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels=3, out_channels=6, kernel_size=5)
        self.conv2 = nn.Conv2d(in_channels=6, out_channels=16, kernel_size=5)
        self.fc1 = nn.Linear(in_features=400, out_features=120)
        self.fc2 = nn.Linear(in_features=120, out_features=84)
        self.fc3 = nn.Linear(in_features=84, out_features=10)

    def forward(self, x):
        if x.ndim != 4 or x.shape[1:] != (3, 32, 32):
            raise ValueError(f"x must be (N, 3, 32, 32), got {tuple(x.shape)}")
        x = nn.functional.max_pool2d(self.conv1(x).relu(), kernel_size=2, stride=2)
        x = nn.functional.max_pool2d(self.conv2(x).relu(), kernel_size=2, stride=2)
        x = x.reshape(x.shape[0], 400)
        return self.fc3(self.fc2(self.fc1(x).relu()).relu())


class ConvBlock(nn.Module):
    def __init__(self, cin, cout, norm=True, pool=True, dropout=0.0):
        super().__init__()
        require_int(cin, "cin", 1)
        require_int(cout, "cout", 1)
        if not isinstance(dropout, numbers.Real) or not 0 <= dropout < 1:
            raise ValueError(f"dropout must be from 0 to below 1, got {dropout!r}")
        self.cin = int(cin)
        self.conv = nn.Conv2d(int(cin), int(cout), KERNEL, padding=KERNEL // 2, bias=not norm)
        self.norm = nn.BatchNorm2d(int(cout)) if norm else nn.Identity()
        self.act = nn.ReLU()
        self.pool = nn.MaxPool2d(2) if pool else nn.Identity()
        self.drop = nn.Dropout(float(dropout)) if dropout > 0 else nn.Identity()

    def forward(self, x):
        if x.ndim != 4 or x.shape[1] != self.cin:
            raise ValueError(f"x must be (N, {self.cin}, H, W), got {tuple(x.shape)}")
        return self.drop(self.pool(self.act(self.norm(self.conv(x)))))


class SmallCNN(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        require_int(num_classes, "num_classes", 1)
        self.block1 = ConvBlock(3, 20, pool=True)
        self.block2 = ConvBlock(20, 40, pool=True)
        self.block3 = ConvBlock(40, 60, pool=True)
        self.head = nn.Linear(60 * 4 * 4, int(num_classes))
        size = sum(p.numel() for p in self.parameters())
        assert num_classes > 10 or size <= 100_000, size

    def forward(self, x):
        if x.ndim != 4 or x.shape[1:] != (3, 32, 32) or x.shape[0] < 1:
            raise ValueError(f"x must be (N, 3, 32, 32), got {tuple(x.shape)}")
        return self.head(self.block3(self.block2(self.block1(x))).flatten(1))


def train_one_epoch(model, loader, loss_fn, optimizer, device="cpu", scheduler=None):
    device = torch.device(device)
    total, count = 0.0, 0
    model.train()
    optimizer.zero_grad()
    for number, (x, y) in enumerate(loader):
        if len(x) != len(y):
            raise ValueError(f"batch {number}: {len(x)} images and {len(y)} labels")
        x = x.to(device)
        y = y.to(device)
        loss = loss_fn(model(x), y)
        if loss.ndim != 0:
            raise ValueError("loss_fn must give one number")
        if not torch.isfinite(loss):
            raise FloatingPointError(f"the loss of batch {number} is {loss.item()}")
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if scheduler is not None:
            scheduler.step()
        total += float(loss) * y.numel()
        count += y.numel()
    if count == 0:
        raise ValueError("the loader gave no sample")
    return total / count


def evaluate(model, loader, loss_fn, device="cpu", num_classes=10):
    require_int(num_classes, "num_classes", 1)
    device = torch.device(device)
    confusion = torch.zeros((num_classes, num_classes), dtype=torch.int64, device="cpu")
    total = 0.0
    with _Evaluating(model):
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            logits = model(x)
            total += float(loss_fn(logits, y)) * y.numel()
            for true, guess in zip(y.tolist(), logits.argmax(dim=1).tolist(), strict=True):
                if not 0 <= true < num_classes:
                    raise ValueError(f"label {true} is none of {num_classes} classes")
                confusion[true, guess] += 1
    count = int(confusion.sum())
    if count == 0:
        raise ValueError("the loader gave no sample")
    return total / count, int(confusion.diag().sum()) / count, confusion


def fit(
    model,
    train_loader,
    val_loader,
    loss_fn,
    optimizer,
    epochs,
    patience=None,
    scheduler=None,
    device="cpu",
    seed=0,
):
    require_int(epochs, "epochs", 0)
    if patience is not None:
        require_int(patience, "patience", 1)
    require_int(seed, "seed", 0)
    device = torch.device(device)
    model.to(device)
    torch.manual_seed(int(seed))
    history = {"train_loss": [], "val_loss": [], "val_accuracy": [], "lr": []}
    best_loss, best_epoch, best_state = math.inf, None, None
    for epoch in range(int(epochs)):
        lr = float(optimizer.param_groups[0]["lr"])
        train_loss = train_one_epoch(model, train_loader, loss_fn, optimizer, device, scheduler)
        val_loss, val_accuracy, _ = evaluate(model, val_loader, loss_fn, device)
        history["train_loss"].append(train_loss)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_accuracy)
        history["lr"].append(lr)
        log.info("epoch %d: %.4f, %.4f, %.3f", epoch, train_loss, val_loss, val_accuracy)
        if not math.isnan(val_loss) and val_loss < best_loss:
            best_loss, best_epoch = val_loss, epoch
            best_state = copy.deepcopy(model.state_dict())
        waited = epoch - best_epoch if best_epoch is not None else epoch + 1
        if patience is not None and waited >= patience:
            log.info("no progress for %d epochs", waited)
            break
    if best_state is not None:
        model.load_state_dict(best_state, strict=True)
    return history


def save_checkpoint(path, model, optimizer, epoch):
    path = os.path.abspath(os.fspath(path))
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"there is no folder {folder}")
    buffer = io.BytesIO()
    torch.save(
        {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": int(epoch)},
        buffer,
    )
    with tempfile.NamedTemporaryFile(mode="wb", dir=folder, prefix=".checkpoint-", delete=False) as file:
        try:
            file.write(buffer.getvalue())
            file.flush()
            os.fsync(file.fileno())
            file.close()
            os.replace(file.name, path)
        except BaseException:
            file.close()
            if os.path.exists(file.name):
                os.unlink(file.name)
            raise


def load_checkpoint(path, model, optimizer=None, device="cpu"):
    if not os.path.isfile(path):
        raise FileNotFoundError(f"there is no file {path}")
    content = torch.load(path, map_location=torch.device(device), weights_only=True)
    missing = {"model", "optimizer", "epoch"} - set(content)
    if missing:
        raise RuntimeError(f"the file lacks {sorted(missing)}")
    model.load_state_dict(content["model"], strict=True)
    if optimizer is not None:
        optimizer.load_state_dict(content["optimizer"])
    return int(content["epoch"])


def predict(model, image, classes, device="cpu"):
    _require_tensor(image, "image")
    if image.ndim != 3 or image.shape[0] != 3:
        raise ValueError(f"image must be (3, H, W), got {tuple(image.shape)}")
    if not isinstance(classes, Sequence):
        classes = list(classes)
    with _Evaluating(model):
        logits = model(image.detach().to(torch.device(device)).unsqueeze(0))
    if logits.shape != (1, len(classes)):
        raise ValueError(f"{len(classes)} classes, but the model gives {tuple(logits.shape)}")
    probability, place = torch.softmax(logits.squeeze(0), dim=0).max(dim=0)
    return classes[int(place)], float(probability)


def freeze(model):
    if not isinstance(model, nn.Module):
        raise TypeError("model must be a module")

    def stay_in_evaluation(layer, args):
        if layer.training:
            layer.eval()

    model.requires_grad_(False)
    for layer in model.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            layer.eval()
            layer.register_forward_pre_hook(stay_in_evaluation)
    return model


def replace_classifier(model, num_classes):
    if not isinstance(model, nn.Module):
        raise TypeError("model must be a module")
    require_int(num_classes, "num_classes", 1)
    parent = place = None
    for name, module in model.named_modules():
        if name and isinstance(module, nn.Linear):
            head, _, place = name.rpartition(".")
            parent = model.get_submodule(head)
    if parent is None:
        raise ValueError("there is no nn.Linear below the model")
    old = getattr(parent, place)
    new = nn.Linear(old.in_features, int(num_classes), bias=True, device=old.weight.device, dtype=old.weight.dtype)
    parent.register_module(place, new)
    return model


def fit_cifar(images, labels, seed, device="cpu", epochs=8):
    _require_tensor(images, "images", torch.uint8)
    _require_tensor(labels, "labels")
    if len(images) != len(labels):
        raise ValueError("images and labels differ in length")
    require_int(epochs, "epochs", 0)
    torch.manual_seed(int(seed))
    model = SmallCNN(10).to(device)
    train, val = make_splits(len(labels), 0.08, seed)
    train_set = ImageDataset(images[train], labels[train], build_transform(True, CIFAR_MEAN, CIFAR_STD))
    val_set = ImageDataset(images[val], labels[val], build_transform(False, CIFAR_MEAN, CIFAR_STD))
    order = torch.Generator().manual_seed(int(seed))
    # a last batch of one image would disturb batch norm, so it goes, unless it is the only one
    train_loader = DataLoader(train_set, 64, shuffle=True, drop_last=len(train) >= 64, generator=order)
    val_loader = DataLoader(val_set, 200)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.02)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=max(1, epochs * len(train_loader)))
    fit(
        model,
        train_loader,
        val_loader,
        nn.CrossEntropyLoss(label_smoothing=0.05),
        optimizer,
        epochs=epochs,
        scheduler=scheduler,
        device=device,
        seed=int(seed),
    )
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
