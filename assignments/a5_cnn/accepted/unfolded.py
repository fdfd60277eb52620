"""Windows by hand: convolution as unfold and a product, pooling as reshape, crops by index grids, label smoothing."""

import functools
import os
import pathlib
import pickle
import tempfile

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset, Sampler, TensorDataset

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
    """Ask, then choose."""
    there = torch.cuda.is_available()
    choice = {"auto": "cuda" if there else "cpu", "cpu": "cpu", "cuda": "cuda"}.get(prefer)
    if choice is None:
        raise ValueError(prefer)
    if choice == "cuda" and not there:
        raise RuntimeError("CUDA is not here")
    return torch.device(choice)


def channel_stats(images):
    """Sums of whole numbers, exact; one division at the end."""
    if images.dtype != torch.uint8:
        raise TypeError("uint8")
    if images.ndim != 4 or images.shape[3] != 3 or 0 in images.shape:
        raise ValueError("(N, H, W, 3)")
    pixels = images.reshape(-1, 3).long()
    n = pixels.shape[0]
    first, second = pixels.sum(0), (pixels * pixels).sum(0)
    variance = (n * second - first * first).double() / (n * n) / 255**2
    return (first.double() / (255 * n)).float(), variance.sqrt().float()


def build_transform(train, mean, std):
    """Index rows and columns of a bordered image; a mirrored image has its columns in reverse order."""
    if len(mean) != 3 or len(std) != 3 or any(s <= 0 for s in std):
        raise ValueError("mean, std")
    mean = torch.tensor(list(map(float, mean)), dtype=torch.float64)
    std = torch.tensor(list(map(float, std)), dtype=torch.float64)

    def transform(image):
        if image.dtype != torch.uint8:
            raise TypeError("uint8")
        if image.ndim != 3 or image.shape[2] != 3:
            raise ValueError("(H, W, 3)")
        height, width = image.shape[:2]
        if train:
            bordered = torch.zeros(height + 8, width + 8, 3, dtype=torch.uint8)
            bordered[4 : 4 + height, 4 : 4 + width] = image
            rows = torch.arange(height) + torch.randint(9, (1,))
            columns = torch.arange(width) + torch.randint(9, (1,))
            if torch.rand(1) >= 0.5:
                columns = columns.flip(0)
            image = bordered[rows[:, None], columns[None, :]]
        x = (image.double() / 255 - mean) / std
        return torch.einsum("hwc->chw", x).float().contiguous()

    return transform


def make_splits(n, val_fraction, seed=0):
    """Shuffle with numpy's older generator; sort each part."""
    require_int(n, "n", 2)
    if val_fraction <= 0 or val_fraction >= 1 or val_fraction != val_fraction:
        raise ValueError("val_fraction")
    count = int(np.clip(np.rint(n * val_fraction), 1, n - 1))
    order = np.arange(n)
    np.random.RandomState(seed).shuffle(order)
    val, train = np.split(order, [count])
    return sorted(train.tolist()), sorted(val.tolist())


class Order(Sampler):
    """A permutation for each epoch, from one generator."""

    def __init__(self, count, seed):
        self.count = count
        self.generator = torch.Generator()
        self.generator.manual_seed(seed)

    def __iter__(self):
        return iter(torch.randperm(self.count, generator=self.generator).tolist())

    def __len__(self):
        return self.count


def make_loaders(images, labels, batch_size, val_fraction=0.1, seed=0):
    """Validation images are transformed once, now."""
    require_int(batch_size, "batch_size", 1)
    if images.shape[0] != len(labels):
        raise ValueError("lengths")
    train, val = make_splits(len(labels), val_fraction, seed)
    mean, std = (statistic.tolist() for statistic in channel_stats(images[train]))
    quiet = build_transform(False, mean, std)
    validation = TensorDataset(torch.stack([quiet(images[place]) for place in val]), labels[val])
    training = ImageDataset(images[train], labels[train], build_transform(True, mean, std))
    return (
        DataLoader(training, batch_size, sampler=Order(len(train), seed), drop_last=True),
        DataLoader(validation, batch_size),
    )


def layer_shapes(model, input_shape):
    """Pre-hooks know the order, hooks the shapes."""
    modes = [module.training for module in model.modules()]
    seen, handles = [], []
    for name, module in model.named_modules():
        if next(module.children(), None) is None:
            handles.append(
                module.register_forward_hook(functools.partial(_note, seen=seen, name=name), with_kwargs=False)
            )
    device = [p.device for p in model.parameters()][:1] or ["cpu"]
    model.eval()
    try:
        with torch.inference_mode():
            model(torch.zeros(input_shape, device=device[0])[None])
    finally:
        [handle.remove() for handle in handles]
        for module, mode in zip(model.modules(), modes):
            module.training = mode
    return seen


def _note(module, inputs, output, *, seen, name):
    seen.append((name, tuple(output.size())))


def count_parameters(model, trainable_only=False):
    """Each tensor once, by its identity."""
    once = {id(p): p for p in model.parameters()}
    return sum(p.numel() for p in once.values() if p.requires_grad >= trainable_only)


