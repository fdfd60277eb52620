"""Train the SmallCNN of cnn.py on CIFAR-10, and write cnn.safetensors, the weights that you hand in.

The kit brings 5,000 images; `--data cifar10` downloads all 50,000, and `--device auto` takes a GPU where there is one
(Colab has one for nothing). run/curve.svg is drawn anew after each epoch; `--resume` goes on where it stopped.
`--recipe fast` trains a larger network for the leaderboard of your class: it is no SmallCNN, and is not handed in.
"""

from pathlib import Path

import fast
import torch
from cnn import CIFAR_MEAN, CIFAR_STD, SmallCNN
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from coursekit.training import Batches, Settings, Training, arguments, read_images, seed_everything

HERE = Path(__file__).resolve().parent
BORDER = 4


def prepare(images: Tensor) -> Tensor:
    """Make (B, 32, 32, 3) bytes what the network takes: (B, 3, 32, 32), normalised."""
    mean, std = (
        torch.tensor(numbers, device=images.device).reshape(3, 1, 1) * 255 for numbers in (CIFAR_MEAN, CIFAR_STD)
    )
    return images.permute(0, 3, 1, 2).float().sub_(mean).div_(std).contiguous()


def augment(images: Tensor) -> Tensor:
    """Cut a random window out of each image with a black border, flip half of them, then prepare the batch.

    The whole batch at once: what build_transform of cnn.py does, without a loop over images.
    """
    count, height, width = images.shape[:3]
    bordered = functional.pad(images, (0, 0, BORDER, BORDER, BORDER, BORDER))
    top, left = torch.randint(2 * BORDER + 1, (2, count, 1))
    columns = torch.arange(width).expand(count, width)
    columns = torch.where(torch.rand(count, 1) < 0.5, columns.flip(1), columns) + left
    rows = torch.arange(height) + top
    places = (rows[:, :, None] * (width + 2 * BORDER) + columns[:, None, :]).flatten(1)
    places = (places + torch.arange(count)[:, None] * (height + 2 * BORDER) * (width + 2 * BORDER)).to(images.device)
    return prepare(bordered.reshape(-1, 3).index_select(0, places.flatten()).reshape(images.shape))


def batches(settings: Settings) -> tuple[Batches, Batches]:
    """Cut the images into batches: nine tenths for training, augmented, and the rest for validation."""
    images, labels = read_images(settings.data, HERE)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(settings.seed))
    val, train = order.split([len(labels) // 10, len(labels) - len(labels) // 10])
    return (
        Batches(images[train], labels[train], settings.batch_size, augment, settings.device, settings.seed),
        Batches(images[val], labels[val], settings.batch_size, prepare, settings.device),
    )


def main() -> None:
    """Train with the recipe that was asked for."""
    settings = arguments(__doc__, recipes=("small", "fast"), epochs=10, batch_size=64, lr=1e-2, out=HERE / "run")
    seed_everything(settings.seed)
    if settings.recipe == "fast":
        model, seconds = fast.train(settings, *read_images(settings.data, HERE))
        torch.save(model.state_dict(), HERE / "fast.pt")
        print(f"trained in {seconds:.1f} s; the weights are in fast.pt, fast.logits judges images")  # noqa: T201
        return
    train, val = batches(settings)
    model = SmallCNN()
    optimizer = torch.optim.Adam(model.parameters(), lr=settings.lr)
    steps = settings.epochs * len(train)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=steps)
    Training(model, optimizer, nn.CrossEntropyLoss(), settings, scheduler).fit(train, val)
    state = {name: tensor.cpu().contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, HERE / "cnn.safetensors")


if __name__ == "__main__":
    main()
