"""Procedures for the public tests: they drive models, optimisers and loaders, and hand back what they see."""

import torch
from torch import nn


def get_device_chosen(module, prefer):
    """Choose a device; give the kind of what came back, and its name."""
    device = module.get_device(prefer)
    return type(device).__name__, str(device)


def build_transform_results(module, train, image, times, mean=(0.5, 0.25, 0.75), std=(0.5, 0.25, 0.5)):
    """Transform one image several times; give all results, stacked."""
    transform = module.build_transform(train, mean, std)
    torch.manual_seed(1)
    return torch.stack([transform(image) for _ in range(times)]).numpy()


def loaders_splits(module, n, val_fraction, seed=0):
    """Split the numbers below n; give both parts as lists of ints."""
    return [[int(number) for number in part] for part in module.make_splits(n, val_fraction, seed)]


def loaders_epochs(module, images, labels, batch_size, val_fraction):
    """Go twice through both loaders; give the images, stacked, and the labels of each batch."""
    torch.manual_seed(1)
    loaders = module.make_loaders(images, labels, batch_size, val_fraction)
    epochs = [[list(loader) for _ in range(2)] for loader in loaders]
    return [
        {
            "images": [torch.cat([x for x, _ in epoch]).numpy() for epoch in part],
            "labels": [[y.tolist() for _, y in epoch] for epoch in part],
        }
        for part in epochs
    ]


def layer_shapes_of(module, model, input_shape):
    """Give the layers of a model: pairs of a name and a shape."""
    return [(name, tuple(shape)) for name, shape in module.layer_shapes(_layer_shapes_model(model), input_shape)]


def layer_shapes_count(module, model, frozen=0, **options):
    """Count the parameters of a model; those of its first modules may be frozen."""
    model = _layer_shapes_model(model)
    for part in list(model.children())[:frozen]:
        part.requires_grad_(requires_grad=False)
    return module.count_parameters(model, **options)


def layer_shapes_modes(module, training):
    """Ask for a model's layers; give the mode of each of its modules afterwards, and how many hooks they have."""
    model = _layer_shapes_model("LeNet").train(training)
    module.layer_shapes(model, (3, 32, 32))
    return [(part.training, len(part._forward_hooks)) for part in model.modules()]  # noqa: SLF001 - no other way


def _layer_shapes_model(name):
    if name == "one layer":
        return nn.Conv2d(3, 4, 3)
    convolutions = (nn.Conv2d(3, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.Flatten())
    return nn.Sequential(*convolutions, nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10))
