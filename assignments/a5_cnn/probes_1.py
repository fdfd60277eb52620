"""Procedures for the hidden tests: they drive what cannot cross as data, and hand back what they see.

None of them knows what is right: a test compares.
"""

import random
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn
from torch.nn import functional

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
