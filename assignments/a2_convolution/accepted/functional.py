"""Expressions instead of statements: comprehensions, reduce and broadcasting."""

from functools import partial, reduce
from itertools import product

import numpy as np


def ensure(condition, error=ValueError):
    """Raise unless the condition holds."""
    if not condition:
        raise error


def is_int(*values):
    """Say whether all values are integers."""
    return all(isinstance(value, (int, np.integer)) and not isinstance(value, bool) for value in values)


def real(array, *ndims):
    """Give a float64 copy of an array of real numbers."""
    ensure(isinstance(array, np.ndarray) and array.dtype.kind in "biuf", TypeError)
    ensure(array.size and (not ndims or array.ndim in ndims))
    return array.astype(np.float64)


def same_padding(kernel_shape):
    """Shift by one bit."""
    ensure(is_int(*kernel_shape), TypeError)
    ensure(all(k > 0 and k & 1 for k in kernel_shape))
    return tuple(k >> 1 for k in kernel_shape)


def conv_output_size(n, k, padding=0, stride=1):
    """Divide with divmod."""
    ensure(is_int(n, k, padding, stride), TypeError)
    ensure(n > 0 < k and padding >= 0 < stride and k <= n + 2 * padding)
    return divmod(n + 2 * padding - k, stride)[0] + 1


SOURCES = {
    "zero": (np.inf, lambda i, n: np.clip(i, 0, n - 1)),
    "edge": (np.inf, lambda i, n: np.minimum(np.maximum(i, 0), n - 1)),
    "wrap": (0, lambda i, n: np.mod(i, n)),
    "symmetric": (0, lambda i, n: np.minimum(i % (2 * n), 2 * n - 1 - i % (2 * n))),
    "reflect": (-1, lambda i, n: (n - 1) - abs(i % max(2 * n - 2, 1) - (n - 1))),
}


def pad_image(image, ph, pw, mode="zero"):
    """Compose an index function with the image; a mask keeps the inside in mode zero."""
    real(image, 2, 3)
    ensure(is_int(ph, pw), TypeError)
    ensure(mode in SOURCES and min(ph, pw) >= 0)
    room, source = SOURCES[mode]
    sizes = list(zip(image.shape, (ph, pw)))
    ensure(all(pad <= n + room for n, pad in sizes))
    places = [np.arange(-pad, n + pad) for n, pad in sizes]
    gathered = image[np.ix_(*(source(i, n) for i, (n, _) in zip(places, sizes)))]
    if mode != "zero":
        return gathered
    inside = np.logical_and.outer(*((i >= 0) & (i < n) for i, (n, _) in zip(places, sizes)))
    return np.where(inside.reshape(inside.shape + (1,) * (image.ndim - 2)), gathered, image.dtype.type(0))


def rotate_kernel(kernel):
    """Reverse nested lists."""
    real(kernel, 2)
    return np.array([row[::-1] for row in kernel[::-1]], dtype=kernel.dtype)


def extract_patches(image, kernel_shape, stride=1):
    """Stack one strided image for each place in the kernel."""
    real(image, 2)
    rows, columns = map(partial(conv_output_size, stride=stride), image.shape, kernel_shape)
    shifted = [
        image[i::stride, j::stride][:rows, :columns] for i, j in product(range(kernel_shape[0]), range(kernel_shape[1]))
    ]
    return np.stack(shifted, axis=-1).reshape(rows, columns, *kernel_shape)


def correlate2d(image, kernel, padding="valid", mode="zero", stride=1):
    """Reduce over the kernel's places."""
    image, kernel = real(image, 2), real(kernel, 2)
    ensure(padding in ("same", "valid"))
    framed = pad_image(image, *same_padding(kernel.shape), mode) if padding == "same" else image
    rows, columns = map(partial(conv_output_size, stride=stride), framed.shape, kernel.shape)
    terms = (w * framed[i::stride, j::stride][:rows, :columns] for (i, j), w in np.ndenumerate(kernel))
    return reduce(np.add, terms)


