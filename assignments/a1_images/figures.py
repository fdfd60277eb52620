"""Figures of the handout, computed with the solved functions and drawn as SVG text.

`draw()` gives file names and sources; every number in a figure comes out of
`images.py`. A cell is painted with its pixel, and the pixel's number stands in
it, so no figure relies on colour alone; what is marked has a thick frame.
"""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

CELL = 34
PLAIN, INK, MARK = "#ffffff", "#222222", "#d55e00"
PLANES = {"R": "#f4c6b0", "G": "#bfe5d5", "B": "#bcd9ec"}  # tints, each with its letter

Array = NDArray[Any]


def draw() -> dict[str, str]:
    """Draw all figures.

    Returns:
        file name → SVG source.
    """
    solved = _solved()
    return {
        "pixels.svg": pixels(solved),
        "channels.svg": channels(solved),
        "rectangle.svg": rectangle(solved),
        "layouts.svg": layouts(solved),
        "lines.svg": lines(solved),
    }


def pixels(solved: ModuleType) -> str:
    """Draw the lecture's image of 3 by 3 pixels and a ramp, as bytes and as floats."""
    dot, ramp = np.full((3, 3), 255, dtype=np.uint8), np.array([[0, 51, 102, 153, 204, 255]], dtype=np.uint8)
    dot[1, 1] = 0
    parts = []
    for place, (title, show) in enumerate((("uint8, 0 to 255", np.asarray), ("float64, 0 to 1", solved.to_float))):
        x = 50 + 330 * place
        parts += [text(x - 30, 24, title), grid(show(dot), x, 66, gray(dot), indices=True)]
        parts.append(grid(show(ramp), x, 200, gray(ramp)))
    return svg(620, 254, parts)


def channels(solved: ModuleType) -> str:
    """Draw the lecture's colour image, and what each channel holds and shows alone."""
    image = colours(solved)
    parts = [grid(None, 16, 40, image, "the image")]
    for channel, name in enumerate(("channel 0: red", "channel 1: green", "channel 2: blue")):
        alone = solved.isolate_channel(image, channel)
        parts.append(grid(image[:, :, channel], 16 + 186 * (channel + 1), 40, alone, name))
    return svg(760, 226, parts)


def rectangle(solved: ModuleType) -> str:
    """Draw a rectangle that is filled in an image of 6 by 9 pixels."""
    image = np.zeros((6, 9, 3), dtype=np.uint8)
    image[:] = 225
    top, left, bottom, right = 1, 2, 4, 7
    filled = solved.draw_rectangle(image, top, left, bottom, right, (0, 255, 0))
    inside = (filled != image).any(axis=2)
    x, y = 130, 66
    parts = [grid(None, x, y, filled, indices=True, marked=inside)]
    for row, words in ((top, f"top = {top}"), (bottom, f"bottom = {bottom}")):
        parts += [
            line(x - 34, y + CELL * row, x, y + CELL * row),
            text(x - 40, y + 5 + CELL * row, words, anchor="end"),
        ]
    for column, words in ((left, f"left = {left}"), (right, f"right = {right}")):
        parts += [line(x + CELL * column, 22, x + CELL * column, y), text(x + 6 + CELL * column, 32, words)]
    return svg(480, 284, parts)


def layouts(solved: ModuleType) -> str:
    """Draw a small image in memory: as HWC, as CHW, and reshaped, which is wrong."""
    image = np.arange(18).reshape(2, 3, 3)  # number n belongs to channel n % 3 of pixel n // 3
    orders = (
        ("HWC, shape (2, 3, 3): the channels of a pixel lie together", image),
        ("CHW, shape (3, 2, 3): hwc_to_chw, the pixels of a channel lie together", solved.hwc_to_chw(image)),
        ("reshape(3, 2, 3), wrong: the right shape, but the order of HWC", image.reshape(3, 2, 3)),
    )
    parts = []
    for place, (title, array) in enumerate(orders):
        y = 44 + 84 * place
        parts.append(text(16, y - 14, title))
        for position, number in enumerate(array.ravel()):
            name = "RGB"[number % 3]
            x = 16 + CELL * position
            parts += [cell(x, y, PLANES[name]), text(x + CELL / 2, y + 22, f"{name}{number // 3}", anchor="middle")]
        for start in range(0, 18, array[0].size):  # a frame around each step along the first axis
            parts.append(frame(16 + CELL * start, y, array[0].size))
    return svg(644, 262, parts)


