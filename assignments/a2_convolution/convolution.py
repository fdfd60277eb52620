"""Convolution by hand, with padding: what a convolution layer does, in numpy alone.

Images are (H, W) or (H, W, C), kernels (kh, kw); no function writes into its
arguments, and no result shares memory with one. Wrong kinds raise TypeError;
wrong shapes, ranges and option names raise ValueError. `numpy.pad` is refused:
`pad_image` is yours to write.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Floats = NDArray[np.float64]

MODES = ("zero", "reflect", "symmetric", "edge", "wrap")
BORDER = "symmetric"  # VARIANT border: the mode in which sobel_gradients pads


def require_array(value: object, name: str, *ndims: int) -> None:
    """Refuse what is no array of real numbers, is empty, or has another number of axes. Given: use it.

    Args:
        value: what was passed.
        name: the argument's name, for the message.
        ndims: numbers of axes that are fine; any when none is given.

    Raises:
        TypeError: if the value is no numpy array, or holds no real numbers.
        ValueError: if it is empty, or has another number of axes.
    """
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a numpy array, got {type(value).__name__}")
    if value.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got dtype {value.dtype}")
    if value.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {value.shape}")
    if ndims and value.ndim not in ndims:
        raise ValueError(f"{name} must have {' or '.join(map(str, ndims))} axes, got shape {value.shape}")


def require_int(value: object, name: str, least: int) -> None:
    """Refuse what is no integer, or less than `least`. Given: use it.

    Args:
        value: what was passed.
        name: the argument's name, for the message.
        least: the smallest integer that is fine.

    Raises:
        TypeError: if the value is no integer; a bool and a float are none.
        ValueError: if it is less than `least`.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, got {value}")


def same_padding(kernel_shape: tuple[int, int]) -> tuple[int, int]:
    """Give the padding on each side that keeps an image's size at stride 1.

    Args:
        kernel_shape: (kh, kw), both odd.

    Returns:
        (ph, pw): rows above and below, columns left and right; a tuple of two ints.

    Raises:
        TypeError: if kh or kw is no integer.
        ValueError: if kh or kw is even, or less than 1.
    """
    # BEGIN SOLUTION check that both sizes are odd integers, then halve them
    kh, kw = kernel_shape
    for size in (kh, kw):
        require_int(size, "a kernel size", 1)
        if size % 2 == 0:
            raise ValueError(f"kernel sizes must be odd, got {kernel_shape}")
    return kh // 2, kw // 2
    # END SOLUTION


