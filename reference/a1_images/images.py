"""Images as numpy arrays: what pixels are, and how to change, mix, measure and reorder them.

A gray image is (H, W), a colour image (H, W, C); in RGB images channel 0 is red, 1 green, 2 blue.
The first index is the row, counted from the top; the second is the column. Pixels are uint8 from
0 to 255, or float32 or float64 from 0 to 1. No function writes into its arguments, and no result
shares memory with one. Wrong kinds raise TypeError; wrong shapes, ranges and numbers raise
ValueError. No loop over pixels is needed anywhere.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]

WEIGHTS = (0.2126, 0.7152, 0.0722)  # VARIANT luma.weights: of red, green and blue


def require_array(value: object, name: str, *ndims: int) -> None:
    """Refuse what is no array of real numbers, is empty, or has another number of axes. Given: use it.

    Args:
        value: what was passed.
        name: the argument's name, for the message.
        ndims: numbers of axes that are fine; any when none is given.

    Raises:
        TypeError: if the value is no numpy array, or holds neither integers nor floats.
        ValueError: if it is empty, or has another number of axes.
    """
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a numpy array, got {type(value).__name__}")
    if value.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold integers or floats, got dtype {value.dtype}")
    if value.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {value.shape}")
    if ndims and value.ndim not in ndims:
        raise ValueError(f"{name} must have {' or '.join(map(str, ndims))} axes, got shape {value.shape}")


def require_image(value: object, name: str, *ndims: int) -> None:
    """Refuse what `require_array` refuses, and dtypes that images do not have. Given: use it.

    It does not look at the pixels: see `require_unit_range`.

    Args:
        value: what was passed.
        name: the argument's name, for the message.
        ndims: numbers of axes that are fine; any when none is given.

    Raises:
        TypeError: if the value is no numpy array, or its dtype is not uint8, float32 or float64.
        ValueError: if it is empty, or has another number of axes.
    """
    require_array(value, name, *ndims)
    if isinstance(value, np.ndarray) and value.dtype not in (np.uint8, np.float32, np.float64):
        raise TypeError(f"{name} must be uint8, float32 or float64, got dtype {value.dtype}")


def require_unit_range(image: Array, name: str) -> None:
    """Refuse floats outside 0 to 1, NaN among them; uint8 is fine as it is. Given: use it.

    Args:
        image: uint8, float32 or float64.
        name: the argument's name, for the message.

    Raises:
        ValueError: if a float is below 0, above 1, or NaN.
    """
    if image.dtype != np.uint8 and not (np.min(image) >= 0 and np.max(image) <= 1):  # a NaN satisfies neither
        raise ValueError(f"{name} must hold floats from 0 to 1")


def require_int(value: object, name: str, least: int, most: int) -> None:
    """Refuse what is no integer, or outside least to most, both included. Given: use it.

    Args:
        value: what was passed.
        name: the argument's name, for the message.
        least: the smallest integer that is fine.
        most: the largest integer that is fine.

    Raises:
        TypeError: if the value is no integer; a bool and a float are none.
        ValueError: if it is less than `least` or more than `most`.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be {least} to {most}, got {value}")


def require_pixel(value: object, name: str, image: Array) -> None:
    """Refuse a number that no pixel of this image may have. Given: use it.

    Args:
        value: what was passed: an integer from 0 to 255 for a uint8 image, a number from 0 to 1 for a float one.
        name: the argument's name, for the message.
        image: uint8, float32 or float64.

    Raises:
        TypeError: if the value is no number, or no integer for a uint8 image.
        ValueError: if it is out of range, or NaN.
    """
    if image.dtype == np.uint8:
        require_int(value, name, 0, 255)
        return
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be 0 to 1, got {value}")


def diagonal_lines(size: int = 5, count: int = 300, seed: int = 13) -> tuple[Bytes, NDArray[np.int64]]:
    """Draw the lecture's data set: images of one white line each, straight or diagonal. Given.

    Args:
        size: rows and columns of each image.
        count: number of images.
        seed: the same seed gives the same images.

    Returns:
        (images, labels): images (count, 1, size, size) uint8, 0 and 255; labels (count,) int64, 1 where
        the line is diagonal, 0 where it is a row or a column.

    Source:
        PPGEEC2318 "Computer Vision Part I"; D. Voigt Godoy, PyTorch Step by Step, chapter 5.
    """
    generator = np.random.RandomState(seed)  # the lecture's numbers come from this old generator
    starts = generator.randint(1 - size, size, size=count)  # above 0: a row; else a column, as a negative number
    kinds = generator.randint(0, 3, size=count)  # 0: straight, 1: diagonal upwards, 2: diagonal downwards
    images = np.zeros((count, 1, size, size), dtype=np.uint8)
    row, column = np.indices((size, size))
    for image, start, kind in zip(images[:, 0], starts, kinds, strict=True):
        begin = start if start or not kind else -1  # no diagonal begins in the corner
        if kind == 0:
            line = row == begin if begin > 0 else column == -begin
        elif kind == 1:
            line = row + column == (begin if begin > 0 else size - 1 - begin)
        else:
            line = row - column == begin
        image[line] = 255
    return images, (kinds > 0).astype(np.int64)


