"""The given helpers kept; pixels addressed by flat numbers: ravel, take, bincount."""

import numpy as np


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
    """Look the middle of each size up."""
    for size in kernel_shape:
        require_int(size, "kernel size", 1)
        if not size & 1:
            raise ValueError("even")
    return tuple(range(size).index(size // 2) for size in kernel_shape)


def conv_output_size(n, k, padding=0, stride=1):
    """Count starts with arange."""
    require_int(n, "n", 1)
    require_int(k, "k", 1)
    require_int(padding, "padding", 0)
    require_int(stride, "stride", 1)
    starts = np.arange(0, n + 2 * padding - k + 1, stride)
    if starts.size == 0:
        raise ValueError("does not fit")
    return int(starts.size)


def pad_image(image, ph, pw, mode="zero"):
    """Number the pixels, pad the numbers by a walk there and back, then take."""
    require_array(image, "image", 2, 3)
    require_int(ph, "ph", 0)
    require_int(pw, "pw", 0)
    lines = []
    for n, pad in ((image.shape[0], ph), (image.shape[1], pw)):
        up = np.arange(n)
        walks = {  # one period of each mode, from pixel 0 on
            "reflect": (np.concatenate([up, up[-2:0:-1]]), n - 1),
            "symmetric": (np.concatenate([up, up[::-1]]), n),
            "wrap": (up, n),
            "edge": (None, pad),
            "zero": (None, pad),
        }
        if mode not in walks:
            raise ValueError(mode)
        walk, deepest = walks[mode]
        if pad > deepest:
            raise ValueError("too deep")
        places = np.arange(-pad, n + pad)
        lines.append(np.clip(places, 0, n - 1) if walk is None else np.take(walk, places, mode="wrap"))
    numbers = np.add.outer(lines[0] * image.shape[1], lines[1])
    padded = image.reshape(-1, *image.shape[2:])[numbers]
    if mode == "zero":
        rows, columns = np.indices(numbers.shape)
        outside = (rows < ph) | (rows >= ph + image.shape[0]) | (columns < pw) | (columns >= pw + image.shape[1])
        padded[outside] = 0
    return padded


def rotate_kernel(kernel):
    """Sort by descending flat number."""
    require_array(kernel, "kernel", 2)
    return np.take(kernel, np.arange(kernel.size)[::-1]).reshape(kernel.shape)


def extract_patches(image, kernel_shape, stride=1):
    """Add the flat number of a patch to the flat numbers inside it."""
    require_array(image, "image", 2)
    kh, kw = kernel_shape
    rows, columns = conv_output_size(image.shape[0], kh, 0, stride), conv_output_size(image.shape[1], kw, 0, stride)
    width = image.shape[1]
    corner = np.add.outer(np.arange(rows) * stride * width, np.arange(columns) * stride)
    inner = np.add.outer(np.arange(kh) * width, np.arange(kw))
    return image.ravel().take(np.add.outer(corner, inner))


def correlate2d(image, kernel, padding="valid", mode="zero", stride=1):
    """Multiply, then sum over the two inner axes."""
    require_array(image, "image", 2)
    require_array(kernel, "kernel", 2)
    if padding not in ("same", "valid"):
        raise ValueError(padding)
    ph, pw = same_padding(kernel.shape) if padding == "same" else (0, 0)
    patches = extract_patches(pad_image(image, ph, pw, mode).astype(np.float64), kernel.shape, stride)
    return (patches * kernel.astype(np.float64)).sum(axis=(2, 3))


def convolve2d(image, kernel, padding="same", mode="zero", stride=1):
    """Scatter each product to its flat place with bincount, then cut the valid part out."""
    require_array(image, "image", 2)
    require_array(kernel, "kernel", 2)
    if padding not in ("same", "valid"):
        raise ValueError(padding)
    ph, pw = same_padding(kernel.shape) if padding == "same" else (0, 0)
    padded = pad_image(image, ph, pw, mode).astype(np.float64)
    (h, w), (kh, kw) = padded.shape, kernel.shape
    rows, columns = conv_output_size(h, kh, 0, stride), conv_output_size(w, kw, 0, stride)
    full_width = w + kw - 1
    pixels = np.add.outer(np.arange(h) * full_width, np.arange(w)).ravel()
    total = np.zeros((h + kh - 1) * full_width)
    for (i, j), weight in np.ndenumerate(kernel):
        total += np.bincount(pixels + i * full_width + j, padded.ravel() * float(weight), total.size)
    full = total.reshape(h + kh - 1, full_width)
    return full[kh - 1 :: stride, kw - 1 :: stride][:rows, :columns].copy()


def convolve_image(image, kernel, mode="zero"):
    """Write into a transposed result."""
    require_array(image, "image", 2, 3)
    require_array(kernel, "kernel", 2)
    if image.ndim == 2:
        return convolve2d(image, kernel, mode=mode)
    result = np.empty((image.shape[2], *image.shape[:2]))
    for target, channel in zip(result, image.transpose(2, 0, 1), strict=True):
        target[:] = convolve2d(channel, kernel, mode=mode)
    return result.transpose(1, 2, 0)


def sobel_kernels():
    """Convolve a profile with a difference."""
    smooth = np.array([[1.0], [2.0], [1.0]])
    difference = np.array([[0.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0]])
    kx = smooth * difference[:, 2:5]
    return kx, np.rot90(kx, 3).copy()


def sobel_gradients(gray):
    """Correlate with the kernels' negatives: turning a Sobel kernel changes its sign."""
    border = "symmetric"  # VARIANT border
    kx, ky = sobel_kernels()
    return correlate2d(gray, -kx, "same", border), correlate2d(gray, -ky, "same", border)


def gradient_magnitude(gx, gy):
    """Take the modulus of polar form."""
    require_array(gx, "gx")
    require_array(gy, "gy")
    if gx.shape != gy.shape:
        raise ValueError("shapes")
    angle = np.arctan2(gy.astype(float), gx.astype(float))
    return np.abs(gx * np.cos(angle) + gy * np.sin(angle))


def gaussian_kernel(size, sigma):
    """Count steps from the centre with indices."""
    require_int(size, "size", 1)
    if not isinstance(sigma, (int, float)):
        raise TypeError("sigma")
    if not size % 2 or not 0 < sigma < np.inf:
        raise ValueError("size or sigma")
    steps = np.indices((size, size)) - size // 2
    bell = np.exp((steps**2).sum(axis=0) / (-2.0 * sigma**2))
    return bell / bell.sum()


def conv2d_multichannel(x, weight, bias, stride=1, padding=0):
    """Take flat numbers of whole samples, then multiply matrices."""
    require_array(x, "x", 4)
    require_array(weight, "weight", 4)
    require_array(bias, "bias", 1)
    (samples, channels, h, w), (filters, depth, kh, kw) = x.shape, weight.shape
    if depth != channels or bias.size != filters:
        raise ValueError("channels")
    rows, columns = conv_output_size(h, kh, padding, stride), conv_output_size(w, kw, padding, stride)
    frame = np.zeros((samples, channels, h + 2 * padding, w + 2 * padding))
    frame[:, :, padding : padding + h, padding : padding + w] = x
    plane = np.arange(frame[0].size).reshape(frame[0].shape)
    numbers = np.stack([extract_patches(numbered, (kh, kw), stride) for numbered in plane], axis=2)
    patches = frame.reshape(samples, -1)[:, numbers.reshape(rows * columns, -1)]  # (N, rows * columns, C * kh * kw)
    result = weight.reshape(filters, -1).astype(float) @ patches.transpose(0, 2, 1)
    return result.reshape(samples, filters, rows, columns) + bias[:, None, None]


def pool2d(x, size, stride=None, mode="max"):
    """Sort or sum flat windows."""
    require_array(x, "x", 4)
    if mode not in ("max", "avg"):
        raise ValueError(mode)
    step = size if stride is None else stride
    numbers = extract_patches(np.arange(x[0, 0].size).reshape(x.shape[2:]), (size, size), step)
    windows = x.reshape(*x.shape[:2], -1)[:, :, numbers].astype(np.float64)
    if mode == "avg":
        return windows.sum(axis=(4, 5)) / size**2
    return np.maximum.reduce(np.maximum.reduce(windows, axis=5), axis=4)


def conv_parameter_count(cin, cout, k, bias=True, groups=1):
    """Measure the shape of a broadcast zero."""
    shape = (cin, cout, *(k if isinstance(k, tuple) else (k, k)), groups)
    for value in shape:
        require_int(value, "a size", 1)
    if cin % groups or cout % groups:
        raise ValueError("groups")
    weight = np.broadcast_to(0, (cout, cin // groups, *shape[2:4]))
    return int(weight.size + cout * (1 if bias else 0))


def concept_check():
    """Answer."""
    return {
        "translation_robust_layer": "MAX POOLING",
        "same_padding_7x7": 3,
        "kernel_512_to_508": "5x5",
        "pool_504": 252,
        "filter_4x4_weights": 16,
        "nn_conv2d_flips_kernel": False,
        "common_paddings": {"zero", "reflection"},
    }
