"""Procedures for the hidden tests: they drive what cannot cross as data, and hand back what they see.

None of them knows what is right: a test compares.
"""

import warnings
from contextlib import contextmanager, suppress

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

LENET_LAYOUTS = {
    "plain": lambda x: x,
    "every second pixel": lambda x: x.repeat_interleave(2, 2).repeat_interleave(2, 3)[:, :, ::2, ::2],
    "a part of a larger image": lambda x: functional.pad(x, (1, 2, 3, 4))[:, :, 3:-4, 1:-2],
}


def lenet_parameters(module):
    """Give names, shapes and dtypes of all that a new model keeps."""
    state = module.LeNetCIFAR().state_dict()
    return {name: f"{tuple(value.shape)} {value.dtype}" for name, value in state.items()}


def lenet_logits(module, weights, x, training=False, layout="plain"):
    """Give what a model with these weights gives for x, and x afterwards."""
    model, x = _lenet_filled(module, weights).train(training), LENET_LAYOUTS[layout](torch.from_numpy(x))
    return {"logits": model(x).detach().numpy(), "x": x.numpy().copy()}


def lenet_rows(module, weights, x):
    """Give what a model with these weights gives for all images at once, for each of them alone, and in reverse."""
    model, x = _lenet_filled(module, weights), torch.from_numpy(x)
    alone = [model(image[None]).detach().numpy() for image in x]
    return {
        "at once": model(x).detach().numpy(),
        "alone": np.stack(alone),
        "in reverse": model(x.flip(0)).detach().numpy(),
    }


def lenet_refusals(module, shapes):
    """Run a new model on zeros of each shape; give what came back: a shape, or "refused"."""
    model = module.LeNetCIFAR()
    model(torch.zeros(2, 3, 32, 32))  # stubs end here
    seen = []
    for shape in shapes:
        try:
            seen.append(tuple(model(torch.zeros(shape)).shape))
        except (RuntimeError, ValueError):
            seen.append("refused")
    return seen


def lenet_gradients(module, weights, x, y):
    """Give, after one backward pass, the largest element of each parameter's gradient."""
    model = _lenet_filled(module, weights)
    functional.cross_entropy(model(torch.from_numpy(x)), torch.from_numpy(y)).backward()
    return np.array([0.0 if p.grad is None else p.grad.abs().max().item() for p in model.parameters()])


def lenet_on(module, device):
    """Run a new model on a device, where torch says that there is a GPU; say where its logits are."""
    return _lenet_place(module.LeNetCIFAR, (2, 3, 32, 32), device)


def _lenet_filled(module, weights):
    """Build a model, and copy weights into the parameters that have their shapes, whatever their names are."""
    model = module.LeNetCIFAR()
    with torch.no_grad():
        for parameter in model.parameters():
            for weight in map(torch.from_numpy, weights.values()):
                if parameter.shape == weight.shape:
                    parameter.copy_(weight)
    return model


def _lenet_place(build, shape, device):
    """Build a model, run it on a device, and say where its outputs are.

    What the meta device cannot do counts for the student; tensors on two devices, and calls for a GPU, do not.
    """
    build()(torch.zeros(shape))  # stubs end here
    with _lenet_gpu_told(), _train_one_epoch_meta_numbers():
        model = build()
        model(torch.zeros(shape))  # a lazy layer gets its parameters
        try:
            return model.to(device)(torch.zeros(shape, device=device)).device.type
        except RuntimeError as error:
            if "device" in str(error):
                raise
            return device


@contextmanager
def _lenet_gpu_told():
    """Let torch say that there is a GPU while a `with` block lasts."""
    original, torch.cuda.is_available = torch.cuda.is_available, lambda: True
    try:
        yield
    finally:
        torch.cuda.is_available = original


def conv_block_layers(module, plans):
    """Build a block for each plan; describe its convolutions and its batch norm, and count its parameters."""
    seen = []
    for plan in plans:
        block = module.ConvBlock(**plan)
        convolutions, norms = (_conv_block_of(block, kind) for kind in (nn.Conv2d, nn.BatchNorm2d))
        described = {
            "convolutions": [tuple(layer.weight.shape) for layer in convolutions],
            "biases of convolutions": sum(layer.bias is not None for layer in convolutions),
            "batch norms": [layer.num_features for layer in norms],
            "with running statistics": sum(layer.running_mean is not None for layer in norms),
            "numbers in parameters": sum(parameter.numel() for parameter in block.parameters()),
        }
        seen.append(described)
    return seen


