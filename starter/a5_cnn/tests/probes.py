"""Procedures for the public tests: they drive models, loaders and training, and hand back what they see."""

import contextlib
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode


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
    """Ask for a model's layers; say how many, and give each module's mode afterwards and how many hooks it has."""
    model = _layer_shapes_model("LeNet").train(training)
    found = module.layer_shapes(model, (3, 32, 32))
    return found and len(found), [(part.training, len(part._forward_hooks)) for part in model.modules()]  # noqa: SLF001 - no other way


def _layer_shapes_model(name):
    if name == "one layer":
        return nn.Conv2d(3, 4, 3)
    convolutions = (nn.Conv2d(3, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.Flatten())
    return nn.Sequential(*convolutions, nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10))


def lenet_parameters(module):
    """Give the names of a new model's parameters with their shapes."""
    return {name: tuple(parameter.shape) for name, parameter in module.LeNetCIFAR().named_parameters()}


def lenet_shapes(module, counts):
    """Give the shape of the logits for each number of images."""
    model = module.LeNetCIFAR()
    return [tuple(model(torch.zeros(count, 3, 32, 32)).shape) for count in counts]


def lenet_logits(module, biases, x):
    """Set all weights of a model to 0 and its biases to these; give its logits."""
    model = module.LeNetCIFAR()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(biases[name])) if name in biases else parameter.zero_()
    return model(torch.from_numpy(x)).detach().numpy()


def conv_block_shapes(module, plans, shape):
    """Give the shape of the output of each block for images of one shape."""
    return [tuple(module.ConvBlock(**plan)(torch.zeros(shape)).shape) for plan in plans]


def conv_block_output(module, weight, bias, x, **plan):
    """Give what a block whose convolution has these weights gives for x."""
    block = module.ConvBlock(*weight.shape[1::-1], **plan)
    for layer in block.modules():
        if isinstance(layer, nn.Conv2d):
            layer.weight.data.copy_(torch.from_numpy(weight))
            layer.bias.data.copy_(torch.from_numpy(bias))
    return block(torch.from_numpy(x)).detach().numpy()


def conv_block_layers(module, norm):
    """Say of what kinds a block's layers are, and count what batch norm keeps and what the convolution learns."""
    block = module.ConvBlock(3, 8, norm=norm)
    return {
        "nn.Conv2d": [layer.bias is not None for layer in block.modules() if isinstance(layer, nn.Conv2d)],
        "nn.BatchNorm2d": [layer.num_features for layer in block.modules() if isinstance(layer, nn.BatchNorm2d)],
        "parameters": sum(parameter.numel() for parameter in block.parameters()),
    }


def conv_block_built(module, **plan):
    """Build a block."""
    module.ConvBlock(**plan)


def small_cnn_shapes(module, counts, **options):
    """Give the shape of the logits for each number of images."""
    model = module.SmallCNN(**options).eval()
    return [tuple(model(torch.zeros(count, 3, 32, 32)).shape) for count in counts]


def small_cnn_size(module):
    """Count a new model's parameters, and its multiplications with an addition for one image."""
    model = module.SmallCNN().eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, 3, 32, 32))
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "multiply-adds": counter.get_total_flops() // 2,
    }


def small_cnn_first_loss(module, images, labels):
    """Give a new model's cross-entropy."""
    torch.manual_seed(1)
    logits = module.SmallCNN().eval()(torch.from_numpy(images))
    return functional.cross_entropy(logits, torch.from_numpy(labels)).item()


def train_one_epoch_run(module, batches, lr, rates=None):
    """Train a linear layer on flat images for an epoch, from zeros; give what comes back, weights and learning rate.

    Args:
        module: has `train_one_epoch`.
        batches: pairs of images (N, 3, 1, 1) and labels (N,), 0 or 1.
        lr: learning rate of the optimizer.
        rates: factors of a scheduler, one for each of its steps; None for no scheduler.
    """
    layer = nn.Linear(3, 2)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
    model, options = nn.Sequential(nn.Flatten(), layer).eval(), {}
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    if rates is not None:
        options["scheduler"] = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rates[step])
    loader = [(torch.from_numpy(X), torch.from_numpy(y)) for X, y in batches]
    loss = module.train_one_epoch(model, loader, functional.cross_entropy, optimizer, **options)
    return {
        "loss": loss,
        "weight": layer.weight.detach().numpy(),
        "bias": layer.bias.detach().numpy(),
        "in training mode": model.training,
        "lr": optimizer.param_groups[0]["lr"],
    }


