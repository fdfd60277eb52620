"""Index arrays, masks and flat places: pixels are looked up or written by their indices."""

import operator

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
    """Flatten a partition of the pixels."""
    require_array(image, "image", 2, 3)
    flat = image.reshape(-1)
    spread = np.partition(flat, [0, flat.size - 1]) if flat.size > 1 else flat
    low, high = spread[[0, -1]].tolist()
    height, width, *channels = image.shape
    (channels,) = channels or [1]
    return {"height": height, "width": width, "channels": channels, "dtype": f"{image.dtype}", "min": low, "max": high}


def to_float(image):
    """Scale where the image holds bytes."""
    require_image(image, "image")
    require_unit_range(image, "image")
    result = np.empty(image.shape, np.float64)
    np.copyto(result, image)
    if image.dtype == np.uint8:
        result /= 255.0
    return result


def to_uint8(image):
    """Write dark, bright and other pixels by masks."""
    require_image(image, "image")
    if image.dtype == np.uint8:
        return np.array(image)
    if not np.all(np.isfinite(image)):
        raise ValueError("NaN or infinite")
    result = np.zeros(image.shape, dtype=np.uint8)
    result[image >= 1] = 255
    between = (image > 0) & (image < 1)
    result[between] = (image[between].astype(np.float64) * 255 + 0.5).astype(np.uint8)
    return result


def gray_to_rgb(gray):
    """Take channel 0 three times."""
    require_array(gray, "gray", 2, 3)
    planes = np.expand_dims(gray, 2) if gray.ndim == 2 else gray
    if planes.shape[2] > 1:
        raise ValueError("not gray")
    return np.take(planes, [0, 0, 0], axis=2)


def set_channel(image, channel, value):
    """Write every third place of the flat copy."""
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError("not RGB")
    require_int(channel, "channel", 0, 2)
    require_pixel(value, "value", image)
    result = np.array(image, order="C")
    result.reshape(-1)[channel::3] = value
    return result


def isolate_channel(image, channel):
    """Write zeros with an index array for the two other channels."""
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError("not RGB")
    require_int(channel, "channel", 0, 2)
    result = np.array(image)
    result[:, :, np.flatnonzero(np.arange(3) != channel)] = 0
    return result


def stack_channels(red, green, blue):
    """Interleave flat planes."""
    for plane in (red, green, blue):
        require_array(plane, "plane", 2)
    if (green.dtype, blue.dtype) != (red.dtype, red.dtype):
        raise TypeError("dtypes")
    if (green.shape, blue.shape) != (red.shape, red.shape):
        raise ValueError("shapes")
    flat = np.empty(3 * red.size, dtype=red.dtype)
    for start, plane in enumerate((red, green, blue)):
        flat[start::3] = plane.ravel()
    return flat.reshape(*red.shape, 3)


def draw_rectangle(image, top, left, bottom, right, color):
    """Write through an open mesh of rows and columns."""
    require_image(image, "image", 2, 3)
    height, width = image.shape[0], image.shape[1]
    top, left, bottom, right = map(operator.index, _no_bools(top, left, bottom, right))
    if min(top, left) < 0 or bottom > height or right > width or bottom - top < 1 or right - left < 1:
        raise ValueError("edges")
    if not isinstance(color, (tuple, list)):
        raise TypeError("color")
    if len(color) != (1 if image.ndim == 2 else image.shape[2]):
        raise ValueError("color")
    for value in color:
        require_pixel(value, "color", image)
    result = np.array(image)
    result[np.ix_(range(top, bottom), range(left, right))] = np.array(color, image.dtype)
    return result


def _no_bools(*values):
    if any(isinstance(value, (bool, np.bool_)) for value in values):
        raise TypeError("a bool is no integer")
    return values


def rgb_to_grayscale(image, weights=WEIGHTS):
    """Add weighted planes, each taken by its index."""
    require_image(image, "image", 3)
    if image.shape[2] != 3 or len(weights) != 3:
        raise ValueError("three channels, three weights")
    for weight in weights:
        if np.isnan(weight) or np.isinf(weight) or weight < 0:
            raise ValueError("weight")
    gray = np.zeros(image.shape[:2])
    for channel in (0, 1, 2):
        gray += float(weights[channel]) * np.take(image, channel, axis=2).astype(np.float64)
    return gray