def conv_block_outputs(module, plan, weights, x, training=False, times=1):
    """Give what a block with these weights gives for x, `times` times, its statistics then, and x.

    Args:
        module: has `ConvBlock`.
        plan: its arguments.
        weights: "weight" and perhaps "bias" of the convolution; "scale", "shift", "mean" and "variance" of batch norm.
        x: images.
        training: the block's mode.
        times: how often the block runs.
    """
    torch.manual_seed(3)
    block, x = _conv_block_filled(module.ConvBlock(**plan), weights).train(training), torch.from_numpy(x)
    outputs = [block(x).detach().numpy().copy() for _ in range(times)]
    statistics = {}
    for name in ("running_mean", "running_var"):
        kept = [getattr(norm, name) for norm in _conv_block_of(block, nn.BatchNorm2d)]
        statistics[name] = torch.cat([torch.zeros(0), *(tensor for tensor in kept if tensor is not None)]).numpy()
    return {"outputs": np.stack(outputs), **statistics, "x": x.numpy().copy()}


def conv_block_modes(module, plan, weights, x, modes):
    """Switch a block through several modes; give what it gives for x in each, stacked."""
    torch.manual_seed(4)
    block, outputs = _conv_block_filled(module.ConvBlock(**plan), weights), []
    for mode in modes:
        getattr(block, mode)()
        outputs.append(block(torch.from_numpy(x)).detach().numpy().copy())
    return np.stack(outputs)


def conv_block_gradients(module, plan, weights, x):
    """Give, after one backward pass, the largest element of the gradient of each parameter and of the input."""
    torch.manual_seed(5)
    block, x = _conv_block_filled(module.ConvBlock(**plan), weights).train(), torch.from_numpy(x).requires_grad_()
    (block(x) ** 3).sum().backward()
    tensors = [*block.parameters(), x]
    return np.array([0.0 if tensor.grad is None else tensor.grad.abs().max().item() for tensor in tensors])


def conv_block_on(module, plan, shape, device):
    """Run a block on a device, where torch says that there is a GPU; say where its output is."""
    return _lenet_place(lambda: module.ConvBlock(**plan), shape, device)


def conv_block_built(module, plan):
    """Build a block."""
    module.ConvBlock(**plan)


def _conv_block_of(block, kind):
    return [layer for layer in block.modules() if isinstance(layer, kind)]


def _conv_block_filled(block, weights):
    """Copy weights into convolution and batch norm; a convolution's bias that is not asked for becomes 0."""
    with torch.no_grad():
        for layer in _conv_block_of(block, nn.Conv2d):
            _conv_block_copy(layer.weight, weights["weight"])
            if layer.bias is not None:
                _conv_block_copy(layer.bias, weights.get("bias", np.zeros(layer.bias.shape, dtype=np.float32)))
        for layer in _conv_block_of(block, nn.BatchNorm2d):
            layer.eps, layer.momentum = 1e-5, 0.1
            places = {"weight": "scale", "bias": "shift", "running_mean": "mean", "running_var": "variance"}
            for place, name in places.items():
                if name in weights:
                    _conv_block_copy(getattr(layer, place), weights[name])
    return block


def _conv_block_copy(place, values):
    """Copy values where they fit."""
    if place is not None and place.shape == values.shape:
        place.copy_(torch.from_numpy(values))


def small_cnn_logits(module, counts, num_classes=None, training=False, times=1):
    """Build a new model; give what it gives for random images, `times` times, for each number of images.

    Args:
        module: has `SmallCNN`.
        counts: numbers of images.
        num_classes: of the model; None for its own choice.
        training: the model's mode.
        times: how often the model runs on the same images.
    """
    torch.manual_seed(11)
    model = module.SmallCNN(**({} if num_classes is None else {"num_classes": num_classes})).train(training)
    images = [torch.randn(count, 3, 32, 32) for count in counts]
    return [np.stack([model(x).detach().numpy().copy() for _ in range(times)]) for x in images]


def small_cnn_size(module, num_classes=10):
    """Count a new model's parameters, and its multiplications with an addition for one image."""
    return _small_cnn_size(module.SmallCNN(num_classes))


