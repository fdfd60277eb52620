"""Bytes and buffers: tobytes, translate, memoryview and struct; results made of buffers are read-only arrays."""

import struct
from array import array

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


def _array_of(buffer, like, shape):
    """Show a buffer as an array of the dtype of another."""
    return np.frombuffer(buffer, dtype=like.dtype).reshape(shape)


def _pixels(image):
    """Give the bytes of each pixel, row by row."""
    height, width = image.shape[:2]
    size = image[0, 0].nbytes
    whole = image.tobytes()
    return [[whole[start : start + size] for start in range(row * width * size, (row + 1) * width * size, size)] for row in range(height)]


def _joined(pixels):
    return b"".join(b"".join(row) for row in pixels)


def _rgb(image, channel=0):
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError("not RGB")
    require_int(channel, "channel", 0, 2)


def describe_image(image):
    """Cast to a list by memoryview."""
    require_array(image, "image", 2, 3)
    numbers = memoryview(np.ascontiguousarray(image)).cast("B").cast(image.dtype.char).tolist()
    height, width, *channels = image.shape
    return {
        "height": height,
        "width": width,
        "channels": sum(channels) or 1,
        "dtype": f"{image.dtype}",
        "min": min(numbers),
        "max": max(numbers),
    }


def to_float(image):
    """Divide each byte, in Python's floats."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if image.dtype == np.uint8:
        return np.asarray(array("d", [byte / 255 for byte in image.tobytes()])).reshape(image.shape)
    return np.asarray(array("d", image.ravel().tolist())).reshape(image.shape)


def to_uint8(image):
    """Collect bytes in a bytearray."""
    require_image(image, "image")
    if image.dtype == np.uint8:
        return _array_of(image.tobytes(), image, image.shape)
    if not np.isfinite(image).all():
        raise ValueError("not finite")
    content = bytearray(int(255 * min(max(number, 0.0), 1.0) + 0.5) for number in image.ravel().tolist())
    return np.frombuffer(content, dtype=np.uint8).reshape(image.shape)


def gray_to_rgb(gray):
    """Write each pixel's bytes three times."""
    require_array(gray, "gray", 2, 3)
    if gray.ndim == 3 and gray.shape[2] != 1:
        raise ValueError("not gray")
    return _array_of(b"".join(3 * pixel for row in _pixels(gray) for pixel in row), gray, (*gray.shape[:2], 3))


def set_channel(image, channel, value):
    """Assign to a slice of a bytearray, with steps."""
    _rgb(image, channel)
    require_pixel(value, "value", image)
    size = image.itemsize
    content = bytearray(image.tobytes())
    packed = struct.pack({"uint8": "B", "float32": "f", "float64": "d"}[image.dtype.name], value)
    for place, byte in enumerate(packed):
        start = channel * size + place
        content[start :: 3 * size] = bytes([byte]) * len(content[start :: 3 * size])
    return _array_of(content, image, image.shape)


def isolate_channel(image, channel):
    """Copy a stepped slice of bytes into zeros."""
    _rgb(image, channel)
    old, size = image.tobytes(), image.itemsize
    new = bytearray(len(old))
    for place in range(channel * size, (channel + 1) * size):
        new[place :: 3 * size] = old[place :: 3 * size]
    return _array_of(bytes(new), image, image.shape)


def stack_channels(red, green, blue):
    """Zip the pixels of three planes."""
    require_array(red, "red", 2)
    require_array(green, "green", 2)
    require_array(blue, "blue", 2)
    if (red.dtype, red.dtype) != (green.dtype, blue.dtype):
        raise TypeError("dtypes differ")
    if (red.shape, red.shape) != (green.shape, blue.shape):
        raise ValueError("shapes differ")
    planes = [sum(_pixels(plane), []) for plane in (red, green, blue)]
    return _array_of(b"".join(part for pixel in zip(*planes) for part in pixel), red, (*red.shape, 3))


def draw_rectangle(image, top, left, bottom, right, color):
    """Replace pieces of rows of pixels by the packed colour."""
    require_image(image, "image", 2, 3)
    for edge, name, most in ((top, "top", image.shape[0]), (left, "left", image.shape[1])):
        require_int(edge, name, 0, most)
    require_int(bottom, "bottom", top + 1, image.shape[0])
    require_int(right, "right", left + 1, image.shape[1])
    if not isinstance(color, (tuple, list)):
        raise TypeError("color")
    if len(color) != (1 if image.ndim == 2 else image.shape[2]):
        raise ValueError("color")
    for value in color:
        require_pixel(value, "color", image)
    paint = np.array(color, dtype=image.dtype).tobytes()
    pixels = _pixels(image)
    for row in pixels[top:bottom]:
        row[left:right] = [paint] * (right - left)
    return _array_of(_joined(pixels), image, image.shape)


