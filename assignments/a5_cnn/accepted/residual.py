"""A residual network with group norm; statistics from histograms, results in named tuples, steps by closures, a global hook."""

import contextlib
import copy
import itertools
import math
import os
import random
from collections import OrderedDict, defaultdict, namedtuple

import numpy as np
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook
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


Stats = namedtuple("Stats", "mean std")
Split = namedtuple("Split", "train val")
Loaders = namedtuple("Loaders", "train val")
Shape = namedtuple("Shape", "name size")
Report = namedtuple("Report", "loss accuracy confusion")
Guess = namedtuple("Guess", "name probability")


def get_device(prefer="auto"):
    """A table of lazy answers."""
    table = {
        "cpu": lambda: "cpu",
        "cuda": lambda: "cuda" if torch.cuda.is_available() else None,
        "auto": lambda: "cuda" if torch.cuda.is_available() else "cpu",
    }
    if prefer not in table:
        raise ValueError(f"{prefer!r} is none of {sorted(table)}")
    name = table[prefer]()
    if name is None:
        raise RuntimeError("no CUDA")
    return torch.device(name)


def channel_stats(images):
    """Count how often each byte occurs in each channel: 256 numbers say all."""
    if images.dtype is not torch.uint8:
        raise TypeError("bytes, please")
    if images.dim() != 4 or images.size(3) != 3 or images.size(0) * images.size(1) * images.size(2) == 0:
        raise ValueError(f"(N, H, W, 3), please, not {tuple(images.shape)}")
    values = torch.arange(256, dtype=torch.float64) / 255
    counts = torch.stack([torch.bincount(images[..., c].flatten().int(), minlength=256) for c in range(3)]).double()
    shares = counts / counts.sum(dim=1, keepdim=True)
    mean = shares @ values
    variance = (shares * (values - mean[:, None]) ** 2).sum(dim=1)
    return Stats(mean=mean.float(), std=variance.sqrt().float())


def build_transform(train, mean, std):
    """Through numpy: pad, slice, mirror."""
    mean, std = np.array(mean, dtype=np.float32), np.array(std, dtype=np.float32)
    if mean.shape != (3,) or std.shape != (3,) or not (std > 0).all():
        raise ValueError("three means, three deviations above 0")

    def transform(image):
        if image.dtype is not torch.uint8:
            raise TypeError(f"{image.dtype}")
        pixels = image.numpy()
        if pixels.ndim != 3 or pixels.shape[-1] != 3:
            raise ValueError(f"{pixels.shape}")
        if train:
            pixels = np.pad(pixels, [(4, 4), (4, 4), (0, 0)])
            top = int(torch.randint(0, 9, ()))
            left = int(torch.randint(0, 9, ()))
            pixels = pixels[top : pixels.shape[0] - 8 + top, left : pixels.shape[1] - 8 + left]
            if torch.randint(2, ()) == 0:
                pixels = np.fliplr(pixels)
        scaled = (pixels.astype(np.float32) / np.float32(255) - mean) / std
        return torch.from_numpy(np.ascontiguousarray(scaled.transpose(2, 0, 1)))

    return transform


def make_splits(n, val_fraction, seed=0):
    """Python's own generator, and a sample of places."""
    require_int(n, "n", 2)
    if not 0.0 < val_fraction < 1.0:
        raise ValueError("val_fraction")
    count = max(1, min(int(n) - 1, round(int(n) * val_fraction)))
    chosen = random.Random(seed).sample(range(int(n)), count)
    held = frozenset(chosen)
    return Split(train=[place for place in range(int(n)) if place not in held], val=chosen)


def make_loaders(images, labels, batch_size, val_fraction=0.1, seed=0):
    """One data set of all images for training, whose sampler knows its part."""
    require_int(batch_size, "batch_size", 1)
    if len(images) != len(labels):
        raise ValueError("images and labels")
    split = make_splits(len(images), val_fraction, seed=seed)
    mean, std = channel_stats(torch.stack([images[place] for place in split[0]]))
    settings = dict(mean=mean.tolist(), std=std.tolist())
    everything = ImageDataset(images, labels, build_transform(train=True, **settings))
    rest = ImageDataset(images[list(split[1])], labels[list(split[1])], build_transform(train=False, **settings))
    sampler = SubsetRandomSampler(split[0], generator=torch.Generator().manual_seed(seed))
    return Loaders(
        train=DataLoader(everything, batch_size=batch_size, sampler=sampler, drop_last=True),
        val=DataLoader(rest, batch_size=batch_size),
    )