def evaluate_scores(module, batches, training=True):
    """Evaluate a model whose logits are its inputs; give what comes back, and the model's mode before and after.

    Args:
        module: has `evaluate`.
        batches: pairs of logits (N, K) and labels (N,).
        training: the model's mode at first.
    """
    classes = batches[0][0].shape[1] if batches else 2
    model = nn.Sequential(nn.Flatten(), _evaluate_identity(classes), nn.Dropout(0.0)).train(training)
    seen = []
    model.register_forward_pre_hook(lambda part, _: seen.append(part.training))
    loader = [(torch.from_numpy(x)[:, :, None, None], torch.from_numpy(y)) for x, y in batches]
    loss, accuracy, confusion = module.evaluate(model, loader, functional.cross_entropy, num_classes=classes)
    return {
        "loss": loss,
        "accuracy": accuracy,
        "confusion": torch.as_tensor(confusion).numpy(),
        "modes": {"while it ran": sorted(set(seen)), "afterwards": model.training},
    }


def _evaluate_identity(size):
    layer = nn.Linear(size, size)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(size))
        layer.bias.zero_()
    return layer


def fit_history(module, train, val, epochs):
    """Train a linear layer on flat images; give its history."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 10))
    batches = [[(torch.from_numpy(X), torch.from_numpy(y)) for X, y in part] for part in (train, val)]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    return module.fit(model, *batches, functional.cross_entropy, optimizer, epochs, scheduler=scheduler)


def fit_until_it_turns(module, epochs, patience):
    """Train one weight from 0, and add 1 to it in each epoch; its validation loss is its distance to 3."""
    model = FitOneWeight()

    def loss_fn(logits, y):  # training: goes down by 1 for each 1 that the weight grows; validation: the distance
        return (logits[:, 0] - 3).abs().mean() if y.any() else -logits[:, 0].mean()

    image, train, val = torch.ones(1, 3, 2, 2), torch.zeros(1, dtype=torch.int64), torch.ones(1, dtype=torch.int64)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    history = module.fit(model, [(image, train)], [(image, val)], loss_fn, optimizer, epochs, patience=patience)
    return {"val_loss": history["val_loss"], "weight": model.weight.item()}


class FitOneWeight(nn.Module):
    """A model that gives its one weight as each of ten logits."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        """Give the weight, whatever the images are."""
        return self.weight.expand(len(x), 10)


def fit_with_dropout(module, X, y, seeds):
    """Train from equal weights with dropout, once for each seed, whatever was drawn before; give the weights."""
    found = []
    for number, seed in enumerate(seeds):
        torch.manual_seed(7)
        model = nn.Sequential(nn.Flatten(), nn.Linear(12, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 10))
        torch.manual_seed(100 + number)
        batches = [(torch.from_numpy(X), torch.from_numpy(y))]
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        module.fit(model, batches, batches, functional.cross_entropy, optimizer, 2, seed=seed)
        found.append(torch.cat([parameter.detach().flatten() for parameter in model.parameters()]).numpy())
    return np.stack(found)


def checkpoints_round_trip(module, X, y):
    """Train, save, and load into a new model and a new optimizer; give what both hold, and the epoch."""
    torch.manual_seed(2)
    one, other = (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten()) for _ in range(2))
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9) for model in (one, other)]
    for _ in range(3):
        optimizers[0].zero_grad()
        functional.cross_entropy(one(torch.from_numpy(X)), torch.from_numpy(y)).backward()
        optimizers[0].step()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "best.pt"
        module.save_checkpoint(path, one, optimizers[0], 3)
        epoch = module.load_checkpoint(path, other, optimizers[1])
    momenta = [optimizer.state_dict()["state"] for optimizer in optimizers]
    return {
        "epoch": epoch,
        "models": [[value.numpy() for value in model.state_dict().values()] for model in (one, other)],
        "optimizers": [[entry["momentum_buffer"].numpy() for entry in state.values()] for state in momenta],
    }


def checkpoints_file(module):
    """Save a model; give the names in the folder, and the keys that `torch.load` finds in the file."""
    model = nn.Linear(2, 3)
    with tempfile.TemporaryDirectory() as folder:
        module.save_checkpoint(Path(folder) / "best.pt", model, torch.optim.SGD(model.parameters(), lr=0.1), 1)
        names = sorted(file.name for file in Path(folder).iterdir())
        return {"files": names, "keys": sorted(torch.load(Path(folder) / "best.pt", weights_only=True))}


def checkpoints_load_from(module, name):
    """Save a model as "best.pt", and load it under a name."""
    model = nn.Linear(2, 3)
    with tempfile.TemporaryDirectory() as folder:
        module.save_checkpoint(Path(folder) / "best.pt", model, torch.optim.SGD(model.parameters(), lr=0.1), 4)
        return module.load_checkpoint(Path(folder) / name, model)


def predict_scores(module, image, classes, training=True):
    """Predict with a model whose logits are an image's largest pixels, one for each channel; give result and mode."""
    model = PredictChannels().train(training)
    result = module.predict(model, torch.from_numpy(image), classes)
    return {"result": result, "while it ran": model.seen, "afterwards": model.training}


