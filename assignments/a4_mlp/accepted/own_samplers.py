"""Samplers and a collate function of its own, callbacks in the Trainer, a small convolutional net for the digits."""

import operator
from copy import deepcopy

import numpy as np
import torch
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, Dataset, Sampler, SequentialSampler, WeightedRandomSampler

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def describe_tensor(t):
    if not torch.is_tensor(t):
        raise TypeError("t")
    words = {"shape": tuple(t.shape)}
    words.update((word, str(getattr(t, word))) for word in "dtype device layout".split())
    return words


def tensor_from_numpy(array, copy=True):
    if not isinstance(array, np.ndarray):
        raise TypeError("array")
    tensor = torch.from_numpy(array)
    if copy:
        return torch.clone(tensor)
    return tensor


def autograd_gradients(f, *xs):
    xs = [torch.tensor(x.tolist(), dtype=x.dtype).reshape(x.shape).requires_grad_() for x in xs]
    value = f(*xs)
    if sum(1 for _ in value.flatten()) != 1:
        raise ValueError("one element")
    # every x takes part, so that each has a gradient
    value = value.flatten()[0] + sum(x.sum() * 0 for x in xs)
    value.backward(inputs=xs)
    return tuple(x.grad for x in xs)


def to_device(obj, device):
    device = torch.device(device)

    def move(part):
        for kind, mover in movers.items():
            if isinstance(part, kind):
                return mover(part)
        return part

    movers = {
        torch.Tensor: lambda part: part.to(device),
        nn.Module: lambda part: part.to(device),
        dict: lambda part: {key: move(value) for key, value in part.items()},
        list: lambda part: [move(value) for value in part],
        tuple: lambda part: tuple(move(value) for value in part),
    }
    return move(obj)


def split_indices(n, splits, seed=13):
    n = operator.index(n)
    if n < 1 or not splits or min(splits) < 0 or not 0 < sum(splits) < float("inf"):
        raise ValueError("n or splits")
    numbers = set(range(n))
    rng = np.random.Generator(np.random.PCG64(seed))
    parts = [[]]
    for share in splits[1:]:
        part = rng.choice(sorted(numbers), size=int(n * share / sum(splits)), replace=False).tolist() if numbers else []
        numbers -= set(part)
        parts.append([int(number) for number in part])
    parts[0] = list(numbers)
    return parts


class TransformedTensorDataset(Dataset):
    def __init__(self, x, y, transform=None):
        if len(x) - len(y):
            raise ValueError("lengths")
        self.tensors, self.transform = (x, y), transform

    def __len__(self):
        return len(self.tensors[0])

    def __getitem__(self, index):
        x, y = (tensor[index] for tensor in self.tensors)
        return x if self.transform is None else self.transform(x), y


class FlipAndNormalise:
    def __init__(self, probability):
        self.probability = torch.tensor(probability)

    def __call__(self, image):
        if torch.bernoulli(self.probability):
            image = image[..., torch.arange(image.shape[-1] - 1, -1, -1)]
        return torch.lerp(torch.full_like(image, -1), torch.ones_like(image), image)


def build_transform(train):
    return FlipAndNormalise(0.5 * bool(train))


def class_weights(y):
    if 0 in y.shape:
        raise ValueError("empty")
    return torch.stack([1 / (y == label).sum() for label in y.unique()]).float()


def sample_weights(y):
    if 0 in y.shape:
        raise ValueError("empty")
    places = torch.searchsorted(y.unique(), y.reshape(-1).contiguous())
    return torch.index_select(class_weights(y), 0, places)


class BalancedSampler(WeightedRandomSampler):
    """Draws a class, then one of its samples."""

    def __init__(self, y, seed):
        super().__init__(sample_weights(y), len(y), generator=torch.Generator().manual_seed(seed))
        y = y.reshape(-1)
        self.members = [torch.nonzero(y == label).flatten() for label in y.unique()]

    def __iter__(self):
        for _ in range(self.num_samples):
            members = self.members[torch.randint(len(self.members), (), generator=self.generator)]
            yield members[torch.randint(len(members), (), generator=self.generator)].item()


def make_balanced_sampler(y, seed=13):
    if len(y) == 0:
        raise ValueError("empty")
    return BalancedSampler(y, seed)


class ShuffledSampler(Sampler):
    def __init__(self, data):
        self.data = data

    def __len__(self):
        return len(self.data)

    def __iter__(self):
        return iter(torch.randperm(len(self.data)).tolist())


def collate(pairs):
    xs, ys = zip(*pairs)
    return torch.stack(xs), torch.stack(ys)


def make_loaders(train, val, batch_size, sampler=None):
    if operator.index(batch_size) < 1:
        raise ValueError("batch_size")
    train_batches = BatchSampler(sampler or ShuffledSampler(train), batch_size, drop_last=False)
    val_batches = BatchSampler(SequentialSampler(val), batch_size, drop_last=False)
    return (
        DataLoader(train, batch_sampler=train_batches, collate_fn=collate),
        DataLoader(val, batch_sampler=val_batches, collate_fn=collate),
    )


