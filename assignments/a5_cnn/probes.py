"""Procedures for the hidden tests: they drive what cannot cross as data, and hand back what they see.

None of them knows what is right: a test compares.
"""

import os
import pickle
import random
import resource
import tempfile
import warnings
import zipfile
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

CHANNEL_STATS_LAYOUTS = {
    "channels first in memory": lambda images: images.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1),
    "columns before rows": lambda images: images.transpose(1, 2).contiguous().transpose(1, 2),
    "every second image": lambda images: images.repeat_interleave(2, 0)[::2],
    "a part of larger images": lambda images: functional.pad(images, (1, 2, 2, 1, 1, 1))[:, 1:-1, 2:-1, 1:-2],
    "one image for all": lambda images: images[:1].expand_as(images),
}
BUILD_TRANSFORM_LAYOUTS = {
    "plain": lambda image: image,
    "channels first in memory": lambda image: image.permute(2, 0, 1).contiguous().permute(1, 2, 0),
    "every second row": lambda image: image.repeat_interleave(2, 0)[::2],
}


def get_device_chosen(module, available, **prefer):
    """Choose a device where torch says that there is a GPU, or that there is none; give its kind and its name.

    "started" is how often something asked for a GPU to be started, as the first tensor there does.
    """
    with _get_device_told(available) as starts:
        device = module.get_device(**prefer)
    return {"kind": type(device).__name__, "name": str(device), "started": len(starts)}


def get_device_here(module, prefer):
    """Choose a device; give the kind of a tensor's device there."""
    return torch.zeros(2, device=module.get_device(prefer)).device.type


@contextmanager
def _get_device_told(available):
    """Let torch say that there is one GPU, or none, while a `with` block lasts; note each start of it."""
    starts, start = [], torch.cuda._lazy_init  # noqa: SLF001 - the one place that every use of a GPU goes through

    def noted(*args):
        starts.append(args)
        return start(*args)

    answers = (
        (torch.cuda, "is_available", lambda: available),
        (torch.cuda, "device_count", lambda: int(available)),
        (torch.cuda, "_lazy_init", noted),
        (torch._C, "_cuda_getDeviceCount", lambda: int(available)),  # noqa: SLF001 - what is_available itself asks
    )
    before = [(place, name, vars(place).get(name)) for place, name, _ in answers]
    for place, name, answer in answers:
        setattr(place, name, answer)
    try:
        yield starts
    finally:
        for place, name, answer in before:
            if answer is None:
                delattr(place, name)
            else:
                setattr(place, name, answer)


def channel_stats_in_layout(module, images, layout):
    """Give both statistics of images that lie in memory in another way, and the images afterwards."""
    images = CHANNEL_STATS_LAYOUTS[layout](torch.from_numpy(images))
    mean, std = module.channel_stats(images)
    return {"mean": mean.numpy(), "std": std.numpy(), "images": images.numpy().copy()}


def build_transform_results(module, train, mean, std, image, times=1, seeds=(0,), layout="plain"):
    """Transform one image `times` times after each of several seeds, with one transform.

    Args:
        module: has `build_transform`.
        train: whether to augment.
        mean: three numbers.
        std: three numbers.
        image: (H, W, 3) bytes.
        times: how often, for each seed.
        seeds: of torch's global generator.
        layout: how the image lies in memory.

    Returns:
        All results, stacked, the image afterwards, and what torch's global generator draws next.
    """
    transform, image = module.build_transform(train, mean, std), torch.from_numpy(image)
    image, results = BUILD_TRANSFORM_LAYOUTS[layout](image), []
    for seed in seeds:
        random.seed(7)  # the same for all seeds, as is numpy's: a transform draws from torch's generator
        np.random.seed(7)  # noqa: NPY002 - this is about the global one
        torch.manual_seed(seed)
        results += [transform(image) for _ in range(times)]
    return {
        "results": torch.stack(results).numpy(),
        "image": image.numpy().copy(),
        "next": torch.rand(3).numpy(),
    }


def build_transform_of_several(module, train, mean, std, images):
    """Transform images of several sizes with one transform; give all results."""
    transform = module.build_transform(train, mean, std)
    torch.manual_seed(4)
    return [transform(torch.from_numpy(image)).numpy() for image in images]


def loaders_splits(module, n, val_fraction, seeds):
    """Split with each of several seeds; give both parts as lists of ints."""
    splits = [module.make_splits(n, val_fraction, seed) for seed in seeds]
    return [([int(number) for number in train], [int(number) for number in val]) for train, val in splits]


def loaders_split_between_draws(module, start, n, val_fraction, **seed):
    """Split, with all global generators at a known place; give both parts, and what these draw next."""
    _loaders_seed_all(start)
    train, val = module.make_splits(n, val_fraction, **seed)
    return {"parts": [[int(number) for number in part] for part in (train, val)], "next": _loaders_next_draws()}


def loaders_epochs(module, images, labels, batch_size, start=0, count=1, **options):
    """Go `count` times through both loaders, with all global generators at a known place before.

    Args:
        module: has `make_loaders` and `make_splits`.
        images: (N, H, W, 3) bytes.
        labels: (N,).
        batch_size: of both.
        start: seed of the global generators.
        count: how many epochs.
        options: further arguments of make_loaders.

    Returns:
        "train" and "val", for each epoch its batches, a pair of arrays each; "lengths", which the loaders say;
        "parts", what make_splits gives; "next", what the global generators draw after the loaders were made;
        "images" and "labels" afterwards.
    """
    images, labels = torch.from_numpy(images), torch.from_numpy(labels)
    _loaders_seed_all(start)
    train, val = module.make_loaders(images, labels, batch_size, **options)
    draws = _loaders_next_draws()
    epochs = [[[(x.numpy(), y.numpy()) for x, y in loader] for _ in range(count)] for loader in (train, val)]
    parts = module.make_splits(len(labels), options.get("val_fraction", 0.1), options.get("seed", 0))
    return {
        "train": epochs[0],
        "val": epochs[1],
        "lengths": [len(train), len(val)],
        "parts": [[int(number) for number in part] for part in parts],
        "next": draws,
        "images": images.numpy().copy(),
        "labels": labels.numpy().copy(),
    }