class PredictChannels(nn.Module):
    """A model whose logits are the largest pixel of each channel; it notes its mode and its input's shape."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        """Give the logits."""
        self.seen.append((tuple(x.shape), self.training))
        return x.amax(dim=(-2, -1))


def transfer_frozen(module, x):
    """Freeze a layer with batch norm, make it a part of a model, and train that; give what the layer holds and says."""
    torch.manual_seed(4)
    backbone = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    before, x = {name: value.clone() for name, value in backbone.state_dict().items()}, torch.from_numpy(x)
    expected = backbone.eval()(x).detach()
    frozen = module.freeze(backbone)
    model = nn.Sequential(frozen, nn.Linear(4, 2)).train()
    model(x)
    return {
        "same model": frozen is backbone,
        "require gradients": sum(parameter.requires_grad for parameter in backbone.parameters()),
        "changed": [name for name, value in backbone.state_dict().items() if not torch.equal(value, before[name])],
        "outputs": [expected.numpy(), frozen(x).detach().numpy()],
    }


def transfer_replaced(module, num_classes):
    """Give a frozen model with `fc`, and one with `classifier`, a new head; describe what requires gradients then."""
    torch.manual_seed(5)
    found = {}
    for head, last in (("fc", nn.Linear(4, 6)), ("classifier", nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 6)))):
        model = nn.Sequential()
        model.add_module("features", nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()))
        model.add_module(head, last)
        model = module.replace_classifier(module.freeze(model), num_classes)
        trainable = {name: tuple(p.shape) for name, p in model.named_parameters() if p.requires_grad}
        found[head] = {"trainable": trainable, "logits": tuple(model(torch.zeros(2, 3, 5, 5)).shape)}
    return found


def transfer_headless(module):
    """Replace the head of a model with a linear layer, then that of one without."""
    module.replace_classifier(nn.Sequential(nn.Flatten(), nn.Linear(12, 4)), 3)
    module.replace_classifier(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten()), 3)


def cifar_trained(module, images, labels, seed, epochs):
    """Train with fit_cifar; give its kind, mode, device and history, and the classes of the same images."""
    with noted(module, "fit") as history:
        model = module.fit_cifar(torch.from_numpy(images), torch.from_numpy(labels), seed, "cpu", epochs)
    mean, std = (torch.tensor(numbers).reshape(3, 1, 1) * 255 for numbers in (module.CIFAR_MEAN, module.CIFAR_STD))
    with torch.no_grad():
        inputs = (torch.from_numpy(images).permute(0, 3, 1, 2).float() - mean) / std
        predicted = model(inputs.contiguous()).argmax(dim=1)
    return {
        "kind": type(model).__name__,
        "training": any(part.training for part in model.modules()),
        "devices": sorted({str(parameter.device) for parameter in model.parameters()}),
        "predicted": predicted.numpy(),
        "history": history,
    }


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


def cifar_shapes(module):
    """Give names and shapes of a new SmallCNN's state."""
    return {name: list(tensor.shape) for name, tensor in module.SmallCNN(10).state_dict().items()}
