"""Loops, lists and no tricks: a network without batch norm, SGD, confusion counted one by one."""

import copy
import math
import os
import random

import numpy as np
import torch
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
    if prefer == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        else:
            return torch.device("cpu")
    elif prefer == "cuda":
        if torch.cuda.is_available() == False:
            raise RuntimeError("no GPU")
        return torch.device("cuda")
    elif prefer == "cpu":
        return torch.device("cpu")
    else:
        raise ValueError("unknown device")


def channel_stats(images):
    if images.dtype != torch.uint8:
        raise TypeError("not uint8")
    if len(images.shape) != 4:
        raise ValueError("not 4 axes")
    if images.shape[3] != 3:
        raise ValueError("not 3 channels")
    if images.shape[0] == 0:
        raise ValueError("no image")
    means = []
    stds = []
    for c in range(3):
        channel = images[:, :, :, c].double() / 255
        mean = channel.sum() / channel.numel()
        variance = ((channel - mean) ** 2).sum() / channel.numel()
        means.append(mean.item())
        stds.append(math.sqrt(variance.item()))
    return torch.tensor(means), torch.tensor(stds)


def build_transform(train, mean, std):
    if len(mean) != 3 or len(std) != 3:
        raise ValueError("three numbers")
    for s in std:
        if s <= 0:
            raise ValueError("std must be above 0")

    def transform(image):
        if image.dtype != torch.uint8:
            raise TypeError("not uint8")
        if len(image.shape) != 3 or image.shape[2] != 3:
            raise ValueError("not (H, W, 3)")
        height = image.shape[0]
        width = image.shape[1]
        if train == True:
            big = torch.zeros(height + 8, width + 8, 3, dtype=torch.uint8)
            big[4 : 4 + height, 4 : 4 + width, :] = image
            top = torch.randint(0, 9, (1,)).item()
            left = torch.randint(0, 9, (1,)).item()
            image = big[top : top + height, left : left + width, :]
            if torch.rand(1).item() > 0.5:
                image = torch.flip(image, [1])
        result = torch.zeros(3, height, width)
        for c in range(3):
            result[c] = (image[:, :, c] / 255 - mean[c]) / std[c]
        return result

    return transform


def make_splits(n, val_fraction, seed=0):
    require_int(n, "n", 2)
    if val_fraction <= 0 or val_fraction >= 1 or math.isnan(val_fraction):
        raise ValueError("val_fraction")
    numbers = []
    for i in range(n):
        numbers.append(i)
    random.Random(seed).shuffle(numbers)
    count = int(n * val_fraction + 0.5)
    if count < 1:
        count = 1
    if count > n - 1:
        count = n - 1
    val = []
    train = []
    for i in range(n):
        if i < count:
            val.append(numbers[i])
        else:
            train.append(numbers[i])
    return train, val


def make_loaders(images, labels, batch_size, val_fraction=0.1, seed=0):
    require_int(batch_size, "batch_size", 1)
    if len(images) != len(labels):
        raise ValueError("different lengths")
    train_numbers, val_numbers = make_splits(len(images), val_fraction, seed)
    mean, std = channel_stats(images[train_numbers])
    train_transform = build_transform(True, mean, std)
    val_transform = build_transform(False, mean, std)
    train_dataset = ImageDataset(images[train_numbers], labels[train_numbers], train_transform)
    val_dataset = ImageDataset(images[val_numbers], labels[val_numbers], val_transform)
    g = torch.Generator()
    g.manual_seed(seed)
    train_loader = DataLoader(train_dataset, batch_size=batch_size, shuffle=True, drop_last=True, generator=g)
    val_loader = DataLoader(val_dataset, batch_size=batch_size, shuffle=False, drop_last=False)
    return train_loader, val_loader


def layer_shapes(model, input_shape):
    result = []
    handles = []
    old_modes = []
    for name, module in model.named_modules():
        old_modes.append(module.training)
        if len(list(module.children())) == 0:

            def hook(module, inputs, output, name=name):
                result.append((name, tuple(output.shape)))

            handles.append(module.register_forward_hook(hook))
    device = "cpu"
    for p in model.parameters():
        device = p.device
    shape = [1]
    for s in input_shape:
        shape.append(s)
    x = torch.zeros(shape).to(device)
    model.eval()
    try:
        with torch.no_grad():
            model(x)
    finally:
        for handle in handles:
            handle.remove()
        i = 0
        for module in model.modules():
            module.training = old_modes[i]
            i = i + 1
    return result


