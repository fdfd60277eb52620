"""Sliding windows and einsum; padding gathers rows, then columns, with np.take."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def check(array, *ndims):
    """Raise the contract's errors for what is no non-empty array of real numbers."""
    if not isinstance(array, np.ndarray) or not (np.issubdtype(array.dtype, np.number) or array.dtype == bool):
        raise TypeError("not an array of numbers")
    if np.iscomplexobj(array):
        raise TypeError("complex numbers")
    if not array.size or (ndims and array.ndim not in ndims):
        raise ValueError(f"bad shape {array.shape}")


def whole(*numbers):
    """Raise TypeError for what is no integer."""
    for number in numbers:
        if not isinstance(number, (int, np.integer)):
            raise TypeError(f"{number!r} is no integer")


def same_padding(kernel_shape):
    """Halve each odd size."""
    whole(*kernel_shape)
    if any(k < 1 or k % 2 == 0 for k in kernel_shape):
        raise ValueError(kernel_shape)
    return tuple((k - 1) // 2 for k in kernel_shape)


def conv_output_size(n, k, padding=0, stride=1):
    """Round down with math.floor."""
    whole(n, k, padding, stride)
    if min(n, k, stride) < 1 or padding < 0 or k > n + 2 * padding:
        raise ValueError((n, k, padding, stride))
    return math.floor((n + 2 * padding - k) / stride) + 1


def _take_axis(image, pad, mode, axis):
    n = image.shape[axis]
    if pad < 0 or (mode == "reflect" and pad >= n) or (mode in {"symmetric", "wrap"} and pad > n):
        raise ValueError(pad)
    inside = list(range(n))
    before, after = {
        "zero": ([0] * pad, [0] * pad),
        "reflect": (inside[pad:0:-1], inside[-2 : -2 - pad : -1]),
        "symmetric": (inside[:pad][::-1], inside[::-1][:pad]),
        "edge": ([0] * pad, [n - 1] * pad),
        "wrap": (inside[n - pad :], inside[:pad]),
    }[mode]
    return np.take(image, np.array(before + inside + after, dtype=int), axis=axis)


def pad_image(image, ph, pw, mode="zero"):
    """Take rows, then columns; zero the border afterwards for mode zero."""
    check(image, 2, 3)
    whole(ph, pw)
    if mode not in {"zero", "reflect", "symmetric", "edge", "wrap"}:
        raise ValueError(mode)
    padded = _take_axis(_take_axis(image, ph, mode, 0), pw, mode, 1)
    if mode == "zero":
        height, width = image.shape[:2]
        padded[:ph] = padded[ph + height :] = 0
        padded[:, :pw] = padded[:, pw + width :] = 0
    return padded


def rotate_kernel(kernel):
    """Rotate by two quarter turns."""
    check(kernel, 2)
    return np.rot90(kernel, 2).copy()


def extract_patches(image, kernel_shape, stride=1):
    """Slice the sliding windows."""
    check(image, 2)
    for n, k in zip(image.shape, kernel_shape, strict=True):
        conv_output_size(n, k, 0, stride)
    return np.array(sliding_window_view(image, kernel_shape)[::stride, ::stride])


def correlate2d(image, kernel, padding="valid", mode="zero", stride=1):
    """Contract patches with the kernel."""
    check(image, 2)
    check(kernel, 2)
    if padding == "same":
        image = pad_image(image, *same_padding(kernel.shape), mode)
    elif padding != "valid":
        raise ValueError(padding)
    patches = extract_patches(image.astype(float), kernel.shape, stride)
    return np.einsum("rcij,ij->rc", patches, kernel.astype(float))


def convolve2d(image, kernel, padding="same", mode="zero", stride=1):
    """Correlate with the kernel turned."""
    check(kernel, 2)
    return correlate2d(image, np.flip(kernel), padding, mode, stride)


def convolve_image(image, kernel, mode="zero"):
    """Fill an output array channel by channel."""
    check(image, 2, 3)
    check(kernel, 2)
    cube = image[..., None] if image.ndim == 2 else image
    result = np.empty(cube.shape)
    for channel in range(cube.shape[2]):
        result[:, :, channel] = convolve2d(cube[:, :, channel], kernel, mode=mode)
    return result.reshape(image.shape)


def sobel_kernels():
    """Write down the numbers."""
    kx = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], dtype=np.float64)
    ky = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]], dtype=np.float64)
    return kx, ky


def sobel_gradients(gray):
    """Use convolve2d twice."""
    border = "symmetric"  # VARIANT border
    return tuple(convolve2d(gray, kernel, "same", border) for kernel in sobel_kernels())


def gradient_magnitude(gx, gy):
    """Apply the formula with np.sqrt."""
    check(gx)
    check(gy)
    if gx.shape != gy.shape:
        raise ValueError("shapes differ")
    return np.sqrt(np.square(gx, dtype=np.float64) + np.square(gy, dtype=np.float64))


def gaussian_kernel(size, sigma):
    """Use a mesh of squared distances."""
    whole(size)
    if isinstance(sigma, str):
        raise TypeError(sigma)
    if size < 1 or size % 2 == 0 or not math.isfinite(sigma) or sigma <= 0:
        raise ValueError((size, sigma))
    reach = size // 2
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    bell = np.exp(-(rows**2 + columns**2) / (2 * float(sigma) ** 2))
    return bell / np.sum(bell)


def conv2d_multichannel(x, weight, bias, stride=1, padding=0):
    """Contract windows of all channels at once."""
    for array, ndim in ((x, 4), (weight, 4), (bias, 1)):
        check(array, ndim)
    if x.shape[1] != weight.shape[1] or len(bias) != len(weight):
        raise ValueError("channels")
    for n, k in zip(x.shape[2:], weight.shape[2:], strict=True):
        conv_output_size(n, k, padding, stride)
    framed = np.zeros((*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding))
    framed[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]] = x
    windows = sliding_window_view(framed, weight.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwij,ocij->nohw", windows, weight.astype(float)) + bias.reshape(1, -1, 1, 1)


def pool2d(x, size, stride=None, mode="max"):
    """Reduce flattened windows."""
    check(x, 4)
    stride = size if stride is None else stride
    rows, columns = (conv_output_size(n, size, 0, stride) for n in x.shape[2:])
    windows = sliding_window_view(x.astype(float), (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    flat = windows.reshape(*x.shape[:2], rows, columns, size * size)
    if mode == "max":
        return flat.max(-1)
    if mode == "avg":
        return flat.mean(-1)
    raise ValueError(mode)


def conv_parameter_count(cin, cout, k, bias=True, groups=1):
    """Multiply the shape of the weight."""
    sizes = k if isinstance(k, (tuple, list)) else (k, k)
    whole(cin, cout, groups, *sizes)
    if min(cin, cout, groups, *sizes) < 1 or cin % groups or cout % groups:
        raise ValueError("numbers")
    return math.prod((cout, cin // groups, *sizes)) + cout * bool(bias)


def concept_check():
    """Answer from memory."""
    return {
        "translation_robust_layer": "max pooling",
        "same_padding_7x7": 3,
        "kernel_512_to_508": "5x5",
        "pool_504": 252,
        "filter_4x4_weights": 16,
        "nn_conv2d_flips_kernel": False,
        "common_paddings": {"reflection", "zero"},
    }
