"""Training a model, for the `train.py` of a kit: on any device, watched, stopped early, and resumed where it was.

Images stay in memory as bytes, batches are cut by index, and what prepares them works on the batch: no image is
touched alone. The one module of the course kit that needs torch; a kit without torch never imports it.
"""

import argparse
import contextlib
import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .curves import loss_curves

_BAR = 24  # characters
_PLACE = ("last_epoch", "_step_count", "_last_lr")  # of a scheduler, where it is in its schedule
_TORCHVISION = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "cifar10": "CIFAR10"}


@dataclass(frozen=True)
class Settings:
    """What the command line of a training says.

    Attributes:
        epochs: at most this many.
        batch_size: images in a batch.
        lr: learning rate.
        patience: epochs without a lower validation loss before it stops; 0 never stops early.
        seed: of weights, order and augmentation.
        device: "auto" takes a GPU where there is one.
        out: folder for checkpoint.pt, best.pt and curve.svg.
        resume: go on from checkpoint.pt.
        data: a file NAME_train.npz or its folder, or the name of a data set that torchvision downloads.
        recipe: which of the script's recipes.
    """

    epochs: int = 10
    batch_size: int = 128
    lr: float = 1e-3
    patience: int = 0
    seed: int = 0
    device: str = "auto"
    out: Path = Path("run")
    resume: bool = False
    data: str = "data"
    recipe: str = ""


@dataclass
class History:
    """How a training went: for each epoch its mean losses, the share of right validation images, and seconds."""

    train_loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def arguments(description: str, recipes: Sequence[str] = (), **defaults: Any) -> Settings:
    """Read the settings from the command line.

    Args:
        description: what --help begins with.
        recipes: what --recipe may choose, the default first; none for a script with one way to train.
        defaults: settings that differ from those of Settings.
    """
    base = Settings(**defaults)
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--epochs", type=int, default=base.epochs, help="at most this many")
    parser.add_argument("--batch-size", type=int, default=base.batch_size, help="images in a batch")
    parser.add_argument("--lr", type=float, default=base.lr, help="learning rate")
    parser.add_argument("--patience", type=int, default=base.patience, help="epochs without progress; 0: never stop")
    parser.add_argument("--seed", type=int, default=base.seed, help="of weights, order and augmentation")
    parser.add_argument("--device", default=base.device, help="auto, cpu, cuda, cuda:1 …")
    parser.add_argument("--out", type=Path, default=base.out, help="folder for checkpoint, best weights and curve")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    sets = ", ".join(_TORCHVISION)
    parser.add_argument("--data", default=base.data, help=f"NAME_train.npz or its folder; or {sets}, downloaded")
    if recipes:
        parser.add_argument("--recipe", choices=recipes, default=recipes[0], help="how to train")
    return Settings(**vars(parser.parse_args()))


def read_images(data: str, home: Path) -> tuple[Tensor, Tensor]:
    """Give the training images and labels that --data names.

    Args:
        data: a file NAME_train.npz, a folder with one such file, or a data set that torchvision downloads.
        home: the script's folder; paths begin there.

    Returns:
        images: (N, ...) uint8.
        labels: (N,) int64.

    Raises:
        FileNotFoundError: if there is no such file, or more than one.
    """
    if data in _TORCHVISION:
        import torchvision  # noqa: PLC0415 - only to download

        found = getattr(torchvision.datasets, _TORCHVISION[data])(home / "downloads", train=True, download=True)
        return torch.as_tensor(found.data), torch.as_tensor(found.targets)
    place = home / data
    files = sorted(place.glob("*_train.npz")) if place.is_dir() else [place]
    if len(files) != 1 or not files[0].is_file():
        names = ", ".join(file.name for file in files if file.is_file()) or "none"
        todo = f"one file NAME_train.npz is needed there, or one of {', '.join(_TORCHVISION)}"
        raise FileNotFoundError(f"--data {data}: found {names}; {todo}")
    with np.load(files[0], allow_pickle=False) as arrays:
        return torch.from_numpy(arrays["images"]), torch.from_numpy(arrays["labels"].astype(np.int64))


