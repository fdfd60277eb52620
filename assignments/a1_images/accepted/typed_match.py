"""Everything typed, checks by match statements, errors of its own, names in German, a log and a __main__ at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any, Final, Literal, NamedTuple, TypeAlias, overload

import numpy as np
import numpy.typing as npt

WEIGHTS: Final = (0.2126, 0.7152, 0.0722)  # VARIANT luma.weights



def require_array(value, name, *ndims):
    """Refuse what is no array of real numbers, is empty, or has another number of axes. Given: use it."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a numpy array, got {type(value).__name__}")
    if value.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold integers or floats, got dtype {value.dtype}")
    if value.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {value.shape}")
    if ndims and value.ndim not in ndims:
        raise ValueError(f"{name} must have {' or '.join(map(str, ndims))} axes, got shape {value.shape}")


def require_image(value, name, *ndims):
    """Refuse what `require_array` refuses, and dtypes that images do not have. Given: use it."""
    require_array(value, name, *ndims)
    if isinstance(value, np.ndarray) and value.dtype not in (np.uint8, np.float32, np.float64):
        raise TypeError(f"{name} must be uint8, float32 or float64, got dtype {value.dtype}")


def require_unit_range(image, name):
    """Refuse floats outside 0 to 1, NaN among them; uint8 is fine as it is. Given: use it."""
    if image.dtype != np.uint8 and not (np.min(image) >= 0 and np.max(image) <= 1):  # a NaN satisfies neither
        raise ValueError(f"{name} must hold floats from 0 to 1")


def require_int(value, name, least, most):
    """Refuse what is no integer, or outside least to most, both included. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be {least} to {most}, got {value}")


def require_pixel(value, name, image):
    """Refuse a number that no pixel of this image may have. Given: use it."""
    if image.dtype == np.uint8:
        require_int(value, name, 0, 255)
        return
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be 0 to 1, got {value}")


def diagonal_lines(size=5, count=300, seed=13):
    """Draw the lecture's data set: images of one white line each, straight or diagonal. Given."""
    generator = np.random.RandomState(seed)  # the lecture's numbers come from this old generator
    starts = generator.randint(1 - size, size, size=count)  # above 0: a row; else a column, as a negative number
    kinds = generator.randint(0, 3, size=count)  # 0: straight, 1: diagonal upwards, 2: diagonal downwards
    images = np.zeros((count, 1, size, size), dtype=np.uint8)
    row, column = np.indices((size, size))
    for image, start, kind in zip(images[:, 0], starts, kinds, strict=True):
        begin = start if start or not kind else -1  # no diagonal begins in the corner
        if kind == 0:
            line = row == begin if begin > 0 else column == -begin
        elif kind == 1:
            line = row + column == (begin if begin > 0 else size - 1 - begin)
        else:
            line = row - column == begin
        image[line] = 255
    return images, (kinds > 0).astype(np.int64)


Bild: TypeAlias = npt.NDArray[Any]
Achsen: TypeAlias = tuple[int, ...]

protokoll = logging.getLogger("bilder")


class FalscheArt(TypeError):
    """Eine falsche Art von Argument."""


class FalscherWert(ValueError):
    """Ein falscher Wert; auch als Schlüsselfehler lesbar."""


class Farbe(IntEnum):
    """Die drei Kanäle."""

    ROT = 0
    GRÜN = 1
    BLAU = 2


class Größe(NamedTuple):
    """Höhe, Breite und Tiefe eines Bildes."""

    höhe: int
    breite: int
    tiefe: int = 1


def größe(bild: Bild) -> Größe:
    """Lies die Größe ab."""
    match bild:
        case np.ndarray(size=0):
            raise FalscherWert("leeres Bild")
        case np.ndarray(dtype=art) if art.kind not in "iuf":
            raise FalscheArt(f"keine Zahlen: {art}")
        case np.ndarray(shape=(höhe, breite)):
            return Größe(höhe, breite)
        case np.ndarray(shape=(höhe, breite, tiefe)):
            return Größe(höhe, breite, tiefe)
        case np.ndarray(ndim=achsen):
            raise FalscherWert(f"zwei oder drei Achsen, nicht {achsen}")
        case _:
            raise FalscheArt("kein Array")