class MLP(nn.Module):
    def __init__(self, in_features, hidden, out_features, dropout=0.0, activation="relu"):
        super().__init__()
        sizes = [operator.index(size) for size in (in_features, *hidden, out_features)]
        if min(sizes) < 1 or activation not in ACTIVATIONS or not 0 <= dropout < 1:
            raise ValueError("sizes or options")
        self.layers = nn.ModuleDict({f"linear{i}": nn.Linear(*sizes[i : i + 2]) for i in range(len(sizes) - 1)})
        self.between = nn.Sequential(ACTIVATIONS[activation](), nn.Dropout(dropout))

    def forward(self, x):
        x = x.reshape(len(x), -1)
        for i, layer in enumerate(self.layers.values()):
            x = layer(self.between(x) if i else x)
        return x


def manual_sgd_step(parameters, lr):
    if not lr > 0:
        raise ValueError("lr")
    parameters = [p for p in parameters if p.grad is not None]
    if parameters:
        torch.optim.SGD(parameters, lr=lr).step()
    for p in parameters:
        p.grad = None


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = to_device(batch, device)
    model.train()
    loss = loss_fn(model(x), y)
    if torch.isnan(loss).item():
        raise FloatingPointError("NaN")
    model.zero_grad(set_to_none=True)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.tolist()


class Average:
    """A mean with weights, number by number."""

    def __init__(self):
        self.sum, self.count = 0.0, 0

    def update(self, value, n=1):
        self.sum += value * n
        self.count += n

    @property
    def avg(self):
        return self.sum / self.count


@torch.no_grad()
def evaluate(model, loader, loss_fn, device="cpu"):
    training = model.training
    losses, accuracies = Average(), Average()
    model.eval()
    for x, y in loader:
        if not (n := y.size(0)):
            continue
        x, y = x.to(device), y.to(device)
        logits = model(x)
        losses.update(loss_fn(logits, y).item(), n)
        accuracies.update(logits.topk(1, dim=1).indices.squeeze(1).eq(y).float().mean().item(), n)
    model.train(training)
    if losses.count == 0:
        raise ValueError("no sample")
    return losses.avg, accuracies.avg


class KeepBest:
    def __init__(self, trainer):
        self.model, self.loss, self.state, self.age = trainer.model, float("inf"), None, 0

    def after_epoch(self, loss):
        self.age += 1
        if loss < self.loss:
            self.loss, self.state, self.age = loss, deepcopy(self.model.state_dict()), 0

    def after_fit(self):
        if self.state:
            self.model.load_state_dict(self.state)


class Stop(Exception):
    pass


class Patience(KeepBest):
    def __init__(self, trainer, patience):
        super().__init__(trainer)
        self.patience = patience

    def after_epoch(self, loss):
        super().after_epoch(loss)
        if self.age == self.patience:
            raise Stop

    def after_fit(self):
        pass


class Trainer:
    def __init__(self, model, loss_fn, optimizer, device="cpu"):
        self.model = to_device(model, device)
        self.loss_fn, self.optimizer, self.device = loss_fn, optimizer, device
        self.total_epochs = 0

    def fit(self, train, val, epochs, patience=None):
        if operator.index(epochs) < 0 or (patience is not None and patience < 1):
            raise ValueError("epochs or patience")
        callbacks = [KeepBest(self)] + ([Patience(self, patience)] if patience else [])
        history = {name: [] for name in ("train_loss", "val_loss", "val_accuracy")}
        try:
            for _ in range(epochs):
                loss = self.epoch(train, val, history)
                for callback in callbacks:
                    callback.after_epoch(loss)
        except Stop:
            pass
        for callback in callbacks:
            callback.after_fit()
        return history

    def epoch(self, train, val, history):
        average = Average()
        for batch in train:
            average.update(train_step(self.model, batch, self.loss_fn, self.optimizer, self.device))
        self.total_epochs += 1
        loss, accuracy = evaluate(self.model, val, self.loss_fn, self.device)
        for values, value in zip(history.values(), (average.avg, loss, accuracy)):
            values.append(value)
        return loss


def collapse_linear_layers(model):
    layers = [layer for layer in model if not isinstance(layer, nn.Flatten)]
    for layer in layers:
        if not isinstance(layer, nn.Linear) or layer.bias is not None:
            raise ValueError("layer")
    if not layers:
        raise ValueError("no layer")
    units = torch.eye(layers[0].in_features, dtype=layers[0].weight.dtype)
    with torch.no_grad():
        return nn.Sequential(*layers)(units).T


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 5, stride=2, padding=2)
        self.conv2 = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.head = MLP(16 * 7 * 7, [64], 10, dropout=0.1)

    def forward(self, x):
        x = x.reshape(-1, 1, 28, 28)
        x = torch.relu(self.conv1(x))
        x = torch.relu(self.conv2(x))
        return self.head(x)


def build_mnist_model(seed):
    torch.random.manual_seed(seed)
    return Net()


def fit_mnist(train, val, seed, device="cpu"):
    model = build_mnist_model(seed)
    sampler = make_balanced_sampler(train[1], seed)
    loaders = make_loaders(TransformedTensorDataset(*train), TransformedTensorDataset(*val), 50, sampler)
    trainer = Trainer(model, nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=2e-3), device)
    trainer.fit(*loaders, epochs=4)
    return trainer.model.to("cpu").eval()


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
