"""Much checking, by a decorator that reads rules from keyword arguments; few lines of arithmetic behind it."""

import functools
import inspect
import math
import numbers

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


class NotAnImage(TypeError):
    """Raised for wrong kinds."""


class BadPixels(ValueError):
    """Raised for wrong shapes and numbers."""


def _is_integer(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, (bool, np.bool_))


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_))


def _must(condition, message, error=BadPixels):
    if not condition:
        raise error(message)


def arguments(*, kinds="iuf", sizes=None, ndims=None, channels=None, unit=False, finite=False, integers=()):
    """Check the first argument as an image, and the named ones as integers, before the function runs."""

    def decorate(function):
        signature = inspect.signature(function)
        first = next(iter(signature.parameters))

        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            image = bound.arguments[first]
            _must(isinstance(image, np.ndarray), f"{first} is {type(image)}", NotAnImage)
            _must(image.dtype.kind in kinds, f"{first} holds {image.dtype}", NotAnImage)
            _must(sizes is None or (image.dtype.kind, image.dtype.itemsize) in sizes, f"{image.dtype}", NotAnImage)
            _must(image.size > 0, f"{first} is empty")
            _must(ndims is None or image.ndim in ndims, f"{first} has {image.ndim} axes")
            _must(channels is None or image.shape[-1] == channels, f"{first} needs {channels} channels")
            if image.dtype.kind == "f" and unit:
                _must(not np.isnan(image).any(), f"{first} holds NaN")
                _must(((image >= 0) & (image <= 1)).all(), f"{first} is not within 0 to 1")
            if finite:
                _must(np.isfinite(image).all(), f"{first} is not finite")
            for name in integers:
                _must(_is_integer(bound.arguments[name]), f"{name} is no integer", NotAnImage)
            return function(*bound.args, **bound.kwargs)

        return wrapper

    return decorate


PIXELS = {"kinds": "uf", "sizes": {("u", 1), ("f", 4), ("f", 8)}}


def _pixel(value, dtype):
    """Check one value for an image of this dtype."""
    if dtype.kind == "u":
        _must(_is_integer(value), "a byte is an integer", NotAnImage)
        _must(value in range(256), "a byte is 0 to 255")
    else:
        _must(_is_number(value), "a pixel is a number", NotAnImage)
        _must(0.0 <= value <= 1.0, "a float pixel is 0 to 1")
    return dtype.type(value)


@arguments(ndims=(2, 3))
def describe_image(image):
    """Convert with int or float, by the kind of the dtype."""
    convert = float if image.dtype.kind == "f" else int
    height, width = image.shape[0], image.shape[1]
    channels = 1 if image.ndim == 2 else image.shape[-1]
    return {
        "min": convert(np.amin(image)),
        "max": convert(np.amax(image)),
        "dtype": image.dtype.name,
        "channels": int(channels),
        "width": int(width),
        "height": int(height),
    }


@arguments(**PIXELS, unit=True)
def to_float(image):
    """Scale by 1 or 255."""
    scale = {"u": 255.0, "f": 1.0}[image.dtype.kind]
    return np.divide(image, scale, dtype=np.float64)


@arguments(**PIXELS, finite=True)
def to_uint8(image):
    """Clip twice: before and after scaling."""
    if image.dtype.kind == "u":
        return np.array(image, copy=True)
    scaled = np.round(np.clip(image.astype(np.float64), 0.0, 1.0) * 255.0)
    return np.clip(scaled, 0, 255).astype(np.uint8)


@arguments(ndims=(2, 3))
def gray_to_rgb(gray):
    """Repeat along a new axis."""
    if gray.ndim == 3:
        _must(gray.shape[2] == 1, "gray has one channel")
        return np.repeat(gray, 3, axis=2)
    return np.repeat(gray[:, :, np.newaxis], 3, axis=2)


@arguments(**PIXELS, ndims=(3,), channels=3, integers=("channel",))
def set_channel(image, channel, value):
    """Fill a slice of a copy."""
    _must(channel in (0, 1, 2), "channel is 0, 1 or 2")
    value = _pixel(value, image.dtype)
    result = np.array(image, copy=True, order="C")
    result[..., channel].fill(value)
    return result


@arguments(**PIXELS, ndims=(3,), channels=3, integers=("channel",))
def isolate_channel(image, channel):
    """Set the two others to zero in a copy."""
    _must(channel in (0, 1, 2), "channel is 0, 1 or 2")
    result = np.array(image, copy=True)
    for other in {0, 1, 2} - {int(channel)}:
        result[..., other] = 0
    return result


@arguments(ndims=(2,))
def _plane(plane):
    return plane


def stack_channels(red, green, blue):
    """Use dstack."""
    planes = tuple(_plane(plane) for plane in (red, green, blue))
    for plane in planes[1:]:
        _must(plane.dtype == planes[0].dtype, "dtypes differ", NotAnImage)
        _must(plane.shape == planes[0].shape, "shapes differ")
    return np.dstack(planes)