def art(bild: object) -> Literal["uint8", "float32", "float64"]:
    """Nenne die Art der Pixel, mit Prüfung."""
    match bild:
        case np.ndarray(size=0):
            raise FalscherWert("leeres Bild")
        case np.ndarray(dtype=np.dtype(name="uint8" | "float32" | "float64" as name)):
            return name
        case np.ndarray(dtype=andere):
            raise FalscheArt(f"{andere} ist kein Bild")
        case _:
            raise FalscheArt("kein Array")


def weiß(bild: Bild) -> int:
    """Nenne den hellsten Wert, mit Prüfung der Werte."""
    match art(bild):
        case "uint8":
            return 255
        case _ if np.logical_and(bild >= 0, bild <= 1).all():
            return 1
        case _:
            raise FalscherWert("außerhalb von 0 bis 1")


def ganze(zahl: object) -> int:
    """Prüfe eine ganze Zahl."""
    match zahl:
        case bool():
            raise FalscheArt("ein Wahrheitswert")
        case int() | np.integer():
            return int(zahl)
        case _:
            raise FalscheArt("keine ganze Zahl")


def kanal(bild: Bild, nummer: object) -> Farbe:
    """Prüfe ein RGB-Bild und einen Kanal."""
    art(bild)
    if größe(bild).tiefe != 3 or bild.ndim != 3:
        raise FalscherWert("kein RGB-Bild")
    return Farbe(ganze(nummer))  # ein ValueError für andere


def pixel(wert: object, bild: Bild) -> Any:
    """Prüfe einen Wert für ein Bild."""
    match art(bild), wert:
        case _, bool():
            raise FalscheArt("ein Wahrheitswert")
        case "uint8", int() | np.integer():
            grenze = 255
        case "float32" | "float64", int() | float() | np.integer() | np.floating():
            grenze = 1
        case _:
            raise FalscheArt("keine Zahl für dieses Bild")
    if not 0 <= wert <= grenze:  # auch NaN
        raise FalscherWert("außerhalb")
    return bild.dtype.type(wert)


def describe_image(image: Bild) -> dict[str, Any]:
    """Beschreibe ein Bild."""
    h, b, t = größe(image)
    wandle: type[float] | type[int] = float if np.issubdtype(image.dtype, np.floating) else int
    return {
        "height": h,
        "width": b,
        "channels": t,
        "dtype": image.dtype.name,
        "min": wandle(np.min(image)),
        "max": wandle(np.max(image)),
    }


def to_float(image: Bild) -> npt.NDArray[np.float64]:
    """Teile durch Weiß."""
    hell = weiß(image)
    protokoll.debug("Weiß ist %s", hell)
    return np.float64(1) * image / hell if image.ndim else np.array(image / hell, dtype=np.float64)


def to_uint8(image: Bild) -> npt.NDArray[np.uint8]:
    """Runde, dann schneide ab: in umgekehrter Reihenfolge dasselbe."""
    match art(image):
        case "uint8":
            return image.__copy__()
        case _ if not np.isfinite(image).all():
            raise FalscherWert("nicht endlich")
        case _:
            stufen = np.floor(image.astype(np.longdouble) * 255 + 0.5)
            return stufen.clip(0, 255).astype("u1")


def gray_to_rgb(gray: Bild) -> Bild:
    """Baue Zeile für Zeile."""
    match größe(gray):
        case Größe(höhe, breite, 1):
            ebene = gray.reshape(höhe, breite)
            return np.stack([np.column_stack([zeile] * 3) for zeile in ebene])
        case _:
            raise FalscherWert("kein graues Bild")


def set_channel(image: Bild, channel: int, value: float) -> Bild:
    """Setze einen Kanal."""
    nummer, farbe = kanal(image, channel), pixel(value, image)
    ebenen: dict[Farbe, Bild] = {name: image[..., name] for name in Farbe}
    ebenen[nummer] = np.full(image.shape[:2], farbe)
    return np.stack([*ebenen.values()], axis=-1)


