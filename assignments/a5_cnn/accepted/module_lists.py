"""ModuleList and ModuleDict, decorators for no_grad, a frozen subclass, layer shapes by wrapping forward, dropout."""

import math
import os
import uuid
from collections import OrderedDict

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset

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
    if prefer not in ["auto", "cpu", "cuda"]:
        raise ValueError("prefer: auto, cpu or cuda")
    name = prefer
    if prefer == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    elif prefer == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("there is no GPU")
    return torch.device(name)


def channel_stats(images):
    if images.dtype != torch.uint8:
        raise TypeError("images must be uint8")
    if images.dim() != 4 or images.shape[-1] != 3 or images.shape[0] < 1:
        raise ValueError("images must be (N, H, W, 3)")
    x = images.permute(3, 0, 1, 2).flatten(1).to(torch.float64) / 255
    mean = x.mean(1, keepdim=True)
    std = torch.sqrt(torch.mean((x - mean) ** 2, dim=1))
    return mean.squeeze(1).float(), std.float()


class Compose(nn.Module):
    def __init__(self, *steps):
        super().__init__()
        self.steps = nn.ModuleList(steps)

    def forward(self, image):
        if image.dtype != torch.uint8:
            raise TypeError("image must be uint8")
        if image.dim() != 3 or image.shape[-1] != 3:
            raise ValueError("image must be (H, W, 3)")
        for step in self.steps:
            image = step(image)
        return image


class ToFloat(nn.Module):
    def forward(self, image):
        return image.permute(2, 0, 1).contiguous().float().div(255)


class RandomCrop(nn.Module):
    def __init__(self, padding):
        super().__init__()
        self.padding = padding

    def forward(self, x):
        p = self.padding
        height, width = x.shape[-2:]
        x = nn.functional.pad(x, (p, p, p, p), mode="constant", value=0.0)
        top, left = (torch.randint(2 * p + 1, size=(1,)).item() for _ in range(2))
        return x.roll(shifts=(-top, -left), dims=(-2, -1))[:, :height, :width]


class RandomFlip(nn.Module):
    def forward(self, x):
        if torch.bernoulli(torch.tensor(0.5)).item() == 1:
            x = x[:, :, torch.arange(x.shape[2] - 1, -1, -1)]
        return x