def describe_image(image: Array) -> dict[str, Any]:
    """Say how large an image is, what it holds, and how dark and bright it gets.

    Args:
        image: (H, W) or (H, W, C), integers or floats.

    Returns:
        a dict with six keys: "height", "width" and "channels", ints, where (H, W) has 1 channel; "dtype",
        its name as a str, such as "uint8"; "min" and "max", the smallest and the largest number in the
        array, ints if the array holds integers and floats if it holds floats: Python's own, not numpy's.

    Raises:
        TypeError: if the image is no array of integers or floats.
        ValueError: if it is empty, or has not two or three axes.
    """
    require_array(image, "image", 2, 3)
    return {
        "height": image.shape[0],
        "width": image.shape[1],
        "channels": image.shape[2] if image.ndim == 3 else 1,
        "dtype": str(image.dtype),
        "min": image.min().item(),
        "max": image.max().item(),
    }


def to_float(image: Array) -> Floats:
    """Turn pixels into float64 from 0 to 1: bytes are divided by 255, floats keep their values.

    So a second call changes nothing any more. The brightest pixel of the image plays no role.

    Args:
        image: any number of axes; uint8, or float32 or float64 from 0 to 1.

    Returns:
        float64 from 0 to 1, the image's shape; a copy.

    Raises:
        TypeError: if the image is no array of dtype uint8, float32 or float64.
        ValueError: if it is empty, or a float is outside 0 to 1 or NaN.
    """
    require_image(image, "image")
    require_unit_range(image, "image")
    floats = image.astype(np.float64)
    return floats / 255 if image.dtype == np.uint8 else floats


def to_uint8(image: Array) -> Bytes:
    """Turn pixels into bytes: clip floats to 0 to 1, multiply by 255, round to the nearest integer.

    So 0, 0.5 and 1 become 0, 128 and 255.

    Args:
        image: any number of axes; uint8, or float32 or float64, of which those outside 0 to 1 are clipped.

    Returns:
        uint8, the image's shape; a copy, in which bytes keep their values.

    Raises:
        TypeError: if the image is no array of dtype uint8, float32 or float64.
        ValueError: if it is empty, or a float is NaN or infinite.
    """
    require_image(image, "image")
    if image.dtype == np.uint8:
        return image.copy()
    if not np.isfinite(image).all():
        raise ValueError("image must hold finite numbers")
    return np.rint(np.clip(image.astype(np.float64), 0, 1) * 255).astype(np.uint8)


def gray_to_rgb(gray: Array) -> Array:
    """Put a gray image into three equal channels.

    Args:
        gray: (H, W) or (H, W, 1), integers or floats.

    Returns:
        (H, W, 3), the image's dtype; a copy, whose channels do not share memory with each other either.

    Raises:
        TypeError: if the image is no array of integers or floats.
        ValueError: if it is empty, or its shape is neither (H, W) nor (H, W, 1).
    """
    require_array(gray, "gray", 2, 3)
    if gray.ndim == 3 and gray.shape[2] != 1:
        raise ValueError(f"gray must have one channel, got shape {gray.shape}")
    plane = gray.reshape(gray.shape[:2])
    return np.stack([plane, plane, plane], axis=2)


def set_channel(image: Array, channel: int, value: float) -> Array:
    """Give all pixels of an RGB image the same value in one channel.

    Args:
        image: (H, W, 3), uint8, float32 or float64.
        channel: 0, 1 or 2.
        value: an integer from 0 to 255 for a uint8 image, a number from 0 to 1 for a float one.

    Returns:
        (H, W, 3), the image's dtype; a copy with that channel constant.

    Raises:
        TypeError: if the image is no array of dtype uint8, float32 or float64, the channel no integer, or
            the value no number; for a uint8 image also if the value is no integer.
        ValueError: if the image is empty or not (H, W, 3), or channel or value is out of range.
    """
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError(f"image must be (H, W, 3), got shape {image.shape}")
    require_int(channel, "channel", 0, 2)
    require_pixel(value, "value", image)
    result = image.copy()
    result[:, :, channel] = value
    return result


