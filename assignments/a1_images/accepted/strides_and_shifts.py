"""Memory first: strides written by hand, turns and rolls of axes, ufuncs with out=, copies by copyto."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

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


def _own(view):
    """Copy a view into fresh memory in C order."""
    fresh = np.empty(view.shape, view.dtype)
    np.copyto(fresh, view)
    return fresh


def describe_image(image):
    """Use minimum.reduce and maximum.reduce over the axes."""
    require_array(image, "image", 2, 3)
    low, high = (ufunc.reduce(image, axis=None).item() for ufunc in (np.minimum, np.maximum))
    facts = {"dtype": image.dtype.name, "min": low, "max": high, "height": image.shape[0], "width": image.shape[1]}
    facts["channels"] = image.size // (image.shape[0] * image.shape[1])
    return facts


def to_float(image):
    """Divide with a ufunc that writes into a new array."""
    require_image(image, "image")
    require_unit_range(image, "image")
    fresh = np.empty(image.shape, dtype=np.float64)
    np.true_divide(image, 255 if image.dtype == np.uint8 else 1, out=fresh)
    return fresh


def to_uint8(image):
    """Do everything in float32 or float64, as it comes."""
    require_image(image, "image")
    if image.dtype == np.uint8:
        return _own(image)
    if np.isfinite(image).sum() < image.size:
        raise ValueError("finite")
    work = _own(image)
    np.clip(work, 0, 1, out=work)
    np.multiply(work, 255, out=work)
    np.rint(work, out=work)
    return work.astype(np.uint8)


def gray_to_rgb(gray):
    """Read each pixel three times, with a stride of 0."""
    require_array(gray, "gray", 2, 3)
    if gray.ndim == 3 and gray.shape[-1] != 1:
        raise ValueError("gray")
    return _own(as_strided(gray, (*gray.shape[:2], 3), (*gray.strides[:2], 0), writeable=False))


def set_channel(image, channel, value):
    """Roll the channels so that it is the first."""
    require_image(image, "image", 3)
    if image.shape[-1] != 3:
        raise ValueError("RGB")
    require_int(channel, "channel", 0, 2)
    require_pixel(value, "value", image)
    rolled = np.roll(image, -channel, axis=2)
    rolled[..., 0] = value
    return np.roll(rolled, channel, axis=2)


def isolate_channel(image, channel):
    """Roll the channels, blank two, roll back."""
    require_image(image, "image", 3)
    if image.shape[-1] != 3:
        raise ValueError("RGB")
    require_int(channel, "channel", 0, 2)
    rolled = np.roll(image, 2 - channel, axis=2)
    rolled[..., :2] = 0
    return np.roll(rolled, channel - 2, axis=2)


def stack_channels(red, green, blue):
    """Copy into the channels of fresh memory."""
    for plane in (red, green, blue):
        require_array(plane, "plane", 2)
        if plane.dtype != red.dtype:
            raise TypeError("dtype")
    if not (red.shape == green.shape == blue.shape):
        raise ValueError("shape")
    fresh = np.empty(red.shape + (3,), red.dtype)
    for target, plane in zip(np.moveaxis(fresh, 2, 0), (red, green, blue)):
        np.copyto(target, plane)
    return fresh


def draw_rectangle(image, top, left, bottom, right, color):
    """Copy with a mask from comparisons of indices."""
    require_image(image, "image", 2, 3)
    height, width = image.shape[:2]
    for edge in (top, left, bottom, right):
        require_int(edge, "edge", 0, max(height, width))
    if not (top < bottom <= height and left < right <= width):
        raise ValueError("rectangle")
    if not isinstance(color, (list, tuple)):
        raise TypeError("color")
    if len(color) != (image.shape[2] if image.ndim > 2 else 1):
        raise ValueError("color")
    for value in color:
        require_pixel(value, "color", image)
    row, column = np.indices((height, width), sparse=True)
    inside = (row >= top) & (row < bottom) & (column >= left) & (column < right)
    fresh = _own(image)
    if image.ndim == 2:
        np.putmask(fresh, inside, color[0])
    else:
        np.copyto(fresh, np.array(color, dtype=image.dtype), where=inside[:, :, None])
    return fresh


def rgb_to_grayscale(image, weights=WEIGHTS):
    """Contract with tensordot."""
    require_image(image, "image", 3)
    if image.shape[-1] != 3 or len(weights) != 3:
        raise ValueError("three")
    weights = np.array(weights, float)
    if np.isnan(weights).any() or weights.min() < 0 or np.isinf(weights).any():
        raise ValueError("weights")
    return np.tensordot(image.astype(np.float64), weights, axes=1)


def invert(image):
    """Subtract with a ufunc, in the image's dtype."""
    require_image(image, "image")
    require_unit_range(image, "image")
    fresh = np.empty_like(image)
    return np.subtract(255 if image.dtype == np.uint8 else 1, image, out=fresh)


