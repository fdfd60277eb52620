"""Pictures of arrays: real PNGs on scales that everyone can tell apart, with words beside."""

import base64
import io

import numpy as np
import pytest

from autograder.results.pictures import pictures, png
from coursekit.compared import Compared, compared

RAMP = np.arange(20.0).reshape(4, 5)


def _compared(value: float) -> Compared:
    wrong = RAMP.copy()
    wrong[2, 1] = value
    found = compared(wrong, RAMP, wrong != RAMP)
    assert found is not None
    return found


def test_pictures_are_titled_and_put_into_words() -> None:
    """Which numbers the colours stand for, in the caption and in the alternative text."""
    expected, got, difference = pictures(_compared(30.0))

    assert [p.title for p in (expected, got, difference)] == ["expected", "got", "got minus expected"]
    assert got.scale == "0 is black, 30 white"
    assert difference.scale == "-19 is blue, 0 white, 19 orange"
    assert got.alt == "got: 4 by 5 numbers from 0 to 30"


def test_what_went_in_comes_first() -> None:
    """On a scale of its own."""
    given = {**_compared(30.0)["expected"], "name": "image", "shape": [4, 5]}

    first, *others = pictures({**_compared(30.0), "given": given})

    assert (first.title, len(others)) == ("image, as given", 3)


def test_what_lies_beyond_the_scale_is_counted() -> None:
    """Its colour says too little."""
    assert pictures(_compared(1e300))[1].scale == "0 is black, 19 white; 1 beyond these ends"


def test_nan_is_named() -> None:
    """A colour of its own is explained."""
    _, got, _ = pictures(_compared(np.nan))

    assert got.scale == "0 is black, 19 white; NaN is red"
    assert got.alt.endswith(", 1 of them NaN")


def test_another_decoder_reads_the_same_pixels() -> None:
    """The bytes are a PNG."""
    image = pytest.importorskip("PIL.Image", reason="pillow is not installed")
    palette = [(n, 0, 255 - n) for n in range(256)]
    codes = bytes(range(6))

    with image.open(io.BytesIO(png(codes, 2, 3, palette))) as read:
        assert read.size == (3, 2)
        assert [read.convert("RGB").getpixel((n % 3, n // 3)) for n in range(6)] == palette[:6]


def test_the_same_numbers_give_the_same_picture() -> None:
    """And the first pixel of the difference, which is none, is white."""
    image = pytest.importorskip("PIL.Image", reason="pillow is not installed")
    difference = pictures(_compared(30.0))[2].source

    with image.open(io.BytesIO(base64.b64decode(difference.partition(",")[2]))) as read:
        assert read.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
        assert read.convert("RGB").getpixel((1, 2)) == (179, 88, 6)
