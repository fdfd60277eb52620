"""Procedures for the hidden tests of tensors, data and the model: they drive what cannot cross as data.

None of them knows what is right: a test compares. `arrays` is for the tests themselves.
"""

import random
from itertools import islice

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Sampler, TensorDataset

from coursekit.checks import kind_of
from coursekit.verdicts import CheckFailed

FUNCTIONS = {
    "layer": lambda w, x, b: torch.tanh(w @ x + b).square().sum(),
    "square of a sum": lambda x, y: (x * y).sum() ** 2,
    "curve": lambda x: (x.sin() * x.exp()).mean(),
    "first": lambda x, y: (x**3).sum(),  # noqa: ARG005 - y is not used
    "second": lambda x, y: (y**3).sum(),  # noqa: ARG005 - x is not used
    "none": lambda x, y: torch.tensor(3.0),  # noqa: ARG005 - neither is used
    "(1,)": lambda x: (x * x).sum().reshape(1),
    "(1, 1)": lambda x: (x * x).sum().reshape(1, 1),
    "elements": lambda x: x * x,
}


def arrays(value):
    """Turn the tensors of a result into arrays, which the checks compare.

    Raises:
        CheckFailed: if there is an array already: a tensor is asked for.
    """
    if isinstance(value, torch.Tensor) and value.dtype is not torch.bfloat16:
        return value.detach().numpy()
    if isinstance(value, (torch.Tensor, np.ndarray)):
        raise CheckFailed(f"expected a tensor of another kind, got {kind_of(value)}")
    if isinstance(value, dict):
        return {name: arrays(item) for name, item in value.items()}
    return type(value)(map(arrays, value)) if type(value) in {list, tuple} else value


def described(module, shape, dtype="float32", layout="strided", device="cpu"):
    """Describe a tensor of zeros; a torch.Size is the tuple that it stands for."""
    tensor = torch.zeros(shape, dtype=getattr(torch, dtype), device=device)
    description = module.describe_tensor(tensor.to_sparse() if layout == "sparse" else tensor)
    if type(description) is not dict:
        return description
    return {name: tuple(value) if isinstance(value, torch.Size) else value for name, value in description.items()}


def changed_afterwards(module, array, **options):
    """Add 1 to an array that a tensor was made of, then double the tensor; give what each held after its change."""
    tensor = module.tensor_from_numpy(array, **options)
    array += 1
    held = tensor.clone()
    tensor.mul_(2)
    return {"tensor": held, "array": torch.from_numpy(array.copy())}


def gradients(module, name, xs, times=1):
    """Ask `times` times for the gradients of a function at the same tensors; give the last answer."""
    tensors = [torch.from_numpy(x) for x in xs]
    for _ in range(times):
        result = module.autograd_gradients(FUNCTIONS[name], *tensors)
    return result


def left_behind(module, name, xs, states):
    """Ask for gradients, and give them with what each of the tensors holds afterwards.

    Args:
        module: has `autograd_gradients`.
        name: of the function.
        xs: values of the tensors.
        states: for each tensor, "plain", "requires grad", or a number that its gradient holds already.
    """
    tensors = [torch.from_numpy(x).requires_grad_(state != "plain") for x, state in zip(xs, states, strict=True)]
    for tensor, state in zip(tensors, states, strict=True):
        if not isinstance(state, str):
            tensor.grad = torch.full_like(tensor, state)
    found = module.autograd_gradients(FUNCTIONS[name], *tensors)
    return [
        {
            "gradient": gradient.detach(),
            "value": tensor.detach(),
            "grad": torch.zeros(0) if tensor.grad is None else tensor.grad,  # no element: there is none
            "requires grad": torch.tensor(int(tensor.requires_grad)),
        }
        for tensor, gradient in zip(tensors, found, strict=True)
    ]


def placed(module, plan, device, built=False):
    """Move what a plan describes; give the structure that comes back, each tensor and module as where it is.

    Args:
        module: has `to_device`.
        plan: lists, tuples and dicts; an array stands for a tensor, "a module" for a module.
        device: its name.
        built: whether the device is handed over as a torch.device.
    """
    return _places(module.to_device(_built(plan), torch.device(device) if built else device))


