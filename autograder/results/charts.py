"""Pictures of a training: curves over the epochs, with a table beside, or plain pixels where no SVG is shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

from autograder.results.pictures import Picture, address, png
from coursekit.curves import Frame, drawn, frame_of, in_words, runs, told

_MOST_ROWS = 8  # of a table
_WIDTH, _HEIGHT, _PEN, _DASH = 320, 160, 2, 8  # pixels
_COLOURS = ((255, 255, 255), (34, 34, 34), (0, 114, 178), (213, 94, 0))  # ground, axes; Okabe and Ito's blue, vermilion
_LOOKS = ("blue", "orange and dashed")


@dataclass(frozen=True)
class Chart:
    """Curves as a picture, and some of their numbers.

    Attributes:
        title: what is drawn, such as "loss".
        source: the picture as a data: address.
        alt: the picture in words.
        names: of the curves.
        rows: epochs, the first and the last among them, each with the number of every curve.
    """

    title: str
    source: str
    alt: str
    names: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def charts(curves: Iterable[Mapping[str, Any]]) -> list[Chart]:
    """Draw how a training went.

    Args:
        curves: as `coursekit.report.Report.curves` gives them.
    """
    return [_chart(one["title"], one["lines"]) for one in curves]


def plots(curves: Iterable[Mapping[str, Any]]) -> list[Picture]:
    """Draw how a training went as pixels, with what they stand for in the caption.

    Args:
        curves: as `coursekit.report.Report.curves` gives them.
    """
    return [_plot(one["title"], one["lines"]) for one in curves]


def _plot(title: str, lines: Mapping[str, Any]) -> Picture:
    frame, codes = frame_of(lines), bytearray(_WIDTH * _HEIGHT)
    codes[-_WIDTH:] = bytes([1]) * _WIDTH
    codes[::_WIDTH] = bytes([1]) * _HEIGHT
    for number, line in enumerate(lines.values()):
        for x, y in (pixel for run in runs(line) for pixel in _pixels(run, frame)):
            if number == 0 or x // _DASH % 2:
                codes[y * _WIDTH + x] = 2 + number
    named = ", ".join(f"{name} is {look}" for name, look in zip(lines, _LOOKS, strict=False))
    scale = f"{frame.low:.4g} to {frame.high:.4g} in {frame.epochs} epochs; {named}"
    return Picture(title, address(png(bytes(codes), _HEIGHT, _WIDTH, _COLOURS)), scale, f"{title}: {in_words(lines)}")


def _pixels(run: list[tuple[int, float]], frame: Frame) -> Iterable[tuple[int, int]]:
    """Give the pixels of a piece of a line."""
    wide, high = _WIDTH - _PEN, _HEIGHT - _PEN
    shares = [frame.share(epoch, number) for epoch, number in run]
    for (x0, y0), (x1, y1) in pairwise((wide * x, high * (1 - y)) for x, y in shares):
        steps = round(max(abs(x1 - x0), abs(y1 - y0))) or 1
        for step, right, down in product(range(steps + 1), range(_PEN), range(_PEN)):
            yield round(x0 + (x1 - x0) * step / steps) + right, round(y0 + (y1 - y0) * step / steps) + down


def _chart(title: str, lines: Mapping[str, Any]) -> Chart:
    source = address(drawn(lines).encode("utf-8"), "svg+xml")
    by_epoch = {name: {epoch: told(number) for epoch, number in line} for name, line in lines.items()}
    epochs = sorted({epoch for line in by_epoch.values() for epoch in line})
    rows = tuple((epoch, tuple(line.get(epoch, "") for line in by_epoch.values())) for epoch in _some(epochs))
    return Chart(title, source, f"{title}: {in_words(lines)}", tuple(lines), rows)


def _some(epochs: list[int]) -> list[int]:
    """Choose a few evenly, the first and the last among them."""
    last = len(epochs) - 1
    return [epochs[place] for place in dict.fromkeys(round(last * row / (_MOST_ROWS - 1)) for row in range(_MOST_ROWS))]
