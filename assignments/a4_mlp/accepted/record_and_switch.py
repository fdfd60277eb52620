"""Types, records and match statements; a switch for gradients, exit stacks, weights as one vector, per-sample losses."""

from __future__ import annotations

import enum
import functools
import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from torch.utils.data import DataLoader, Dataset, Sampler, Subset, WeightedRandomSampler


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


class Activation(enum.StrEnum):
    """What stands between layers."""

    RELU = "relu"
    SIGMOID = "sigmoid"
    TANH = "tanh"

    def __call__(self, z: Tensor) -> Tensor:
        return getattr(torch, self.value)(z)


class Description(NamedTuple):
    """What a tensor is."""

    shape: tuple[int, ...]
    dtype: str
    device: str
    layout: str


class Score(NamedTuple):
    """How an evaluation went."""

    loss: float
    accuracy: float


class Parts(NamedTuple):
    """Two loaders."""

    train: DataLoader
    val: DataLoader


def describe_tensor(t: Tensor) -> dict[str, Any]:
    """A record, as a dict."""
    match t:
        case Tensor(shape=shape, dtype=dtype, device=device, layout=layout):
            return Description(tuple(map(int, shape)), *map(repr_of, (dtype, device, layout)))._asdict()
        case _:
            raise TypeError(f"{type(t).__name__} is no Tensor")


repr_of = "{}".format


def tensor_from_numpy(array: np.ndarray, copy: bool = True) -> Tensor:
    """One place for both: clone or not."""
    match array, copy:
        case np.ndarray(), True:
            return torch.from_numpy(array).clone(memory_format=torch.contiguous_format)
        case np.ndarray(), False:
            return torch.from_numpy(array)
        case _:
            raise TypeError("an array, and True or False")


def autograd_gradients(f: Callable[..., Tensor], *xs: Tensor) -> tuple[Tensor, ...]:
    """By torch.func.grad, which knows no leaves."""

    def scalar(*inputs: Tensor) -> Tensor:
        value = f(*inputs)
        if functools.reduce(operator.mul, value.shape, 1) != 1:
            raise ValueError(f"f gives {tuple(value.shape)}")
        return value.reshape(()) + sum(0.0 * x.sum() for x in inputs)

    plain = [x.detach() for x in xs]
    return torch.func.grad(scalar, argnums=tuple(range(len(plain))))(*plain)


def to_device(obj: Any, device: torch.device | str) -> Any:
    """By the structure."""
    ziel = torch.device(device)
    match obj:
        case Tensor() | nn.Module():
            return obj.to(ziel)
        case dict():
            return {name: to_device(teil, ziel) for name, teil in obj.items()}
        case list():
            return [to_device(teil, ziel) for teil in obj]
        case tuple():
            return tuple([to_device(teil, ziel) for teil in obj])
        case _:
            return obj


def split_indices(n: int, splits: Sequence[float], seed: int = 13) -> list[list[int]]:
    """Sizes first; the order by sorting random numbers."""
    require_int(n, "n", 1)
    π = [float(share) for share in splits]
    Σ = sum(π)
    if not π or min(π) < 0 or not 0 < Σ < float("inf"):
        raise ValueError(f"no proportions: {splits}")
    sizes = [int(n * share / Σ + 1e-7) for share in π]
    sizes[0] += n - sum(sizes)
    gen = torch.Generator()
    gen.manual_seed(seed)
    order = torch.rand(n, generator=gen, dtype=torch.float64).argsort().tolist()
    ends = list(itertools.accumulate(sizes, initial=0))
    return [order[a:b] for a, b in itertools.pairwise(ends)]


@dataclass(eq=False)
class TransformedTensorDataset(Dataset):
    """A dataclass is a data set, too."""

    x: Tensor
    y: Tensor
    transform: Callable[[Tensor], Tensor] | None = None

    def __post_init__(self) -> None:
        if len({len(self.x), len(self.y)}) == 2:
            raise ValueError("two lengths")

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        match self.transform:
            case None:
                return self.x[index], self.y[index]
            case transform:
                return transform(self.x[index]), self.y[index]


def build_transform(train: bool) -> Callable[[Tensor], Tensor]:
    """Compose two functions."""
    normalise = functools.partial(torch.add, alpha=1)
    steps: list[Callable[[Tensor], Tensor]] = [lambda image: normalise(2 * image, torch.tensor(-1.0))]
    if train:
        steps.insert(0, lambda image: image.flip(2) if torch.rand([]).lt(0.5) else image)
    return lambda image: functools.reduce(lambda value, step: step(value), steps, image)


