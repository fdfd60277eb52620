"""Procedures for the public tests: they drive models, optimisers and loaders, and hand back what they see."""

import contextlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import Sampler, TensorDataset

FUNCTIONS = {
    "x·x": lambda x: x @ x,
    "wx + b": lambda x, w, b: w * x + b,
    "sum of xy + z": lambda x, y, z: (x * y + z).sum(),
    "x": lambda x: x,
}


def description(module, t):
    """Describe a tensor; a torch.Size is the tuple that it stands for."""
    described = module.describe_tensor(t)
    return {name: tuple(value) if isinstance(value, torch.Size) else value for name, value in described.items()}


def tensor_of(module, array, copy):
    """Make a tensor of an array; give its numbers, and say whether it shares the array's memory."""
    numbers = numbers_of(module.tensor_from_numpy(array, copy))
    return {"numbers": numbers.copy(), "shares": bool(np.shares_memory(numbers, array))}


def gradients(module, name, xs):
    """Give the gradients of a function."""
    found = module.autograd_gradients(FUNCTIONS[name], *xs)
    return tuple(map(numbers_of, found)) if isinstance(found, tuple) else found


def weights_of(module, name, y):
    """Give the weights that a function says."""
    return numbers_of(getattr(module, name)(y))


def numbers_of(tensor):
    """Give a tensor's numbers as an array."""
    if not isinstance(tensor, torch.Tensor):
        raise TypeError(f"expected a tensor, got {type(tensor).__name__}")
    return tensor.detach().numpy()


def places(module, tensors, device):
    """Move a list of tensors; give the names of the devices where they are then."""
    return [tensor.device.type for tensor in module.to_device(tensors, device)]


def moved(module, obj, device):
    """Move a structure; give it with lists of numbers in the place of tensors."""
    return plain(module.to_device(obj, device))


def plain(value):
    """Put lists of numbers in the place of tensors, whatever they are in."""
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return type(value)(map(plain, value)) if isinstance(value, (list, tuple)) else value


def split(module, n, splits, **seed):
    """Split the numbers below n; give the parts as lists of ints."""
    return [[int(number) for number in part] for part in module.split_indices(n, splits, **seed)]


def read(module, x, y, indices, double=False):
    """Read samples of a data set; give its length, and the two parts of each sample."""
    data = module.TransformedTensorDataset(x, y, (lambda sample: 2 * sample) if double else None)
    pairs = [data[index] for index in indices]
    return {
        "length": len(data),
        "samples": torch.stack([sample for sample, _ in pairs]).numpy(),
        "labels": torch.stack([label for _, label in pairs]).numpy(),
    }


def transformed(module, train, image, times):
    """Transform one image several times; give all results, stacked."""
    transform = module.build_transform(train)
    torch.manual_seed(1)
    return torch.stack([transform(image) for _ in range(times)]).numpy()


def drawn(module, y, seed):
    """Draw one epoch with a balanced sampler."""
    return [int(index) for index in module.make_balanced_sampler(y, seed)]


def epochs(module, train, val, batch_size, order=None):
    """Go twice through both loaders; give the labels of each batch.

    Args:
        module: has `make_loaders`.
        train: labels of the training data.
        val: labels of the validation data.
        batch_size: of both.
        order: what a sampler gives; None for no sampler.
    """
    torch.manual_seed(1)
    sets = [TensorDataset(10.0 * labels, labels) for labels in (train, val)]
    loaders = module.make_loaders(*sets, batch_size, **({} if order is None else {"sampler": Listed(order)}))
    return [[[labels.tolist() for _, labels in loader] for _ in range(2)] for loader in loaders]


class Listed(Sampler):
    """A sampler with a fixed order."""

    def __init__(self, order):
        self.order = order

    def __iter__(self):
        """Give the places in their order."""
        return iter(self.order)

    def __len__(self):
        """Give how many there are."""
        return len(self.order)


def parameter_count(module, inputs, hidden, outputs):
    """Count the parameters of a model."""
    return sum(parameter.numel() for parameter in module.MLP(inputs, hidden, outputs).parameters())


def output_shapes(module, shapes):
    """Give the shapes of a model's outputs for zeros of several shapes."""
    model = module.MLP(784, [16], 10)
    return [tuple(model(torch.zeros(shape)).shape) for shape in shapes]


def outputs(module, sizes, weights, x, modes=("eval",), **options):
    """Give the outputs of a model with these weights: one array for each mode that it is switched to.

    The weights are copied into the parameters that have their shapes, whatever these are called.
    """
    torch.manual_seed(1)
    model, results = module.MLP(*sizes, **options), []
    for parameter in model.parameters():
        place = parameter.data.squeeze()
        for weight in weights:
            if place.shape in {weight.shape, weight.t().shape}:
                place.copy_(weight if place.shape == weight.shape else weight.t())
    for mode in modes:
        getattr(model, mode)()
        results.append(model(x).detach().numpy())
    return np.stack(results)


def linear(weight, bias):
    """Build a linear layer with these weights."""
    layer = nn.Linear(*weight.shape[::-1])
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(bias))
    return layer


def weights(model):
    """Give the weights of a model as arrays."""
    return {name: value.detach().numpy().copy() for name, value in model.named_parameters()}


def batches_of(arrays):
    """Turn pairs of arrays into batches."""
    return [(torch.from_numpy(X), torch.from_numpy(y)) for X, y in arrays]


