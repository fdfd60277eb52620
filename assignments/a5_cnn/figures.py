"""Figures of the handout, drawn as SVG text.

`draw()` gives file names and sources. Shapes, windows, blocks and learning rates are computed here, in numpy, so that
a kit is built without torch. What was measured stands in three tables; each says how. Colours are from Okabe and Ito's
palette, and no figure relies on colour alone: lines are named or dashed, and numbers stand in the cells.
Coordinates have one decimal: the last digits of a cosine differ from machine to machine, the picture may not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FIRST, SECOND, PLAIN, INK, FAINT, BOX = "#0072b2", "#d55e00", "#ffffff", "#222222", "#bbbbbb", "#cfe6f5"
DASHED = 'stroke-dasharray="7 4"'
SMALL = f'fill="{INK}" font-size="13"'
TINY = 'font-size="11"'

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

# LeNetCIFAR on the kit's images, 4,500 to train and 500 to validate, not augmented; Adam with lr 0.001, batches of
# 64, seed 0, one thread, torch 2.13: the mean losses of 30 epochs.
LENET_TRAIN = (
    2.1155, 1.8666, 1.7141, 1.6052, 1.5444, 1.4466, 1.4110, 1.3464, 1.2935, 1.2486,
    1.1890, 1.1554, 1.0840, 1.0362, 0.9819, 0.9437, 0.8633, 0.8155, 0.7627, 0.6874,
    0.6614, 0.5863, 0.5341, 0.4756, 0.4327, 0.3622, 0.3263, 0.2854, 0.2427, 0.1969,
)  # fmt: skip
LENET_VAL = (
    1.9739, 1.8067, 1.6540, 1.6578, 1.5344, 1.5113, 1.4825, 1.4904, 1.5102, 1.4808,
    1.5103, 1.4997, 1.4676, 1.4830, 1.5872, 1.6048, 1.5202, 1.5953, 1.6421, 1.6858,
    1.7444, 1.8059, 1.9354, 1.9004, 2.1545, 2.2002, 2.3248, 2.4704, 2.6011, 2.6989,
)  # fmt: skip

# The reference's weights, from the kit's 5,000 images, on 1,000 test images sorted by class, in batches of 100: rows
# are the true classes, columns the predictions.
EVALUATION_MODE = (
    (59, 4, 4, 5, 2, 3, 2, 1, 12, 8),
    (2, 85, 1, 1, 0, 0, 0, 0, 2, 9),
    (9, 1, 51, 7, 8, 9, 9, 4, 2, 0),
    (2, 3, 9, 37, 11, 18, 12, 8, 0, 0),
    (4, 2, 15, 8, 46, 6, 3, 12, 3, 1),
    (0, 1, 15, 14, 4, 55, 4, 6, 1, 0),
    (0, 1, 12, 4, 6, 4, 72, 0, 1, 0),
    (2, 1, 3, 4, 8, 6, 0, 73, 2, 1),
    (20, 5, 0, 6, 0, 0, 2, 0, 61, 6),
    (5, 17, 1, 3, 0, 0, 1, 2, 9, 62),
)
TRAINING_MODE = (  # the same, but with batch norm on the statistics of each batch
    (20, 13, 11, 1, 8, 2, 6, 17, 5, 17),
    (4, 50, 11, 3, 2, 3, 4, 7, 2, 14),
    (12, 8, 16, 5, 9, 14, 6, 16, 3, 11),
    (7, 10, 4, 14, 14, 15, 11, 14, 1, 10),
    (12, 5, 11, 8, 16, 8, 4, 23, 5, 8),
    (3, 4, 15, 5, 5, 29, 5, 15, 7, 12),
    (6, 13, 11, 13, 8, 8, 21, 5, 4, 11),
    (5, 5, 3, 6, 8, 4, 0, 60, 3, 6),
    (8, 11, 6, 7, 5, 1, 10, 11, 18, 23),
    (5, 7, 12, 6, 0, 1, 4, 7, 4, 54),
)

BOAT = (  # 8 x 8 pixels, a digit for the brightness
    "99999999",
    "99993999",
    "99993699",
    "99993669",
    "99993666",
    "91111119",
    "99111199",
    "55555555",
)

Floats = NDArray[np.float64]
Point = tuple[float, float]


def draw() -> dict[str, str]:
    """Draw all figures.

    Returns:
        file name → SVG source.
    """
    return {
        "shapes.svg": shapes(),
        "augmentation.svg": augmentation(),
        "block.svg": block(),
        "stopping.svg": stopping(),
        "confusion.svg": confusion(),
    }


def shapes() -> str:
    """Draw LeNet for 32 x 32 colour images: what comes out of each step, and its parameters."""
    parts, left, middle, scale = [], 12.0, 94.0, 2.0
    for operation, shape, count in _lenet():
        side = shape[-1] * scale if len(shape) == 3 else 12.0
        height = side if len(shape) == 3 else 12 + shape[0] * 0.3
        sheets = shape[0] if len(shape) == 3 else 1
        if operation:
            x = left + 2
            parts += [
                arrow((x, middle), (x + 42, middle)),
                text(x + 20, middle - 10, operation, SMALL, anchor="middle"),
            ]
            parts.append(text(x + 20, middle + 20, f"{count:,}" if count else "", SMALL, anchor="middle"))
            left += 50
        wide = side + 1.6 * (sheets - 1)
        for sheet in range(sheets):
            x, y = left + 1.6 * sheet, middle - height / 2 - 0.8 * (sheets - 1) + 1.6 * sheet
            place = f'x="{x:.1f}" y="{y:.1f}" width="{side:.1f}" height="{height:.1f}"'
            parts.append(f'<rect {place} fill="{BOX}" stroke="{INK}" stroke-width="0.7"/>')
        parts.append(
            text(left + wide / 2, 184, "\N{MULTIPLICATION SIGN}".join(map(str, shape)), SMALL, anchor="middle")
        )
        left += wide + 4
    total = sum(count for _, _, count in _lenet())
    parts.append(text(12, 216, f"below each arrow: the step's parameters, {total:,} together"))
    return svg(740, 232, parts)


def augmentation() -> str:
    """Draw how a training image gets a border, is cut at a random place, and is flipped."""
    image = np.array([[int(digit) for digit in row] for row in BOAT]) / 9
    bordered, (top, left), size = np.pad(image, 4), (6, 1), len(image)
    window = bordered[top : top + size, left : left + size]
    places = (("image", 16, image), ("border of 4", 150, bordered), ("window", 380, window), ("flipped", 536, None))
    parts = []
    for name, x, values in places:
        cells = window[:, ::-1] if values is None else values
        y = 116.0 - 5.5 * len(cells)
        parts += [*pixels(x, y, cells), text(x, y - 8, name)]
    side = 11 * size
    at = f'x="{150 + 11 * left}" y="{116 - 88 + 11 * top}" width="{side}" height="{side}"'
    parts.append(f'<rect {at} fill="none" stroke="{SECOND}" stroke-width="3" {DASHED}/>')
    parts += [arrow((108, 116), (146, 116)), arrow((330, 116), (376, 116)), arrow((472, 116), (532, 116))]
    parts += [text(500, 106, "half of", SMALL, anchor="middle"), text(500, 134, "them", SMALL, anchor="middle")]
    parts += [arrow((628, 116), (664, 116)), text(670, 121, "normalise")]
    parts.append(text(16, 230, f"this window: row {top}, column {left} of 0 to 8; drawn anew at each call"))
    return svg(740, 248, parts)


def block() -> str:
    """Draw what a ConvBlock makes of one small image in training: convolution, norm, ReLU, pooling."""
    image = np.array([[1, 0, 2, 1], [0, 3, 1, 0], [2, 1, 0, 4], [1, 0, 2, 1]], dtype=float)
    kernel = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]], dtype=float)
    bordered = np.pad(image, 1)
    windows = np.lib.stride_tricks.sliding_window_view(bordered, (3, 3))
    filtered = (windows * kernel).sum(axis=(2, 3))
    mean, std = filtered.mean(), filtered.std()
    normed = (filtered - mean) / np.sqrt(std**2 + 1e-5)
    rectified = np.maximum(normed, 0)
    pooled = rectified.reshape(2, 2, 2, 2).max(axis=(1, 3))
    drawn = (("image", image), ("convolution", filtered), ("norm", normed), ("ReLU", rectified), ("pooling", pooled))
    parts, left = [], 16.0
    for place, (name, values) in enumerate(drawn):
        digits = 0 if place < 2 else 1
        y = 98.0 - 16 * len(values)
        parts += [text(left, y - 10, name), *numbers(left, y, values, digits)]
        if place < len(drawn) - 1:
            right = left + 32 * values.shape[1]
            parts.append(arrow((right + 3, 98), (right + 25, 98)))
            left = right + 28
    laplace = "; ".join(" ".join(number(value) for value in row) for row in kernel)
    parts.append(text(16, 196, f"kernel {laplace}, padding 1; its mean here is {mean:.2f}, its deviation {std:.2f}"))
    return svg(740, 212, parts)


def stopping() -> str:
    """Draw a training that overfits, with two patiences, and the learning rate of one cycle."""
    left, right = Panel(50, 40, 330, 200, (0, 30), (0, 4)), Panel(460, 40, 250, 200, (0, 8), (0, 0.01))
    epochs = range(1, len(LENET_VAL) + 1)
    parts = [left.frame("LeNet: loss after each epoch", (0, 10, 20, 30), (0, 1, 2, 3, 4))]
    parts += [left.line(epochs, LENET_VAL, FIRST), left.line(epochs, LENET_TRAIN, SECOND, DASHED)]
    for patience in (2, 5):
        best, stop = _stopped(LENET_VAL, patience)
        (x, y), (end, _) = left.place(best, LENET_VAL[best - 1]), left.place(stop, 0)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{FIRST}"/>')
        parts.append(f'<path d="M{end:.1f} 40v200" stroke="{INK}" stroke-dasharray="2 3"/>')
        parts += [
            text(end + 4, 58, f"patience {patience}", SMALL),
            text(end + 4, 76, f"best {best}, stop {stop}", SMALL),
        ]
    rates, steps = _one_cycle(560), 560
    parts.append(right.frame("one cycle: learning rate", (0, 2, 4, 6, 8), (0, 0.005, 0.01)))
    parts.append(right.line([8 * step / steps for step in range(steps)], rates, FIRST))
    for epoch in range(8):
        x, y = right.place(epoch, rates[70 * epoch])
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{PLAIN}" stroke="{INK}" stroke-width="1.5"/>')
    parts += [legend(50, 286, "validation", FIRST), legend(180, 286, "training", SECOND, DASHED)]
    parts.append(text(460, 286, "epochs; circles: history[&quot;lr&quot;]"))
    return svg(740, 304, parts)


def confusion() -> str:
    """Draw the confusion of one network twice: in evaluation mode, and left in training mode."""
    parts = []
    drawn = ((92, "evaluation mode", EVALUATION_MODE), (424, "training mode", TRAINING_MODE))
    for left, name, counts in drawn:
        right = sum(counts[place][place] for place in range(10))
        parts.append(text(left, 24, f"{name}: {right / 10:.1f} %", 'font-weight="bold"'))
        for place, class_ in enumerate(CLASSES):
            x, y = left + 24 * place + 14, 102
            look = f'fill="{INK}" {TINY} transform="rotate(-60 {x} {y})"'
            parts.append(text(x, y, class_, look))
            if left == drawn[0][0]:
                parts.append(text(left - 6, 122 + 24 * place, class_, SMALL, anchor="end"))
        for row, column in np.ndindex(10, 10):
            count = counts[row][column]
            x, y = left + 24 * column, 106 + 24 * row
            ring = f'stroke="{INK}" stroke-width="1.5"' if row == column else f'stroke="{FAINT}" stroke-width="0.5"'
            shade = f'fill="{FIRST}" fill-opacity="{count / 100:.2f}"'
            parts.append(f'<rect x="{x}" y="{y}" width="24" height="24" {shade} {ring}/>')
            look = f'fill="{PLAIN if count > 80 else INK}" {TINY}'
            parts.append(text(x + 12, y + 16, str(count), look, anchor="middle"))
    parts.append(text(92, 370, "rows: what it is; columns: what it was taken for; of 100 images each"))
    return svg(740, 386, parts)


@dataclass(frozen=True)
class Panel:
    """A coordinate system on the page: where it lies, and which numbers its edges stand for."""

    left: float
    top: float
    width: float
    height: float
    across: Point
    up: Point

    def place(self, x: float, y: float) -> Point:
        """Give the place of a point on the page."""
        right = (x - self.across[0]) / (self.across[1] - self.across[0])
        down = (self.up[1] - y) / (self.up[1] - self.up[0])
        return float(self.left + self.width * right), float(self.top + self.height * down)

    def frame(self, title: str, columns: Sequence[float], rows: Sequence[float]) -> str:
        """Draw the border, the title above it, and numbers along its edges."""
        size = f'width="{self.width}" height="{self.height}"'
        drawn = [f'<rect x="{self.left}" y="{self.top}" {size} fill="none" stroke="{INK}"/>']
        drawn.append(text(self.left, self.top - 14, title))
        for mark in columns:
            x, bottom = self.place(mark, self.up[0])
            drawn += [f'<path d="M{x:.1f} {self.top}v{self.height}" stroke="{FAINT}"/>']
            drawn += [text(x, bottom + 18, number(mark), anchor="middle")]
        for mark in rows:
            y = self.place(self.across[0], mark)[1]
            drawn += [f'<path d="M{self.left} {y:.1f}h{self.width}" stroke="{FAINT}"/>']
            drawn += [text(self.left - 6, y + 5, number(mark), anchor="end")]
        return "\n".join(drawn)

    def line(self, xs: Sequence[float], ys: Sequence[float], colour: str, look: str = "") -> str:
        """Draw a line through points."""
        places = " ".join("{:.1f},{:.1f}".format(*self.place(x, y)) for x, y in zip(xs, ys, strict=True))
        return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2.5" {look}/>'


def pixels(left: float, top: float, values: Floats) -> Iterator[str]:
    """Draw an image of brightnesses from 0 to 1, with a frame."""
    for (row, column), value in np.ndenumerate(values):
        level = round(255 * value)
        at = f'x="{left + 11 * column:.1f}" y="{top + 11 * row:.1f}" width="11.2" height="11.2"'
        yield f'<rect {at} fill="rgb({level},{level},{level})"/>'
    size = f'width="{11 * values.shape[1]}" height="{11 * values.shape[0]}"'
    yield f'<rect x="{left:.1f}" y="{top:.1f}" {size} fill="none" stroke="{INK}"/>'


def numbers(left: float, top: float, values: Floats, digits: int) -> Iterator[str]:
    """Draw a table of numbers; those above 0 stand on a coloured ground."""
    for (row, column), value in np.ndenumerate(values):
        at = f'x="{left + 32 * column:.1f}" y="{top + 32 * row:.1f}" width="32" height="32"'
        yield f'<rect {at} fill="{BOX if value > 0 else PLAIN}" stroke="{INK}"/>'
        words = f"{value + 0.0:.{digits}f}" if value else "0"
        yield text(left + 32 * column + 16, top + 32 * row + 21, words, SMALL, anchor="middle")


def arrow(start: Point, end: Point) -> str:
    """Draw a straight arrow to the right."""
    (x, y), (to_x, to_y) = start, end
    head = f"{to_x:g},{to_y:g} {to_x - 8:g},{to_y - 4:g} {to_x - 8:g},{to_y + 4:g}"
    shaft = f'<path d="M{x:g} {y:g}L{to_x:g} {to_y:g}" stroke="{INK}" stroke-width="1.5"/>'
    return f'{shaft}\n<polygon points="{head}" fill="{INK}"/>'


def legend(x: float, y: float, words: str, colour: str, look: str = "") -> str:
    """Say what a line is."""
    return f'<path d="M{x} {y}h34" stroke="{colour}" stroke-width="2.5" {look}/>\n{text(x + 42, y + 5, words)}'


def text(x: float, y: float, words: str, look: str = f'fill="{INK}"', *, anchor: str = "start") -> str:
    """Write words at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {look}>{words}</text>'