def layer_shapes(model, input_shape):
    """A hook on all modules there are, for the time of one pass."""
    names = {module: name for name, module in model.named_modules() if not list(module.children())}
    seen = []

    def note(module, inputs, output):
        if module in names:
            seen.append(Shape(names[module], (*output.shape,)))

    parameter = next(model.parameters(), torch.zeros(()))
    with _evaluation(model), contextlib.closing(_Handle(register_module_forward_hook(note))):
        model(torch.zeros((1, *input_shape), device=parameter.device))
    return seen


class _Handle:
    def __init__(self, handle):
        self.close = handle.remove


@contextlib.contextmanager
def _evaluation(model):
    """Evaluation mode without gradients; each module gets its mode back."""
    modes = OrderedDict((module, module.training) for module in model.modules())
    recording = torch.is_grad_enabled()
    try:
        torch.set_grad_enabled(False)
        for module in modes:
            module.training = False
        yield
    finally:
        torch.set_grad_enabled(recording)
        for module, mode in modes.items():
            module.training = mode


def count_parameters(model, trainable_only=False):
    """Products of shapes."""
    return sum(math.prod(p.shape) for p in model.parameters() if not trainable_only or p.requires_grad)


class LeNetCIFAR(nn.Module):
    """The lecture's names; the way through them is a loop."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        for convolution in (self.conv1, self.conv2):
            x = convolution(x).clamp_min(0)
            x = x.unfold(2, 2, 2).unfold(3, 2, 2).amax(dim=(-2, -1))
        x = x.reshape(x.shape[0], -1)
        for linear in (self.fc1, self.fc2):
            x = linear(x).clamp_min(0)
        return self.fc3(x)


class ConvBlock(nn.Sequential):
    """A Sequential with names."""

    def __init__(self, cin, cout, norm=True, pool=True, dropout=0.0):
        require_int(cin, "cin", 1)
        require_int(cout, "cout", 1)
        if dropout < 0 or dropout >= 1:
            raise ValueError("dropout")
        parts = [("conv", nn.Conv2d(cin, cout, kernel_size=3, padding="same", bias=False if norm else True))]
        if norm:
            parts.append(("norm", nn.BatchNorm2d(cout)))
        parts.append(("relu", nn.ReLU()))
        if pool:
            parts.append(("pool", nn.MaxPool2d(kernel_size=2, stride=2)))
        parts.append(("dropout", nn.Dropout(dropout)))
        super().__init__(OrderedDict(parts))


class Residual(nn.Module):
    """x + f(x); f begins as 0, since the last norm's weight does."""

    def __init__(self, width):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, width), nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm2, self.conv2 = nn.GroupNorm(8, width), nn.Conv2d(width, width, 1)

    def forward(self, x):
        f = self.conv1(torch.relu(self.norm1(x)))
        return x + self.conv2(torch.relu(self.norm2(f)))


class SmallCNN(nn.Module):
    """A stem, three stages that halve, and the means of all maps."""

    def __init__(self, num_classes=10):
        super().__init__()
        widths = (16, 32, 64)
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1)
        stages = []
        for before, after in zip((widths[0], *widths), widths):
            stages += [nn.Conv2d(before, after, 2, stride=2), Residual(after)]
        self.stages = nn.Sequential(*stages)
        self.norm = nn.GroupNorm(8, widths[-1])
        self.head = nn.Linear(widths[-1], num_classes)

    def forward(self, x):
        x = torch.relu(self.norm(self.stages(self.stem(x))))
        return self.head(x.mean(dim=(2, 3)))


def train_one_epoch(model, loader, loss_fn, optimizer, device="cpu", scheduler=None):
    """The optimizer asks a closure for the loss."""
    model.train()
    sums = defaultdict(float)
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)

        def closure(images=images, labels=labels):
            optimizer.zero_grad()
            loss = loss_fn(model(images), labels)
            if loss.isnan().item():
                raise FloatingPointError("the loss is not a number")
            loss.backward()
            return loss

        loss = optimizer.step(closure)
        if scheduler:
            scheduler.step()
        sums["loss"] += loss.item() * images.shape[0]
        sums["count"] += images.shape[0]
    if not sums["count"]:
        raise ValueError("no samples")
    return sums["loss"] / sums["count"]