def conv_output_size(n: int, k: int, padding: int = 0, stride: int = 1) -> int:
    """Count the positions of a window of length k along n pixels.

    A last step that does not fit is left out: the division rounds down.

    Args:
        n: pixels along the axis, at least 1.
        k: length of the window, at least 1.
        padding: pixels added on each side, at least 0.
        stride: step of the window, at least 1.

    Returns:
        floor((n + 2 * padding - k) / stride) + 1, an int.

    Raises:
        TypeError: if an argument is no integer.
        ValueError: if an argument is too small, or the window longer than the padded axis.

    Source:
        Dumoulin and Visin, A guide to convolution arithmetic for deep learning, relationship 6.
    """
    # BEGIN SOLUTION check the arguments, then apply the formula
    for value, name, least in ((n, "n", 1), (k, "k", 1), (padding, "padding", 0), (stride, "stride", 1)):
        require_int(value, name, least)
    if k > n + 2 * padding:
        raise ValueError(f"a window of {k} does not fit into {n} pixels with padding {padding}")
    return int((n + 2 * padding - k) // stride + 1)
    # END SOLUTION


def pad_image(image: Array, ph: int, pw: int, mode: str = "zero") -> Array:
    """Surround an image by ph rows on top and bottom and pw columns left and right.

    The modes, on the row `0 1 2 3` with three columns on each side:

        zero       0 0 0 [0 1 2 3] 0 0 0
        reflect    3 2 1 [0 1 2 3] 2 1 0    a mirror on the edge pixel, which is not repeated
        symmetric  2 1 0 [0 1 2 3] 3 2 1    a mirror behind the edge pixel, which is repeated
        edge       0 0 0 [0 1 2 3] 3 3 3    the edge pixel, again and again
        wrap       1 2 3 [0 1 2 3] 0 1 2    the image goes on from its other side

    Args:
        image: (H, W) or (H, W, C), any numbers; channels are not padded.
        ph: rows on each side, 0 or more; at most H - 1 for reflect, H for symmetric and wrap.
        pw: columns on each side, likewise with W.
        mode: one of the five.

    Returns:
        (H + 2 * ph, W + 2 * pw) or (H + 2 * ph, W + 2 * pw, C), the image's dtype; a copy, also without padding.

    Raises:
        TypeError: if the image is no array of numbers, or ph or pw no integer.
        ValueError: if the mode is unknown, the image empty or of other axes, or ph or pw negative or
            more than the mode can fill.
    """
    # BEGIN SOLUTION check the arguments, compute for each mode which rows and columns to copy, then copy them
    require_array(image, "image", 2, 3)
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    height, width = image.shape[:2]
    sources = []
    for n, pad in ((height, ph), (width, pw)):
        require_int(pad, "padding", 0)
        if pad > {"reflect": n - 1, "symmetric": n, "wrap": n}.get(mode, pad):
            raise ValueError(f"{mode} cannot fill {pad} pixels beside {n}")
        i = np.arange(-pad, n + pad)
        if mode == "reflect":
            i = n - 1 - np.abs(n - 1 - np.abs(i))
        elif mode == "symmetric":
            i = np.where(i < 0, -1 - i, np.minimum(i, 2 * n - 1 - i))
        elif mode == "wrap":
            i = i % n
        sources.append(np.clip(i, 0, n - 1))  # edge; the other modes are inside already
    padded: Array = image[np.ix_(*sources)]
    if mode == "zero":
        padded = np.zeros_like(padded)
        padded[ph : ph + height, pw : pw + width] = image
    return padded
    # END SOLUTION


def rotate_kernel(kernel: Array) -> Array:
    """Rotate a kernel by 180 degrees: flip its rows and its columns.

    Args:
        kernel: (kh, kw), any numbers.

    Returns:
        (kh, kw), the kernel's dtype; a copy.

    Raises:
        TypeError: if the kernel is no array of numbers.
        ValueError: if it is empty or has not two axes.
    """
    # BEGIN SOLUTION check the kernel, then flip both of its axes
    require_array(kernel, "kernel", 2)
    return kernel[::-1, ::-1].copy()
    # END SOLUTION


def extract_patches(image: Array, kernel_shape: tuple[int, int], stride: int = 1) -> Array:
    """Cut out the patch at each position of a sliding window, without padding.

    Args:
        image: (H, W), any numbers.
        kernel_shape: (kh, kw), even sizes too; at most (H, W).
        stride: step of the window in both directions, at least 1.

    Returns:
        (Ho, Wo, kh, kw), the image's dtype, a copy: `patches[r, c]` begins at pixel
        (stride * r, stride * c), and Ho and Wo are as `conv_output_size` says.

    Raises:
        TypeError: if the image is no array of numbers, or a size or the stride no integer.
        ValueError: if the image is empty or has not two axes, a size or the stride is less than 1,
            or the window does not fit.
    """
    # BEGIN SOLUTION check the arguments, then copy each stride-th window
    require_array(image, "image", 2)
    for n, k in zip(image.shape, kernel_shape, strict=True):
        conv_output_size(n, k, stride=stride)  # raises where the window does not fit
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel_shape)  # (H - kh + 1, W - kw + 1, kh, kw)
    return windows[::stride, ::stride].copy()
    # END SOLUTION


def correlate2d(image: Array, kernel: Array, padding: str = "valid", mode: str = "zero", stride: int = 1) -> Floats:
    """Slide a kernel over an image as it is, and sum the products: cross-correlation.

    Args:
        image: (H, W), any range, uint8 too; a NaN makes each sum that meets it NaN.
        kernel: (kh, kw), any range.
        padding: "valid": the kernel stays inside the image; "same": the image is padded by `same_padding`.
        mode: how "same" pads, one of the five of `pad_image`; "valid" does not look at it.
        stride: step of the kernel in both directions, at least 1.

    Returns:
        (Ho, Wo) float64, neither scaled nor clipped; Ho and Wo as `conv_output_size` says, so that
        "same" keeps (H, W) at stride 1.

    Raises:
        TypeError: if image or kernel is no array of real numbers, or the stride no integer.
        ValueError: if image or kernel is empty or has not two axes, padding or mode is unknown, "same"
            meets an even kernel, the kernel does not fit, or the stride is less than 1.

    Source:
        STATS 507, week 14: the sum over i, j of w[i, j] * x[i + p, j + q].
    """
    # BEGIN SOLUTION check the arguments, pad, then add the image kh * kw times, shifted and weighted
    require_array(image, "image", 2)
    require_array(kernel, "kernel", 2)
    if padding not in {"valid", "same"}:
        raise ValueError(f"padding must be 'valid' or 'same', got {padding!r}")
    ph, pw = same_padding(kernel.shape) if padding == "same" else (0, 0)
    height = conv_output_size(image.shape[0], kernel.shape[0], ph, stride)
    width = conv_output_size(image.shape[1], kernel.shape[1], pw, stride)
    padded = pad_image(image, ph, pw, mode).astype(np.float64)
    result = np.zeros((height, width))
    for (row, column), weight in np.ndenumerate(kernel):
        result += weight * padded[row : row + stride * height : stride, column : column + stride * width : stride]
    return result
    # END SOLUTION


