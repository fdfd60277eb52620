"""Much checking, done by decorators that look at the signature; few lines of arithmetic behind it."""

import functools
import inspect

import numpy as np

IMAGE, KERNEL, LAYER = (2, 3), (2,), (4,)


def arrays(**axes):
    """Check that the named arguments are non-empty real arrays with one of the given numbers of axes."""

    def decorate(function):
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*args, **kwargs):
            bound = signature.bind(*args, **kwargs)
            for name, ndims in axes.items():
                value = bound.arguments[name]
                if not isinstance(value, np.ndarray):
                    raise TypeError(f"{function.__name__}: {name} is {type(value).__name__}, not an array")
                if not np.isrealobj(value) or value.dtype.kind in "OSUVMm":
                    raise TypeError(f"{function.__name__}: {name} holds {value.dtype}")
                if value.size == 0:
                    raise ValueError(f"{function.__name__}: {name} is empty")
                if ndims and value.ndim not in ndims:
                    raise ValueError(f"{function.__name__}: {name} has {value.ndim} axes")
            return function(*args, **kwargs)

        return checked

    return decorate


def integers(**least):
    """Check that the named arguments are integers of at least the given number; None is left alone."""

    def decorate(function):
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checked(*args, **kwargs):
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            for name, lowest in least.items():
                value = bound.arguments[name]
                for number in value if isinstance(value, tuple) else (value,):
                    if number is None:
                        continue
                    if isinstance(number, (bool, np.bool_)) or not isinstance(number, (int, np.integer)):
                        raise TypeError(f"{function.__name__}: {name} is no integer")
                    if number < lowest:
                        raise ValueError(f"{function.__name__}: {name} is below {lowest}")
            return function(*args, **kwargs)

        return checked

    return decorate


@integers(kernel_shape=1)
def same_padding(kernel_shape):
    """Halve."""
    if (np.array(kernel_shape) % 2 == 0).any():
        raise ValueError("same_padding: even kernel")
    return kernel_shape[0] // 2, kernel_shape[1] // 2


@integers(n=1, k=1, padding=0, stride=1)
def conv_output_size(n, k, padding=0, stride=1):
    """Apply the formula."""
    if n + 2 * padding < k:
        raise ValueError("conv_output_size: the window does not fit")
    return (n + 2 * padding - k) // stride + 1


@arrays(image=IMAGE)
@integers(ph=0, pw=0)
def pad_image(image, ph, pw, mode="zero"):
    """Grow the image ring by ring: each new row copies the row that its mode asks for."""
    rows, columns = image.shape[:2]
    room = {"zero": np.inf, "edge": np.inf, "reflect": -1, "symmetric": 0, "wrap": 0}
    if mode not in room:
        raise ValueError(f"pad_image: no mode {mode}")
    if ph > rows + room[mode] or pw > columns + room[mode]:
        raise ValueError("pad_image: too deep")
    out = np.zeros((rows + 2 * ph, columns + 2 * pw) + image.shape[2:], image.dtype)
    out[ph : ph + rows, pw : pw + columns] = image
    for view, pad, n in ((out, ph, rows), (out.swapaxes(0, 1), pw, columns)):
        first, last = pad, pad + n - 1
        for depth in range(1, pad + 1):
            if mode == "reflect":
                view[first - depth], view[last + depth] = view[first + depth], view[last - depth]
            elif mode == "symmetric":
                view[first - depth], view[last + depth] = view[first + depth - 1], view[last - depth + 1]
            elif mode == "edge":
                view[first - depth], view[last + depth] = view[first], view[last]
            elif mode == "wrap":
                view[first - depth], view[last + depth] = view[last - depth + 1], view[first + depth - 1]
    return out


@arrays(kernel=KERNEL)
def rotate_kernel(kernel):
    """Flip up-down, then left-right."""
    return np.fliplr(np.flipud(kernel)).copy()


@arrays(image=KERNEL)
@integers(kernel_shape=1, stride=1)
def extract_patches(image, kernel_shape, stride=1):
    """Assign one pixel of all patches at a time."""
    size = [conv_output_size(n, k, 0, stride) for n, k in zip(image.shape, kernel_shape, strict=True)]
    patches = np.empty((*size, *kernel_shape), image.dtype)
    for i in range(kernel_shape[0]):
        for j in range(kernel_shape[1]):
            patches[:, :, i, j] = image[i::stride, j::stride][: size[0], : size[1]]
    return patches


@arrays(image=KERNEL, kernel=KERNEL)
@integers(stride=1)
def correlate2d(image, kernel, padding="valid", mode="zero", stride=1):
    """Contract two axes of the patches with tensordot."""
    if padding not in ("valid", "same"):
        raise ValueError(f"correlate2d: no padding {padding}")
    image, kernel = np.asarray(image, float), np.asarray(kernel, float)
    if padding == "same":
        image = pad_image(image, *same_padding(kernel.shape), mode)
    return np.tensordot(extract_patches(image, kernel.shape, stride), kernel, axes=2)


@arrays(image=KERNEL, kernel=KERNEL)
@integers(stride=1)
def convolve2d(image, kernel, padding="same", mode="zero", stride=1):
    """Scatter instead of gather: each weight adds a shifted copy of the image to the full result."""
    if padding not in ("valid", "same"):
        raise ValueError(f"convolve2d: no padding {padding}")
    if padding == "same":
        image = pad_image(image, *same_padding(kernel.shape), mode)
    (h, w), (kh, kw) = image.shape, kernel.shape
    rows, columns = conv_output_size(h, kh), conv_output_size(w, kw)
    full = np.zeros((h + kh - 1, w + kw - 1))
    for i in range(kh):
        for j in range(kw):
            full[i : i + h, j : j + w] += float(kernel[i, j]) * image
    inside = full[kh - 1 : kh - 1 + rows, kw - 1 : kw - 1 + columns]
    return inside[::stride, ::stride].copy()