def evaluate(model, loader, loss_fn, device="cpu", num_classes=10):
    """Count pairs in a histogram of two dimensions."""
    losses, pairs = [], []
    with _evaluation(model):
        for images, labels in loader:
            labels = labels.to(device)
            logits = model(images.to(device))
            losses.append((loss_fn(logits, labels).item(), len(labels)))
            pairs += zip(labels.tolist(), logits.max(dim=1).indices.tolist())
    if not pairs:
        raise ValueError("no samples")
    edges = np.arange(num_classes + 1) - 0.5
    table, _, _ = np.histogram2d(*np.transpose(pairs), bins=(edges, edges))
    confusion = torch.from_numpy(table).to(torch.int64)
    loss = math.fsum(value * count for value, count in losses) / len(pairs)
    return Report(loss=loss, accuracy=np.trace(table).item() / len(pairs), confusion=confusion)


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, patience=None, scheduler=None, device="cpu", seed=0):
    """An endless count, cut by epochs or by patience; the best model is a deep copy."""
    require_int(epochs, "epochs", 0)
    if patience is not None:
        require_int(patience, "patience", 1)
    torch.manual_seed(seed)
    model.to(torch.device(device))
    history = OrderedDict((name, []) for name in ("train_loss", "val_loss", "val_accuracy", "lr"))
    best, kept, last = math.inf, None, 0
    for epoch in itertools.islice(itertools.count(1), epochs):
        history["lr"].append(float(optimizer.param_groups[0]["lr"]))
        history["train_loss"].append(train_one_epoch(model, train_loader, loss_fn, optimizer, device, scheduler))
        report = evaluate(model, val_loader, loss_fn, device)
        history["val_loss"].append(report[0])
        history["val_accuracy"].append(report[1])
        if report[0] < best:
            best, kept, last = report[0], copy.deepcopy(model), epoch
        if patience is not None and epoch - last >= patience:
            break
    if kept is not None:
        model.load_state_dict(kept.state_dict())
    return history


def save_checkpoint(path, model, optimizer, epoch):
    """Write beside it, flush to the disk, rename."""
    beside = os.fspath(path) + f".{os.getpid()}.part"
    with contextlib.ExitStack() as undo:
        undo.callback(lambda: os.path.exists(beside) and os.unlink(beside))
        with open(beside, "wb") as file:
            torch.save(OrderedDict(model=model.state_dict(), optimizer=optimizer.state_dict(), epoch=int(epoch)), file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(beside, path)


def load_checkpoint(path, model, optimizer=None, device="cpu"):
    """Only what is asked for goes anywhere."""
    checkpoint = torch.load(path, map_location=torch.device(device), weights_only=True)
    model.load_state_dict(checkpoint["model"], strict=True)
    if optimizer:
        optimizer.load_state_dict(checkpoint["optimizer"])
    return checkpoint["epoch"]


def predict(model, image, classes, device="cpu"):
    """The largest of the powers, by topk."""
    if len(image.shape) != 3 or image.shape[0] != 3:
        raise ValueError(f"{tuple(image.shape)}")
    with _evaluation(model):
        logits = model(image[None].to(device))
    (probability,), (place,) = logits[0].softmax(-1).topk(1)
    return Guess(name=classes[place.item()], probability=probability.item())


NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def _stay(module, mode=True):
    """What `train` of a frozen layer does."""
    module.training = False
    return module


def freeze(model):
    """A frozen layer's own `train` hides that of its class."""
    for parameter in model.parameters():
        parameter.requires_grad = False
    for module in model.modules():
        if isinstance(module, NORMS):
            module.train = _stay.__get__(module)
            module.training = False
    return model


def replace_classifier(model, num_classes):
    """Remember the last pair of a holder and a name."""
    require_int(num_classes, "num_classes", 1)
    last = None
    for prefix, module in model.named_modules():
        holder, _, name = prefix.rpartition(".")
        if name and type(module).__mro__.count(nn.Linear):
            last = model.get_submodule(holder), name, module
    if last is None:
        raise ValueError("no linear layer")
    holder, name, old = last
    head = nn.Linear(old.in_features, num_classes).to(old.weight.device)
    holder.register_module(name, head)
    return model


def fit_cifar(images, labels, seed, device="cpu", epochs=8):
    """AdamW, one cycle."""
    torch.manual_seed(seed)
    model = SmallCNN()
    split = make_splits(len(labels), 0.1, seed)
    parts = []
    for places, train in zip(split, (True, False)):
        part = ImageDataset(images[list(places)], labels[list(places)], build_transform(train, CIFAR_MEAN, CIFAR_STD))
        parts.append(DataLoader(part, batch_size=50, shuffle=train))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 8e-3, total_steps=max(1, epochs * len(parts[0])))
    fit(model, *parts, nn.CrossEntropyLoss(), optimizer, epochs, scheduler=scheduler, device=device, seed=seed)
    return model.to("cpu").eval()


def concept_check():
    """Answers in an ordered dict."""
    return OrderedDict(
        detector_task="a box",
        segmentation_output="each pixel",
        object_detection_output="boxes with classes",
        cuda_without_gpu="raises an error",
        conv2d_flips_kernel=False,
        pretrained_flag="weights",
        three_cnn_operations={"nonlinearity", "convolution", "pooling"},
        why_not_mlp={"too many parameters", "spatial structure is lost"},
        batchnorm_in_evaluation="the running ones",
        statistics_from="training",
        select_on="validation",
        frozen_in_optimizer=False,
    )