def convolve2d(image: Array, kernel: Array, padding: str = "same", mode: str = "zero", stride: int = 1) -> Floats:
    """Convolve an image with a kernel: rotate the kernel by 180 degrees, then slide it.

    This is the convolution of mathematics, the sum over all i, j of f(i, j) * h(x - i, y - j). What
    deep learning calls convolution does not rotate: that is `correlate2d`.

    Args:
        image: (H, W), any range, uint8 too.
        kernel: (kh, kw), any range.
        padding: "same" or "valid", as for `correlate2d`.
        mode: how "same" pads, one of the five of `pad_image`.
        stride: step of the kernel in both directions, at least 1.

    Returns:
        (Ho, Wo) float64, neither scaled nor clipped, as `correlate2d` of the rotated kernel.

    Raises:
        TypeError: if image or kernel is no array of real numbers, or the stride no integer.
        ValueError: if image or kernel is empty or has not two axes, padding or mode is unknown, "same"
            meets an even kernel, the kernel does not fit, or the stride is less than 1.

    Source:
        TDT4195 "Programming Tools for Image Processing"; Szeliski, Computer Vision (2nd ed.), section 3.2.
    """
    # BEGIN SOLUTION rotate the kernel, then correlate
    return correlate2d(image, rotate_kernel(kernel), padding, mode, stride)
    # END SOLUTION


def convolve_image(image: Array, kernel: Array, mode: str = "zero") -> Floats:
    """Convolve each channel of an image with the same kernel, keeping the size.

    Args:
        image: (H, W, C) or (H, W), any range, uint8 too.
        kernel: (kh, kw) with odd sizes.
        mode: how the image is padded, one of the five of `pad_image`.

    Returns:
        float64, the image's shape.

    Raises:
        TypeError: if image or kernel is no array of real numbers.
        ValueError: if the image has not two or three axes, the kernel not two, one is empty, a size of the
            kernel is even, or the mode is unknown.
    """
    # BEGIN SOLUTION check the arguments, then convolve channel by channel and stack the results
    require_array(image, "image", 2, 3)
    require_array(kernel, "kernel", 2)
    if image.ndim == 2:
        return convolve2d(image, kernel, "same", mode)
    channels = [convolve2d(channel, kernel, "same", mode) for channel in np.moveaxis(image, 2, 0)]
    return np.stack(channels, axis=2)
    # END SOLUTION


def sobel_kernels() -> tuple[Floats, Floats]:
    """Give the lecture's two Sobel kernels, as the slide prints them.

    Returns:
        (kx, ky), each (3, 3) float64: kx = [[1, 0, -1], [2, 0, -2], [1, 0, -1]] answers to vertical
        edges, ky = [[1, 2, 1], [0, 0, 0], [-1, -2, -1]] to horizontal ones.

    Source:
        TDT4195 "Programming Tools for Image Processing", Sobel slide.
    """
    # BEGIN SOLUTION write down the two kernels of the slide
    kx = np.outer([1.0, 2.0, 1.0], [1.0, 0.0, -1.0])
    return kx, kx.T.copy()
    # END SOLUTION