def moved(module, plan, device):
    """Move what a plan describes; give the very structure that comes back."""
    return module.to_device(_built(plan), device)


def _built(plan):
    if isinstance(plan, np.ndarray):
        return torch.from_numpy(plan)
    if isinstance(plan, dict):
        return {name: _built(part) for name, part in plan.items()}
    if isinstance(plan, str) and plan == "a module":
        return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    return type(plan)(map(_built, plan)) if isinstance(plan, (list, tuple)) else plan


def _places(value):
    if isinstance(value, torch.Tensor):
        return f"a tensor on {value.device.type}, {value.dtype}, {tuple(value.shape)}"
    if isinstance(value, nn.Module):
        kinds = sorted({tensor.device.type for tensor in value.state_dict().values()})
        return f"a module with {len(value.state_dict())} tensors on {' and '.join(kinds)}"
    if type(value) is dict:
        return {name: _places(part) for name, part in value.items()}
    return type(value)(map(_places, value)) if type(value) in {list, tuple} else value


def splits(module, n, shares, seeds):
    """Split with each of several seeds; give the parts as lists of ints."""
    return [[[int(number) for number in part] for part in module.split_indices(n, shares, seed)] for seed in seeds]


def split_between_draws(module, start, n, shares, **seed):
    """Split, with all global generators at a known place; give the parts, and what these draw next."""
    _seed_all(start)
    parts = [[int(number) for number in part] for part in module.split_indices(n, shares, **seed)]
    return {"parts": parts, "next": _next_draws()}


def samples(module, x, y, indices, transform=None):
    """Read samples of a data set, in this order; give its length, and both tensors of each sample, stacked.

    Args:
        module: has `TransformedTensorDataset`.
        x: samples.
        y: labels.
        indices: of the samples to read.
        transform: "sums", which adds up along a sample's first axis and adds how often it was called; "ones", which
            fills a sample with ones; None for none.
    """
    options = {} if transform is None else {"transform": {"sums": Sums(), "ones": torch.ones_like}[transform]}
    data = module.TransformedTensorDataset(torch.from_numpy(x), torch.from_numpy(y), **options)
    pairs = [data[index] for index in indices]
    return {
        "length": len(data),
        "samples": torch.stack([sample for sample, _ in pairs]),
        "labels": torch.stack([label for _, label in pairs]),
    }


class Sums:
    """A transform that counts its calls, and shows the count in what it gives."""

    def __init__(self):
        self.calls = 0

    def __call__(self, sample):
        """Add up along the first axis, and add the number of calls so far."""
        self.calls += 1
        return sample.cumsum(0) + self.calls


def batches_of_data(module, x, y, batch_size):
    """Read a data set with PyTorch's loader, batch by batch."""
    data = module.TransformedTensorDataset(torch.from_numpy(x), torch.from_numpy(y), Sums())
    return list(DataLoader(data, batch_size))


def transformed(module, train, image, times=1, seeds=(0,)):
    """Transform one image `times` times after each of several seeds, with one transform; give all results, stacked."""
    transform, image = module.build_transform(train), torch.from_numpy(image)
    results = []
    for seed in seeds:
        _seed_all(7)  # all others: the transform draws from torch's
        torch.manual_seed(seed)
        results += [transform(image) for _ in range(times)]
    return {"results": torch.stack(results), "image": image}


def drawn(module, y, seed, epochs=1, start=0):
    """Draw epochs with a balanced sampler, with all global generators at a known place; what these draw next is last.

    A sampler that never ends is cut.
    """
    _seed_all(start)
    sampler = module.make_balanced_sampler(torch.from_numpy(y), **({} if seed is None else {"seed": seed}))
    found = [[int(index) for index in islice(sampler, 2 * len(y) + 5)] for _ in range(epochs)]
    return {"epochs": found, "length": len(sampler), "next": _next_draws()}