def invert(image):
    """Subtract in the image's own dtype, into a new array."""
    require_image(image, "image")
    require_unit_range(image, "image")
    result = np.full(image.shape, 255 if image.dtype == np.uint8 else 1, dtype=image.dtype)
    result -= image
    return result


def adjust_brightness(image, delta):
    """Correct by masks what left the range."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if not isinstance(delta, (int, float, np.integer, np.floating)) or isinstance(delta, bool):
        raise TypeError("delta")
    if np.isnan(delta) or np.isinf(delta):
        raise ValueError("delta")
    white = 255 if image.dtype == np.uint8 else 1
    moved = np.asarray(image + np.float64(delta))
    moved[moved < 0] = 0
    moved[moved > white] = white
    return moved.astype(image.dtype)


def flip_horizontal(image):
    """Take the columns from the last to the first."""
    require_array(image, "image", 2, 3)
    return np.take(image, range(image.shape[1] - 1, -1, -1), axis=1)


def crop(image, top, left, height, width):
    """Take rows, then columns."""
    require_array(image, "image", 2, 3)
    top, left, height, width = map(operator.index, _no_bools(top, left, height, width))
    if top < 0 or left < 0 or height < 1 or width < 1:
        raise ValueError("rectangle")
    if top + height > len(image) or left + width > image.shape[1]:
        raise ValueError("rectangle")
    return image.take(range(top, top + height), axis=0).take(range(left, left + width), axis=1)


def normalize(image, mean, std):
    """Work on rows of channels."""
    require_image(image, "image", 2, 3, 4)
    if image.dtype == np.uint8:
        raise TypeError("floats")
    columns = image.shape[-1] if image.ndim > 2 else 1
    rows = image.astype(np.float64).reshape(-1, columns)
    for setting in (mean, std):
        if isinstance(setting, (list, tuple)) and (image.ndim == 2 or len(setting) != columns):
            raise ValueError("one for each channel")
        if not np.isfinite(setting).all():
            raise ValueError("finite")
    if np.min(std) <= 0:
        raise ValueError("std")
    for column in range(columns):
        m = mean[column] if isinstance(mean, (list, tuple)) else mean
        s = std[column] if isinstance(std, (list, tuple)) else std
        rows[:, column] = (rows[:, column] - m) / s
    return rows.reshape(image.shape)


def _gather(array, letters, wanted):
    """Look up each place of the result in the flat source."""
    sizes = dict(zip(letters, array.shape))
    places = np.arange(array.size).reshape(array.shape)
    order = [letters.index(letter) for letter in wanted]
    flat = array.ravel()[places.transpose(order).ravel()]
    return flat.reshape([sizes[letter] for letter in wanted])


def hwc_to_chw(image):
    """Gather."""
    require_array(image, "image", 3)
    return _gather(image, "hwc", "chw")


def nhwc_to_nchw(images):
    """Gather."""
    require_array(images, "images", 4)
    return _gather(images, "nhwc", "nchw")


def nchw_to_nhwc(images):
    """Gather."""
    require_array(images, "images", 4)
    return _gather(images, "nchw", "nhwc")


def flatten_images(images):
    """Ravel the whole batch, then cut rows."""
    require_array(images, "images")
    if images.ndim < 2:
        raise ValueError("no batch")
    flat = np.array(images, order="C").ravel()
    size = flat.size // len(images)
    return np.stack([flat[start : start + size] for start in range(0, flat.size, size)])


def concept_check():
    """Answer from lists of keys and values."""
    keys = ["layout_pytorch", "layout_tensorflow", "layout_pil", "rgb_1080p_square_values", "uint8_range"]
    values = ["NCHW", "NHWC", "HWC", 3_499_200, [0, 255]]
    answers = dict(zip(keys, values))
    answers["cv_definition_output"] = "meaningful information"
    possible = [
        "autonomous vehicles",
        "facial recognition",
        "machine translation",
        "medical imaging",
        "robotics",
        "security",
        "speech recognition",
        "virtual reality",
    ]
    answers["applications"] = {possible[i] for i in (0, 1, 3, 4, 5, 7)}
    return answers