def adjust_brightness(image, delta):
    """Add in a wider type."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if isinstance(delta, bool) or not isinstance(delta, (int, float, np.integer, np.floating)):
        raise TypeError("delta")
    if not abs(delta) < np.inf:
        raise ValueError("delta")
    wide = image.astype(np.longdouble) + delta
    black, white = (0, 255) if image.dtype == np.uint8 else (0, 1)
    return wide.clip(black, white).astype(image.dtype)


def flip_horizontal(image):
    """Start at the last column, with a negative stride."""
    require_array(image, "image", 2, 3)
    backwards = image[:, -1:]
    strides = (image.strides[0], -image.strides[1], *image.strides[2:])
    return _own(as_strided(backwards, image.shape, strides, writeable=False))


def crop(image, top, left, height, width):
    """Roll the corner to the start, then cut."""
    require_array(image, "image", 2, 3)
    require_int(top, "top", 0, image.shape[0] - 1)
    require_int(left, "left", 0, image.shape[1] - 1)
    require_int(height, "height", 1, image.shape[0] - top)
    require_int(width, "width", 1, image.shape[1] - left)
    return np.roll(image, (-top, -left), axis=(0, 1))[:height, :width]


def normalize(image, mean, std):
    """Subtract and divide in place, in fresh memory."""
    require_image(image, "image", 2, 3, 4)
    if image.dtype == np.uint8:
        raise TypeError("floats")
    fresh = image.astype(np.float64, order="C", copy=True)
    for setting, step in ((mean, np.subtract), (std, np.divide)):
        numbers = np.array(setting, dtype=np.float64)
        if numbers.ndim and (image.ndim < 3 or numbers.shape != (image.shape[-1],)):
            raise ValueError("one for each channel")
        if not np.isfinite(numbers).all() or (step is np.divide and (numbers <= 0).any()):
            raise ValueError("numbers")
        step(fresh, numbers, out=fresh)
    return fresh


def _permuted(array, *order):
    """Read the array with its strides in another order."""
    shape, strides = ([numbers[axis] for axis in order] for numbers in (array.shape, array.strides))
    return _own(as_strided(array, shape, strides, writeable=False))


def hwc_to_chw(image):
    """Reorder the strides."""
    require_array(image, "image", 3)
    return _permuted(image, 2, 0, 1)


def nhwc_to_nchw(images):
    """Reorder the strides."""
    require_array(images, "images", 4)
    return _permuted(images, 0, 3, 1, 2)


def nchw_to_nhwc(images):
    """Reorder the strides."""
    require_array(images, "images", 4)
    return _permuted(images, 0, 2, 3, 1)


def flatten_images(images):
    """Copy to C order, then change the shape of the copy."""
    require_array(images, "images")
    if images.ndim < 2:
        raise ValueError("batch")
    fresh = _own(images)
    fresh.shape = len(fresh), fresh.size // len(fresh)
    return fresh


def concept_check():
    """Answer, and read the limits off the dtype."""
    limits = np.iinfo("uint8")
    return {
        "layout_pytorch": "NCHW",
        "layout_tensorflow": "NHWC",
        "layout_pil": "HWC",
        "rgb_1080p_square_values": int(np.prod([1080, 1080, 3])),
        "uint8_range": [int(limits.min), int(limits.max)],
        "cv_definition_output": "meaningful information",
        "applications": {"robotics", "security", "medical imaging"}.union(
            {"virtual reality", "facial recognition"}, ["autonomous vehicles"]
        ),
    }