def sobel_gradients(gray: Array) -> tuple[Floats, Floats]:
    """Convolve a gray image with both Sobel kernels, keeping its size.

    True convolution of the kernels as printed, padded with mode BORDER. So gx is positive where the
    image gets brighter to the right, and gy where it gets brighter downwards; the border of a
    constant image has no gradient.

    Args:
        gray: (H, W), any range, uint8 too.

    Returns:
        (gx, gy), each (H, W) float64.

    Raises:
        TypeError: if the image is no array of real numbers.
        ValueError: if it is empty, has not two axes, or is too small for mode BORDER.
    """
    # BEGIN SOLUTION convolve with each kernel, mode BORDER
    kx, ky = sobel_kernels()
    return convolve2d(gray, kx, mode=BORDER), convolve2d(gray, ky, mode=BORDER)
    # END SOLUTION


def gradient_magnitude(gx: Array, gy: Array) -> Floats:
    """Give the length of the gradient at each pixel, sqrt(gx^2 + gy^2).

    Args:
        gx: any shape and real dtype, small integers such as int8 too.
        gy: the same shape.

    Returns:
        float64, the same shape.

    Raises:
        TypeError: if gx or gy is no array of real numbers.
        ValueError: if the shapes differ, or gx or gy is empty.

    Source:
        TDT4195 "Programming Tools for Image Processing", Sobel slide.
    """
    # BEGIN SOLUTION check the shapes, convert to float64, then apply the formula
    require_array(gx, "gx")
    require_array(gy, "gy")
    if gx.shape != gy.shape:
        raise ValueError(f"gx and gy must have the same shape, got {gx.shape} and {gy.shape}")
    magnitude: Floats = np.hypot(gx.astype(np.float64), gy.astype(np.float64))
    return magnitude
    # END SOLUTION


def gaussian_kernel(size: int, sigma: float) -> Floats:
    """Sample a Gaussian on a square grid around its centre, and scale it to sum to 1.

    Args:
        size: rows and columns, odd.
        sigma: standard deviation in pixels, above 0, finite.

    Returns:
        (size, size) float64: exp(-(r^2 + c^2) / (2 sigma^2)), r and c counted from the centre,
        divided by the sum over the grid.

    Raises:
        TypeError: if size is no integer, or sigma no real number.
        ValueError: if size is even or less than 1, or sigma is not above 0 or not finite.
    """
    # BEGIN SOLUTION check the arguments, sample in one direction, take the outer product, then normalise
    require_int(size, "size", 1)
    if isinstance(sigma, bool) or not isinstance(sigma, (int, float, np.integer, np.floating)):
        raise TypeError(f"sigma must be a number, got {type(sigma).__name__}")
    if size % 2 == 0 or not 0 < sigma < np.inf:
        raise ValueError(f"size must be odd and sigma above 0 and finite, got {size} and {sigma}")
    offsets = np.arange(size) - size // 2
    profile = np.exp(-(offsets**2) / (2.0 * sigma**2))
    kernel = np.outer(profile, profile)
    kernel /= kernel.sum()
    return kernel
    # END SOLUTION


def conv2d_multichannel(x: Array, weight: Array, bias: Array, stride: int = 1, padding: int = 0) -> Floats:
    """Apply a convolution layer: each filter looks at all input channels, and has one bias.

    As in every deep-learning library the filters are not rotated: this is cross-correlation, as
    `torch.nn.functional.conv2d` computes it.

    Args:
        x: (N, C, H, W), any range.
        weight: (O, C, kh, kw), one filter for each of O output channels.
        bias: (O,), added to each pixel of the output channel.
        stride: step in both directions, at least 1.
        padding: zeros added on each side of both image axes, at least 0.

    Returns:
        (N, O, Ho, Wo) float64; Ho and Wo as `conv_output_size` says.

    Raises:
        TypeError: if x, weight or bias is no array of real numbers, or stride or padding no integer.
        ValueError: if axes or channels do not fit together, an array is empty, a filter does not fit
            into the padded image, the stride is less than 1 or the padding negative.

    Source:
        STATS 507, week 14: y = w0 + the sum over i, j of w[i, j] * x[i + p, j + q], for each patch.
    """
    # BEGIN SOLUTION check the shapes, pad with zeros, then sum over channels and kernel for each filter
    require_array(x, "x", 4)
    require_array(weight, "weight", 4)
    require_array(bias, "bias", 1)
    (samples, channels, height, width), (filters, _, kh, kw) = x.shape, weight.shape
    if weight.shape[1] != channels or bias.shape != (filters,):
        raise ValueError(f"weight {weight.shape} and bias {bias.shape} do not fit x {x.shape}")
    rows = conv_output_size(height, kh, padding, stride)
    columns = conv_output_size(width, kw, padding, stride)
    padded = np.zeros((samples, channels, height + 2 * padding, width + 2 * padding))
    padded[:, :, padding : padding + height, padding : padding + width] = x
    result = np.zeros((samples, filters, rows, columns)) + bias[:, None, None]
    for i, j in np.ndindex(kh, kw):
        window = padded[:, :, i : i + stride * rows : stride, j : j + stride * columns : stride]  # (N, C, Ho, Wo)
        result += np.einsum("nchw,oc->nohw", window, weight[:, :, i, j])
    return result
    # END SOLUTION


