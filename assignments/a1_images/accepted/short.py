"""As short as it gets: the given helpers check, one expression answers."""

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


def rgb(image):
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError(image.shape)
    return image


def pixels(image):
    require_image(image, "image")
    require_unit_range(image, "image")
    return image


def describe_image(image):
    require_array(image, "image", 2, 3)
    h, w, c = np.atleast_3d(image).shape
    return dict(height=h, width=w, channels=c, dtype=str(image.dtype), min=image.min().item(), max=image.max().item())


def to_float(image):
    return pixels(image) / (255.0 if image.dtype == np.uint8 else np.float64(1))


def to_uint8(image):
    require_image(image, "image")
    if not np.isfinite(image).all():
        raise ValueError("NaN or infinite")
    return image.copy() if image.dtype == np.uint8 else (np.clip(np.float64(image), 0, 1) * 255).round().astype(np.uint8)


def gray_to_rgb(gray):
    require_array(gray, "gray", 2, 3)
    if gray.shape[2:] not in {(), (1,)}:
        raise ValueError(gray.shape)
    return np.dstack([gray] * 3)


def set_channel(image, channel, value):
    require_pixel(value, "value", rgb(image))
    require_int(channel, "channel", 0, 2)
    return np.stack([np.full_like(p, value) if c == channel else p for c, p in enumerate(image.transpose(2, 0, 1))], 2)


def isolate_channel(image, channel):
    require_int(channel, "channel", 0, len(rgb(image)[0, 0]) - 1)
    return np.where(np.arange(3) == channel, image, image.dtype.type(0))


def stack_channels(red, green, blue):
    [require_array(plane, "plane", 2) for plane in (red, green, blue)]
    if len({plane.dtype for plane in (red, green, blue)}) > 1:
        raise TypeError("dtypes")
    return np.stack((red, green, blue), axis=-1)  # which raises ValueError for different shapes


def draw_rectangle(image, top, left, bottom, right, color):
    require_image(image, "image", 2, 3)
    require_int(top, "top", 0, image.shape[0])
    require_int(left, "left", 0, image.shape[1])
    require_int(bottom, "bottom", top + 1, image.shape[0])
    require_int(right, "right", left + 1, image.shape[1])
    if not isinstance(color, (tuple, list)):
        raise TypeError(color)
    if len(color) != np.atleast_3d(image).shape[2]:
        raise ValueError(color)
    [require_pixel(value, "color", image) for value in color]
    result = image.copy()
    np.atleast_3d(result)[top:bottom, left:right] = color
    return result


def rgb_to_grayscale(image, weights=WEIGHTS):
    if len(weights) != 3 or not np.isfinite(weights).all() or min(weights) < 0:
        rgb(image)
        raise ValueError(weights)
    return rgb(image).astype(float).dot(np.array(weights, float))


def invert(image):
    return pixels(image).dtype.type(255 if image.dtype == np.uint8 else 1) - image


def adjust_brightness(image, delta):
    pixels(image)
    if isinstance(delta, bool) or not isinstance(delta, (int, float, np.integer, np.floating)):
        raise TypeError(delta)
    if not np.isfinite(delta):
        raise ValueError(delta)
    return np.clip(np.float64(image) + delta, 0, 255 if image.dtype == np.uint8 else 1).astype(image.dtype)


def flip_horizontal(image):
    require_array(image, "image", 2, 3)
    return np.flip(image, 1).copy()


def crop(image, top, left, height, width):
    require_array(image, "image", 2, 3)
    for start, size, whole in (top, height, len(image)), (left, width, image.shape[1]):
        require_int(start, "start", 0, whole)
        require_int(size, "size", 1, whole - start)
    return image[top:, left:][:height, :width].copy()


def normalize(image, mean, std):
    require_image(image, "image", 2, 3, 4)
    if image.dtype == np.uint8:
        raise TypeError("to_float first")
    m, s = np.float64(mean), np.float64(std)
    if {m.shape, s.shape} - {(), image.shape[2:][-1:]} or not np.isfinite([*np.ravel(m), *np.ravel(s)]).all():
        raise ValueError((mean, std))
    if np.any(s <= 0):
        raise ValueError(std)
    return (np.float64(image) - m) / s


def hwc_to_chw(image):
    require_array(image, "image", 3)
    return np.array([image[:, :, c] for c in range(image.shape[2])])


def nhwc_to_nchw(images):
    require_array(images, "images", 4)
    return np.array([hwc_to_chw(image) for image in images])


def nchw_to_nhwc(images):
    require_array(images, "images", 4)
    return np.ascontiguousarray(np.rollaxis(images, 1, 4)) + images.dtype.type(0)


def flatten_images(images):
    require_array(images, "images")
    return np.stack([image.ravel() for image in images]) if images.ndim > 1 else require_array(images, "images", 2)


def concept_check():
    return {
        "layout_pytorch": "NCHW",
        "layout_tensorflow": "NHWC",
        "layout_pil": "HWC",
        "rgb_1080p_square_values": 3499200,
        "uint8_range": [0, 255],
        "cv_definition_output": "meaningful information",
        "applications": {*"autonomous vehicles.facial recognition.medical imaging.robotics.security.virtual reality".split(".")},
    }
