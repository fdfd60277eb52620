"""torch.nn.functional and small expressions: no Sequential, hooks in an ExitStack, bincount, std_mean."""

import contextlib
import math
import os
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
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


def get_device(prefer="auto"):
    choices = {"cpu": lambda: False, "cuda": lambda: True, "auto": torch.cuda.is_available}
    if prefer not in choices:
        raise ValueError(prefer)
    if prefer == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("no CUDA")
    return torch.device("cuda") if choices[prefer]() else torch.device("cpu")


def channel_stats(images):
    if images.dtype is not torch.uint8:
        raise TypeError(images.dtype)
    if images.dim() != 4 or images.size(3) != 3 or len(images) == 0:
        raise ValueError(images.shape)
    std, mean = torch.std_mean(images.to(torch.float64) / 255.0, dim=(0, 1, 2), unbiased=False)
    return mean.to(torch.float32), std.to(torch.float32)


def build_transform(train, mean, std):
    if not (len(mean) == len(std) == 3 and all(s > 0 for s in std)):
        raise ValueError(mean, std)
    mean, std = torch.tensor(list(map(float, mean))), torch.tensor(list(map(float, std)))

    def prepare(image):
        if image.dtype is not torch.uint8:
            raise TypeError(image.dtype)
        if image.dim() != 3 or image.size(2) != 3:
            raise ValueError(image.shape)
        return image.movedim(-1, 0) / 255.0

    def crop(x):
        i, j = torch.randint(0, 9, (2,))
        return F.pad(x, [4] * 4)[..., i : i + x.shape[-2], j : j + x.shape[-1]]

    def flip(x):
        return torch.flip(x, (2,)) if torch.rand(1) < 0.5 else x

    def normalise(x):
        return (x - mean[:, None, None]) / std[:, None, None]

    if train:
        return lambda image: normalise(flip(crop(prepare(image))))
    return lambda image: normalise(prepare(image))


def make_splits(n, val_fraction, seed=0):
    require_int(n, "n", 2)
    if not (0 < val_fraction < 1):
        raise ValueError(val_fraction)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    train, val = order.tensor_split([n - int(np.clip(np.rint(n * val_fraction), 1, n - 1))])
    return train.tolist(), val.tolist()


def make_loaders(images, labels, batch_size, val_fraction=0.1, seed=0):
    require_int(batch_size, "batch_size", 1)
    if len(images) != len(labels):
        raise ValueError("lengths")
    train, val = map(torch.tensor, make_splits(len(images), val_fraction, seed))
    stats = channel_stats(images[train])
    return (
        DataLoader(
            ImageDataset(images[train], labels[train], build_transform(True, *stats)),
            batch_size=batch_size,
            shuffle=True,
            drop_last=True,
            generator=torch.Generator().manual_seed(seed),
        ),
        DataLoader(ImageDataset(images[val], labels[val], build_transform(False, *stats)), batch_size=batch_size),
    )


def layer_shapes(model, input_shape):
    shapes = []
    with contextlib.ExitStack() as stack:
        for name, module in model.named_modules():
            stack.callback(setattr, module, "training", module.training)
            if next(module.children(), None) is None:
                handle = module.register_forward_hook(
                    lambda m, args, out, name=name: shapes.append((name, tuple(out.shape)))
                )
                stack.callback(handle.remove)
        stack.enter_context(torch.no_grad())
        device = next(iter(model.parameters()), torch.empty(0)).device
        model.eval()(torch.ones((1, *input_shape), device=device))
    return shapes


def count_parameters(model, trainable_only=False):
    return sum(math.prod(p.shape) for p in model.parameters() if not trainable_only or p.requires_grad)


