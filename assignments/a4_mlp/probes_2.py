"""Procedures for the hidden tests of training: they drive what cannot cross as data, and hand back what they see.

None of them knows what is right: a test compares.
"""

from contextlib import contextmanager, suppress

import numpy as np
import torch
from torch import nn
from torch.nn import functional

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
    def step(self, closure=None):  # noqa: ARG002 - the signature of every optimizer
        """Add 1."""
        self.taken += 1
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.add_(1)


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
