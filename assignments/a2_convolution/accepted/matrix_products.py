"""Strided views turned into columns of a matrix (im2col), and one matrix product for each result."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

FILL = {"zero", "reflect", "symmetric", "edge", "wrap"}


def _columns(x, kh, kw, stride):
    """Cut (..., H, W) into (..., rows, columns, kh * kw) patches through strides alone."""
    rows = conv_output_size(x.shape[-2], kh, stride=stride)
    columns = conv_output_size(x.shape[-1], kw, stride=stride)
    *outer, down, right = x.strides
    view = as_strided(
        x, (*x.shape[:-2], rows, columns, kh, kw), (*outer, down * stride, right * stride, down, right), writeable=False
    )
    return view.reshape(*x.shape[:-2], rows, columns, kh * kw)


def _floats(value, *ndims):
    if not isinstance(value, np.ndarray):
        raise TypeError(type(value))
    if value.dtype.kind in "cOSUVmM":
        raise TypeError(value.dtype)
    if value.size == 0 or (ndims and value.ndim not in ndims):
        raise ValueError(value.shape)
    return np.array(value, dtype=np.float64, order="C")


def _int(value, least):
    if type(value) is not int and not isinstance(value, np.integer):
        raise TypeError(value)
    if value < least:
        raise ValueError(value)


def same_padding(kernel_shape):
    """Check, then halve."""
    kh, kw = kernel_shape
    _int(kh, 1)
    _int(kw, 1)
    if not (kh % 2 and kw % 2):
        raise ValueError(kernel_shape)
    return (kh - 1) // 2, (kw - 1) // 2


def conv_output_size(n, k, padding=0, stride=1):
    """Add the stride before the division instead of one after it."""
    for value, least in ((n, 1), (k, 1), (padding, 0), (stride, 1)):
        _int(value, least)
    total = n + 2 * padding - k
    if total < 0:
        raise ValueError("too long")
    return (total + stride) // stride


def _selection(n, pad, mode):
    """Build the 0/1 matrix (n + 2 pad, n) that copies rows of an axis."""
    matrix = np.zeros((n + 2 * pad, n))
    for new in range(n + 2 * pad):
        old = new - pad
        if not 0 <= old < n:
            if mode == "zero":
                continue
            before = old < 0
            depth = -old if before else old - n + 1  # 1 beside the edge
            if mode == "edge":
                depth = 1
            if mode == "wrap":
                old = n - depth if before else depth - 1
            else:
                inner = depth if mode == "reflect" else depth - 1
                if inner >= n:
                    raise ValueError("too deep")
                old = inner if before else n - 1 - inner
            if not 0 <= old < n:
                raise ValueError("too deep")
        matrix[new, old] = 1
    return matrix


def pad_image(image, ph, pw, mode="zero"):
    """Multiply by selection matrices from the left and from the right."""
    values = _floats(image, 2, 3)
    _int(ph, 0)
    _int(pw, 0)
    if mode not in FILL:
        raise ValueError(mode)
    rows, columns = _selection(image.shape[0], ph, mode), _selection(image.shape[1], pw, mode)
    return np.einsum("Rr,Cc,rc...->RC...", rows, columns, values, optimize=True).astype(image.dtype)


def rotate_kernel(kernel):
    """Index with descending aranges."""
    _floats(kernel, 2)
    rows, columns = (np.arange(n - 1, -1, -1) for n in kernel.shape)
    return kernel[np.ix_(rows, columns)]


def extract_patches(image, kernel_shape, stride=1):
    """Reshape im2col's columns back into patches."""
    _floats(image, 2)
    patches = _columns(np.ascontiguousarray(image), *kernel_shape, stride)
    return np.array(patches.reshape(*patches.shape[:2], *kernel_shape))


def correlate2d(image, kernel, padding="valid", mode="zero", stride=1):
    """Multiply a matrix of patches by the kernel as a vector."""
    values, weights = _floats(image, 2), _floats(kernel, 2)
    if padding == "same":
        values = np.ascontiguousarray(pad_image(values, *same_padding(kernel.shape), mode))
    elif padding != "valid":
        raise ValueError(padding)
    return _columns(values, *kernel.shape, stride) @ weights.reshape(-1)


def convolve2d(image, kernel, padding="same", mode="zero", stride=1):
    """Reverse the vector of weights instead of the kernel."""
    values, weights = _floats(image, 2), _floats(kernel, 2)
    if padding not in ["same", "valid"]:
        raise ValueError(padding)
    if padding == "same":
        values = np.ascontiguousarray(pad_image(values, *same_padding(kernel.shape), mode))
    return _columns(values, *kernel.shape, stride) @ weights.reshape(-1)[::-1]


