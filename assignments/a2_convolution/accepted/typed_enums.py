"""Types for everything: an enum of modes, frozen slots, a protocol, errors with names; answers are members of enums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum, unique
from fractions import Fraction
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float64]
T = TypeVar("T", bound=np.generic)


class KindError(TypeError):
    """An argument of a wrong kind."""


class SizeError(IndexError, ValueError):
    """An argument of a wrong size; both an IndexError and a ValueError."""


@unique
class Mode(StrEnum):
    """Ways to go on beyond the border."""

    ZERO = "zero"
    REFLECT = "reflect"
    SYMMETRIC = "symmetric"
    EDGE = "edge"
    WRAP = "wrap"

    def period(self, n: int) -> int:
        """Give the number of places after which an axis of n pixels repeats itself."""
        return {Mode.REFLECT: max(2 * n - 2, 1), Mode.SYMMETRIC: 2 * n, Mode.WRAP: n}[self]

    def most(self, n: int, asked: int) -> int:
        """Give the most pixels that this mode can fill."""
        return {Mode.REFLECT: n - 1, Mode.SYMMETRIC: n, Mode.WRAP: n}.get(self, asked)

    def indices(self, n: int, pad: int) -> NDArray[np.intp]:
        """Give the pixels to copy."""
        places = np.arange(-pad, n + pad)
        if self in {Mode.ZERO, Mode.EDGE}:
            return np.minimum(np.maximum(places, 0), n - 1)
        period = self.period(n)
        once = places % period
        return np.where(once < n, once, period - once - (self is Mode.SYMMETRIC))


class Padding(StrEnum):
    """The two kinds of padding."""

    SAME = "same"
    VALID = "valid"


class Pooling(Enum):
    """The two kinds of pooling."""

    MAX = "max"
    AVG = "avg"

    @property
    def reduce(self) -> Callable[..., Any]:
        """Give numpy's function."""
        return {"max": np.max, "avg": np.mean}[self.value]


@runtime_checkable
class SupportsIndex(Protocol):
    """What can be an index, such as int and numpy's integers."""

    def __index__(self) -> int: ...


def integer(value: object, least: int = 1) -> int:
    """Read an integer."""
    if isinstance(value, (bool, np.ndarray)) or not isinstance(value, SupportsIndex):
        raise KindError(f"{value!r} is no integer")
    if value.__index__() < least:
        raise SizeError(f"{value} is less than {least}")
    return value.__index__()


@dataclass(frozen=True, slots=True)
class Real(Generic[T]):
    """An array that was looked at."""

    array: NDArray[T]
    axes: Sequence[int] = ()
    kinds: ClassVar[frozenset[str]] = frozenset("biuf")

    def __post_init__(self: Self) -> None:
        if not isinstance(self.array, np.ndarray) or self.array.dtype.kind not in self.kinds:
            raise KindError(f"{type(self.array)} is no array of real numbers")
        if not self.array.size or (self.axes and self.array.ndim not in self.axes):
            raise SizeError(f"{self.array.shape} does not fit")

    def wide(self) -> NDArray[np.longdouble]:
        """Give the numbers in the widest type there is."""
        return self.array.astype(np.longdouble)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Window:
    """Windows along one axis."""

    pixels: int
    size: int
    padding: int = 0
    stride: int = 1
    count: int = field(init=False)

    def __post_init__(self) -> None:
        pixels, size = integer(self.pixels), integer(self.size)
        room = Fraction(pixels + 2 * integer(self.padding, 0) - size, integer(self.stride))
        if room < 0:
            raise SizeError("the window does not fit")
        object.__setattr__(self, "count", room.__floor__() + 1)

    def at(self, place: int) -> slice:
        """Give the pixels that meet one place of the window."""
        return slice(place, place + (self.count - 1) * self.stride + 1, self.stride)


def same_padding(kernel_shape: tuple[int, int]) -> tuple[int, int]:
    """Halve odd sizes."""
    kh, kw = map(integer, kernel_shape)
    for größe in (kh, kw):
        if größe % 2 == 0:
            raise SizeError(f"{größe} is even")
    return kh // 2, kw // 2


