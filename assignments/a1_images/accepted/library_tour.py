"""A tour through numpy: apply_along_axis, interp, insert and delete, select, compress, average, block, rot90."""

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


BLACK_TO_WHITE = np.linspace(0.0, 1.0, 256)


def describe_image(image):
    """Percentiles 0 and 100 are the ends; ptp would not do."""
    require_array(image, "image", 2, 3)
    rows, columns = np.shape(image)[0], np.size(image, 1)
    darkest = image.flat[np.argmin(image)]
    brightest = image.flat[np.argmax(image)]
    return {
        "height": rows,
        "width": columns,
        "channels": np.size(image) // (rows * columns),
        "dtype": image.dtype.name,
        "min": darkest.tolist(),
        "max": brightest.tolist(),
    }


def to_float(image):
    """Interpolate on a line from (0, 0) to (255, 1)."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if image.dtype == np.uint8:
        return np.interp(image, [0, 255], [0.0, 1.0])
    return np.positive(image, dtype=np.float64)


def to_uint8(image):
    """Interpolation clips by itself; np.around rounds."""
    require_image(image, "image")
    if image.dtype == np.uint8:
        return np.positive(image)
    if np.isnan(np.sum(np.abs(image) * 0)):  # 0 times NaN or infinity is NaN
        raise ValueError("not finite")
    return np.around(np.interp(image, [0.0, 1.0], [0, 255])).astype(np.ubyte)


def gray_to_rgb(gray):
    """Insert copies of channel 0 before it."""
    require_array(gray, "gray", 2, 3)
    plane = np.atleast_3d(gray)
    if np.size(plane, 2) != 1:
        raise ValueError("gray has one channel")
    return np.insert(plane, [0, 0], plane, axis=2)


def _checked_rgb(image, channel):
    require_image(image, "image", 3)
    require_int(channel, "channel", 0, 2)
    if np.size(image, 2) != 3:
        raise ValueError("RGB has three channels")


def set_channel(image, channel, value):
    """Delete a channel, insert a constant one."""
    _checked_rgb(image, channel)
    require_pixel(value, "value", image)
    return np.insert(np.delete(image, channel, axis=2), int(channel), value, axis=2)


def isolate_channel(image, channel):
    """Choose between three images for each channel."""
    _checked_rgb(image, channel)
    return np.choose(np.arange(3) == channel, [np.zeros((), image.dtype), image])


def stack_channels(red, green, blue):
    """Blocks with a new last axis."""
    for plane, name in ((red, "red"), (green, "green"), (blue, "blue")):
        require_array(plane, name, 2)
        if plane.shape != red.shape:
            raise ValueError(f"{name} and red differ in shape")
        if plane.dtype != red.dtype:
            raise TypeError(f"{name} and red differ in dtype")
    return np.block([red[:, :, None], green[:, :, None], blue[:, :, None]])


def draw_rectangle(image, top, left, bottom, right, color):
    """Select pixels by their indices: np.select knows a default."""
    require_image(image, "image", 2, 3)
    height, width = image.shape[0], image.shape[1]
    require_int(bottom, "bottom", 1, height)
    require_int(right, "right", 1, width)
    require_int(top, "top", 0, bottom - 1)
    require_int(left, "left", 0, right - 1)
    if not isinstance(color, (list, tuple)):
        raise TypeError("a list or a tuple")
    if len(color) != (1 if np.ndim(image) == 2 else np.size(image, 2)):
        raise ValueError("one value for each channel")
    for part in color:
        require_pixel(part, "color", image)
    row, column = np.indices((height, width), sparse=True)
    inside = (row >= top) & (row < bottom) & (column >= left) & (column < right)
    paint = np.array(color, image.dtype)
    if np.ndim(image) == 3:
        inside = np.expand_dims(inside, 2)
    return np.select([np.broadcast_to(inside, image.shape)], [np.broadcast_to(paint, image.shape)], default=image)


def rgb_to_grayscale(image, weights=WEIGHTS):
    """Multiply a weighted average by the sum of its weights; that sum may be 0."""
    require_image(image, "image", 3)
    if np.size(image, 2) != 3 or np.shape(weights) != (3,):
        raise ValueError("three channels and three weights")
    if not np.all(np.isfinite(weights)) or np.any(np.less(weights, 0)):
        raise ValueError("weights are finite and not below 0")
    total = np.sum(weights)
    if total == 0:
        return np.zeros(image.shape[:2])
    return np.average(image, axis=-1, weights=weights) * total


def invert(image):
    """Flip on a line from (0, white) to (white, 0), byte for byte; floats as polynomials."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if image.dtype == np.uint8:
        return np.take(np.arange(255, -1, -1, dtype=np.uint8), image)
    return np.polyval(np.array([-1, 1], dtype=image.dtype), image)


