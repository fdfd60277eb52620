"""Copies first, then views of them: results with negative strides, in Fortran order, written into with out=."""

from collections import OrderedDict

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


def own(image):
    """Copy, in Fortran order: nothing in the handout forbids it."""
    return np.array(image, order="F", copy=True, subok=False)


def describe_image(image):
    """Fill an ordered dict step by step."""
    require_array(image, "image", 2, 3)
    answer = OrderedDict()
    for axis, name in enumerate(["height", "width"]):
        answer[name] = image.shape[axis]
    answer["channels"] = 1
    if image.ndim > 2:
        answer["channels"] = image.shape[2]
    answer.update(dtype=np.dtype(image.dtype).name)
    answer.setdefault("min", image.min().item())
    answer.setdefault("max", image.max().item())
    return answer


def to_float(image):
    """Divide a float64 copy in place."""
    require_image(image, "image")
    require_unit_range(image, "image")
    result = image.astype("<f8", order="F")
    if image.dtype == "uint8":
        result /= 255
    return result


def to_uint8(image):
    """Work in place on a copy in the image's own precision, add a half and cut."""
    require_image(image, "image")
    if image.dtype == "uint8":
        return own(image)
    if not np.isfinite(image).all():
        raise ValueError("image holds NaN or infinity")
    scaled = own(image)
    scaled[scaled > 1] = 1
    scaled[scaled < 0] = 0
    scaled *= 255
    scaled += 0.5
    return scaled.astype("uint8")


def gray_to_rgb(gray):
    """Fill three planes, show them as channels."""
    require_array(gray, "gray", 2, 3)
    if gray.ndim == 3:
        if gray.shape[-1] > 1:
            raise ValueError("gray has several channels")
        gray = gray.squeeze(axis=-1)
    planes = np.empty((3,) + gray.shape, gray.dtype)
    planes[:] = gray
    return planes.transpose(1, 2, 0)


def _rgb_planes(image, channel):
    """Copy an RGB image, and show its channels first."""
    require_image(image, "image", 3)
    if image.shape[2] != 3:
        raise ValueError("image is not RGB")
    require_int(channel, "channel", 0, 2)
    return own(image).transpose(2, 0, 1)


def set_channel(image, channel, value):
    """Write into a view with the channels first, give it back turned."""
    planes = _rgb_planes(image, channel)
    require_pixel(value, "value", image)
    planes[channel] = value
    return planes.transpose(1, 2, 0)


def isolate_channel(image, channel):
    """Multiply the others by 0 in place."""
    planes = _rgb_planes(image, channel)
    for number, plane in enumerate(planes):
        if number != channel:
            plane *= 0
    return planes.transpose(1, 2, 0)


def stack_channels(red, green, blue):
    """Write blue first into reversed channels; give the reverse of the reverse."""
    require_array(red, "red", 2)
    require_array(green, "green", 2)
    require_array(blue, "blue", 2)
    if red.dtype != green.dtype or green.dtype != blue.dtype:
        raise TypeError("dtypes differ")
    if red.shape != green.shape or green.shape != blue.shape:
        raise ValueError("shapes differ")
    bgr = np.empty(red.shape + (3,), dtype=red.dtype)
    bgr[..., 0], bgr[..., 1], bgr[..., 2] = blue, green, red
    return bgr[..., ::-1]


def draw_rectangle(image, top, left, bottom, right, color):
    """Narrow a view step by step, then write through it."""
    require_image(image, "image", 2, 3)
    require_int(top, "top", 0, image.shape[0] - 1)
    require_int(bottom, "bottom", top + 1, image.shape[0])
    require_int(left, "left", 0, image.shape[1] - 1)
    require_int(right, "right", left + 1, image.shape[1])
    if not isinstance(color, tuple) and not isinstance(color, list):
        raise TypeError("color is a tuple or a list")
    result = own(image)
    view = result
    if image.ndim == 2:
        view = result[..., np.newaxis]
    if view.shape[2] != len(color):
        raise ValueError("color has one value for each channel")
    view = view[top:][: bottom - top]
    view = view[:, left:][:, : right - left]
    for channel, value in enumerate(color):
        require_pixel(value, f"color[{channel}]", image)
        view[:, :, channel] = value
    return result


