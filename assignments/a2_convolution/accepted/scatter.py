"""Pixels scattered instead of windows gathered: the full convolution on a canvas, then a part of it; whole numbers stay whole."""

import math

import numpy as np


def _real(array, *ndims):
    if not isinstance(array, np.ndarray):
        raise TypeError("not an array")
    if array.dtype.kind not in "biuf":
        raise TypeError("not real")
    if not array.size or ndims and array.ndim not in ndims:
        raise ValueError("empty, or other axes")
    return array


def _whole(*numbers):
    for number in numbers:
        if isinstance(number, (bool, np.bool_)) or not isinstance(number, (int, np.integer)):
            raise TypeError(f"{number!r} is not an integer")


def same_padding(kernel_shape):
    """Shift bits: an odd number ends in 1."""
    kh, kw = kernel_shape
    _whole(kh, kw)
    if kh < 1 or kw < 1 or not kh & kw & 1:
        raise ValueError("odd sizes only")
    return int(kh) >> 1, int(kw) >> 1


def conv_output_size(n, k, padding=0, stride=1):
    """Step along until the window leaves the axis."""
    _whole(n, k, padding, stride)
    if n < 1 or k < 1 or padding < 0 or stride < 1:
        raise ValueError("too small")
    count, start = 0, -padding
    while start + k <= n + padding:
        count += 1
        start += stride
    if count == 0:
        raise ValueError("the window is longer than the axis")
    return count


def pad_image(image, ph, pw, mode="zero"):
    """Write the image into the middle of a canvas, then fill the frame ring by ring."""
    _real(image, 2, 3)
    _whole(ph, pw)
    if mode not in ("zero", "reflect", "symmetric", "edge", "wrap"):
        raise ValueError("mode")
    height, width = image.shape[:2]
    less = {"reflect": 1, "symmetric": 0, "wrap": 0}.get(mode, -math.inf)
    if ph < 0 or pw < 0 or ph > height - less or pw > width - less:
        raise ValueError("padding")
    canvas = np.zeros((height + 2 * ph, width + 2 * pw) + image.shape[2:], dtype=image.dtype)
    canvas[ph : ph + height, pw : pw + width] = image
    if mode == "zero":
        return canvas
    for rows, n, pad in ((canvas, height, ph), (canvas.swapaxes(0, 1), width, pw)):
        for depth in range(pad):
            top, bottom = pad - 1 - depth, pad + n + depth
            if mode == "reflect":
                rows[top], rows[bottom] = rows[pad + 1 + depth], rows[pad + n - 2 - depth]
            elif mode == "symmetric":
                rows[top], rows[bottom] = rows[pad + depth], rows[pad + n - 1 - depth]
            elif mode == "edge":
                rows[top], rows[bottom] = rows[pad], rows[pad + n - 1]
            else:
                rows[top], rows[bottom] = rows[pad + n - 1 - depth], rows[pad + depth]
    return canvas


def rotate_kernel(kernel):
    """Scatter each weight to the opposite place."""
    _real(kernel, 2)
    turned = np.empty_like(kernel)
    rows, columns = kernel.shape
    for row in range(rows):
        for column in range(columns):
            turned[rows - 1 - row, columns - 1 - column] = kernel[row, column]
    return turned


def extract_patches(image, kernel_shape, stride=1):
    """Fill the patches place by place in the kernel."""
    _real(image, 2)
    kh, kw = kernel_shape
    rows, columns = conv_output_size(image.shape[0], kh, 0, stride), conv_output_size(image.shape[1], kw, 0, stride)
    patches = np.empty((rows, columns, kh, kw), dtype=image.dtype)
    for i in range(kh):
        for j in range(kw):
            patches[:, :, i, j] = image[i : i + (rows - 1) * stride + 1 : stride, j : j + (columns - 1) * stride + 1 : stride]
    return patches


def _full(image, kernel):
    """Add the whole image, weighted, at each place of a larger canvas; bytes are added up as int64."""
    exact = all(array.dtype.kind in "bu" and array.dtype.itemsize == 1 for array in (image, kernel))
    image, kernel = (array.astype(np.int64 if exact else np.float64) for array in (image, kernel))
    height, width = image.shape
    canvas = np.zeros((height + kernel.shape[0] - 1, width + kernel.shape[1] - 1), dtype=image.dtype)
    for i, weights in enumerate(kernel):
        for j, weight in enumerate(weights):
            canvas[i : i + height, j : j + width] += weight * image
    return canvas.astype(np.float64)


def convolve2d(image, kernel, padding="same", mode="zero", stride=1):
    """Take the part of the full convolution where the kernel lies on the (padded) image."""
    _real(image, 2)
    _real(kernel, 2)
    if padding == "same":
        image = pad_image(image, *same_padding(kernel.shape), mode=mode)
    elif padding != "valid":
        raise ValueError("padding")
    (height, width), (kh, kw) = image.shape, kernel.shape
    conv_output_size(height, kh, 0, stride)
    conv_output_size(width, kw, 0, stride)
    return _full(image, kernel)[kh - 1 : height : stride, kw - 1 : width : stride].copy()


def correlate2d(image, kernel, padding="valid", mode="zero", stride=1):
    """Turn the kernel, so that convolution turns it back."""
    return convolve2d(image, rotate_kernel(kernel), padding, mode, stride)