def loaders_own_images(module, images, statistics):
    """Transform images as for validation, once with each of several pairs of mean and standard deviation."""
    transforms = [module.build_transform(train=False, mean=mean, std=std) for mean, std in statistics]
    results = [torch.stack([transform(image) for image in torch.from_numpy(images)]) for transform in transforms]
    return [result.numpy() for result in results]


def loaders_own_colours(module, colours, shape, mean, std, times=40):
    """Transform images of one colour each as for training, many times; give for each the numbers of each channel."""
    transform, found = module.build_transform(train=True, mean=mean, std=std), []
    for colour in torch.from_numpy(colours):
        image = colour.expand(*shape, 3).contiguous()
        results = torch.stack([transform(image) for _ in range(times)])
        found.append([channel.unique().numpy() for channel in results.transpose(0, 1)])
    return found


def _loaders_seed_all(number):
    """Bring every global generator to a known place."""
    torch.manual_seed(number)
    np.random.seed(number)  # noqa: NPY002 - this is about the global one
    random.seed(number)


def _loaders_next_draws():
    """Draw from every global generator."""
    from_numpy = np.random.rand(3)  # noqa: NPY002 - this is about the global one
    return np.concatenate([torch.rand(3).numpy().astype(float), from_numpy, [random.random()]])  # noqa: S311 - as above


class LayerShapesByMode(nn.Module):
    """Gives one channel, or two of them in training mode: so the mode shows in a shape."""

    def forward(self, x):
        """Give the first channel, or the first two."""
        return x[:, : 2 if self.training else 1]


class LayerShapesByGraph(nn.Module):
    """Gives one channel, or two of them where gradients are recorded."""

    def forward(self, x):
        """Give the first channel, or the first two."""
        return x[:, : 2 if torch.is_grad_enabled() else 1]


class LayerShapesResidual(nn.Module):
    """A block that uses one ReLU twice, runs its layers in another order than their names, and leaves one out."""

    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()
        self.last = nn.Conv2d(6, 4, 3, stride=2)
        self.unused = nn.Linear(3, 5)
        self.first = nn.Sequential(nn.Conv2d(2, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6))

    def forward(self, x):
        """Give the block's output."""
        return self.relu(self.last(self.relu(self.first(x))))


class LayerShapesScaled(nn.Module):
    """A model with parameters of its own beside a layer's."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.shift = nn.Parameter(torch.zeros(1, 5, 1))
        self.register_buffer("offset", torch.zeros(11))
        self.layer = nn.Linear(7, 2)

    def forward(self, x):
        """Give the layer's output, scaled."""
        return self.scale * self.layer(x)


def _layer_shapes_tied():
    """Build two layers with one weight, and a layer with two names."""
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4), nn.Linear(4, 9))
    model[2].weight = model[0].weight
    model.append(model[0])
    return model


LAYER_SHAPES_MODELS = {
    "LeNet for 28 x 28": lambda: nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    ),
    "three convolutions": lambda: nn.Sequential(
        *(nn.Conv2d(3, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(64, 128, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(2048, 64), nn.ReLU(), nn.Linear(64, 10)),
    ),
    "blocks": lambda: nn.Sequential(
        nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU()),
        nn.Sequential(nn.Sequential(nn.Conv2d(3, 5, (1, 2)), nn.Dropout(0.5)), nn.AdaptiveAvgPool2d((1, 1))),
        nn.BatchNorm2d(5),
        nn.Flatten(),
        nn.Linear(5, 4),
    ),
    "residual": LayerShapesResidual,
    "mode": lambda: nn.Sequential(nn.Identity(), nn.Sequential(LayerShapesByMode()), nn.MaxPool2d(2)),
    "graph": lambda: nn.Sequential(nn.Identity(), nn.Sequential(LayerShapesByGraph()), nn.MaxPool2d(2)),
    "one layer": lambda: nn.Conv2d(2, 7, 3, stride=2),
    "a layer without parameters": lambda: nn.MaxPool2d(2),
    "own parameters": LayerShapesScaled,
    "tied": _layer_shapes_tied,
}


def layer_shapes_of(module, name, input_shape, training=True, device="cpu"):
    """Give the layers of a model: pairs of a name and a shape."""
    model = LAYER_SHAPES_MODELS[name]().to(device).train(training)
    return [(layer, tuple(map(int, shape))) for layer, shape in module.layer_shapes(model, input_shape)]