def rgb_to_grayscale(image, weights=WEIGHTS):
    """Add up in place, blue first."""
    require_image(image, "image", 3)
    if image.shape[2] != 3 or len(weights) != 3:
        raise ValueError("three channels, three weights")
    for weight in weights:
        if not (weight >= 0 and weight != float("inf")):
            raise ValueError("a weight is finite and not below 0")
    gray = np.zeros(image.shape[:2], order="F")
    part = np.empty_like(gray)
    for channel in (2, 1, 0):
        np.multiply(image[:, :, channel], weights[channel], out=part, dtype=np.float64)
        np.add(gray, part, out=gray)
    return gray


def invert(image):
    """Subtract into the copy itself."""
    require_image(image, "image")
    require_unit_range(image, "image")
    result = own(image)
    np.subtract(255 if image.dtype == "uint8" else 1, result, out=result)
    return result


def adjust_brightness(image, delta):
    """Add where there is room, write the end where there is none."""
    require_image(image, "image")
    require_unit_range(image, "image")
    if isinstance(delta, bool) or not isinstance(delta, (int, float, np.integer, np.floating)):
        raise TypeError("delta is no number")
    if not np.isfinite(delta):
        raise ValueError("delta is not finite")
    white = 1.0
    if image.dtype == "uint8":
        white, delta = 255, int(delta)
    result = own(image)
    if delta >= 0:
        bright = image >= white - delta
        np.add(result, np.array(min(delta, white), image.dtype), out=result, where=~bright)
        np.copyto(result, white, where=bright)
    else:
        dark = image <= -delta
        np.subtract(result, np.array(min(-delta, white), image.dtype), out=result, where=~dark)
        np.copyto(result, 0, where=dark)
    return result


def flip_horizontal(image):
    """Show the copy backwards."""
    require_array(image, "image", 2, 3)
    return own(image)[:, ::-1]


def crop(image, top, left, height, width):
    """Copy everything, show a part."""
    require_array(image, "image", 2, 3)
    require_int(top, "top", 0, image.shape[0] - 1)
    require_int(left, "left", 0, image.shape[1] - 1)
    require_int(height, "height", 1, image.shape[0] - top)
    require_int(width, "width", 1, image.shape[1] - left)
    return own(image)[top : top + height, left : left + width]


def normalize(image, mean, std):
    """Normalise views of channels in place."""
    require_array(image, "image", 2, 3, 4)
    if image.dtype not in ("float32", "float64"):
        raise TypeError("image holds no floats")
    result = image.astype("float64", order="F")
    channels = result[..., np.newaxis] if image.ndim == 2 else result
    for numbers in (mean, std):
        if hasattr(numbers, "__len__") and (image.ndim == 2 or len(numbers) != channels.shape[-1]):
            raise ValueError("one number for each channel")
        if not np.isfinite(numbers).all():
            raise ValueError("a number is not finite")
    if np.min(std) <= 0:
        raise ValueError("std must be above 0")
    for place in range(channels.shape[-1]):
        channel = channels[..., place]
        channel -= mean[place] if hasattr(mean, "__len__") else mean
        channel /= std[place] if hasattr(std, "__len__") else std
    return result


def hwc_to_chw(image):
    """Assign into an array made for it."""
    require_array(image, "image", 3)
    height, width, channels = image.shape
    result = np.empty((channels, height, width), image.dtype)
    result.transpose(1, 2, 0)[...] = image
    return result


def nhwc_to_nchw(images):
    """Assign into an array made for it."""
    require_array(images, "images", 4)
    count, height, width, channels = images.shape
    result = np.empty((count, channels, height, width), images.dtype)
    result.transpose(0, 2, 3, 1)[...] = images
    return result


def nchw_to_nhwc(images):
    """Assign into an array made for it."""
    require_array(images, "images", 4)
    count, channels, height, width = images.shape
    result = np.empty((count, height, width, channels), images.dtype)
    result.transpose(0, 3, 1, 2)[...] = images
    return result


def flatten_images(images):
    """Assign rows into a table through a view with the batch's shape."""
    require_array(images, "images")
    if images.ndim < 2:
        raise ValueError("a batch has two axes or more")
    table = np.empty((images.shape[0], images[0].size), images.dtype)
    table.reshape(images.shape)[...] = images
    return table


def concept_check():
    """Fill an ordered dict."""
    answers = OrderedDict(layout_pytorch="NCHW", layout_tensorflow="NHWC", layout_pil="HWC")
    answers["rgb_1080p_square_values"] = 1080**2 * 3
    answers["uint8_range"] = [0, 2**8 - 1]
    answers["cv_definition_output"] = "meaningful information"
    answers["applications"] = {
        "autonomous vehicles", "facial recognition", "medical imaging", "robotics", "security", "virtual reality",
    }
    return answers