def count_parameters(model, trainable_only=False):
    count = 0
    for p in model.parameters():
        if trainable_only == True and p.requires_grad == False:
            continue
        n = 1
        for s in p.shape:
            n = n * s
        count = count + n
    return count


class LeNetCIFAR(nn.Module):
    def __init__(self):
        super(LeNetCIFAR, self).__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.conv1(x)
        x = self.relu(x)
        x = self.pool(x)
        x = self.conv2(x)
        x = self.relu(x)
        x = self.pool(x)
        if x.shape[1:] != (16, 5, 5):
            raise ValueError("wrong size of the images")
        x = x.view(x.shape[0], 400)
        x = self.fc1(x)
        x = self.relu(x)
        x = self.fc2(x)
        x = self.relu(x)
        x = self.fc3(x)
        return x


class ConvBlock(nn.Module):
    def __init__(self, cin, cout, norm=True, pool=True, dropout=0.0):
        super(ConvBlock, self).__init__()
        require_int(cin, "cin", 1)
        require_int(cout, "cout", 1)
        if dropout < 0 or dropout >= 1 or dropout != dropout:
            raise ValueError("dropout")
        if norm == True:
            self.conv = nn.Conv2d(cin, cout, 3, 1, 1, bias=False)
            self.norm = nn.BatchNorm2d(cout)
        else:
            self.conv = nn.Conv2d(cin, cout, 3, 1, 1, bias=True)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(2, 2)
        self.drop = nn.Dropout(dropout)
        self.has_norm = norm
        self.has_pool = pool

    def forward(self, x):
        x = self.conv(x)
        if self.has_norm == True:
            x = self.norm(x)
        x = self.relu(x)
        if self.has_pool == True:
            x = self.maxpool(x)
        x = self.drop(x)
        return x


class SmallCNN(nn.Module):
    def __init__(self, num_classes=10):
        super(SmallCNN, self).__init__()
        self.conv1 = nn.Conv2d(3, 24, 3, padding=1)
        self.conv2 = nn.Conv2d(24, 48, 3, padding=1)
        self.conv3 = nn.Conv2d(48, 64, 3, padding=1)
        self.pool = nn.MaxPool2d(2, 2)
        self.relu = nn.ReLU()
        self.fc1 = nn.Linear(64 * 4 * 4, 48)
        self.fc2 = nn.Linear(48, num_classes)

    def forward(self, x):
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x)))
        x = self.pool(self.relu(self.conv3(x)))
        x = x.reshape(x.shape[0], -1)
        x = self.relu(self.fc1(x))
        x = self.fc2(x)
        return x


def train_one_epoch(model, loader, loss_fn, optimizer, device="cpu", scheduler=None):
    model.train()
    sum_of_losses = 0
    number_of_samples = 0
    for images, labels in loader:
        images = images.to(device)
        labels = labels.to(device)
        outputs = model(images)
        loss = loss_fn(outputs, labels)
        if math.isnan(float(loss)):
            raise FloatingPointError("the loss is NaN")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        sum_of_losses = sum_of_losses + float(loss) * len(images)
        number_of_samples = number_of_samples + len(images)
    if number_of_samples == 0:
        raise ValueError("no samples")
    return sum_of_losses / number_of_samples


