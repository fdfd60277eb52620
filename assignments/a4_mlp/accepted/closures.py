"""Steps by closures, the best weights in a file, results with names, pinned memory, averaged weights, prints and warnings."""

import collections
import contextlib
import math
import os
import tempfile
import warnings
from fractions import Fraction

import numpy as np
import torch
import torch.nn as nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

Sample = collections.namedtuple("Sample", "x y")
Result = collections.namedtuple("Result", "loss accuracy")
Loaders = collections.namedtuple("Loaders", "train val")

NONLINEAR = {"relu": torch.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh}


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def describe_tensor(t):
    """A shape is a torch.Size, which is a tuple."""
    if type(t) is not torch.Tensor and not isinstance(t, torch.Tensor):
        raise TypeError(f"{t!r} is not a tensor")
    return collections.OrderedDict(shape=t.size(), dtype=f"{t.dtype}", device=f"{t.device}", layout=f"{t.layout}")


def tensor_from_numpy(array, copy=True):
    """Share the memory of the array, or of a copy of it."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{type(array)} is not numpy's")
    return torch.as_tensor(array.copy() if copy else array)


def autograd_gradients(f, *xs):
    """One leaf for all: a flat vector, of which each x is a part."""
    with torch.enable_grad():
        flat = torch.cat([x.detach().reshape(-1) for x in xs]).requires_grad_()
        parts = [part.view_as(x) for part, x in zip(flat.split([x.numel() for x in xs]), xs)]
        value = f(*parts)
        if value.numel() > 1:
            raise ValueError("f gives one element")
        if value.grad_fn is None:
            return tuple(torch.zeros_like(x) for x in xs)
        (gradient,) = torch.autograd.grad(value.sum(), flat)
    return tuple(part.reshape(x.shape).clone() for part, x in zip(gradient.split([x.numel() for x in xs]), xs))


def to_device(obj, device):
    """Ask for permission: what has `to` is moved, what has items is walked through."""
    device = torch.device(device)
    if isinstance(obj, (torch.Tensor, nn.Module)):
        return obj.to(device=device, non_blocking=True) if isinstance(obj, torch.Tensor) else obj.to(device=device)
    if isinstance(obj, dict):
        return dict(zip(obj, map(lambda value: to_device(value, device), obj.values())))
    for kind in (list, tuple):
        if isinstance(obj, kind):
            return kind(to_device(part, device) for part in obj)
    return obj


def split_indices(n, splits, seed=13):
    """Exact fractions of what was written, 0.1 as one tenth."""
    require_int(n, "n", 1)
    if len(splits) == 0 or any(not math.isfinite(share) or share < 0 for share in splits) or not any(splits):
        raise ValueError("splits")
    shares = [Fraction(str(share)) for share in splits]
    sizes = [math.floor(n * share / sum(shares)) for share in shares]
    sizes[0] = n - sum(sizes[1:])
    numbers = list(range(n))
    np.random.default_rng(seed).shuffle(numbers)
    stream = iter(numbers)
    return [[next(stream) for _ in range(size)] for size in sizes]


class TransformedTensorDataset(Dataset):
    """Pairs with names; negative indices and slices work as those of tensors do."""

    def __init__(self, x, y, transform=None):
        if x.shape[0] != y.shape[0]:
            raise ValueError(f"{x.shape[0]} samples, {y.shape[0]} labels")
        self.x = x
        self.y = y
        self.transform = transform or (lambda sample: sample)

    def __len__(self):
        return self.y.shape[0]

    def __getitem__(self, index):
        return Sample(x=self.transform(self.x[index]), y=self.y[index])


def build_transform(train):
    """A function inside of a function."""

    def normalise(image):
        return image.sub(0.5).div(0.5)

    def flip_and_normalise(image):
        flipped = torch.fliplr(image.movedim(0, -1)).movedim(-1, 0) if torch.randint(2, (1,)).item() else image
        return normalise(flipped)

    return flip_and_normalise if train else normalise


def _counted(y):
    labels = [int(label) for label in y.flatten()]
    if not labels:
        raise ValueError("no labels")
    return labels, collections.Counter(labels)


def class_weights(y):
    """Count with a Counter."""
    _, counts = _counted(y)
    return torch.tensor([1.0 / counts[label] for label in sorted(counts)], dtype=torch.float32)


def sample_weights(y):
    """A dict from labels to weights."""
    labels, counts = _counted(y)
    weight_of = dict(zip(sorted(counts), class_weights(y).tolist()))
    return torch.tensor([weight_of[label] for label in labels])


def make_balanced_sampler(y, seed=13):
    """A generator for the sampler alone."""
    weights = sample_weights(y).double()
    generator = torch.Generator(device="cpu")
    generator.manual_seed(seed)
    return WeightedRandomSampler(weights=weights, num_samples=weights.numel(), replacement=True, generator=generator)


def make_loaders(train, val, batch_size, sampler=None):
    """Pinned memory is of use with a GPU alone, and only warns elsewhere."""
    require_int(batch_size, "batch_size", 1)
    order = {"sampler": sampler} if sampler is not None else {"shuffle": True}
    common = dict(batch_size=batch_size, pin_memory=True, num_workers=0, drop_last=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Loaders(DataLoader(train, **order, **common), DataLoader(val, **common))


class MLP(nn.Sequential):
    """A Sequential whose names say what a layer does."""

    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu"):
        super().__init__()
        if activation not in NONLINEAR:
            raise ValueError(activation)
        if dropout < 0 or dropout >= 1:
            raise ValueError("dropout")
        self.activation, self.p = NONLINEAR[activation], dropout
        widths = [in_features] + list(hidden) + [out_features]
        for width in widths:
            require_int(width, "width", 1)
        for place, (before, after) in enumerate(zip(widths, widths[1:])):
            self.append(nn.Linear(before, after))

    def forward(self, x):
        x = x.flatten(start_dim=1)
        for place, layer in enumerate(self):
            if place > 0:
                x = nn.functional.dropout(self.activation(x), p=self.p, training=self.training)
            x = layer(x)
        return x


def manual_sgd_step(parameters, lr):
    """Through addcmul's cousin, in place."""
    if lr <= 0 or lr != lr:
        raise ValueError("lr")
    for parameter in parameters:
        if parameter.grad is None:
            continue
        with torch.no_grad():
            torch.add(parameter, parameter.grad, alpha=-lr, out=parameter)
        parameter.grad.zero_()


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    """The optimizer asks a closure, as LBFGS wants it."""
    model.train(True)
    batch = to_device(batch, device)

    @torch.enable_grad()
    def closure():
        optimizer.zero_grad()
        loss = loss_fn(model(batch[0]), batch[1])
        if loss != loss:
            raise FloatingPointError("not a number")
        loss.backward()
        return loss

    return optimizer.step(closure).item()