def rgb_to_grayscale(image, weights=WEIGHTS):
    """Iterate over triples of Python's floats."""
    _rgb(image)
    if len(weights) != 3 or not all(np.isfinite(weight) and weight >= 0 for weight in weights):
        raise ValueError("weights")
    numbers = iter(image.astype("d").tobytes() and struct.unpack(f"{image.size}d", image.astype("d").tobytes()))
    red_weight, green_weight, blue_weight = weights
    gray = [r * red_weight + g * green_weight + b * blue_weight for r, g, b in zip(numbers, numbers, numbers)]
    return np.array(gray, dtype="d").reshape(image.shape[:2])


NEGATIVE = bytes(range(255, -1, -1))


def invert(image):
    """Translate bytes by a table; floats one by one."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if image.dtype == np.uint8:
        return _array_of(image.tobytes().translate(NEGATIVE), image, image.shape)
    return np.array([1 - number for number in image.ravel().tolist()], dtype=image.dtype).reshape(image.shape)


def adjust_brightness(image, delta):
    """Translate bytes by a table of sums."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if isinstance(delta, bool) or not isinstance(delta, (int, float, np.integer, np.floating)):
        raise TypeError("delta")
    if delta != delta or delta in (float("inf"), float("-inf")):
        raise ValueError("delta")
    if image.dtype == np.uint8:
        table = bytes(int(min(255, max(0, byte + delta))) for byte in range(256))
        return _array_of(image.tobytes().translate(table), image, image.shape)
    moved = (min(1.0, max(0.0, number + delta)) for number in image.ravel().tolist())
    return np.fromiter(moved, image.dtype, image.size).reshape(image.shape)


def flip_horizontal(image):
    """Reverse each row of pixels."""
    require_array(image, "image", 2, 3)
    return _array_of(_joined(row[::-1] for row in _pixels(image)), image, image.shape)


def crop(image, top, left, height, width):
    """Slice lists of rows of pixels."""
    require_array(image, "image", 2, 3)
    require_int(top, "top", 0, image.shape[0] - 1)
    require_int(left, "left", 0, image.shape[1] - 1)
    require_int(height, "height", 1, image.shape[0] - top)
    require_int(width, "width", 1, image.shape[1] - left)
    rows = [row[left : left + width] for row in _pixels(image)[top : top + height]]
    return _array_of(_joined(rows), image, (height, width, *image.shape[2:]))


def normalize(image, mean, std):
    """Read the flat image in steps of one pixel."""
    require_array(image, "image", 2, 3, 4)
    if image.dtype.name not in ("float32", "float64"):
        raise TypeError("floats, please")
    channels = image.shape[-1] if image.ndim > 2 else 1

    def one_for_each(numbers):
        if not isinstance(numbers, (tuple, list)):
            numbers = [numbers] * channels
        elif image.ndim == 2 or len(numbers) != channels:
            raise ValueError("one number for each channel")
        if not all(np.isfinite(number) for number in numbers):
            raise ValueError("finite numbers")
        return numbers

    means, stds = one_for_each(mean), one_for_each(std)
    if min(stds) <= 0:
        raise ValueError("std")
    flat = array("d", image.ravel().tolist())
    for channel in range(channels):
        flat[channel::channels] = array(
            "d", [(number - means[channel]) / stds[channel] for number in flat[channel::channels]]
        )
    return np.frombuffer(flat).reshape(image.shape)


def hwc_to_chw(image):
    """Take every C-th number, beginning at c."""
    require_array(image, "image", 3)
    height, width, channels = image.shape
    numbers = image.ravel().tolist()
    ordered = [number for channel in range(channels) for number in numbers[channel::channels]]
    return np.array(ordered, dtype=image.dtype).reshape(channels, height, width)


def nhwc_to_nchw(images):
    """Join the bytes of single images."""
    require_array(images, "images", 4)
    count, height, width, channels = images.shape
    return _array_of(b"".join(hwc_to_chw(image).tobytes() for image in images), images, (count, channels, height, width))


def nchw_to_nhwc(images):
    """Zip the channels of each image."""
    require_array(images, "images", 4)
    count, channels, height, width = images.shape
    pixels = [pixel for image in images for pixel in zip(*(plane.ravel().tolist() for plane in image))]
    return np.array(pixels, dtype=images.dtype).reshape(count, height, width, channels)


def flatten_images(images):
    """Copy the bytes: they are in the order of C."""
    require_array(images, "images")
    if images.ndim < 2:
        raise ValueError("two axes")
    return _array_of(images.tobytes(), images, (images.shape[0], -1))


def concept_check():
    """Answer, with the size of a buffer."""
    return {
        "layout_pytorch": "NCHW",
        "layout_tensorflow": "NHWC",
        "layout_pil": "HWC",
        "rgb_1080p_square_values": len(bytes(1080 * 1080 * 3)),
        "uint8_range": list(struct.unpack("BB", b"\x00\xff")),
        "cv_definition_output": "meaningful information",
        "applications": {
            "autonomous vehicles", "facial recognition", "medical imaging", "robotics", "security", "virtual reality",
        },
    }
