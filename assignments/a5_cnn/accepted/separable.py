"""Depthwise-separable network with average pooling; hooks that register by a recursive walk; BytesIO; sums that run."""

import copy
import io
import math
import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, pad, softmax
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
    if prefer not in ("auto", "cpu", "cuda"):
        raise ValueError(f"prefer={prefer!r}")
    if prefer == "auto":
        try:
            return get_device("cuda")
        except RuntimeError:
            return get_device("cpu")
    if prefer == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("CUDA is missing")
    return torch.device(prefer)


def channel_stats(images):
    if images.dtype != torch.uint8:
        raise TypeError("images must be bytes")
    if images.ndim != 4 or images.shape[-1] != 3 or images.shape[0] == 0:
        raise ValueError("images must be (N, H, W, 3)")
    # Welford: mean and squared deviations grow image by image, with no copy of all of them as floats
    count, mean, m2 = 0, torch.zeros(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
    for image in images:
        x = image.reshape(-1, 3).double() / 255
        n = len(x)
        delta = x.mean(0) - mean
        m2 += ((x - x.mean(0)) ** 2).sum(0) + delta**2 * count * n / (count + n)
        mean += delta * n / (count + n)
        count += n
    return mean.float(), (m2 / count).sqrt().float()


def build_transform(train, mean, std):
    if len(mean) != 3 or len(std) != 3:
        raise ValueError("mean and std must have three numbers")
    for s in std:
        if not s > 0:
            raise ValueError("std must be above 0")
    scale = torch.tensor([1 / float(s) for s in std]).view(3, 1, 1)
    shift = torch.tensor([-float(m) / float(s) for m, s in zip(mean, std)]).view(3, 1, 1)

    def to_tensor(image):
        if image.dtype != torch.uint8:
            raise TypeError("image must be bytes")
        if image.ndim != 3 or image.shape[-1] != 3:
            raise ValueError("image must be (H, W, 3)")
        return torch.einsum("hwc->chw", image).to(torch.float32) / 255

    def plain(image):
        return to_tensor(image) * scale + shift

    def augmented(image):
        x = to_tensor(image)
        if torch.rand(1).item() < 0.5:
            x = x.flip(2)
        height, width = x.shape[1], x.shape[2]
        x = pad(x, (4, 4, 4, 4))
        windows = x.unfold(1, height, 1).unfold(2, width, 1)  # (3, 9, 9, H, W), a view
        x = windows[:, torch.randint(9, ()), torch.randint(9, ())]
        return x * scale + shift

    if train:
        return augmented
    return plain


def make_splits(n, val_fraction, seed=0):
    require_int(n, "n", 2)
    if not val_fraction > 0 or not val_fraction < 1:
        raise ValueError("val_fraction must be above 0 and below 1")
    size = min(n - 1, max(1, math.floor(n * val_fraction + 0.5)))
    generator = torch.Generator()
    generator.manual_seed(seed)
    val, train = torch.utils.data.random_split(range(n), [size, n - size], generator=generator)
    return [int(i) for i in train.indices], [int(i) for i in val.indices]


def make_loaders(images, labels, batch_size, val_fraction=0.1, seed=0):
    require_int(batch_size, "batch_size", 1)
    if len(images) != len(labels):
        raise ValueError("there must be one label for each image")
    parts = make_splits(len(images), val_fraction, seed)
    mean, std = channel_stats(images[parts[0]])
    loaders = []
    for part, train in zip(parts, (True, False)):
        dataset = ImageDataset(images[part], labels[part], build_transform(train, mean.tolist(), std.tolist()))
        generator = torch.Generator().manual_seed(seed)
        loaders.append(DataLoader(dataset, batch_size, shuffle=train, drop_last=train, generator=generator))
    return tuple(loaders)


def layer_shapes(model, input_shape):
    seen, handles, modes, known = [], [], [], set()

    def walk(module, name):
        if module in known:
            return
        known.add(module)
        modes.append((module, module.training))
        children = [(key, child) for key, child in module._modules.items() if child is not None]
        for key, child in children:
            walk(child, f"{name}.{key}" if name else key)
        if not children:
            handles.append(module.register_forward_hook(lambda m, i, o: seen.append((name, tuple(o.shape)))))

    walk(model, "")
    device = next((p.device for p in model.parameters()), None)
    try:
        model.eval()
        with torch.no_grad():
            model(torch.zeros((1, *input_shape), device=device))
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes:
            module.training = mode
    return seen


def count_parameters(model, trainable_only=False):
    count = 0
    for _, p in model.named_parameters():
        count += p.numel() * int(p.requires_grad or not trainable_only)
    return count


class LeNetCIFAR(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        steps = [self.conv1, torch.relu, halve, self.conv2, torch.relu, halve, nn.Flatten()]
        steps += [self.fc1, torch.relu, self.fc2, torch.relu, self.fc3]
        for step in steps:
            x = step(x)
        return x


def halve(x):
    return nn.functional.max_pool2d(x, (2, 2))


class ConvBlock(nn.Module):
    def __init__(self, cin, cout, norm=True, pool=True, dropout=0.0):
        super().__init__()
        require_int(cin, "cin", 1)
        require_int(cout, "cout", 1)
        if not 0 <= dropout < 1:
            raise ValueError("dropout must be from 0 to below 1")
        self.conv = nn.Conv2d(cin, cout, 3, padding=1, bias=not norm)
        if norm:
            self.bn = nn.BatchNorm2d(cout)
        else:
            self.bn = None
        self.pool = nn.MaxPool2d(2) if pool else None
        self.dropout = nn.Dropout(dropout) if dropout else None

    def forward(self, x):
        x = self.conv(x)
        if self.bn is not None:
            x = self.bn(x)
        x = torch.relu(x)
        for module in (self.pool, self.dropout):
            if module is not None:
                x = module(x)
        return x


class Separable(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.depthwise = nn.Conv2d(cin, cin, 3, padding=1, groups=cin, bias=False)
        self.pointwise = nn.Conv2d(cin, cout, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(cin)
        self.norm2 = nn.BatchNorm2d(cout)
        self.pool = nn.AvgPool2d(stride)

    def forward(self, x):
        x = self.norm1(self.depthwise(x))
        x = nn.functional.silu(self.norm2(self.pointwise(x)))
        return self.pool(x)


class SmallCNN(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.SiLU())
        self.body = nn.Sequential(
            nn.AvgPool2d(2), Separable(32, 64), Separable(64, 96, 2), Separable(96, 128, 2), Separable(128, 128)
        )
        self.pool = nn.AdaptiveAvgPool2d((2, 2))
        self.head = nn.Linear(512, num_classes)

    def forward(self, x):
        x = self.pool(self.body(self.stem(x)))
        return self.head(x.flatten(1))


def train_one_epoch(model, loader, loss_fn, optimizer, device="cpu", scheduler=None):
    model.train()
    optimizer.zero_grad()
    mean, count = 0.0, 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        loss = loss_fn(model(x), y)
        value = float(loss.detach())
        if value != value:
            raise FloatingPointError("the loss is not a number")
        # the gradients come back as values, and only then stand in .grad
        parameters = [p for p in model.parameters() if p.requires_grad]
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        for p, g in zip(parameters, gradients):
            p.grad = g
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        count += len(y)
        mean += (value - mean) * len(y) / count
    if count == 0:
        raise ValueError("the loader is empty")
    return mean


def evaluate(model, loader, loss_fn, device="cpu", num_classes=10):
    mode = model.training
    model.eval()
    labels, guesses, losses, sizes = [], [], [], []
    with torch.no_grad():
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            logits = model(x)
            losses.append(loss_fn(logits, y).item())
            sizes.append(len(y))
            labels.extend(y.tolist())
            guesses.extend(logits.argmax(-1).tolist())
    model.train(mode)
    if len(labels) == 0:
        raise ValueError("the loader is empty")
    confusion = torch.tensor(
        [[sum(a == i and b == j for a, b in zip(labels, guesses)) for j in range(num_classes)] for i in range(num_classes)]
    )
    loss = math.fsum(value * size for value, size in zip(losses, sizes)) / len(labels)
    return loss, sum(a == b for a, b in zip(labels, guesses)) / len(labels), confusion


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
    history = {"train_loss": [], "val_loss": [], "val_accuracy": [], "lr": []}
    best_file, best_loss, best_epoch = None, math.inf, -1
    for epoch in range(epochs):
        history["lr"] += [optimizer.param_groups[0]["lr"]]
        history["train_loss"] += [train_one_epoch(model, train_loader, loss_fn, optimizer, device, scheduler)]
        loss, accuracy, _ = evaluate(model, val_loader, loss_fn, device)
        history["val_loss"] += [loss]
        history["val_accuracy"] += [accuracy]
        if loss < best_loss:
            best_loss, best_epoch = loss, epoch
            best_file = io.BytesIO()
            torch.save(model.state_dict(), best_file)
        if patience is not None and epoch - best_epoch >= patience:
            break
    if best_file is not None:
        best_file.seek(0)
        model.load_state_dict(torch.load(best_file, map_location=device, weights_only=True))
    return history


def save_checkpoint(path, model, optimizer, epoch):
    path = Path(path)
    buffer = io.BytesIO()
    state = {"model": copy.deepcopy(model.state_dict()), "optimizer": copy.deepcopy(optimizer.state_dict())}
    torch.save({**state, "epoch": int(epoch)}, buffer)
    handle, name = tempfile.mkstemp(suffix=".tmp", dir=path.absolute().parent)
    os.close(handle)
    temporary = Path(name)
    try:
        temporary.write_bytes(buffer.getvalue())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load_checkpoint(path, model, optimizer=None, device="cpu"):
    state = torch.load(Path(path), map_location=torch.device(device), weights_only=True)
    names, wanted = set(state["model"]), set(model.state_dict())
    if names != wanted:
        raise RuntimeError(f"names differ: {sorted(names ^ wanted)}")
    model.load_state_dict(state["model"])
    if optimizer is not None:
        optimizer.load_state_dict(state["optimizer"])
    return state["epoch"]


def predict(model, image, classes, device="cpu"):
    if image.ndim != 3 or image.shape[0] != 3:
        raise ValueError("image must be (3, H, W)")
    mode = model.training
    model.eval()
    with torch.no_grad():
        p = softmax(model(image.to(device).unsqueeze(0)), dim=1)
    model.train(mode)
    value, place = p.topk(1)
    return classes[int(place)], float(value)


def freeze(model):
    model.eval()

    def quiet(module, args):
        module.training = False

    for module in model.modules():
        for p in module.parameters(recurse=False):
            p.requires_grad_(False)
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.register_forward_pre_hook(quiet)
    return model


def replace_classifier(model, num_classes):
    require_int(num_classes, "num_classes", 1)
    places = []

    def walk(parent):
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                places.append((parent, name, child))
            walk(child)

    walk(model)
    if not places:
        raise ValueError("no nn.Linear below the model")
    parent, name, old = places[-1]
    with torch.random.fork_rng(devices=[]):
        new = nn.Linear(old.in_features, num_classes)
    setattr(parent, name, new.to(old.weight.device))
    return model


def fit_cifar(images, labels, seed, device="cpu", epochs=8):
    torch.manual_seed(seed)
    model = SmallCNN()
    train, val = make_splits(len(labels), 0.1, seed)
    train_set = ImageDataset(images[train], labels[train], build_transform(True, CIFAR_MEAN, CIFAR_STD))
    val_set = ImageDataset(images[val], labels[val], build_transform(False, CIFAR_MEAN, CIFAR_STD))
    train_loader = DataLoader(train_set, 50, shuffle=True, generator=torch.Generator().manual_seed(seed + 1))
    val_loader = DataLoader(val_set, 250)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    steps = max(1, epochs * len(train_loader))
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-2, total_steps=steps + 1)
    fit(model, train_loader, val_loader, cross_entropy, optimizer, epochs, scheduler=scheduler, device=device, seed=seed)
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
