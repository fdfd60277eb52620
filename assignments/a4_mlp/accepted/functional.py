"""Functions of functions."""

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import functools
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


def describe_tensor(t: Tensor) -> dict[str, Any]:
    """Say what a tensor is.

    Args:
        t: any tensor.

    Returns:
        "shape": a tuple of ints; "dtype", "device" and "layout": text, as `str` gives it, such as "torch.float32",
        "cpu" and "torch.strided".

    Raises:
        TypeError: if t is no tensor.
    """
    if not isinstance(t, Tensor):
        raise TypeError(f"t must be a tensor, got {type(t).__name__}")
    return {"shape": tuple(t.shape), "dtype": str(t.dtype), "device": str(t.device), "layout": str(t.layout)}


def tensor_from_numpy(array: NDArray[Any], copy: bool = True) -> Tensor:
    """Make a tensor of a numpy array.

    Args:
        array: any shape, numbers.
        copy: True gives the tensor memory of its own; False lets it share the array's, so that a change of one
            is a change of the other.

    Returns:
        The same shape and dtype, on the CPU.

    Raises:
        TypeError: if array is no numpy array.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"array must be a numpy array, got {type(array).__name__}")
    return torch.tensor(array) if copy else torch.from_numpy(array)


def autograd_gradients(f, *xs):
    def scalar(*args):
        value = f(*args)
        if value.numel() != 1:
            raise ValueError("one element")
        return value.squeeze()

    result = torch.autograd.functional.jacobian(scalar, tuple(x.detach() for x in xs))
    return tuple(r.reshape(x.shape) for r, x in zip(result, xs))


def to_device(obj, device):
    device = torch.device(device)
    move = lambda part: to_device(part, device)
    match obj:
        case Tensor() | nn.Module():
            return obj.to(device, non_blocking=True)
        case dict():
            return dict(zip(obj, map(move, obj.values())))
        case tuple():
            return (*map(move, obj),)
        case list():
            return [*map(move, obj)]
    return obj


def split_indices(n, splits, seed=13):
    require_int(n, "n", 1)
    shares = np.asarray(splits, dtype=float)
    if not shares.size or not np.isfinite(shares).all() or (shares < 0).any() or not shares.any():
        raise ValueError(splits)
    sizes = np.floor(n / shares.sum() * shares).astype(int).tolist()
    sizes[0] = n - sum(sizes[1:])
    g = torch.Generator().manual_seed(seed)
    return [list(part.indices) for part in torch.utils.data.random_split(range(n), sizes, generator=g)]


class TransformedTensorDataset(torch.utils.data.TensorDataset):
    def __init__(self, x, y, transform=None):
        if len(x) != len(y):
            raise ValueError("lengths")
        super().__init__(x, y)
        self.transform = transform or (lambda sample: sample)

    def __getitem__(self, index):
        sample, label = super().__getitem__(index)
        return self.transform(sample), label


def build_transform(train):
    def compose(*functions):
        return lambda x: functools.reduce(lambda value, f: f(value), functions, x)

    def normalise(x):
        return x.sub(0.5).div(0.5)

    def flip(x):
        return torch.fliplr(x.movedim(0, -1)).movedim(-1, 0) if torch.bernoulli(torch.tensor(0.5)) else x

    return compose(flip, normalise) if train else normalise


def class_weights(y):
    if not len(y):
        raise ValueError("empty")
    return torch.from_numpy(1 / np.unique(y.numpy(), return_counts=True)[1]).to(torch.float32)


def sample_weights(y):
    weights, classes = class_weights(y), y.flatten().unique()
    return (y.reshape(-1, 1) == classes).float() @ weights


def make_balanced_sampler(y: Tensor, seed: int = 13) -> WeightedRandomSampler:
    """Draw as many samples as there are, with replacement, so that all classes come equally often.

    Args:
        y: labels, (N,) or (N, 1).
        seed: for a generator of the sampler's own; the same seed gives the same order.

    Raises:
        ValueError: if y is empty.
    """
    weights = sample_weights(y)
    generator = torch.Generator().manual_seed(seed)
    return WeightedRandomSampler(weights.tolist(), len(weights), replacement=True, generator=generator)


def make_loaders(train, val, batch_size, sampler=None):
    require_int(batch_size, "batch_size", 1)
    sampler = torch.utils.data.RandomSampler(train) if sampler is None else sampler
    return tuple(DataLoader(d, batch_sampler=torch.utils.data.BatchSampler(s, batch_size, False)) for d, s in ((train, sampler), (val, range(len(val)))))


class MLP(nn.Sequential):
    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu"):
        sizes = (in_features, *hidden, out_features)
        [require_int(size, "size", 1) for size in sizes]
        if activation not in ACTIVATIONS or not 0 <= dropout < 1:
            raise ValueError("activation or dropout")
        blocks = [nn.Sequential(nn.Linear(a, b), ACTIVATIONS[activation](), nn.Dropout(dropout)) for a, b in zip(sizes, sizes[1:-1])]
        super().__init__(nn.Flatten(), *blocks, nn.Linear(sizes[-2], sizes[-1]))


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
