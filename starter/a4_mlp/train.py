"""Train the model of mlp.py on MNIST, and watch it learn: run/curve.svg is drawn anew after each epoch.

The kit brings 10,000 images; `--data mnist` downloads all 60,000.
"""

from pathlib import Path

import torch
from mlp import build_mnist_model
from torch import Tensor, nn

from coursekit.training import Batches, Training, arguments, choose_device, read_images, seed_everything

HERE = Path(__file__).resolve().parent


def prepare(images: Tensor) -> Tensor:
    """Make (B, 28, 28) bytes what the model takes: (B, 1, 28, 28) from 0 to 1."""
    return images.unsqueeze(1).float().mul_(1 / 255)


def main() -> None:
    """Train on nine tenths of the images, and validate on the rest."""
    settings = arguments(__doc__, epochs=5, batch_size=512, lr=1e-2, out=HERE / "run")
    seed_everything(settings.seed)
    device = choose_device(settings.device)
    images, labels = read_images(settings.data, HERE)
    order = torch.randperm(len(labels))
    val, train = order.split([len(labels) // 10, len(labels) - len(labels) // 10])
    train_batches = Batches(images[train], labels[train], settings.batch_size, prepare, device, settings.seed)
    val_batches = Batches(images[val], labels[val], settings.batch_size, prepare, device)

    model = build_mnist_model(settings.seed).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr, fused=True)
    steps = settings.epochs * len(train_batches)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=steps)
    Training(model, optimizer, nn.CrossEntropyLoss(), settings, scheduler).fit(train_batches, val_batches)


if __name__ == "__main__":
    main()