def choose_device(name: str) -> Any:
    """Give the device of that name; "auto" is a GPU where there is one, else the processor."""
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)


def seed_everything(seed: int) -> None:
    """Seed Python's, numpy's and torch's global generators."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - what augmentation of a student's may use
    torch.manual_seed(seed)


class Batches:
    """Batches cut out of tensors in memory.

    Args:
        images: (N, ...) uint8, moved to the device once.
        labels: (N,) int64.
        batch_size: images in a batch; the last may have fewer.
        prepare: takes (B, ...) uint8 and gives what the model takes; with augmentation where it is wanted.
        device: where the batches are, as in Settings.
        seed: of a generator of its own, for a new order in each epoch; None keeps the order.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - data, and how to cut them
        self,
        images: Tensor,
        labels: Tensor,
        batch_size: int,
        prepare: Callable[[Tensor], Tensor],
        device: str,
        seed: int | None = None,
    ) -> None:
        self.images, self.labels = images.to(choose_device(device)), labels.to(choose_device(device))
        self.batch_size, self._prepare = batch_size, prepare
        self.generator = None if seed is None else torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        """Give the number of batches."""
        return math.ceil(len(self.labels) / self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Go once through all images."""
        if self.generator is None:
            places = torch.arange(len(self.labels))
        else:
            places = torch.randperm(len(self.labels), generator=self.generator)
        for part in places.to(self.labels.device).split(self.batch_size):
            yield self._prepare(self.images.index_select(0, part)), self.labels.index_select(0, part)


class Training:
    """A model in training, with all that a checkpoint must hold.

    Args:
        model: gives logits.
        optimizer: of its parameters.
        loss_fn: of (logits, labels), a mean.
        settings: how long, where, and where to write.
        scheduler: stepped after each batch; None for a constant learning rate.
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        loss_fn: Callable[[Tensor, Tensor], Tensor],
        settings: Settings,
        scheduler: Any = None,
    ) -> None:
        self.settings, self.device = settings, choose_device(settings.device)
        self._fast = self.device.type == "cuda"
        layout = torch.channels_last if self._fast else torch.preserve_format
        self.model = model.to(self.device, memory_format=layout)
        self.optimizer, self.scheduler, self._loss_fn = optimizer, scheduler, loss_fn
        self._scaler = torch.amp.GradScaler(self.device.type, enabled=self._fast)
        self.history, self.best, self._waited = History(), float("inf"), 0

    def fit(self, train: Batches, val: Batches) -> History:
        """Train until the epochs or the patience are used up, and end with the weights of the best epoch.

        Better is a validation loss that is strictly lower. After each epoch the checkpoint and the curve are written.
        Products of matrices round their factors to 16 bits where the machine is faster at it (measured: 1.9 times on
        a processor with AVX-512 BF16); sums stay in 32 bits.

        Raises:
            FloatingPointError: if a loss is NaN or infinite.
        """
        out = self.settings.out
        out.mkdir(parents=True, exist_ok=True)
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision("medium")
        try:
            self._fit(out, train, val)
        finally:
            torch.set_float32_matmul_precision(before)
        return self.history

    def _fit(self, out: Path, train: Batches, val: Batches) -> None:
        if self.settings.resume:
            self._restore(out / "checkpoint.pt", train)
        for epoch in range(len(self.history.seconds), self.settings.epochs):
            if self.settings.patience and self._waited >= self.settings.patience:
                break
            start = monotonic()
            loss = self._train(train, f"epoch {epoch + 1} of {self.settings.epochs}")
            val_loss, accuracy = self.evaluate(val)
            self._note(loss, val_loss, accuracy, monotonic() - start)
            self._save(out, train)
        self._load_best(out / "best.pt")

    def evaluate(self, batches: Batches) -> tuple[float, float]:
        """Give the mean loss and the share of right predictions, in evaluation mode and without gradients."""
        self.model.eval()
        total, right = 0.0, 0
        with torch.inference_mode(), self._precision():
            for x, y in batches:
                logits = self.model(x)
                total += self._loss_fn(logits, y).item() * len(y)
                right += int((logits.argmax(dim=1) == y).sum())
        count = len(batches.labels)
        return total / count, right / count

    def _train(self, batches: Batches, title: str) -> float:
        self.model.train()
        total = torch.zeros((), device=self.device)
        for number, (x, y) in enumerate(batches, 1):
            with self._precision():
                loss = self._loss_fn(self.model(x), y)
            self.optimizer.zero_grad(set_to_none=True)
            self._scaler.scale(loss).backward()
            self._scaler.step(self.optimizer)
            self._scaler.update()
            if self.scheduler:
                self.scheduler.step()
            total += loss.detach() * len(y)  # read once for each epoch: a device is not waited for
            _show(title, number / len(batches))
        mean = float(total) / len(batches.labels)
        if not torch.isfinite(total):
            raise FloatingPointError(f"{title}: the loss is {mean}; try a lower learning rate")
        return mean

    def _precision(self) -> Any:
        return torch.autocast(self.device.type) if self._fast else contextlib.nullcontext()

    def _note(self, loss: float, val_loss: float, accuracy: float, seconds: float) -> None:
        history = self.history
        for numbers, number in zip(vars(history).values(), (loss, val_loss, accuracy, seconds), strict=True):
            numbers.append(number)
        said = f"loss {loss:.4f}, validation loss {val_loss:.4f}, accuracy {accuracy:.2%}, {seconds:.1f} s"
        _say(f"epoch {len(history.seconds):>3}: {said}")

    def _save(self, out: Path, train: Batches) -> None:
        better = self.history.val_loss[-1] < self.best
        self.best, self._waited = (self.history.val_loss[-1], 0) if better else (self.best, self._waited + 1)
        if better:
            _write(out / "best.pt", self.model.state_dict())
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict() if self.scheduler else {},
            "scaler": self._scaler.state_dict(),
            "order": train.generator.get_state() if train.generator else None,
            "generator": torch.get_rng_state(),
            "history": vars(self.history),
            "best": self.best,
            "waited": self._waited,
        }
        _write(out / "checkpoint.pt", state)
        curves = {"training loss": self.history.train_loss, "validation loss": self.history.val_loss}
        (out / "curve.svg").write_text(loss_curves(curves), encoding="utf-8")

    def _restore(self, file: Path, train: Batches) -> None:
        if not file.is_file():
            raise FileNotFoundError(f"{file}: there is no checkpoint to resume from; train without --resume first")
        state = torch.load(file, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self._scaler.load_state_dict(state["scaler"])
        if self.scheduler:
            place = {name: state["scheduler"][name] for name in _PLACE if name in state["scheduler"]}
            self.scheduler.load_state_dict(place)  # the schedule itself is the script's, so that --epochs may grow
        if train.generator:
            train.generator.set_state(state["order"].cpu())
        torch.set_rng_state(state["generator"].cpu())
        self.history, self.best, self._waited = History(**state["history"]), state["best"], state["waited"]

    def _load_best(self, file: Path) -> None:
        if file.is_file():
            self.model.load_state_dict(torch.load(file, map_location=self.device, weights_only=True))


def _write(file: Path, state: Any) -> None:
    """Save so that at any moment the file is whole or the one before."""
    unfinished = file.with_name(f".{file.name}.new")
    torch.save(state, unfinished)
    unfinished.replace(file)


def _show(title: str, share: float) -> None:
    """Draw the progress bar, on a terminal alone."""
    if sys.stderr.isatty():
        done = round(_BAR * share)
        sys.stderr.write(f"\r{title} [{'#' * done}{'.' * (_BAR - done)}] {share:4.0%}")


def _say(line: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