def layer_shapes_left(module, name, input_shape, training, others):
    """Ask twice for the layers of a model; give what this left behind.

    Args:
        module: has `layer_shapes`.
        name: of the model.
        input_shape: as `layer_shapes` takes it.
        training: the model's mode.
        others: places of modules that are in the other mode.

    Returns:
        "modes" and "hooks", for each module its mode, and how many hooks it has, one of which was there before;
        "own hooks", how often this one ran in a further pass; "state"; "gradients", of how many parameters;
        "requires grad", of how many; "again", whether the second answer was the first; "recording", whether
        gradients are recorded afterwards; "next", what torch's generator draws next.
    """
    torch.manual_seed(11)
    model, runs = LAYER_SHAPES_MODELS[name]().train(training), []
    parts = list(model.modules())
    for place in others:
        parts[place].training = not training
    for part in parts:
        part.register_forward_hook(lambda _part, _inputs, _output: runs.append(1))
    torch.manual_seed(12)
    first, again = (module.layer_shapes(model, input_shape) for _ in range(2))
    draws, recording = torch.rand(3).numpy(), torch.is_grad_enabled()
    runs.clear()
    with torch.no_grad():
        modes = [part.training for part in parts]
        state = {key: value.numpy().copy() for key, value in model.state_dict().items()}
        model.eval()(torch.zeros(1, *input_shape))
    return {
        "modes": modes,
        "hooks": [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in parts],  # noqa: SLF001 - no other way
        "own hooks": len(runs),
        "state": state,
        "gradients": sum(parameter.grad is not None for parameter in model.parameters()),
        "requires grad": sum(parameter.requires_grad for parameter in model.parameters()),
        "again": list(map(tuple, again)) == list(map(tuple, first)),
        "recording": recording,
        "next": draws,
    }


def layer_shapes_count(module, name, frozen=(), device="cpu", **options):
    """Count the parameters of a model, some of which are frozen: those whose names begin with one of `frozen`."""
    model = LAYER_SHAPES_MODELS[name]().to(device)
    for key, parameter in model.named_parameters():
        parameter.requires_grad_(not key.startswith(tuple(frozen)))
    return module.count_parameters(model, **options)


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


EVALUATE_LOSSES = {"cross-entropy": functional.cross_entropy, "margin": functional.multi_margin_loss}
EVALUATE_CONTAINERS = {"list": list, "generator": iter}
EVALUATE_NUMBERS = {"item": float, "tolist": float, "__float__": float, "__int__": int, "__bool__": bool}


class EvaluateByMode(nn.Module):
    """Doubles its input in evaluation mode: so the mode shows in every number that comes after."""

    def forward(self, x):
        """Give the input, or twice the input."""
        return x if self.training else 2 * x


class EvaluateByGraph(nn.Module):
    """Doubles its input where a graph is recorded."""

    def forward(self, x):
        """Give the input, or twice the input."""
        return 2 * x if x.requires_grad else x


EVALUATE_MIDDLES = {
    "nothing": nn.Identity,
    "mode": EvaluateByMode,
    "graph": EvaluateByGraph,
    "batch norm": lambda: nn.BatchNorm2d(4),
    "dropout": lambda: nn.Dropout(0.5),
}


def evaluate_loaders(module, params, loaders, middle="nothing", **way):
    """Evaluate one model on several loaders; give losses, accuracies and confusions, stacked.

    Args:
        module: has `evaluate`.
        params: of the model.
        loaders: lists of batches.
        middle: what is between the two layers.
        way: "training", the mode at the start; "container" of the batches; "loss", its name; "device"; "options",
            further arguments of `evaluate`.
    """
    device, container = way.get("device", "cpu"), EVALUATE_CONTAINERS[way.get("container", "list")]
    net = _evaluate_network(params, middle).to(device).train(way.get("training", True))
    loss_fn, options = EVALUATE_LOSSES[way.get("loss", "cross-entropy")], way.get("options", {})
    results = [module.evaluate(net, container(_evaluate_batches(b)), loss_fn, device, **options) for b in loaders]
    return {
        "loss": np.array([float(loss) for loss, _, _ in results]),
        "accuracy": np.array([float(accuracy) for _, accuracy, _ in results]),
        "confusion": np.stack([torch.as_tensor(confusion).numpy() for _, _, confusion in results]),
    }


def evaluate_results(module, params, batches, **options):
    """Give the very result of an evaluation."""
    loss_fn = functional.cross_entropy
    return module.evaluate(_evaluate_network(params), _evaluate_batches(batches), loss_fn, "cpu", **options)


def evaluate_midway(module, params, batches, middle="nothing", training=True, **options):
    """Evaluate a model in the middle of its training; give its state and gradients then, and what follows."""
    net, loss_fn = _evaluate_network(params, middle), functional.cross_entropy
    X, y = _evaluate_batches(batches)[0]
    loss_fn(net(X), y).backward()
    net.train(training)
    loss, accuracy, _ = module.evaluate(net, _evaluate_batches(batches), loss_fn, "cpu", **options)
    seen = {**_evaluate_state(net), **_evaluate_gradients(net), "result": np.array([float(loss), float(accuracy)])}
    logits = net(X)
    loss_fn(logits, y).backward()  # a second one, on top of the first
    return {**seen, "logits": logits.detach().numpy(), **_evaluate_gradients(net, " later")}


def evaluate_devices(module, name, params, batches, **options):
    """Run a function on the meta device, which every machine has; say where images and labels were when used.

    What the meta device cannot do counts for the student: then the moves that were recorded say it. For labels it
    counts whether they meet the logits, wherever that is.

    Args:
        module: has the function.
        name: "evaluate", or "fit", which trains on the first batch and validates on the others.
        params: of the model.
        batches: images and labels.
        options: further arguments of the function.
    """
    _evaluate_on(module, name, params, _evaluate_batches(batches), "cpu", {"images": [], "labels": []}, options)
    seen, given = {"images": [], "labels": []}, _evaluate_batches(batches)
    with _evaluate_meta_numbers(), _evaluate_moves(given) as moves, suppress(Exception):
        _evaluate_on(module, name, params, given, "meta", seen, options)
    seen["images"] = seen["images"] or moves["images"]
    seen["labels"] = seen["labels"] or ["beside the logits" for place in moves["labels"] if place == "meta"]
    return {kind: sorted(set(places)) for kind, places in seen.items()}


