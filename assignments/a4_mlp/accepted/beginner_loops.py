"""Loops, lists and no tricks."""

import copy
import math

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def describe_tensor(t):
    if isinstance(t, torch.Tensor) == False:
        raise TypeError("no tensor")
    result = {}
    result["shape"] = t.shape
    result["dtype"] = str(t.dtype)
    result["device"] = str(t.device)
    result["layout"] = str(t.layout)
    return result


def tensor_from_numpy(array, copy=True):
    if type(array) is not np.ndarray:
        raise TypeError("no array")
    if copy == True:
        return torch.from_numpy(array.copy())
    else:
        return torch.from_numpy(array)


def autograd_gradients(f, *xs):
    new = []
    for x in xs:
        new.append(torch.tensor(x.detach().numpy(), requires_grad=True))
    y = f(*new)
    if y.numel() > 1:
        raise ValueError("more than one element")
    y = y.sum()
    if y.requires_grad:
        y.backward()
    grads = []
    for x in new:
        if x.grad is None:
            grads.append(torch.zeros(x.shape, dtype=x.dtype))
        else:
            grads.append(x.grad)
    return tuple(grads)


def to_device(obj, device):
    if isinstance(obj, torch.Tensor):
        return obj.to(device)
    elif isinstance(obj, nn.Module):
        obj.to(device)
        return obj
    elif isinstance(obj, list):
        new = []
        for part in obj:
            new.append(to_device(part, device))
        return new
    elif isinstance(obj, tuple):
        new = ()
        for part in obj:
            new = new + (to_device(part, device),)
        return new
    elif isinstance(obj, dict):
        new = {}
        for key in obj:
            new[key] = to_device(obj[key], device)
        return new
    else:
        return obj


def split_indices(n, splits, seed=13):
    require_int(n, "n", 1)
    if len(splits) == 0:
        raise ValueError("no splits")
    total = 0
    for s in splits:
        if s < 0 or s != s or s == float("inf"):
            raise ValueError("bad split")
        total = total + s
    if total == 0:
        raise ValueError("all are 0")
    rng = np.random.default_rng(seed)
    numbers = [int(i) for i in rng.permutation(n)]
    sizes = []
    for s in splits:
        sizes.append(int(n * s / total))
    sizes[0] = sizes[0] + n - sum(sizes)
    parts = []
    start = 0
    for size in sizes:
        parts.append(sorted(numbers[start:start + size]))
        start = start + size
    return parts


class TransformedTensorDataset(Dataset):
    def __init__(self, x, y, transform=None):
        if x.shape[0] != y.shape[0]:
            raise ValueError("lengths differ")
        self.x = x
        self.y = y
        self.transform = transform

    def __len__(self):
        return self.y.shape[0]

    def __getitem__(self, i):
        sample = self.x[i]
        if self.transform is not None:
            sample = self.transform(sample)
        return sample, self.y[i]


def build_transform(train):
    def f(x):
        x = x * 2 - 1
        if train == True:
            if torch.rand(1).item() < 0.5:
                columns = []
                for c in range(x.shape[2] - 1, -1, -1):
                    columns.append(x[:, :, c])
                x = torch.stack(columns, dim=2)
        return x

    return f


def class_weights(y):
    labels = y.flatten().tolist()
    if len(labels) == 0:
        raise ValueError("empty")
    result = []
    for label in sorted(set(labels)):
        result.append(1 / labels.count(label))
    return torch.tensor(result)


def sample_weights(y):
    labels = y.flatten().tolist()
    weights = class_weights(y)
    classes = sorted(set(labels))
    result = torch.zeros(len(labels))
    for i in range(len(labels)):
        result[i] = weights[classes.index(labels[i])]
    return result


def make_balanced_sampler(y, seed=13):
    g = torch.Generator()
    g.manual_seed(seed)
    return WeightedRandomSampler(weights=sample_weights(y), num_samples=len(y), generator=g)


def make_loaders(train, val, batch_size, sampler=None):
    require_int(batch_size, "batch_size", 1)
    if sampler is None:
        train_loader = DataLoader(train, batch_size=batch_size, shuffle=True, drop_last=True)
    else:
        train_loader = DataLoader(train, batch_size=batch_size, sampler=sampler)
    val_loader = DataLoader(val, batch_size=batch_size)
    return train_loader, val_loader


class MLP(nn.Module):
    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu"):
        super().__init__()
        require_int(in_features, "in_features", 1)
        require_int(out_features, "out_features", 1)
        for h in hidden:
            require_int(h, "hidden", 1)
        if activation not in ["relu", "sigmoid", "tanh"]:
            raise ValueError("unknown activation")
        if dropout < 0 or dropout >= 1:
            raise ValueError("bad dropout")
        self.linears = nn.ModuleList()
        before = in_features
        for h in hidden:
            self.linears.append(nn.Linear(before, h))
            before = h
        self.last = nn.Linear(before, out_features)
        self.p = dropout
        self.activation = activation

    def forward(self, x):
        x = x.reshape(x.shape[0], -1)
        for linear in self.linears:
            x = linear(x)
            if self.activation == "relu":
                x = torch.relu(x)
            elif self.activation == "sigmoid":
                x = torch.sigmoid(x)
            else:
                x = torch.tanh(x)
            x = nn.functional.dropout(x, p=self.p, training=self.training)
        return self.last(x)


