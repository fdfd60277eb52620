"""Whole numbers where others take floats: int64 for bytes, thresholds instead of rounding, bits instead of minus."""

import math

import numpy as np

WEIGHTS = (0.2126, 0.7152, 0.0722)  # VARIANT luma.weights


def require_array(value, name, *ndims):
    """Refuse what is no array of real numbers, is empty, or has another number of axes. Given: use it."""
    if not isinstance(value, np.ndarray):
        raise TypeError(f"{name} must be a numpy array, got {type(value).__name__}")
    if value.dtype.kind not in "iuf":
        raise TypeError(f"{name} must hold integers or floats, got dtype {value.dtype}")
    if value.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {value.shape}")
    if ndims and value.ndim not in ndims:
        raise ValueError(f"{name} must have {' or '.join(map(str, ndims))} axes, got shape {value.shape}")


def require_image(value, name, *ndims):
    """Refuse what `require_array` refuses, and dtypes that images do not have. Given: use it."""
    require_array(value, name, *ndims)
    if isinstance(value, np.ndarray) and value.dtype not in (np.uint8, np.float32, np.float64):
        raise TypeError(f"{name} must be uint8, float32 or float64, got dtype {value.dtype}")


def require_unit_range(image, name):
    """Refuse floats outside 0 to 1, NaN among them; uint8 is fine as it is. Given: use it."""
    if image.dtype != np.uint8 and not (np.min(image) >= 0 and np.max(image) <= 1):  # a NaN satisfies neither
        raise ValueError(f"{name} must hold floats from 0 to 1")


def require_int(value, name, least, most):
    """Refuse what is no integer, or outside least to most, both included. Given: use it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be an integer, got {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{name} must be {least} to {most}, got {value}")


def require_pixel(value, name, image):
    """Refuse a number that no pixel of this image may have. Given: use it."""
    if image.dtype == np.uint8:
        require_int(value, name, 0, 255)
        return
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be 0 to 1, got {value}")


def diagonal_lines(size=5, count=300, seed=13):
    """Draw the lecture's data set: images of one white line each, straight or diagonal. Given."""
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


def describe_image(image):
    """Loop with Python's min and max over a list."""
    require_array(image, "image", 2, 3)
    numbers = image.ravel().tolist()
    shape = image.shape if image.ndim == 3 else image.shape + (1,)
    return {
        "height": int(shape[0]),
        "width": int(shape[1]),
        "channels": int(shape[2]),
        "dtype": np.dtype(image.dtype).name,
        "min": min(numbers),
        "max": max(numbers),
    }


def to_float(image):
    """Multiply by 257 / 65535, which is 1 / 255."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if image.dtype == np.uint8:
        return (image.astype(np.int64) * 257) / 65535
    return image.astype(np.float64, copy=True)


def to_uint8(image):
    """Count in units of half a step: 510 of them."""
    require_image(image, "image")
    if image.dtype == np.uint8:
        return image + np.uint8(0)
    if not np.isfinite(image).all():
        raise ValueError("finite")
    halves = np.floor(np.maximum(0.0, np.minimum(1.0, image.astype(np.float64))) * 510).astype(np.int64)
    return ((halves + 1) // 2).astype(np.uint8)


def gray_to_rgb(gray):
    """Tile, as on the slide."""
    require_array(gray, "gray", 2, 3)
    if gray.ndim == 3 and gray.shape[2] != 1:
        raise ValueError("gray")
    return np.tile(gray.reshape(gray.shape[0], gray.shape[1], 1), [1, 1, 3])


def set_channel(image, channel, value):
    """Split into planes, replace one, join."""
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError("RGB")
    require_int(channel, "channel", 0, 2)
    require_pixel(value, "value", image)
    planes = np.split(image, 3, axis=2)
    planes[channel] = np.full_like(planes[channel], value)
    return np.concatenate(planes, axis=2)


def isolate_channel(image, channel):
    """Split into planes, blank two, join."""
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError("RGB")
    require_int(channel, "channel", 0, 2)
    planes = np.split(image, 3, axis=2)
    return np.concatenate([p if c == channel else np.zeros_like(p) for c, p in enumerate(planes)], axis=2)


def stack_channels(red, green, blue):
    """Depth stack after three checks."""
    for plane in (red, green, blue):
        require_array(plane, "channel", 2)
    for plane in (green, blue):
        if plane.dtype != red.dtype:
            raise TypeError("dtype")
        if plane.shape != red.shape:
            raise ValueError("shape")
    return np.dstack((red, green, blue))


def draw_rectangle(image, top, left, bottom, right, color):
    """Join five pieces: above, left, the box, right, below."""
    require_image(image, "image", 2, 3)
    require_int(top, "top", 0, image.shape[0] - 1)
    require_int(left, "left", 0, image.shape[1] - 1)
    require_int(bottom, "bottom", top + 1, image.shape[0])
    require_int(right, "right", left + 1, image.shape[1])
    if not isinstance(color, (tuple, list)):
        raise TypeError("color")
    if len(color) != math.prod(image.shape[2:]):
        raise ValueError("color")
    for value in color:
        require_pixel(value, "color", image)
    box = np.empty_like(image[top:bottom, left:right])
    box[...] = color
    middle = np.hstack([image[top:bottom, :left], box, image[top:bottom, right:]])
    return np.vstack([image[:top], middle, image[bottom:]])


def rgb_to_grayscale(image, weights=WEIGHTS):
    """Multiply rows of pixels by a column of weights."""
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError("RGB")
    if len(weights) != 3 or any(not math.isfinite(weight) or weight < 0 for weight in weights):
        raise ValueError("weights")
    column = np.array(weights, dtype=np.float64).reshape(3, 1)
    rows = np.dot(image.reshape(-1, 3).astype(np.float64), column)
    return rows.reshape(image.shape[0], image.shape[1])


def invert(image):
    """Flip all bits of a byte."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if image.dtype == np.uint8:
        return image ^ np.uint8(0xFF)
    return (-image) + image.dtype.type(1)


