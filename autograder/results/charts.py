"""Pictures of a training: curves over the epochs, with a table beside."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from coursekit.curves import drawn, in_words, told

_MOST_ROWS = 8  # of a table


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


def _chart(title: str, lines: Mapping[str, Any]) -> Chart:
    source = base64.b64encode(drawn(lines).encode("utf-8")).decode("ascii")
    by_epoch = {name: {epoch: told(number) for epoch, number in line} for name, line in lines.items()}
    epochs = sorted({epoch for line in by_epoch.values() for epoch in line})
    rows = tuple((epoch, tuple(line.get(epoch, "") for line in by_epoch.values())) for epoch in _some(epochs))
    return Chart(title, f"data:image/svg+xml;base64,{source}", f"{title}: {in_words(lines)}", tuple(lines), rows)


def _some(epochs: list[int]) -> list[int]:
    """Choose a few evenly, the first and the last among them."""
    last = len(epochs) - 1
    return [epochs[place] for place in dict.fromkeys(round(last * row / (_MOST_ROWS - 1)) for row in range(_MOST_ROWS))]