def conv_output_size(n: int, k: int, padding: int = 0, stride: int = 1) -> int:
    """Ask a window for its count."""
    return Window(pixels=n, size=k, padding=padding, stride=stride).count


def pad_image(image: Array, ph: int, pw: int, mode: str = "zero") -> Array:
    """Gather by a mode's indices, in Fortran order."""
    Real(image, (2, 3))
    how = Mode(mode)  # a ValueError for others
    for n, pad in zip(image.shape, (ph, pw)):
        if integer(pad, 0) > how.most(n, pad):
            raise SizeError(f"{how} cannot fill {pad} beside {n}")
    rows, columns = (how.indices(n, int(pad)) for n, pad in zip(image.shape, (ph, pw)))
    padded = np.asfortranarray(image[rows][:, columns])
    if how is Mode.ZERO:
        for axis, pad in enumerate((ph, pw)):
            lines = np.moveaxis(padded, axis, 0)
            lines[:pad], lines[lines.shape[0] - pad :] = 0, 0
    return padded


def rotate_kernel(kernel: Array) -> Array:
    """Flip along both axes."""
    return np.flip(Real(kernel, (2,)).array, axis=(0, 1)).copy()


def extract_patches(image: Array, kernel_shape: tuple[int, int], stride: int = 1) -> Array:
    """Slice for each place in the window; the last axes are put together at the end."""
    Real(image, (2,))
    down, across = (Window(pixels=n, size=k, stride=stride) for n, k in zip(image.shape, kernel_shape, strict=True))
    places = [[image[down.at(i), across.at(j)] for j in range(across.size)] for i in range(down.size)]
    return np.array(places).transpose(2, 3, 0, 1)


def correlate2d(
    image: Array, kernel: Array, padding: str = "valid", mode: str = "zero", stride: int = 1
) -> Floats:
    """Add up in long doubles, from the last weight to the first."""
    values, weights = Real(image, (2,)).wide(), Real(kernel, (2,)).wide()
    match Padding(padding):
        case Padding.SAME:
            values = pad_image(image, *same_padding(kernel.shape), Mode(mode).value).astype(np.longdouble)
        case Padding.VALID:
            pass
    down, across = (Window(pixels=n, size=k, stride=stride) for n, k in zip(values.shape, weights.shape))
    total = np.zeros((down.count, across.count), dtype=np.longdouble)
    for i, j in reversed(list(np.ndindex(*weights.shape))):
        total += weights[i, j] * values[down.at(i), across.at(j)]
    return total.astype(np.float64)


def convolve2d(image: Array, kernel: Array, padding: str = "same", mode: str = "zero", stride: int = 1) -> Floats:
    """Correlate with the rotated kernel."""
    return correlate2d(image, rotate_kernel(kernel), padding=padding, mode=mode, stride=stride)


def convolve_image(image: Array, kernel: Array, mode: str = "zero") -> Floats:
    """Convolve planes, with the channels first, and show them last."""
    Real(image, (2, 3)), Real(kernel, (2,))
    if image.ndim == 2:
        return convolve2d(image, kernel, mode=mode)
    planes = np.array([convolve2d(image[:, :, c], kernel, mode=mode) for c in range(image.shape[2])])
    return planes.transpose(1, 2, 0)


class Sobel(Enum):
    """The two kernels."""

    X = ((1, 0, -1), (2, 0, -2), (1, 0, -1))
    Y = ((1, 2, 1), (0, 0, 0), (-1, -2, -1))

    @property
    def kernel(self) -> Floats:
        """Give the kernel as an array."""
        return np.array(self.value, dtype=np.float64)


def sobel_kernels() -> tuple[Floats, Floats]:
    """Read the enum."""
    return Sobel.X.kernel, Sobel.Y.kernel


def sobel_gradients(gray: Array) -> tuple[Floats, Floats]:
    """Convolve with each."""
    border = "symmetric"  # VARIANT border
    gx, gy = (convolve2d(gray, richtung.kernel, "same", Mode(border)) for richtung in Sobel)
    return gx, gy


