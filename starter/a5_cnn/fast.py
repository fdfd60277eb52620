"""A recipe for a GPU: 94 % on CIFAR-10 in ten passes over the images, `python train.py --recipe fast --data cifar10`.

What makes it fast: the images stay on the GPU as bytes, a frozen first layer whitens patches of 2 x 2 pixels, batch
norm forgets quickly, half precision and channels-last memory, labels smoothed by 0.2, Nesterov steps with a learning
rate that rises and falls on straight lines, and flips that alternate from pass to pass, so that each image is seen in
both forms as often as possible.

Source: Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", arXiv 2404.00498, 2024.
"""

import math
import time
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from coursekit.training import Settings, choose_device

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
WIDTHS = (64, 256, 256)
PASSES, BATCH, LR, MOMENTUM, DECAY = 9.9, 1024, 11.5, 0.85, 0.0153  # LR and DECAY: for 1,024 images, as in the source
BIAS_FACTOR, SMOOTHING, SCALE, SHIFT = 64.0, 0.2, 1 / 9, 2
WHITENING = 5_000  # images whose patches are whitened
WHITEN_BIAS_PASSES = 3  # then the whitening layer is frozen whole
NORM_MOMENTUM, EPSILON = 0.4, 1e-12  # the share of the new batch in the running statistics
LOOK_EVERY, LOOK_DECAY = 5, 0.95**5  # steps; the decay grows to this with the cube of the share that is done


