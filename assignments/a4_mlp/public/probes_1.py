"""Procedures that drive your tensors, data and model; the tests look at what comes back."""

import numpy as np
import torch
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
