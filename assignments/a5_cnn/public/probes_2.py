"""Procedures for the public tests: they drive models and optimisers, and hand back what they see."""

import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode


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