def small_cnn_first_losses(module, images, labels, count):
    """Give the cross-entropy of several new models, in both modes."""
    torch.manual_seed(12)
    x, y, losses = torch.from_numpy(images), torch.from_numpy(labels), []
    for _ in range(count):
        model = module.SmallCNN()
        losses += [functional.cross_entropy(model.train(training)(x), y).item() for training in (False, True)]
    return np.array(losses)


def small_cnn_moves(module, images, labels, steps):
    """Train a new model a little; give, for each of its parameters, its axes, its gradient's and its own change.

    Returns:
        a row for each parameter that may change: axes, 1 if it has a gradient, largest change of an element.
    """
    torch.manual_seed(13)
    model, x, y = module.SmallCNN(), torch.from_numpy(images), torch.from_numpy(labels)
    model(x)  # a lazy layer gets its parameters
    free = [parameter for parameter in model.parameters() if parameter.requires_grad]
    before, optimizer = [parameter.detach().clone() for parameter in free], torch.optim.Adam(free, lr=1e-3)
    _small_cnn_steps(model, optimizer, x, y, steps)
    rows = [
        (parameter.ndim, parameter.grad is not None, (parameter.detach() - old).abs().max().item())
        for parameter, old in zip(free, before, strict=True)
    ]
    return np.array(rows, dtype=float).reshape(-1, 3)


def small_cnn_by_heart(module, images, labels, steps):
    """Train a new model on the same images again and again; stop where it knows all, every ten steps.

    A model that is too large to be trained is counted, and not trained.

    Returns:
        the model's size, and the classes that it reads then in evaluation mode.
    """
    torch.manual_seed(14)
    model, x, y = module.SmallCNN(), torch.from_numpy(images), torch.from_numpy(labels)
    size = _small_cnn_size(model)
    if size["parameters"] > 100_000 or size["multiply-adds"] > 12_000_000:
        return size
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(0, steps, 10):
        _small_cnn_steps(model, optimizer, x, y, 10)
        with torch.no_grad():
            predicted = model.eval()(x).argmax(dim=1)
        if torch.equal(predicted, y):
            break
    return size | {"predicted": predicted.numpy()}


def small_cnn_carried_over(module, images, labels):
    """Train one new model a little, carry its state over to another; give what both give, before and afterwards."""
    torch.manual_seed(15)
    one, other = (module.SmallCNN() for _ in range(2))
    x, y = torch.from_numpy(images), torch.from_numpy(labels)
    one(x)
    _small_cnn_steps(one, torch.optim.Adam(one.parameters(), lr=1e-2), x, y, 3)
    x = x[:5]
    before = [model.eval()(x).detach().numpy().copy() for model in (one, other)]
    other.load_state_dict(one.state_dict())
    return np.stack([*before, *(model.eval()(x).detach().numpy().copy() for model in (one, other))])


def small_cnn_on(module, device):
    """Run a new model on a device, where torch says that there is a GPU; say where its logits are."""
    return _lenet_place(module.SmallCNN, (2, 3, 32, 32), device)


def _small_cnn_size(model):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.eval()(torch.zeros(1, 3, 32, 32))
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "multiply-adds": counter.get_total_flops() // 2,
    }


def _small_cnn_steps(model, optimizer, x, y, count):
    model.train()
    for _ in range(count):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), y).backward()
        optimizer.step()


TRAIN_ONE_EPOCH_LOSSES = {
    "cross-entropy": functional.cross_entropy,
    "negative probabilities": lambda logits, y: functional.nll_loss(logits.softmax(dim=1), y),
}
TRAIN_ONE_EPOCH_OPTIMIZERS = {
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.2, momentum=0.9),
    "Adam": lambda parameters: torch.optim.Adam(parameters, lr=0.02),
    "rate 1": lambda parameters: torch.optim.SGD(parameters, lr=1.0),
    "rate 0": lambda parameters: torch.optim.SGD(parameters, lr=0.0),
}
TRAIN_ONE_EPOCH_CONTAINERS = {"list": list, "tuple": tuple, "generator": iter}
TRAIN_ONE_EPOCH_NUMBERS = {"item": float, "tolist": float, "__float__": float, "__int__": int, "__bool__": bool}


