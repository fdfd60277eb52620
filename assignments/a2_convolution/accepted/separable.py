"""Kernels taken apart by their singular values: each part filters columns, then rows; windows by running maxima and sums."""

from collections import namedtuple

import numpy as np

MODES = ("zero", "reflect", "symmetric", "edge", "wrap")

Kernels = namedtuple("Kernels", ["kx", "ky"])
Gradient = namedtuple("Gradient", ["gx", "gy"])
Pad = namedtuple("Pad", ["rows", "columns"])


def require_array(value, name, *ndims):
    """Refuse what is no array of real numbers, is empty, or has another number of axes. Given: use it."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a numpy array, got {type(value).__name__}")
    if value.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {value.dtype}")
    if value.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {value.shape}")
    if ndims and value.ndim not in ndims:
        raise ValueError(f"{name} must have {' or '.join(map(str, ndims))} axes, got shape {value.shape}")


def require_int(value, name, least):
    """Refuse what is no integer, or less than `least`. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def same_padding(kernel_shape):
    """A named tuple is a tuple."""
    for size in kernel_shape:
        require_int(size, "size", 1)
        if size % 2 != 1:
            raise ValueError("an even kernel has no middle")
    return Pad(*((int(size) - 1) // 2 for size in kernel_shape))


def conv_output_size(n, k, padding=0, stride=1):
    """Divide with the sign turned around, twice."""
    require_int(n, "n", 1)
    require_int(k, "k", 1)
    require_int(padding, "padding", 0)
    require_int(stride, "stride", 1)
    room = n + 2 * padding - k + 1
    require_int(room, "positions", 1)
    return -(-int(room) // int(stride))


def _pad_rows(image, pad, mode):
    """Put rows above and below, by slices with negative steps."""
    require_int(pad, "padding", 0)
    n = image.shape[0]
    if {"reflect": n - 1, "symmetric": n, "wrap": n}.get(mode, pad) < pad:
        raise ValueError(f"{pad} rows are too many for {mode}")
    if pad == 0:
        return image
    above, below = {
        "zero": lambda: (np.zeros_like(image[:1]).repeat(pad, 0),) * 2,
        "edge": lambda: (image[:1].repeat(pad, 0), image[-1:].repeat(pad, 0)),
        "wrap": lambda: (image[-pad:], image[:pad]),
        "symmetric": lambda: (image[pad - 1 :: -1], image[: -pad - 1 : -1]),
        "reflect": lambda: (image[pad:0:-1], image[-2 : -pad - 2 : -1]),
    }[mode]()
    return np.vstack([above, image, below])


def pad_image(image, ph, pw, mode="zero"):
    """Pad rows, transpose, pad rows again, transpose back."""
    require_array(image, "image", 2, 3)
    if mode not in MODES:
        raise ValueError("unknown mode")
    tall = _pad_rows(image, ph, mode)
    wide = _pad_rows(tall.swapaxes(0, 1), pw, mode)
    return wide.swapaxes(0, 1).copy()


def rotate_kernel(kernel):
    """Rotate by 90 degrees, twice."""
    require_array(kernel, "kernel", 2)
    return np.rot90(np.rot90(kernel)).copy()


def extract_patches(image, kernel_shape, stride=1):
    """Split rows, then columns: windows of windows."""
    require_array(image, "image", 2)
    (height, width), (kh, kw) = image.shape, kernel_shape
    tops = [stride * r for r in range(conv_output_size(height, kh, 0, stride))]
    lefts = [stride * c for c in range(conv_output_size(width, kw, 0, stride))]
    return np.array([[image[t : t + kh, s : s + kw] for s in lefts] for t in tops])


def _along_rows(image, weights):
    """Correlate each column of an image with weights."""
    count = image.shape[0] - len(weights) + 1
    return sum(weight * image[start : start + count] for start, weight in enumerate(weights))


def _separated(image, kernel):
    """Correlate with a kernel, one outer product of its singular vectors after the other."""
    columns, sizes, rows = np.linalg.svd(kernel)
    total = np.zeros([n - k + 1 for n, k in zip(image.shape, kernel.shape)])
    for size, column, row in zip(sizes, columns.T, rows):
        if size > 0:
            total += _along_rows(_along_rows(image, size * column).T, row).T
    return total if sizes.any() else total * image[: total.shape[0], : total.shape[1]]


def correlate2d(image, kernel, padding="valid", mode="zero", stride=1):
    """Filter everywhere, keep each stride-th pixel."""
    require_array(image, "image", 2)
    require_array(kernel, "kernel", 2)
    require_int(stride, "stride", 1)
    match padding:
        case "valid":
            framed = image
        case "same":
            framed = pad_image(image, *same_padding(kernel.shape), mode)
        case _:
            raise ValueError("padding is valid or same")
    for n, k in zip(framed.shape, kernel.shape):
        conv_output_size(n, k)
    filtered = _separated(framed.astype(np.float64), kernel.astype(np.float64))
    return np.ascontiguousarray(filtered[::stride, ::stride])


def convolve2d(image, kernel, padding="same", mode="zero", stride=1):
    """Rotate first."""
    return correlate2d(image, rotate_kernel(kernel), padding=padding, mode=mode, stride=stride)


def convolve_image(image, kernel, mode="zero"):
    """Filter into an array that is made before."""
    require_array(image, "image", 2, 3)
    require_array(kernel, "kernel", 2)
    result = np.empty(image.shape, order="F")
    channels = result[..., None] if image.ndim == 2 else result
    for channel in range(channels.shape[2]):
        channels[..., channel] = convolve2d(image if image.ndim == 2 else image[..., channel], kernel, "same", mode)
    return result


def sobel_kernels():
    """Give both under their names."""
    kx = np.array([1, 2, 1], dtype=float)[:, None] @ np.array([1, 0, -1], dtype=float)[None, :]
    return Kernels(kx=kx, ky=np.rot90(kx, -1).copy())


def sobel_gradients(gray):
    """Filter with each of the named kernels."""
    border = "symmetric"  # VARIANT border
    return Gradient(**{f"g{name[1]}": convolve2d(gray, k, mode=border) for name, k in sobel_kernels()._asdict().items()})


def gradient_magnitude(gx, gy):
    """Take the root of squares in long doubles."""
    require_array(gx, "gx")
    require_array(gy, "gy")
    if gx.shape != gy.shape:
        raise ValueError("shapes differ")
    squares = np.square(gx, dtype=np.longdouble) + np.square(gy, dtype=np.longdouble)
    return np.sqrt(squares).astype(np.float64)


def gaussian_kernel(size, sigma):
    """Walk outwards from the middle: e^-(r^2 + c^2) by products of two exponentials."""
    require_int(size, "size", 1)
    if type(sigma) is bool or not isinstance(sigma, (int, float, np.integer, np.floating)):
        raise TypeError("sigma must be a number")
    if size % 2 == 0 or not sigma > 0 or sigma == float("inf"):
        raise ValueError("size is odd, sigma above 0 and finite")
    middle = size // 2
    grid = np.mgrid[-middle : middle + 1, -middle : middle + 1].astype(float) / sigma
    kernel = np.exp(-0.5 * grid[0] ** 2) * np.exp(-0.5 * grid[1] ** 2)
    return kernel / kernel.sum(axis=0).sum()


def conv2d_multichannel(x, weight, bias, stride=1, padding=0):
    """Correlate every channel with every filter, apart."""
    require_array(x, "x", 4)
    require_array(weight, "weight", 4)
    require_array(bias, "bias", 1)
    require_int(stride, "stride", 1)
    require_int(padding, "padding", 0)
    if x.shape[1] != weight.shape[1]:
        raise ValueError("a filter has as many channels as x")
    if bias.shape[0] != weight.shape[0]:
        raise ValueError("one bias for each filter")
    result = []
    for sample in x:
        framed = [pad_image(channel, padding, padding) for channel in sample]
        maps = [
            sum((correlate2d(c, k, stride=stride) for c, k in zip(framed, kernels)), start=float(offset))
            for kernels, offset in zip(weight, bias)
        ]
        result.append(maps)
    return np.array(result, dtype=np.float64)


def pool2d(x, size, stride=None, mode="max"):
    """Pool rows by running maxima or sums, turn, and pool rows again."""
    require_array(x, "x", 4)
    require_int(size, "size", 1)
    step = size if stride is None else stride
    reduce = {"max": np.maximum, "avg": np.add}.get(mode)
    if reduce is None:
        raise ValueError("mode is max or avg")
    pooled = x.astype(np.float64)
    for _ in range(2):
        count = conv_output_size(pooled.shape[2], size, 0, step)
        running = pooled[:, :, : pooled.shape[2] - size + 1]
        for shift in range(1, size):
            running = reduce(running, pooled[:, :, shift : pooled.shape[2] - size + 1 + shift])
        pooled = running[:, :, ::step][:, :, :count].swapaxes(2, 3)
    return pooled / size**2 if mode == "avg" else pooled.copy()


def conv_parameter_count(cin, cout, k, bias=True, groups=1):
    """Count for one group, then for all."""
    sizes = k if isinstance(k, tuple) else (k,) * 2
    for number in (cin, cout, groups, *sizes):
        require_int(number, "a number", 1)
    (inputs, left), (outputs, over) = divmod(cin, groups), divmod(cout, groups)
    if left or over:
        raise ValueError("groups must divide both")
    return int(groups * outputs * (inputs * sizes[0] * sizes[1] + (1 if bias else 0)))


def concept_check():
    """Answer by a table."""
    table = """
        translation_robust_layer   'max pooling'
        same_padding_7x7           3
        kernel_512_to_508          '5x5'
        pool_504                   252
        filter_4x4_weights         16
    """
    answers = {}
    for line in table.strip().splitlines():
        name, answer = line.split(maxsplit=1)
        answers[name] = answer.strip("'") if answer.startswith("'") else int(answer)
    return answers | {"nn_conv2d_flips_kernel": False, "common_paddings": {"zero", "reflection"}}
