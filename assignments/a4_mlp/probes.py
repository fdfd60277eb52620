"""Procedures for the hidden tests: they drive what cannot cross as data, and hand back what they see.

None of them knows what is right: a test compares.
"""

import random
from contextlib import contextmanager, suppress
from itertools import islice

import numpy as np
import torch
from torch import nn
from torch.nn import functional
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
    if not isinstance(description, dict):
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


LOSSES = {
    "cross-entropy": functional.cross_entropy,
    "negative probabilities": lambda logits, y: functional.nll_loss(logits.softmax(dim=1), y),
    "NaN": lambda logits, y: functional.cross_entropy(logits, y) * torch.nan,
}
OPTIMIZERS = {
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.2, momentum=0.9),
    "Adam": lambda parameters: torch.optim.Adam(parameters, lr=0.02),
}
CONTAINERS = {"list": list, "tuple": tuple, "generator": iter}
NUMBERS = {"item": float, "tolist": float, "__float__": float, "__int__": int, "__bool__": bool}


class ByMode(nn.Module):
    """Doubles its input in evaluation mode: so the mode shows in every number that comes after."""

    def forward(self, x):
        """Give the input, or twice the input."""
        return x if self.training else 2 * x


class ByGraph(nn.Module):
    """Doubles its input where a graph is recorded."""

    def forward(self, x):
        """Give the input, or twice the input."""
        return 2 * x if x.requires_grad else x


MIDDLES = {
    "nothing": nn.Identity,
    "mode": ByMode,
    "graph": ByGraph,
    "batch norm": lambda: nn.BatchNorm1d(5),
    "dropout": lambda: nn.Dropout(0.5),
}


def manual_steps(module, values, targets, lr, container="list"):
    """Draw tensors to several targets, one step of gradient descent each; None leaves a tensor without a gradient."""
    tensors = [torch.from_numpy(value).requires_grad_() for value in values]
    for goals in targets:
        pairs = [(tensor, goal) for tensor, goal in zip(tensors, goals, strict=True) if goal is not None]
        sum(((tensor - torch.from_numpy(goal)) ** 2).sum() for tensor, goal in pairs).backward()
        module.manual_sgd_step(CONTAINERS[container](tensors), lr)
    seen = {f"tensor {number}": tensor.detach().numpy().copy() for number, tensor in enumerate(tensors)}
    left = [0.0 if tensor.grad is None else float(tensor.grad.abs().sum()) for tensor in tensors]
    leaves = [tensor.is_leaf and tensor.requires_grad for tensor in tensors]
    return {**seen, "gradients left": np.array(left), "leaves": np.array(leaves)}


def manual_steps_of_model(module, params, batches, lr, frozen=False):
    """Take a step for each batch with the parameters of a model, and give what the model holds and says then."""
    net = _network(params)
    net.first.weight.requires_grad_(not frozen)
    for X, y in _tensors(batches):
        functional.cross_entropy(net(X), y).backward()
        module.manual_sgd_step(net.parameters(), lr)
    return {**_state(net), "logits": net(_tensors(batches)[0][0]).detach().numpy()}


def train(module, params, batches, middle="nothing", **way):
    """Take a training step for each batch; give the losses, and the model's state then.

    Args:
        module: has `train_step`.
        params: of the model.
        batches: samples and labels.
        middle: what is between the two layers.
        way: "loss" and "optimizer", names; "training", the mode at the start; "stale", a number that every
            gradient holds before each step; "form" of a batch, list or tuple; "device".
    """
    device = way.get("device", "cpu")
    net = _network(params, middle).to(device).train(way.get("training", True))
    optimizer, form = OPTIMIZERS[way.get("optimizer", "SGD")](net.parameters()), CONTAINERS[way.get("form", "tuple")]
    losses = []
    for batch in _tensors(batches):
        if "stale" in way:
            for parameter in net.parameters():
                parameter.grad = torch.full_like(parameter, way["stale"])
        loss = module.train_step(net, form(batch), LOSSES[way.get("loss", "cross-entropy")], optimizer, device)
        losses.append(float(loss))
    return {**_state(net), "losses": np.array(losses)}


def losses_of_steps(module, params, batches):
    """Give the very losses that two kinds of steps return."""
    net = _network(params)
    optimizer = OPTIMIZERS["SGD"](net.parameters())
    return [module.train_step(net, batch, functional.cross_entropy, optimizer, "cpu") for batch in _tensors(batches)]