def fit_scripts(module, scripts, batches=2, patience=None):
    """Train once for each script of validation losses, by a model whose one weight counts the steps.

    The training loss is lowest in the second epoch.

    Args:
        module: has `fit`.
        scripts: validation losses, one for each epoch.
        batches: steps in an epoch.
        patience: of the training.

    Returns:
        for each script: epochs in the history, steps taken, and the epoch whose weights the model has then.
    """
    train = [(torch.zeros(3, 3, 2, 1), torch.zeros(3, dtype=torch.int64))] * batches
    val = [(torch.zeros(n, 3, 2, 1), torch.ones(n, dtype=torch.int64)) for n in (4, 2)]
    seen = []
    for script in scripts:
        ladder = FitLadder()
        counter = FitCounter(ladder.parameters())
        history = module.fit(ladder, train, val, FitScript(script, batches), counter, len(script), patience=patience)
        seen.append([len(history["val_loss"]), counter.taken, ladder.height.item() / batches])
    return np.array(seen, dtype=np.float64)


class FitLadder(nn.Module):
    """A model whose outputs say how many steps were taken."""

    def __init__(self):
        super().__init__()
        self.height = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        """Give the height as each of ten logits."""
        return self.height.expand(len(x), 10)


class FitCounter(torch.optim.Optimizer):
    """An optimizer that adds 1 to each parameter in a step, whatever the gradients are."""

    def __init__(self, parameters):
        super().__init__(parameters, {"lr": 1.0})
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


class FitScript:
    """A loss that reads the epoch from the model's output, and gives what is written for it.

    Labels of 0 are for training, labels of 1 for validation.
    """

    def __init__(self, losses, batches):
        self.losses, self.batches = losses, batches

    def __call__(self, logits, y):
        """Give the loss that is written, with a graph to the model."""
        height = logits[0, 0]
        if not y.any():
            return (height + 0.5 - 1.5 * self.batches).abs()  # lowest in the middle of the second epoch
        epoch = round(height.item() / self.batches)
        return height * 0 + (self.losses[epoch - 1] if 0 < epoch <= len(self.losses) else -1e6)


def fit_history(module, params, train, val, middle="nothing", rates=None, **settings):
    """Train a model; give its history as arrays, and its state then.

    Args:
        module: has `fit`.
        params: of the model.
        train: training batches.
        val: validation batches.
        middle: what is between the two layers.
        rates: the learning rate before each step, from a scheduler; None for a constant one.
        settings: further arguments of `fit`.
    """
    net = _evaluate_network(params, middle)
    optimizer = torch.optim.SGD(net.parameters(), lr=1.0 if rates else 0.2, momentum=0.5)
    if rates:
        settings["scheduler"] = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rates[step])
    batches = [_evaluate_batches(part) for part in (train, val)]
    history = module.fit(net, *batches, functional.cross_entropy, optimizer, **settings)
    told = {name: np.array([float(number) for number in numbers]) for name, numbers in history.items()}
    return {**told, **_evaluate_state(net)}


def fit_results(module, params, train, val, **settings):
    """Give the very history of a training."""
    net = _evaluate_network(params)
    batches = [_evaluate_batches(part) for part in (train, val)]
    return module.fit(net, *batches, functional.cross_entropy, torch.optim.SGD(net.parameters(), lr=0.1), **settings)


def fit_repeated(module, params, train, val, seeds, epochs, place="everywhere"):
    """Train from equal weights and equal data for each of several seeds, whatever was drawn before.

    Args:
        module: has `fit`.
        params: of the model.
        train: images and labels for training.
        val: validation batches.
        seeds: of the trainings.
        epochs: of each training.
        place: what draws from torch's global generator: "order", "augmentation", "dropout" or "everywhere".

    Returns:
        all weights after each training, the noise that was added to each image, in order, and both histories of losses.
    """
    everywhere, weights, noise, losses = place == "everywhere", [], [], []
    for number, seed in enumerate(seeds):
        torch.manual_seed(100 + number)
        data = FitNoise(*_evaluate_batches([train])[0], 0.3 if everywhere or place == "augmentation" else 0.0)
        torch.manual_seed(200 + number)
        loader = DataLoader(data, 4, shuffle=everywhere or place == "order")
        net = _evaluate_network(params, "dropout" if everywhere or place == "dropout" else "nothing")
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        val_batches = _evaluate_batches(val)
        history = module.fit(net, loader, val_batches, functional.cross_entropy, optimizer, epochs, seed=seed)
        weights.append(np.concatenate([value.ravel() for value in _evaluate_state(net).values()]))
        noise.append(np.array(data.drawn))
        losses.append(np.array(history["train_loss"] + history["val_loss"]))
    return {"weights": np.stack(weights), "noise": np.stack(noise), "losses": np.stack(losses)}


class FitNoise(Dataset):
    """Images that get a noise of their own each time they are read; it notes what was drawn."""

    def __init__(self, images, labels, size):
        self.images, self.labels, self.size, self.drawn = images, labels, size, []

    def __len__(self):
        """Give the number of images."""
        return len(self.labels)

    def __getitem__(self, index):
        """Give an image, with noise, and its label."""
        if not self.size:
            return self.images[index], self.labels[index]
        noise = self.size * torch.randn(())
        self.drawn.append(noise.item())
        return self.images[index] + noise, self.labels[index]