def manual_sgd_step(parameters, lr):
    if lr <= 0 or lr != lr:
        raise ValueError("lr")
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p -= lr * p.grad
                p.grad.zero_()


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    model.train()
    x = batch[0]
    y = batch[1]
    x = x.to(device)
    y = y.to(device)
    optimizer.zero_grad()
    output = model(x)
    loss = loss_fn(output, y)
    if torch.isnan(loss) == True:
        raise FloatingPointError("loss is nan")
    loss.backward()
    optimizer.step()
    return loss.item()


def evaluate(model, loader, loss_fn, device="cpu"):
    mode = model.training
    model.eval()
    total_loss = 0
    right = 0
    n = 0
    with torch.no_grad():
        for batch in loader:
            x = batch[0].to(device)
            y = batch[1].to(device)
            output = model(x)
            total_loss = total_loss + loss_fn(output, y).item() * x.shape[0]
            for i in range(x.shape[0]):
                if torch.argmax(output[i]) == y[i]:
                    right = right + 1
                n = n + 1
    if mode == True:
        model.train()
    else:
        model.eval()
    if n == 0:
        raise ValueError("no samples")
    loss = total_loss / n
    accuracy = right / n
    return loss, accuracy


class Trainer:
    def __init__(self, model, loss_fn, optimizer, device="cpu"):
        model.to(device)
        self.model = model
        self.loss_fn = loss_fn
        self.optimizer = optimizer
        self.device = device
        self.total_epochs = 0

    def fit(self, train, val, epochs, patience=None):
        require_int(epochs, "epochs", 0)
        if patience is not None:
            if patience < 1:
                raise ValueError("patience")
        history = {}
        history["train_loss"] = []
        history["val_loss"] = []
        history["val_accuracy"] = []
        best_loss = float("inf")
        best_model = None
        not_better = 0
        epoch = 0
        while epoch < epochs:
            epoch = epoch + 1
            total = 0
            number = 0
            for batch in train:
                total = total + train_step(self.model, batch, self.loss_fn, self.optimizer, self.device)
                number = number + 1
            val_loss, val_acc = evaluate(self.model, val, self.loss_fn, self.device)
            print("epoch", epoch, "train", total / number, "val", val_loss, "accuracy", val_acc)
            history["train_loss"].append(total / number)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(val_acc)
            self.total_epochs = self.total_epochs + 1
            if val_loss < best_loss:
                best_loss = val_loss
                best_model = copy.deepcopy(self.model.state_dict())
                not_better = 0
            else:
                not_better = not_better + 1
                if patience is not None:
                    if not_better == patience:
                        break
        if best_model is not None:
            self.model.load_state_dict(best_model)
        return history


def collapse_linear_layers(model):
    linears = []
    for layer in model:
        if isinstance(layer, nn.Linear):
            if layer.bias is not None:
                raise ValueError("bias")
            linears.append(layer)
        elif not isinstance(layer, nn.Flatten):
            raise ValueError("wrong layer")
    if len(linears) == 0:
        raise ValueError("no layer")
    W = linears[0].weight.detach()
    for i in range(1, len(linears)):
        W = torch.matmul(linears[i].weight.detach(), W)
    return W


def build_mnist_model(seed):
    torch.manual_seed(seed)
    model = MLP(784, [100, 50], 10)
    return model


def fit_mnist(train, val, seed, device="cpu"):
    model = build_mnist_model(seed)
    train_data = TransformedTensorDataset(train[0], train[1])
    val_data = TransformedTensorDataset(val[0], val[1])
    train_loader, val_loader = make_loaders(train_data, val_data, 64)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    trainer = Trainer(model, nn.CrossEntropyLoss(), optimizer, device)
    trainer.fit(train_loader, val_loader, 5)
    model.to("cpu")
    model.eval()
    return model


def concept_check():
    answers = {}
    answers["crossentropy_includes_softmax"] = True
    answers["nllloss_expects"] = "log-probabilities"
    answers["tune_on"] = "validation"
    answers["test_set_use"] = "final only"
    answers["hyperparameters"] = {"batch size", "learning rate"}
    answers["underfitting_fix"] = "more capacity"
    answers["overfitting_fix"] = "more regularisation"
    answers["slow_learning_fix"] = "raise the learning rate"
    answers["unstable_fix"] = "lower the learning rate"
    answers["augment"] = "training"
    answers["minority_weight"] = "larger"
    answers["missing_zero_grad"] = "the sum of all gradients so far"
    answers["dynamic_graph"] = True
    return answers
