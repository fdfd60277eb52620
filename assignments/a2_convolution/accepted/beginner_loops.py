"""A beginner's loops: over pixels for padding, over kernel elements for sums, and no shortcut anywhere."""

import numpy as np


def check_int(value, smallest):
    """Complain about a wrong number."""
    if isinstance(value, float) or isinstance(value, str):
        raise TypeError("need an int")
    if value < smallest:
        raise ValueError("too small")


def check_image(image):
    """Complain about a wrong array."""
    if type(image) is not np.ndarray:
        raise TypeError("need an array")
    if not (np.issubdtype(image.dtype, np.integer) or np.issubdtype(image.dtype, np.floating) or image.dtype == bool):
        raise TypeError("need numbers")
    if image.size == 0:
        raise ValueError("empty")


def same_padding(kernel_shape):
    """Count how far the kernel reaches over its centre."""
    kh = kernel_shape[0]
    kw = kernel_shape[1]
    check_int(kh, 1)
    check_int(kw, 1)
    if kh % 2 == 0 or kw % 2 == 0:
        raise ValueError("even")
    ph = int((kh - 1) / 2)
    pw = int((kw - 1) / 2)
    return ph, pw


def conv_output_size(n, k, padding=0, stride=1):
    """Walk along the axis and count."""
    check_int(n, 1)
    check_int(k, 1)
    check_int(padding, 0)
    check_int(stride, 1)
    if k > n + 2 * padding:
        raise ValueError("does not fit")
    count = 0
    start = 0
    while start + k <= n + 2 * padding:
        count += 1
        start += stride
    return count


def where_from(i, n, mode):
    """Say which of n pixels belongs at position i, which may be outside."""
    if mode == "edge":
        if i < 0:
            return 0
        if i >= n:
            return n - 1
        return i
    if mode == "wrap":
        if i < 0:
            return i + n
        if i >= n:
            return i - n
        return i
    if mode == "reflect":
        if i < 0:
            return -i
        if i >= n:
            return 2 * (n - 1) - i
        return i
    if i < 0:
        return -i - 1
    if i >= n:
        return 2 * n - 1 - i
    return i


def pad_image(image, ph, pw, mode="zero"):
    """Fill a larger array pixel by pixel."""
    check_image(image)
    if image.ndim != 2 and image.ndim != 3:
        raise ValueError("axes")
    check_int(ph, 0)
    check_int(pw, 0)
    height = image.shape[0]
    width = image.shape[1]
    if mode == "reflect" and (ph > height - 1 or pw > width - 1):
        raise ValueError("too deep")
    elif (mode == "symmetric" or mode == "wrap") and (ph > height or pw > width):
        raise ValueError("too deep")
    elif mode not in ["zero", "reflect", "symmetric", "edge", "wrap"]:
        raise ValueError("mode")
    new_shape = list(image.shape)
    new_shape[0] += 2 * ph
    new_shape[1] += 2 * pw
    padded = np.zeros(new_shape, dtype=image.dtype)
    if mode == "zero":
        padded[ph : ph + height, pw : pw + width] = image
        return padded
    for r in range(new_shape[0]):
        for c in range(new_shape[1]):
            padded[r, c] = image[where_from(r - ph, height, mode), where_from(c - pw, width, mode)]
    return padded


def rotate_kernel(kernel):
    """Copy each number to the opposite place."""
    check_image(kernel)
    if kernel.ndim != 2:
        raise ValueError("axes")
    kh, kw = kernel.shape
    turned = np.zeros_like(kernel)
    for i in range(kh):
        for j in range(kw):
            turned[kh - 1 - i, kw - 1 - j] = kernel[i, j]
    return turned


def extract_patches(image, kernel_shape, stride=1):
    """Copy patch after patch."""
    check_image(image)
    if image.ndim != 2:
        raise ValueError("axes")
    kh, kw = kernel_shape
    rows = conv_output_size(image.shape[0], kh, 0, stride)
    columns = conv_output_size(image.shape[1], kw, 0, stride)
    patches = np.zeros((rows, columns, kh, kw), dtype=image.dtype)
    for r in range(rows):
        for c in range(columns):
            patches[r, c] = image[r * stride : r * stride + kh, c * stride : c * stride + kw]
    return patches


def correlate2d(image, kernel, padding="valid", mode="zero", stride=1):
    """Loop over the kernel, add weighted images."""
    check_image(image)
    check_image(kernel)
    if image.ndim != 2 or kernel.ndim != 2:
        raise ValueError("axes")
    kh, kw = kernel.shape
    if padding == "same":
        ph, pw = same_padding((kh, kw))
        padded = pad_image(image, ph, pw, mode).astype(float)
    elif padding == "valid":
        padded = image.astype(float)
    else:
        raise ValueError("padding")
    rows = conv_output_size(padded.shape[0], kh, 0, stride)
    columns = conv_output_size(padded.shape[1], kw, 0, stride)
    result = np.zeros((rows, columns))
    for i in range(kh):
        for j in range(kw):
            last_row = i + stride * (rows - 1) + 1
            last_column = j + stride * (columns - 1) + 1
            result = result + float(kernel[i, j]) * padded[i:last_row:stride, j:last_column:stride]
    return result


