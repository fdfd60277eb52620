"""Recursion and generators: a ring of padding at a time, windows that are yielded, kernels halved until one weight is left."""

from __future__ import annotations

import itertools
import logging
import numbers
from collections import deque
from functools import cache

import numpy as np

log = logging.getLogger(__name__)


def checked(value, *axes):
    """Yield nothing, raise what is wrong, give the value back."""
    if not isinstance(value, np.ndarray):
        raise TypeError("expected an array")
    if not (value.dtype.kind == "b" or np.issubdtype(value.dtype, np.integer) or np.issubdtype(value.dtype, np.floating)):
        raise TypeError("expected real numbers")
    if value.size == 0 or (axes and value.ndim not in axes):
        raise ValueError(f"unexpected shape {value.shape}")
    return value


def whole(value, least):
    """Give an int back."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Integral):
        raise TypeError("expected an integer")
    if value < least:
        raise ValueError(f"expected {least} or more")
    return int(value)


@cache
def _middle(size):
    """Walk in from both ends."""
    if size <= 0:
        raise ValueError("no middle")
    return 0 if size == 1 else 1 + _middle(size - 2)


def same_padding(kernel_shape):
    """Find both middles; whole numbers first, since True and 1.0 are cached like 1."""
    kh, kw = (whole(size, 1) for size in kernel_shape)
    return _middle(kh), _middle(kw)


def starts(n, k, padding=0, stride=1):
    """Yield where windows begin."""
    start = -padding
    while start + k <= n + padding:
        yield start
        start += stride


def conv_output_size(n, k, padding=0, stride=1):
    """Exhaust the generator."""
    n, k, padding, stride = whole(n, 1), whole(k, 1), whole(padding, 0), whole(stride, 1)
    number = 0
    for number, _ in enumerate(starts(n, k, padding, stride), 1):
        pass
    if not number:
        raise ValueError("the window does not fit")
    return number


def source(i, n, mode):
    """Find the pixel that stands at place i, by one reflection or one step round."""
    if 0 <= i < n or mode == "zero":
        return i
    if mode == "edge":
        return 0 if i < 0 else n - 1
    if mode == "wrap":
        return source(i + n if i < 0 else i - n, n, mode)
    extra = 1 if mode == "symmetric" else 0
    return source(-extra - i if i < 0 else 2 * (n - 1) + extra - i, n, mode)


def pad_image(image, ph, pw, mode="zero"):
    """Append rows on both sides of a deque of rows, a pair at a time, then do the same to the columns."""
    checked(image, 2, 3)
    if mode not in {"zero", "reflect", "symmetric", "edge", "wrap"}:
        raise ValueError(f"no mode {mode}")
    for axis, pad in enumerate((ph, pw)):
        n = image.shape[axis]
        if mode in ("symmetric", "wrap", "reflect") and whole(pad, 0) > n - (mode == "reflect"):
            raise ValueError("too much padding")
        lines = deque(np.moveaxis(image, axis, 0))
        black = np.zeros_like(lines[0])
        for depth in range(1, whole(pad, 0) + 1):
            before, after = source(-depth, n, mode), source(n - 1 + depth, n, mode)
            lines.appendleft(black if mode == "zero" else lines[before + depth - 1])
            lines.append(black if mode == "zero" else lines[after + depth])
        image = np.stack(list(lines), axis=axis)
    return image


def rotate_kernel(kernel):
    """Swap the halves of the flat kernel, and turn each."""

    def turned(flat):
        if len(flat) < 2:
            return flat
        half = len(flat) // 2
        return np.concatenate([turned(flat[half:]), turned(flat[:half])])

    return turned(checked(kernel, 2).ravel()).reshape(kernel.shape).copy()


def extract_patches(image, kernel_shape, stride=1):
    """Yield patches in the order of their corners."""
    checked(image, 2)
    shape = tuple(conv_output_size(n, k, stride=stride) for n, k in zip(image.shape, kernel_shape, strict=True))
    kh, kw = kernel_shape
    corners = itertools.product(starts(image.shape[0], kh, 0, stride), starts(image.shape[1], kw, 0, stride))
    patches = [image[top : top + kh, left : left + kw] for top, left in corners]
    return np.array(patches).reshape(*shape, kh, kw)


def _halved(image, kernel):
    """Correlate with the two halves of a kernel, and add; a single weight only scales."""
    if kernel.size == 1:
        return image * kernel.item()
    axis = int(kernel.shape[1] > kernel.shape[0])
    half, n = kernel.shape[axis] // 2, image.shape[axis]
    rest = kernel.shape[axis] - half
    early, late = np.split(kernel, [half], axis)
    first = np.take(image, range(n - rest), axis)
    second = np.take(image, range(half, n), axis)
    return _halved(first, early) + _halved(second, late)


def correlate2d(image, kernel, padding="valid", mode="zero", stride=1):
    """Recurse over the kernel."""
    image, kernel = checked(image, 2).astype(float), checked(kernel, 2).astype(float)
    if padding not in ("valid", "same"):
        raise ValueError(padding)
    if padding == "same":
        image = pad_image(image, *same_padding(kernel.shape), mode)
    rows, columns = (conv_output_size(n, k, 0, stride) for n, k in zip(image.shape, kernel.shape, strict=True))
    log.debug("%s by %s", rows, columns)
    every = _halved(image, kernel)
    return every[::stride, ::stride].copy()


def convolve2d(image, kernel, padding="same", mode="zero", stride=1):
    """Turn, then correlate."""
    return correlate2d(image, rotate_kernel(kernel), padding, mode, stride)


def convolve_image(image, kernel, mode="zero"):
    """Split off the first channel, do the rest by recursion."""
    checked(image, 2, 3)
    same_padding(checked(kernel, 2).shape)
    if image.ndim == 2:
        return convolve2d(image, kernel, mode=mode)
    first = convolve2d(image[..., 0], kernel, mode=mode)[..., np.newaxis]
    if image.shape[2] == 1:
        return first
    return np.concatenate([first, convolve_image(image[..., 1:], kernel, mode)], axis=2)


def sobel_kernels():
    """Build rows of Pascal's triangle and of its differences."""

    def smooth(n):
        return [1.0] if n == 1 else [a + b for a, b in itertools.pairwise([0.0, *smooth(n - 1), 0.0])]

    slope = [b - a for a, b in itertools.pairwise([0.0, 1.0, 1.0, 0.0])]
    kx = np.array([[s * d for d in slope] for s in smooth(3)])
    return kx, np.array(list(map(list, zip(*kx))))


