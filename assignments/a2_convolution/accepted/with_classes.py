"""Small classes: an axis knows its positions and its padding, a layer its weights."""

from dataclasses import dataclass
from functools import cached_property
from numbers import Integral, Real

import numpy as np


@dataclass(frozen=True)
class Axis:
    """One axis with a window moving along it."""

    n: int
    k: int
    padding: int = 0
    stride: int = 1

    def __post_init__(self):
        for value in (self.n, self.k, self.padding, self.stride):
            if not isinstance(value, Integral):
                raise TypeError(value)
        if self.n < 1 or self.k < 1 or self.padding < 0 or self.stride < 1:
            raise ValueError(self)
        if self.way < 0:
            raise ValueError(self)

    @property
    def way(self):
        return self.n + 2 * self.padding - self.k

    @property
    def size(self):
        return self.way // self.stride + 1

    @cached_property
    def index(self):
        """Pixels under each position of the window, (size, k)."""
        return np.add.outer(self.stride * np.arange(self.size), np.arange(self.k))


class Padder:
    """Pads both image axes with one mode."""

    def __init__(self, mode):
        try:
            self.along = getattr(self, f"_{mode}")
        except AttributeError:
            raise ValueError(mode) from None

    def __call__(self, image, *pads):
        for axis, pad in enumerate(pads):
            if not isinstance(pad, Integral):
                raise TypeError(pad)
            if pad < 0:
                raise ValueError(pad)
            turned = np.moveaxis(image, axis, 0)
            image = np.moveaxis(np.concatenate(self.along(turned, pad)), 0, axis)
        return np.ascontiguousarray(image).copy()

    @staticmethod
    def _zero(rows, pad):
        frame = np.zeros((pad, *rows.shape[1:]), rows.dtype)
        return frame, rows, frame

    @staticmethod
    def _edge(rows, pad):
        return rows[:1].repeat(pad, axis=0), rows, rows[-1:].repeat(pad, axis=0)

    @staticmethod
    def _wrap(rows, pad):
        Padder._enough(rows, pad)
        return rows[len(rows) - pad :], rows, rows[:pad]

    @staticmethod
    def _symmetric(rows, pad):
        Padder._enough(rows, pad)
        return rows[:pad][::-1], rows, rows[len(rows) - pad :][::-1]

    @staticmethod
    def _reflect(rows, pad):
        Padder._enough(rows[1:], pad)
        return rows[1 : pad + 1][::-1], rows, rows[len(rows) - 1 - pad : -1][::-1]

    @staticmethod
    def _enough(rows, pad):
        if pad > len(rows):
            raise ValueError(pad)


class Layer:
    """A convolution layer."""

    def __init__(self, weight, bias):
        self.weight, self.bias = numbers(weight, 4), numbers(bias, 1)
        if len(weight) != len(bias):
            raise ValueError("bias")

    def __call__(self, x, stride, padding):
        if numbers(x, 4).shape[1] != self.weight.shape[1]:
            raise ValueError("channels")
        rows, columns = (Axis(n, k, padding, stride) for n, k in zip(x.shape[2:], self.weight.shape[2:], strict=True))
        framed = Padder("zero")(x.transpose(2, 3, 0, 1).astype(float), padding, padding)  # (H, W, N, C)
        patches = framed[rows.index[:, None, :, None], columns.index[None, :, None, :]]  # (Ho, Wo, kh, kw, N, C)
        summed = np.tensordot(patches, self.weight, axes=((2, 3, 5), (2, 3, 1)))  # (Ho, Wo, N, O)
        return np.ascontiguousarray((summed + self.bias).transpose(2, 3, 0, 1))


