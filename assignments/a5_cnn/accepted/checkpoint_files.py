"""The best weights in a file in the working folder, logs and a progress line, Inception-like branches, clipped SGD, plain functions."""

import copy
import logging
import os
import shutil
import sys
import time
import warnings

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, Dataset
from torch.utils.data.sampler import BatchSampler, RandomSampler

warnings.filterwarnings("ignore", category=UserWarning)
logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")

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


HYPERPARAMETERS = {"batch_size": 32, "lr": 0.04, "momentum": 0.9, "weight_decay": 2e-4, "clip": 5.0}


def get_device(prefer="auto"):
    assert_known = {"auto", "cpu", "cuda"}
    if not isinstance(prefer, str) or prefer not in assert_known:
        raise ValueError("prefer must be one of auto, cpu, cuda")
    if prefer == "cpu":
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda")
    if prefer == "auto":
        return torch.device("cpu")
    raise RuntimeError("CUDA was asked for, and there is none")


def channel_stats(images):
    """numpy's mean and std, in float64."""
    if images.dtype != torch.uint8:
        raise TypeError("images must be torch.uint8")
    if len(images.shape) != 4 or images.shape[3] != 3 or images.nelement() == 0:
        raise ValueError("images must be (N, H, W, 3)")
    scaled = images.numpy() / 255.0
    mean = scaled.mean(axis=(0, 1, 2))
    std = scaled.std(axis=(0, 1, 2))  # ddof is 0 in numpy
    return torch.from_numpy(mean).float(), torch.from_numpy(std).float()


def random_crop(x, border=4):
    channels, height, width = x.shape
    canvas = x.new_zeros(channels, height + 2 * border, width + 2 * border)
    canvas[:, border:-border, border:-border] = x
    i, j = torch.randint(0, 2 * border + 1, (2,))
    return canvas[:, i : i + height, j : j + width]


def random_flip(x):
    return torch.flip(x, [-1]) if torch.rand(1).item() < 0.5 else x


def build_transform(train, mean, std):
    if not (len(mean) == len(std) == 3):
        raise ValueError("one number for each channel")
    if not all(s > 0 for s in std):
        raise ValueError("std > 0")
    scale = torch.tensor([1 / (255 * float(s)) for s in std])[:, None, None]
    shift = torch.tensor([float(m) / float(s) for m, s in zip(mean, std)])[:, None, None]
    black = (0 - torch.tensor([float(m) for m in mean])) / torch.tensor([float(s) for s in std])

    def transform(image):
        if image.dtype != torch.uint8:
            raise TypeError("image must be torch.uint8")
        if image.dim() != 3 or image.size(-1) != 3:
            raise ValueError("image must be (H, W, 3)")
        x = image.permute(2, 0, 1).float() * scale - shift
        if train:
            # black is -mean/std by now: move it to 0, crop, and move back
            x = random_flip(random_crop(x - black[:, None, None])) + black[:, None, None]
        return x

    return transform


def make_splits(n, val_fraction, seed=0):
    require_int(n, "n", 2)
    if val_fraction <= 0.0 or val_fraction >= 1.0:
        raise ValueError("val_fraction is between 0 and 1")
    generator = np.random.default_rng(seed)
    wanted = min(n - 1, max(1, int(round(n * val_fraction))))
    val = generator.choice(n, size=wanted, replace=False)
    train = np.setdiff1d(np.arange(n), val)
    return [int(i) for i in train], [int(i) for i in val]


def make_loaders(images, labels, batch_size, val_fraction=0.1, seed=0):
    require_int(batch_size, "batch_size", 1)
    if len(images) != len(labels):
        raise ValueError("as many labels as images")
    train_idx, val_idx = make_splits(len(images), val_fraction, seed)
    train_images, train_labels = images[train_idx].clone(), labels[train_idx].clone()
    val_images, val_labels = images[val_idx].clone(), labels[val_idx].clone()
    mean, std = channel_stats(train_images)
    train_ds = ImageDataset(train_images, train_labels, build_transform(True, mean.tolist(), std.tolist()))
    val_ds = ImageDataset(val_images, val_labels, build_transform(False, mean.tolist(), std.tolist()))
    g = torch.Generator()
    g.manual_seed(seed)
    batches = BatchSampler(RandomSampler(train_ds, generator=g), batch_size=batch_size, drop_last=True)
    return DataLoader(train_ds, batch_sampler=batches), DataLoader(val_ds, batch_size=batch_size, drop_last=False)


def layer_shapes(model, input_shape):
    out = []
    hooks = []
    for name, module in model.named_modules():
        if len(list(module.children())) > 0:
            continue

        def hook(module, inputs, output, name=name):
            out.append((name, tuple(output.shape)))

        hooks.append(module.register_forward_hook(hook))
    states = [(m, m.training) for m in model.modules()]
    try:
        device = next(model.parameters()).device
    except StopIteration:
        device = torch.device("cpu")
    x = torch.rand(1, *input_shape, generator=torch.Generator().manual_seed(0)).to(device)
    try:
        for m, _ in states:
            m.training = False
        with torch.no_grad():
            model(x)
    finally:
        for h in hooks:
            h.remove()
        for m, t in states:
            m.training = t
    return out