def isolate_channel(image: Array, channel: int) -> Array:
    """Keep one channel of an RGB image, and set the other two to 0.

    Args:
        image: (H, W, 3), uint8, float32 or float64.
        channel: 0, 1 or 2.

    Returns:
        (H, W, 3), the image's dtype; a copy.

    Raises:
        TypeError: if the image is no array of dtype uint8, float32 or float64, or the channel no integer.
        ValueError: if the image is empty or not (H, W, 3), or the channel is not 0, 1 or 2.
    """
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError(f"image must be (H, W, 3), got shape {image.shape}")
    require_int(channel, "channel", 0, 2)
    result = np.zeros_like(image)
    result[:, :, channel] = image[:, :, channel]
    return result


def stack_channels(red: Array, green: Array, blue: Array) -> Array:
    """Put three gray images together as the channels of an RGB image.

    Args:
        red: (H, W), integers or floats.
        green: the same shape and dtype.
        blue: the same shape and dtype.

    Returns:
        (H, W, 3), their dtype: channel 0 is red, 1 green, 2 blue.

    Raises:
        TypeError: if one is no array of integers or floats, or the dtypes differ.
        ValueError: if one is empty or has not two axes, or the shapes differ.
    """
    channels = (red, green, blue)
    for channel, name in zip(channels, ("red", "green", "blue"), strict=True):
        require_array(channel, name, 2)
        if channel.dtype != red.dtype:
            raise TypeError(f"{name} must have dtype {red.dtype}, got {channel.dtype}")
        if channel.shape != red.shape:
            raise ValueError(f"{name} must have shape {red.shape}, got {channel.shape}")
    return np.stack(channels, axis=2)


def draw_rectangle(image: Array, top: int, left: int, bottom: int, right: int, color: Sequence[float]) -> Array:
    """Fill the rows from top to bottom - 1 and the columns from left to right - 1 with one colour.

    As in a slice, the end is not part of it: row `bottom` and column `right` keep their pixels.

    Args:
        image: (H, W) or (H, W, C), uint8, float32 or float64.
        top: first row, at least 0.
        left: first column, at least 0.
        bottom: row after the last one, more than top and at most H.
        right: column after the last one, more than left and at most W.
        color: tuple or list with one value for each channel, so C of them, or 1 for (H, W); integers from
            0 to 255 for a uint8 image, numbers from 0 to 1 for a float one.

    Returns:
        the image's shape and dtype; a copy.

    Raises:
        TypeError: if the image is no array of dtype uint8, float32 or float64, an edge is no integer, color is
            neither tuple nor list, or one of its values no number; for a uint8 image also if one is no integer.
        ValueError: if the image is empty or has not two or three axes, the rectangle is empty or reaches beyond
            the image, color has another length, or one of its values is out of range.
    """
    require_image(image, "image", 2, 3)
    height, width = image.shape[:2]
    require_int(top, "top", 0, height - 1)
    require_int(left, "left", 0, width - 1)
    require_int(bottom, "bottom", top + 1, height)
    require_int(right, "right", left + 1, width)
    if not isinstance(color, (tuple, list)):
        raise TypeError(f"color must be a tuple or a list, got {type(color).__name__}")
    channels = image.shape[2] if image.ndim == 3 else 1
    if len(color) != channels:
        raise ValueError(f"color must have {channels} values, got {len(color)}")
    for value in color:
        require_pixel(value, "color", image)
    result = image.copy()
    result[top:bottom, left:right] = color
    return result


def rgb_to_grayscale(image: Array, weights: Sequence[float] = WEIGHTS) -> Floats:
    """Mix red, green and blue into one channel: the weighted sum, computed in float64.

    The scale stays the image's: bytes give numbers from 0 to 255, floats from 0 to 1. Nothing is
    rounded, clipped or rescaled: `to_uint8` does that for who wants bytes.

    Args:
        image: (H, W, 3), uint8, float32 or float64.
        weights: of red, green and blue: a tuple or list of three numbers, finite and not below 0. They are
            used as they are, whatever their sum.

    Returns:
        (H, W) float64, weights[0] * red + weights[1] * green + weights[2] * blue.

    Raises:
        TypeError: if the image is no array of dtype uint8, float32 or float64.
        ValueError: if the image is empty or not (H, W, 3), there are not three weights, or one of them is
            below 0, NaN or infinite.

    Source:
        ITU-R Recommendations BT.601 and BT.709, the weights of red, green and blue in the luminance; PPGEEC2318
        "Computer Vision Part I", whose gray matrix those of BT.709 give.
    """
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError(f"image must be (H, W, 3), got shape {image.shape}")
    if len(weights) != 3 or not all(0 <= weight < np.inf for weight in weights):
        raise ValueError(f"weights must be three finite numbers, none below 0, got {weights}")
    red, green, blue = np.moveaxis(image.astype(np.float64), 2, 0)
    gray: Floats = weights[0] * red + weights[1] * green + weights[2] * blue
    return gray