def refused_step(module, params, batches):
    """Take a step with the first batch, then one whose loss is NaN; give the state before and after that one."""
    net = _network(params)
    optimizer = OPTIMIZERS["SGD"](net.parameters())
    first, second = _tensors(batches)
    module.train_step(net, first, functional.cross_entropy, optimizer, "cpu")
    before = _state(net)
    with suppress(FloatingPointError):
        module.train_step(net, second, LOSSES["NaN"], optimizer, "cpu")
    return before, _state(net)


def labels_in_the_loss(module, name, params, batches):
    """Give shape and dtype of the labels that the loss meets in a training step, or in an evaluation."""
    seen = []

    def loss(logits, y):
        seen.append((tuple(y.shape), str(y.dtype)))
        return functional.cross_entropy(logits, y)

    net = _network(params)
    if name == "train_step":
        module.train_step(net, _tensors(batches)[0], loss, OPTIMIZERS["SGD"](net.parameters()), "cpu")
    else:
        module.evaluate(net, _tensors(batches), loss, "cpu")
    return list(dict.fromkeys(seen))


def evaluate(module, params, loaders, middle="nothing", **way):
    """Evaluate one model on several loaders; give losses and accuracies.

    Args:
        module: has `evaluate`.
        params: of the model.
        loaders: lists of batches.
        middle: what is between the two layers.
        way: "training", the mode at the start; "container" of the batches; "device".
    """
    device, container = way.get("device", "cpu"), CONTAINERS[way.get("container", "list")]
    net = _network(params, middle).to(device).train(way.get("training", True))
    loss = functional.cross_entropy
    results = [module.evaluate(net, container(_tensors(batches)), loss, device) for batches in loaders]
    pairs = [(float(loss), float(accuracy)) for loss, accuracy in results]
    return dict(zip(("loss", "accuracy"), np.array(pairs).T.copy(), strict=True))


def very_results(module, params, batches):
    """Give the very result of an evaluation."""
    return module.evaluate(_network(params), _tensors(batches), functional.cross_entropy, "cpu")


def after_evaluation(module, params, batches, middle="nothing", training=True):
    """Evaluate a model that was in the middle of its training; give loss, state, gradients and outputs then."""
    net, (X, y) = _network(params, middle), _tensors(batches)[0]
    functional.cross_entropy(net(X), y).backward()
    net.train(training)
    loss, accuracy = module.evaluate(net, _tensors(batches), functional.cross_entropy, "cpu")
    seen = {**_state(net), **_gradients(net), "result": np.array([float(loss), float(accuracy)])}
    logits = net(X)
    functional.cross_entropy(logits, y).backward()  # a second one, on top of the first
    return {**seen, "logits": logits.detach().numpy(), **_gradients(net, " later")}


def devices(module, name, params, batches):
    """Run a function on the meta device, which every machine has; say where samples and labels were when used.

    What the meta device cannot do counts for the student: then the moves that were recorded say it.
    """
    _run_on(module, name, params, _tensors(batches), "cpu", {"samples": [], "labels": []})  # stubs end here
    seen, given = {"samples": [], "labels": []}, _tensors(batches)
    with _meta_numbers(), _recorded_moves(given) as moves, suppress(Exception):
        _run_on(module, name, params, given, "meta", seen)
    return {kind: sorted(set(places or moves.get(kind, []))) for kind, places in seen.items()}


def scripted_fits(module, scripts, batches=2, patience=None):
    """Train once for each script of validation losses, by a model whose one weight counts the steps.

    Args:
        module: has `Trainer`.
        scripts: validation losses, one for each epoch, for each call of `fit`.
        batches: steps in an epoch.
        patience: of the trainer.

    Returns:
        for each call: epochs in the history, all epochs of the trainer, steps taken in this call, and the epoch
        whose weights the model has then.
    """
    ladder = Ladder()
    counter, played = Counter(ladder.parameters()), Script(batches)
    trainer, seen = module.Trainer(ladder, played, counter, "cpu"), []
    train = [(torch.zeros(3, 1), torch.zeros(3, dtype=torch.int64))] * batches
    val = [(torch.zeros(4, 1), torch.ones(4, dtype=torch.int64)), (torch.zeros(2, 1), torch.ones(2, dtype=torch.int64))]
    for script in scripts:
        played.losses, counter.taken = script, 0
        with torch.no_grad():
            ladder.height.zero_()
        history = trainer.fit(train, val, len(script), patience=patience)
        epochs = ladder.height.item() / batches
        seen.append([len(history["val_loss"]), trainer.total_epochs, counter.taken, epochs])
    return np.array(seen, dtype=np.float64)


class Ladder(nn.Module):
    """A model whose outputs say how many steps were taken."""

    def __init__(self):
        super().__init__()
        self.height = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        """Give the height as both logits."""
        return self.height.expand(len(x), 2)