def adjust_brightness(image, delta):
    """Whole numbers for bytes, in a type that is wide enough; nan_to_num has no part in it."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if not np.isscalar(delta) or isinstance(delta, (str, bytes, bool, complex)):
        raise TypeError("delta is a number")
    if not np.isfinite(delta):
        raise ValueError("delta is finite")
    if image.dtype == np.uint8:
        moved = image.astype(np.int16) + np.int16(np.clip(delta, -255, 255))
        return np.clip(moved, np.int16(0), np.int16(255)).astype(np.uint8)
    return np.clip(image + image.dtype.type(delta), image.dtype.type(0), image.dtype.type(1))


def flip_horizontal(image):
    """Turn by half a turn, then upside down."""
    require_array(image, "image", 2, 3)
    return np.array(np.flipud(np.rot90(image, 2)))


def crop(image, top, left, height, width):
    """Compress by masks of rows and columns."""
    require_array(image, "image", 2, 3)
    require_int(top, "top", 0, np.size(image, 0) - 1)
    require_int(left, "left", 0, np.size(image, 1) - 1)
    require_int(height, "height", 1, np.size(image, 0) - top)
    require_int(width, "width", 1, np.size(image, 1) - left)
    rows, columns = np.arange(np.size(image, 0)), np.arange(np.size(image, 1))
    kept = np.compress((rows >= top) & (rows < top + height), image, axis=0)
    return np.compress((columns >= left) & (columns < left + width), kept, axis=1)


def normalize(image, mean, std):
    """Apply a function to the channels of each pixel."""
    require_array(image, "image", 2, 3, 4)
    if not np.issubdtype(image.dtype, np.floating) or image.dtype.itemsize not in (4, 8):
        raise TypeError("float32 or float64")
    channels = 1 if np.ndim(image) == 2 else np.size(image, -1)
    for numbers in (mean, std):
        if np.ndim(numbers) and (np.ndim(image) == 2 or np.shape(numbers) != (channels,)):
            raise ValueError("one number, or one for each channel")
        if not np.all(np.isfinite(numbers)):
            raise ValueError("finite numbers")
    if np.any(np.less_equal(std, 0)):
        raise ValueError("std is above 0")
    if np.ndim(image) == 2:
        return np.divide(np.subtract(image, mean, dtype=np.float64), std)
    scale = lambda pixel: np.true_divide(pixel.astype(np.float64) - np.asarray(mean), np.asarray(std))
    return np.apply_along_axis(scale, -1, image)


def hwc_to_chw(image):
    """Iterate over the channels, and copy each."""
    require_array(image, "image", 3)
    return np.array([np.copy(plane, order="C") for plane in np.rollaxis(image, 2)], order="C")


def nhwc_to_nchw(images):
    """Require C order; np.require may return its input, so copy before."""
    require_array(images, "images", 4)
    return np.require(np.moveaxis(images, [0, 1, 2, 3], [0, 2, 3, 1]).copy("A"), requirements=["C", "O"])


def nchw_to_nhwc(images):
    """Permute with a list of axes."""
    require_array(images, "images", 4)
    return np.permute_dims(images, axes=[0, 2, 3, 1]).copy()


def flatten_images(images):
    """Ravel each, stack below each other."""
    require_array(images, "images")
    if np.ndim(images) < 2:
        raise ValueError("two axes at least")
    return np.vstack(list(map(np.ravel, images)))


def concept_check():
    """Answer."""
    return {
        "layout_pytorch": "NCHW",
        "layout_tensorflow": "NHWC",
        "layout_pil": "HWC",
        "rgb_1080p_square_values": int(np.prod([1080, 1080, 3])),
        "uint8_range": np.array([np.iinfo("B").min, np.iinfo("B").max]).tolist(),
        "cv_definition_output": "meaningful information",
        "applications": {
            "virtual reality",
            "security",
            "robotics",
            "medical imaging",
            "facial recognition",
            "autonomous vehicles",
        },
    }
