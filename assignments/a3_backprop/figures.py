"""Figures of the handout, computed with the solved functions and drawn as SVG text.

`draw()` gives file names and sources; every number in a figure comes out of
`backprop.py`. Colours are from Okabe and Ito's palette, and no figure relies
on colour alone: the second line of a panel is dashed, a gradient stands below
its edge in italics. Coordinates have one decimal: the last digits of an
exponential differ from machine to machine, the picture may not.
"""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

FIRST, SECOND, PLAIN, INK, FAINT, BOX = "#0072b2", "#d55e00", "#ffffff", "#222222", "#bbbbbb", "#cfe6f5"
DASHED = 'stroke-dasharray="7 4"'
SLOPE = f'fill="{SECOND}" font-style="italic" font-weight="bold"'

Floats = NDArray[np.float64]
Point = tuple[float, float]


def draw() -> dict[str, str]:
    """Draw all figures.

    Returns:
        file name → SVG source.
    """
    solved = _solved()
    return {
        "graph.svg": graph(solved),
        "activations.svg": activations(solved),
        "losses.svg": losses(solved),
        "ravine.svg": ravine(solved),
        "layers.svg": layers(solved),
    }


def graph(solved: ModuleType) -> str:
    """Draw the lecture's graph: numbers forward above its edges, gradients below them."""
    values = {"x": np.array([-1, 2, 1, 2]), "w": np.array([-2, 3, 1, -1]), "b": np.array([2, 1])}
    forward = solved.max_graph_forward(*values.values(), 5.0, power=3)  # x1, w1, y and the target are the slide's
    slopes = solved.max_graph_backward(forward)
    names = ("x1", "w1", "b1", "x2", "w2", "x3", "w3", "b2", "x4", "w4")
    rows = {name: 84.0 + 48 * place for place, name in enumerate(names)}
    products, sums = [rows[f"x{place}"] + 24 for place in (1, 2, 3, 4)], [rows["b1"], rows["b2"]]
    middle = sum(sums) / 2
    parts = [
        text(16, 24, "above an edge: its number, computed from left to right"),
        text(16, 46, "below an edge: the derivative of C, computed from right to left", SLOPE),
    ]
    for name, height in rows.items():
        kind, place = name[0], int(name[1]) - 1
        end = (340.0, sums[place]) if kind == "b" else (196.0, products[place])
        parts += [edge((44, height), end, values[kind][place], slopes[kind][place]), text(16, height + 5, name)]
    for place, height in enumerate(products):
        end = (340.0, sums[place // 2])
        parts += [edge((210, height), end, forward["a"][place], slopes["a"][place], f"a{place + 1}")]
    for place, height in enumerate(sums):
        parts += [edge((354, height), (484, middle), forward["c"][place], slopes["c"][place], f"c{place + 1}")]
    parts += [edge((502, middle), (590, middle), forward["y"], slopes["y"], "y")]
    parts += [edge((638, middle), (724, middle), forward["C"], 1, "C")]
    parts += [node(196, height, 14, "*") for height in products] + [node(340, height, 14, "+") for height in sums]
    parts += [node(482, middle, 20, "max"), node(602, middle, 36, "(y - 5)³")]
    return svg(740, 550, parts)


def activations(solved: ModuleType) -> str:
    """Draw sigmoid, tanh and relu with their derivatives."""
    kinds: tuple[tuple[str, float, Point, Sequence[float]], ...] = (
        ("sigmoid", 6, (-0.15, 1.15), (0, 0.25, 0.5, 1)),
        ("tanh", 6, (-1.15, 1.15), (-1, 0, 1)),
        ("relu", 2, (-0.25, 2), (0, 1, 2)),
    )
    parts = []
    for place, (name, reach, heights, marks) in enumerate(kinds):
        panel = Panel(46 + 236 * place, 40, 190, 180, (-reach, reach), heights)
        parts.append(panel.frame(name, (-reach, 0, reach), marks))
        z = np.linspace(-reach, reach, 97)
        slopes = getattr(solved, f"{name}_grad")(z)
        pieces = (z <= 0, z > 0) if name == "relu" else (z <= reach,)  # relu's derivative jumps
        parts.append(panel.line(z, getattr(solved, name)(z), FIRST))
        parts += [panel.line(z[piece], slopes[piece], SECOND, dashed=True) for piece in pieces]
    return svg(740, 290, [*parts, legend(46, 268, "activation", "its derivative")])


def losses(solved: ModuleType) -> str:
    """Draw loss curves of two small trainings: XOR with two models, and three groups of points in two ways."""
    X, y = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    left = Panel(50, 40, 300, 190, (0, 200), (0, 0.8))
    parts = [left.frame("XOR: loss after each epoch", (0, 100, 200), (0, 0.2, 0.4, 0.6, 0.8))]
    for net, colour in ((solved.TwoLayerNet(2, 16, 2, std=0.5), FIRST), (Linear(solved, 2, 2), SECOND)):
        curve = solved.fit_classifier(net, data, 200, 4, 0.5, 0.0, np.random.default_rng(0))["train_loss"]
        parts.append(left.line(np.arange(1.0, 201), np.array(curve), colour, dashed=colour == SECOND))
    right = Panel(420, 40, 300, 190, (0, 90), (0, 1.4))
    parts.append(right.frame("three groups: loss of each step's batch", (0, 30, 60, 90), (0, 0.5, 1)))
    for batch_size, colour in ((6, SECOND), (60, FIRST)):
        curve = _steps(solved, batch_size, 90)
        parts.append(right.line(np.arange(1.0, 91), np.array(curve), colour, dashed=colour == SECOND))
    parts += [legend(50, 276, "hidden layer of 16", "one linear layer")]
    parts += [legend(420, 276, "all 60 samples", "batches of 6")]
    return svg(740, 300, parts)


def ravine(solved: ModuleType) -> str:
    """Draw twelve steps in a long valley, without and with momentum."""
    panel = Panel(50, 40, 620, 250, (-10, 2), (-2.5, 2.5))
    parts = [panel.frame("C = (u² + 20 v²) / 2, learning rate 0.09, twelve steps", (-10, -5, 0), (-2, 0, 2))]
    (x, y), (to_x, to_y) = panel.place(0, 0), panel.place(1, 1)
    for level in (2.0, 10.0, 24.0, 44.0):
        wide, high = (2 * level) ** 0.5 * (to_x - x), (level / 10) ** 0.5 * (y - to_y)
        shape = f'cx="{x:.1f}" cy="{y:.1f}" rx="{wide:.1f}" ry="{high:.1f}"'
        parts.append(f'<ellipse {shape} fill="none" stroke="{FAINT}"/>')
    for momentum, colour in ((0.0, SECOND), (0.5, FIRST)):
        track = _descent(solved, momentum)
        parts.append(panel.line(track[:, 0], track[:, 1], colour, dashed=momentum == 0))
        parts += [mark(*panel.place(u, v), colour, square=momentum == 0) for u, v in track]
    clip = '<clipPath id="valley"><rect x="50" y="40" width="620" height="250"/></clipPath>'
    parts = [clip, parts[0], '<g clip-path="url(#valley)">', *parts[1:], "</g>"]
    return svg(700, 356, [*parts, legend(50, 334, "momentum 0.5 (circles)", "no momentum (squares)", 230)])


def layers(solved: ModuleType) -> str:
    """Draw the network with two layers: shapes forward above the arrows, and backward below them."""
    net = solved.TwoLayerNet(784, 64, 10)
    _, grads = net.loss(np.zeros((5, 784)), np.arange(5))
    hidden, classes = grads["b1"].size, grads["b2"].size
    lefts, names = (100, 272, 444, 616), ("X W1 + b1", "relu", "h W2 + b2", "loss")
    arrays = (("X", grads["W1"].shape[0]), ("z", hidden), ("h", hidden), ("scores", classes))
    parts = [arrow((660, 24), (660, 57)), text(650, 34, "y (N,)", anchor="end")]
    for place, (left, (name, width)) in enumerate(zip(lefts, arrays, strict=True)):
        start = left - 84
        middle, shape = left - 42, f"(N, {width})"
        parts += [box(left, 60, 88, names[place]), arrow((start, 74), (left - 3, 74))]
        parts += [text(middle, 32 + 20 * line, words, anchor="middle") for line, words in enumerate((name, shape))]
        if place:
            words = (f"d{name}", shape)
            parts += [arrow((left, 92), (start + 3, 92), SECOND, dashed=True)]
            parts += [text(middle, 114 + 20 * line, word, SLOPE, anchor="middle") for line, word in enumerate(words)]
    for x, layer in ((144, "1"), (488, "2")):
        parts += [arrow((x, 106), (x, 142), SECOND, dashed=True)]
        shapes = [f"d{name} {grads[name].shape}" for name in (f"W{layer}", f"b{layer}")]
        parts += [text(x, 160 + 20 * line, words, SLOPE, anchor="middle") for line, words in enumerate(shapes)]
    return svg(720, 194, parts)


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
            x, bottom = self.place(mark, 0)[0], self.top + self.height
            drawn += [f'<path d="M{x:.1f} {self.top}v{self.height}" stroke="{FAINT}"/>']
            drawn += [text(x, bottom + 18, number(mark), anchor="middle")]
        for mark in rows:
            y = self.place(0, mark)[1]
            drawn += [f'<path d="M{self.left} {y:.1f}h{self.width}" stroke="{FAINT}"/>']
            drawn += [text(self.left - 6, y + 5, number(mark), anchor="end")]
        return "\n".join(drawn)

    def line(self, xs: Floats, ys: Floats, colour: str, *, dashed: bool = False) -> str:
        """Draw a line through points."""
        places = " ".join("{:.1f},{:.1f}".format(*self.place(x, y)) for x, y in zip(xs, ys, strict=True))
        look = DASHED if dashed else ""
        return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2.5" {look}/>'


class Linear:
    """A single linear layer with a softmax, made of the solved functions; `fit_classifier` trains it too."""

    def __init__(self, solved: ModuleType, inputs: int, classes: int) -> None:
        """Begin with small weights that differ."""
        weights = 0.1 * np.arange(1.0, inputs * classes + 1).reshape(inputs, classes)
        self.solved, self.params = solved, {"W": weights, "b": np.zeros(classes)}

    def loss(self, X: Floats, y: Floats, reg: float = 0.0) -> tuple[float, dict[str, Floats]]:  # noqa: ARG002 - as a network has it
        """Give loss and gradients."""
        scores, cache = self.solved.linear_forward(X, self.params["W"], self.params["b"])
        loss, dscores = self.solved.softmax_cross_entropy(scores, y)
        _, dW, db = self.solved.linear_backward(dscores, cache)
        return loss, {"W": dW, "b": db}

    def predict(self, X: Floats) -> Any:
        """Give the class with the highest score."""
        return self.solved.linear_forward(X, self.params["W"], self.params["b"])[0].argmax(axis=1)


def edge(start: Point, end: Point, forward: float, gradient: float, name: str = "") -> str:
    """Draw an edge with its number above and its gradient below; a name stands before the number."""
    (x, y), (to_x, to_y) = start, end
    path = f'<path d="M{x} {y}h64L{to_x} {to_y}" fill="none" stroke="{INK}"/>'
    label = f"{name} = {number(forward)}" if name else number(forward)
    return "\n".join([path, text(x + 8, y - 6, label), text(x + 8, y + 18, number(gradient), SLOPE)])


def node(x: float, y: float, radius: int, words: str) -> str:
    """Draw an operation of the graph."""
    shape = f'<ellipse cx="{x}" cy="{y}" rx="{radius}" ry="{min(radius, 22)}" fill="{BOX}" stroke="{INK}"/>'
    return f"{shape}\n{text(x, y + 5, words, anchor='middle')}"


def box(x: float, y: float, width: int, words: str) -> str:
    """Draw a layer of the network."""
    shape = f'<rect x="{x}" y="{y}" width="{width}" height="46" fill="{BOX}" stroke="{INK}"/>'
    return f"{shape}\n{text(x + width / 2, y + 28, words, anchor='middle')}"


def arrow(start: Point, end: Point, colour: str = INK, *, dashed: bool = False) -> str:
    """Draw a straight arrow along one axis."""
    (x, y), (to_x, to_y) = start, end
    across, down = np.sign(to_x - x), np.sign(to_y - y)
    head = " ".join(
        f"{to_x - 8 * across + side * 4 * down:g},{to_y - 8 * down + side * 4 * across:g}" for side in (-1, 1)
    )
    shaft = f'<path d="M{x} {y}L{to_x} {to_y}" stroke="{colour}" stroke-width="1.5" {DASHED if dashed else ""}/>'
    return f'{shaft}\n<polygon points="{to_x},{to_y} {head}" fill="{colour}"/>'


def mark(x: float, y: float, colour: str, *, square: bool) -> str:
    """Draw a step."""
    if square:
        return f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{colour}"/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'


def legend(x: float, y: float, solid: str, dashed: str, gap: int = 180) -> str:
    """Say what the solid and what the dashed line are."""
    first = f'<path d="M{x} {y}h34" stroke="{FIRST}" stroke-width="2.5"/>\n{text(x + 42, y + 5, solid)}'
    second = f'<path d="M{x + gap} {y}h34" stroke="{SECOND}" stroke-width="2.5" {DASHED}/>'
    return f"{first}\n{second}\n{text(x + gap + 42, y + 5, dashed)}"


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


def _steps(solved: ModuleType, batch_size: int, count: int) -> list[float]:
    """Train on three groups of 20 points that overlap; give the loss of each step's batch."""
    turns = 2.4 * np.arange(20)  # points on a spiral: close to even, and no random numbers
    around = np.stack([np.cos(turns), np.sin(turns)], axis=1) * np.sqrt(np.arange(20) / 8)[:, None]
    X = np.concatenate([around + centre for centre in ((0.0, 1.2), (1.1, -0.7), (-1.1, -0.7))])
    y, rng, velocity = np.repeat(np.arange(3), 20), np.random.default_rng(0), None
    taken: list[float] = []
    net = solved.TwoLayerNet(2, 8, 3, std=0.3)
    while len(taken) < count:
        for xs, ys in solved.iterate_minibatches(X, y, batch_size, rng):
            loss, grads = net.loss(xs, ys)
            taken.append(loss)
            net.params, velocity = solved.sgd_update(net.params, grads, 0.3, 0.0, velocity)
    return taken[:count]


def _descent(solved: ModuleType, momentum: float) -> Floats:
    """Go twelve steps from one place in the valley; give all places."""
    steep = np.array([1.0, 20.0])
    params, velocity, track = {"w": np.array([-9.0, 2.0])}, None, []
    for _ in range(13):
        track.append(params["w"])
        params, velocity = solved.sgd_update(params, {"w": steep * params["w"]}, 0.09, momentum, velocity)
    return np.array(track)


def _solved() -> ModuleType:
    """Import the solved source beside this file, under a name of its own."""
    spec = importlib.util.spec_from_file_location("a3_solved", Path(__file__).with_name("backprop.py"))
    if spec is None or spec.loader is None:
        raise FileNotFoundError("backprop.py: not beside figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