def convolve2d(image, kernel, padding="same", mode="zero", stride=1):
    """Turn, then correlate."""
    turned = rotate_kernel(kernel)
    result = correlate2d(image, turned, padding=padding, mode=mode, stride=stride)
    return result


def convolve_image(image, kernel, mode="zero"):
    """Loop over the channels."""
    check_image(image)
    if image.ndim == 2:
        return convolve2d(image, kernel, "same", mode)
    if image.ndim != 3:
        raise ValueError("axes")
    result = np.zeros(image.shape)
    for c in range(image.shape[2]):
        result[:, :, c] = convolve2d(image[:, :, c], kernel, "same", mode)
    return result


def sobel_kernels():
    """Type the numbers."""
    kx = np.zeros((3, 3))
    kx[0, 0] = kx[2, 0] = 1
    kx[1, 0] = 2
    kx[:, 2] = -kx[:, 0]
    ky = np.zeros((3, 3))
    ky[0] = [1, 2, 1]
    ky[2] = [-1, -2, -1]
    return (kx, ky)


def sobel_gradients(gray):
    """Convolve twice."""
    border = "symmetric"  # VARIANT border
    kx, ky = sobel_kernels()
    gx = convolve2d(gray, kx, "same", border)
    gy = convolve2d(gray, ky, "same", border)
    return gx, gy


def gradient_magnitude(gx, gy):
    """Power of one half."""
    check_image(gx)
    check_image(gy)
    if gx.shape != gy.shape:
        raise ValueError("shape")
    gx = gx.astype(float)
    gy = gy.astype(float)
    return (gx * gx + gy * gy) ** 0.5


def gaussian_kernel(size, sigma):
    """Loop over the grid, then divide by the sum."""
    check_int(size, 1)
    if size % 2 == 0:
        raise ValueError("even")
    if type(sigma) not in (int, float):
        raise TypeError("sigma")
    if sigma <= 0 or sigma != sigma or sigma == float("inf"):
        raise ValueError("sigma")
    kernel = np.zeros((size, size))
    centre = size // 2
    for r in range(size):
        for c in range(size):
            kernel[r, c] = np.exp(-((r - centre) ** 2 + (c - centre) ** 2) / (2 * sigma**2))
    return kernel / kernel.sum()


def conv2d_multichannel(x, weight, bias, stride=1, padding=0):
    """Loop over samples, filters and positions."""
    for array in (x, weight, bias):
        check_image(array)
    if x.ndim != 4 or weight.ndim != 4 or bias.ndim != 1:
        raise ValueError("axes")
    n, c, h, w = x.shape
    o, c2, kh, kw = weight.shape
    if c != c2 or len(bias) != o:
        raise ValueError("channels")
    rows = conv_output_size(h, kh, padding, stride)
    columns = conv_output_size(w, kw, padding, stride)
    padded = np.zeros((n, c, h + 2 * padding, w + 2 * padding))
    padded[:, :, padding : padding + h, padding : padding + w] = x
    result = np.zeros((n, o, rows, columns))
    for a in range(n):
        for b in range(o):
            for r in range(rows):
                for q in range(columns):
                    patch = padded[a, :, r * stride : r * stride + kh, q * stride : q * stride + kw]
                    result[a, b, r, q] = (patch * weight[b]).sum() + bias[b]
    return result


def pool2d(x, size, stride=None, mode="max"):
    """Loop over the windows."""
    check_image(x)
    if x.ndim != 4:
        raise ValueError("axes")
    if stride is None:
        stride = size
    rows = conv_output_size(x.shape[2], size, 0, stride)
    columns = conv_output_size(x.shape[3], size, 0, stride)
    result = np.zeros((x.shape[0], x.shape[1], rows, columns))
    for r in range(rows):
        for c in range(columns):
            window = x[:, :, r * stride : r * stride + size, c * stride : c * stride + size].astype(float)
            if mode == "max":
                result[:, :, r, c] = window.max(axis=3).max(axis=2)
            elif mode == "avg":
                result[:, :, r, c] = window.sum(axis=3).sum(axis=2) / (size * size)
            else:
                raise ValueError("mode")
    return result


def conv_parameter_count(cin, cout, k, bias=True, groups=1):
    """Multiply step by step."""
    if isinstance(k, tuple):
        kh, kw = k
    else:
        kh = k
        kw = k
    for number in [cin, cout, kh, kw, groups]:
        check_int(number, 1)
    if cin % groups != 0:
        raise ValueError("groups")
    if cout % groups != 0:
        raise ValueError("groups")
    count = cin // groups
    count = count * kh
    count = count * kw
    count = count * cout
    if bias:
        count = count + cout
    return count


def concept_check():
    """Answer."""
    answers = {}
    answers["translation_robust_layer"] = "max pooling"
    answers["same_padding_7x7"] = 3
    answers["kernel_512_to_508"] = "5x5"
    answers["pool_504"] = 252
    answers["filter_4x4_weights"] = 16
    answers["nn_conv2d_flips_kernel"] = False
    answers["common_paddings"] = set(["zero", "reflection"])
    return answers
