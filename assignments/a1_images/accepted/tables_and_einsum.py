"""Tables of all 256 bytes for pixels, and index notation (einsum) for axes and channels."""

import numpy as np

WEIGHTS = (0.2126, 0.7152, 0.0722)  # VARIANT luma.weights
EVERY_BYTE = np.arange(256)


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
    """Sort the pixels: the ends are minimum and maximum."""
    require_array(image, "image", 2, 3)
    ordered = np.sort(image, axis=None)
    shape = image.shape + (1,)
    names = "height", "width", "channels"
    return dict(zip(names, shape[:3])) | {"dtype": str(image.dtype), "min": ordered[0].item(), "max": ordered[-1].item()}


def to_float(image):
    """Look each byte up."""
    require_image(image, "image")
    require_unit_range(image, "image")
    return (EVERY_BYTE / 255.0)[image] if image.dtype == np.uint8 else np.array(image, dtype="float64")


def to_uint8(image):
    """Search between which two steps a float lies."""
    require_image(image, "image")
    if image.dtype == np.uint8:
        return EVERY_BYTE.astype(np.uint8)[image]
    if np.isnan(image).any() or np.isinf(image).any():
        raise ValueError("finite floats only")
    steps = (EVERY_BYTE[:-1] + 0.5) / 255  # halfway from each byte to the next
    return np.searchsorted(steps, image.astype(np.float64), side="right").astype(np.uint8)


def gray_to_rgb(gray):
    """Multiply by a row of three ones."""
    require_array(gray, "gray", 2, 3)
    if gray.shape[2:] not in ((), (1,)):
        raise ValueError("one channel only")
    return np.einsum("hw,c->hwc", gray.reshape(gray.shape[:2]), np.ones(3, dtype=gray.dtype))


def _rgb(image, channel):
    require_image(image, "image", 3)
    if image.shape[-1] != 3:
        raise ValueError("three channels")
    require_int(channel, "channel", 0, 2)


def set_channel(image, channel, value):
    """Multiply the channel away, then add the value."""
    _rgb(image, channel)
    require_pixel(value, "value", image)
    there = np.zeros(3, dtype=image.dtype)
    there[channel] = 1
    return np.einsum("hwc,c->hwc", image, 1 - there) + image.dtype.type(value) * there


def isolate_channel(image, channel):
    """Multiply by a diagonal matrix."""
    _rgb(image, channel)
    keep = np.zeros((3, 3), dtype=image.dtype)
    keep[channel, channel] = 1
    return np.einsum("hwc,cd->hwd", image, keep)


def stack_channels(red, green, blue):
    """Rename the axes of the three planes."""
    planes = red, green, blue
    for plane in planes:
        require_array(plane, "plane", 2)
    if not red.dtype == green.dtype == blue.dtype:
        raise TypeError("one dtype for all")
    if not red.shape == green.shape == blue.shape:
        raise ValueError("one shape for all")
    return np.einsum("chw->hwc", np.array(planes))


def draw_rectangle(image, top, left, bottom, right, color):
    """Weigh image and colour with an outer product of zeros and ones."""
    require_image(image, "image", 2, 3)
    for edge, most in ((top, image.shape[0]), (bottom, image.shape[0]), (left, image.shape[1]), (right, image.shape[1])):
        require_int(edge, "edge", 0, most)
    if top >= bottom or left >= right:
        raise ValueError("an empty rectangle")
    if type(color) not in (tuple, list):
        raise TypeError("color")
    planes = image.reshape(*image.shape[:2], -1)
    if len(color) != planes.shape[2]:
        raise ValueError("color")
    for value in color:
        require_pixel(value, "color", image)
    rows, columns = np.zeros(image.shape[0], image.dtype), np.zeros(image.shape[1], image.dtype)
    rows[top:bottom] = columns[left:right] = 1
    inside = np.einsum("h,w->hw", rows, columns)
    paint = np.einsum("hw,c->hwc", inside, np.array(color, dtype=image.dtype))
    return (np.einsum("hwc,hw->hwc", planes, 1 - inside) + paint).reshape(image.shape)


