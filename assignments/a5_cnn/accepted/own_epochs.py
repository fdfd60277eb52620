"""Own training and validation loops inside fit, inference_mode, Nesterov SGD, sums divided at the end, global pooling."""

import io
import os

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

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
    if not (prefer == "auto" or prefer == "cpu" or prefer == "cuda"):
        raise ValueError("prefer")
    cuda = torch.cuda.is_available()
    if prefer == "cuda" and not cuda:
        raise RuntimeError("cuda")
    return torch.device(["cpu", "cuda"][cuda and prefer in ("auto", "cuda")])


def channel_stats(images):
    if not images.dtype == torch.uint8:
        raise TypeError("images")
    n, *rest = images.shape
    if n == 0 or len(rest) != 3 or rest[2] != 3:
        raise ValueError("images")
    x = images.cpu().numpy().reshape(-1, 3)
    mean = x.mean(axis=0, dtype=np.float64) / 255
    std = x.std(axis=0, dtype=np.float64, ddof=0) / 255
    return torch.from_numpy(mean.astype(np.float32)), torch.from_numpy(std.astype(np.float32))


def build_transform(train, mean, std):
    mean = np.asarray(mean, dtype=np.float32)
    std = np.asarray(std, dtype=np.float32)
    if mean.shape != (3,) or std.shape != (3,) or not (std > 0).all():
        raise ValueError("mean, std")
    mean, std = torch.tensor(mean)[:, None, None], torch.tensor(std)[:, None, None]

    class Transform:
        def __call__(self, image):
            if image.dtype != torch.uint8:
                raise TypeError("image")
            if len(image.shape) != 3 or image.shape[-1] != 3:
                raise ValueError("image")
            if train:
                image = self.augmented(image)
            return image.permute(2, 0, 1).float().div_(255).sub_(mean).div_(std)

        def augmented(self, image):
            h, w, _ = image.shape
            # where each pixel of the window comes from; outside is black
            rows = torch.arange(h) + torch.randint(-4, 5, (1,))
            columns = torch.arange(w) + torch.randint(-4, 5, (1,))
            if torch.rand(1) < 0.5:
                columns = columns.flip(0)
            inside = ((rows >= 0) & (rows < h))[:, None] & ((columns >= 0) & (columns < w))[None]
            window = image[rows.clamp(0, h - 1)][:, columns.clamp(0, w - 1)]
            return window * inside[:, :, None]

    return Transform()


def make_splits(n, val_fraction, seed=0):
    require_int(n, "n", 2)
    if val_fraction >= 1 or not val_fraction > 0:
        raise ValueError("val_fraction")
    k = sorted((1, round(n * val_fraction), n - 1))[1]
    perm = np.random.RandomState(seed).permutation(n)
    return sorted(perm[k:].tolist()), sorted(perm[:k].tolist())


def make_loaders(images, labels, batch_size, val_fraction=0.1, seed=0):
    require_int(batch_size, "batch_size", 1)
    if len(labels) != len(images):
        raise ValueError("images, labels")
    train_idx, val_idx = make_splits(len(images), val_fraction, seed)
    x_train, y_train, x_val, y_val = images[train_idx], labels[train_idx], images[val_idx], labels[val_idx]
    mean, std = channel_stats(x_train)
    train_ds = ImageDataset(x_train, y_train, build_transform(True, mean.numpy(), std.numpy()))
    # validation images never change: they are prepared once
    prepare = build_transform(False, mean.numpy(), std.numpy())
    val_ds = TensorDataset(torch.stack([prepare(x) for x in x_val]), y_val)
    rng = torch.Generator()
    rng.manual_seed(seed)
    return (
        DataLoader(train_ds, batch_size, True, drop_last=True, generator=rng),
        DataLoader(val_ds, batch_size, False, drop_last=False),
    )


def layer_shapes(model, input_shape):
    out, hooks, modes = [], [], {}

    def make(name):
        def hook(_m, _i, o):
            out.append((name, tuple(o.shape)))

        return hook

    for name, m in model.named_modules():
        modes[name] = m.training
        if not list(m.children()):
            hooks.append(m.register_forward_hook(make(name)))
    params = list(model.parameters())
    dev = params[0].device if params else torch.device("cpu")
    try:
        model.eval()
        with torch.inference_mode():
            model(torch.full((1, *input_shape), 0.5, device=dev))
    finally:
        for h in hooks:
            h.remove()
        for name, m in model.named_modules():
            m.training = modes[name]
    return out