def convolve_image(image, kernel, mode="zero"):
    """Treat channels as a batch: one matrix product for all of them."""
    weights, values = _floats(kernel, 2), _floats(image, 2, 3)
    padded = pad_image(values, *same_padding(kernel.shape), mode)
    batch = np.ascontiguousarray(np.moveaxis(np.atleast_3d(padded), 2, 0))
    filtered = _columns(batch, *kernel.shape, 1) @ weights.reshape(-1)[::-1]
    return np.moveaxis(filtered, 0, 2).reshape(image.shape)


def sobel_kernels():
    """Multiply a column by a row."""
    smooth, slope = np.array([[1.0, 2.0, 1.0]]), np.array([[1.0, 0.0, -1.0]])
    return smooth.T @ slope, slope.T @ smooth


def sobel_gradients(gray):
    """Take both gradients with one matrix of two columns."""
    border = "symmetric"  # VARIANT border
    padded = np.ascontiguousarray(pad_image(_floats(gray, 2), 1, 1, border))
    kernels = np.stack([kernel.reshape(-1)[::-1] for kernel in sobel_kernels()], axis=1)
    both = _columns(padded, 3, 3, 1) @ kernels
    return both[..., 0].copy(), both[..., 1].copy()


def gradient_magnitude(gx, gy):
    """Take the norm over a stacked axis."""
    gx, gy = _floats(gx), _floats(gy)
    if gx.shape != gy.shape:
        raise ValueError("shape")
    return np.linalg.norm(np.stack([gx, gy]), axis=0)


def gaussian_kernel(size, sigma):
    """Raise e to a matrix of exponents."""
    _int(size, 1)
    if not isinstance(sigma, (float, int, np.floating)):
        raise TypeError(sigma)
    if size % 2 == 0 or not np.isfinite(sigma) or sigma <= 0:
        raise ValueError((size, sigma))
    squares = np.square(np.arange(size) - (size - 1) / 2)
    kernel = np.e ** (-np.add.outer(squares, squares) / (2 * float(sigma) ** 2))
    return kernel / kernel.sum()


def conv2d_multichannel(x, weight, bias, stride=1, padding=0):
    """Multiply (N, rows * columns, C * kh * kw) by (C * kh * kw, O)."""
    x, weight, bias = _floats(x, 4), _floats(weight, 4), _floats(bias, 1)
    _int(padding, 0)
    filters, channels, kh, kw = weight.shape
    if channels != x.shape[1] or filters != bias.shape[0]:
        raise ValueError("channels")
    framed = np.zeros((*x.shape[:2], x.shape[2] + 2 * padding, x.shape[3] + 2 * padding))
    framed[:, :, padding : framed.shape[2] - padding, padding : framed.shape[3] - padding] = x
    patches = _columns(framed, kh, kw, stride)  # (N, C, rows, columns, kh * kw)
    samples, _, rows, columns, _ = patches.shape
    matrix = patches.transpose(0, 2, 3, 1, 4).reshape(samples * rows * columns, -1)
    result = matrix @ weight.reshape(filters, -1).T + bias
    return np.ascontiguousarray(result.reshape(samples, rows, columns, filters).transpose(0, 3, 1, 2))


def pool2d(x, size, stride=None, mode="max"):
    """Sort each patch, or multiply it by equal weights."""
    x = _floats(x, 4)
    _int(size, 1)
    if mode not in ("max", "avg"):
        raise ValueError(mode)
    patches = _columns(x, size, size, size if stride is None else stride)
    return np.sort(patches, axis=-1)[..., -1] if mode == "max" else patches @ np.full(size**2, 1 / size**2)


def conv_parameter_count(cin, cout, k, bias=True, groups=1):
    """Count the weights of one filter first."""
    kernel = k if isinstance(k, tuple) else (k,) * 2
    for value in (cin, cout, groups, *kernel):
        _int(value, 1)
    if cin % groups != 0 or cout % groups != 0:
        raise ValueError(groups)
    one_filter = cin // groups * kernel[0] * kernel[1] + int(bool(bias))
    return cout * one_filter


def concept_check():
    """Answer."""
    answers = dict.fromkeys(["pool_504", "same_padding_7x7", "filter_4x4_weights"], 0)
    answers["pool_504"] = 504 // 2
    answers["same_padding_7x7"] = 7 // 2
    answers["filter_4x4_weights"] = 4 * 4
    answers["translation_robust_layer"] = "max pooling"
    answers["kernel_512_to_508"] = "5x5"
    answers["nn_conv2d_flips_kernel"] = False
    answers["common_paddings"] = {"zero", "reflection"}
    return answers