class Counter(torch.optim.Optimizer):
    """An optimizer that adds 1 to each parameter in a step, whatever the gradients are."""

    def __init__(self, parameters):
        super().__init__(parameters, {})
        self.taken = 0

    @torch.no_grad()
    def step(self, closure=None):
        """Add 1, after the closure, as every optimizer does."""
        with torch.enable_grad():
            loss = closure() if closure else None
        self.taken += 1
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.add_(1)
        return loss


class Script:
    """A loss that reads the epoch from the model's output, and gives what is written for it.

    Labels of 0 are for training, labels of 1 for validation.
    """

    def __init__(self, batches):
        self.batches, self.losses = batches, []

    def __call__(self, logits, y):
        """Give the loss that is written, with a graph to the model."""
        height = logits[0, 0]
        if not y.any():
            return height * 0 + 1
        epoch = round(height.item() / self.batches)
        return height * 0 + (self.losses[epoch - 1] if 0 < epoch <= len(self.losses) else -1e6)


def fit(module, params, train, val, middle="nothing", **settings):
    """Train a model with a trainer; give its history as arrays, its state then, and all epochs."""
    net = _network(params, middle)
    trainer = module.Trainer(net, functional.cross_entropy, OPTIMIZERS["SGD"](net.parameters()), "cpu")
    history = trainer.fit(_tensors(train), _tensors(val), **settings)
    told = {name: np.array([float(number) for number in numbers]) for name, numbers in history.items()}
    return {**told, **_state(net), "all epochs": trainer.total_epochs}


def very_history(module, params, train, val, **settings):
    """Give the very history of a training."""
    net = _network(params)
    trainer = module.Trainer(net, functional.cross_entropy, OPTIMIZERS["SGD"](net.parameters()), "cpu")
    return trainer.fit(_tensors(train), _tensors(val), **settings)


def lines(module, images, labels, seed):
    """Train 32 hidden units to tell diagonal lines from others; give the predictions for the last 60."""
    X, y = torch.from_numpy(images).float().div(255), torch.from_numpy(labels)
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Flatten(), nn.Linear(25, 32), nn.ReLU(), nn.Linear(32, 2))
    trainer = module.Trainer(net, nn.CrossEntropyLoss(), torch.optim.SGD(net.parameters(), lr=0.1), "cpu")
    trainer.fit(list(zip(X[:240].split(16), y[:240].split(16), strict=True)), [(X[240:], y[240:])], epochs=100)
    return net.eval()(X[240:]).argmax(dim=1).numpy()


def collapsed(module, weights, kind="linear", flatten=False):
    """Give the matrix of a stack of layers with these weights, and what the stack gives for each unit vector.

    Args:
        module: has `collapse_linear_layers`.
        weights: of the linear layers, the first one first.
        kind: "linear", or what else is in the stack: a layer that does not collapse.
        flatten: whether the stack begins with nn.Flatten.
    """
    others = {"ReLU": nn.ReLU, "Sigmoid": nn.Sigmoid, "Dropout": nn.Dropout}
    layers = [nn.Flatten()] if flatten else []
    for weight in weights:
        layers.append(nn.Linear(*weight.shape[::-1], bias=kind == "bias", dtype=torch.float64))
        layers[-1].weight.data.copy_(torch.from_numpy(weight))
        layers += [others[kind]()] if kind in others else []
    stack = nn.Sequential(*layers)
    matrix = module.collapse_linear_layers(stack)
    outputs = stack(torch.eye(weights[0].shape[1], dtype=torch.float64)) if weights else torch.zeros(0)
    return {
        "matrix": matrix.detach().numpy().copy(),
        "outputs": outputs.detach().numpy().T.copy(),
        "requires grad": int(matrix.requires_grad),
    }


def logits_of_new_models(module, seeds, images):
    """Build a model for each seed, whatever was drawn before; give the number of parameters, and all logits."""
    seen = []
    for number, seed in enumerate(seeds):
        torch.manual_seed(100 + number)
        model = module.build_mnist_model(seed)
        model.eval()
        with torch.no_grad():
            seen += [model(_images(images)).numpy(), model(_images(images).flatten(1)).numpy()]
    return {"parameters": _parameters(model), "logits": np.array(seen)}


def logits_of_fits(module, train, val, seeds, images):
    """Train a model for each seed, whatever was drawn before; give all logits, and whether a part is in training."""
    seen, modes = [], []
    for number, seed in enumerate(seeds):
        torch.manual_seed(100 + number)
        model = module.fit_mnist(_digits(train), _digits(val), seed)
        modes += [part.training for part in model.modules()]
        model.eval()
        with torch.no_grad():
            seen.append(model(_images(images)).numpy())
    return {"logits": np.array(seen), "in training": sum(modes)}