def invert(image: Array) -> Array:
    """Make the negative: dark becomes bright, and bright dark.

    Args:
        image: any number of axes; uint8, or float32 or float64 from 0 to 1.

    Returns:
        the image's shape and dtype: 255 - p for each byte p, 1 - p for each float p.

    Raises:
        TypeError: if the image is no array of dtype uint8, float32 or float64.
        ValueError: if it is empty, or a float is outside 0 to 1 or NaN.

    Source:
        TDT4195 "Programming Tools for Image Processing", T(p) = 1 - p.
    """
    require_image(image, "image")
    require_unit_range(image, "image")
    white = image.dtype.type(255 if image.dtype == np.uint8 else 1)
    return np.asarray(white - image)


def adjust_brightness(image: Array, delta: float) -> Array:
    """Add the same number to all pixels, and stop at black and white.

    Args:
        image: any number of axes; uint8, or float32 or float64 from 0 to 1.
        delta: what is added: any whole number for a uint8 image, any number for a float one; below 0 it
            makes the image darker.

    Returns:
        the image's shape and dtype: p + delta, clipped to 0 to 255 for bytes and to 0 to 1 for floats.

    Raises:
        TypeError: if the image is no array of dtype uint8, float32 or float64, or delta no number.
        ValueError: if the image is empty, a float is outside 0 to 1 or NaN, or delta is NaN or infinite.
    """
    require_image(image, "image")
    require_unit_range(image, "image")
    if isinstance(delta, bool) or not isinstance(delta, (int, float, np.integer, np.floating)):
        raise TypeError(f"delta must be a number, got {type(delta).__name__}")
    if not np.isfinite(delta):
        raise ValueError(f"delta must be finite, got {delta}")
    white = 255 if image.dtype == np.uint8 else 1
    return np.clip(image.astype(np.float64) + delta, 0, white).astype(image.dtype)


def flip_horizontal(image: Array) -> Array:
    """Mirror an image from left to right: the last column becomes the first.

    Args:
        image: (H, W) or (H, W, C), integers or floats; the order of the channels stays.

    Returns:
        the image's shape and dtype; a copy.

    Raises:
        TypeError: if the image is no array of integers or floats.
        ValueError: if it is empty, or has not two or three axes.
    """
    require_array(image, "image", 2, 3)
    return image[:, ::-1].copy()


def crop(image: Array, top: int, left: int, height: int, width: int) -> Array:
    """Cut a rectangle out of an image.

    Args:
        image: (H, W) or (H, W, C), integers or floats.
        top: first row, at least 0.
        left: first column, at least 0.
        height: rows of the result, at least 1; top + height is at most H.
        width: columns of the result, at least 1; left + width is at most W.

    Returns:
        (height, width) or (height, width, C), the image's dtype; a copy.

    Raises:
        TypeError: if the image is no array of integers or floats, or another argument no integer.
        ValueError: if the image is empty or has not two or three axes, or the rectangle is empty or reaches
            beyond the image.
    """
    require_array(image, "image", 2, 3)
    require_int(top, "top", 0, image.shape[0] - 1)
    require_int(left, "left", 0, image.shape[1] - 1)
    require_int(height, "height", 1, image.shape[0] - top)
    require_int(width, "width", 1, image.shape[1] - left)
    return image[top : top + height, left : left + width].copy()


