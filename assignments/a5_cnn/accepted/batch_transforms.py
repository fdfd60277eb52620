"""Own data set of bytes, a collate function that augments whole batches by gather, x * scale + shift."""

import copy
import os
import tempfile
import types
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler, default_collate

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
    available = {"cpu": True, "cuda": torch.cuda.is_available()}
    if prefer == "auto":
        prefer = "cuda" if available["cuda"] else "cpu"
    if prefer not in available:
        raise ValueError(f"no such device: {prefer}")
    if not available[prefer]:
        raise RuntimeError(f"not available: {prefer}")
    return torch.device(prefer)


def channel_stats(images):
    if images.dtype != torch.uint8:
        raise TypeError("uint8 expected")
    if images.ndim != 4 or images.shape[3] != 3 or len(images) == 0:
        raise ValueError("(N, H, W, 3) expected")
    # running sums of integers are exact
    total = torch.zeros(3, dtype=torch.int64)
    squares = torch.zeros(3, dtype=torch.int64)
    count = 0
    for part in images.split(1000):
        x = part.reshape(-1, 3).long()
        total += x.sum(0)
        squares += (x * x).sum(0)
        count += len(x)
    mean = total.double() / count
    variance = squares.double() / count - mean**2
    return (mean / 255).float(), (variance.clamp(min=0).sqrt() / 255).float()


def augment(images):
    """Crop and flip a batch (B, H, W, 3): one gather of rows, one of columns."""
    b, h, w, c = images.shape
    images = F.pad(images, (0, 0, 4, 4, 4, 4))
    top = torch.randint(9, (b, 1))
    left = torch.randint(9, (b, 1))
    flip = torch.rand(b, 1) < 0.5
    rows = torch.arange(h)[None] + top
    columns = torch.where(flip, torch.arange(w - 1, -1, -1)[None], torch.arange(w)[None]) + left
    images = images.gather(1, rows[:, :, None, None].expand(b, h, w + 8, c))
    return images.gather(2, columns[:, None, :, None].expand(b, h, w, c))


def normalise(images, mean, std):
    scale = 1 / (255 * torch.tensor(std, dtype=torch.float64))
    shift = -torch.tensor(mean, dtype=torch.float64) / torch.tensor(std, dtype=torch.float64)
    x = images.permute(0, 3, 1, 2).float()
    return x * scale.float().view(1, 3, 1, 1) + shift.float().view(1, 3, 1, 1)


def build_transform(train, mean, std):
    mean, std = [float(m) for m in mean], [float(s) for s in std]
    if len(mean) != 3 or len(std) != 3 or not all(s > 0 for s in std):
        raise ValueError("mean and std")

    def transform(image):
        if image.dtype != torch.uint8:
            raise TypeError("uint8 expected")
        if image.ndim != 3 or image.shape[2] != 3:
            raise ValueError("(H, W, 3) expected")
        batch = image[None]
        if train:
            batch = augment(batch)
        return normalise(batch, mean, std)[0]

    return transform


def make_splits(n, val_fraction, seed=0):
    require_int(n, "n", 2)
    if not 0 < val_fraction < 1:
        raise ValueError("val_fraction")
    count = int(torch.tensor(n * val_fraction, dtype=torch.float64).round().clamp(1, n - 1))
    keys = torch.rand(n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    order = keys.argsort()
    mask = torch.zeros(n, dtype=torch.bool)
    mask[order[:count]] = True
    return torch.nonzero(~mask).flatten().tolist(), torch.nonzero(mask).flatten().tolist()


class Bytes(Dataset):
    """Images and labels as they are; the work is done for whole batches."""

    def __init__(self, images, labels):
        self.images = images
        self.labels = labels

    def __len__(self):
        return self.images.shape[0]

    def __getitem__(self, i):
        return self.images[i], self.labels[i]


def collate(samples, train, mean, std):
    images, labels = default_collate(samples)
    if train:
        images = augment(images)
    return normalise(images, mean, std), labels


def loaders_of(images, labels, batch_size, train, val, mean, std, seed, drop_last=True):
    train_set = Bytes(images[train], labels[train])
    val_set = Bytes(images[val], labels[val])
    sampler = RandomSampler(train_set, generator=torch.Generator().manual_seed(seed))
    return (
        DataLoader(
            train_set,
            batch_sampler=BatchSampler(sampler, batch_size, drop_last=drop_last),
            collate_fn=partial(collate, train=True, mean=mean, std=std),
        ),
        DataLoader(val_set, batch_size, collate_fn=partial(collate, train=False, mean=mean, std=std)),
    )


def make_loaders(images, labels, batch_size, val_fraction=0.1, seed=0):
    require_int(batch_size, "batch_size", 1)
    if len(images) != len(labels):
        raise ValueError("lengths")
    train, val = make_splits(len(labels), val_fraction, seed)
    mean, std = channel_stats(images[train])
    return loaders_of(images, labels, int(batch_size), train, val, mean.tolist(), std.tolist(), seed)


def layer_shapes(model, input_shape):
    names = {module: name for name, module in model.named_modules()}
    seen = []

    def note(module, inputs, output):
        if module in names and not any(True for _ in module.children()):
            seen.append((names[module], tuple(output.shape)))

    was = {module: module.training for module in names}
    model.eval()
    handle = nn.modules.module.register_module_forward_hook(note)
    try:
        with torch.inference_mode():
            parameter = next(model.parameters(), None)
            device = "cpu" if parameter is None else parameter.device
            model(torch.zeros([1, *input_shape], device=device))
    finally:
        handle.remove()
        for module, mode in was.items():
            module.training = mode
    return seen


def count_parameters(model, trainable_only=False):
    count = 0
    for p in set(model.parameters()):
        if not trainable_only or p.requires_grad:
            count += p.numel()
    return count


class LeNetCIFAR(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def features(self, x):
        return F.max_pool2d(F.relu(self.conv2(F.max_pool2d(F.relu(self.conv1(x)), 2))), 2)

    def forward(self, x):
        x = self.features(x)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x.view(x.size(0), -1))))))


