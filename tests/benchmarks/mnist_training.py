"""The kit's training of an MLP on MNIST against the usual loop over torchvision's data set.

    AUTOGRADER_DATA=FOLDER OMP_NUM_THREADS=1 python tests/benchmarks/mnist_training.py [RUNS]

Both train 784-128-10 on the 60,000 images for 5 epochs, and judge it on the 10,000 test images after each epoch. Needs
`autograder data fetch mnist`, and torchvision. The usual loop is `MNIST` with `ToTensor` in a `DataLoader` with batches
of 64, Adam with its own learning rate.
"""

import contextlib
import io
import os
import sys
import tempfile
from dataclasses import replace
from importlib import util
from pathlib import Path
from statistics import median
from time import process_time
from types import ModuleType

import torch
import torchvision
from torch import nn
from torch.utils.data import DataLoader
from torchvision.transforms import ToTensor

from autograder.data.sets import load
from coursekit.training import Settings

FOLDER = Path(__file__).parents[2] / "assignments" / "a4_mlp"
EPOCHS = 5


def ours(script: ModuleType, out: Path) -> tuple[float, float]:
    """Train with the kit's script; give processor seconds and accuracy."""
    data = load("mnist")
    parts = [tuple(torch.from_numpy(array) for array in part) for part in (data.train, data.test)]
    settings = replace(Settings(**script.SETTINGS), epochs=EPOCHS, device="cpu", out=out)
    start = process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        history = script.fit(settings, *parts)
    return process_time() - start, history.val_accuracy[-1]


class Usual(torchvision.datasets.MNIST):
    """torchvision's MNIST on images that are there already; reading an image is torchvision's own."""

    def __init__(self, part: tuple[torch.Tensor, torch.Tensor]) -> None:
        self.data, self.targets = part
        self.transform, self.target_transform = ToTensor(), None


def usual() -> tuple[float, float]:
    """Train with the loop of many a tutorial; give processor seconds and accuracy."""
    data = load("mnist")
    train, test = (Usual(tuple(torch.from_numpy(array) for array in part)) for part in (data.train, data.test))
    torch.manual_seed(0)
    start = process_time()
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer, loss_fn = torch.optim.Adam(model.parameters()), nn.CrossEntropyLoss()
    accuracy = 0.0
    for _ in range(EPOCHS):
        model.train()
        for x, y in DataLoader(train, 64, shuffle=True):
            optimizer.zero_grad()
            loss_fn(model(x), y).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            right = sum(int((model(x).argmax(dim=1) == y).sum()) for x, y in DataLoader(test, 64))
        accuracy = right / len(test)
    return process_time() - start, accuracy


def _script() -> ModuleType:
    sys.path[:0] = [str(FOLDER), str(FOLDER / "given")]
    spec = util.spec_from_file_location("train_of_a4", FOLDER / "given" / "train.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(FOLDER)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Measure both sides by turns, and print the ratio."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    torch.set_num_threads(1)
    script, seconds = _script(), []
    with tempfile.TemporaryDirectory() as folder:
        ours(script, Path(folder))  # the first optimizer imports much
        for run in range(runs):
            (mine, reached), (theirs, accuracy) = ours(script, Path(folder)), usual()
            seconds.append((mine, theirs))
            print(f"run {run}: ours {mine:.2f} s, {reached:.2%}; usual {theirs:.2f} s, {accuracy:.2%}", flush=True)
    mine, theirs = (median(side) for side in zip(*seconds, strict=True))
    print(f"processor seconds, median of {runs}: ours {mine:.2f}, usual {theirs:.2f}, ratio {theirs / mine:.1f}")
    print(f"threads {os.environ.get('OMP_NUM_THREADS', 'not set')}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