def checkpoints_contents(module, params, steps, epoch, as_text=False, kind="Adam"):
    """Write a checkpoint of a model that was trained; give what `torch.load` reads of it, and what lies beside it.

    Returns:
        "arrays", all tensors in the file by where they are; "rest", all else; "files", names in the folder.
    """
    with _checkpoints_folder() as folder:
        net, optimizer = _checkpoints_trained(params, steps, kind)
        path = folder / "best.pt"
        module.save_checkpoint(str(path) if as_text else path, net, optimizer, epoch)
        files = sorted(file.name for file in folder.iterdir())
        try:
            state = torch.load(path, weights_only=True)
        except pickle.UnpicklingError:
            return {"files": files, "rest": {"the file": "holds more than data"}, "arrays": {}}
    leaves = dict(_checkpoints_leaves(state))
    arrays = {place: value.numpy() for place, value in leaves.items() if isinstance(value, torch.Tensor)}
    return {"files": files, "rest": {place: leaves[place] for place in leaves.keys() - arrays}, "arrays": arrays}


def checkpoints_resumed(module, params, steps, later, kind="Adam", as_text=False):
    """Train, save, load into a new model and a new optimizer, and train on; give state and losses then.

    Args:
        module: has `save_checkpoint` and `load_checkpoint`.
        params: of the model.
        steps: batches before the checkpoint.
        later: batches after it.
        kind: of the optimizer.
        as_text: whether the path is a string.
    """
    with _checkpoints_folder() as folder:
        path = str(folder / "last.pt") if as_text else folder / "last.pt"
        module.save_checkpoint(path, *_checkpoints_trained(params, steps[:1], kind), 1)
        module.save_checkpoint(path, *_checkpoints_trained(params, steps, kind), 7)  # in the place of the first
        net, optimizer = _checkpoints_trained(_checkpoints_zeros(params), [], kind)
        epoch = module.load_checkpoint(path, net, optimizer)
        other, _ = _checkpoints_trained(_checkpoints_zeros(params), [], kind)
        alone = module.load_checkpoint(path, other)
    loaded = {f"{name} alone": value for name, value in _evaluate_state(other).items()}
    losses = _checkpoints_steps(net, optimizer, later)
    return {**_evaluate_state(net), **loaded, "losses": losses, "epochs": np.array([epoch, alone])}


def checkpoints_tagged(module, params, steps, tag, built=False):
    """Load a checkpoint that says of its tensors that they come from another device; give state and momenta then."""
    with _checkpoints_folder() as folder:
        path = folder / "gpu.pt"
        net, optimizer = _checkpoints_trained(params, steps, "SGD")
        _checkpoints_write(path, net, optimizer, 5)
        _checkpoints_retag(path, tag)
        net, optimizer = _checkpoints_trained(_checkpoints_zeros(params), [], "SGD")
        epoch = module.load_checkpoint(path, net, optimizer, torch.device("cpu") if built else "cpu")
    momenta = optimizer.state_dict()["state"]
    held = {f"momentum {key}": entry["momentum_buffer"].numpy() for key, entry in momenta.items()}
    return {**_evaluate_state(net), **held, "epoch": np.array([epoch])}