def number(value: float) -> str:
    """Write a number without needless digits, and no zero with a sign."""
    return f"{value + 0.0:g}"


def svg(width: int, height: int, parts: Sequence[str]) -> str:
    """Put drawn parts into a picture with a white ground, so that it reads on a dark page too."""
    size = f'width="{width}" height="{height}"'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}"'
    ground = f'<rect {size} fill="{PLAIN}"/>'
    return "\n".join([f'{opening} font-family="sans-serif" font-size="14">', ground, *parts, "</svg>\n"])


def _lenet() -> Iterator[tuple[str, tuple[int, ...], int]]:
    """Give for each step of LeNet its name, the shape that comes out, and its parameters."""
    channels, side = 3, 32
    yield "", (channels, side, side), 0
    for name, out in (("conv1", 6), ("conv2", 16)):
        side = _size(side, kernel=5)
        yield name, (out, side, side), out * (channels * 5 * 5 + 1)
        channels, side = out, _size(side, kernel=2, stride=2)
        yield "pool", (channels, side, side), 0
    inputs = channels * side * side
    yield "flatten", (inputs,), 0
    for name, outputs in (("fc1", 120), ("fc2", 84), ("fc3", 10)):
        yield name, (outputs,), outputs * (inputs + 1)
        inputs = outputs


def _size(side: int, kernel: int, padding: int = 0, stride: int = 1) -> int:
    """Give the output's size of a convolution or a pooling, as in A2."""
    return (side + 2 * padding - kernel) // stride + 1


def _stopped(losses: Sequence[float], patience: int) -> tuple[int, int]:
    """Give the best epoch, and the one after which a training with this patience stops."""
    lowest, best = float("inf"), 0
    for epoch, loss in enumerate(losses, 1):
        if loss < lowest:
            lowest, best = loss, epoch
        if epoch - best == patience:
            return best, epoch
    return best, len(losses)


def _one_cycle(steps: int, peak: float = 0.01) -> list[float]:
    """Give the learning rate at each step of torch's OneCycleLR: up for 0.3 of the steps, then down, on cosines."""
    top = 0.3 * steps - 1

    def between(start: float, end: float, share: float) -> float:
        return float(end + (start - end) / 2 * (1 + np.cos(np.pi * share)))

    first, last = peak / 25, peak / 25 / 1e4
    return [
        between(first, peak, step / top) if step <= top else between(peak, last, (step - top) / (steps - 1 - top))
        for step in range(steps)
    ]