def count_parameters(model, trainable_only=False):
    total = 0
    for p in model.parameters():
        if trainable_only and not p.requires_grad:
            continue
        total += p.numel()
    return total


class LeNetCIFAR(nn.Module):
    def __init__(self):
        super(LeNetCIFAR, self).__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = x.view(x.size(0), -1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = self.fc3(x)
        return x


class ConvBlock(nn.Module):
    def __init__(self, cin, cout, norm=True, pool=True, dropout=0.0):
        super(ConvBlock, self).__init__()
        require_int(cin, "cin", 1)
        require_int(cout, "cout", 1)
        if dropout < 0 or dropout >= 1:
            raise ValueError("dropout")
        self.conv = nn.Conv2d(cin, cout, 3, 1, 1, bias=not norm)
        self.bn = nn.BatchNorm2d(cout) if norm else nn.Identity()
        self.act = nn.ReLU(True)
        self.pool = nn.MaxPool2d(2) if pool else nn.Identity()
        self.drop = nn.Dropout(dropout)

    def forward(self, x):
        return self.drop(self.pool(self.act(self.bn(self.conv(x)))))


class Branches(nn.Module):
    """Three kernels side by side, put together by their channels."""

    def __init__(self, cin, cout):
        super().__init__()
        quarter = cout // 4
        self.one = nn.Conv2d(cin, quarter, 1)
        self.three = nn.Conv2d(cin, 2 * quarter, 3, padding=1)
        self.five = nn.Sequential(nn.Conv2d(cin, quarter, 1), nn.ELU(), nn.Conv2d(quarter, quarter, 5, padding=2, groups=2))
        self.bn = nn.BatchNorm2d(4 * quarter)

    def forward(self, x):
        return F.elu(self.bn(torch.cat([self.one(x), self.three(x), self.five(x)], dim=1)))


class SmallCNN(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.net = nn.Sequential(
            ConvBlock(3, 24),
            Branches(24, 48),
            nn.MaxPool2d(2),
            Branches(48, 80),
            nn.AdaptiveMaxPool2d(4),
            nn.Flatten(),
            nn.Dropout(0.2),
        )
        self.fc = nn.Linear(80 * 4 * 4, num_classes)
        nn.init.normal_(self.fc.weight, std=0.01)
        nn.init.constant_(self.fc.bias, 0)

    def forward(self, x):
        return self.fc(self.net(x))


def train_one_epoch(model, loader, loss_fn, optimizer, device="cpu", scheduler=None):
    model.train()
    running_loss, seen, started = 0.0, 0, time.time()
    optimizer.zero_grad()
    for step, (inputs, targets) in enumerate(loader):
        inputs, targets = inputs.to(device), targets.to(device)
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = loss_fn(outputs, targets)
        if np.isnan(loss.item()):
            raise FloatingPointError(f"NaN in step {step}")
        loss.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        running_loss += loss.item() * inputs.size(0)
        seen += inputs.size(0)
        print(f"\rstep {step}: {running_loss / seen:.3f}, {time.time() - started:.1f} s", end="", file=sys.stderr)
    if seen == 0:
        raise ValueError("no batches")
    return running_loss / seen


def evaluate(model, loader, loss_fn, device="cpu", num_classes=10):
    was_training = model.training
    model.eval()
    confusion = np.zeros((num_classes, num_classes), dtype=np.int64)
    running_loss, seen = 0.0, 0
    with torch.no_grad():
        for inputs, targets in loader:
            inputs, targets = inputs.to(device), targets.to(device)
            outputs = model(inputs)
            running_loss += loss_fn(outputs, targets).item() * targets.size(0)
            seen += targets.size(0)
            _, predicted = torch.max(outputs.data, 1)
            np.add.at(confusion, (targets.cpu().numpy(), predicted.cpu().numpy()), 1)
    if was_training:
        model.train()
    if seen == 0:
        raise ValueError("no batches")
    return running_loss / seen, float(np.diag(confusion).sum()) / seen, torch.from_numpy(confusion)


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, patience=None, scheduler=None, device="cpu", seed=0):
    require_int(epochs, "epochs", 0)
    if patience is not None:
        require_int(patience, "patience", 1)
    torch.manual_seed(seed)
    model = model.to(device)
    history = {"train_loss": [], "val_loss": [], "val_accuracy": [], "lr": []}
    best_loss, bad_epochs = float("inf"), 0
    best_file = f"best_model_{os.getpid()}.pt"
    saved = False
    for epoch in range(epochs):
        history["lr"].append(float([group["lr"] for group in optimizer.param_groups][0]))
        train_loss = train_one_epoch(model, train_loader, loss_fn, optimizer, device, scheduler)
        val_loss, val_acc, _ = evaluate(model, val_loader, loss_fn, device)
        history["train_loss"].append(train_loss)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_acc)
        logging.info("epoch %d: %.4f %.4f %.1f %%", epoch + 1, train_loss, val_loss, 100 * val_acc)
        if val_loss < best_loss:
            best_loss, bad_epochs, saved = val_loss, 0, True
            torch.save(model.state_dict(), best_file)
        else:
            bad_epochs += 1
            if patience and bad_epochs >= patience:
                logging.info("early stopping")
                break
    if saved:
        model.load_state_dict(torch.load(best_file, map_location=device))
        os.remove(best_file)
    return history


