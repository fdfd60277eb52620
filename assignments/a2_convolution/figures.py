"""Figures of the handout, computed with the solved functions and drawn as SVG text.

`draw()` gives file names and sources; every number in a figure comes out of
`convolution.py`. Colours are from Okabe and Ito's palette, and no figure
relies on colour alone: a window has a thick frame, a border a dashed one.
"""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

CELL = 36
BORDER, WINDOW, PLAIN, INK = "#cfe6f5", "#f6d28b", "#ffffff", "#222222"
IMAGE = np.array([[1, 2, 3, 4, 5], [7, 8, 9, 10, 11], [12, 13, 14, 15, 16]])
KERNEL = np.array([[0, 1, 0], [1, 0, 1], [0, 2, 0]])

Cells = NDArray[np.int64]
Mask = NDArray[np.bool_]


def draw() -> dict[str, str]:
    """Draw all figures.

    Returns:
        file name → SVG source.
    """
    solved = _solved()
    return {
        "rotation.svg": rotation(solved),
        "window.svg": window(solved),
        "modes.svg": modes(solved),
        "stride.svg": stride(solved),
    }


def rotation(solved: ModuleType) -> str:
    """Draw the lecture's kernel, half way and rotated by 180 degrees."""
    steps = (KERNEL, KERNEL[::-1], solved.rotate_kernel(KERNEL))
    names = ("the kernel", "rows flipped", "columns flipped too")
    parts = [
        grid(step, 20 + 190 * place, 40, name) for place, (step, name) in enumerate(zip(steps, names, strict=True))
    ]
    return svg(550, 170, parts)


def window(solved: ModuleType) -> str:
    """Draw the padded lecture image with the rotated kernel over its middle, and the result."""
    padded = solved.pad_image(IMAGE, 1, 1)
    under = np.zeros(padded.shape, dtype=bool)
    under[1:4, 2:5] = True  # the window of result pixel (1, 2)
    result = solved.convolve2d(IMAGE, KERNEL).astype(int)
    hit = np.zeros(result.shape, dtype=bool)
    hit[1, 2] = True
    return svg(
        700,
        270,
        [
            grid(padded, 20, 40, "padded image, window in place", border=_ring(padded, 1, 1), window=under),
            grid(solved.rotate_kernel(KERNEL), 310, 76, "rotated kernel", window=np.ones((3, 3), dtype=bool)),
            grid(result, 460, 76, "result", window=hit),
        ],
    )


def modes(solved: ModuleType) -> str:
    """Draw the row 0 1 2 3 with three columns on each side, in each mode."""
    row = np.arange(4)[None]
    parts = []
    for place, mode in enumerate(solved.MODES):
        padded = solved.pad_image(row, 0, 3, mode)
        y = 16 + 50 * place
        parts += [text(100, y + 24, mode, anchor="end"), grid(padded, 116, y, border=_ring(padded, 0, 3))]
    return svg(500, 270, parts)


def stride(solved: ModuleType) -> str:
    """Draw two neighbouring 4x4 patches of a 6x8 image, two pixels apart."""
    image = np.arange(48).reshape(6, 8)
    patches = solved.extract_patches(image, (4, 4), 2)
    parts = []
    for place in range(2):
        under = np.isin(image, patches[0, place])
        parts.append(grid(image, 20 + 320 * place, 40, f"patch (0, {place})", window=under))
    return svg(640, 280, parts)


def grid(
    cells: Cells, x: int, y: int, title: str = "", *, border: Mask | None = None, window: Mask | None = None
) -> str:
    """Draw numbers in a grid of cells.

    Args:
        cells: (H, W), whole numbers.
        x: left edge.
        y: upper edge.
        title: line above the grid.
        border: (H, W), cells drawn as padding: tinted and dashed.
        window: (H, W), cells drawn as under the window: tinted and thick.
    """
    nowhere = np.zeros(cells.shape, dtype=bool)
    border, window = nowhere if border is None else border, nowhere if window is None else window
    drawn = [text(x, y - 12, title)] if title else []
    order = sorted(np.ndindex(cells.shape), key=lambda at: bool(window[at]))  # thick frames last, over thin ones
    for row, column in order:
        at, left, top = (row, column), x + CELL * column, y + CELL * row
        fill = WINDOW if window[at] else BORDER if border[at] else PLAIN
        frame = 'stroke-width="2.5"' if window[at] else 'stroke-dasharray="3 3"' if border[at] else 'stroke-width="1"'
        drawn.append(
            f'<rect x="{left}" y="{top}" width="{CELL}" height="{CELL}" fill="{fill}" stroke="{INK}" {frame}/>'
        )
        drawn.append(text(left + CELL // 2, top + 24, str(cells[at]), anchor="middle"))
    return "\n".join(drawn)


def text(x: int, y: int, words: str, *, anchor: str = "start") -> str:
    """Write words at a place."""
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


def svg(width: int, height: int, parts: list[str]) -> str:
    """Put drawn parts into a picture with a white ground, so that it reads on a dark page too."""
    size = f'width="{width}" height="{height}"'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}"'
    ground = f'<rect {size} fill="{PLAIN}"/>'
    return "\n".join([f'{opening} font-family="sans-serif" font-size="15">', ground, *parts, "</svg>\n"])


def _ring(padded: Cells, ph: int, pw: int) -> Mask:
    """Mark the padding of an image."""
    ring = np.ones(padded.shape, dtype=bool)
    ring[ph : padded.shape[0] - ph, pw : padded.shape[1] - pw] = False
    return ring


def _solved() -> ModuleType:
    """Import the solved source beside this file, under a name of its own."""
    spec = importlib.util.spec_from_file_location("a2_solved", Path(__file__).with_name("convolution.py"))
    if spec is None or spec.loader is None:
        raise FileNotFoundError("convolution.py: not beside figures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
