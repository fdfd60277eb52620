"""Figures of the handout, drawn as SVG text.

`draw()` gives file names and sources. The numbers in them are computed here, in numpy, so that a kit is built
without torch; only the accuracies were measured, on all of MNIST, and stand in two tables. Colours are from Okabe
and Ito's palette, and no figure relies on colour alone: lines are named or dashed, a zeroed number is crossed out.
Coordinates have one decimal: the last digits of an exponential differ from machine to machine, the picture may not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

FIRST, SECOND, PLAIN, INK, FAINT, BOX = "#0072b2", "#d55e00", "#ffffff", "#222222", "#bbbbbb", "#cfe6f5"
DASHED = 'stroke-dasharray="7 4"'
SLOPE = f'fill="{SECOND}" font-style="italic" font-weight="bold"'
SMALL = f'fill="{INK}" font-size="13"'

# Shares of the 10,000 test images that are right after each epoch; 60,000 training images, pixels from 0 to 1, seed 0.
RELU_128 = {  # 784-128-10, SGD with lr 0.1, batches of 64
    "correct": (0.9280, 0.9435, 0.9576, 0.9625, 0.9665),
    "softmax in the model": (0.8263, 0.9029, 0.9130, 0.9215, 0.9245),
    "NLLLoss of softmax": (0.7559, 0.7644, 0.8332, 0.8421, 0.8438),
    "no zero_grad": (0.1300, 0.1017, 0.1163, 0.0990, 0.1151),
}
SLIDES = {  # 784-64-10 with a sigmoid, SGD with lr 0.001, batches of 32: what the slides have
    "no zero_grad": (0.8754, 0.8931),
    "correct": (0.2886, 0.4745),
}

Floats = NDArray[np.float64]
Point = tuple[float, float]


def draw() -> dict[str, str]:
    """Draw all figures.

    Returns:
        file name → SVG source.
    """
    return {
        "splits.svg": splits(),
        "dropout.svg": dropout(),
        "step.svg": step(),
        "patience.svg": patience(),
        "accuracy.svg": accuracy(),
    }


def splits() -> str:
    """Draw the three parts of the digits, and what each of them is for."""
    validation = 10_000 // 10
    columns: tuple[tuple[float, float, str, str, Sequence[str]], ...] = (
        (16, 330, BOX, f"training: {10_000 - validation:,}", ("new order in each epoch,", "may be flipped by chance")),
        (356, 170, "#fbe3cf", f"validation: {validation:,}", ("always the same order,", "never augmented")),
        (546, 170, "#e6e6e6", "test", ("as it is", "")),
    )
    uses = (
        ("train_step", "moves the weights"),
        ("evaluate", "chooses epoch and settings"),
        ("evaluate, once", "is the result"),
    )
    parts = [text(16, 24, "digits of the kit, cut by split_indices"), text(546, 24, "digits of the grader")]
    for (left, width, colour, name, how), use in zip(columns, uses, strict=True):
        middle = left + width / 2
        parts.append(f'<rect x="{left}" y="36" width="{width}" height="46" fill="{colour}" stroke="{INK}"/>')
        parts.append(text(middle, 64, name, anchor="middle"))
        parts += [text(middle, 104 + 18 * row, words, SMALL, anchor="middle") for row, words in enumerate(how)]
        parts.append(arrow((middle, 134), (middle, 162)))
        parts += [text(middle, 182 + 18 * row, words, anchor="middle") for row, words in enumerate(use)]
    return svg(732, 214, parts)


def dropout() -> str:
    """Draw three hidden numbers and two logits: in evaluation, and in two of the eight draws of training."""
    hidden, weight, bias = np.array([1.5, 1, 2]), np.array([[-2.0, 1, 0], [0, 1, 1]]), np.array([-3, 0.5])
    draws = np.array(list(product((0, 1), repeat=3)))
    mean = (draws * hidden / 0.5 @ weight.T + bias).mean(axis=0)
    panels = (
        ("evaluation", (1, 1, 1), 1.0),
        ("training, one draw", (1, 0, 1), 0.5),
        ("training, another", (0, 1, 1), 0.5),
    )
    parts = []
    for place, (name, mask, kept) in enumerate(panels):
        left, numbers = 40.0 + 240 * place, hidden * mask / kept
        logits = weight @ numbers + bias
        parts.append(text(left - 24, 24, name, 'font-weight="bold"'))
        for row, column in np.ndindex(weight.shape):
            if weight[row, column]:
                start, end = (left, 66 + 64 * column), (left + 130, 98 + 64 * row)
                look = f'stroke="{FAINT}" {DASHED}' if not mask[column] else f'stroke="{INK}"'
                parts.append(f'<path d="M{start[0]} {start[1]}L{end[0]} {end[1]}" {look}/>')
        for row, number_ in enumerate(numbers):
            parts.append(node(left, 66 + 64 * row, number(number_), crossed=not mask[row]))
        parts += [node(left + 130, 98 + 64 * row, number(logit)) for row, logit in enumerate(logits)]
    parts.append(
        text(
            16, 252, f"mean of all {len(draws)} draws: logits {number(mean[0])} and {number(mean[1])}, as in evaluation"
        )
    )
    return svg(732, 270, parts)


def step() -> str:
    """Draw one step of y = w x + b with a squared error: who writes into .grad, who reads it, and in which order."""
    w, b, x, y, lr = 2.0, 1.0, 3.0, 1.0, 0.01
    output = w * x + b
    slopes = {"w": 2 * (output - y) * x, "b": 2 * (output - y)}
    after = {"w": w - lr * slopes["w"], "b": b - lr * slopes["b"]}
    parts = [
        box(150, 50, 120, ("model",)),
        box(390, 50, 120, ("loss_fn",)),
        arrow((40, 73), (147, 73)),
        text(93, 64, f"x = {number(x)}", anchor="middle"),
        arrow((270, 73), (387, 73)),
        text(328, 64, f"output {number(output)}", anchor="middle"),
        arrow((450, 20), (450, 47)),
        text(460, 30, f"y = {number(y)}"),
        arrow((510, 73), (620, 73)),
        text(565, 64, f"loss {number((output - y) ** 2)}", anchor="middle"),
        text(328, 92, "1  forward", anchor="middle"),
        box(120, 190, 180, ("parameters", f"w = {number(w)}, b = {number(b)}")),
        arrow((210, 190), (210, 99)),
        box(470, 190, 190, (".grad of each parameter", f"w: {number(slopes['w'])}, b: {number(slopes['b'])}")),
        f'<path d="M636 82v105" stroke="{SECOND}" stroke-width="1.5" {DASHED}/>',
        f'<polygon points="636,187 632,179 640,179" fill="{SECOND}"/>',
        text(626, 136, "3  backward()", SLOPE, anchor="end"),
        text(626, 154, "adds to what is there", SLOPE, anchor="end"),
        arrow((470, 213), (303, 213), SECOND, dashed=True),
        text(386, 204, "4  step()", SLOPE, anchor="middle"),
        text(386, 232, "w - lr · grad", SLOPE, anchor="middle"),
        arrow((565, 282), (565, 239)),
        text(575, 270, "2  zero_grad() clears"),
        text(210, 256, f"afterwards w = {number(after['w'])}, b = {number(after['b'])}", anchor="middle"),
    ]
    return svg(720, 294, parts)


def patience() -> str:
    """Draw a training that overfits, and where a patience of 3 stops it."""
    train, val = _overfitting()
    waited, best = _waiting(val)
    stop = waited.index(3) + 1
    epochs = np.arange(1.0, len(val) + 1)
    left = Panel(50, 40, 290, 190, (0, 24), (0, 0.8))
    parts = [left.frame("loss after each epoch", (0, 8, 16, 24), (0, 0.2, 0.4, 0.6, 0.8))]
    parts += [left.line(epochs, val, FIRST), left.line(epochs, train, SECOND, DASHED)]
    parts.append(left.rule(best, f"best: {best}"))
    right = Panel(400, 40, 320, 190, (0, 9), (0.5, 0.6))
    parts.append(right.frame("validation loss, and epochs waited", (0, 3, 6, 9), (0.5, 0.55, 0.6)))
    parts.append(right.line(epochs[:stop], val[:stop], FIRST))
    for epoch, loss, count in zip(epochs[:stop], val, waited, strict=False):
        x, y = right.place(epoch, loss)
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{FIRST}"/>')
        parts.append(text(x, y - 10 if count else y + 20, str(count), anchor="middle"))
    x, y = right.place(stop, val[stop - 1])
    parts.append(text(x, y + 22, "stop", anchor="middle"))
    parts += [legend(50, 276, "validation loss", FIRST), legend(210, 276, "training loss", SECOND, DASHED)]
    return svg(740, 296, parts)


def accuracy() -> str:
    """Draw the measured accuracies of correct code and of silent bugs."""
    left, right = Panel(50, 40, 180, 220, (1, 5), (0, 1)), Panel(500, 40, 70, 220, (1, 2), (0, 1))
    shares = (0, 0.2, 0.4, 0.6, 0.8, 1)
    parts = [left.frame("accuracy, lr 0.1 and ReLU", (1, 3, 5), shares), *curves(left, RELU_128)]
    parts += [right.frame("accuracy, the slides' settings", (1, 2), shares), *curves(right, SLIDES)]
    parts.append(text(50, 300, "epochs"))
    parts.append(text(500, 300, "epochs"))
    return svg(740, 312, parts)


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

    def line(self, xs: Sequence[float] | Floats, ys: Sequence[float] | Floats, colour: str, look: str = "") -> str:
        """Draw a line through points."""
        places = " ".join("{:.1f},{:.1f}".format(*self.place(x, y)) for x, y in zip(xs, ys, strict=True))
        return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2.5" {look}/>'

    def rule(self, x: float, words: str) -> str:
        """Draw a thin line from top to bottom, with a word beside it."""
        across = self.place(x, self.up[0])[0]
        line = f'<path d="M{across:.1f} {self.top}v{self.height}" stroke="{INK}" stroke-dasharray="2 3"/>'
        return f"{line}\n{text(across + 6, self.top + 18, words)}"


def curves(panel: Panel, measured: Mapping[str, Sequence[float]]) -> list[str]:
    """Draw a line for each name, the correct one solid; names and last numbers stand beside the ends."""
    parts, lowest = [], 0.0
    for name, shares in measured.items():
        right = name == "correct"
        colour, look = (FIRST, "") if right else (SECOND, DASHED)
        parts.append(panel.line(range(1, len(shares) + 1), shares, colour, look))
        x, y = panel.place(len(shares), shares[-1])
        lowest = max(y + 5, lowest + 18)
        words = f"{shares[-1]:.2%} {name}"
        parts.append(text(x + 8, lowest, words, f'fill="{colour}" font-weight="{"bold" if right else "normal"}"'))
    return parts


def node(x: float, y: float, words: str, *, crossed: bool = False) -> str:
    """Draw a number in a circle, crossed out where it was zeroed."""
    fill = PLAIN if crossed else BOX
    drawn = [f'<circle cx="{x}" cy="{y}" r="24" fill="{fill}" stroke="{INK}"/>', text(x, y + 5, words, anchor="middle")]
    if crossed:
        drawn.append(f'<path d="M{x - 17} {y + 17}L{x + 17} {y - 17}" stroke="{SECOND}" stroke-width="2.5"/>')
    return "\n".join(drawn)


def box(x: float, y: float, width: float, lines: Sequence[str]) -> str:
    """Draw a box with one or two lines of words."""
    shape = f'<rect x="{x}" y="{y}" width="{width}" height="46" fill="{BOX}" stroke="{INK}"/>'
    first = y + (28 if len(lines) == 1 else 19)
    words = [text(x + width / 2, first + 18 * row, line, anchor="middle") for row, line in enumerate(lines)]
    return "\n".join([shape, *words])


def arrow(start: Point, end: Point, colour: str = INK, *, dashed: bool = False) -> str:
    """Draw a straight arrow along one axis."""
    (x, y), (to_x, to_y) = start, end
    across, down = np.sign(to_x - x), np.sign(to_y - y)
    head = " ".join(
        f"{to_x - 8 * across + side * 4 * down:g},{to_y - 8 * down + side * 4 * across:g}" for side in (-1, 1)
    )
    shaft = f'<path d="M{x} {y}L{to_x} {to_y}" stroke="{colour}" stroke-width="1.5" {DASHED if dashed else ""}/>'
    return f'{shaft}\n<polygon points="{to_x},{to_y} {head}" fill="{colour}"/>'


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


def _overfitting() -> tuple[list[float], list[float]]:
    """Train logistic regression on 24 samples of 24 features, of which three matter; give both losses."""
    rng, features, size, lr = np.random.default_rng(125), 24, 3, 0.2

    def samples(count: int) -> tuple[Floats, Floats]:
        X = rng.normal(size=(count, features))
        return X, (1.5 * X[:, :3].sum(axis=1) + 2 * rng.normal(size=count) > 0).astype(float)

    def loss(X: Floats, y: Floats) -> float:
        return float(np.mean(np.logaddexp(0, X @ weights) - y * (X @ weights)))

    (X, y), held_back = samples(24), samples(120)
    weights, train, val = np.zeros(features), [], []
    for _ in range(24):
        for batch in rng.permutation(len(y)).reshape(-1, size):
            errors = 1 / (1 + np.exp(-X[batch] @ weights)) - y[batch]
            weights = weights - lr * X[batch].T @ errors / size
        train.append(loss(X, y))
        val.append(loss(*held_back))
    return train, val


def _waiting(losses: Sequence[float]) -> tuple[list[int], int]:
    """Count for each epoch how many were not better since the best one; give the best of the first stop too."""
    best, counts, where = float("inf"), [0], 0
    for epoch, found in enumerate(losses, 1):
        if found < best and 3 not in counts:
            best, where = found, epoch
            counts.append(0)
        else:
            counts.append(counts[-1] + 1)
    return counts[1:], where