def numbers(array, *ndims):
    """Give real numbers as float64."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "?biuf":
        raise TypeError(type(array))
    if array.size < 1 or (ndims and array.ndim not in ndims):
        raise ValueError(array.shape)
    return array.astype(np.float64)


def same_padding(kernel_shape):
    """Ask each axis of the kernel for its middle."""
    middle = tuple(Axis(k, k).k // 2 for k in kernel_shape)
    if any(k == 2 * m for k, m in zip(kernel_shape, middle, strict=True)):
        raise ValueError("even")
    return middle


def conv_output_size(n, k, padding=0, stride=1):
    """Ask the axis."""
    return Axis(n, k, padding, stride).size


def pad_image(image, ph, pw, mode="zero"):
    """Call a padder."""
    numbers(image, 2, 3)
    return Padder(mode)(image, ph, pw)


def rotate_kernel(kernel):
    """Transpose on both diagonals."""
    numbers(kernel, 2)
    return np.array(kernel[::-1].T[::-1].T)


def extract_patches(image, kernel_shape, stride=1):
    """Index by the positions of both axes."""
    numbers(image, 2)
    rows, columns = (Axis(n, k, 0, stride) for n, k in zip(image.shape, kernel_shape, strict=True))
    return image[rows.index[:, None, :, None], columns.index[None, :, None, :]]


def correlate2d(image, kernel, padding="valid", mode="zero", stride=1):
    """Use a layer with one filter, without bias."""
    image, kernel = numbers(image, 2), numbers(kernel, 2)
    if padding == "same":
        image = pad_image(image, *same_padding(kernel.shape), mode)
    elif padding != "valid":
        raise ValueError(padding)
    return Layer(kernel[None, None], np.zeros(1))(image[None, None], stride, 0)[0, 0]


def convolve2d(image, kernel, padding="same", mode="zero", stride=1):
    """Spread each kernel weight: a sum of shifted images, with the larger shift for the earlier weight."""
    image, kernel = numbers(image, 2), numbers(kernel, 2)
    if padding == "same":
        image = pad_image(image, *same_padding(kernel.shape), mode)
    elif padding != "valid":
        raise ValueError(padding)
    rows, columns = (Axis(n, k) for n, k in zip(image.shape, kernel.shape, strict=True))
    result = np.zeros((rows.size, columns.size))
    for i in range(rows.k):
        for j in range(columns.k):
            r, c = rows.k - 1 - i, columns.k - 1 - j
            result += kernel[i, j] * image[r : r + rows.size, c : c + columns.size]
    Axis(rows.n, rows.k, 0, stride)  # a wrong stride raises
    return result[::stride, ::stride].copy()


def convolve_image(image, kernel, mode="zero"):
    """Map over the last axis."""
    numbers(image, 2, 3)
    flat = image.reshape(*image.shape[:2], -1)
    return np.stack([convolve2d(flat[..., c], kernel, mode=mode) for c in range(flat.shape[2])], -1).reshape(
        image.shape
    )


def sobel_kernels():
    """Difference of two rolled smoothings."""
    smooth = np.zeros((3, 3))
    smooth[:, 0] = 1, 2, 1
    kx = smooth - np.roll(smooth, 2, axis=1)
    return kx, kx.T.copy()


def sobel_gradients(gray):
    """Convolve with kx, and the transposed image with kx again."""
    border = "symmetric"  # VARIANT border
    kx, _ = sobel_kernels()
    gx = convolve2d(gray, kx, mode=border)
    return gx, convolve2d(gray.T, kx, mode=border).T.copy()


def gradient_magnitude(gx, gy):
    """Scale by the larger one, so that nothing overflows."""
    gx, gy = np.abs(numbers(gx)), np.abs(numbers(gy))
    if gx.shape != gy.shape:
        raise ValueError("shape")
    larger = np.maximum(gx, gy)
    ratio = np.minimum(gx, gy) / np.where(larger > 0, larger, 1)
    return larger * np.sqrt(1 + ratio**2)


def gaussian_kernel(size, sigma):
    """Normalise the profile, then square it."""
    (middle, _) = same_padding((size, size))
    if not isinstance(sigma, Real):
        raise TypeError(sigma)
    if not (np.isfinite(sigma) and sigma > 0):
        raise ValueError(sigma)
    profile = np.exp([-((i - middle) ** 2) / (2 * sigma**2) for i in range(size)])[:, None]
    return profile @ profile.T / (profile @ profile.T).sum()


def conv2d_multichannel(x, weight, bias, stride=1, padding=0):
    """Build a layer and call it."""
    return Layer(weight, bias)(x, stride, padding)


def pool2d(x, size, stride=None, mode="max"):
    """Pool rows, then columns: both maximum and mean are separable."""
    x = numbers(x, 4)
    if mode not in {"max", "avg"}:
        raise ValueError(mode)
    for axis in (2, 3):
        windows = np.take(x, Axis(x.shape[axis], size, 0, size if stride is None else stride).index, axis)
        x = windows.max(axis + 1) if mode == "max" else windows.mean(axis + 1)
    return x


def conv_parameter_count(cin, cout, k, bias=True, groups=1):
    """Let Axis refuse bad numbers."""
    kh, kw = k if isinstance(k, tuple) else (k, k)
    for value in (cin, cout, kh, kw, groups):
        Axis(value, value)
    if (cin % groups, cout % groups) != (0, 0):
        raise ValueError(groups)
    return cout * cin * kh * kw // groups + bias * cout


def concept_check():
    """Answer."""
    return dict(
        translation_robust_layer="max pooling",
        same_padding_7x7=same_padding((7, 7))[1],
        kernel_512_to_508="5x5",
        pool_504=Axis(504, 2, 0, 2).size,
        filter_4x4_weights=16,
        nn_conv2d_flips_kernel=False,
        common_paddings={"zero", "reflection"},
    )