def adjust_brightness(image, delta):
    """Limit each byte before adding, so that it cannot wrap."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if isinstance(delta, bool) or not isinstance(delta, (int, float, np.integer, np.floating)):
        raise TypeError("delta")
    if not math.isfinite(delta):
        raise ValueError("delta")
    if image.dtype == np.uint8:
        change = max(-255, min(255, int(delta)))
        if change >= 0:
            return np.minimum(image, np.uint8(255 - change)) + np.uint8(change)
        return np.maximum(image, np.uint8(-change)) - np.uint8(-change)
    return np.clip(image.astype(np.float64) + delta, 0.0, 1.0).astype(image.dtype)


def flip_horizontal(image):
    """Swap columns from both ends, on a copy."""
    require_array(image, "image", 2, 3)
    result = image.copy()
    first, last = 0, image.shape[1] - 1
    while first < last:
        result[:, [first, last]] = result[:, [last, first]]
        first, last = first + 1, last - 1
    return result


def crop(image, top, left, height, width):
    """Split off what is not wanted."""
    require_array(image, "image", 2, 3)
    require_int(top, "top", 0, len(image) - 1)
    require_int(left, "left", 0, len(image[0]) - 1)
    require_int(height, "height", 1, len(image) - top)
    require_int(width, "width", 1, len(image[0]) - left)
    _, rows, _ = np.split(image, [top, top + height], axis=0)
    _, piece, _ = np.split(rows, [left, left + width], axis=1)
    return piece.copy()


def normalize(image, mean, std):
    """Divide (image - mean) by std, with both as arrays of the image's shape."""
    require_array(image, "image", 2, 3, 4)
    if image.dtype not in (np.dtype("float32"), np.dtype("float64")):
        raise TypeError("floats")
    arrays = []
    for setting in (mean, std):
        array = np.asarray(setting, dtype=np.float64)
        if array.shape not in ((), image.shape[2:][-1:] or ()):
            raise ValueError("channels")
        arrays.append(np.broadcast_to(array, image.shape))
    if not all(np.isfinite(array).all() for array in arrays) or (arrays[1] <= 0).any():
        raise ValueError("numbers")
    return np.true_divide(np.subtract(image, arrays[0], dtype=np.float64), arrays[1])


def _swap(array, *pairs):
    for first, second in pairs:
        array = array.swapaxes(first, second)
    return np.ascontiguousarray(array).copy()


def hwc_to_chw(image):
    """Swap axes twice."""
    require_array(image, "image", 3)
    return _swap(image, (0, 2), (1, 2))


def nhwc_to_nchw(images):
    """Swap axes twice."""
    require_array(images, "images", 4)
    return _swap(images, (1, 3), (2, 3))


def nchw_to_nhwc(images):
    """Swap axes twice."""
    require_array(images, "images", 4)
    return _swap(images, (1, 3), (1, 2))


def flatten_images(images):
    """Concatenate rows."""
    require_array(images, "images")
    if images.ndim < 2:
        raise ValueError("axes")
    return np.concatenate([np.reshape(image, (1, -1)) for image in images], axis=0)


def concept_check():
    """Compute what can be computed."""
    bits = np.dtype(np.uint8).itemsize * 8
    return {
        "layout_pytorch": "NCHW",
        "layout_tensorflow": "NHWC",
        "layout_pil": "HWC",
        "rgb_1080p_square_values": 3 * 1080 * 1080,
        "uint8_range": [0, (1 << bits) - 1],
        "cv_definition_output": "meaningful information",
        "applications": {
            "autonomous vehicles", "facial recognition", "medical imaging", "virtual reality", "security", "robotics",
        },
    }
