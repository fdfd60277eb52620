"""Loss curves as SVG text, drawn without a plotting library."""

from collections.abc import Mapping, Sequence

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 640, 360, 60, 40, 20
_STYLES = (("#0072b2", ""), ("#d55e00", "8 4"))  # Okabe and Ito's blue and vermilion; the second is dashed too


def loss_curves(curves: Mapping[str, Sequence[float]]) -> str:
    """Draw up to two curves over the epochs.

    Args:
        curves: name → a finite number for each epoch; all of the same length, at least 1.

    Returns:
        The SVG's source, with the last numbers in words for who cannot see it.
    """
    highest = max((max(values) for values in curves.values()), default=1.0) or 1.0
    epochs = max(map(len, curves.values()))
    parts = [_axes(epochs, highest)]
    for place, ((name, values), (color, dashes)) in enumerate(zip(curves.items(), _STYLES, strict=False)):
        points = " ".join(f"{_x(i, epochs):.1f},{_y(value, highest):.1f}" for i, value in enumerate(values, 1))
        look = f'stroke="{color}" stroke-width="2" stroke-dasharray="{dashes}"'
        parts.append(f'<polyline points="{points}" fill="none" {look}/>')
        y = _TOP + 18 * place
        parts.append(f'<line x1="{_WIDTH - 200}" y1="{y}" x2="{_WIDTH - 170}" y2="{y}" {look}/>')
        parts.append(f'<text x="{_WIDTH - 162}" y="{y + 5}">{name}</text>')
    said = "; ".join(f"{name} {values[-1]:.4g} after {len(values)} epochs" for name, values in curves.items())
    size = f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="sans-serif" font-size="14">'
    ground = f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>'
    return "\n".join([opening, f"<title>{said}</title>", ground, *parts, "</svg>\n"])


def _axes(epochs: int, highest: float) -> str:
    floor, right = _HEIGHT - _BOTTOM, _WIDTH - 20
    lines = f"M{_LEFT},{_TOP} V{floor} H{right}"
    return "\n".join(
        [
            f'<path d="{lines}" fill="none" stroke="#222222"/>',
            f'<text x="{_LEFT - 8}" y="{_TOP + 5}" text-anchor="end">{highest:.3g}</text>',
            f'<text x="{_LEFT - 8}" y="{floor + 5}" text-anchor="end">0</text>',
            f'<text x="{right}" y="{floor + 20}" text-anchor="end">epoch {epochs}</text>',
        ]
    )


def _x(epoch: int, epochs: int) -> float:
    return _LEFT + (_WIDTH - 20 - _LEFT) * (epoch - 1) / max(1, epochs - 1)


def _y(value: float, highest: float) -> float:
    return _HEIGHT - _BOTTOM - (_HEIGHT - _BOTTOM - _TOP) * value / highest