def evaluate(model, loader, loss_fn, device="cpu", num_classes=10):
    old_mode = model.training
    model.eval()
    confusion = torch.zeros((num_classes, num_classes), dtype=torch.int64)
    sum_of_losses = 0
    right = 0
    number_of_samples = 0
    with torch.no_grad():
        for images, labels in loader:
            images = images.to(device)
            labels = labels.to(device)
            outputs = model(images)
            loss = loss_fn(outputs, labels)
            sum_of_losses = sum_of_losses + float(loss) * len(images)
            predictions = torch.argmax(outputs, dim=1)
            for i in range(len(labels)):
                true = labels[i].item()
                predicted = predictions[i].item()
                confusion[true, predicted] += 1
                if true == predicted:
                    right = right + 1
                number_of_samples = number_of_samples + 1
    if old_mode == True:
        model.train()
    else:
        model.eval()
    if number_of_samples == 0:
        raise ValueError("no samples")
    return sum_of_losses / number_of_samples, right / number_of_samples, confusion


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
    model = model.to(device)
    train_losses = []
    val_losses = []
    val_accuracies = []
    lrs = []
    best_loss = float("inf")
    best_weights = None
    epochs_without_progress = 0
    for epoch in range(epochs):
        lrs.append(optimizer.param_groups[0]["lr"])
        train_loss = train_one_epoch(model, train_loader, loss_fn, optimizer, device, scheduler)
        val_loss, val_accuracy, confusion = evaluate(model, val_loader, loss_fn, device)
        train_losses.append(train_loss)
        val_losses.append(val_loss)
        val_accuracies.append(val_accuracy)
        print("epoch", epoch, "train loss", train_loss, "val loss", val_loss)
        if val_loss < best_loss:
            best_loss = val_loss
            best_weights = copy.deepcopy(model.state_dict())
            epochs_without_progress = 0
        else:
            epochs_without_progress = epochs_without_progress + 1
        if patience is not None:
            if epochs_without_progress >= patience:
                break
    if best_weights is not None:
        model.load_state_dict(best_weights)
    history = {}
    history["train_loss"] = train_losses
    history["val_loss"] = val_losses
    history["val_accuracy"] = val_accuracies
    history["lr"] = lrs
    return history


def save_checkpoint(path, model, optimizer, epoch):
    checkpoint = {}
    checkpoint["model"] = model.state_dict()
    checkpoint["optimizer"] = optimizer.state_dict()
    checkpoint["epoch"] = epoch
    temporary = str(path) + ".new"
    try:
        torch.save(checkpoint, temporary)
        os.rename(temporary, path)
    except:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise


def load_checkpoint(path, model, optimizer=None, device="cpu"):
    if os.path.exists(path) == False:
        raise FileNotFoundError("no such file")
    checkpoint = torch.load(path, map_location=device, weights_only=True)
    model.load_state_dict(checkpoint["model"])
    if optimizer is not None:
        optimizer.load_state_dict(checkpoint["optimizer"])
    return checkpoint["epoch"]


def predict(model, image, classes, device="cpu"):
    if len(image.shape) != 3:
        raise ValueError("not three axes")
    if image.shape[0] != 3:
        raise ValueError("not three channels")
    old_mode = model.training
    model.eval()
    with torch.no_grad():
        batch = image.unsqueeze(0).to(device)
        outputs = model(batch)
        probabilities = torch.softmax(outputs, dim=1)[0]
    if old_mode == True:
        model.train()
    best = 0
    for k in range(len(probabilities)):
        if probabilities[k] > probabilities[best]:
            best = k
    return classes[best], probabilities[best].item()


def freeze(model):
    def do_not_train(mode=True):
        return None

    for p in model.parameters():
        p.requires_grad = False
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d) or isinstance(module, nn.BatchNorm2d) or isinstance(module, nn.BatchNorm3d):
            module.eval()
            module.train = do_not_train
    return model


def replace_classifier(model, num_classes):
    require_int(num_classes, "num_classes", 1)
    last_parent = None
    last_name = None
    for parent in model.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                candidate = child
                # the order of named_modules decides which is the last one
                order = list(model.modules())
                if last_parent is None or place_of(candidate, order) > place_of(getattr(last_parent, last_name), order):
                    last_parent = parent
                    last_name = name
    if last_parent is None:
        raise ValueError("no linear layer")
    old = getattr(last_parent, last_name)
    new = nn.Linear(old.in_features, num_classes)
    new = new.to(old.weight.device)
    setattr(last_parent, last_name, new)
    return model


def place_of(module, modules):
    for i in range(len(modules)):
        if modules[i] is module:
            return i


def fit_cifar(images, labels, seed, device="cpu", epochs=8):
    torch.manual_seed(seed)
    model = SmallCNN()
    train_numbers, val_numbers = make_splits(len(labels), 0.1, seed)
    train_set = ImageDataset(images[train_numbers], labels[train_numbers], build_transform(True, CIFAR_MEAN, CIFAR_STD))
    val_set = ImageDataset(images[val_numbers], labels[val_numbers], build_transform(False, CIFAR_MEAN, CIFAR_STD))
    train_loader = DataLoader(train_set, batch_size=32, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=100)
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    steps = epochs * len(train_loader)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=max(1, steps * 2 // 3), gamma=0.2)
    fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, scheduler=scheduler, device=device, seed=seed)
    model.to("cpu")
    model.eval()
    return model


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