class Norm(nn.BatchNorm2d):
    """Batch norm whose scale stays 1, and which forgets quickly."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=EPSILON, momentum=NORM_MOMENTUM)
        self.weight.requires_grad_(requires_grad=False)


class Block(nn.Module):
    """Two convolutions with batch norm and GELU; the pooling stands behind the first one."""

    def __init__(self, cin: int, cout: int) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(cin, cout, 3, padding=1, bias=False), Norm(cout)
        self.conv2, self.norm2 = nn.Conv2d(cout, cout, 3, padding=1, bias=False), Norm(cout)
        for conv in (self.conv1, self.conv2):  # the first channels begin as the identity
            nn.init.dirac_(conv.weight[: conv.in_channels])

    def forward(self, x: Tensor) -> Tensor:
        """Give (N, cout, H // 2, W // 2)."""
        x = functional.gelu(self.norm1(functional.max_pool2d(self.conv1(x), 2)))
        return functional.gelu(self.norm2(self.conv2(x)))


class Net(nn.Module):
    """A whitening layer, three blocks and a linear head."""

    def __init__(self, images: Tensor) -> None:
        super().__init__()
        self.whiten = nn.Conv2d(3, 24, 2)
        self.blocks = nn.Sequential(*(Block(cin, cout) for cin, cout in zip((24, *WIDTHS), WIDTHS, strict=False)))
        self.head = nn.Linear(WIDTHS[-1], 10, bias=False)
        self.whiten.weight.data[:] = whitening(images)
        self.whiten.weight.requires_grad_(requires_grad=False)
        nn.init.zeros_(self.whiten.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Give the logits of (N, 3, 32, 32) normalised images."""
        x = self.blocks(functional.gelu(self.whiten(x)))
        return self.head(functional.max_pool2d(x, x.shape[-1]).flatten(1)) * SCALE


def whitening(images: Tensor, floor: float = 5e-4) -> Tensor:
    """Give 24 kernels (24, 3, 2, 2): eigenvectors of 2 x 2 patches, scaled to unit variance, and their negatives."""
    patches = images.unfold(2, 2, 1).unfold(3, 2, 1).permute(0, 2, 3, 1, 4, 5).reshape(-1, 12).double()
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    kernels = (vectors / torch.sqrt(values + floor)).T.flip(0).reshape(12, 3, 2, 2).float()
    return torch.cat([kernels, -kernels])


def prepare(images: Tensor) -> Tensor:
    """Make (B, 32, 32, 3) bytes a normalised batch (B, 3, 32, 32)."""
    mean, std = (torch.tensor(numbers, device=images.device).reshape(3, 1, 1) * 255 for numbers in (MEAN, STD))
    return images.permute(0, 3, 1, 2).float().sub_(mean).div_(std)


def passes(inputs: Tensor, labels: Tensor, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Go through the images without end: shifted by up to two pixels, and flipped in every other pass.

    Which half is flipped in the first pass is drawn once; from then on each image changes sides at each pass.
    """
    side = inputs.shape[-1]
    flipped = torch.rand(len(labels), device=labels.device) < 0.5
    bordered = functional.pad(inputs, (SHIFT,) * 4, mode="reflect")
    while True:
        rows, columns = torch.randint(2 * SHIFT + 1, (2, len(labels)), device=labels.device)
        crops = torch.empty_like(inputs)
        for top in range(2 * SHIFT + 1):
            for left in range(2 * SHIFT + 1):
                here = (rows == top) & (columns == left)
                crops[here] = bordered[here, :, top : top + side, left : left + side]
        crops = torch.where(flipped[:, None, None, None], crops.flip(-1), crops)
        flipped = ~flipped
        for part in torch.randperm(len(labels), device=labels.device).split(batch):
            if len(part) == batch:
                yield crops[part], labels[part]


def optimizer_of(model: Net, batch: int) -> torch.optim.Optimizer:
    """Give SGD with Nesterov's momentum; the biases of the norms learn faster.

    The source states learning rate and decay for 1,024 images, and free of what the momentum adds to a step.
    """
    scale = 1024 * (1 + 1 / (1 - MOMENTUM))
    lr = LR / scale
    decay = DECAY * batch / scale / lr
    norms = [p for name, p in model.named_parameters() if "norm" in name and p.requires_grad]
    others = [p for name, p in model.named_parameters() if "norm" not in name and p.requires_grad]
    groups = [
        {"params": norms, "lr": lr * BIAS_FACTOR, "weight_decay": decay / BIAS_FACTOR},
        {"params": others, "lr": lr, "weight_decay": decay},
    ]
    return torch.optim.SGD(groups, momentum=MOMENTUM, nesterov=True)


def slope(step: int, steps: int, start: float = 0.2, end: float = 0.07, peak: float = 0.23) -> float:
    """Give the factor of the learning rate: up on a straight line to 1 at `peak` of the steps, then down."""
    share = step / steps
    return start + (1 - start) * share / peak if share < peak else 1 + (end - 1) * (share - peak) / (1 - peak)


class Lookahead:
    """Slow weights that follow the fast ones, and now and then call them back."""

    def __init__(self, model: nn.Module) -> None:
        self._slow = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    def update(self, model: nn.Module, decay: float) -> None:
        """Move the slow weights by a share of 1 - decay towards the fast ones, and set these to them."""
        with torch.no_grad():
            for name, fast in model.state_dict().items():
                if fast.is_floating_point():
                    fast.copy_(self._slow[name].lerp_(fast, 1 - decay))


def train(settings: Settings, images: Tensor, labels: Tensor, count: float = PASSES) -> tuple[Net, float]:
    """Train on all images.

    Args:
        settings: device and seed; the rest is the recipe's.
        images: (N, 32, 32, 3) uint8.
        labels: (N,) int64.
        count: how many passes over the images.

    Returns:
        the network in evaluation mode, and the seconds that its training took, images already on the device.
    """
    device = choose_device(settings.device)
    torch.manual_seed(settings.seed)
    torch.backends.cudnn.benchmark = True
    inputs, labels = prepare(images.to(device)), labels.to(device)
    start = _now(device)
    model = _in_half(Net(inputs[:WHITENING]).to(device, memory_format=torch.channels_last), device)
    batch = min(BATCH, len(labels))
    steps = max(1, math.ceil(count * (len(labels) // batch)))
    optimizer = optimizer_of(model, batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: slope(step, steps))
    loss_fn = nn.CrossEntropyLoss(label_smoothing=SMOOTHING, reduction="sum")
    lookahead = Lookahead(model)
    model.train()
    batches = passes(inputs.to(model.head.weight.dtype), labels, batch)
    for step, (x, y) in zip(range(1, steps + 1), batches, strict=False):
        model.whiten.bias.requires_grad_(step * batch <= WHITEN_BIAS_PASSES * len(labels))
        loss = loss_fn(model(x.contiguous(memory_format=torch.channels_last)), y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % LOOK_EVERY == 0:
            lookahead.update(model, decay=LOOK_DECAY * (step / steps) ** 3)
    lookahead.update(model, decay=1.0)
    return model.eval(), _now(device) - start


def _in_half(model: Net, device: torch.device) -> Net:
    """Hold weights in 16 bits on a GPU, but for the statistics of the norms."""
    if device.type == "cuda":
        model.half()
        for norm in (part for part in model.modules() if isinstance(part, Norm)):
            norm.float()
    return model


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


@torch.inference_mode()
def logits(model: Net, images: Tensor) -> Tensor:
    """Give the logits of images (N, 32, 32, 3) uint8: the mean over flips, and over shifts by one pixel."""
    weight = model.head.weight
    parts = [prepare(part.to(weight.device)).to(weight.dtype) for part in images.split(2_000)]
    return torch.cat([_looked_at(model, part) for part in parts]).float().cpu()


def _looked_at(model: Net, x: Tensor) -> Tensor:
    side, bordered = x.shape[-1], functional.pad(x, (1,) * 4, mode="reflect")
    shifted = [bordered[:, :, place : place + side, place : place + side] for place in (0, 2)]
    weighed = [(x, 0.5), *((view, 0.25) for view in shifted)]
    return sum(weight * (model(view) + model(view.flip(-1))) / 2 for view, weight in weighed)