def sobel_gradients(gray):
    """Give a tuple made by a generator."""
    border = "symmetric"  # VARIANT border
    return tuple(convolve2d(gray, kernel, mode=border) for kernel in sobel_kernels())


def gradient_magnitude(gx, gy):
    """Take the norm of pairs."""
    pairs = [checked(g).astype(np.float64) for g in (gx, gy)]
    if gx.shape != gy.shape:
        raise ValueError("shapes")
    return np.sqrt(sum(np.power(g, 2) for g in pairs))


def gaussian_kernel(size, sigma):
    """Multiply the profile up from the middle: each step by a smaller factor."""
    size = whole(size, 1)
    if isinstance(sigma, bool) or not isinstance(sigma, numbers.Real):
        raise TypeError("sigma")
    if size % 2 == 0 or not 0 < sigma < float("inf"):
        raise ValueError("size or sigma")

    def outwards():
        value, factor, shrink = 1.0, np.exp(-0.5 / sigma**2), np.exp(-1.0 / sigma**2)
        while True:
            yield value
            value, factor = value * factor, factor * shrink

    side = list(itertools.islice(outwards(), size // 2 + 1))
    profile = np.array(side[:0:-1] + side)
    kernel = np.multiply.outer(profile, profile)
    return kernel / kernel.sum()


def conv2d_multichannel(x, weight, bias, stride=1, padding=0):
    """Yield one map after the other."""
    checked(x, 4), checked(weight, 4), checked(bias, 1)
    stride, padding = whole(stride, 1), whole(padding, 0)
    if x.shape[1] != weight.shape[1] or len(weight) != len(bias):
        raise ValueError("shapes do not fit")

    def maps():
        for sample, (kernels, offset) in itertools.product(x, list(zip(weight, bias))):
            total = float(offset)
            for channel, kernel in zip(sample, kernels):
                total = total + correlate2d(pad_image(channel, padding, padding), kernel, stride=stride)
            yield total

    every = np.stack(list(maps()))
    return every.reshape(len(x), len(weight), *every.shape[1:])


def pool2d(x, size, stride=None, mode="max"):
    """Yield the windows, reduce each."""
    checked(x, 4)
    size = whole(size, 1)
    stride = size if stride is None else whole(stride, 1)
    if mode not in ("max", "avg"):
        raise ValueError(mode)
    rows, columns = (conv_output_size(n, size, 0, stride) for n in x.shape[2:])
    reduce = np.amax if mode == "max" else np.average
    windows = (
        reduce(x[:, :, top : top + size, left : left + size].astype(float), axis=(-2, -1))
        for top in starts(x.shape[2], size, 0, stride)
        for left in starts(x.shape[3], size, 0, stride)
    )
    return np.stack(list(windows), axis=-1).reshape(*x.shape[:2], rows, columns)


def conv_parameter_count(cin, cout, k, bias=True, groups=1):
    """Take the groups apart."""
    match k:
        case (kh, kw):
            pass
        case _:
            kh = kw = k
    cin, cout, kh, kw, groups = (whole(number, 1) for number in (cin, cout, kh, kw, groups))
    if groups > 1:
        if cin % groups or cout % groups:
            raise ValueError("groups")
        return groups * conv_parameter_count(cin // groups, cout // groups, (kh, kw), bias)
    return cout * (cin * kh * kw + bool(bias))


def concept_check():
    """Yield the answers."""

    def answers():
        yield "translation_robust_layer", "max pooling"
        yield "same_padding_7x7", _middle(7)
        yield "kernel_512_to_508", "5x5"
        yield "pool_504", conv_output_size(504, 2, 0, 2)
        yield "filter_4x4_weights", sum(1 for _ in itertools.product(range(4), range(4)))
        yield "nn_conv2d_flips_kernel", False
        yield "common_paddings", set(["zero", "reflection"])

    return dict(answers())


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)
    print(concept_check())
