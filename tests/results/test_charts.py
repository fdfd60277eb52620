"""Curves as pixels: they lie where their numbers are, and nothing leaves the picture."""

import base64
import io
from typing import Any

import pytest

from autograder.results.charts import plots
from coursekit.curves import Point

image = pytest.importorskip("PIL.Image", reason="pillow is not installed")
BLUE, ORANGE, WHITE = (0, 114, 178), (213, 94, 0), (255, 255, 255)


def _drawn(**lines: list[Point]) -> Any:
    (plot,) = plots([{"title": "loss", "lines": lines}])
    return image.open(io.BytesIO(base64.b64decode(plot.source.partition(",")[2]))).convert("RGB")


def test_a_curve_goes_from_its_first_number_to_its_last() -> None:
    """The largest number is at the top, 0 at the floor, and the axes at the left and below."""
    picture = _drawn(training=[(1, 4.0), (2, 0.0)])

    assert picture.size == (320, 160)
    assert picture.getpixel((0, 0)) == picture.getpixel((319, 159)) == BLUE
    assert picture.getpixel((319, 0)) == WHITE
    assert picture.getpixel((0, 159)) == (34, 34, 34)


def test_a_second_curve_is_dashed_too() -> None:
    """No colour is needed to tell them apart."""
    picture = _drawn(training=[(1, 4.0), (2, 4.0)], validation=[(1, 2.0), (2, 2.0)])
    row = [picture.getpixel((x, 80)) for x in range(16, 48)]

    assert row == [WHITE] * 8 + [ORANGE] * 8 + [WHITE] * 8 + [ORANGE] * 8


@pytest.mark.parametrize(
    "line",
    [
        [(1, 0.0)],
        [(1, -5.0), (2, -5.0)],
        [(1, 1e300), (2, -1e300)],
        [(1, 1.0), (2, None), (3, 3.0)],
        [(epoch, 1.0) for epoch in range(1, 101)],
    ],
    ids=["one", "below 0", "huge", "a gap", "long"],
)
def test_any_curve_stays_in_its_picture(line: list[Point]) -> None:
    """And can be seen."""
    assert BLUE in {colour for _, colour in _drawn(training=line).getcolors()}
