"""A beginner's loops: over rows, columns and channels, one pixel at a time, with results made of zeros."""

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
    """Look for the smallest and largest pixel in the list of all pixels."""
    require_array(image, "image", 2, 3)
    answer = {}
    answer["height"] = len(image)
    answer["width"] = len(image[0])
    if image.ndim == 2:
        answer["channels"] = 1
    else:
        answer["channels"] = len(image[0][0])
    answer["dtype"] = image.dtype.name
    pixels = image.flatten().tolist()
    smallest = pixels[0]
    largest = pixels[0]
    for p in pixels:
        if p < smallest:
            smallest = p
        if p > largest:
            largest = p
    answer["min"] = smallest
    answer["max"] = largest
    return answer


def to_float(image):
    """Divide pixel after pixel."""
    require_image(image, "image")
    require_unit_range(image, "image")
    result = np.zeros(image.shape)
    for place in np.ndindex(image.shape):
        if image.dtype == np.uint8:
            result[place] = int(image[place]) / 255
        else:
            result[place] = float(image[place])
    return result


def to_uint8(image):
    """Clip with if, round with round()."""
    require_image(image, "image")
    result = np.zeros(image.shape, dtype=np.uint8)
    for place in np.ndindex(image.shape):
        if image.dtype == np.uint8:
            result[place] = image[place]
            continue
        p = float(image[place])
        if p != p or p == float("inf") or p == -float("inf"):
            raise ValueError("not a finite number")
        if p < 0:
            p = 0.0
        if p > 1:
            p = 1.0
        result[place] = round(p * 255)
    return result


def gray_to_rgb(gray):
    """Write each pixel three times."""
    require_array(gray, "gray", 2, 3)
    if gray.ndim == 3:
        if gray.shape[2] != 1:
            raise ValueError("one channel, please")
        gray = gray[:, :, 0]
    height = gray.shape[0]
    width = gray.shape[1]
    rgb = np.zeros((height, width, 3), dtype=gray.dtype)
    for row in range(height):
        for column in range(width):
            for channel in range(3):
                rgb[row, column, channel] = gray[row, column]
    return rgb


def set_channel(image, channel, value):
    """Write the value into each pixel of a copy."""
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError("not RGB")
    require_int(channel, "channel", 0, 2)
    require_pixel(value, "value", image)
    result = np.copy(image)
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            result[row, column, channel] = value
    return result


def isolate_channel(image, channel):
    """Start from zeros and fill one channel."""
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError("not RGB")
    require_int(channel, "channel", 0, 2)
    result = np.zeros(image.shape, dtype=image.dtype)
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            result[row, column, channel] = image[row, column, channel]
    return result


def stack_channels(red, green, blue):
    """Fill zeros channel by channel."""
    require_array(red, "red", 2)
    require_array(green, "green", 2)
    require_array(blue, "blue", 2)
    if red.dtype != green.dtype or red.dtype != blue.dtype:
        raise TypeError("dtypes differ")
    if red.shape != green.shape or red.shape != blue.shape:
        raise ValueError("shapes differ")
    image = np.zeros((red.shape[0], red.shape[1], 3), dtype=red.dtype)
    image[:, :, 0] = red
    image[:, :, 1] = green
    image[:, :, 2] = blue
    return image


def draw_rectangle(image, top, left, bottom, right, color):
    """Two loops over the rectangle, one over the channels."""
    require_image(image, "image", 2, 3)
    for edge in (top, left, bottom, right):
        if isinstance(edge, bool) or not isinstance(edge, (int, np.integer)):
            raise TypeError("edges are integers")
    if top < 0 or left < 0 or bottom > image.shape[0] or right > image.shape[1]:
        raise ValueError("beyond the image")
    if top >= bottom or left >= right:
        raise ValueError("empty")
    if type(color) is not tuple and type(color) is not list:
        raise TypeError("color")
    channels = 1
    if image.ndim == 3:
        channels = image.shape[2]
    if len(color) != channels:
        raise ValueError("color has another length")
    for value in color:
        require_pixel(value, "color", image)
    result = np.copy(image)
    for row in range(top, bottom):
        for column in range(left, right):
            if image.ndim == 2:
                result[row, column] = color[0]
            else:
                for c in range(channels):
                    result[row, column, c] = color[c]
    return result


def rgb_to_grayscale(image, weights=WEIGHTS):
    """Add up Python floats."""
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError("not RGB")
    if len(weights) != 3:
        raise ValueError("three weights")
    for w in weights:
        if w != w or w < 0 or w == float("inf"):
            raise ValueError("bad weight")
    gray = np.zeros((image.shape[0], image.shape[1]))
    for row in range(image.shape[0]):
        for column in range(image.shape[1]):
            total = 0.0
            for c in range(3):
                total += float(weights[c]) * float(image[row, column, c])
            gray[row, column] = total
    return gray


