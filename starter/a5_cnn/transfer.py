"""A lab without points: fit a trained network of torchvision to CIFAR-10, with your own functions of cnn.py.

    pip install torchvision
    python transfer.py --model resnet18 --weights DEFAULT

Freezes the network, gives it a new head, trains that head on images of the kit, and says what one image shows.
`--weights none` begins with random weights and downloads nothing: compare.
"""

import argparse
from pathlib import Path

import torch
from cnn import CLASSES, count_parameters, evaluate, freeze, predict, replace_classifier, train_one_epoch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset
from torchvision import models

from coursekit.training import choose_device, read_images, seed_everything

HERE = Path(__file__).resolve().parent
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # what torchvision's weights were trained on


def prepare(images: Tensor, side: int) -> Tensor:
    """Make (B, 32, 32, 3) bytes what a network of torchvision takes: (B, 3, side, side), normalised for ImageNet."""
    mean, std = (torch.tensor(numbers).reshape(3, 1, 1) for numbers in (IMAGENET_MEAN, IMAGENET_STD))
    x = functional.interpolate(images.permute(0, 3, 1, 2).float() / 255, size=(side, side), mode="bilinear")
    return (x - mean) / std


def adapted(name: str, weights: str) -> nn.Module:
    """Give a network of torchvision by name, with weights by name, all frozen but a new head for ten classes."""
    model = models.get_model(name, weights=None if weights == "none" else weights)
    return replace_classifier(freeze(model), len(CLASSES))


def main() -> None:
    """Train the head, and judge it on images that it did not see."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="resnet18", help="a name that torchvision.models.list_models() has")
    parser.add_argument("--weights", default="DEFAULT", help="a name of its weights, or none")
    parser.add_argument("--data", default="data", help="as for train.py")
    parser.add_argument("--images", type=int, default=1000, help="how many, a fifth of them for validation")
    parser.add_argument("--side", type=int, default=96, help="height and width that the network gets")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()

    seed_everything(0)
    device = choose_device(options.device)
    images, labels = read_images(options.data, HERE)
    chosen = torch.randperm(len(labels))[: options.images]
    x, y = prepare(images[chosen], options.side), labels[chosen]
    cut = len(chosen) // 5
    train = DataLoader(TensorDataset(x[cut:], y[cut:]), batch_size=32, shuffle=True)
    val = DataLoader(TensorDataset(x[:cut], y[:cut]), batch_size=32)

    model = adapted(options.model, options.weights).to(device)
    print(f"{count_parameters(model):,} parameters, {count_parameters(model, trainable_only=True):,} to train")  # noqa: T201
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=1e-3)
    for epoch in range(1, options.epochs + 1):
        loss = train_one_epoch(model, train, functional.cross_entropy, optimizer, device)
        _, accuracy, _ = evaluate(model, val, functional.cross_entropy, device)
        print(f"epoch {epoch}: loss {loss:.3f}, validation accuracy {accuracy:.1%}")  # noqa: T201
    name, probability = predict(model, x[0], CLASSES, device)
    print(f"image {int(chosen[0])} is a {CLASSES[int(y[0])]}, and taken for a {name} ({probability:.0%})")  # noqa: T201


if __name__ == "__main__":
    main()