class TrainOneEpochByMode(nn.Module):
    """Doubles its input in evaluation mode: so the mode shows in every number that comes after."""

    def forward(self, x):
        """Give the input, or twice the input."""
        return x if self.training else 2 * x


TRAIN_ONE_EPOCH_MIDDLES = {
    "nothing": nn.Identity,
    "mode": TrainOneEpochByMode,
    "batch norm": lambda: nn.BatchNorm2d(4),
}


def train_one_epoch_run(module, params, batches, middle="nothing", **way):
    """Train for an epoch; give what it returns, the model's state, and the learning rate of each step.

    Args:
        module: has `train_one_epoch`.
        params: of the model.
        batches: images and labels.
        middle: what is between the two layers.
        way: "epochs", how many; "loss" and "optimizer", names; "training", the mode at the start; "stale", a number
            that every gradient holds at entry; "container" of the batches; "form" of a batch, list or tuple; "rates",
            the factors of a scheduler; "device".
    """
    device = way.get("device", "cpu")
    net = _train_one_epoch_network(params, middle).to(device).train(way.get("training", True))
    optimizer = TRAIN_ONE_EPOCH_OPTIMIZERS[way.get("optimizer", "SGD")](net.parameters())
    options, rates, losses = {}, [], []
    if "rates" in way:
        options["scheduler"] = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: way["rates"][step])
    optimizer.register_step_pre_hook(lambda stepped, *_: rates.append(stepped.param_groups[0]["lr"]))
    for _ in range(way.get("epochs", 1)):
        if "stale" in way:
            for parameter in net.parameters():
                parameter.grad = torch.full_like(parameter, way["stale"])
        form = TRAIN_ONE_EPOCH_CONTAINERS[way.get("form", "tuple")]
        loader = TRAIN_ONE_EPOCH_CONTAINERS[way.get("container", "list")](
            [form(batch) for batch in _train_one_epoch_batches(batches)]
        )
        loss_fn = TRAIN_ONE_EPOCH_LOSSES[way.get("loss", "cross-entropy")]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a scheduler's step before the optimizer's: the numbers show it
            losses.append(float(module.train_one_epoch(net, loader, loss_fn, optimizer, device, **options)))
    return {**_train_one_epoch_state(net), "losses": np.array(losses), "rates": np.array(rates)}


def train_one_epoch_results(module, params, batches):
    """Give the very results of two epochs."""
    net = _train_one_epoch_network(params)
    optimizer, loss_fn = TRAIN_ONE_EPOCH_OPTIMIZERS["SGD"](net.parameters()), functional.cross_entropy
    return [module.train_one_epoch(net, _train_one_epoch_batches(batches), loss_fn, optimizer) for _ in range(2)]


def train_one_epoch_seen(module, params, batches):
    """Give the images that the model meets in an epoch, and the labels that the loss meets: dtype, shape, numbers."""
    net, images, labels = _train_one_epoch_network(params), [], []
    net.first.register_forward_pre_hook(lambda _, args: images.append(args[0].detach().numpy().copy()))

    def loss_fn(logits, y):
        labels.append((str(y.dtype), tuple(y.shape), y.flatten().tolist()))
        return functional.cross_entropy(logits, y)

    optimizer = TRAIN_ONE_EPOCH_OPTIMIZERS["SGD"](net.parameters())
    given = _train_one_epoch_batches(batches)
    try:
        module.train_one_epoch(net, given, loss_fn, optimizer)
    except RuntimeError:
        if not images:  # a stub; what the layers refuse was noted before
            raise
    return {"images": images, "labels": labels, "afterwards": [X.numpy().copy() for X, _ in given]}


def train_one_epoch_up_to_nan(module, params, batches):
    """Train where the last batch's loss is NaN; give the parameters after the batches before it, and then."""
    net = _train_one_epoch_network(params)
    before = []

    def loss_fn(logits, y):
        before[:] = [{name: value.detach().numpy().copy() for name, value in net.named_parameters()}]
        loss = functional.cross_entropy(logits, y)
        return loss * torch.nan if (y == 0).all() else loss

    optimizer = TRAIN_ONE_EPOCH_OPTIMIZERS["SGD"](net.parameters())
    try:
        module.train_one_epoch(net, _train_one_epoch_batches(batches), loss_fn, optimizer)
    except FloatingPointError:
        refused = "FloatingPointError"
    else:
        refused = "nothing"
    after = {name: value.detach().numpy().copy() for name, value in net.named_parameters()}
    return {"raised": refused, "before": before[0], "after": after}