def convolve_image(image, kernel, mode="zero"):
    """Put the channels side by side, far enough apart, and convolve once."""
    _real(image, 2, 3)
    _real(kernel, 2)
    ph, pw = same_padding(kernel.shape)
    if image.ndim == 2:
        return convolve2d(image, kernel, mode=mode)
    framed = pad_image(image, ph, pw, mode)
    channels, step = framed.shape[2], framed.shape[1]
    wide = framed.transpose(0, 2, 1).reshape(framed.shape[0], channels * step)
    filtered = convolve2d(wide, kernel, "valid")
    parts = [filtered[:, c * step : c * step + image.shape[1]] for c in range(channels)]
    return np.stack(parts, axis=-1)


def sobel_kernels():
    """Convolve small kernels: 1 1 with 1 -1 gives 1 0 -1, and 1 1 with itself 1 2 1."""
    pair, step = np.array([[1.0, 1.0]]), np.array([[1.0, -1.0]])
    slope, smooth = _full(pair, step), _full(pair, pair)
    return _full(smooth.T, slope), _full(slope.T, smooth)


def sobel_gradients(gray):
    """Convolve by the parts of the kernels, on the padded image."""
    border = "symmetric"  # VARIANT border
    framed = pad_image(gray, *same_padding((3, 3)), mode=border) if _real(gray, 2).size else None
    slope, smooth = np.array([[1.0, 0, -1]]), np.array([[1.0, 2, 1]])
    gx = convolve2d(convolve2d(framed, slope, "valid"), smooth.T, "valid")
    gy = convolve2d(convolve2d(framed, smooth, "valid"), slope.T, "valid")
    return gx, gy


def gradient_magnitude(gx, gy):
    """Call math.hypot for each pair."""
    _real(gx)
    _real(gy)
    if gx.shape != gy.shape:
        raise ValueError("shapes")
    return np.fromiter((math.hypot(x, y) for x, y in zip(gx.flat, gy.flat)), float, gx.size).reshape(gx.shape)


def gaussian_kernel(size, sigma):
    """Write down a quarter, and mirror it."""
    _whole(size)
    if isinstance(sigma, (bool, str)) or not isinstance(sigma, (int, float, np.number)):
        raise TypeError("sigma")
    if size < 1 or size % 2 == 0 or not math.isfinite(sigma) or sigma <= 0:
        raise ValueError("size or sigma")
    half = size // 2
    kernel = np.zeros((size, size))
    for r in range(half + 1):
        for c in range(half + 1):
            value = math.exp(-(r * r + c * c) / (2.0 * sigma * sigma))
            kernel[[half - r, half - r, half + r, half + r], [half - c, half + c, half - c, half + c]] = value
    return kernel / math.fsum(kernel.flat)


def conv2d_multichannel(x, weight, bias, stride=1, padding=0):
    """Scatter: each input channel adds to all outputs, on a canvas that holds the bias."""
    _real(x, 4)
    _real(weight, 4)
    _real(bias, 1)
    _whole(stride, padding)
    samples, channels, height, width = x.shape
    filters, inputs, kh, kw = weight.shape
    if inputs != channels or len(bias) != filters:
        raise ValueError("channels or bias")
    rows, columns = conv_output_size(height, kh, padding, stride), conv_output_size(width, kw, padding, stride)
    canvas = np.zeros((samples, filters, height + kh - 1, width + kw - 1))
    for i in range(kh):
        for j in range(kw):
            r, c = kh - 1 - i, kw - 1 - j
            for channel in range(channels):
                canvas[:, :, r : r + height, c : c + width] += (
                    weight[:, channel, i, j, None, None] * x[:, None, channel].astype(float)
                )
    framed = np.zeros((samples, filters, height + 2 * padding + kh - 1, width + 2 * padding + kw - 1))
    framed[:, :, padding : padding + height + kh - 1, padding : padding + width + kw - 1] = canvas
    part = framed[:, :, kh - 1 :: stride, kw - 1 :: stride][:, :, :rows, :columns]
    return part + bias.reshape(-1, 1, 1)


def pool2d(x, size, stride=None, mode="max"):
    """Scatter with ufunc.at into the windows that hold each pixel."""
    _real(x, 4)
    _whole(size)
    if mode not in ("max", "avg"):
        raise ValueError("mode")
    stride = size if stride is None else stride
    rows, columns = (conv_output_size(n, size, 0, stride) for n in x.shape[2:])
    row, column, i, j = (grid.ravel() for grid in np.indices((rows, columns, size, size)))
    values = x[:, :, row * stride + i, column * stride + j].astype(float)
    start = -np.inf if mode == "max" else 0.0
    result = np.full(x.shape[:2] + (rows, columns), start)
    gather = np.maximum if mode == "max" else np.add
    gather.at(result, (slice(None), slice(None), row, column), values)
    return result if mode == "max" else result / (size * size)


def conv_parameter_count(cin, cout, k, bias=True, groups=1):
    """Count the elements of a weight that is never made."""
    kh, kw = k if isinstance(k, tuple) else [k, k]
    _whole(cin, cout, kh, kw, groups)
    if min(cin, cout, kh, kw, groups) < 1 or math.gcd(cin, cout) % groups:
        raise ValueError("sizes or groups")
    count = math.prod(map(int, (cout, cin // groups, kh, kw)))
    if bias:
        count += int(cout)
    return count


def concept_check():
    """Answer."""
    answers = {}
    answers["translation_robust_layer"] = "max pooling"
    answers["same_padding_7x7"] = same_padding((7, 7))[0]
    answers["kernel_512_to_508"] = "5x5"
    answers["pool_504"] = conv_output_size(504, 2, stride=2)
    answers["filter_4x4_weights"] = 4**2
    answers["nn_conv2d_flips_kernel"] = not True
    answers["common_paddings"] = {"reflection"} | {"zero"}
    return answers
