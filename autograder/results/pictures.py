"""Pictures of arrays that a public test compared: small PNGs on colour-blind-safe scales, in words as well."""

import base64
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from coursekit.compared import STEPS

_Colour = tuple[int, int, int]
_BLACK, _WHITE, _RED = (0, 0, 0), (255, 255, 255), (204, 51, 17)
_BLUE, _ORANGE = (33, 102, 172), (179, 88, 6)
_HALF = STEPS // 2


@dataclass(frozen=True)
class Picture:
    """A plane of numbers as a picture.

    Attributes:
        title: "image, as given", "expected", "got" or "got minus expected".
        source: the image as a data: address.
        scale: which numbers the colours stand for.
        alt: the picture in words.
    """

    title: str
    source: str
    scale: str
    alt: str


def pictures(compared: Mapping[str, Any], side: int = 0) -> list[Picture]:
    """Draw what went in, what was expected, what came, and the difference.

    Args:
        compared: as `coursekit.compared` gives it.
        side: pixels of the longer side, at least about; for readers that would blur a pixel for each number.
    """
    grey, diverging = _fade(_BLACK, _WHITE, STEPS), [*_fade(_BLUE, _WHITE, _HALF), *_fade(_WHITE, _ORANGE, _HALF + 1)]
    kinds = (("expected", "expected", grey), ("got", "actual", grey), ("got minus expected", "difference", diverging))
    drawn = [_picture(title, compared[name], compared["shape"], palette, side) for title, name, palette in kinds]
    given = compared["given"]
    return [_picture(f"{given['name']}, as given", given, given["shape"], grey, side), *drawn] if given else drawn


def png(codes: bytes, height: int, width: int, palette: Iterable[_Colour]) -> bytes:
    """Encode one byte for each pixel, with a palette.

    Source:
        Portable Network Graphics (PNG) Specification, third edition, sections 5 and 11.
    """
    rows = b"".join(b"\0" + codes[row * width : (row + 1) * width] for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = b"".join(map(bytes, palette))
    chunks = ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def address(image: bytes, kind: str = "png") -> str:
    """Write an image as an address that holds it: a PNG, or another kind of `image/…`."""
    return f"data:image/{kind};base64,{base64.b64encode(image).decode('ascii')}"


def _picture(
    title: str, plane: Mapping[str, Any], shape: tuple[int, int], palette: list[_Colour], side: int
) -> Picture:
    (height, width), times = shape, max(1, side // max(shape))
    codes, low, high = base64.b64decode(plane["codes"]), plane["low"], plane["high"]
    blank = codes.count(STEPS)
    ends = f"{low} is black, {high} white" if palette[0] == _BLACK else f"{low} is blue, 0 white, {high} orange"
    beyond = f"; {plane['beyond']} beyond these ends" if plane["beyond"] else ""
    scale = ends + beyond + ("; NaN is red" if blank else "")
    alt = f"{title}: {height} by {width} numbers from {low} to {high}" + (f", {blank} of them NaN" if blank else "")
    image = png(_enlarged(codes, width, times), times * height, times * width, [*palette, _RED])
    return Picture(title, address(image), scale, alt)


def _enlarged(codes: bytes, width: int, times: int) -> bytes:
    """Make a square of each pixel."""
    rows = (codes[start : start + width] for start in range(0, len(codes), width))
    return b"".join(bytes(code for code in row for _ in range(times)) * times for row in rows)


def _fade(one: _Colour, other: _Colour, steps: int) -> list[_Colour]:
    """Mix two colours, from the one to the other."""
    shares = [step / (steps - 1) for step in range(steps)]
    red, green, blue = ([round(a + (b - a) * share) for share in shares] for a, b in zip(one, other, strict=True))
    return list(zip(red, green, blue, strict=True))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