def windows(x, size):
    """Give (N, C, rows, columns, size, size)."""
    return x.unfold(2, size, 1).unfold(3, size, 1)


def halved(x):
    """Max pooling of 2 x 2, by reshape; a last row or column that is alone is left out."""
    rows, columns = x.shape[2] // 2, x.shape[3] // 2
    x = x[:, :, : 2 * rows, : 2 * columns]
    return x.reshape(*x.shape[:2], rows, 2, columns, 2).amax(dim=(3, 5))


class LeNetCIFAR(nn.Module):
    """The layers hold the weights; the convolution is a product of windows and weights."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, kernel_size=5)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.fc1 = nn.Linear(in_features=16 * 5 * 5, out_features=120)
        self.fc2 = nn.Linear(in_features=120, out_features=84)
        self.fc3 = nn.Linear(in_features=84, out_features=10)

    def forward(self, x):
        for layer in (self.conv1, self.conv2):
            if x.shape[1] != layer.in_channels:
                raise ValueError(f"{layer.in_channels} channels, please")
            x = torch.einsum("nchwij,ocij->nohw", windows(x, 5), layer.weight) + layer.bias[:, None, None]
            x = halved(F.relu(x))
        x = F.relu(F.linear(x.flatten(1), self.fc1.weight, self.fc1.bias))
        x = F.relu(F.linear(x, self.fc2.weight, self.fc2.bias))
        return F.linear(x, self.fc3.weight, self.fc3.bias)


class ConvBlock(nn.Module):
    """One convolution and one norm as modules, all else in forward."""

    def __init__(self, cin, cout, norm=True, pool=True, dropout=0.0):
        super().__init__()
        for number in (cin, cout):
            require_int(number, "channels", 1)
        if not 0 <= dropout < 1:
            raise ValueError("dropout")
        self.conv = nn.Conv2d(cin, cout, (3, 3), padding=(1, 1), bias=not norm)
        self.norm = nn.BatchNorm2d(cout) if norm else None
        self.pool, self.p = pool, dropout

    def forward(self, x):
        x = self.conv(x)
        x = x if self.norm is None else self.norm(x)
        x = x * (x > 0)
        x = halved(x) if self.pool else x
        if self.training and self.p > 0:
            keep = torch.empty_like(x).bernoulli_(1 - self.p)
            x = x * keep / (1 - self.p)
        return x


class Patchify(nn.Module):
    """A linear layer over patches that do not overlap."""

    def __init__(self, cin, cout, size):
        super().__init__()
        self.size, self.linear = size, nn.Linear(cin * size * size, cout)

    def forward(self, x):
        patches = F.unfold(x, self.size, stride=self.size).transpose(1, 2)
        rows, columns = x.shape[2] // self.size, x.shape[3] // self.size
        return self.linear(patches).transpose(1, 2).reshape(len(x), -1, rows, columns)


class SmallCNN(nn.Module):
    """Patches of 2 x 2, then blocks, a head with two layers."""

    def __init__(self, num_classes=10):
        super().__init__()
        self.patches = Patchify(3, 24, 2)
        self.blocks = nn.Sequential(ConvBlock(24, 48), ConvBlock(48, 64), ConvBlock(64, 64, pool=False))
        self.hidden, self.scores = nn.Linear(64 * 4, 48), nn.Linear(48, num_classes)

    def forward(self, x):
        x = self.blocks(F.gelu(self.patches(x)))
        x = F.adaptive_avg_pool2d(x, 2).flatten(start_dim=1)
        return self.scores(F.gelu(self.hidden(x)))


def train_one_epoch(model, loader, loss_fn, optimizer, device="cpu", scheduler=None):
    """Gradients by torch.autograd.grad, written where the optimizer looks for them."""
    model.train()
    total = count = 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        loss = loss_fn(model(x), y)
        value = loss.item()
        if value != value:
            raise FloatingPointError("NaN")
        learned = [p for p in model.parameters() if p.requires_grad]
        for p, gradient in zip(learned, torch.autograd.grad(loss, learned, allow_unused=True)):
            p.grad = gradient
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        total, count = total + value * len(x), count + len(x)
    if count == 0:
        raise ValueError("no sample")
    return total / count


def evaluate(model, loader, loss_fn, device="cpu", num_classes=10):
    """Count i * K + j."""
    modes = {module: module.training for module in model.modules()}
    losses, sizes, codes = [], [], []
    try:
        model.eval()
        with torch.inference_mode():
            for x, y in loader:
                x, y = x.to(device), y.to(device)
                logits = model(x)
                losses.append(loss_fn(logits, y).item())
                sizes.append(y.shape[0])
                codes.append((y * num_classes + logits.argmax(1)).cpu())
    finally:
        for module, mode in modes.items():
            module.training = mode
    if sum(sizes) == 0:
        raise ValueError("no sample")
    counts = torch.cat(codes).clone().bincount(minlength=num_classes * num_classes)
    confusion = counts.reshape(num_classes, num_classes)
    return float(np.average(losses, weights=sizes)), confusion.diagonal().sum().item() / sum(sizes), confusion


def fit(
    model, train_loader, val_loader, loss_fn, optimizer, epochs, patience=None, scheduler=None, device="cpu", seed=0
):
    """Rows of four numbers, turned at the end; the best weights are pickled bytes."""
    require_int(epochs, "epochs", 0)
    if patience is not None:
        require_int(patience, "patience", 1)
    torch.manual_seed(seed)
    model = model.to(device)
    rows, best, kept, waited = [], float("inf"), b"", 0
    while len(rows) < epochs and (patience is None or waited < patience):
        rate = optimizer.param_groups[0]["lr"]
        train_loss = train_one_epoch(model, train_loader, loss_fn, optimizer, device=device, scheduler=scheduler)
        val_loss, accuracy, _ = evaluate(model, val_loader, loss_fn, device=device)
        rows.append((train_loss, val_loss, accuracy, float(rate)))
        waited += 1
        if val_loss < best:
            best, waited = val_loss, 0
            kept = pickle.dumps({name: value.cpu().numpy() for name, value in model.state_dict().items()})
    if kept:
        state = {name: torch.as_tensor(value) for name, value in pickle.loads(kept).items()}
        model.load_state_dict(state)
    columns = [list(column) for column in zip(*rows)] or [[], [], [], []]
    return dict(zip(("train_loss", "val_loss", "val_accuracy", "lr"), columns))


def save_checkpoint(path, model, optimizer, epoch):
    """A folder beside the file, which goes away with all that is in it."""
    path = pathlib.Path(path)
    with tempfile.TemporaryDirectory(prefix=".", dir=path.parent) as folder:
        unfinished = pathlib.Path(folder, path.name)
        torch.save({"epoch": epoch, "optimizer": optimizer.state_dict(), "model": model.state_dict()}, unfinished)
        os.replace(unfinished, path)


def load_checkpoint(path, model, optimizer=None, device="cpu"):
    """Check the names before anything is changed."""
    checkpoint = torch.load(pathlib.Path(path), map_location=device, weights_only=True)
    own, new = model.state_dict(), checkpoint["model"]
    if own.keys() != new.keys() or any(own[name].shape != new[name].shape for name in own):
        raise RuntimeError("the checkpoint is of another model")
    model.load_state_dict(new)
    if optimizer is not None:
        optimizer.load_state_dict(checkpoint["optimizer"])
    return checkpoint["epoch"]


def predict(model, image, classes, device="cpu"):
    """log_softmax, then one power."""
    if image.ndim != 3 or image.size(0) != 3:
        raise ValueError("(3, H, W)")
    was = model.training
    with torch.no_grad():
        logits = model.eval()(image.to(device).unsqueeze(dim=0)).squeeze(0)
    model.train(was)
    logs = F.log_softmax(logits, dim=0).tolist()
    place = logs.index(max(logs))
    return classes[place], float(np.exp(logs[place]))


def freeze(model):
    """A frozen norm computes with its running statistics, whatever its mode is."""
    model.requires_grad_(False)
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            module.forward = functools.partial(_frozen_norm, module)
            module.eval()
    return model


def _frozen_norm(norm, x):
    return F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias, training=False, eps=norm.eps)


def replace_classifier(model, num_classes):
    """Set it by its full name."""
    require_int(num_classes, "num_classes", 1)
    linears = {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear) and name}
    if not linears:
        raise ValueError("no nn.Linear")
    name, old = list(linears.items())[-1]
    with torch.device(old.weight.device):
        new = nn.Linear(old.in_features, num_classes)
    model.set_submodule(name, new)
    return model


def fit_cifar(images, labels, seed, device="cpu", epochs=8):
    """RMSprop with label smoothing; the rate falls on a straight line."""
    torch.manual_seed(seed)
    model = SmallCNN()
    train, val = make_splits(len(labels), 0.1, seed)
    batches = DataLoader(
        ImageDataset(images[train], labels[train], build_transform(True, CIFAR_MEAN, CIFAR_STD)),
        batch_size=50,
        sampler=Order(len(train), seed),
    )
    quiet = build_transform(False, CIFAR_MEAN, CIFAR_STD)
    rest = DataLoader(TensorDataset(torch.stack([quiet(images[i]) for i in val]), labels[val]), batch_size=250)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1.5e-3)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, total_iters=max(1, epochs * len(batches)))
    loss_fn = nn.CrossEntropyLoss(label_smoothing=0.05)
    fit(model, batches, rest, loss_fn, optimizer, epochs, scheduler=scheduler, device=device, seed=seed)
    return model.cpu().eval()


def concept_check():
    """Answer."""
    answers = dict.fromkeys(("conv2d_flips_kernel", "frozen_in_optimizer"), False)
    answers |= dict(detector_task="a box", segmentation_output="each pixel", object_detection_output="boxes with classes")
    answers |= dict(cuda_without_gpu="raises an error", pretrained_flag="weights")
    answers["three_cnn_operations"] = {"convolution", "nonlinearity", "pooling"}
    answers["why_not_mlp"] = {"spatial structure is lost", "too many parameters"}
    answers["batchnorm_in_evaluation"] = "the running ones"
    return answers | {"statistics_from": "training", "select_on": "validation"}