def digits(module, train, val, images, seed, device="cpu"):
    """Train on digits, if the model is no larger than allowed; give its size, and the classes of other images."""
    size = _parameters(module.build_mnist_model(seed))
    if size > 300_000:
        return {"parameters": size}
    model = module.fit_mnist(_digits(train), _digits(val), seed, device)
    model.eval()
    with torch.no_grad():
        predicted = model(_images(images)).argmax(dim=1)
    return {"parameters": max(size, _parameters(model)), "predicted": predicted.numpy()}


def _network(params, middle="nothing"):
    """Build a model with two layers and these weights."""
    hidden, inputs = params["W1"].shape
    net = nn.Sequential()
    net.add_module("flatten", nn.Flatten())
    net.add_module("first", nn.Linear(inputs, hidden))
    net.add_module("middle", nn.Sequential(MIDDLES[middle]()))  # nested, as most models are
    net.add_module("activation", nn.Tanh())
    net.add_module("last", nn.Linear(hidden, len(params["W2"])))
    with torch.no_grad():
        for layer, number in ((net.first, 1), (net.last, 2)):
            layer.weight.copy_(torch.from_numpy(params[f"W{number}"]))
            layer.bias.copy_(torch.from_numpy(params[f"b{number}"]))
    return net


def _tensors(batches):
    """Turn arrays into batches."""
    return [(torch.from_numpy(X.copy()), torch.from_numpy(y.copy())) for X, y in batches]


def _state(net):
    """Give parameters and buffers."""
    return {name: value.detach().cpu().numpy().copy() for name, value in net.state_dict().items()}


def _gradients(net, when=""):
    """Give the gradients; an empty array for none."""
    pairs = net.named_parameters()
    return {f"gradient of {name}{when}": np.zeros(0) if p.grad is None else p.grad.numpy().copy() for name, p in pairs}


def _parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


def _images(images):
    """Turn bytes (N, 28, 28) into what a model takes."""
    return torch.from_numpy(images).float().div(255)[:, None]


def _digits(part):
    images, labels = part
    return _images(images), torch.from_numpy(labels)


def _run_on(module, name, params, batches, device, seen):
    """Run a function with its model on a device, and note where samples and labels are when they are used."""
    net = _network(params)
    net.register_forward_pre_hook(lambda _, args: seen["samples"].append(args[0].device.type))

    def loss(logits, y):
        seen["labels"].append(y.device.type)
        return functional.cross_entropy(logits, y)

    if name == "Trainer":
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        trainer = module.Trainer(net, loss, optimizer, device)
        seen["model"] = [parameter.device.type for parameter in net.parameters()]
        trainer.fit(batches[:1], batches[1:], 1)
    elif name == "train_step":
        net.to(device)
        module.train_step(net, batches[0], loss, torch.optim.SGD(net.parameters(), lr=0.1), device)
    else:
        module.evaluate(net.to(device), batches, loss, device)


@contextmanager
def _meta_numbers():
    """Let tensors on the meta device, which hold no numbers, give 0 where a number is asked for."""

    def replaced(name, kind):
        original = getattr(torch.Tensor, name)
        return lambda self, *args: kind(0) if self.is_meta else original(self, *args)

    original = torch.Tensor.cpu
    replacements = {name: replaced(name, kind) for name, kind in NUMBERS.items()}
    replacements["cpu"] = lambda t, *args: torch.zeros(t.shape, dtype=t.dtype) if t.is_meta else original(t, *args)
    with _patched(replacements):
        yield


@contextmanager
def _recorded_moves(batches):
    """Note where samples and labels are moved by `.to`."""
    moves, original = {"samples": [], "labels": []}, torch.Tensor.to
    kinds = {id(tensor): kind for batch in batches for tensor, kind in zip(batch, moves, strict=True)}

    def to(self, *args, **kwargs):
        moved = original(self, *args, **kwargs)
        if id(self) in kinds:
            moves[kinds[id(self)]].append(moved.device.type)
        return moved

    with _patched({"to": to}):
        yield moves


@contextmanager
def _patched(replacements):
    """Replace methods of all tensors, which torch.Tensor inherits, while a `with` block lasts."""
    own = {name: vars(torch.Tensor)[name] for name in replacements if name in vars(torch.Tensor)}
    for name, function in replacements.items():
        setattr(torch.Tensor, name, function)
    try:
        yield
    finally:
        for name in replacements:
            if name in own:
                setattr(torch.Tensor, name, own[name])
            else:
                delattr(torch.Tensor, name)