def normalize(image: Array, mean: float | Sequence[float], std: float | Sequence[float]) -> Floats:
    """Subtract the mean and divide by the standard deviation, channel by channel, in float64.

    Channels are the last axis. A single number holds for all channels.

    Args:
        image: float32 or float64, any range: (H, W), (H, W, C) or (N, H, W, C). Bytes are refused: call
            `to_float` first.
        mean: a finite number; or, for an image with channels, a tuple or list of C of them.
        std: a finite number above 0; or, for an image with channels, a tuple or list of C of them.

    Returns:
        (image - mean) / std, float64, the image's shape.

    Raises:
        TypeError: if the image is no array of dtype float32 or float64.
        ValueError: if the image is empty or has another number of axes, mean or std has not one number for
            each channel, a number is NaN or infinite, or one in std is 0 or less.

    Source:
        PPGEEC2318 "Computer Vision Part I", torchvision's Normalize: output = (input - mean) / std.
    """
    require_image(image, "image", 2, 3, 4)
    if image.dtype == np.uint8:
        raise TypeError("image must hold floats: call to_float first")
    means, stds = np.asarray(mean, dtype=np.float64), np.asarray(std, dtype=np.float64)
    for numbers in (means, stds):
        if numbers.ndim and (image.ndim == 2 or numbers.shape != image.shape[-1:]):
            raise ValueError(f"mean and std need one number for each channel, got {numbers.shape} for {image.shape}")
        if not np.isfinite(numbers).all():
            raise ValueError("mean and std must be finite")
    if not (stds > 0).all():
        raise ValueError("std must be above 0")
    return np.asarray((image.astype(np.float64) - means) / stds)


def hwc_to_chw(image: Array) -> Array:
    """Put the channels of an image first: from Pillow's layout to PyTorch's.

    Args:
        image: (H, W, C), integers or floats.

    Returns:
        (C, H, W), the image's dtype: result[c, h, w] is image[h, w, c]; a C-contiguous copy.

    Raises:
        TypeError: if the image is no array of integers or floats.
        ValueError: if it is empty, or has not three axes.
    """
    require_array(image, "image", 3)
    return image.transpose(2, 0, 1).copy(order="C")


def nhwc_to_nchw(images: Array) -> Array:
    """Put the channels of a batch before its rows: from TensorFlow's layout to PyTorch's.

    Args:
        images: (N, H, W, C), integers or floats.

    Returns:
        (N, C, H, W), the images' dtype: result[n, c, h, w] is images[n, h, w, c]; a C-contiguous copy.

    Raises:
        TypeError: if the batch is no array of integers or floats.
        ValueError: if it is empty, or has not four axes.
    """
    require_array(images, "images", 4)
    return images.transpose(0, 3, 1, 2).copy(order="C")


def nchw_to_nhwc(images: Array) -> Array:
    """Put the channels of a batch last: from PyTorch's layout to TensorFlow's.

    Args:
        images: (N, C, H, W), integers or floats.

    Returns:
        (N, H, W, C), the images' dtype: result[n, h, w, c] is images[n, c, h, w]; a C-contiguous copy.

    Raises:
        TypeError: if the batch is no array of integers or floats.
        ValueError: if it is empty, or has not four axes.
    """
    require_array(images, "images", 4)
    return images.transpose(0, 2, 3, 1).copy(order="C")


def flatten_images(images: Array) -> Array:
    """Write each image of a batch as one row of numbers, last axis fastest, as a network of layers needs it.

    Args:
        images: (N, ...), at least two axes, integers or floats.

    Returns:
        (N, D), the images' dtype, D the numbers in one image: (300, 1, 5, 5) becomes (300, 25); a
        C-contiguous copy.

    Raises:
        TypeError: if the batch is no array of integers or floats.
        ValueError: if it is empty, or has fewer than two axes.
    """
    require_array(images, "images")
    if images.ndim < 2:
        raise ValueError(f"images must have at least two axes, got shape {images.shape}")
    return images.copy(order="C").reshape(len(images), -1)


def concept_check() -> dict[str, Any]:
    """Answer seven questions about the lecture.

    Returns:
        a dict with these keys:

        * layout_pytorch: axes of a batch of images in PyTorch: "NCHW", "NHWC", "HWC" or "CHW".
        * layout_tensorflow: axes of a batch of images in TensorFlow, one of the same four.
        * layout_pil: axes of the array made from one colour image of Pillow (PIL), one of the same four.
        * rgb_1080p_square_values: numbers in an RGB image of 1080 x 1080 pixels, an int.
        * uint8_range: the smallest and the largest uint8, a list of two ints.
        * cv_definition_output: what computer vision derives from images, in the lecture's definition:
          "meaningful information", "sharper images" or "smaller files". It carries no points.
        * applications: the set of those that the lecture names, out of "autonomous vehicles",
          "facial recognition", "machine translation", "medical imaging", "robotics", "security",
          "speech recognition" and "virtual reality". It carries no points.
    """
    return {
        "layout_pytorch": "NCHW",
        "layout_tensorflow": "NHWC",
        "layout_pil": "HWC",
        "rgb_1080p_square_values": 3_499_200,
        "uint8_range": [0, 255],
        "cv_definition_output": "meaningful information",
        "applications": {
            "autonomous vehicles",
            "facial recognition",
            "medical imaging",
            "robotics",
            "security",
            "virtual reality",
        },
    }