def count_parameters(model, trainable_only=False):
    vectors = [p.detach().reshape(-1) for p in model.parameters() if not trainable_only or p.requires_grad]
    return sum(map(len, vectors))


class LeNetCIFAR(nn.Module):
    def __init__(self):
        nn.Module.__init__(self)
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        n = x.size(0)
        x = self.pool(self.conv1(x)).clamp(min=0)  # max pooling and ReLU may change places
        x = self.pool(self.conv2(x)).clamp(min=0)
        x = x.reshape(n, 16 * 5 * 5)
        x = self.fc1(x).clamp(min=0)
        x = self.fc2(x).clamp(min=0)
        return self.fc3(x)


class ConvBlock(nn.Module):
    def __init__(self, cin, cout, norm=True, pool=True, dropout=0.0):
        super().__init__()
        require_int(cin, "cin", 1)
        require_int(cout, "cout", 1)
        if not 0 <= dropout < 1:
            raise ValueError("dropout")
        self.stack = nn.Sequential()
        self.stack.add_module("conv", nn.Conv2d(cin, cout, 3, padding=1, bias=False if norm else True))
        if norm:
            self.stack.add_module("bn", nn.BatchNorm2d(cout))
        self.stack.add_module("relu", nn.ReLU())
        if pool:
            self.stack.add_module("pool", nn.MaxPool2d(2, stride=2))
        if dropout != 0:
            self.stack.add_module("dropout", nn.Dropout(dropout))

    def forward(self, x):
        return self.stack(x)


class SmallCNN(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.c1 = nn.Conv2d(3, 24, 3, padding=1, bias=False)
        self.b1 = nn.BatchNorm2d(24)
        self.c2 = nn.Conv2d(24, 48, 3, padding=1, bias=False)
        self.b2 = nn.BatchNorm2d(48)
        self.c3 = nn.Conv2d(48, 96, 3, padding=1, bias=False)
        self.b3 = nn.BatchNorm2d(96)
        self.out = nn.Linear(96, num_classes)
        for m in (self.c1, self.c2, self.c3):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")

    def forward(self, x):
        x = nn.functional.max_pool2d(self.b1(self.c1(x)).relu(), 2)
        x = nn.functional.max_pool2d(self.b2(self.c2(x)).relu(), 2)
        x = self.b3(self.c3(x)).relu()
        return self.out(x.mean((2, 3)))


def train_one_epoch(model, loader, loss_fn, optimizer, device="cpu", scheduler=None):
    model.train()
    optimizer.zero_grad()
    running, seen = 0.0, 0
    for batch in loader:
        x, y = batch[0].to(device), batch[1].to(device)
        loss = loss_fn(model(x), y)
        if np.isnan(loss.item()):
            raise FloatingPointError("nan")
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)
        scheduler is None or scheduler.step()
        running += loss.item() * x.size(0)
        seen += x.size(0)
    if seen == 0:
        raise ValueError("empty")
    return running / seen


@torch.inference_mode()
def evaluate(model, loader, loss_fn, device="cpu", num_classes=10):
    mode = model.training
    model.train(False)
    cm = np.zeros((num_classes, num_classes), dtype=np.int64)
    running = seen = 0
    try:
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            z = model(x)
            running += float(loss_fn(z, y)) * len(x)
            seen += len(x)
            for t, p in zip(y, z.max(1).indices):
                cm[int(t)][int(p)] += 1
    finally:
        model.train(mode)
    if seen == 0:
        raise ValueError("empty")
    return running / seen, float(np.trace(cm) / cm.sum()), torch.tensor(cm)


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
    tl, vl, va, lrs = [], [], [], []
    best, snapshot, since = None, None, 0

    for _ in range(epochs):
        # train
        lrs.append(float(optimizer.param_groups[0]["lr"]))
        model.train()
        running, seen = 0.0, 0
        for x, y in train_loader:
            x, y = x.to(device), y.to(device)
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            if scheduler is not None:
                scheduler.step()
            running += loss.item() * len(y)
            seen += len(y)
        tl.append(running / seen)

        # validate
        model.eval()
        running, right, seen = 0.0, 0, 0
        with torch.inference_mode():
            for x, y in val_loader:
                x, y = x.to(device), y.to(device)
                z = model(x)
                running += loss_fn(z, y).item() * len(y)
                right += (z.argmax(1) == y).sum().item()
                seen += len(y)
        vl.append(running / seen)
        va.append(right / seen)

        # the best so far; nothing is below NaN, and NaN is below nothing
        if vl[-1] < (float("inf") if best is None else best):
            best, since = vl[-1], 0
            snapshot = {name: value.detach().clone() for name, value in model.state_dict().items()}
        else:
            since += 1
        if patience is not None and since == patience:
            break

    if snapshot is not None:
        with torch.no_grad():
            for name, value in model.state_dict().items():
                value.copy_(snapshot[name])
    return {"train_loss": tl, "val_loss": vl, "val_accuracy": va, "lr": lrs}