def checkpoints_with_code(module, params, where):
    """Load a checkpoint whose pickle calls os.mkdir; say which error that raised, and whether the folder is there.

    Args:
        module: has `load_checkpoint`.
        params: of the model.
        where: the key of the file's dict that holds the call.
    """
    with _checkpoints_folder() as folder:
        net, optimizer = _checkpoints_trained(params, [], "SGD")
        made = folder / "made by the file"
        state = {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
        torch.save(state, folder / "fine.pt")
        torch.save(state | {where: CheckpointsCall(made)}, folder / "odd.pt")
        error = f"none after epoch {module.load_checkpoint(folder / 'fine.pt', net, optimizer)}"  # stubs end here
        try:
            module.load_checkpoint(folder / "odd.pt", net, optimizer)
        except pickle.UnpicklingError:
            error = "pickle.UnpicklingError"
        except Exception as other:  # noqa: BLE001 - any is noted
            error = type(other).__name__
        return {"error": error, "ran": made.exists()}


class CheckpointsCall:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        """Say how to build this object: by making a folder."""
        return os.mkdir, (str(self.folder),)


def checkpoints_failure(module, params, steps, failure):
    """Save a checkpoint, then one that fails midway; give what is in the folder and in the file then.

    Args:
        module: has `save_checkpoint`.
        params: of the model.
        steps: batches that the model was trained on.
        failure: "disk" for a disk that is full after some bytes, "state" for a model whose state cannot be written.
    """
    with _checkpoints_folder() as folder:
        path = folder / "best.pt"
        net, optimizer = _checkpoints_trained(params, steps[:1], "Adam")
        module.save_checkpoint(path, net, optimizer, 1)
        _checkpoints_steps(net, optimizer, steps[1:])
        if failure == "state":
            net.add_module("odd", CheckpointsUnwritable())
        with _checkpoints_short_files(1000 if failure == "disk" else None), suppress(Exception):
            module.save_checkpoint(path, net, optimizer, 2)
        files = sorted(file.name for file in folder.iterdir())
        try:
            state = torch.load(path, weights_only=False)  # our own file; whether it is data alone is another test
            return {"files": files, "epoch": state["epoch"], "weights": state["model"]["first.weight"].numpy()}
        except Exception:  # noqa: BLE001 - a broken file may raise anything
            return {"files": files, "epoch": -1, "weights": np.zeros(0)}


class CheckpointsUnwritable(nn.Module):
    """A module whose state cannot be pickled."""

    def get_extra_state(self):
        """Give what goes into the state."""
        return lambda: None


def checkpoints_always_there(module, params, steps):
    """Save two checkpoints under one name, where the system's folder for temporary files is missing.

    Returns:
        whether that name was missing after a renaming or a removal of a file by the second; the epoch in the file.
    """
    with _checkpoints_folder() as folder:
        path, seen = folder / "best.pt", []
        net, optimizer = _checkpoints_trained(params, steps, "SGD")
        module.save_checkpoint(path, net, optimizer, 1)
        before, tempfile.tempdir = tempfile.tempdir, str(folder / "missing")
        try:
            with _checkpoints_watched(lambda: seen.append(path.exists())):
                module.save_checkpoint(path, net, optimizer, 2)
        finally:
            tempfile.tempdir = before
        return {"missing for a moment": not all(seen), "epoch": torch.load(path, weights_only=False)["epoch"]}


def checkpoints_mismatched(module, params, difference):
    """Load a checkpoint into a model with other names or other shapes.

    Args:
        module: has `load_checkpoint`.
        params: of the model.
        difference: "none", "missing" for a name that the file has not, "too many" for one that the model has not,
            "shape".
    """
    with _checkpoints_folder() as folder:
        smaller, larger = _evaluate_network(params), _evaluate_network(params, "batch norm")
        written, read = {"missing": (smaller, larger), "too many": (larger, smaller)}.get(
            difference, (smaller, smaller)
        )
        _checkpoints_write(folder / "best.pt", written, torch.optim.SGD(written.parameters(), lr=0.1), 4)
        if difference == "shape":
            read = _evaluate_network(params)
            read.last = nn.Linear(read.last.in_features, 1 + read.last.out_features)
        return module.load_checkpoint(folder / "best.pt", read)


def checkpoints_missing(module, params, name):
    """Load a checkpoint; only "best.pt" is there."""
    with _checkpoints_folder() as folder:
        net, optimizer = _checkpoints_trained(params, [], "SGD")
        _checkpoints_write(folder / "best.pt", net, optimizer, 4)
        return module.load_checkpoint(folder / name, net, optimizer)


def predict_images(module, params, images, classes, middle="nothing", training=True, device="cpu"):
    """Predict one image after the other with one model; give names and probabilities."""
    net = _evaluate_network(params, middle).to(device).train(training)
    results = [module.predict(net, torch.from_numpy(image), classes, device) for image in images]
    return {"names": [name for name, _ in results], "probabilities": np.array([float(p) for _, p in results])}


def predict_results(module, params, image, classes):
    """Give the very result of a prediction."""
    return module.predict(_evaluate_network(params), torch.from_numpy(image), classes)


def predict_midway(module, params, image, classes, middle, training):
    """Predict with a model in the middle of its training; give its state, its gradients and its outputs then."""
    net, x = _evaluate_network(params, middle).train(training), torch.from_numpy(image)
    _, probability = module.predict(net, x, classes)
    seen = {**_evaluate_state(net), **_evaluate_gradients(net), "image": x.numpy(), "probability": float(probability)}
    logits = net(torch.stack([x, -x]))
    functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    return {**seen, "logits": logits.detach().numpy(), **_evaluate_gradients(net, " later")}


def predict_inputs(module, params, image, classes):
    """Give what a model gets to see in a prediction, stacked."""
    net, seen = _evaluate_network(params), []
    net.register_forward_pre_hook(lambda _, args: seen.append(args[0].detach().numpy().copy()))
    module.predict(net, torch.from_numpy(image), classes)
    return np.stack(seen)


def predict_devices(module, params, image, classes):
    """Predict on the meta device, which every machine has; say where the image was when it was used."""
    seen, given = [], torch.from_numpy(image)
    net = _evaluate_network(params)
    module.predict(net, given, classes, "cpu")  # stubs end here
    net.to("meta").register_forward_pre_hook(lambda _, args: seen.append(args[0].device.type))
    labels = torch.zeros(1, dtype=torch.int64)
    with _evaluate_meta_numbers(), _evaluate_moves([(given, labels)]) as moves, suppress(Exception):
        module.predict(net, given, classes, "meta")
    return sorted(set(seen or moves["images"]))


def transfer_frozen(module, kind, x, larger, steps=3):
    """Freeze a trained backbone, put it into training mode, perhaps inside a larger model, and train.

    Args:
        module: has `freeze`.
        kind: of the backbone.
        x: images.
        larger: whether a head of its own is trained on top of the backbone.
        steps: forward passes in training mode.

    Returns:
        "outputs", what the backbone gives in these passes; "changes", how far each of its weights and statistics is
        from what it was; "gradients", parameters that require or have one; "same", whether freeze gave the same model.
    """
    net, x = _transfer_backbone(kind), torch.from_numpy(x)
    held = [*net.parameters(), *net.buffers()]
    before = [tensor.detach().clone() for tensor in held]
    frozen = module.freeze(net)
    head = nn.Linear(6, 2)
    model = nn.Sequential(nn.Sequential(frozen), head) if larger else frozen
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    outputs = []
    for step in range(steps):
        model.train()
        outputs.append(frozen(x + step).detach().numpy().copy())
        model.eval().train()
        result = model(x - step)
        if larger:
            optimizer.zero_grad()
            result.square().mean().backward()
            optimizer.step()
    moved = [float((now.detach() - then).abs().max()) for now, then in zip(held, before, strict=True)]
    return {
        "outputs": np.stack(outputs),
        "changes": np.array(moved),
        "gradients": sum(p.requires_grad or p.grad is not None for p in net.parameters()),
        "same": int(frozen is net),
    }


def transfer_trained(module, kind, x, y, num_classes):
    """Freeze a backbone, give it a new head, and train what requires gradients; count what changed.

    Returns:
        "for the optimizer", numbers in the parameters that require gradients; "head", how many tensors of the last
        nn.Linear the training changed; "rest", how many other ones; "falls", whether the loss fell; "classes".
    """
    torch.manual_seed(3)
    net, x, y = _transfer_backbone(kind), torch.from_numpy(x), torch.from_numpy(y)
    net = module.replace_classifier(module.freeze(net), num_classes)
    trainable = [parameter for parameter in net.parameters() if parameter.requires_grad]
    numbers = sum(parameter.numel() for parameter in trainable)
    last = [name for name, part in net.named_modules() if isinstance(part, nn.Linear)][-1]
    before, losses = _evaluate_state(net), []
    # a parameter of its own: an optimizer takes no empty list
    optimizer = torch.optim.SGD([*trainable, nn.Parameter(torch.zeros(()))], lr=0.05)
    net.train()
    for _ in range(8):
        optimizer.zero_grad()
        loss = functional.cross_entropy(net(x), y)
        if loss.requires_grad:
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    after = _evaluate_state(net)
    changed = [name for name in after if not np.array_equal(after[name], before[name])]
    own = sum(name.startswith(last + ".") for name in changed)
    return {
        "for the optimizer": numbers,
        "head": own,
        "rest": len(changed) - own,
        "falls": losses[-1] < losses[0],
        "classes": net(x).shape[1],
    }


def transfer_replaced(module, kind, num_classes, device="cpu", times=1):
    """Give a backbone a new head, `times` times; describe each tensor of the result, by its name.

    Returns:
        for each parameter its shape, its device, whether it requires gradients, and whether it holds old numbers;
        "same", whether the same model came back; "outputs", their shape.
    """
    net = _transfer_backbone(kind).to(device)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(7)  # no fresh weight is that large
    result = net
    for _ in range(times):
        result = module.replace_classifier(result, num_classes)
    described = {
        name: [tuple(p.shape), p.device.type, p.requires_grad, device == "cpu" and bool((p == 7).any())]
        for name, p in result.named_parameters()
    }
    outputs = tuple(result(torch.zeros(2, 3, 6, 5, device=device)).shape)
    return {**described, "same": result is net, "outputs": outputs}


def transfer_bad_head(module, kind, num_classes):
    """Give a backbone a new head; give what the outputs' shape is then."""
    net = module.replace_classifier(_transfer_backbone(kind), num_classes)
    return tuple(net(torch.zeros(2, 3, 6, 5)).shape)


class TransferResidual(nn.Module):
    """A small backbone that ends in `fc`, as a ResNet does; its one shortcut skips a convolution."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
        self.conv2, self.bn2 = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 6)

    def forward(self, x):
        """Give the logits."""
        x = self.bn1(self.conv1(x)).relu()
        return self.fc((x + self.bn2(self.conv2(x))).relu().mean((2, 3)))


class TransferPlain(nn.Module):
    """A small backbone that ends in `classifier`, as a VGG does; what comes last in it has no weights."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        self.classifier = nn.Sequential(
            nn.Linear(4, 7), nn.BatchNorm1d(7), nn.ReLU(), nn.Linear(7, 6, bias=False), nn.Identity()
        )

    def forward(self, x):
        """Give the logits."""
        return self.classifier(self.features(x).flatten(1))


