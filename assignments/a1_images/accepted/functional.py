"""Expressions instead of statements: checks that return what they checked, comprehensions, reduce and partial."""

from functools import partial, reduce
from itertools import starmap
from operator import add, mul

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


def checked(check, value, *rest):
    """Give a value back after a check."""
    check(value, "argument", *rest)
    return value


def ensure(condition, value=None, error=ValueError):
    """Give a value back if a condition holds."""
    if not condition:
        raise error("that cannot be")
    return value


def image_of(value, *ndims):
    """Check an image and its range."""
    return checked(require_unit_range, checked(require_image, value, *ndims))


def rgb(value):
    """Check an RGB image."""
    return ensure(checked(require_image, value, 3).shape[2] == 3, value)


is_bytes = lambda image: image.dtype == np.uint8
white_of = lambda image: image.dtype.type(255 if is_bytes(image) else 1)


def describe_image(image):
    """Zip names and values."""
    height, width, channels = (*checked(require_array, image, 2, 3).shape, 1)[:3]
    ends = map(lambda find: find(image).item(), (np.min, np.max))
    return dict(
        zip(
            ("height", "width", "channels", "dtype", "min", "max"),
            (height, width, channels, image.dtype.name, *ends),
        )
    )


def to_float(image):
    """Divide by white."""
    return image_of(image) / np.float64(white_of(image))


def to_uint8(image):
    """Compose clip, scale and round; multiplication by one copies bytes."""
    ensure(np.isfinite(checked(require_image, image)).all())
    steps = (partial(np.clip, a_min=0, a_max=1), partial(np.multiply, np.float64(255)), np.rint)
    floats = reduce(lambda pixels, step: step(pixels), () if is_bytes(image) else steps, image)
    return np.array(floats, dtype=np.uint8)


def gray_to_rgb(gray):
    """Concatenate three times the same."""
    column = checked(require_array, gray, 2, 3)
    column = column[..., None] if column.ndim == 2 else ensure(column.shape[2] == 1, column)
    return np.concatenate(3 * [column], axis=-1)


def set_channel(image, channel, value):
    """Choose by a mask over the channels."""
    require_pixel(value, "value", rgb(image))
    require_int(channel, "channel", 0, 2)
    return np.where(np.arange(3) == channel, image.dtype.type(value), image)


def isolate_channel(image, channel):
    """Multiply by a row of the identity."""
    rgb(image)
    require_int(channel, "channel", 0, 2)
    return image * np.eye(3, dtype=image.dtype)[channel]


def stack_channels(red, green, blue):
    """Transpose twice: three planes on the first axis, then last."""
    planes = [checked(require_array, plane, 2) for plane in (red, green, blue)]
    ensure(len({plane.dtype for plane in planes}) == 1, error=TypeError)
    ensure(len({plane.shape for plane in planes}) == 1)
    return np.array(planes).transpose(1, 2, 0)


def draw_rectangle(image, top, left, bottom, right, color):
    """Choose by a mask, an outer product of rows and columns."""
    height, width, channels = (*checked(require_image, image, 2, 3).shape, 1)[:3]
    list(
        starmap(
            lambda edge, least, most: require_int(edge, "edge", least, most),
            ((top, 0, height), (left, 0, width), (bottom, 0, height), (right, 0, width)),
        )
    )
    ensure(top < bottom and left < right)
    ensure(isinstance(color, (tuple, list)), error=TypeError)
    ensure(len(color) == channels)
    [require_pixel(value, "color", image) for value in color]
    inside = np.logical_and.outer(*(np.isin(np.arange(n), range(a, b)) for n, a, b in ((height, top, bottom), (width, left, right))))
    paint = np.array(color, dtype=image.dtype)
    return np.where(inside, paint, image) if image.ndim == 2 else np.where(inside[..., None], paint, image)


def rgb_to_grayscale(image, weights=WEIGHTS):
    """Reduce over products of weights and planes."""
    planes = np.moveaxis(rgb(image), 2, 0).astype(np.float64)
    ensure(len(weights) == 3 and all(map(np.isfinite, weights)) and min(weights) >= 0)
    return reduce(add, map(mul, weights, planes))


def invert(image):
    """Subtract from white."""
    return np.asarray(np.subtract(white_of(image_of(image)), image))


def adjust_brightness(image, delta):
    """Clip the sum of floats."""
    image_of(image)
    ensure(isinstance(delta, (int, float, np.number)) and not isinstance(delta, bool), error=TypeError)
    ensure(np.isfinite(delta))
    return np.minimum(np.maximum(np.add(image, float(delta), dtype=np.float64), 0), white_of(image)).astype(image.dtype)


def flip_horizontal(image):
    """Reverse each row."""
    return np.array([row[::-1] for row in checked(require_array, image, 2, 3)])


def crop(image, top, left, height, width):
    """Nested comprehensions of slices."""
    checked(require_array, image, 2, 3)
    for start, size, whole in ((top, height, image.shape[0]), (left, width, image.shape[1])):
        require_int(start, "start", 0, whole - 1)
        require_int(size, "size", 1, whole - start)
    return np.stack([row[left : left + width] for row in image[top : top + height]])


def normalize(image, mean, std):
    """Map the formula over the channels."""
    require_array(image, "image", 2, 3, 4)
    ensure(image.dtype in (np.float32, np.float64), error=TypeError)
    channels = 1 if image.ndim == 2 else image.shape[-1]
    several = lambda numbers: isinstance(numbers, (tuple, list))
    spread = lambda numbers: ensure(image.ndim > 2, tuple(numbers)) if several(numbers) else (numbers,) * channels
    means, stds = map(spread, (mean, std))
    ensure(len(means) == len(stds) == channels and all(map(np.isfinite, (*means, *stds))) and min(stds) > 0)
    planes = [image] if image.ndim == 2 else np.moveaxis(image, -1, 0)
    scaled = [(np.float64(plane) - m) / s for plane, m, s in zip(planes, means, stds)]
    return scaled[0] if image.ndim == 2 else np.stack(scaled, axis=-1)


def permuted(ndim, order):
    """Make a function that permutes axes."""
    return lambda array: np.array(checked(require_array, array, ndim).transpose(order), order="C")


to_chw, to_nchw, to_nhwc = permuted(3, (2, 0, 1)), permuted(4, (0, 3, 1, 2)), permuted(4, (0, 2, 3, 1))


def hwc_to_chw(image):
    """Permute."""
    return to_chw(image)


def nhwc_to_nchw(images):
    """Permute."""
    return to_nchw(images)


def nchw_to_nhwc(images):
    """Permute."""
    return to_nhwc(images)


def flatten_images(images):
    """Flatten each image."""
    ensure(checked(require_array, images).ndim > 1)
    return np.array([image.flatten() for image in images])


concept_check = lambda: {
    **dict(layout_pytorch="NCHW", layout_tensorflow="NHWC", layout_pil="HWC"),
    "rgb_1080p_square_values": reduce(mul, (1080, 1080, 3)),
    "uint8_range": [*map(int, (np.iinfo(np.uint8).min, np.iinfo(np.uint8).max))],
    "cv_definition_output": "meaningful information",
    "applications": {"security", "robotics", "virtual reality"}
    | {"medical imaging", "facial recognition", "autonomous vehicles"},
}