def isolate_channel(image: Bild, channel: int) -> Bild:
    """Behalte einen Kanal."""
    match kanal(image, channel):
        case Farbe.ROT:
            muster = (1, 0, 0)
        case Farbe.GRÜN:
            muster = (0, 1, 0)
        case Farbe.BLAU:
            muster = (0, 0, 1)
    return (image * np.asarray(muster, image.dtype)).astype(image.dtype)


def stack_channels(red: Bild, green: Bild, blue: Bild) -> Bild:
    """Lege drei Ebenen übereinander."""
    for ebene in (red, green, blue):
        größe(ebene)
        if ebene.ndim == 3:
            raise FalscherWert("eine Ebene hat zwei Achsen")
    match {red.dtype, green.dtype, blue.dtype}, {red.shape, green.shape, blue.shape}:
        case arten, _ if len(arten) > 1:
            raise FalscheArt("verschiedene Arten")
        case _, formen if len(formen) > 1:
            raise FalscherWert("verschiedene Formen")
    return np.concatenate([red[..., None], green[..., None], blue[..., None]], axis=Farbe.BLAU)


def draw_rectangle(image: Bild, top: int, left: int, bottom: int, right: int, color: Sequence[float]) -> Bild:
    """Male Pixel für Pixel ein Rechteck."""
    art(image)
    maße = größe(image)
    oben, links, unten, rechts = map(ganze, (top, left, bottom, right))
    if not 0 <= oben < unten <= maße.höhe or not 0 <= links < rechts <= maße.breite:
        raise FalscherWert("kein Rechteck im Bild")
    match color:
        case tuple() | list() if len(color) == maße.tiefe:
            farbe = [pixel(wert, image) for wert in color]
        case tuple() | list():
            raise FalscherWert("ein Wert für jeden Kanal")
        case _:
            raise FalscheArt("Tupel oder Liste")
    gemalt = image.copy()
    for ort in _orte(oben, links, unten, rechts):
        gemalt[ort] = farbe if image.ndim == 3 else farbe[0]
    return gemalt


def _orte(oben: int, links: int, unten: int, rechts: int) -> Iterator[tuple[int, int]]:
    for zeile in range(oben, unten):
        yield from ((zeile, spalte) for spalte in range(links, rechts))


def rgb_to_grayscale(image: Bild, weights: Sequence[float] = WEIGHTS) -> npt.NDArray[np.float64]:
    """Mische die Kanäle mit tensordot, größtes Gewicht zuerst."""
    kanal(image, 0)
    match weights:
        case [r, g, b] if all(0 <= gewicht < float("inf") for gewicht in (r, g, b)):
            gemischt = np.tensordot(image.astype(np.float64), np.array([[r], [g], [b]], dtype=np.float64), axes=1)
            return gemischt[..., 0]
        case _:
            raise FalscherWert("drei endliche Gewichte")


def invert(image: Bild) -> Bild:
    """Kehre um."""
    hell = weiß(image)
    umgekehrt = hell - image.astype(np.float64) if hell == 1 else hell - image.astype(np.int16)
    return np.asarray(umgekehrt).astype(image.dtype)


def adjust_brightness(image: Bild, delta: float) -> Bild:
    """Mache heller oder dunkler."""
    hell = weiß(image)
    match delta:
        case bool() | str() | bytes() | None:
            raise FalscheArt("keine Zahl")
        case int() | float() | np.number() if np.isfinite(delta):
            schritt = min(max(delta, -hell), hell)
        case int() | float() | np.number():
            raise FalscherWert("nicht endlich")
        case _:
            raise FalscheArt("keine Zahl")
    breit = np.int32 if hell == 255 else np.float64
    return np.maximum(0, np.minimum(hell, image.astype(breit) + breit(schritt))).astype(image.dtype)


def flip_horizontal(image: Bild) -> Bild:
    """Spiegle: Spalte b - 1 - s kommt nach s."""
    breite = größe(image).breite
    return np.stack([image[:, breite - 1 - spalte] for spalte in range(breite)], axis=1)