class Normalize(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        if len(mean) != 3 or len(std) != 3:
            raise ValueError("three channels")
        if any(not s > 0 for s in std):
            raise ValueError("std must be above 0")
        self.register_buffer("mean", torch.tensor([float(m) for m in mean]).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor([float(s) for s in std]).view(-1, 1, 1))

    def forward(self, x):
        return x.sub(self.mean).div(self.std)


def build_transform(train, mean, std):
    normalize = Normalize(mean, std)
    if train:
        return Compose(ToFloat(), RandomCrop(4), RandomFlip(), normalize)
    return Compose(ToFloat(), normalize)


def make_splits(n, val_fraction, seed=0):
    require_int(n, "n", 2)
    if not 0 < val_fraction < 1:
        raise ValueError("val_fraction")
    rng = np.random.default_rng(seed)
    order = rng.permutation(int(n)).tolist()
    n_val = int(round(n * val_fraction))
    n_val = n_val if n_val > 0 else 1
    n_val = n_val if n_val < n else int(n) - 1
    return order[:-n_val], order[-n_val:]


def make_loaders(images, labels, batch_size, val_fraction=0.1, seed=0):
    require_int(batch_size, "batch_size", 1)
    if images.shape[0] != labels.shape[0]:
        raise ValueError("lengths differ")
    train, val = make_splits(labels.shape[0], val_fraction, seed)
    mean, std = channel_stats(images[train])
    mean, std = tuple(mean.tolist()), tuple(std.tolist())
    # Subset picks the images, the transform belongs to the data set below it
    train_set = Subset(ImageDataset(images, labels, build_transform(True, mean, std)), train)
    val_set = Subset(ImageDataset(images, labels, build_transform(False, mean, std)), val)
    generator = torch.Generator()
    generator.manual_seed(seed)
    return (
        DataLoader(train_set, batch_size=batch_size, shuffle=True, generator=generator, drop_last=True),
        DataLoader(val_set, batch_size=batch_size, shuffle=False),
    )


@torch.no_grad()
def layer_shapes(model, input_shape):
    shapes = []

    def wrapped(name, forward):
        def run(*args, **kwargs):
            output = forward(*args, **kwargs)
            shapes.append((name, tuple(output.shape)))
            return output

        return run

    layers = OrderedDict((name, m) for name, m in model.named_modules() if len(m._modules) == 0)
    modes = {m: m.training for m in model.modules()}
    devices = [p.device for p in model.parameters()]
    own = {name: m.__dict__.get("forward") for name, m in layers.items()}
    for name, layer in layers.items():
        layer.forward = wrapped(name, layer.forward)
    try:
        model.eval()
        x = torch.zeros(*input_shape).unsqueeze(0)
        model(x.to(devices[0]) if devices else x)
    finally:
        for name, layer in layers.items():
            if own[name] is None:
                del layer.forward
            else:
                layer.forward = own[name]
        for m in modes:
            m.training = modes[m]
    return shapes


def count_parameters(model, trainable_only=False):
    parameters = list(model.parameters())
    if trainable_only:
        parameters = [p for p in parameters if p.requires_grad]
    return sum([p.nelement() for p in parameters])


class LeNetCIFAR(nn.Module):
    def __init__(self):
        super().__init__()
        for name, layer in {
            "conv1": nn.Conv2d(3, 6, kernel_size=(5, 5)),
            "conv2": nn.Conv2d(6, 16, kernel_size=(5, 5)),
            "fc1": nn.Linear(400, 120),
            "fc2": nn.Linear(120, 84),
            "fc3": nn.Linear(84, 10),
        }.items():
            self.add_module(name, layer)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


class ConvBlock(nn.Module):
    def __init__(self, cin, cout, norm=True, pool=True, dropout=0.0):
        super().__init__()
        require_int(cin, "cin", 1)
        require_int(cout, "cout", 1)
        if not (0 <= dropout and dropout < 1):
            raise ValueError("dropout")
        self.parts = nn.ModuleDict()
        self.parts["conv"] = nn.Conv2d(cin, cout, 3, padding=1, bias=not norm)
        if norm:
            self.parts["norm"] = nn.BatchNorm2d(cout)
        self.parts["relu"] = nn.ReLU(inplace=True)
        if pool:
            self.parts["pool"] = nn.MaxPool2d(2)
        if dropout > 0:
            self.parts["drop"] = nn.Dropout(dropout)

    def forward(self, x):
        for part in self.parts.values():
            x = part(x)
        return x


class SmallCNN(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        widths = [3, 24, 48, 72]
        self.blocks = nn.ModuleList([ConvBlock(a, b, dropout=0.05) for a, b in zip(widths[:-1], widths[1:])])
        self.heads = nn.ModuleDict({"drop": nn.Dropout(0.1), "linear": nn.Linear(72 * 4 * 4, num_classes)})

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.heads["linear"](self.heads["drop"](torch.flatten(x, start_dim=1)))


def train_one_epoch(model, loader, loss_fn, optimizer, device="cpu", scheduler=None):
    model.train(True)
    losses, n = 0.0, 0
    for p in model.parameters():
        p.grad = None
    for inputs, targets in loader:
        inputs = inputs.to(device, non_blocking=True)
        targets = targets.to(device, non_blocking=True)
        loss = loss_fn(model(inputs), targets)
        if torch.isnan(loss):
            raise FloatingPointError("NaN loss")
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if scheduler is not None:
            scheduler.step()
        losses += loss.detach().item() * targets.size(0)
        n += targets.size(0)
    if n == 0:
        raise ValueError("no samples")
    return losses / n


@torch.no_grad()
def evaluate(model, loader, loss_fn, device="cpu", num_classes=10):
    training = model.training
    model.eval()
    logits, targets, losses, sizes = [], [], [], []
    for x, y in loader:
        out = model(x.to(device))
        y = y.to(device)
        losses.append(loss_fn(out, y).cpu().double())
        sizes.append(len(y))
        logits.append(out.cpu())
        targets.append(y.cpu())
    if training:
        model.train()
    if sum(sizes) == 0:
        raise ValueError("no samples")
    predictions = torch.cat(logits).argmax(dim=1)
    targets = torch.cat(targets)
    # rows: one-hot labels transposed, times one-hot predictions
    actual = nn.functional.one_hot(targets, num_classes)
    taken = nn.functional.one_hot(predictions, num_classes)
    confusion = actual.T @ taken
    sizes = torch.tensor(sizes, dtype=torch.float64)
    loss = (torch.stack(losses) * sizes).sum() / sizes.sum()
    accuracy = (predictions == targets).double().mean()
    return loss.item(), accuracy.item(), confusion


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
    history = OrderedDict(train_loss=[], val_loss=[], val_accuracy=[], lr=[])
    best = {"loss": math.inf, "state": None}
    remaining = patience
    for _epoch in range(epochs):
        history["lr"].append(optimizer.param_groups[0]["lr"])
        history["train_loss"].append(train_one_epoch(model, train_loader, loss_fn, optimizer, device, scheduler))
        val_loss, val_acc, _ = evaluate(model, val_loader, loss_fn, device)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_acc)
        if val_loss < best["loss"]:
            state = OrderedDict((k, v.detach().cpu().clone()) for k, v in model.state_dict().items())
            best = {"loss": val_loss, "state": state}
            remaining = patience
        elif remaining is not None:
            remaining -= 1
            if remaining == 0:
                break
    if best["state"] is not None:
        model.load_state_dict(best["state"])
    return dict(history)


def save_checkpoint(path, model, optimizer, epoch):
    temporary = f"{os.fspath(path)}.{uuid.uuid4().hex}"
    state = {
        "model": OrderedDict((name, tensor.detach().clone()) for name, tensor in model.state_dict().items()),
        "optimizer": optimizer.state_dict(),
        "epoch": epoch,
    }
    try:
        with open(temporary, "xb") as file:
            torch.save(state, file)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise
    try:
        os.replace(temporary, path)
    except OSError:
        os.remove(temporary)
        raise


def load_checkpoint(path, model, optimizer=None, device="cpu"):
    with open(path, "rb") as file:
        checkpoint = torch.load(file, weights_only=True, map_location=device)
    model.load_state_dict(checkpoint["model"])
    if optimizer is not None:
        optimizer.load_state_dict(checkpoint["optimizer"])
    return checkpoint["epoch"]


@torch.no_grad()
def predict(model, image, classes, device="cpu"):
    if image.dim() != 3 or image.shape[0] != 3:
        raise ValueError("image must be (3, H, W)")
    training = model.training
    model.eval()
    scores = model(torch.stack([image]).to(device))
    model.train(training)
    probabilities = torch.softmax(scores, dim=-1).flatten().tolist()
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    return classes[best], probabilities[best]


class Frozen:
    """Mixed into the class of a batch-norm layer: it never goes back to training mode."""

    def train(self, mode=True):
        return super().train(False)


def freeze(model):
    for p in model.parameters():
        p.requires_grad_(False)
    for m in model.modules():
        if isinstance(m, nn.modules.batchnorm._NormBase) and hasattr(m, "running_mean") and "BatchNorm" in type(m).__name__:
            if not isinstance(m, Frozen):
                m.__class__ = type("Frozen" + type(m).__name__, (Frozen, type(m)), {})
            m.eval()
    return model


def replace_classifier(model, num_classes):
    require_int(num_classes, "num_classes", 1)

    def replace(parent):
        # the last child comes last in named_modules, and so do the modules inside it
        for name, child in reversed(list(parent.named_children())):
            if replace(child):
                return True
            if isinstance(child, nn.Linear):
                new = nn.Linear(child.in_features, num_classes)
                parent._modules[name] = new.to(child.weight.device)
                return True
        return False

    if not replace(model):
        raise ValueError("no nn.Linear")
    return model


def fit_cifar(images, labels, seed, device="cpu", epochs=8):
    torch.manual_seed(seed)
    model = SmallCNN(10)
    model.to(device)
    train, val = make_splits(len(labels), 0.1, seed)
    generator = torch.Generator().manual_seed(seed)
    train_loader = DataLoader(
        Subset(ImageDataset(images, labels, build_transform(True, CIFAR_MEAN, CIFAR_STD)), train),
        batch_size=40,
        shuffle=True,
        generator=generator,
    )
    val_loader = DataLoader(Subset(ImageDataset(images, labels, build_transform(False, CIFAR_MEAN, CIFAR_STD)), val), 100)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, epochs * len(train_loader)), eta_min=1e-5)
    fit(model, train_loader, val_loader, nn.CrossEntropyLoss(), optimizer, epochs, None, scheduler, device, seed)
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
