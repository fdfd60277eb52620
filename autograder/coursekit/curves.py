"""Curves of a training: plain data of bounded size, and SVG text drawn of it without a plotting library."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

Point = tuple[int, float | None]  # an epoch, from 1, and its number; None where there is no finite one
Curves = Mapping[str, Sequence[Point]]
_MOST_POINTS, _LARGEST = 100, 1e300
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT, _LEGEND = 640, 360, 70, 50, 20, 20, 210
_STYLES = (("#0072b2", ""), ("#d55e00", "8 4"))  # Okabe and Ito's blue and vermilion; the second is dashed too


def points(values: object) -> list[Point]:
    """Make a curve of what a training noted.

    Args:
        values: a list with a number for each epoch; the student's, so of any kind and length.

    Returns:
        At most 100 epochs, the first and the last among them; none where no number is finite.
    """
    if not isinstance(values, (list, tuple)) or not values:
        return []
    last = len(values) - 1
    epochs = dict.fromkeys(round(last * step / (_MOST_POINTS - 1)) for step in range(_MOST_POINTS))
    found = [(epoch + 1, _number(values[epoch])) for epoch in epochs]
    return found if any(number is not None for _, number in found) else []


def loss_curves(curves: Mapping[str, Sequence[float]]) -> str:
    """Draw up to two curves over the epochs.

    Args:
        curves: name → a finite number for each epoch, at least one.

    Returns:
        The SVG's source; see `drawn`.
    """
    return drawn({name: [*enumerate(values, 1)] for name, values in curves.items()})


def drawn(curves: Curves) -> str:
    """Draw up to two curves over the epochs.

    Args:
        curves: name → its points, as `points` gives them; at least one of them with a number.

    Returns:
        The SVG's source, with the last numbers in words for who cannot see it.
    """
    frame = frame_of(curves)
    parts = [_axes(frame)]
    for place, ((name, line), (color, dashes)) in enumerate(zip(curves.items(), _STYLES, strict=False)):
        look = f'stroke="{color}" stroke-width="2" stroke-linecap="round" stroke-dasharray="{dashes}"'
        parts += [f'<polyline points="{_places(run, frame)}" fill="none" {look}/>' for run in runs(line)]
        x, y = _LEFT + _LEGEND * place, _HEIGHT - 22
        parts.append(f'<line x1="{x}" y1="{y}" x2="{x + 30}" y2="{y}" {look}/>')
        parts.append(f'<text x="{x + 40}" y="{y + 6}">{escape(name)}</text>')
    size = f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="sans-serif" font-size="18">'
    ground = f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>'
    return "\n".join([opening, f"<title>{escape(in_words(curves))}</title>", ground, *parts, "</svg>\n"])


def in_words(curves: Curves) -> str:
    """Say where each curve ends."""
    ends = {name: line[-1] for name, line in curves.items()}
    return "; ".join(f"{name} {told(number)} after epoch {epoch}" for name, (epoch, number) in ends.items())


def told(number: float | None) -> str:
    """Write a number of a curve."""
    return "no number" if number is None else f"{number:.4g}"


@dataclass(frozen=True)
class Frame:
    """What a picture's edges stand for.

    Attributes:
        epochs: the last epoch; the first is 1.
        low: the number at the floor, 0 or less.
        high: the number at the top.
    """

    epochs: int
    low: float
    high: float

    def share(self, epoch: int, number: float) -> tuple[float, float]:
        """Say where a point is, from the lower left corner: shares of width and height, 0 to 1."""
        return (epoch - 1) / max(1, self.epochs - 1), (number - self.low) / (self.high - self.low)


def frame_of(curves: Curves) -> Frame:
    """Choose edges that hold 0 and all numbers."""
    known = [number for line in curves.values() for _, number in line if number is not None]
    low, high = min(0.0, *known), max(0.0, *known)
    return Frame(max(line[-1][0] for line in curves.values()), low, high if high > low else low + 1)


def runs(line: Sequence[Point]) -> Iterator[list[tuple[int, float]]]:
    """Give the pieces of a line between missing numbers; a lone point twice, so that it is seen."""
    for missing, run in groupby(line, key=lambda point: point[1] is None):
        if not missing:
            known = [(epoch, number or 0.0) for epoch, number in run]
            yield known if len(known) > 1 else known * 2


def _places(run: Sequence[tuple[int, float]], frame: Frame) -> str:
    """Write the points of a piece as SVG wants them."""
    shares = [frame.share(epoch, number) for epoch, number in run]
    wide, high = _WIDTH - _RIGHT - _LEFT, _HEIGHT - _BOTTOM - _TOP
    return " ".join(f"{_LEFT + wide * x:.1f},{_TOP + high * (1 - y):.1f}" for x, y in shares)


def _axes(frame: Frame) -> str:
    floor, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    lines = f"M{_LEFT},{_TOP} V{floor} H{right}"
    return "\n".join(
        [
            f'<path d="{lines}" fill="none" stroke="#222222"/>',
            f'<text x="{_LEFT - 8}" y="{_TOP + 6}" text-anchor="end">{frame.high:.3g}</text>',
            f'<text x="{_LEFT - 8}" y="{floor + 6}" text-anchor="end">{frame.low:.3g}</text>',
            f'<text x="{right}" y="{_HEIGHT - 16}" text-anchor="end">epoch {frame.epochs}</text>',
        ]
    )


def _number(value: object) -> float | None:
    """Give a finite number with five digits; None for all else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= _LARGEST:
        return None
    return float(f"{value:.5g}")
