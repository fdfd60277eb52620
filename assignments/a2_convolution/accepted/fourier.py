"""Convolution as a product of Fourier transforms; the layer and pooling as products and folds of arrays."""

import operator

import numpy as np


def _numbers(array, *ndims):
    if not isinstance(array, np.ndarray):
        raise TypeError("array expected")
    if array.dtype.kind not in "biuf":
        raise TypeError("real numbers expected")
    if 0 in array.shape:
        raise ValueError("empty")
    if ndims and array.ndim not in ndims:
        raise ValueError("axes")
    return array.astype(np.float64)


def same_padding(kernel_shape):
    """Use divmod: an odd size leaves 1."""
    padding = []
    for size in map(operator.index, kernel_shape):
        half, odd = divmod(size, 2)
        if size < 1 or not odd:
            raise ValueError(kernel_shape)
        padding.append(half)
    return padding[0], padding[1]


def conv_output_size(n, k, padding=0, stride=1):
    """Count a range of positions."""
    n, k, padding, stride = map(operator.index, (n, k, padding, stride))
    if n < 1 or k < 1 or padding < 0 or stride < 1 or n + 2 * padding < k:
        raise ValueError("size")
    return len(range(0, n + 2 * padding - k + 1, stride))


def pad_image(image, ph, pw, mode="zero"):
    """Tile mirrored or repeated copies of the image, and cut the padded part out."""
    _numbers(image, 2, 3)
    ph, pw = operator.index(ph), operator.index(pw)
    height, width = image.shape[:2]
    limit = {"zero": None, "edge": None, "reflect": 1, "symmetric": 0, "wrap": 0}
    if mode not in limit:
        raise ValueError(mode)
    if min(ph, pw) < 0 or (limit[mode] is not None and (ph > height - limit[mode] or pw > width - limit[mode])):
        raise ValueError("too deep")
    for axis, pad in ((0, ph), (1, pw)):
        n = image.shape[axis]
        first, last = np.take(image, [0], axis), np.take(image, [-1], axis)
        if mode == "zero":
            parts = [np.repeat(first * 0, pad, axis), image, np.repeat(first * 0, pad, axis)]
        elif mode == "edge":
            parts = [np.repeat(first, pad, axis), image, np.repeat(last, pad, axis)]
        else:
            other = image if mode == "wrap" else np.flip(image, axis)
            skip = 1 if mode == "reflect" else 0
            before = np.take(other, range(n - skip - pad, n - skip), axis)
            parts = [before, image, np.take(other, range(skip, skip + pad), axis)]
        image = np.concatenate(parts, axis)
    return image


def rotate_kernel(kernel):
    """Reverse the flat kernel."""
    _numbers(kernel, 2)
    return kernel.ravel()[::-1].reshape(kernel.shape).copy()


def extract_patches(image, kernel_shape, stride=1):
    """Index with four broadcast aranges."""
    _numbers(image, 2)
    rows, columns = (conv_output_size(n, k, 0, stride) for n, k in zip(image.shape, kernel_shape, strict=True))
    r, c, i, j = np.ogrid[:rows, :columns, : kernel_shape[0], : kernel_shape[1]]
    return image[r * stride + i, c * stride + j]


def correlate2d(image, kernel, padding="valid", mode="zero", stride=1):
    """Multiply flattened patches by the flattened kernel."""
    image, kernel = _numbers(image, 2), _numbers(kernel, 2)
    if padding not in ("valid", "same"):
        raise ValueError(padding)
    if padding == "same":
        image = pad_image(image, *same_padding(kernel.shape), mode)
    patches = extract_patches(image, kernel.shape, stride)
    return patches.reshape(*patches.shape[:2], -1) @ kernel.ravel()


def convolve2d(image, kernel, padding="same", mode="zero", stride=1):
    """Multiply the transforms of image and kernel: no kernel is turned by hand."""
    image, kernel = _numbers(image, 2), _numbers(kernel, 2)
    if padding not in ("valid", "same"):
        raise ValueError(padding)
    if padding == "same":
        image = pad_image(image, *same_padding(kernel.shape), mode)
    for n, k in zip(image.shape, kernel.shape, strict=True):
        conv_output_size(n, k, 0, stride)
    shape = [n + k - 1 for n, k in zip(image.shape, kernel.shape, strict=True)]
    full = np.fft.irfft2(np.fft.rfft2(image, shape) * np.fft.rfft2(kernel, shape), shape)
    rows, columns = (slice(k - 1, n, stride) for n, k in zip(image.shape, kernel.shape, strict=True))
    return full[rows, columns].copy()