def crop(image: Bild, top: int, left: int, height: int, width: int) -> Bild:
    """Schneide aus."""
    maße = größe(image)
    oben, links, hoch, breit = map(ganze, (top, left, height, width))
    if min(oben, links) < 0 or min(hoch, breit) < 1:
        raise FalscherWert("kein Rechteck")
    zeilen, spalten = slice(oben, oben + hoch), slice(links, links + breit)
    if zeilen.stop > maße.höhe or spalten.stop > maße.breite:
        raise FalscherWert("außerhalb des Bildes")
    return image[zeilen, spalten].copy()


@overload
def _zahlen(zahlen: float, bild: Bild) -> npt.NDArray[np.float64]: ...
@overload
def _zahlen(zahlen: Sequence[float], bild: Bild) -> npt.NDArray[np.float64]: ...
def _zahlen(zahlen, bild):
    match zahlen:
        case list() | tuple() if bild.ndim == 2 or len(zahlen) != bild.shape[-1]:
            raise FalscherWert("eine Zahl für jeden Kanal")
        case list() | tuple() | int() | float() | np.number():
            feld = np.asarray(zahlen, dtype=np.float64)
        case _:
            raise FalscheArt("Zahlen")
    if not np.isfinite(feld).all():
        raise FalscherWert("nicht endlich")
    return feld


def normalize(image: Bild, mean: float | Sequence[float], std: float | Sequence[float]) -> npt.NDArray[np.float64]:
    """Ziehe den Mittelwert ab, teile durch die Abweichung."""
    match image:
        case np.ndarray() if art(image) == "uint8":
            raise FalscheArt("erst to_float")
        case np.ndarray(ndim=2 | 3 | 4):
            mittel, abweichung = _zahlen(mean, image), _zahlen(std, image)
        case np.ndarray():
            raise FalscherWert("zwei bis vier Achsen")
        case _:
            raise FalscheArt("kein Array")
    if (abweichung <= 0).any():
        raise FalscherWert("Abweichung über 0")
    return (image.astype(np.float64) - mittel) / abweichung


def _permutiert(bilder: Bild, *achsen: int) -> Bild:
    match bilder:
        case np.ndarray(dtype=np.dtype(kind="i" | "u" | "f"), ndim=anzahl) if bilder.size and anzahl == len(achsen):
            return bilder.transpose(achsen).copy()
        case np.ndarray(dtype=np.dtype(kind="i" | "u" | "f")):
            raise FalscherWert("leer, oder andere Achsen")
        case _:
            raise FalscheArt("kein Array von Zahlen")


def hwc_to_chw(image: Bild) -> Bild:
    """Kanäle nach vorn."""
    return _permutiert(image, 2, 0, 1)


def nhwc_to_nchw(images: Bild) -> Bild:
    """Kanäle vor die Zeilen."""
    return _permutiert(images, 0, 3, 1, 2)


def nchw_to_nhwc(images: Bild) -> Bild:
    """Kanäle nach hinten."""
    return _permutiert(images, 0, 2, 3, 1)


def flatten_images(images: Bild) -> Bild:
    """Schreibe jedes Bild als Zeile."""
    match images:
        case np.ndarray(ndim=0 | 1):
            raise FalscherWert("zwei Achsen oder mehr")
        case np.ndarray(shape=(anzahl, *_), ndim=achsen):
            return _permutiert(images, *range(achsen)).reshape(anzahl, -1)
        case _:
            raise FalscheArt("kein Array")


def concept_check() -> dict[str, Any]:
    """Antworte."""
    anwendungen = """
        autonomous vehicles
        facial recognition
        medical imaging
        robotics
        security
        virtual reality
    """
    return dict(
        layout_pytorch="NCHW",
        layout_tensorflow="NHWC",
        layout_pil="HWC",
        rgb_1080p_square_values=1_080 * 1_080 * len(Farbe),
        uint8_range=[0, 0xFF],
        cv_definition_output="meaningful information",
        applications={zeile.strip() for zeile in anwendungen.strip().splitlines()},
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)
    bilder, marken = diagonal_lines()
    print(describe_image(bilder[0, 0]), marken[:10])
