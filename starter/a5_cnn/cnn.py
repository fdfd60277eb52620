"""A convolutional network on CIFAR-10, from pixels to a checkpoint: A2's convolution and A4's training, on any device.

Images come as bytes, (N, 32, 32, 3) uint8, and go into a network as floats, (N, 3, 32, 32). Networks return logits:
raw scores, before any softmax. Labels are (N,) int64. `device` is what `torch.device` takes, or one already. Wrong
kinds raise TypeError; wrong shapes, ranges and option names raise ValueError. No function writes into its arguments or
draws from torch's global generator, except where its docstring says so.
"""

import copy
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

Device = torch.device | str
Batch = tuple[Tensor, Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
CIFAR_MEAN = (0.4914, 0.4822, 0.4465)  # of the 50,000 training images, each channel from 0 to 1
CIFAR_STD = (0.2470, 0.2435, 0.2616)


def require_int(value: object, name: str, least: int) -> None:
    """Refuse what is no integer, or less than `least`. Given: use it.

    Raises:
        TypeError: if the value is no integer; a bool and a float are none.
        ValueError: if it is less than `least`.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


class ImageDataset(Dataset[Batch]):
    """Images as bytes, with labels and a transform that runs each time an image is read. Given: use it."""

    def __init__(self, images: Tensor, labels: Tensor, transform: Callable[[Tensor], Tensor]) -> None:
        """Keep images (N, H, W, 3) uint8, labels (N,) int64 and the transform of one image."""
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self) -> int:
        """Give the number of images."""
        return len(self.labels)

    def __getitem__(self, index: int) -> Batch:
        """Give an image, transformed, and its label."""
        return self.transform(self.images[index]), self.labels[index]


def get_device(prefer: str = "auto") -> torch.device:
    """Choose where to compute. Only asks; allocates nothing.

    Args:
        prefer: "auto" takes the GPU where `torch.cuda.is_available()`, else the processor; "cpu" and "cuda" insist.

    Returns:
        torch.device("cuda") or torch.device("cpu").

    Raises:
        ValueError: for any other name.
        RuntimeError: for "cuda" where there is none.
    """
    # TODO: check the name, then ask torch once
    raise NotImplementedError("get_device: check the name, then ask torch once")


def channel_stats(images: Tensor) -> tuple[Tensor, Tensor]:
    """Give mean and standard deviation of each channel over all images and places, on the scale 0 to 1.

    Statistics may come from training data only: never call it on validation or test images.

    Args:
        images: (N, H, W, 3) uint8, at least one image.

    Returns:
        mean: (3,) float32, of the bytes divided by 255.
        std: (3,) float32, the population's: divided by the number of pixels, not by one less.

    Raises:
        TypeError: if images are not uint8.
        ValueError: if they are not (N, H, W, 3), or there is none.
    """
    # TODO: check, scale to 0 to 1, then reduce over all axes but the last, with correction=0
    raise NotImplementedError(
        "channel_stats: check, scale to 0 to 1, then reduce over all axes but the last, with correction=0"
    )


def build_transform(train: bool, mean: Sequence[float], std: Sequence[float]) -> Callable[[Tensor], Tensor]:
    """Give the function that makes a network's input of one image.

    Bytes become floats from 0 to 1, channels come first, and each channel is normalised: (x - mean) / std. For
    training, before the normalisation, the image gets a border of four black pixels on each side, a window of the
    image's own size is cut out at a random place, and half of the windows are flipped from left to right. Places and
    flips are drawn from torch's global generator at each call.

    Args:
        train: whether to augment. Validation and test images are never augmented.
        mean: three numbers, of the scale 0 to 1.
        std: three numbers above 0, of the scale 0 to 1.

    Returns:
        A function of an image (H, W, 3) uint8 that gives (3, H, W) float32. It raises TypeError for an image that is
        not uint8 and ValueError for one that is not (H, W, 3).

    Raises:
        ValueError: if mean or std have not three numbers, or one of std is not above 0.
    """
    # TODO: check; then permute, divide by 255, augment when training, normalise once
    raise NotImplementedError(
        "build_transform: check; then permute, divide by 255, augment when training, normalise once"
    )


def make_splits(n: int, val_fraction: float, seed: int = 0) -> tuple[list[int], list[int]]:
    """Split the numbers 0 to n - 1 at random into those for training and those for validation.

    Args:
        n: how many numbers, at least 2.
        val_fraction: above 0 and below 1. Validation gets the whole number nearest to n * val_fraction, but at least
            1 and at most n - 1.
        seed: for a generator of your own; the same seed gives the same split.

    Returns:
        (training numbers, validation numbers), lists of ints; together they hold each number once.

    Raises:
        TypeError: if n is no integer.
        ValueError: if n is below 2, or val_fraction is not above 0 and below 1.
    """
    # TODO: check, then cut one permutation
    raise NotImplementedError("make_splits: check, then cut one permutation")


def make_loaders(
    images: Tensor,
    labels: Tensor,
    batch_size: int,
    val_fraction: float = 0.1,
    seed: int = 0,
) -> tuple[DataLoader[Batch], DataLoader[Batch]]:
    """Give loaders for training and validation out of one set of images.

    Both normalise with the statistics of the training images alone. Training images are augmented, and their order is
    new in each epoch; validation images are not, and keep their order. Neither starts processes: num_workers stays 0.

    Args:
        images: (N, H, W, 3) uint8.
        labels: (N,) int64.
        batch_size: images in a batch, at least 1. Training drops a smaller last batch; validation keeps it.
        val_fraction: as in make_splits.
        seed: of the split, and of a generator for the order: with the same seed, new loaders give the same order.

    Returns:
        (training loader, validation loader) of the parts that make_splits gives.

    Raises:
        TypeError: if batch_size is no integer.
        ValueError: if batch_size is below 1, or images and labels have different lengths.
    """
    # TODO: split, statistics of the training part, a data set with its own transform for each part
    raise NotImplementedError(
        "make_loaders: split, statistics of the training part, a data set with its own transform for each part"
    )


def layer_shapes(model: nn.Module, input_shape: Sequence[int]) -> list[tuple[str, tuple[int, ...]]]:
    """Say what each layer gives, for a batch of one.

    Runs the model once in evaluation mode on the device of its parameters, without gradients, and leaves nothing
    behind: modes are as before, and no hook stays.

    Args:
        model: any; layers are its modules that hold no further modules.
        input_shape: (C, H, W), without the batch.

    Returns:
        (name as in `named_modules`, shape of the output with the batch of one) for each layer, in the order they ran;
        a layer that ran twice stands there twice. A model that is itself one layer has the name "".
    """
    # TODO: a forward hook on each module without children, one forward pass, remove the hooks
    raise NotImplementedError(
        "layer_shapes: a forward hook on each module without children, one forward pass, remove the hooks"
    )


def count_parameters(model: nn.Module, trainable_only: bool = False) -> int:
    """Count the numbers in a model's parameters, each once.

    Args:
        model: any, on any device.
        trainable_only: leave out what does not require gradients.
    """
    # TODO: add up numel
    raise NotImplementedError("count_parameters: add up numel")


class LeNetCIFAR(nn.Module):
    """LeNet for 32 x 32 colour images, with 62,006 parameters."""

    def __init__(self) -> None:
        """Build the layers.

        conv1: 3 to 6 channels, kernel 5; conv2: 6 to 16 channels, kernel 5; neither pads. fc1: 400 to 120 numbers;
        fc2: 120 to 84; fc3: 84 to 10. The names are those of the lecture, and a checkpoint depends on them.
        """
        # TODO: two nn.Conv2d and three nn.Linear
        raise NotImplementedError("LeNetCIFAR.__init__: two nn.Conv2d and three nn.Linear")

    def forward(self, x: Tensor) -> Tensor:
        """Give the logits.

        Each convolution is followed by a ReLU and a max pooling of 2 x 2, fc1 and fc2 by a ReLU, fc3 by nothing.

        Args:
            x: (N, 3, 32, 32), N at least 1.

        Returns:
            (N, 10).

        Raises:
            RuntimeError: if there are not three channels, or fc1 would not get 400 numbers for each image; ValueError
                is fine as well.
        """
        # TODO: two rounds of convolution, ReLU and pooling; flatten all but the batch; three linear layers
        raise NotImplementedError(
            "LeNetCIFAR.forward: two rounds of convolution, ReLU and pooling; flatten all but the batch; three linear"
            " layers"
        )


class ConvBlock(nn.Module):
    """Convolution, perhaps batch-norm, ReLU, perhaps pooling, perhaps dropout: in this order."""

    def __init__(self, cin: int, cout: int, norm: bool = True, pool: bool = True, dropout: float = 0.0) -> None:
        """Build the layers: one nn.Conv2d with kernel 3 and a border of one zero, and with `norm` one nn.BatchNorm2d.

        Args:
            cin: channels that come in, at least 1.
            cout: channels that go out, at least 1.
            norm: normalise the convolution's outputs; the convolution then has no bias, which would be lost anyway.
            pool: max pooling of 2 x 2, which halves height and width.
            dropout: the probability that a number of the output is zeroed in training, as nn.Dropout does; 0 to
                below 1.

        Raises:
            TypeError: if cin or cout is no integer.
            ValueError: if one of them is below 1, or dropout out of range.
        """
        # TODO: check, then an nn.Sequential; kernel 3 with padding 1 keeps the size
        raise NotImplementedError(
            "ConvBlock.__init__: check, then an nn.Sequential; kernel 3 with padding 1 keeps the size"
        )

    def forward(self, x: Tensor) -> Tensor:
        """Give the block's output.

        Args:
            x: (N, cin, H, W).

        Returns:
            (N, cout, H, W), or (N, cout, H // 2, W // 2) with pooling.
        """
        # TODO: run the layers
        raise NotImplementedError("ConvBlock.forward: run the layers")


class SmallCNN(nn.Module):
    """A network of your own design, small enough for a processor."""

    def __init__(self, num_classes: int = 10) -> None:
        """Build it.

        At most 100,000 parameters, and at most 12 million multiplications with an addition for an image of
        3 x 32 x 32; both are counted before anything is trained. Its loss before training is below 4. It must be
        able to learn: 64 images by heart, in 300 steps of Adam with a learning rate of 0.001 over all 64. Every
        parameter has a share in that, and in evaluation mode the same images give the same logits.

        Args:
            num_classes: how many scores, at least 1.
        """
        # TODO: for example three ConvBlocks with 16, 32 and 64 channels, and one linear layer
        raise NotImplementedError(
            "SmallCNN.__init__: for example three ConvBlocks with 16, 32 and 64 channels, and one linear layer"
        )

    def forward(self, x: Tensor) -> Tensor:
        """Give the logits.

        Args:
            x: (N, 3, 32, 32), N at least 1, normalised with CIFAR_MEAN and CIFAR_STD.

        Returns:
            (N, num_classes).
        """
        # TODO: the blocks, flatten all but the batch, the linear layer
        raise NotImplementedError("SmallCNN.forward: the blocks, flatten all but the batch, the linear layer")


def train_one_epoch(
    model: nn.Module,
    loader: Iterable[Batch],
    loss_fn: Loss,
    optimizer: torch.optim.Optimizer,
    device: Device = "cpu",
    scheduler: Any = None,
) -> float:
    """Train once on each batch of a loader, in training mode.

    Whatever gradients the parameters hold at entry are stale, and do not enter the first step.

    Args:
        model: gives logits; already on the device.
        loader: gives (images, labels) on any device: both are moved.
        loss_fn: of (logits, labels), a mean over the batch.
        optimizer: of the model's parameters.
        device: where the model is.
        scheduler: of the learning rate; one step after each step of the optimizer. None for a constant rate.

    Returns:
        The mean over all samples of their batch's loss before its step, a Python float. Each sample counts the same,
        whatever the size of its batch.

    Raises:
        ValueError: if the loader gives no sample.
        FloatingPointError: if a loss is NaN; the parameters are then as before that batch.
    """
    # TODO: for each batch: move, forward, loss, clear gradients, backward, optimizer, scheduler
    raise NotImplementedError(
        "train_one_epoch: for each batch: move, forward, loss, clear gradients, backward, optimizer, scheduler"
    )


def evaluate(
    model: nn.Module, loader: Iterable[Batch], loss_fn: Loss, device: Device = "cpu", num_classes: int = 10
) -> tuple[float, float, Tensor]:
    """Give loss, accuracy and confusion over a whole loader; change nothing.

    Evaluation mode while it runs, then the mode that the model was in. No gradients are recorded.

    Args:
        model: gives logits; already on the device.
        loader: gives (images, labels) on any device: both are moved.
        loss_fn: of (logits, labels), a mean over the batch.
        device: where the model is.
        num_classes: K, how many classes there are.

    Returns:
        loss: the mean over all samples, a Python float; each sample counts the same.
        accuracy: share of the samples whose largest logit is their label's, 0 to 1, a Python float.
        confusion: (K, K) int64 on the CPU; row i, column j counts the samples of class i that were taken for j.

    Raises:
        ValueError: if the loader gives no sample.
    """
    # TODO: as in A4, and count the pairs (label, prediction) with bincount or index_put
    raise NotImplementedError("evaluate: as in A4, and count the pairs (label, prediction) with bincount or index_put")


def fit(
    model: nn.Module,
    train_loader: Iterable[Batch],
    val_loader: Iterable[Batch],
    loss_fn: Loss,
    optimizer: torch.optim.Optimizer,
    epochs: int,
    patience: int | None = None,
    scheduler: Any = None,
    device: Device = "cpu",
    seed: int = 0,
) -> dict[str, list[float]]:
    """Train, validate after each epoch, and end with the weights of the best epoch.

    Better means a validation loss that is strictly lower than that of every epoch before; NaN is never better. If no
    epoch was better, the weights stay those of the last one.

    Args:
        model: gives logits; moved to the device.
        train_loader: training batches.
        val_loader: validation batches; they choose the epoch, and nothing else depends on them.
        loss_fn: of (logits, labels), a mean over the batch.
        optimizer: of the model's parameters.
        epochs: at most this many, 0 or more.
        patience: stop after this many epochs in a row that were not better, at least 1; None never stops early.
        scheduler: of the learning rate, one step after each batch; None for a constant rate.
        device: where to train.
        seed: of torch's global generator, seeded once before the first epoch: two runs from equal weights and equal
            loaders end, on a processor, with weights that are equal to the bit.

    Returns:
        "train_loss", "val_loss", "val_accuracy" and "lr": a Python float for each epoch that was trained. Losses and
        accuracy are as train_one_epoch and evaluate give them: each sample counts the same. "lr" is the learning rate
        at the epoch's first batch.

    Raises:
        TypeError: if epochs or patience is no integer.
        ValueError: if epochs is below 0, or patience below 1.
    """
    # TODO: seed; for each epoch: note the rate, train, evaluate, keep a copy of the best weights, count
    raise NotImplementedError(
        "fit: seed; for each epoch: note the rate, train, evaluate, keep a copy of the best weights, count"
    )


def save_checkpoint(
    path: str | os.PathLike[str], model: nn.Module, optimizer: torch.optim.Optimizer, epoch: int
) -> None:
    """Write what it takes to go on training: the states of model and optimizer, and the number of the epoch.

    The file is a dict with the keys "model", "optimizer" and "epoch", and holds data only: `torch.load` reads it with
    weights_only=True. It is written under another name in the same folder and then renamed, so that at any moment
    there is the whole new file or the whole old one; a failure leaves the old file, and nothing else.

    Args:
        path: of the file; its folder exists.
        model: any.
        optimizer: of the model's parameters.
        epoch: how many epochs were trained.
    """
    # TODO: torch.save of the three under a temporary name, then os.replace
    raise NotImplementedError("save_checkpoint: torch.save of the three under a temporary name, then os.replace")


def load_checkpoint(
    path: str | os.PathLike[str],
    model: nn.Module,
    optimizer: torch.optim.Optimizer | None = None,
    device: Device = "cpu",
) -> int:
    """Read a checkpoint of save_checkpoint into a model, and an optimizer.

    A file that was written on a GPU loads on a processor: tensors are mapped to the device. Nothing in the file is
    run: it is read with weights_only=True.

    Args:
        path: of the file.
        model: already on the device; gets the weights. Its names and the file's must agree exactly.
        optimizer: gets its state; None leaves the file's unread.
        device: where the tensors go.

    Returns:
        The number of the epoch.

    Raises:
        FileNotFoundError: if there is no such file.
        RuntimeError: if a name is missing or too many, or a shape differs, as `load_state_dict` says it.
        pickle.UnpicklingError: if the file holds more than data, as `torch.load` says it.
    """
    # TODO: torch.load with map_location and weights_only=True, then load_state_dict
    raise NotImplementedError(
        "load_checkpoint: torch.load with map_location and weights_only=True, then load_state_dict"
    )


def predict(model: nn.Module, image: Tensor, classes: Sequence[str], device: Device = "cpu") -> tuple[str, float]:
    """Say what one image shows, and how sure the model is.

    Runs in evaluation mode, then restores the mode that the model was in; no gradients are recorded.

    Args:
        model: gives logits, one for each class; already on the device.
        image: (3, H, W) float, already normalised; on any device.
        classes: their names.
        device: where the model is.

    Returns:
        (name, probability from 0 to 1 as a Python float) of the most probable class.

    Raises:
        ValueError: if the image is not (3, H, W).
    """
    # TODO: check, add the batch axis, forward in evaluation mode, softmax over the classes
    raise NotImplementedError(
        "predict: check, add the batch axis, forward in evaluation mode, softmax over the classes"
    )


def freeze(model: nn.Module) -> nn.Module:
    """Keep a trained model as it is: no parameter requires gradients any more, and batch-norm layers stay quiet.

    From then on its batch-norm layers work in evaluation mode, and their running statistics stay what they are, even
    after the model, or a model that it became a part of, was put into training mode.

    Args:
        model: changed in place.

    Returns:
        The same model.
    """

    # TODO: requires_grad off; each batch-norm layer goes to evaluation mode before each of its forward passes
    raise NotImplementedError(
        "freeze: requires_grad off; each batch-norm layer goes to evaluation mode before each of its forward passes"
    )


def replace_classifier(model: nn.Module, num_classes: int) -> nn.Module:
    """Give a model a new head: its last nn.Linear is replaced by a fresh one for other classes.

    The last is the one that `named_modules` gives last: `fc` in a ResNet, the end of `classifier` in a VGG.

    Args:
        model: changed in place; it holds an nn.Linear somewhere below itself.
        num_classes: outputs of the new layer, at least 1. It takes as many inputs as the old one, has a bias, requires
            gradients, and is on the old one's device.

    Returns:
        The same model.

    Raises:
        TypeError: if num_classes is no integer.
        ValueError: if num_classes is below 1, or no nn.Linear is there.
    """
    # TODO: find the last nn.Linear and the module that holds it, then set a new one in its place
    raise NotImplementedError(
        "replace_classifier: find the last nn.Linear and the module that holds it, then set a new one in its place"
    )


def fit_cifar(images: Tensor, labels: Tensor, seed: int, device: Device = "cpu", epochs: int = 8) -> SmallCNN:
    """Train a SmallCNN: the recipe that makes your checkpoint.

    On 5,000 images, 8 epochs must be done in 120 seconds of one processor core, without processes of their own.

    Args:
        images: (N, 32, 32, 3) uint8, for training; take validation images out of them.
        labels: (N,) int64, 0 to 9.
        seed: decides weights, split, order and augmentation; torch's global generator may be seeded with it. The same
            seed gives the same model on the same machine.
        device: where to train.
        epochs: how often to go through the images.

    Returns:
        The model on the CPU, in evaluation mode, for images that are normalised with CIFAR_MEAN and CIFAR_STD.
    """
    # TODO: seed, loaders, Adam with a one-cycle learning rate, fit
    raise NotImplementedError("fit_cifar: seed, loaders, Adam with a one-cycle learning rate, fit")


def concept_check() -> dict[str, Any]:
    """Answer the questions of the lectures.

    Returns:
        detector_task: what a detector predicts besides the class, "a box", "a caption" or "a mask".
        segmentation_output: what semantic segmentation gives a label to, "the image", "each box" or "each pixel".
        object_detection_output: what object detection gives, "one class", "boxes with classes" or
            "pixels with classes".
        cuda_without_gpu: what `.cuda()` does on a machine without a GPU, "nothing", "raises an error" or
            "uses the CPU".
        conv2d_flips_kernel: whether nn.Conv2d flips its kernel, True or False.
        pretrained_flag: the argument of today's torchvision models that chooses trained weights, "pretrained" or
            "weights".
        three_cnn_operations: the three operations that a CNN repeats, a set out of "convolution", "nonlinearity",
            "pooling", "sorting", "integration".
        why_not_mlp: why images are not given to an MLP, a set out of "spatial structure is lost",
            "too many parameters", "no gradients", "only grey images".
        batchnorm_in_evaluation: which statistics batch-norm uses in evaluation, "the batch's" or "the running ones".
        statistics_from: which images give the mean and the standard deviation, "training", "test" or "all".
        select_on: which images choose the best epoch, "training", "validation" or "test".
        frozen_in_optimizer: whether the optimizer needs the frozen parameters, True or False.
    """
    # TODO: one entry for each question
    raise NotImplementedError("concept_check: one entry for each question")