def manual_step(module, values, gradients, lr):
    """Take one step with tensors that have these gradients; give the tensors, and what is left of the gradients."""
    tensors = [torch.from_numpy(value).requires_grad_() for value in values]
    for tensor, gradient in zip(tensors, gradients, strict=True):
        tensor.grad = None if gradient is None else torch.from_numpy(gradient)
    module.manual_sgd_step(tensors, lr)
    left = [0.0 if tensor.grad is None else tensor.grad.abs().sum().item() for tensor in tensors]
    return {"tensors": [tensor.detach().numpy() for tensor in tensors], "gradients left": left}


def manual_step_of_layer(module, weight, bias, X, y, lr):
    """Take one step with the parameters of a linear layer, on the squared error; give its weights."""
    layer = linear(weight, bias)
    ((layer(torch.from_numpy(X)) - torch.from_numpy(y)) ** 2).mean().backward()
    module.manual_sgd_step(layer.parameters(), lr)
    return weights(layer)


def train_steps(module, weight, bias, batches, lr):
    """Take a training step for each batch with a linear layer and cross-entropy; give its weights and all losses."""
    layer = linear(weight, bias)
    optimizer = torch.optim.SGD(layer.parameters(), lr=lr)
    losses = [module.train_step(layer, batch, functional.cross_entropy, optimizer) for batch in batches_of(batches)]
    return weights(layer), losses


def evaluate(module, weight, bias, batches):
    """Evaluate a linear layer with cross-entropy."""
    return module.evaluate(linear(weight, bias), batches_of(batches), functional.cross_entropy)


def modes_around_evaluation(module, weight, bias, batches, training):
    """Evaluate a model in one of its modes; give the accuracy, and its modes while it ran and afterwards."""
    model, seen = nn.Sequential(linear(weight, bias), nn.Dropout(0.5)).train(training), []
    model.register_forward_pre_hook(lambda part, _: seen.append(part.training))
    _, accuracy = module.evaluate(model, batches_of(batches), functional.cross_entropy)
    return {"accuracy": float(accuracy), "while it ran": sorted(set(seen)), "afterwards": model.training}


def fit(module, train, val, epochs):
    """Train a linear layer with a trainer; give its history and all epochs."""
    layer = linear(np.zeros((2, 2), dtype=np.float32), np.zeros(2, dtype=np.float32))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1)
    trainer = module.Trainer(layer, functional.cross_entropy, optimizer)
    return trainer.fit(batches_of(train), batches_of(val), epochs), trainer.total_epochs


def fit_until_it_turns(module, epochs, patience):
    """Train two equal weights from 0, and add 1 to them in each epoch; the validation loss is their distance to 3."""
    model = nn.Linear(1, 2, bias=False)  # two logits: the labels are 0 and 1
    nn.init.zeros_(model.weight)

    def loss(outputs, y):  # training: goes down by 1 for each 1 that a weight grows; validation: the distance
        return (outputs - 3).abs().mean() if y.any() else -outputs.sum(dim=1).mean()

    trainer = module.Trainer(model, loss, torch.optim.SGD(model.parameters(), lr=1.0))
    one, train, val = torch.ones(1, 1), torch.zeros(1, dtype=torch.int64), torch.ones(1, dtype=torch.int64)
    history = trainer.fit([(one, train)], [(one, val)], epochs, patience=patience)
    return {"val_loss": history["val_loss"], "weight": model.weight[0].item()}


def collapsed(module, matrices, activation):
    """Give the matrix of a stack of linear layers with these weights, perhaps with ReLU between them."""
    layers = [nn.Flatten()]
    for matrix in matrices:
        layers.append(nn.Linear(*matrix.shape[::-1], bias=False, dtype=torch.float64))
        layers[-1].weight.data.copy_(torch.from_numpy(matrix))
        layers += [nn.ReLU()] if activation else []
    return module.collapse_linear_layers(nn.Sequential(*layers)).detach().numpy().copy()


def new_model(module, seed, images):
    """Build a model for MNIST; give the number of its parameters, and its logits for images of both shapes."""
    model, images = module.build_mnist_model(seed), as_images(images)
    model.eval()
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "logits": model(images).detach().numpy(),
        "logits of flat images": model(images.flatten(1)).detach().numpy(),
    }


def digits(module, train, val, images, seed):
    """Train a model on digits; give the classes of other images, and the history where your Trainer trained it."""
    parts = [(as_images(images), torch.from_numpy(labels)) for images, labels in (train, val)]
    with noted(getattr(module, "Trainer", None), "fit") as history:
        model = module.fit_mnist(*parts, seed)
    with torch.no_grad():
        predicted = model(as_images(images)).argmax(dim=1).numpy()
    return {"predicted": predicted, "history": history}


@contextlib.contextmanager
def noted(owner, name):
    """Keep the histories that one of your functions gives while a `with` block lasts, all calls in a row."""
    function, kept = getattr(owner, name, None), {}

    def keeping(*args, **kwargs):
        history = function(*args, **kwargs)
        for line, numbers in history.items() if isinstance(history, dict) else ():
            if is_curve(numbers):
                kept.setdefault(line, []).extend(numbers)
        return history

    if function is None:
        yield kept
        return
    setattr(owner, name, keeping)
    try:
        yield kept
    finally:
        setattr(owner, name, function)


def is_curve(numbers):
    """Whether this is a list of floats."""
    return isinstance(numbers, list) and all(type(number) is float for number in numbers)


def as_images(images):
    """Turn bytes (N, 28, 28) into what a model takes: (N, 1, 28, 28) float32, 0 to 1."""
    return torch.from_numpy(images).float().div(255)[:, None]