def pool2d(x: Array, size: int, stride: int | None = None, mode: str = "max") -> Floats:
    """Reduce each window of each channel to its largest value, or to its mean; no padding.

    Args:
        x: (N, C, H, W), any range.
        size: rows and columns of the window, at most H and W.
        stride: step in both directions, at least 1; the window's size when None.
        mode: "max" or "avg".

    Returns:
        (N, C, Ho, Wo) float64; Ho and Wo as `conv_output_size` says: a last window that does not fit is left out.

    Raises:
        TypeError: if x is no array of real numbers, or size or stride no integer.
        ValueError: if x is empty or has not four axes, the window does not fit, size or stride is less
            than 1, or the mode is unknown.
    """
    # BEGIN SOLUTION check the arguments, look at all windows, then take max or mean of each
    require_array(x, "x", 4)
    if mode not in {"max", "avg"}:
        raise ValueError(f"mode must be 'max' or 'avg', got {mode!r}")
    step = size if stride is None else stride
    for n in x.shape[2:]:
        conv_output_size(n, size, stride=step)  # raises where the window does not fit
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::step, ::step]
    reduce = np.max if mode == "max" else np.mean
    return np.asarray(reduce(windows.astype(np.float64), axis=(4, 5)))
    # END SOLUTION


def conv_parameter_count(cin: int, cout: int, k: int | tuple[int, int], bias: bool = True, groups: int = 1) -> int:
    """Count the learned numbers of a convolution layer.

    Args:
        cin: input channels, at least 1.
        cout: output channels, that is filters, at least 1.
        k: size of the kernel: k for (k, k), or (kh, kw); at least 1.
        bias: whether each filter has a bias.
        groups: parts that the channels are split into; a filter sees cin / groups channels. It divides
            both cin and cout.

    Returns:
        weights and biases, an int.

    Raises:
        TypeError: if cin, cout, groups or a kernel size is no integer.
        ValueError: if one of them is less than 1, or groups does not divide cin and cout.
    """
    # BEGIN SOLUTION check the arguments, then multiply the sizes of the weight and add the biases
    kh, kw = k if isinstance(k, tuple) else (k, k)
    for value, name in ((cin, "cin"), (cout, "cout"), (kh, "k"), (kw, "k"), (groups, "groups")):
        require_int(value, name, 1)
    if cin % groups or cout % groups:
        raise ValueError(f"groups must divide cin and cout, got {groups} for {cin} and {cout}")
    return int(cout * (cin // groups) * kh * kw + (cout if bias else 0))
    # END SOLUTION


def concept_check() -> dict[str, Any]:
    """Answer seven questions about the lecture.

    Returns:
        a dict with these keys:

        * translation_robust_layer: which layer makes a network less sensitive to small shifts:
          "convolution", "max pooling" or "fully connected".
        * same_padding_7x7: pixels of padding on each side that keep the size under a 7x7 kernel, an int.
        * kernel_512_to_508: the kernel that turns 512x512 into 508x508, without padding at stride 1:
          "3x3", "5x5", "7x7" or "9x9".
        * pool_504: rows that 504 rows become under 2x2 pooling with stride 2, an int.
        * filter_4x4_weights: weights of one 4x4 filter on one channel, without bias, an int.
        * nn_conv2d_flips_kernel: whether torch's nn.Conv2d rotates its kernel, True or False.
        * common_paddings: the set of the two kinds that the lecture calls the most common, out of
          "zero", "reflection", "edge" and "wrap".
    """
    # BEGIN SOLUTION return a dict with the seven answers
    return {
        "translation_robust_layer": "max pooling",
        "same_padding_7x7": 3,
        "kernel_512_to_508": "5x5",
        "pool_504": 252,
        "filter_4x4_weights": 16,
        "nn_conv2d_flips_kernel": False,
        "common_paddings": {"zero", "reflection"},
    }
    # END SOLUTION