def rgb_to_grayscale(image, weights=WEIGHTS):
    """Contract the channels with the weights."""
    require_image(image, "image", 3)
    weights = np.asarray(weights, dtype=float)
    if image.shape[2] != 3 or weights.shape != (3,):
        raise ValueError("three channels, three weights")
    if not np.all((weights >= 0) & (weights < np.inf)):
        raise ValueError("weights")
    return np.einsum("hwc,c->hw", image.astype(float), weights)


def invert(image):
    """Look bytes up in the table read backwards."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if image.dtype == np.uint8:
        return EVERY_BYTE[::-1].astype(np.uint8)[image]
    return np.ones_like(image) - image


def adjust_brightness(image, delta):
    """Make a table for this delta."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if not isinstance(delta, (int, float, np.integer, np.floating)) or delta is True or delta is False:
        raise TypeError("delta")
    if not -np.inf < delta < np.inf:
        raise ValueError("delta")
    if image.dtype == np.uint8:
        return np.array([min(max(int(byte) + float(delta), 0), 255) for byte in EVERY_BYTE]).astype(np.uint8)[image]
    return np.clip(image + delta, 0, 1).astype(image.dtype)


def flip_horizontal(image):
    """Look each column up in a table read backwards."""
    require_array(image, "image", 2, 3)
    table = np.arange(image.shape[1])[::-1]
    return image[:, table]


def crop(image, top, left, height, width):
    """Look rows and columns up in tables."""
    require_array(image, "image", 2, 3)
    require_int(top, "top", 0, image.shape[0] - 1)
    require_int(left, "left", 0, image.shape[1] - 1)
    require_int(height, "height", 1, image.shape[0] - top)
    require_int(width, "width", 1, image.shape[1] - left)
    rows, columns = np.ogrid[top : top + height, left : left + width]
    return image[rows, columns]


def normalize(image, mean, std):
    """Scale and shift: x / std - mean / std."""
    require_array(image, "image", 2, 3, 4)
    if image.dtype.char not in "fd":
        raise TypeError("float32 or float64")
    mean, std = np.array(mean, dtype=np.float64), np.array(std, dtype=np.float64)
    for numbers in (mean, std):
        if numbers.shape not in ([()] if image.ndim == 2 else [(), image.shape[-1:]]):
            raise ValueError("one number, or one for each channel")
    if not (np.isfinite(mean).all() and np.isfinite(std).all() and std.min() > 0):
        raise ValueError("finite numbers, std above 0")
    return np.subtract(image.astype(np.float64), mean) * (1 / std)


def hwc_to_chw(image):
    """Rename the axes."""
    require_array(image, "image", 3)
    return np.array(np.einsum("hwc->chw", image), order="C")


def nhwc_to_nchw(images):
    """Rename the axes."""
    require_array(images, "images", 4)
    return np.array(np.einsum("nhwc->nchw", images), order="C")


def nchw_to_nhwc(images):
    """Rename the axes."""
    require_array(images, "images", 4)
    return np.array(np.einsum("nchw->nhwc", images), order="C")


def flatten_images(images):
    """Iterate over the flat batch."""
    require_array(images, "images")
    if images.ndim == 1:
        raise ValueError("two axes at least")
    return np.fromiter(images.flat, dtype=images.dtype, count=images.size).reshape(images.shape[0], -1)


def concept_check():
    """Answer."""
    return {
        "layout_pytorch": "NCHW",
        "layout_tensorflow": "NHWC",
        "layout_pil": "HWC",
        "rgb_1080p_square_values": np.zeros((1080, 1080, 3), dtype=np.uint8).size,
        "uint8_range": [int(EVERY_BYTE[0]), int(EVERY_BYTE[-1])],
        "cv_definition_output": "meaningful information",
        "applications": set(
            "autonomous vehicles, facial recognition, medical imaging, robotics, security, virtual reality".split(", ")
        ),
    }