@arguments(**PIXELS, ndims=(2, 3), integers=("top", "left", "bottom", "right"))
def draw_rectangle(image, top, left, bottom, right, color):
    """Assign an array of the image's dtype."""
    height, width = image.shape[:2]
    _must(0 <= top < bottom <= height, "rows")
    _must(0 <= left < right <= width, "columns")
    _must(isinstance(color, (list, tuple)), "color is a list or a tuple", NotAnImage)
    _must(len(color) == (image.shape[2] if image.ndim == 3 else 1), "one value for each channel")
    paint = np.array([_pixel(value, image.dtype) for value in color], dtype=image.dtype)
    result = np.array(image, copy=True)
    box = result[top:bottom, left:right]
    box[...] = paint if image.ndim == 3 else paint[0]
    return result


@arguments(**PIXELS, ndims=(3,), channels=3)
def rgb_to_grayscale(image, weights=WEIGHTS):
    """Multiply the last axis by a vector."""
    vector = np.array(tuple(weights), dtype=np.float64)
    _must(vector.shape == (3,), "three weights")
    _must(np.isfinite(vector).all() and (vector >= 0).all(), "weights are finite and not negative")
    return np.ascontiguousarray(image).astype(np.float64) @ vector


@arguments(**PIXELS, unit=True)
def invert(image):
    """Use the complement of bits for bytes."""
    return np.asarray(np.invert(image) if image.dtype.kind == "u" else (1 - image).astype(image.dtype))


@arguments(**PIXELS, unit=True)
def adjust_brightness(image, delta):
    """Limit delta first: more than white changes nothing."""
    _must(_is_number(delta), "delta is a number", NotAnImage)
    _must(math.isfinite(delta), "delta is finite")
    white = 255 if image.dtype.kind == "u" else 1
    delta = max(-white, min(white, delta))
    moved = image.astype(np.float64) + float(delta)
    return np.clip(moved, 0, white).astype(image.dtype)


@arguments(ndims=(2, 3))
def flip_horizontal(image):
    """Let numpy do it, on a copy."""
    return np.fliplr(image).copy()


@arguments(ndims=(2, 3), integers=("top", "left", "height", "width"))
def crop(image, top, left, height, width):
    """Cut and copy."""
    _must(top >= 0 and left >= 0, "the corner is outside")
    _must(height >= 1 and width >= 1, "the result would be empty")
    bottom, right = int(top) + int(height), int(left) + int(width)
    _must(bottom <= image.shape[0] and right <= image.shape[1], "the rectangle ends outside")
    return np.array(image[top:bottom, left:right], copy=True)


@arguments(kinds="f", sizes={("f", 4), ("f", 8)}, ndims=(2, 3, 4))
def normalize(image, mean, std):
    """Make both settings into arrays of one number for each channel."""
    channels = 1 if image.ndim == 2 else image.shape[-1]

    def vector(setting):
        if isinstance(setting, (tuple, list)):
            _must(image.ndim > 2, "a matrix has no channels")
            _must(len(setting) == channels, "one number for each channel")
            numbers_ = np.array(setting, dtype=np.float64)
        else:
            numbers_ = np.full(channels, setting, dtype=np.float64)
        _must(np.isfinite(numbers_).all(), "finite numbers")
        return numbers_

    means, stds = vector(mean), vector(std)
    _must((stds > 0).all(), "std is above 0")
    result = np.array(image, dtype=np.float64, copy=True)
    result -= means
    result /= stds
    return result


@arguments(ndims=(3,))
def hwc_to_chw(image):
    """Move the last axis to the front."""
    return np.moveaxis(image, -1, 0).copy(order="C")


@arguments(ndims=(4,))
def nhwc_to_nchw(images):
    """Move the last axis to the second place."""
    return np.moveaxis(images, 3, 1).copy(order="C")


@arguments(ndims=(4,))
def nchw_to_nhwc(images):
    """Move the second axis to the end."""
    return np.moveaxis(images, 1, 3).copy(order="C")


@arguments()
def flatten_images(images):
    """Count the numbers of an image, then reshape a copy."""
    _must(images.ndim >= 2, "a batch has two axes or more")
    rows, columns = images.shape[0], math.prod(images.shape[1:])
    return np.array(images, order="C", copy=True).reshape((rows, columns))


def concept_check():
    """Check the answers too."""
    layouts = {"layout_pytorch": "NCHW", "layout_tensorflow": "NHWC", "layout_pil": "HWC"}
    _must(set(layouts.values()) <= {"NCHW", "NHWC", "HWC", "CHW"}, "an unknown layout")
    return {
        **layouts,
        "rgb_1080p_square_values": math.prod((1080, 1080, 3)),
        "uint8_range": [0, 255],
        "cv_definition_output": "meaningful information",
        "applications": {
            "security",
            "medical imaging",
            "virtual reality",
            "robotics",
            "autonomous vehicles",
            "facial recognition",
        },
    }