def invert(image):
    """Subtract each pixel from white."""
    require_image(image, "image")
    require_unit_range(image, "image")
    result = np.zeros(image.shape, dtype=image.dtype)
    for place in np.ndindex(image.shape):
        if image.dtype == np.uint8:
            result[place] = 255 - int(image[place])
        else:
            result[place] = 1 - float(image[place])
    return result


def adjust_brightness(image, delta):
    """Add Python numbers and stop at the ends."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if isinstance(delta, (bool, np.bool_)) or not isinstance(delta, (int, float, np.integer, np.floating)):
        raise TypeError("delta")
    if delta != delta or abs(delta) == float("inf"):
        raise ValueError("delta")
    white = 1
    if image.dtype == np.uint8:
        white = 255
    result = np.zeros(image.shape, dtype=image.dtype)
    for place in np.ndindex(image.shape):
        p = image[place].item() + delta
        if p < 0:
            p = 0
        elif p > white:
            p = white
        result[place] = p
    return result


def flip_horizontal(image):
    """Count the columns from the other end."""
    require_array(image, "image", 2, 3)
    result = np.zeros(image.shape, dtype=image.dtype)
    width = image.shape[1]
    for column in range(width):
        result[:, width - 1 - column] = image[:, column]
    return result


def crop(image, top, left, height, width):
    """Copy pixel by pixel."""
    require_array(image, "image", 2, 3)
    require_int(top, "top", 0, image.shape[0] - 1)
    require_int(left, "left", 0, image.shape[1] - 1)
    require_int(height, "height", 1, image.shape[0])
    require_int(width, "width", 1, image.shape[1])
    if top + height > image.shape[0] or left + width > image.shape[1]:
        raise ValueError("beyond the image")
    result = np.zeros((height, width) + image.shape[2:], dtype=image.dtype)
    for row in range(height):
        for column in range(width):
            result[row, column] = image[top + row, left + column]
    return result


def normalize(image, mean, std):
    """Make lists out of single numbers, then go through the pixels."""
    require_array(image, "image", 2, 3, 4)
    if image.dtype != np.float32 and image.dtype != np.float64:
        raise TypeError("floats, please")
    settings = []
    for numbers in (mean, std):
        if isinstance(numbers, (list, tuple)):
            if image.ndim == 2 or len(numbers) != image.shape[-1]:
                raise ValueError("one for each channel")
            numbers = list(numbers)
        else:
            numbers = [numbers] * (1 if image.ndim == 2 else image.shape[-1])
        for number in numbers:
            if not np.isfinite(number):
                raise ValueError("not finite")
        settings.append(numbers)
    for number in settings[1]:
        if number <= 0:
            raise ValueError("std")
    result = np.zeros(image.shape)
    for place in np.ndindex(image.shape):
        c = 0 if image.ndim == 2 else place[-1]
        result[place] = (float(image[place]) - settings[0][c]) / settings[1][c]
    return result


def hwc_to_chw(image):
    """Fill the channels one by one."""
    require_array(image, "image", 3)
    height, width, channels = image.shape
    result = np.zeros((channels, height, width), dtype=image.dtype)
    for c in range(channels):
        result[c] = image[:, :, c]
    return result


def nhwc_to_nchw(images):
    """Use hwc_to_chw for each image."""
    require_array(images, "images", 4)
    n, h, w, c = images.shape
    result = np.zeros((n, c, h, w), dtype=images.dtype)
    for i in range(n):
        result[i] = hwc_to_chw(images[i])
    return result


def nchw_to_nhwc(images):
    """Four loops."""
    require_array(images, "images", 4)
    n, c, h, w = images.shape
    result = np.zeros((n, h, w, c), dtype=images.dtype)
    for i in range(n):
        for j in range(c):
            for row in range(h):
                for column in range(w):
                    result[i, row, column, j] = images[i, j, row, column]
    return result


def flatten_images(images):
    """Collect the numbers of each image in a list."""
    require_array(images, "images")
    if images.ndim < 2:
        raise ValueError("a batch, please")
    rows = []
    for image in images:
        row = []
        for place in np.ndindex(image.shape):
            row.append(image[place])
        rows.append(row)
    return np.array(rows, dtype=images.dtype)


def concept_check():
    """Answer."""
    answers = {}
    answers["layout_pytorch"] = "NCHW"
    answers["layout_tensorflow"] = "NHWC"
    answers["layout_pil"] = "HWC"
    answers["rgb_1080p_square_values"] = 1080 * 1080 * 3
    answers["uint8_range"] = [0, 255]
    answers["cv_definition_output"] = "meaningful information"
    answers["applications"] = set()
    for name in ["autonomous vehicles", "facial recognition", "medical imaging", "virtual reality"]:
        answers["applications"].add(name)
    answers["applications"].add("security")
    answers["applications"].add("robotics")
    return answers