def save_checkpoint(path, model, optimizer, epoch):
    buffer = io.BytesIO()
    torch.save({"epoch": epoch, "optimizer": optimizer.state_dict(), "model": model.state_dict()}, buffer)
    folder, name = os.path.split(os.fspath(path))
    part = os.path.join(folder, f".{name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as f:
            f.write(buffer.getbuffer())
        os.replace(part, path)
    except BaseException:
        if os.path.lexists(part):
            os.remove(part)
        raise


def load_checkpoint(path, model, optimizer=None, device="cpu"):
    with open(path, "rb") as f:
        buffer = io.BytesIO(f.read())
    ckpt = torch.load(buffer, map_location=device, weights_only=True)
    model.load_state_dict(ckpt["model"])
    if optimizer:
        optimizer.load_state_dict(ckpt["optimizer"])
    return ckpt["epoch"]


@torch.inference_mode()
def predict(model, image, classes, device="cpu"):
    if image.shape[:1] != (3,) or image.ndim != 3:
        raise ValueError("image")
    mode = model.training
    model.eval()
    z = model(image[None].to(device)).cpu().double()[0]
    model.train(mode)
    p = (z - z.max()).exp()
    p = p / p.sum()
    k = p.argmax().item()
    return classes[k], p[k].item()


def freeze(model):
    def always_eval(bn):
        def train(mode=True):
            bn.training = False
            return bn

        return train

    for p in model.parameters():
        p.requires_grad = False
    for m in model.modules():
        if isinstance(m, torch.nn.modules.batchnorm._BatchNorm):
            m.train = always_eval(m)
            m.eval()
    return model


def replace_classifier(model, num_classes):
    require_int(num_classes, "num_classes", 1)

    def walk(parent, found):
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                found = (parent, name, child)
            found = walk(child, found)
        return found

    found = walk(model, None)
    if found is None:
        raise ValueError("no linear layer")
    parent, name, old = found
    parent.add_module(name, nn.Linear(old.in_features, num_classes, bias=True, device=old.weight.device))
    return model


def fit_cifar(images, labels, seed, device="cpu", epochs=8):
    torch.manual_seed(seed)
    model = SmallCNN().to(device)
    train_idx, val_idx = make_splits(len(labels), 0.1, seed)
    ds = ImageDataset(images[train_idx], labels[train_idx], build_transform(True, CIFAR_MEAN, CIFAR_STD))
    train_loader = DataLoader(ds, 50, shuffle=True)
    prepare = build_transform(False, CIFAR_MEAN, CIFAR_STD)
    x_val, y_val = torch.stack([prepare(x) for x in images[val_idx]]).to(device), labels[val_idx].to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    best, snapshot = float("inf"), None
    for epoch in range(epochs):
        for group in optimizer.param_groups:
            group["lr"] = 0.1 * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        model.train()
        for x, y in train_loader:
            x, y = x.to(device), y.to(device)
            loss = nn.functional.cross_entropy(model(x), y, reduction="sum") / len(y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        model.eval()
        with torch.no_grad():
            val_loss = nn.functional.cross_entropy(model(x_val), y_val).item()
        if val_loss < best:
            best = val_loss
            snapshot = {name: value.clone() for name, value in model.state_dict().items()}
    if snapshot is not None:
        model.load_state_dict(snapshot)
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