class LeNetCIFAR(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(16 * 5 * 5, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        for conv in (self.conv1, self.conv2):
            x = F.max_pool2d(F.relu(conv(x)), 2)
        x = x.flatten(start_dim=1)
        for fc in (self.fc1, self.fc2):
            x = F.relu(fc(x))
        return self.fc3(x)


class ConvBlock(nn.Module):
    def __init__(self, cin, cout, norm=True, pool=True, dropout=0.0):
        super().__init__()
        require_int(cin, "cin", 1)
        require_int(cout, "cout", 1)
        if not 0 <= dropout < 1:
            raise ValueError(dropout)
        self.conv = nn.Conv2d(cin, cout, kernel_size=3, padding="same", bias=not norm)
        self.bn = nn.BatchNorm2d(cout) if norm else None
        self.pool, self.p = pool, dropout

    def forward(self, x):
        x = self.conv(x)
        x = x if self.bn is None else self.bn(x)
        x = F.relu(x)
        x = F.max_pool2d(x, 2) if self.pool else x
        return F.dropout(x, self.p, self.training)


class SmallCNN(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        require_int(num_classes, "num_classes", 1)
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 64, 3, padding=1)
        self.bn1, self.bn2, self.bn3 = nn.BatchNorm2d(16), nn.BatchNorm2d(32), nn.BatchNorm2d(64)
        self.fc = nn.Linear(64 * 4 * 4, num_classes)

    def forward(self, x):
        x = F.max_pool2d(F.leaky_relu(self.bn1(self.conv1(x)), 0.1), 2)
        x = F.max_pool2d(F.leaky_relu(self.bn2(self.conv2(x)), 0.1), 2)
        x = F.max_pool2d(F.leaky_relu(self.bn3(self.conv3(x)), 0.1), 2)
        return self.fc(x.flatten(1))


def train_one_epoch(model, loader, loss_fn, optimizer, device="cpu", scheduler=None):
    model.train()
    values, sizes = [], []
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad(set_to_none=True)
        loss = loss_fn(model(x), y)
        if loss.isnan():
            raise FloatingPointError("NaN")
        loss.backward()
        optimizer.step()
        if scheduler:
            scheduler.step()
        values.append(loss.detach().item())
        sizes.append(x.shape[0])
    if not sizes:
        raise ValueError("empty loader")
    return float(np.average(values, weights=sizes))


def evaluate(model, loader, loss_fn, device="cpu", num_classes=10):
    was = model.training
    model.eval()
    total = 0.0
    pairs = torch.zeros(num_classes**2, dtype=torch.long)
    with torch.inference_mode():
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            out = model(x)
            total += loss_fn(out, y).item() * x.shape[0]
            pairs += torch.bincount(y * num_classes + out.argmax(1), minlength=num_classes**2).cpu()
    model.train(was)
    n = pairs.sum().item()
    if n == 0:
        raise ValueError("empty loader")
    confusion = pairs.view(num_classes, num_classes)
    return total / n, confusion.diagonal().sum().item() / n, confusion


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
    torch.manual_seed(seed)
    model.to(device)
    history = {key: [] for key in ("train_loss", "val_loss", "val_accuracy", "lr")}
    best, state, bad = float("inf"), None, 0
    for _ in range(epochs):
        rate = optimizer.param_groups[0]["lr"]
        train_loss = train_one_epoch(model, train_loader, loss_fn, optimizer, device, scheduler)
        val_loss, val_accuracy, _ = evaluate(model, val_loader, loss_fn, device)
        for key, value in zip(history, (train_loss, val_loss, val_accuracy, float(rate)), strict=True):
            history[key].append(value)
        if val_loss < best:
            best, bad = val_loss, 0
            state = {k: v.detach().clone() for k, v in model.state_dict().items()}
        else:
            bad += 1
            if patience is not None and bad >= patience:
                break
    if state is not None:
        model.load_state_dict(state)
    return history


def save_checkpoint(path, model, optimizer, epoch):
    path = Path(path)
    temporary = path.with_name(path.name + ".tmp")
    try:
        torch.save(dict(model=model.state_dict(), optimizer=optimizer.state_dict(), epoch=epoch), temporary)
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)


def load_checkpoint(path, model, optimizer=None, device="cpu"):
    saved = torch.load(path, map_location=torch.device(device), weights_only=True)
    model.load_state_dict(saved["model"], strict=True)
    if optimizer is not None:
        optimizer.load_state_dict(saved["optimizer"])
    return saved["epoch"]


def predict(model, image, classes, device="cpu"):
    if image.dim() != 3 or image.size(0) != 3:
        raise ValueError(image.shape)
    was = model.training
    with torch.no_grad():
        p, k = F.softmax(model.eval()(image[None].to(device)), dim=1).squeeze(0).max(0)
    model.train(was)
    return classes[k.item()], p.item()


def freeze(model):
    for p in model.parameters():
        p.requires_grad = False
    for m in model.modules():
        if isinstance(m, nn.modules.batchnorm._BatchNorm):
            m.eval()
            m.register_forward_pre_hook(lambda m, args: m.eval() and None)
    return model


def replace_classifier(model, num_classes):
    require_int(num_classes, "num_classes", 1)
    found = [name for name, m in model.named_modules() if isinstance(m, nn.Linear) and name != ""]
    if len(found) == 0:
        raise ValueError("no nn.Linear")
    *path, last = found[-1].split(".")
    parent = model.get_submodule(".".join(path))
    old = getattr(parent, last)
    setattr(parent, last, nn.Linear(old.in_features, num_classes).to(old.weight.device))
    return model


def fit_cifar(images, labels, seed, device="cpu", epochs=8):
    torch.manual_seed(seed)
    model = SmallCNN().to(device)
    train, val = make_splits(len(labels), 0.1, seed)
    g = torch.Generator().manual_seed(seed)
    train_loader = DataLoader(
        ImageDataset(images[train], labels[train], build_transform(True, CIFAR_MEAN, CIFAR_STD)),
        batch_size=50,
        shuffle=True,
        generator=g,
    )
    val_loader = DataLoader(
        ImageDataset(images[val], labels[val], build_transform(False, CIFAR_MEAN, CIFAR_STD)), batch_size=250
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, epochs=epochs, steps_per_epoch=len(train_loader))
    fit(model, train_loader, val_loader, F.cross_entropy, optimizer, epochs, None, scheduler, device, seed)
    return model.to("cpu").eval()


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
