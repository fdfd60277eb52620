"""ModuleList with Kaiming-normal weights, torch.nn.functional and torch.func; gradients cleared after the step too."""

import math
from collections import OrderedDict

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def describe_tensor(t):
    if not isinstance(t, torch.Tensor):
        raise TypeError("t is not a tensor")
    return OrderedDict(
        [("shape", t.size()), ("dtype", str(t.dtype)), ("device", t.device.__str__()), ("layout", str(t.layout))]
    ).copy() | {}


def tensor_from_numpy(array, copy=True):
    if not isinstance(array, np.ndarray):
        raise TypeError("array is not an array")
    if copy:
        return torch.from_numpy(array.astype(array.dtype, copy=True))
    return torch.as_tensor(array)


def autograd_gradients(f, *xs):
    if not xs:
        return ()

    def scalar(*args):
        value = f(*args)
        if value.numel() != 1:
            raise ValueError("f must return one element")
        return value.view([])

    gradients = torch.func.grad(scalar, argnums=tuple(range(len(xs))))(*[x.detach() for x in xs])
    return tuple(gradients)


def to_device(obj, device):
    if isinstance(obj, str):
        return obj
    if isinstance(obj, (nn.Module, torch.Tensor)):
        obj = obj.to(device)
    elif isinstance(obj, dict):
        obj = dict((name, to_device(part, device)) for name, part in obj.items())
    elif isinstance(obj, (tuple, list)):
        parts = [to_device(part, device) for part in obj]
        obj = tuple(parts) if isinstance(obj, tuple) else parts
    return obj


def split_indices(n, splits, seed=13):
    require_int(n, "n", 1)
    t = torch.tensor(splits, dtype=torch.float64)
    if len(t) == 0 or not torch.isfinite(t).all() or (t < 0).any() or t.sum() == 0:
        raise ValueError("splits")
    sizes = (n * t / t.sum()).floor().long()
    sizes[0] = n - sizes[1:].sum()
    g = torch.Generator()
    g.manual_seed(seed)
    order = torch.rand(n, generator=g).argsort()
    return [p.tolist() for p in torch.split(order, sizes.tolist())]


class TransformedTensorDataset(Dataset):
    def __init__(self, x, y, transform=None):
        if len(x) != len(y):
            raise ValueError("x and y differ in length")
        self.x, self.y = x, y
        self.transform = transform or nn.Identity()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, index):
        return self.transform(self.x[index]), self.y[index]


class RandomHorizontalFlip(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, img):
        if torch.rand(1) < self.p:
            return img.flip(-1)
        return img


class Normalize(nn.Module):
    def __init__(self, mean, std):
        super().__init__()
        self.mean, self.std = mean, std

    def forward(self, img):
        return img.clone().sub_(self.mean).div_(self.std)


def build_transform(train):
    steps = [Normalize(0.5, 0.5)]
    if train:
        steps.insert(0, RandomHorizontalFlip())
    return nn.Sequential(*steps)


def class_weights(y):
    if y.numel() == 0:
        raise ValueError("y is empty")
    _, places = torch.unique(y.view(-1), return_inverse=True)
    return 1.0 / torch.bincount(places)


def sample_weights(y):
    weights = class_weights(y)
    _, places = torch.unique(y.view(-1), return_inverse=True)
    return torch.gather(weights, 0, places)


def make_balanced_sampler(y, seed=13):
    g = torch.Generator()
    g.manual_seed(seed)
    weights = sample_weights(y)
    return WeightedRandomSampler(weights, y.size(0), replacement=True, generator=g)


def make_loaders(train, val, batch_size, sampler=None):
    require_int(batch_size, "batch_size", 1)
    kwargs = {"batch_size": batch_size, "pin_memory": False, "num_workers": 0}
    train_loader = DataLoader(train, shuffle=True if sampler is None else None, sampler=sampler, drop_last=True, **kwargs)
    val_loader = DataLoader(val, shuffle=False, **kwargs)
    return train_loader, val_loader


class MLP(nn.Module):
    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu"):
        super(MLP, self).__init__()
        sizes = [in_features, *hidden, out_features]
        for s in sizes:
            require_int(s, "size", 1)
        if activation not in ("relu", "sigmoid", "tanh"):
            raise ValueError("activation")
        if not (dropout >= 0 and dropout < 1):
            raise ValueError("dropout")
        self.fcs = nn.ModuleList([nn.Linear(i, o) for i, o in zip(sizes[:-1], sizes[1:])])
        self.activation, self.dropout, self.in_features = activation, dropout, in_features
        for fc in self.fcs:
            nn.init.kaiming_normal_(fc.weight, nonlinearity=activation)
            nn.init.zeros_(fc.bias)

    def forward(self, x):
        x = x.view(-1, self.in_features)
        for fc in self.fcs[:-1]:
            x = fc(x)
            if self.activation == "relu":
                x = F.relu(x)
            elif self.activation == "sigmoid":
                x = F.sigmoid(x)
            else:
                x = F.tanh(x)
            x = F.dropout(x, p=self.dropout, training=self.training)
        return self.fcs[-1](x)