def convolve2d(image, kernel, padding="same", mode="zero", stride=1):
    """Turn the image instead of the kernel, and turn the result back."""
    image, kernel = real(image, 2), real(kernel, 2)
    ensure(padding in ("same", "valid"))
    framed = pad_image(image, *same_padding(kernel.shape), mode) if padding == "same" else image
    ensure(is_int(stride), TypeError)
    ensure(stride > 0)
    return correlate2d(framed[::-1, ::-1], kernel)[::-1, ::-1][::stride, ::stride].copy()


def convolve_image(image, kernel, mode="zero"):
    """Apply a filter along the channels."""
    real(image, 2, 3)
    filtered = map(partial(convolve2d, kernel=kernel, mode=mode), np.atleast_3d(image).transpose(2, 0, 1))
    return np.array(list(filtered)).transpose(1, 2, 0).reshape(image.shape).copy()


def sobel_kernels():
    """Broadcast a column against a row."""
    smooth, slope = np.array([1.0, 2.0, 1.0]), np.array([1.0, 0.0, -1.0])
    return smooth[:, None] * slope, slope[:, None] * smooth


def sobel_gradients(gray):
    """Map the convolution over the kernels."""
    border = "symmetric"  # VARIANT border
    return tuple(map(partial(convolve2d, gray, mode=border), sobel_kernels()))


def gradient_magnitude(gx, gy):
    """Sum squares with einsum."""
    ensure(isinstance(gx, np.ndarray) and isinstance(gy, np.ndarray), TypeError)
    ensure(gx.shape == gy.shape)
    both = np.array([real(gx), real(gy)])
    return np.einsum("i...,i...->...", both, both) ** 0.5


def gaussian_kernel(size, sigma):
    """Subtract the logarithm of the sum before the exponential."""
    ensure(is_int(size) and isinstance(sigma, (int, float)), TypeError)
    ensure(size > 0 and size % 2 and 0 < sigma < float("inf"))
    exponents = -np.fromfunction(lambda r, c: (r - size // 2) ** 2 + (c - size // 2) ** 2, (size, size)) / (
        2 * sigma**2
    )
    return np.exp(exponents - np.log(np.exp(exponents).sum()))


def conv2d_multichannel(x, weight, bias, stride=1, padding=0):
    """Sum correlations of planes."""
    x, weight, bias = real(x, 4), real(weight, 4), real(bias, 1)
    ensure(x.shape[1] == weight.shape[1] and weight.shape[0] == bias.shape[0])
    ensure(is_int(padding, stride), TypeError)
    framed = [[pad_image(plane, padding, padding) for plane in sample] for sample in x]
    return np.array(
        [
            [
                sum(correlate2d(p, k, stride=stride) for p, k in zip(sample, kernels)) + b
                for kernels, b in zip(weight, bias)
            ]
            for sample in framed
        ]
    )


def pool2d(x, size, stride=None, mode="max"):
    """Reduce over the shifts of a window."""
    x = real(x, 4)
    ensure(mode in ("max", "avg"))
    step = stride if stride is not None else size
    rows, columns = (conv_output_size(n, size, 0, step) for n in x.shape[2:])
    shifts = [x[..., i::step, j::step][..., :rows, :columns] for i, j in product(range(size), repeat=2)]
    return np.mean(shifts, axis=0) if mode == "avg" else np.max(shifts, axis=0)


def conv_parameter_count(cin, cout, k, bias=True, groups=1):
    """Reduce a product."""
    factors = (cout, cin, *(k if isinstance(k, tuple) else (k, k)))
    ensure(is_int(groups, *factors), TypeError)
    ensure(min(groups, *factors) > 0 and cin % groups == 0 == cout % groups)
    return reduce(int.__mul__, map(int, factors)) // int(groups) + (int(cout) if bias else 0)


def concept_check():
    """Zip keys and answers."""
    keys = (
        "translation_robust_layer same_padding_7x7 kernel_512_to_508 pool_504 filter_4x4_weights "
        "nn_conv2d_flips_kernel common_paddings"
    )
    return dict(zip(keys.split(), ("max pooling", 3, "5x5", 252, 16, False, {"zero", "reflection"})))