def lines(solved: ModuleType) -> str:
    """Draw two images of the lecture's data set, and the second one mirrored."""
    images, labels = solved.diagonal_lines()
    first, second = images[0, 0], images[7, 0]
    named = (
        (first, f"images[0], label {labels[0]}"),
        (second, f"images[7], label {labels[7]}"),
        (solved.flip_horizontal(second), "images[7] mirrored"),
    )
    parts = [grid(image, 16 + 210 * place, 40, gray(image), title) for place, (image, title) in enumerate(named)]
    return svg(624, 226, parts)


def colours(solved: ModuleType) -> Array:
    """Stack the lecture's three matrices of 5 by 5 numbers."""
    rows = ((255, 128, 0, 0, 0), (0, 128, 255, 128, 0), (0, 0, 0, 128, 255))
    image: Array = solved.stack_channels(*(np.tile(np.array(row, dtype=np.uint8), (5, 1)) for row in rows))
    return image


def gray(image: Array) -> Array:
    """Give a gray image three equal channels, to paint with."""
    return np.stack([image, image, image], axis=2)


def grid(
    numbers: Array | None,
    x: float,
    y: float,
    paint: Array,
    title: str = "",
    *,
    indices: bool = False,
    marked: Array | None = None,
) -> str:
    """Draw pixels in their colours, with numbers in them.

    Args:
        numbers: (H, W), what stands in the cells; nothing when None.
        x: left edge.
        y: upper edge.
        paint: (H, W, 3), uint8.
        title: line above the grid.
        indices: whether rows and columns are counted along the edges.
        marked: (H, W), cells with a thick frame.
    """
    drawn = [text(x, y - 14, title)] if title else []
    height, width = paint.shape[:2]
    for row, column in np.ndindex(height, width):
        left, top, pixel = x + CELL * column, y + CELL * row, paint[row, column]
        drawn.append(cell(left, top, "#{:02x}{:02x}{:02x}".format(*pixel)))
        if numbers is not None:
            ink = INK if pixel @ (299, 587, 114) > 110_000 else PLAIN  # readable on dark pixels too
            drawn.append(text(left + CELL / 2, top + 22, f"{numbers[row, column]:g}", anchor="middle", colour=ink))
    if indices:
        drawn += [text(x + CELL * (n + 0.5), y - 6, str(n), anchor="middle", size=11) for n in range(width)]
        drawn += [text(x - 6, y + CELL * (n + 0.5) + 4, str(n), anchor="end", size=11) for n in range(height)]
    if marked is not None:
        rows, columns = np.nonzero(marked)
        place = f'x="{x + CELL * columns.min()}" y="{y + CELL * rows.min()}"'
        size = f'width="{CELL * (np.ptp(columns) + 1)}" height="{CELL * (np.ptp(rows) + 1)}"'
        drawn.append(f'<rect {place} {size} fill="none" stroke="{MARK}" stroke-width="4"/>')
    return "\n".join(drawn)


def cell(x: float, y: float, fill: str) -> str:
    """Draw one square."""
    return f'<rect x="{x}" y="{y}" width="{CELL}" height="{CELL}" fill="{fill}" stroke="#888888"/>'


def frame(x: float, y: float, cells: int) -> str:
    """Draw a thick frame around neighbouring cells."""
    size = f'width="{CELL * cells}" height="{CELL}"'
    return f'<rect x="{x}" y="{y}" {size} fill="none" stroke="{INK}" stroke-width="2.5"/>'


def line(x: float, y: float, to_x: float, to_y: float) -> str:
    """Draw a line that marks an edge."""
    return f'<path d="M{x} {y}L{to_x} {to_y}" stroke="{MARK}" stroke-width="2.5"/>'


def text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = INK, size: int = 14) -> str:
    """Write words at a place."""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="{colour}" font-size="{size}">{words}</text>'


def svg(width: int, height: int, parts: list[str]) -> str:
    """Put drawn parts into a picture with a white ground, so that it reads on a dark page too."""
    size = f'width="{width}" height="{height}"'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}"'
    ground = f'<rect {size} fill="{PLAIN}"/>'
    return "\n".join([f'{opening} font-family="sans-serif">', ground, *parts, "</svg>\n"])


def _solved() -> ModuleType:
    """Import the solved source beside this file, under a name of its own."""
    spec = importlib.util.spec_from_file_location("a1_solved", Path(__file__).with_name("images.py"))
    if spec is None or spec.loader is None:
        raise FileNotFoundError("images.py: not beside figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