def _inverse(y: Tensor) -> tuple[Tensor, Tensor]:
    """Places and counts of the sorted labels."""
    if y.nelement() == 0:
        raise ValueError("no label")
    ordered, back = torch.sort(y.flatten())
    starts = torch.ones_like(ordered, dtype=torch.bool)
    starts[1:] = ordered[1:] != ordered[:-1]
    places = torch.empty_like(back)
    places[back] = starts.long().cumsum(0) - 1
    return places, torch.zeros(int(places.max()) + 1).scatter_add_(0, places, torch.ones(len(places)))


def class_weights(y: Tensor) -> Tensor:
    """1 / n."""
    _, counts = _inverse(y)
    return counts.pow(-1)


def sample_weights(y: Tensor) -> Tensor:
    """1 / n of each."""
    places, counts = _inverse(y)
    return counts.reciprocal().gather(0, places)


def make_balanced_sampler(y: Tensor, seed: int = 13) -> WeightedRandomSampler:
    """Two and a half lines."""
    w = sample_weights(y)
    return WeightedRandomSampler(w, len(w), True, torch.Generator().manual_seed(seed))


class Reshuffled(Sampler[int]):
    """A new order for each epoch, from a generator that begins where torch's own stands."""

    def __init__(self, count: int) -> None:
        self.count, self.epoch, self.start = count, 0, torch.initial_seed()

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[int]:
        self.epoch += 1
        own = torch.Generator().manual_seed((self.start + self.epoch) % 2**63)
        yield from torch.randperm(self.count, generator=own).tolist()


def make_loaders(train, val, batch_size, sampler=None):
    """A subset in its own order for validation."""
    require_int(batch_size, "batch_size", 1)
    return Parts(
        train=DataLoader(dataset=train, batch_size=batch_size, sampler=sampler or Reshuffled(len(train))),
        val=DataLoader(dataset=Subset(val, range(len(val))), batch_size=batch_size),
    )


class MLP(nn.Module):
    """Nested: a model is a first layer and the rest, which is a model."""

    def __init__(
        self,
        in_features: int,
        hidden: Sequence[int],
        out_features: int,
        dropout: float = 0.0,
        activation: str = "relu",
    ) -> None:
        super().__init__()
        require_int(in_features, "in_features", 1)
        require_int(out_features, "out_features", 1)
        self.φ = Activation(activation)  # a ValueError for others
        if not (dropout >= 0 and dropout < 1):
            raise ValueError(f"dropout {dropout}")
        match list(hidden):
            case []:
                self.first, self.rest = nn.Linear(in_features, out_features), None
            case [width, *more]:
                require_int(width, "width", 1)
                self.first = nn.Linear(in_features, width)
                self.rest = MLP(width, more, out_features, dropout, activation)
        self.drop = nn.AlphaDropout(0) if dropout == 0 else nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        z = self.first(x.view(x.size(0), -1) if x.is_contiguous() else x.reshape(x.size(0), -1))
        return z if self.rest is None else self.rest(self.drop(self.φ(z)))


def manual_sgd_step(parameters: Iterable[Tensor], lr: float) -> None:
    """All in one vector, there and back."""
    if not lr > 0:
        raise ValueError(f"lr {lr}")
    moved = [p for p in parameters if isinstance(p.grad, Tensor)]
    if moved:
        with torch.no_grad():
            vector = torch.cat([p.reshape(-1) for p in moved])
            vector -= lr * torch.cat([p.grad.reshape(-1) for p in moved])
            for p, part in zip(moved, vector.split([p.numel() for p in moved])):
                p.copy_(part.view_as(p))
    for p in moved:
        p.grad = None


def train_step(model, batch, loss_fn, optimizer, device="cpu") -> float:
    """Clear first, so that nothing of before is there."""
    for group in optimizer.param_groups:
        for p in group["params"]:
            p.grad = None
    for p in model.parameters():
        p.grad = None
    model.train()
    x, y = (to_device(part, device) for part in batch)
    ℓ = loss_fn(model(x), y)
    match ℓ.item():
        case nan if nan != nan:
            raise FloatingPointError("NaN")
        case value:
            torch.autograd.backward([ℓ])
            optimizer.step()
            return value


@contextmanager
def judging(model: nn.Module) -> Iterator[nn.Module]:
    """Evaluation mode, gradients off, and everything as before at the end."""
    with ExitStack() as stack:
        for part in model.modules():
            stack.callback(setattr, part, "training", part.training)
        stack.callback(torch.set_grad_enabled, torch.is_grad_enabled())
        torch.set_grad_enabled(False)
        model.eval()
        yield model