def save_checkpoint(path, model, optimizer, epoch):
    temporary = str(path) + ".tmp"
    try:
        torch.save(
            {
                "epoch": epoch,
                "model": copy.deepcopy(model.state_dict()),
                "optimizer": copy.deepcopy(optimizer.state_dict()),
            },
            temporary,
        )
        shutil.move(temporary, str(path))
    except BaseException:
        if os.path.isfile(temporary):
            os.remove(temporary)
        raise


def load_checkpoint(path, model, optimizer=None, device="cpu"):
    if not os.path.isfile(path):
        raise FileNotFoundError(path)
    checkpoint = torch.load(path, map_location=device, weights_only=True)
    model.load_state_dict(checkpoint["model"])
    if optimizer is not None:
        optimizer.load_state_dict(checkpoint["optimizer"])
    return checkpoint["epoch"]


def predict(model, image, classes, device="cpu"):
    if image.dim() != 3 or image.shape[0] != 3:
        raise ValueError("one image, (3, H, W)")
    was_training = model.training
    model.eval()
    with torch.no_grad():
        outputs = model(image.unsqueeze(0).to(device))
        probabilities = F.softmax(outputs, dim=1).cpu().numpy()[0]
    model.train(was_training)
    best = int(np.argmax(probabilities))
    return classes[best], float(probabilities[best])


def freeze(model):
    for param in model.parameters():
        param.requires_grad = False

    def keep_eval(module, inputs):
        module.training = False

    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            module.training = False
            module.register_forward_pre_hook(keep_eval)
    return model


def replace_classifier(model, num_classes):
    require_int(num_classes, "num_classes", 1)
    parent, attribute = None, None
    stack = [model]
    while stack:  # depth first, children in their order: the last pair found is the last in named_modules
        holder = stack.pop()
        if isinstance(holder, tuple):
            parent, attribute = holder
            continue
        for name, child in reversed(list(holder.named_children())):
            stack.append(child)
            if isinstance(child, nn.Linear):
                stack.append((holder, name))
    if parent is None:
        raise ValueError("no nn.Linear in the model")
    old = getattr(parent, attribute)
    setattr(parent, attribute, nn.Linear(old.in_features, num_classes).to(old.weight.device))
    return model


class ClippedSGD(optim.SGD):
    """SGD whose gradients are no longer than `clip`, all together."""

    def __init__(self, params, clip, **settings):
        self.clip = clip
        super().__init__(params, **settings)

    def step(self, closure=None):
        for group in self.param_groups:
            nn.utils.clip_grad_norm_(group["params"], self.clip)
        return super().step(closure)


def fit_cifar(images, labels, seed, device="cpu", epochs=8):
    torch.manual_seed(seed)
    np.random.seed(seed)
    model = SmallCNN(num_classes=10)
    train_idx, val_idx = make_splits(len(images), 0.1, seed)
    train_ds = ImageDataset(images[train_idx], labels[train_idx], build_transform(True, CIFAR_MEAN, CIFAR_STD))
    val_ds = ImageDataset(images[val_idx], labels[val_idx], build_transform(False, CIFAR_MEAN, CIFAR_STD))
    train_loader = DataLoader(train_ds, batch_size=HYPERPARAMETERS["batch_size"], shuffle=True)
    val_loader = DataLoader(val_ds, batch_size=100)
    optimizer = ClippedSGD(
        model.parameters(),
        clip=HYPERPARAMETERS["clip"],
        lr=HYPERPARAMETERS["lr"],
        momentum=HYPERPARAMETERS["momentum"],
        weight_decay=HYPERPARAMETERS["weight_decay"],
    )
    scheduler = optim.lr_scheduler.PolynomialLR(optimizer, total_iters=max(1, epochs * len(train_loader)), power=1.0)
    fit(model, train_loader, val_loader, nn.CrossEntropyLoss(), optimizer, epochs, None, scheduler, device, seed)
    model.cpu()
    model.eval()
    return model


def concept_check():
    answers = {}
    answers["detector_task"] = "a box"
    answers["segmentation_output"] = "each pixel"
    answers["object_detection_output"] = "boxes with classes"
    answers["cuda_without_gpu"] = "raises an error"
    answers["conv2d_flips_kernel"] = False
    answers["pretrained_flag"] = "weights"
    answers["three_cnn_operations"] = {"convolution", "nonlinearity", "pooling"}
    answers["why_not_mlp"] = {"spatial structure is lost", "too many parameters"}
    answers["batchnorm_in_evaluation"] = "the running ones"
    answers["statistics_from"] = "training"
    answers["select_on"] = "validation"
    answers["frozen_in_optimizer"] = False
    return answers