def convolve_image(image, kernel, mode="zero"):
    """Split the channels with a recursion on the last axis."""
    _numbers(kernel, 2)
    if _numbers(image, 2, 3).ndim == 2:
        return convolve2d(image, kernel, mode=mode)
    return np.dstack([convolve_image(image[:, :, c], kernel, mode) for c in range(image.shape[2])])


def sobel_kernels():
    """Turn one kernel into the other."""
    ky = np.array([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]])
    return np.ascontiguousarray(ky.T), ky


def sobel_gradients(gray):
    """Smooth in one direction and subtract in the other, on the padded image."""
    border = "symmetric"  # VARIANT border
    padded = pad_image(_numbers(gray, 2), 1, 1, border)
    down = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    across = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    return down[:, 2:] - down[:, :-2], across[2:] - across[:-2]


def gradient_magnitude(gx, gy):
    """Take the absolute value of a complex number."""
    gx, gy = _numbers(gx), _numbers(gy)
    if gx.shape != gy.shape:
        raise ValueError("shapes")
    return np.abs(gx + 1j * gy)


def gaussian_kernel(size, sigma):
    """Apply a softmax to the exponents."""
    reach = same_padding((size, size))[0]
    if not isinstance(sigma, (int, float)):
        raise TypeError(sigma)
    if not 0 < sigma < float("inf"):
        raise ValueError(sigma)
    offsets = np.linspace(-reach, reach, size)
    profile = np.exp(-0.5 * (offsets / sigma) ** 2)
    profile = profile / profile.sum()
    return profile[:, np.newaxis] * profile[np.newaxis, :]


def conv2d_multichannel(x, weight, bias, stride=1, padding=0):
    """Transform all channels, multiply with the conjugate filters, sum over channels, transform back."""
    x, weight, bias = _numbers(x, 4), _numbers(weight, 4), _numbers(bias, 1)
    if weight.shape[1] != x.shape[1] or weight.shape[:1] != bias.shape:
        raise ValueError("channels")
    (h, w), (kh, kw) = x.shape[2:], weight.shape[2:]
    rows, columns = conv_output_size(h, kh, padding, stride), conv_output_size(w, kw, padding, stride)
    framed = np.zeros((*x.shape[:2], h + 2 * padding, w + 2 * padding))
    framed[:, :, padding : padding + h, padding : padding + w] = x
    shape = framed.shape[2:]
    spectrum = np.einsum("nchw,ochw->nohw", np.fft.rfft2(framed), np.conj(np.fft.rfft2(weight, shape)))
    result = np.fft.irfft2(spectrum, shape)[:, :, ::stride, ::stride][:, :, :rows, :columns]
    return result + bias[:, np.newaxis, np.newaxis]


def pool2d(x, size, stride=None, mode="max"):
    """Fold shifted copies of the input with np.maximum or np.add."""
    x = _numbers(x, 4)
    if mode not in ("max", "avg"):
        raise ValueError(mode)
    stride = size if stride is None else stride
    rows, columns = (conv_output_size(n, size, 0, stride) for n in x.shape[2:])
    result = None
    for i in range(size):
        for j in range(size):
            part = x[:, :, i::stride, j::stride][:, :, :rows, :columns]
            if result is None:
                result = part.copy()
            else:
                result = np.maximum(result, part) if mode == "max" else result + part
    return result if mode == "max" else result / size**2


def conv_parameter_count(cin, cout, k, bias=True, groups=1):
    """Count group by group."""
    kh, kw = k if isinstance(k, tuple) else (k, k)
    cin, cout, kh, kw, groups = map(operator.index, (cin, cout, kh, kw, groups))
    if min(cin, cout, kh, kw, groups) < 1 or cin % groups or cout % groups:
        raise ValueError("numbers")
    weights = sum((cin // groups) * (cout // groups) * kh * kw for _ in range(groups))
    return weights + (cout if bias else 0)


def concept_check():
    """Compute what can be computed."""
    return {
        "translation_robust_layer": "Max pooling",
        "same_padding_7x7": same_padding((7, 7))[0],
        "kernel_512_to_508": "{0}x{0}".format(512 - 508 + 1),
        "pool_504": conv_output_size(504, 2, 0, 2),
        "filter_4x4_weights": conv_parameter_count(1, 1, 4, bias=False),
        "nn_conv2d_flips_kernel": False,
        "common_paddings": {"zero", "reflection"},
    }