def gradient_magnitude(gx: Array, gy: Array) -> Floats:
    """Take square roots of sums of squares, with long doubles between."""
    Δx, Δy = Real(gx).wide(), Real(gy).wide()
    if Δx.shape != Δy.shape:
        raise SizeError("two shapes")
    return np.sqrt(Δx * Δx + Δy * Δy).astype(float)


def gaussian_kernel(size: int, sigma: float) -> Floats:
    """Use long doubles, and take what is left for rounding off the middle."""
    n = integer(size)
    σ = sigma
    if isinstance(σ, (bool, np.bool_)) or not isinstance(σ, (int, float, np.number)):
        raise KindError("σ is a number")
    if n % 2 == 0 or not np.isfinite(σ) or σ <= 0:
        raise SizeError("n is odd, σ above 0")
    r, c = np.ogrid[-(n // 2) : n // 2 + 1, -(n // 2) : n // 2 + 1]
    bell = np.exp(-(r * r + c * c).astype(np.longdouble) / (2 * np.longdouble(σ) ** 2))
    return (bell / bell.sum()).astype(np.float64)


def conv2d_multichannel(x: Array, weight: Array, bias: Array, stride: int = 1, padding: int = 0) -> Floats:
    """Pad by indices into a padded axis, then one tensordot for each place in the kernel."""
    Real(x, (4,)), Real(weight, (4,)), Real(bias, (1,))
    if weight.shape[1] != x.shape[1] or weight.shape[0] != bias.size:
        raise SizeError("channels")
    down, across = (
        Window(pixels=n, size=k, padding=padding, stride=stride) for n, k in zip(x.shape[2:], weight.shape[2:])
    )
    images = x.astype(np.float64).transpose(2, 3, 0, 1)  # (H, W, N, C)
    framed = np.zeros((down.pixels + 2 * padding, across.pixels + 2 * padding, *images.shape[2:]))
    framed[padding : padding + down.pixels, padding : padding + across.pixels] = images
    result = np.zeros((down.count, across.count, x.shape[0], weight.shape[0]))
    for i, j in np.ndindex(down.size, across.size):
        result += np.tensordot(framed[down.at(i), across.at(j)], weight[:, :, i, j].astype(float), axes=(3, 1))
    return (result + bias).transpose(2, 3, 0, 1)


def pool2d(x: Array, size: int, stride: int | None = None, mode: str = "max") -> Floats:
    """Stack the places of a window, reduce over them."""
    Real(x, (4,))
    how = Pooling(mode)
    step = size if stride is None else stride
    down, across = (Window(pixels=n, size=size, stride=step) for n in x.shape[2:])
    places = [x[:, :, down.at(i), across.at(j)] for i in range(down.size) for j in range(across.size)]
    return how.reduce(np.stack(places).astype(np.float64), axis=0)


def conv_parameter_count(
    cin: int, cout: int, k: int | tuple[int, int], bias: bool = True, groups: int = 1
) -> int:
    """Use exact fractions: groups that do not divide leave a denominator."""
    kh, kw = cast(tuple[int, int], k) if isinstance(k, tuple) else (k, k)
    cin, cout, kh, kw, groups = map(integer, (cin, cout, kh, kw, groups))
    inputs, outputs = Fraction(cin, groups), Fraction(cout, groups)
    if inputs.denominator > 1 or outputs.denominator > 1:
        raise SizeError("groups")
    return int(inputs * cout * kh * kw) + (cout if bias else 0)


class Layer(StrEnum):
    """Three layers."""

    CONVOLUTION = "convolution"
    MAX_POOLING = "max pooling"
    FULLY_CONNECTED = "fully connected"


class Common(StrEnum):
    """The two most common paddings."""

    ZERO = "zero"
    REFLECTION = "reflection"


def concept_check() -> dict[str, Any]:
    """Answer with members of enums, which are texts."""
    return {
        "translation_robust_layer": Layer.MAX_POOLING,
        "same_padding_7x7": same_padding((7, 7))[0],
        "kernel_512_to_508": "x".join(2 * [str(512 - 508 + 1)]),
        "pool_504": Window(pixels=504, size=2, stride=2).count,
        "filter_4x4_weights": conv_parameter_count(1, 1, 4, bias=False),
        "nn_conv2d_flips_kernel": False,
        "common_paddings": set(Common),
    }