class ConvBlock(nn.Sequential):
    def __init__(self, cin, cout, norm=True, pool=True, dropout=0.0):
        require_int(cin, "cin", 1)
        require_int(cout, "cout", 1)
        if not 0 <= dropout < 1:
            raise ValueError("dropout")
        layers = [nn.Conv2d(cin, cout, 3, 1, 1, bias=not norm)]
        if norm:
            layers.append(nn.BatchNorm2d(cout))
        layers.append(nn.ReLU())
        if pool:
            layers.append(nn.MaxPool2d(2))
        layers.append(nn.Dropout(dropout))
        super().__init__(*layers)


class SmallCNN(nn.Sequential):
    def __init__(self, num_classes=10):
        super().__init__(
            ConvBlock(3, 16, pool=True),
            ConvBlock(16, 32, pool=True),
            ConvBlock(32, 64, pool=True),
            ConvBlock(64, 64, pool=False),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(64 * 2 * 2, num_classes),
        )


def train_one_epoch(model, loader, loss_fn, optimizer, device="cpu", scheduler=None):
    model.train()
    total = torch.zeros((), dtype=torch.float64)
    count = 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)
        value = loss.detach().cpu().double()
        if value != value:
            raise FloatingPointError("NaN")
        loss.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        total += value * len(x)
        count += len(x)
    if not count:
        raise ValueError("no batch")
    return (total / count).item()


def evaluate(model, loader, loss_fn, device="cpu", num_classes=10):
    was_training = model.training
    model.eval()
    try:
        total, count = 0.0, 0
        confusion = torch.zeros(num_classes, num_classes, dtype=torch.int64)
        with torch.no_grad():
            for x, y in loader:
                x, y = x.to(device), y.to(device)
                out = model(x)
                total += loss_fn(out, y).item() * len(y)
                count += len(y)
                np.add.at(confusion.numpy(), (y.cpu().numpy(), out.argmax(1).cpu().numpy()), 1)
    finally:
        model.train(was_training)
    if count == 0:
        raise ValueError("no batch")
    return total / count, confusion.trace().item() / count, confusion


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
    patience is None or require_int(patience, "patience", 1)
    torch.manual_seed(seed)
    model.to(device)
    rows, states, best = [], None, None
    for epoch in range(epochs):
        lr = optimizer.param_groups[0]["lr"]
        train_loss = train_one_epoch(model, train_loader, loss_fn, optimizer, device, scheduler)
        val_loss, val_accuracy, _ = evaluate(model, val_loader, loss_fn, device)
        rows.append((train_loss, val_loss, val_accuracy, lr))
        lower = val_loss < (np.inf if best is None else rows[best][1])
        if lower:
            best, states = epoch, copy.deepcopy(model.state_dict())
        if patience is not None and epoch - (-1 if best is None else best) >= patience:
            break
    if states is not None:
        model.load_state_dict(states)
    columns = zip(*rows) if rows else ((), (), (), ())
    return {name: list(column) for name, column in zip(["train_loss", "val_loss", "val_accuracy", "lr"], columns)}


def save_checkpoint(path, model, optimizer, epoch):
    path = os.path.realpath(path)
    # a folder of its own beside the file, so that nothing stays behind
    with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
        unfinished = os.path.join(folder, "checkpoint")
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}, unfinished)
        os.replace(unfinished, path)


def load_checkpoint(path, model, optimizer=None, device="cpu"):
    data = torch.load(path, map_location=lambda storage, location: storage, weights_only=True)
    model.load_state_dict(data["model"])
    if optimizer is not None:
        optimizer.load_state_dict(data["optimizer"])
    model.to(device)
    return data["epoch"]


def predict(model, image, classes, device="cpu"):
    if image.ndim != 3 or len(image) != 3:
        raise ValueError("(3, H, W) expected")
    was_training = model.training
    try:
        with torch.inference_mode():
            model.eval()
            log_p = F.log_softmax(model(image.to(device).reshape(1, *image.shape)), dim=1)
    finally:
        model.train(was_training)
    (place,) = log_p.argmax(dim=1).tolist()
    return classes[place], log_p[0, place].exp().item()


def _stay(self, mode=True):
    for module in self.modules():
        module.training = False
    return self


def freeze(model):
    for p in model.parameters():
        p.requires_grad = False
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)):
            module.train = types.MethodType(_stay, module)
            module.eval()
    return model


def replace_classifier(model, num_classes):
    require_int(num_classes, "num_classes", 1)
    last = None
    for module in model.modules():
        if isinstance(module, nn.Linear) and module is not model:
            last = module
    if last is None:
        raise ValueError("no nn.Linear")
    new = nn.Linear(last.in_features, num_classes, device=last.weight.device)
    for parent in model.modules():
        for name, child in list(parent.named_children()):
            if child is last:
                setattr(parent, name, new)
                return model


def fit_cifar(images, labels, seed, device="cpu", epochs=8):
    torch.manual_seed(seed)
    model = SmallCNN()
    train, val = make_splits(len(labels), 0.1, seed)
    loaders = loaders_of(images, labels, 60, train, val, CIFAR_MEAN, CIFAR_STD, seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    steps = epochs * len(loaders[0])
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.01, 1 - step / max(1, steps)))
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