@arrays(image=IMAGE, kernel=KERNEL)
def convolve_image(image, kernel, mode="zero"):
    """Lay the channels side by side under one another, each padded, and filter them in a single call."""
    cube = image.reshape(image.shape[0], image.shape[1], -1).astype(float)
    ph, pw = same_padding(kernel.shape)
    padded = pad_image(cube, ph, pw, mode)
    height, channels = padded.shape[0], padded.shape[2]
    tall = np.moveaxis(padded, 2, 0).reshape(channels * height, padded.shape[1])
    filtered = convolve2d(tall, kernel, "valid")
    rows = [filtered[c * height : c * height + image.shape[0]] for c in range(channels)]
    return np.stack(rows, axis=2).reshape(image.shape)


def sobel_kernels():
    """Read the numbers from text."""
    kx = np.array("1 0 -1 2 0 -2 1 0 -1".split(), dtype=float).reshape(3, 3)
    ky = np.array("1 2 1 0 0 0 -1 -2 -1".split(), dtype=float).reshape(3, 3)
    return kx, ky


@arrays(gray=KERNEL)
def sobel_gradients(gray):
    """Use the separable form: smooth along one axis, differentiate along the other."""
    border = "symmetric"  # VARIANT border
    smooth, slope = np.array([[1.0, 2.0, 1.0]]), np.array([[1.0, 0.0, -1.0]])
    padded = pad_image(gray, 1, 1, border)
    gx = convolve2d(convolve2d(padded, smooth.T, "valid"), slope, "valid")
    gy = convolve2d(convolve2d(padded, smooth, "valid"), slope.T, "valid")
    return gx, gy


@arrays(gx=(), gy=())
def gradient_magnitude(gx, gy):
    """Use hypot, in float64."""
    if np.shape(gx) != np.shape(gy):
        raise ValueError("gradient_magnitude: shapes differ")
    return np.hypot(gx, gy, dtype=np.float64)


@integers(size=1)
def gaussian_kernel(size, sigma):
    """Build a quarter, and mirror it."""
    if isinstance(sigma, (str, bytes, bool)) or not np.isscalar(sigma):
        raise TypeError("gaussian_kernel: sigma is no number")
    if size % 2 == 0 or not np.isfinite(sigma) or sigma <= 0:
        raise ValueError("gaussian_kernel: size or sigma")
    half = np.exp(-(np.arange(size // 2 + 1.0) ** 2) / (2.0 * sigma * sigma))
    profile = np.concatenate([half[:0:-1], half])
    profile /= profile.sum()
    return np.multiply.outer(profile, profile)


@arrays(x=LAYER, weight=LAYER, bias=(1,))
@integers(stride=1, padding=0)
def conv2d_multichannel(x, weight, bias, stride=1, padding=0):
    """Loop over filters and samples; sum correlations of channels."""
    if x.shape[1] != weight.shape[1] or bias.shape != weight.shape[:1]:
        raise ValueError("conv2d_multichannel: shapes do not fit")
    rows = conv_output_size(x.shape[2], weight.shape[2], padding, stride)
    columns = conv_output_size(x.shape[3], weight.shape[3], padding, stride)
    out = np.empty((len(x), len(weight), rows, columns))
    out[...] = bias[np.newaxis, :, np.newaxis, np.newaxis]
    for n, sample in enumerate(x):
        framed = pad_image(np.moveaxis(sample, 0, 2), padding, padding)
        for o, kernels in enumerate(weight):
            for c, kernel in enumerate(kernels):
                out[n, o] += correlate2d(framed[:, :, c], kernel, stride=stride)
    return out


@arrays(x=LAYER)
@integers(size=1, stride=1)
def pool2d(x, size, stride=None, mode="max"):
    """Pool plane by plane, through patches."""
    if mode not in ("max", "avg"):
        raise ValueError(f"pool2d: no mode {mode}")
    pool = {"max": np.amax, "avg": np.average}[mode]
    planes = x.reshape(-1, *x.shape[2:]).astype(float)
    pooled = np.stack([pool(extract_patches(p, (size, size), stride or size), axis=(2, 3)) for p in planes])
    return pooled.reshape(*x.shape[:2], *pooled.shape[1:])


@integers(cin=1, cout=1, k=1, groups=1)
def conv_parameter_count(cin, cout, k, bias=True, groups=1):
    """Count an array that is never filled."""
    if cin % groups or cout % groups:
        raise ValueError("conv_parameter_count: groups")
    kh, kw = k if isinstance(k, tuple) else (k, k)
    return int(np.prod([cout, cin // groups, kh, kw], dtype=object)) + [0, cout][bool(bias)]


def concept_check():
    """Answer."""
    return {
        "common_paddings": {"zero", "reflection"},
        "filter_4x4_weights": 4**2,
        "kernel_512_to_508": "5x5",
        "nn_conv2d_flips_kernel": not True,
        "pool_504": 252,
        "same_padding_7x7": (7 - 1) // 2,
        "translation_robust_layer": "max pooling",
    }
