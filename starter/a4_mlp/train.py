"""Train the model of mlp.py on MNIST, and watch it learn: run/curve.svg is drawn anew after each epoch.

The kit brings 10,000 images; `--data mnist` downloads all 60,000.
"""

from pathlib import Path

import torch
from mlp import build_mnist_model
from torch import Tensor, nn

from coursekit.training import Batches, History, Settings, Training, arguments, read_images, seed_everything

HERE = Path(__file__).resolve().parent
SETTINGS = {"epochs": 5, "batch_size": 512, "lr": 1e-2, "out": HERE / "run"}


def prepare(images: Tensor) -> Tensor:
    """Make (B, 28, 28) bytes what the model takes: (B, 1, 28, 28) from 0 to 1."""
    return images.unsqueeze(1).float().mul_(1 / 255)


def fit(settings: Settings, train: tuple[Tensor, Tensor], val: tuple[Tensor, Tensor]) -> History:
    """Train on (images, labels), bytes and int64, with a learning rate that rises and falls once."""
    seed_everything(settings.seed)
    model = build_mnist_model(settings.seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr, fused=True)
    batches = Batches(*train, settings.batch_size, prepare, settings.device, settings.seed)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=settings.epochs * len(batches))
    training = Training(model, optimizer, nn.CrossEntropyLoss(), settings, scheduler)
    return training.fit(batches, Batches(*val, settings.batch_size, prepare, settings.device))


def main() -> None:
    """Train on nine tenths of the images, and validate on the rest."""
    settings = arguments(__doc__, **SETTINGS)
    images, labels = read_images(settings.data, HERE)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(settings.seed))
    val, train = order.split([len(labels) // 10, len(labels) - len(labels) // 10])
    fit(settings, (images[train], labels[train]), (images[val], labels[val]))


if __name__ == "__main__":
    main()