def manual_sgd_step(parameters, lr):
    if not lr > 0:
        raise ValueError("lr must be positive")
    with torch.no_grad():
        for p in parameters:
            if p.grad is not None:
                p.data.add_(p.grad, alpha=-lr)
                p.grad = None


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    xb, yb = batch
    xb, yb = xb.to(device), yb.to(device)
    optimizer.zero_grad()  # what somebody else left
    model.train()
    pred = model(xb)
    loss = loss_fn(pred, yb)
    if math.isnan(loss.item()):
        raise FloatingPointError("loss is NaN")
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


def evaluate(model, loader, loss_fn, device="cpu"):
    was_training = model.training
    model.eval()
    test_loss, correct, size = 0.0, 0.0, 0
    with torch.inference_mode():
        for X, y in loader:
            X, y = X.to(device), y.to(device)
            pred = model(X)
            test_loss += loss_fn(pred, y).item() * X.size(0)
            correct += (F.softmax(pred, dim=1).argmax(1) == y).type(torch.float).sum().item()
            size += X.size(0)
    if was_training:
        model.train()
    if size == 0:
        raise ValueError("no samples")
    test_loss /= size
    correct /= size
    return test_loss, correct


class EarlyStopping:
    def __init__(self, patience):
        self.patience, self.counter, self.best_loss, self.state = patience, 0, None, None

    def __call__(self, loss, model):
        """Note a loss, and say whether to stop."""
        if not math.isnan(loss) and (self.best_loss is None or loss < self.best_loss):
            self.best_loss, self.counter = loss, 0
            self.state = {name: value.cpu().clone() for name, value in model.state_dict().items()}
        else:
            self.counter += 1
        return self.patience is not None and self.counter >= self.patience


class Trainer:
    def __init__(self, model, loss_fn, optimizer, device="cpu"):
        self.model = model.to(device)
        self.loss_fn = loss_fn
        self.optimizer = optimizer
        self.device = device
        self.total_epochs = 0

    def fit(self, train, val, epochs, patience=None):
        require_int(epochs, "epochs", 0)
        if patience is not None:
            require_int(patience, "patience", 1)
        stopper = EarlyStopping(patience)
        history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        for epoch in range(1, epochs + 1):
            running_loss = 0.0
            for i, batch in enumerate(train, 1):
                running_loss += train_step(self.model, batch, self.loss_fn, self.optimizer, self.device)
            val_loss, val_accuracy = evaluate(self.model, val, self.loss_fn, self.device)
            history["train_loss"].append(running_loss / i)
            history["val_loss"].append(val_loss)
            history["val_accuracy"].append(val_accuracy)
            self.total_epochs += 1
            if stopper(val_loss, self.model):
                print(f"Early stopping after {epoch} epochs")
                break
        if stopper.state is not None:
            self.model.load_state_dict(stopper.state)
        return history


def collapse_linear_layers(model):
    W = None
    for layer in model.modules():
        if isinstance(layer, (nn.Sequential, nn.Flatten)):
            continue
        if not isinstance(layer, nn.Linear):
            raise ValueError("not linear")
        if layer.bias is not None:
            raise ValueError("a bias")
        # row vectors: F.linear multiplies by the transposed weight
        W = layer.weight.t() if W is None else F.linear(W, layer.weight)
    if W is None:
        raise ValueError("no linear layer")
    return W.t().detach().contiguous()


def build_mnist_model(seed):
    torch.manual_seed(seed)
    return MLP(784, [300], 10, dropout=0.2)


def fit_mnist(train, val, seed, device="cpu"):
    model = build_mnist_model(seed).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    loader = DataLoader(TransformedTensorDataset(*train), batch_size=64, shuffle=True)
    stopper = EarlyStopping(3)
    for epoch in range(6):
        model.train()
        for x, y in loader:
            x, y = x.to(device), y.to(device)
            loss = F.nll_loss(F.log_softmax(model(x), dim=1), y, reduction="sum") / len(y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        scheduler.step()
        with torch.no_grad():
            loss = F.cross_entropy(model.eval()(val[0].to(device)), val[1].to(device)).item()
        if stopper(loss, model):
            break
    model.load_state_dict(stopper.state)
    return model.cpu().eval()


def concept_check():
    return {
        "crossentropy_includes_softmax": True,
        "nllloss_expects": "log-probabilities",
        "tune_on": "validation",
        "test_set_use": "final only",
        "hyperparameters": {"learning rate", "batch size"},
        "underfitting_fix": "more capacity",
        "overfitting_fix": "more regularisation",
        "slow_learning_fix": "raise the learning rate",
        "unstable_fix": "lower the learning rate",
        "augment": "training",
        "minority_weight": "larger",
        "missing_zero_grad": "the sum of all gradients so far",
        "dynamic_graph": True,
    }