def evaluate(model, loader, loss_fn, device="cpu") -> tuple[float, float]:
    """A generator of triples, added up by zip."""

    def triples() -> Iterator[tuple[float, int, int]]:
        for x, y in map(functools.partial(to_device, device=device), loader):
            logits = model(x)
            first = logits.sort(dim=1, descending=True, stable=True).indices[:, 0]
            yield loss_fn(logits, y).item() * y.numel(), first.eq(y).sum().item(), y.numel()

    with judging(model):
        losses, hits, counts = map(sum, zip(*triples(), (0.0, 0, 0)))
    if counts == 0:
        raise ValueError("nothing to evaluate")
    return Score(loss=losses / counts, accuracy=hits / counts)


@dataclass
class Record:
    """What happened in each epoch, and the best vector of weights."""

    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)

    def best(self) -> int | None:
        """The first epoch with the lowest loss; NaN and infinity are never low."""
        finite = [(loss, epoch) for epoch, loss in enumerate(self.val_loss) if loss < float("inf")]
        return min(finite)[1] if finite else None

    def since_best(self) -> int:
        """Epochs since the best one."""
        best = self.best()
        return len(self.val_loss) if best is None else len(self.val_loss) - 1 - best


class Trainer:
    """Keeps the weights of all epochs of a call as vectors, and takes those of the best one at the end."""

    def __init__(self, model, loss_fn, optimizer, device="cpu") -> None:
        self.model, self.loss_fn, self.optimizer, self.device = model, loss_fn, optimizer, torch.device(device)
        self.total_epochs = 0
        self.model.to(self.device)

    def fit(self, train, val, epochs, patience=None) -> dict[str, list[float]]:
        """Train."""
        require_int(epochs, "epochs", 0)
        if patience is not None:
            require_int(patience, "patience", 1)
        record, states = Record(), []
        for _ in range(epochs):
            losses = torch.tensor(
                [train_step(self.model, batch, self.loss_fn, self.optimizer, self.device) for batch in train],
                dtype=torch.float64,
            )
            score = evaluate(self.model, val, self.loss_fn, self.device)
            self.total_epochs += 1
            record.train_loss.append(losses.mean().item())
            record.val_loss.append(score.loss)
            record.val_accuracy.append(score.accuracy)
            buffers = [buffer.clone() for buffer in self.model.buffers()]
            states.append((parameters_to_vector(self.model.parameters()).detach().clone(), buffers))
            if record.since_best() == patience:
                break
        if (best := record.best()) is not None:
            vector, buffers = states[best]
            vector_to_parameters(vector, self.model.parameters())
            for buffer, kept in zip(self.model.buffers(), buffers):
                buffer.copy_(kept)
        return asdict(record)


def collapse_linear_layers(model: nn.Sequential) -> Tensor:
    """Fold."""
    weights = []
    for layer in model:
        match layer:
            case nn.Flatten():
                continue
            case nn.Linear(bias=None, weight=weight):
                weights.append(weight.detach())
            case _:
                raise ValueError(f"{layer} does not collapse")
    if len(weights) == 0:
        raise ValueError("no layer collapses")
    return functools.reduce(lambda product, weight: weight @ product, weights).clone()


def build_mnist_model(seed: int) -> nn.Module:
    """A tanh for once."""
    torch.manual_seed(seed)
    return MLP(784, [100], 10, activation=Activation.TANH)


def fit_mnist(train, val, seed, device="cpu") -> nn.Module:
    """Adagrad."""
    model = build_mnist_model(seed)
    parts = make_loaders(TransformedTensorDataset(*train), TransformedTensorDataset(*val), 32)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.02)
    Trainer(model, nn.CrossEntropyLoss(), optimizer, device).fit(*parts, epochs=6, patience=2)
    return model.to("cpu").eval()


class Answer(enum.StrEnum):
    """Words that come more than once."""

    LARGER = "larger"
    TRAINING = "training"
    VALIDATION = "validation"
    CAPACITY = "more capacity"
    REGULARISATION = "more regularisation"


def concept_check() -> dict[str, Any]:
    """Members of an enum are texts."""
    return {
        "crossentropy_includes_softmax": True,
        "nllloss_expects": "log-probabilities",
        "tune_on": Answer.VALIDATION,
        "test_set_use": "final only",
        "hyperparameters": {"learning rate", "batch size", "weights", "biases"} - {"weights", "biases"},
        "underfitting_fix": Answer.CAPACITY,
        "overfitting_fix": Answer.REGULARISATION,
        "slow_learning_fix": "raise the learning rate",
        "unstable_fix": "lower the learning rate",
        "augment": Answer.TRAINING,
        "minority_weight": Answer.LARGER,
        "missing_zero_grad": "the sum of all gradients so far",
        "dynamic_graph": True,
    }