class TransferNested(nn.Module):
    """A small backbone whose last layer is some modules below it, with batch norm of three kinds."""

    def __init__(self):
        super().__init__()
        self.volume = nn.BatchNorm3d(3)
        self.trunk = TransferResidual()
        self.trunk.fc = nn.Sequential(nn.Linear(4, 5), nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 6)))

    def forward(self, x):
        """Give the logits."""
        return self.trunk(self.volume(x.unsqueeze(2)).squeeze(2))


TRANSFER_BACKBONES = {
    "fc": TransferResidual,
    "classifier": TransferPlain,
    "nested": TransferNested,
    "none": lambda: nn.Sequential(nn.Conv2d(3, 6, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
}


def _transfer_backbone(kind):
    """Build a backbone whose weights and statistics are none of those that a new layer has."""
    torch.manual_seed(11)
    net = TRANSFER_BACKBONES[kind]()
    with torch.no_grad():
        for tensor in (*net.parameters(), *net.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(torch.rand(tensor.shape) + 0.2)
    return net


def _evaluate_network(params, middle="nothing"):
    """Build a model with a convolution, a linear layer and these weights."""
    channels, depth, *kernel = params["W1"].shape
    net = nn.Sequential()
    net.add_module("first", nn.Conv2d(depth, channels, kernel))
    net.add_module("middle", nn.Sequential(EVALUATE_MIDDLES[middle]()))  # nested, as most models are
    net.add_module("activation", nn.Tanh())
    net.add_module("flatten", nn.Flatten())
    net.add_module("last", nn.Linear(*params["W2"].shape[::-1]))
    with torch.no_grad():
        for layer, number in ((net.first, 1), (net.last, 2)):
            layer.weight.copy_(torch.from_numpy(params[f"W{number}"]))
            layer.bias.copy_(torch.from_numpy(params[f"b{number}"]))
    return net


def _evaluate_batches(batches):
    """Turn arrays into batches."""
    return [(torch.from_numpy(X.copy()), torch.from_numpy(y.copy())) for X, y in batches]


def _evaluate_state(net):
    """Give parameters and buffers."""
    return {name: value.detach().cpu().numpy().copy() for name, value in net.state_dict().items()}


def _evaluate_gradients(net, when=""):
    """Give the gradients; an empty array for none."""
    pairs = net.named_parameters()
    return {f"gradient of {name}{when}": np.zeros(0) if p.grad is None else p.grad.numpy().copy() for name, p in pairs}


def _evaluate_on(module, name, params, batches, device, seen, options):
    """Run a function with its model on a device, and note where images and labels are when they are used."""
    net = _evaluate_network(params)
    net.register_forward_pre_hook(lambda _, args: seen["images"].append(args[0].device.type))

    def loss_fn(logits, y):
        seen["labels"].append("beside the logits" if y.device == logits.device else "elsewhere")
        return functional.cross_entropy(logits, y)

    if name == "evaluate":
        module.evaluate(net.to(device), batches, loss_fn, device, **options)
        return
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    try:
        module.fit(net, batches[:1], batches[1:], loss_fn, optimizer, 2, device=device, **options)
    finally:
        seen["model"] = [parameter.device.type for parameter in net.parameters()]


@contextmanager
def _evaluate_meta_numbers():
    """Let tensors on the meta device, which hold no numbers, give 0 where a number is asked for."""

    def replaced(name, kind):
        original = getattr(torch.Tensor, name)
        return lambda self, *args: kind(0) if self.is_meta else original(self, *args)

    original = torch.Tensor.cpu
    replacements = {name: replaced(name, kind) for name, kind in EVALUATE_NUMBERS.items()}
    replacements["cpu"] = lambda t, *args: torch.zeros(t.shape, dtype=t.dtype) if t.is_meta else original(t, *args)
    with _evaluate_patched(torch.Tensor, replacements):
        yield


@contextmanager
def _evaluate_moves(batches):
    """Note where images and labels are moved by `.to`."""
    moves, original = {"images": [], "labels": []}, torch.Tensor.to
    kinds = {id(tensor): kind for batch in batches for tensor, kind in zip(batch, moves, strict=True)}

    def to(self, *args, **kwargs):
        moved = original(self, *args, **kwargs)
        if id(self) in kinds:
            moves[kinds[id(self)]].append(moved.device.type)
        return moved

    with _evaluate_patched(torch.Tensor, {"to": to}):
        yield moves


@contextmanager
def _evaluate_patched(owner, replacements):
    """Replace attributes of a class or a module, its own and inherited ones, while a `with` block lasts."""
    own = {name: vars(owner)[name] for name in replacements if name in vars(owner)}
    for name, function in replacements.items():
        setattr(owner, name, function)
    try:
        yield
    finally:
        for name in replacements:
            if name in own:
                setattr(owner, name, own[name])
            else:
                delattr(owner, name)


@contextmanager
def _checkpoints_folder():
    """Give a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _checkpoints_trained(params, steps, kind):
    """Build a model with batch norm and an optimizer, and train it on batches."""
    net = _evaluate_network(params, "batch norm")
    kinds = {"SGD": {"lr": 0.1, "momentum": 0.9}, "Adam": {"lr": 0.03}}
    optimizer = getattr(torch.optim, kind)(net.parameters(), **kinds[kind])
    _checkpoints_steps(net, optimizer, steps)
    return net, optimizer


def _checkpoints_steps(net, optimizer, steps):
    """Take a step for each batch; give the losses."""
    losses = []
    for X, y in _evaluate_batches(steps):
        optimizer.zero_grad()
        loss = functional.cross_entropy(net(X), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses)


def _checkpoints_zeros(params):
    return {name: np.zeros_like(value) for name, value in params.items()}


def _checkpoints_write(path, net, optimizer, epoch):
    """Write a file as the handout describes it."""
    torch.save({"model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": epoch}, path)


def _checkpoints_retag(path, tag):
    """Write another device's name into the tensors of a file."""
    with zipfile.ZipFile(path) as file:
        parts = {entry.filename: file.read(entry) for entry in file.infolist()}
    (name,) = (name for name in parts if name.endswith("/data.pkl"))
    old, new = (b"X" + len(text).to_bytes(4, "little") + text for text in (b"cpu", tag.encode()))  # as pickle has it
    parts[name] = parts[name].replace(old, new)
    with zipfile.ZipFile(path, "w") as file:
        for part, content in parts.items():
            file.writestr(part, content)


def _checkpoints_leaves(value, place=""):
    """Give the leaves of nested dicts and lists, each with where it is."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if pairs is None:
        yield place, value
        return
    for key, item in pairs:
        yield from _checkpoints_leaves(item, f"{place}/{key}" if place else str(key))


@contextmanager
def _checkpoints_short_files(size):
    """Let no file grow beyond a size, as on a full disk; None for no such limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft if size is None else size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def _checkpoints_watched(look):
    """Look after each renaming and each removal of a file, while a `with` block lasts."""

    def watched(original):
        def function(*args, **kwargs):
            result = original(*args, **kwargs)
            look()
            return result

        return function

    names = ("rename", "replace", "remove", "unlink")
    with _evaluate_patched(os, {name: watched(getattr(os, name)) for name in names}):
        yield


def cifar_shapes(module):
    """Give names and shapes of a new SmallCNN's state."""
    return {name: list(tensor.shape) for name, tensor in module.SmallCNN(10).state_dict().items()}


def cifar_logits(module, state, images):
    """Give the logits of images (N, 32, 32, 3) uint8 from a SmallCNN with these weights."""
    model = module.SmallCNN(10)
    model.load_state_dict(state)
    model.eval()
    mean, std = (torch.tensor(numbers).reshape(3, 1, 1) * 255 for numbers in (module.CIFAR_MEAN, module.CIFAR_STD))
    with torch.no_grad():
        inputs = ((torch.from_numpy(images).permute(0, 3, 1, 2).float() - mean) / std).contiguous()
        return torch.cat([model(batch) for batch in inputs.split(250)]).numpy()


def cifar_fit(module, images, labels, seed, epochs):
    """Train with fit_cifar; give the state, whether the model is in training mode, and the devices it is on."""
    model = module.fit_cifar(torch.from_numpy(images), torch.from_numpy(labels), seed, "cpu", epochs)
    return {
        "state": {name: tensor.detach().clone() for name, tensor in model.state_dict().items()},
        "training": any(part.training for part in model.modules()),
        "devices": sorted({str(parameter.device) for parameter in model.parameters()}),
        "small": type(model) is module.SmallCNN,
    }