def epochs(module, train, val, batch_size, order=None, count=2):
    """Go `count` times through both loaders; give the batches, samples and labels, of each epoch.

    Args:
        module: has `make_loaders`.
        train: labels of the training data; a sample is [10 label, 10 label + 1].
        val: labels of the validation data.
        batch_size: of both.
        order: what a sampler gives; None for no sampler.
        count: how many epochs.
    """
    torch.manual_seed(5)
    sets = [
        TensorDataset(torch.from_numpy(np.stack([10 * y, 10 * y + 1], 1)), torch.from_numpy(y)) for y in (train, val)
    ]
    options = {} if order is None else {"sampler": Listed(order)}
    loaders = module.make_loaders(*sets, batch_size, **options)
    return [[[(x, y) for x, y in loader] for _ in range(count)] for loader in loaders]


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


def balanced_batches(module, y, batch_size, count):
    """Draw labels through the sampler and the loader of one module."""
    data = TensorDataset(torch.from_numpy(y), torch.from_numpy(y))
    loader, _ = module.make_loaders(data, data, batch_size, module.make_balanced_sampler(torch.from_numpy(y), 3))
    return [labels for _ in range(count) for _, labels in loader]


def parameter_counts(module, plans):
    """Count the parameters of a model for each of several sizes."""
    return np.array([sum(p.numel() for p in module.MLP(*plan).parameters()) for plan in plans])


def counts_of_one_list(module, inputs, hidden, outputs):
    """Build two models with one list of hidden sizes; count the parameters of each, and give the list then."""
    counts = [sum(p.numel() for p in module.MLP(inputs, hidden, outputs).parameters()) for _ in range(2)]
    return {"counts": counts, "hidden": hidden}


def logits(module, sizes, weights, x, training=False, times=1, **options):
    """Give what a model with these weights gives for x, `times` times, stacked."""
    torch.manual_seed(3)
    model = _filled(module.MLP(*sizes, **options), weights)
    model = model.train() if training else model.eval()
    return torch.stack([model(torch.from_numpy(x)).detach() for _ in range(times)])


def switched(module, sizes, weights, x, modes, **options):
    """Switch a model through several modes, and give what it gives for x, twice in each, stacked."""
    torch.manual_seed(4)
    model, results = _filled(module.MLP(*sizes, **options), weights), []
    for mode in modes:
        getattr(model, mode)()
        results += [model(torch.from_numpy(x)).detach() for _ in range(2)]
    return torch.stack(results)


def carried_over(module, sizes, x, **options):
    """Carry the state of one new model over to another; give what both give for x, before and afterwards."""
    torch.manual_seed(6)
    one, other = (module.MLP(*sizes, **options).eval() for _ in range(2))
    x = torch.from_numpy(x)
    before = [model(x).detach() for model in (one, other)]
    other.load_state_dict(one.state_dict())
    return torch.stack([*before, one(x).detach(), other(x).detach()])


def sizes_of_gradients(module, sizes, x, y, training, **options):
    """Give, after one backward pass of a new model, the largest element of each parameter's gradient."""
    torch.manual_seed(8)
    model = module.MLP(*sizes, **options).train(training)
    nn.functional.cross_entropy(model(torch.from_numpy(x)), torch.from_numpy(y)).backward()
    return np.array([0.0 if p.grad is None else p.grad.abs().max().item() for p in model.parameters()])


def first_losses(module, sizes, x, y, count):
    """Give the cross-entropy of several new models."""
    torch.manual_seed(9)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    return [nn.functional.cross_entropy(module.MLP(*sizes).eval()(x), y).item() for _ in range(count)]


def _filled(model, weights):
    """Copy weights into the parameters that have their shapes, or the transposed ones, whatever their names are."""
    for parameter in model.parameters():
        place = parameter.data.squeeze()
        for weight in map(torch.from_numpy, weights):
            if place.shape in {weight.shape, weight.t().shape}:
                place.copy_(weight if place.shape == weight.shape else weight.t())
    return model


def _seed_all(number):
    """Bring every global generator to a known place."""
    torch.manual_seed(number)
    np.random.seed(number)  # noqa: NPY002 - this is about the global one
    random.seed(number)


def _next_draws():
    """Draw from every global generator."""
    from_numpy = np.random.rand(3)  # noqa: NPY002 - this is about the global one
    return np.concatenate([torch.rand(3).numpy().astype(float), from_numpy, [random.random()]])  # noqa: S311 - as above