@contextlib.contextmanager
def evaluating(model):
    """Evaluation mode without gradients, while a `with` block lasts."""
    before = [(part, part.training) for part in model.modules()]
    try:
        with torch.inference_mode():
            yield model.eval()
    finally:
        for part, training in before:
            part.training = training


def evaluate(model, loader, loss_fn, device="cpu"):
    """Sums in one tensor of three numbers."""
    sums = torch.zeros(3, dtype=torch.float64)
    with evaluating(model) as judge:
        for batch in loader:
            x, y = to_device(batch, device)
            logits = judge(x)
            hits = torch.eq(torch.max(logits, dim=1)[1], y).sum().item()
            sums += torch.tensor([loss_fn(logits, y).item() * x.shape[0], hits, x.shape[0]], dtype=torch.float64)
    if sums[2] == 0:
        raise ValueError("an empty loader")
    return Result(loss=(sums[0] / sums[2]).item(), accuracy=(sums[1] / sums[2]).item())


class Trainer:
    """Writes the best weights into a file, and reads them again at the end."""

    def __init__(self, model, loss_fn, optimizer, device="cpu"):
        self.device = device
        self.model = to_device(model, device)
        self.loss_fn = loss_fn
        self.optimizer = optimizer
        self.total_epochs = 0

    def fit(self, train, val, epochs, patience=None):
        """Train."""
        require_int(epochs, "epochs", 0)
        if patience is not None:
            require_int(patience, "patience", 1)
        history = collections.defaultdict(list, train_loss=[], val_loss=[], val_accuracy=[])
        with tempfile.TemporaryDirectory() as folder:
            best, since = os.path.join(folder, "best_model.pt"), 0
            for epoch in range(1, epochs + 1):
                losses = [train_step(self.model, batch, self.loss_fn, self.optimizer, self.device) for batch in train]
                result = evaluate(self.model, val, self.loss_fn, self.device)
                history["train_loss"].append(float(np.mean(losses)))
                history["val_loss"].append(result.loss)
                history["val_accuracy"].append(result.accuracy)
                self.total_epochs += 1
                print(f"epoch {epoch:3d}: {history['train_loss'][-1]:.4f} {result.loss:.4f} {result.accuracy:.1%}")
                if all(result.loss < earlier for earlier in history["val_loss"][:-1] if not math.isnan(earlier)) and not (
                    math.isnan(result.loss) or math.isinf(result.loss)
                ):
                    torch.save(self.model.state_dict(), best)
                    since = 0
                    continue
                since += 1
                if patience is not None and since >= patience:
                    break
            if os.path.exists(best):
                self.model.load_state_dict(torch.load(best, map_location=self.device, weights_only=True))
        return history


def collapse_linear_layers(model):
    """Multiply from the last layer on."""
    matrices = []
    for name, layer in reversed(list(model.named_children())):
        match layer:
            case nn.Flatten():
                pass
            case nn.Linear(bias=None):
                matrices.append(layer.weight.detach())
            case _:
                raise ValueError(f"layer {name} does not collapse")
    if not matrices:
        raise ValueError("nothing to collapse")
    return matrices[0].clone() if len(matrices) == 1 else torch.linalg.multi_dot(matrices)


def build_mnist_model(seed):
    """Two hidden layers."""
    torch.manual_seed(seed)
    return MLP(28 * 28, (96, 48), 10)


def fit_mnist(train, val, seed, device="cpu"):
    """Average the weights of the last steps, and give the average back."""
    model = build_mnist_model(seed).to(device)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.98))
    optimizer = torch.optim.NAdam(model.parameters(), lr=2e-3)
    loaders = make_loaders(TransformedTensorDataset(*train), TransformedTensorDataset(*val), 64)
    for _ in range(5):
        for batch in loaders.train:
            train_step(model, batch, nn.CrossEntropyLoss(), optimizer, device)
            average.update_parameters(model)
        print(evaluate(average, loaders.val, nn.CrossEntropyLoss(), device))
    model.load_state_dict(average.module.state_dict())
    return model.to("cpu").eval()


def concept_check():
    """Answer."""
    return collections.OrderedDict(
        crossentropy_includes_softmax=True,
        nllloss_expects="log-probabilities",
        tune_on="validation",
        test_set_use="final only",
        hyperparameters={"batch size", "learning rate"},
        underfitting_fix="more capacity",
        overfitting_fix="more regularisation",
        slow_learning_fix="raise the learning rate",
        unstable_fix="lower the learning rate",
        augment="training",
        minority_weight="larger",
        missing_zero_grad="the sum of all gradients so far",
        dynamic_graph=True,
    )
