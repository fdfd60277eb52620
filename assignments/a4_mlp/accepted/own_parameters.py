"""Weights of its own, no nn.Linear, and every kind checked."""

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Sampler, WeightedRandomSampler

Device = torch.device | str
Batch = tuple[Tensor, Tensor]

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def require_int(value: object, name: str, least: int) -> None:
    """Refuse what is no integer, or less than `least`. Given: use it.

    Raises:
        TypeError: if the value is no integer; a bool and a float are none.
        ValueError: if it is less than `least`.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def describe_tensor(t):
    if not torch.is_tensor(t):
        raise TypeError("no tensor")
    return {"shape": tuple(int(n) for n in t.size())} | {name: str(getattr(t, name)) for name in ("dtype", "device", "layout")}


def tensor_from_numpy(array, copy=True):
    if not isinstance(array, np.ndarray):
        raise TypeError("no array")
    t = torch.as_tensor(array)
    return t.clone() if copy else t


def autograd_gradients(f, *xs):
    with torch.enable_grad():
        leaves = [nn.Parameter(x.detach().clone()) for x in xs]
        out = f(*leaves)
        if out.numel() > 1:
            raise ValueError("one element")
        total = out.sum() + sum((0 * leaf).sum() for leaf in leaves)
        return torch.autograd.grad(total, leaves)


def to_device(obj: Any, device: Device) -> Any:
    """Move a tensor or a module, or all that a structure holds, to a device.

    Args:
        obj: a tensor, a module, or lists, tuples and dicts of such, nested as you like. Anything else stays as it is.
        device: where to.

    Returns:
        The same structure: a list for a list, a tuple for a tuple, a dict with the same keys for a dict.

    Raises:
        RuntimeError: if there is no such device, as `torch.device` says it.
    """
    device = torch.device(device)
    if isinstance(obj, (Tensor, nn.Module)):
        return obj.to(device)
    if isinstance(obj, (list, tuple)):
        return type(obj)(to_device(item, device) for item in obj)
    if isinstance(obj, dict):
        return {key: to_device(value, device) for key, value in obj.items()}
    return obj


def split_indices(n, splits, seed=13):
    import random
    require_int(n, "n", 1)
    splits = list(splits)
    if not splits or any(not math.isfinite(s) or s < 0 for s in splits) or not any(splits):
        raise ValueError("splits")
    numbers = list(range(n))
    random.Random(seed).shuffle(numbers)
    rest = [int(n * (s / sum(splits))) for s in splits[1:]]
    parts = []
    for size in reversed(rest):
        parts.insert(0, [numbers.pop() for _ in range(size)])
    return [numbers, *parts]


class TransformedTensorDataset(Dataset[Batch]):
    """Samples and labels held as tensors, with a transform that runs each time a sample is read."""

    def __init__(self, x: Tensor, y: Tensor, transform: Callable[[Tensor], Tensor] | None = None) -> None:
        """Keep both tensors and the transform.

        Args:
            x: (N, ...), samples.
            y: (N, ...), labels.
            transform: takes one sample and returns it changed; None leaves samples as they are.

        Raises:
            ValueError: if x and y have different lengths.
        """
        if len(x) != len(y):
            raise ValueError(f"x and y must have one length, got {len(x)} and {len(y)}")
        self.x, self.y, self.transform = x, y, transform

    def __len__(self) -> int:
        """Give the number of samples."""
        return len(self.x)

    def __getitem__(self, index: int) -> Batch:
        """Give a sample, transformed, and its label, as it is."""
        x = self.x[index]
        return (self.transform(x) if self.transform else x), self.y[index]


class Augment(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, image):
        image = torch.div(image - 0.5, 0.5)
        if self.p and torch.randint(0, 2, (1,)).item():
            image = torch.flip(image, dims=[2])
        return image


def build_transform(train):
    return Augment(0.5 if train else 0.0)


def class_weights(y):
    if y.shape[0] == 0:
        raise ValueError("empty")
    labels = y.flatten().long()
    counts = torch.bincount(labels)
    return counts[counts > 0].to(torch.float32).reciprocal()


def sample_weights(y):
    if y.shape[0] == 0:
        raise ValueError("empty")
    labels = y.flatten().long()
    return torch.bincount(labels)[labels].float().reciprocal()


def make_balanced_sampler(y, seed=13):
    weights = sample_weights(y).double()
    return WeightedRandomSampler(weights / weights.sum(), y.shape[0], True, torch.Generator("cpu").manual_seed(seed))


def make_loaders(train, val, batch_size, sampler=None):
    require_int(batch_size, "batch_size", 1)
    order = {"shuffle": True, "generator": torch.Generator().manual_seed(1)} if sampler is None else {"sampler": sampler}
    return DataLoader(train, batch_size, **order), DataLoader(val, batch_size, shuffle=False, drop_last=False)


class MLP(nn.Module):
    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu"):
        super().__init__()
        self.sizes = [in_features] + list(hidden) + [out_features]
        for size in self.sizes:
            require_int(size, "size", 1)
        if activation not in ACTIVATIONS:
            raise ValueError("activation")
        if not (0.0 <= dropout < 1.0):
            raise ValueError("dropout")
        self.keep, self.act = 1 - dropout, getattr(torch, activation)
        for i, (a, b) in enumerate(zip(self.sizes, self.sizes[1:])):
            setattr(self, f"W{i}", nn.Parameter(torch.empty(a, b).uniform_(-1, 1) / a**0.5))
            setattr(self, f"b{i}", nn.Parameter(torch.zeros(1, b)))

    def forward(self, x):
        x = x.float().flatten(start_dim=1)
        last = len(self.sizes) - 2
        for i in range(last + 1):
            x = x @ getattr(self, f"W{i}") + getattr(self, f"b{i}")
            if i < last:
                x = self.act(x)
                if self.training:
                    x = x * torch.bernoulli(torch.full_like(x, self.keep)) / self.keep
        return x


def manual_sgd_step(parameters: Iterable[Tensor], lr: float) -> None:
    """Take a step of gradient descent without an optimiser, and clear the gradients.

    The tensors are changed in place, so that a model which holds them is changed too. They stay leaves that require
    gradients, and no graph is kept. A parameter without a gradient is passed over.

    Args:
        parameters: tensors; afterwards each has lr times its gradient less, and `grad` is None or zeros.
        lr: learning rate, above 0.

    Raises:
        ValueError: if lr is not above 0.
    """
    if not lr > 0:
        raise ValueError(f"lr must be above 0, got {lr}")
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.sub_(lr * parameter.grad)
                parameter.grad = None


def train_step(
    model: nn.Module,
    batch: Batch,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    device: Device = "cpu",
) -> float:
    """Train on one batch.

    Sets training mode. Whatever gradients the parameters hold at entry are stale, and do not enter the step.

    Args:
        model: gives logits; already on the device.
        batch: (samples, labels), on any device: both are moved.
        loss_fn: of (logits, labels), a mean over the batch.
        optimizer: of the model's parameters.
        device: where the model is.

    Returns:
        This batch's loss before the step, a Python float.

    Raises:
        FloatingPointError: if the loss is NaN; the parameters are then as before.
    """
    model.train()
    x, y = to_device(batch, device)
    loss = loss_fn(model(x), y)
    value = loss.item()
    if math.isnan(value):
        raise FloatingPointError("the loss is NaN")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return value


def evaluate(
    model: nn.Module,
    loader: Iterable[Batch],
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    device: Device = "cpu",
) -> tuple[float, float]:
    """Give loss and accuracy over a whole loader; change nothing.

    Evaluation mode while it runs, then the mode that the model was in. No gradients are recorded. Batches may have
    different sizes: each sample counts the same.

    Args:
        model: gives logits; already on the device.
        loader: gives (samples, labels) on any device: both are moved.
        loss_fn: of (logits, labels), a mean over the batch.
        device: where the model is.

    Returns:
        loss: the mean over all samples, a Python float.
        accuracy: share of the samples whose largest logit is their label's, 0 to 1, a Python float.

    Raises:
        ValueError: if the loader gives no sample.
    """
    was_training = model.training
    model.eval()
    total, correct, count = 0.0, 0, 0
    with torch.no_grad():
        for batch in loader:
            x, y = to_device(batch, device)
            logits = model(x)
            total += loss_fn(logits, y).item() * len(y)
            correct += int((logits.argmax(dim=1) == y).sum().item())
            count += len(y)
    model.train(was_training)
    if count == 0:
        raise ValueError("the loader gave no sample")
    return total / count, correct / count


class Trainer:
    """A model with what it takes to train it.

    Attributes:
        total_epochs: epochs trained so far, over all calls of `fit`.
    """

    def __init__(
        self,
        model: nn.Module,
        loss_fn: Callable[[Tensor, Tensor], Tensor],
        optimizer: torch.optim.Optimizer,
        device: Device = "cpu",
    ) -> None:
        """Keep the parts, and move the model to the device."""
        self.model, self.loss_fn, self.optimizer = model.to(torch.device(device)), loss_fn, optimizer
        self.device = torch.device(device)
        self.total_epochs = 0

    def fit(
        self, train: Iterable[Batch], val: Iterable[Batch], epochs: int, patience: int | None = None
    ) -> dict[str, list[float]]:
        """Train, validate after each epoch, and end with the weights of the best epoch of this call.

        Better means a validation loss that is strictly lower than that of every epoch of this call before; NaN is
        never better. If no epoch was better, the weights stay those of the last one.

        Args:
            train: training batches.
            val: validation batches; no weight depends on them but by the choice of the epoch.
            epochs: at most this many, 0 or more.
            patience: stop after this many epochs in a row that were not better, at least 1; None never stops early.

        Returns:
            "train_loss", "val_loss" and "val_accuracy": a Python float for each epoch that was trained. The training
            loss is the mean over its batches of what train_step returned.

        Raises:
            TypeError: if epochs is no integer.
            ValueError: if epochs is below 0, or patience below 1.
        """
        require_int(epochs, "epochs", 0)
        if patience is not None:
            require_int(patience, "patience", 1)
        history: dict[str, list[float]] = {"train_loss": [], "val_loss": [], "val_accuracy": []}
        best, best_state, waited = math.inf, None, 0
        for _ in range(epochs):
            losses = [train_step(self.model, batch, self.loss_fn, self.optimizer, self.device) for batch in train]
            loss, accuracy = evaluate(self.model, val, self.loss_fn, self.device)
            self.total_epochs += 1
            history["train_loss"].append(sum(losses) / len(losses))
            history["val_loss"].append(loss)
            history["val_accuracy"].append(accuracy)
            if loss < best:
                best, best_state, waited = loss, copy.deepcopy(self.model.state_dict()), 0
            else:
                waited += 1
            if waited == patience:
                break
        if best_state is not None:
            self.model.load_state_dict(best_state)
        return history


def collapse_linear_layers(model: nn.Sequential) -> Tensor:
    """Give the one matrix that does what a stack of linear layers without activations does.

    Args:
        model: nn.Linear layers without biases, and perhaps nn.Flatten.

    Returns:
        (outputs of the last layer, inputs of the first), detached; for the lecture's 25-5-3-1 that is (1, 25).

    Raises:
        ValueError: if it holds any other layer, a linear one with a bias, or no linear one.
    """
    product = None
    for layer in model:
        if isinstance(layer, nn.Flatten):
            continue
        if not isinstance(layer, nn.Linear) or layer.bias is not None:
            raise ValueError(f"only linear layers without biases collapse into one, got {layer}")
        weight = layer.weight.detach()
        product = weight.clone() if product is None else weight @ product
    if product is None:
        raise ValueError("there is no linear layer")
    return product


def build_mnist_model(seed: int) -> nn.Module:
    """Build a model for MNIST, with at most 300,000 parameters.

    Args:
        seed: decides the weights; torch's global generator may be seeded with it.

    Returns:
        Takes (N, 1, 28, 28) or (N, 784) floats from 0 to 1, and gives (N, 10) logits.
    """
    torch.manual_seed(seed)
    return MLP(784, [128], 10)


def fit_mnist(train: Batch, val: Batch, seed: int, device: Device = "cpu") -> nn.Module:
    """Train a model from `build_mnist_model` to recognise digits.

    On 10,000 training images it must be done in 60 seconds of one processor core.

    Args:
        train: images (N, 1, 28, 28) float32, 0 to 1, and labels (N,) int64.
        val: the same form; for choosing among epochs, never for training.
        seed: decides weights and order; the same seed gives the same model on the same machine.
        device: where to train; the model is given back on the CPU.

    Returns:
        The model, in evaluation mode.
    """
    model = build_mnist_model(seed)
    train_loader, val_loader = make_loaders(TransformedTensorDataset(*train), TransformedTensorDataset(*val), 64)
    trainer = Trainer(model, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=1e-3), device)
    trainer.fit(train_loader, val_loader, epochs=5)
    return model.cpu().eval()


def concept_check() -> dict[str, Any]:
    """Answer the questions of the lecture.

    Returns:
        crossentropy_includes_softmax: whether nn.CrossEntropyLoss applies the softmax itself, True or False.
        nllloss_expects: what nn.NLLLoss wants, "logits", "probabilities" or "log-probabilities".
        tune_on: which data choose the learning rate, "training", "validation" or "test".
        test_set_use: what the test data are for, "early stopping", "tuning" or "final only".
        hyperparameters: which of "learning rate", "batch size", "weights", "biases" you choose yourself, a set.
        underfitting_fix: what helps when even the training loss stays high, "more capacity" or "more regularisation".
        overfitting_fix: what helps when only the validation loss rises, "more capacity" or "more regularisation".
        slow_learning_fix: what helps when the loss falls very slowly, "raise the learning rate" or
            "lower the learning rate".
        unstable_fix: what helps when the loss jumps, "raise the learning rate" or "lower the learning rate".
        augment: which data are augmented, "training", "validation" or "all".
        minority_weight: how the weight of a rare class compares with that of a common one, "larger" or "smaller".
        missing_zero_grad: what a step then uses, "the sum of all gradients so far" or "the latest gradient".
        dynamic_graph: whether PyTorch builds its graph anew in each forward pass, True or False.
    """
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
