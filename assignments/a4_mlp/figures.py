"""Figures of the handout, drawn as SVG text.

`draw()` gives file names and sources. The numbers in them are computed here, in numpy, so that no torch is needed to
build a kit; only the accuracies were measured, on all of MNIST, and stand in a table. Colours are from Okabe and
Ito's palette, and no figure relies on colour alone: lines are dashed or named, a crossed-out circle is a zero.
Coordinates have one decimal: the last digits of an exponential differ from machine to machine, the picture may not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

FIRST, SECOND, PLAIN, INK, FAINT, BOX = "#0072b2", "#d55e00", "#ffffff", "#222222", "#bbbbbb", "#cfe6f5"
DASHED = 'stroke-dasharray="7 4"'
DOTTED = 'stroke-dasharray="2 4"'
MIXED = 'stroke-dasharray="10 4 2 4"'
SLOPE = f'fill="{SECOND}" font-style="italic" font-weight="bold"'
NUMBERED = 'fill="#555555" font-size="13"'

# Share of the 10,000 test images that is right after each epoch. 60,000 training images, pixels from 0 to 1, seed 0.
RELU_128 = {  # 784-128-10, SGD with lr 0.1, batches of 64
    "correct": (0.9280, 0.9435, 0.9576, 0.9625, 0.9665),
    "softmax twice": (0.8263, 0.9029, 0.9130, 0.9215, 0.9245),
    "NLLLoss on probabilities": (0.7559, 0.7644, 0.8332, 0.8421, 0.8438),
    "no zero_grad": (0.1300, 0.1017, 0.1163, 0.0990, 0.1151),
}
SLIDE = {  # 784-64-10 with a sigmoid, SGD with lr 0.001, batches of 32
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
    """Draw the digits of the gate, cut into three parts, and what each part is for."""
    parts, left = [text(16, 24, "10,000 digits of the kit, cut by split_indices"), text(560, 24, "digits you do not have")], 16.0
    uses = (
        ("training", *cut(10_000, (9, 1))[:1], 360, BOX, ("new order in each epoch,", "or a balanced sampler;", "flipped by chance"), "train_step: moves weights"),
        ("validation", *cut(10_000, (9, 1))[1:], 150, "#fbe3cf", ("always the same order,", "every image, never", "augmented"), "evaluate: best epoch,\nlearning rate, width"),
        ("test", 2_000, 150, "#e6e6e6", ("as they are",), "evaluate, once:\nthe final number"),
    )
    for name, count, width, colour, how, what in uses:
        start = left if name != "test" else 560.0
        parts.append(f'<rect x="{start}" y="36" width="{width}" height="50" fill="{colour}" stroke="{INK}"/>')
        parts.append(text(start + width / 2, 66, f"{name}: {count:,}", anchor="middle"))
        parts += [text(start + width / 2, 112 + 20 * line, words, NUMBERED, anchor="middle") for line, words in enumerate(how)]
        parts.append(arrow((start + width / 2, 162), (start + width / 2, 190)))
        parts += [text(start + width / 2, 210 + 20 * line, words, anchor="middle") for line, words in enumerate(what.split("\n"))]
        left += width + 2
    return svg(730, 246, parts)