def train_one_epoch_devices(module, params, batches, told=False):
    """Train on the meta device, which every machine has; say where images and labels were when they were used.

    What the meta device cannot do counts for the student: then the moves that were recorded say it.

    Args:
        module: has `train_one_epoch`.
        params: of the model.
        batches: images and labels.
        told: whether torch says meanwhile that there is a GPU.
    """
    _train_one_epoch_on(module, params, _train_one_epoch_batches(batches), "cpu", {"images": [], "labels": []})
    seen, given = {"images": [], "labels": []}, _train_one_epoch_batches(batches)
    with _train_one_epoch_meta_numbers(), _train_one_epoch_moves(given) as moves, suppress(Exception):
        if told:
            with _lenet_gpu_told():
                _train_one_epoch_on(module, params, given, "meta", seen)
        else:
            _train_one_epoch_on(module, params, given, "meta", seen)
    return {kind: sorted(set(places or moves.get(kind, []))) for kind, places in seen.items()}


def _train_one_epoch_on(module, params, batches, device, seen):
    """Train on a device, and note where images and labels are when they are used."""
    net = _train_one_epoch_network(params).to(device)
    net.first.register_forward_pre_hook(lambda _, args: seen["images"].append(args[0].device.type))

    def loss_fn(logits, y):
        seen["labels"].append(y.device.type)
        return functional.cross_entropy(logits, y)

    module.train_one_epoch(net, batches, loss_fn, torch.optim.SGD(net.parameters(), lr=0.1), device)


def _train_one_epoch_network(params, middle="nothing"):
    """Build a model with a convolution, a linear layer and these weights."""
    channels, depth, *kernel = params["W1"].shape
    net = nn.Sequential()
    net.add_module("first", nn.Conv2d(depth, channels, kernel))
    net.add_module("middle", nn.Sequential(TRAIN_ONE_EPOCH_MIDDLES[middle]()))  # nested, as most models are
    net.add_module("activation", nn.Tanh())
    net.add_module("flatten", nn.Flatten())
    net.add_module("last", nn.Linear(*params["W2"].shape[::-1]))
    with torch.no_grad():
        for layer, number in ((net.first, 1), (net.last, 2)):
            layer.weight.copy_(torch.from_numpy(params[f"W{number}"]))
            layer.bias.copy_(torch.from_numpy(params[f"b{number}"]))
    return net


def _train_one_epoch_batches(batches):
    """Turn arrays into batches."""
    return [(torch.from_numpy(X.copy()), torch.from_numpy(y.copy())) for X, y in batches]


def _train_one_epoch_state(net):
    """Give parameters and buffers."""
    return {name: value.detach().cpu().numpy().copy() for name, value in net.state_dict().items()}


@contextmanager
def _train_one_epoch_meta_numbers():
    """Let tensors on the meta device, which hold no numbers, give 0 where a number is asked for."""

    def replaced(name, kind):
        original = getattr(torch.Tensor, name)
        return lambda self, *args: kind(0) if self.is_meta else original(self, *args)

    original = torch.Tensor.cpu
    replacements = {name: replaced(name, kind) for name, kind in TRAIN_ONE_EPOCH_NUMBERS.items()}
    replacements["cpu"] = lambda t, *args: torch.zeros(t.shape, dtype=t.dtype) if t.is_meta else original(t, *args)
    with _train_one_epoch_patched(replacements):
        yield


@contextmanager
def _train_one_epoch_moves(batches):
    """Note where images and labels are moved by `.to`."""
    moves, original = {"images": [], "labels": []}, torch.Tensor.to
    kinds = {id(tensor): kind for batch in batches for tensor, kind in zip(batch, moves, strict=True)}

    def to(self, *args, **kwargs):
        moved = original(self, *args, **kwargs)
        if id(self) in kinds:
            moves[kinds[id(self)]].append(moved.device.type)
        return moved

    with _train_one_epoch_patched({"to": to}):
        yield moves


@contextmanager
def _train_one_epoch_patched(replacements):
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
