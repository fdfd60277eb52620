"""A multilayer perceptron in PyTorch, from tensors to a trained model: what A3 did by hand, with autograd.

Models return logits: raw scores, before any softmax. Images are (N, 1, H, W) or already flat; labels (N,) int64.
`device` is what `torch.device` takes, or one already. Wrong kinds raise TypeError; wrong shapes, ranges and option
names raise ValueError. No function draws from torch's global generator, except where its docstring says so.
"""

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


def autograd_gradients(f: Callable[..., Tensor], *xs: Tensor) -> tuple[Tensor, ...]:
    """Give the gradient of f(*xs) with respect to each x.

    Leaves nothing behind: the tensors that were passed keep their `grad` and `requires_grad`.

    Args:
        f: takes as many tensors as there are xs, and returns a tensor with one element.
        xs: tensors of floats, any shapes.

    Returns:
        A gradient for each x, in its shape; zeros for one that f does not use.

    Raises:
        ValueError: if f returns more than one element.
    """
    copies = [x.detach().clone().requires_grad_() for x in xs]
    value = f(*copies)
    if value.numel() != 1:
        raise ValueError(f"f must return one element, got shape {tuple(value.shape)}")
    if not value.requires_grad:
        return tuple(torch.zeros_like(x) for x in copies)
    found = torch.autograd.grad(value.reshape(()), copies, allow_unused=True)
    return tuple(torch.zeros_like(x) if g is None else g for x, g in zip(copies, found, strict=True))


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


def split_indices(n: int, splits: Sequence[float], seed: int = 13) -> list[list[int]]:
    """Split the numbers 0 to n - 1 at random into parts of given proportions.

    Part i has floor(n splits[i] / sum(splits)) numbers; what is left over goes to the first part. So 300 numbers
    with [80, 20] or [0.8, 0.2] give 240 and 60, and 10 numbers with [1, 1, 1] give 4, 3 and 3.

    Args:
        n: how many numbers, at least 1.
        splits: proportions, 0 or more, not all 0.
        seed: for a generator of your own; the same seed gives the same parts.

    Returns:
        A list of ints for each part; together they hold each number once.

    Raises:
        TypeError: if n is no integer.
        ValueError: if n is below 1, splits is empty, one is negative or no finite number, or all are 0.
    """
    require_int(n, "n", 1)
    total = math.fsum(splits)
    if not splits or min(splits) < 0 or not math.isfinite(total) or total == 0:
        raise ValueError(f"splits must be proportions of 0 or more, and not all 0, got {list(splits)}")
    sizes = [math.floor(n * share / total + 1e-9) for share in splits]
    sizes[0] += n - sum(sizes)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return [part.tolist() for part in order.split(sizes)]


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


def build_transform(train: bool) -> Callable[[Tensor], Tensor]:
    """Give the transform for one image: normalise, and for training also flip half of the images.

    Args:
        train: True flips an image from left to right with probability 0.5, drawn from torch's global generator at each
            call. False is the same at each call: validation data are never augmented.

    Returns:
        A function of an image (C, H, W), float, 0 to 1, that gives (x - 0.5) / 0.5: -1 to 1. It leaves its argument
        as it is.
    """

    def transform(image: Tensor) -> Tensor:
        if train and torch.rand(()) < 0.5:
            image = image.flip(-1)
        return (image - 0.5) / 0.5

    return transform


def class_weights(y: Tensor) -> Tensor:
    """Give each class the weight 1 / its count: the rarer, the larger.

    Args:
        y: labels, (N,) or (N, 1), whole numbers as any dtype; they need not begin at 0.

    Returns:
        (number of classes,) float32, in the order of the sorted labels that occur.

    Raises:
        ValueError: if y is empty.
    """
    if y.numel() == 0:
        raise ValueError("y must not be empty")
    _, counts = y.reshape(-1).unique(return_counts=True)
    return 1 / counts.float()


def sample_weights(y: Tensor) -> Tensor:
    """Give each sample the weight of its class.

    Args:
        y: labels, (N,) or (N, 1), whole numbers as any dtype; they need not begin at 0.

    Returns:
        (N,) float32.

    Raises:
        ValueError: if y is empty.
    """
    if y.numel() == 0:
        raise ValueError("y must not be empty")
    _, places = y.reshape(-1).unique(return_inverse=True)
    return class_weights(y)[places]


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


def make_loaders(
    train: Dataset[Batch], val: Dataset[Batch], batch_size: int, sampler: Sampler[int] | None = None
) -> tuple[DataLoader[Batch], DataLoader[Batch]]:
    """Give the loaders for training and validation.

    Args:
        train: training data; its order is new in each epoch.
        val: validation data; its order never changes, and its smaller last batch is kept.
        batch_size: samples in a batch, at least 1.
        sampler: chooses the training samples in place of the shuffling; a loader takes only one of both.

    Returns:
        (training loader, validation loader).

    Raises:
        TypeError: if batch_size is no integer.
        ValueError: if batch_size is below 1.
    """
    require_int(batch_size, "batch_size", 1)
    return (
        DataLoader(train, batch_size, shuffle=sampler is None, sampler=sampler),
        DataLoader(val, batch_size, shuffle=False),
    )


class MLP(nn.Module):
    """Fully connected layers with an activation between them; the output is logits."""

    def __init__(
        self,
        in_features: int,
        hidden: Sequence[int],
        out_features: int,
        dropout: float = 0.0,
        activation: str = "relu",
    ) -> None:
        """Build the layers: linear, activation and dropout for each hidden size, and a last linear layer.

        Nothing follows the last layer: no activation, no softmax, no dropout. Each layer has its own bias.
        784 inputs, one hidden layer of 128 and 10 outputs have 101,770 parameters.

        Args:
            in_features: numbers that an input has once it is flattened, at least 1.
            hidden: the size of each hidden layer, at least 1; empty for a linear model.
            out_features: how many scores, at least 1.
            dropout: the probability that a hidden number is zeroed in training, 0 to below 1.
            activation: "relu", "sigmoid" or "tanh".

        Raises:
            TypeError: if a size is no integer.
            ValueError: if a size is below 1, the activation unknown, or dropout out of range.
        """
        super().__init__()
        sizes = [in_features, *hidden, out_features]
        for size in sizes:
            require_int(size, "a layer's size", 1)
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, got {activation!r}")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be from 0 to below 1, got {dropout}")
        layers: list[nn.Module] = [nn.Flatten()]
        for place, size in enumerate(hidden):
            layers += [nn.Linear(sizes[place], size), ACTIVATIONS[activation](), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-2], out_features))

    def forward(self, x: Tensor) -> Tensor:
        """Give the logits.

        Args:
            x: (N, in_features), or (N, ...) with as many numbers for each sample.

        Returns:
            (N, out_features).
        """
        return self.layers(x)


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
