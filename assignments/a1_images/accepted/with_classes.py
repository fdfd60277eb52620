"""Small classes: a range of pixel values, a box with corners, and a picture that knows both."""

from dataclasses import dataclass, field
from enum import Enum
from numbers import Integral, Real

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


class Depth(Enum):
    """What a pixel can be: its white, and what kind of number it is."""

    BYTE = (255, Integral)
    UNIT = (1, Real)

    @classmethod
    def of(cls, array):
        if array.dtype == np.uint8:
            return cls.BYTE
        if array.dtype in (np.float32, np.float64):
            return cls.UNIT
        raise TypeError(array.dtype)

    @property
    def white(self):
        return self.value[0]

    def accept(self, number):
        """Refuse what no pixel may be."""
        if isinstance(number, bool) or not isinstance(number, self.value[1]):
            raise TypeError(number)
        if not (number >= 0 and number <= self.white):
            raise ValueError(number)
        return number


@dataclass(frozen=True)
class Box:
    """A half-open rectangle."""

    top: int
    left: int
    bottom: int
    right: int

    def __post_init__(self):
        for edge in (self.top, self.left, self.bottom, self.right):
            if isinstance(edge, bool) or not isinstance(edge, Integral):
                raise TypeError(edge)
        if not (0 <= self.top < self.bottom and 0 <= self.left < self.right):
            raise ValueError(self)

    def within(self, height, width):
        if self.bottom > height or self.right > width:
            raise ValueError(self)
        return slice(self.top, self.bottom), slice(self.left, self.right)


@dataclass
class Picture:
    """A checked copy of an image; `tight` pictures have the dtypes of images."""

    source: np.ndarray
    ndims: tuple = (2, 3)
    channels: int = 0
    tight: bool = True
    pixels: np.ndarray = field(init=False)

    def __post_init__(self):
        if not isinstance(self.source, np.ndarray) or self.source.dtype.kind not in "iuf":
            raise TypeError(type(self.source))
        if self.tight:
            self.depth = Depth.of(self.source)
        if self.source.size == 0 or (self.ndims and self.source.ndim not in self.ndims):
            raise ValueError(self.source.shape)
        if self.channels and self.source.shape[-1] != self.channels:
            raise ValueError(self.source.shape)
        self.pixels = self.source.copy()

    def in_range(self):
        """Refuse floats that are no pixels."""
        if self.depth is Depth.UNIT and not np.logical_and(self.pixels >= 0, self.pixels <= 1).all():
            raise ValueError("outside 0 to 1")
        return self

    @property
    def size(self):
        return self.pixels.shape[:2]

    @property
    def depth_of_stack(self):
        return 1 if self.pixels.ndim == 2 else self.pixels.shape[2]

    @property
    def floats(self):
        return np.array(self.pixels, dtype=np.float64)

    def channel(self, number):
        """Give a view of one channel of this copy."""
        if isinstance(number, bool) or not isinstance(number, Integral):
            raise TypeError(number)
        if number not in range(3):
            raise ValueError(number)
        return self.pixels[:, :, number]

    def back(self, floats):
        """Clip floats to this picture's range and give them its dtype."""
        return np.clip(floats, 0, self.depth.white).astype(self.pixels.dtype)


class Permutation:
    """Moves axes, named by letters."""

    def __init__(self, before, after):
        self.ndim, self.order = len(before), [before.index(letter) for letter in after]

    def __call__(self, array):
        moved = Picture(array, (self.ndim,), tight=False).pixels.transpose(self.order)
        result = np.empty(moved.shape, moved.dtype)
        result[...] = moved
        return result


def describe_image(image):
    """Ask a picture."""
    picture = Picture(image, tight=False)
    flat = picture.pixels.ravel()
    (height, width), channels = picture.size, picture.depth_of_stack
    return {
        "height": height,
        "width": width,
        "channels": channels,
        "dtype": flat.dtype.name,
        "min": flat[flat.argmin()].item(),
        "max": flat[flat.argmax()].item(),
    }


def to_float(image):
    """Divide by the depth's white."""
    picture = Picture(image, ()).in_range()
    return picture.floats / picture.depth.white


def to_uint8(image):
    """Take the nearest byte from above or below."""
    picture = Picture(image, ())
    if picture.depth is Depth.BYTE:
        return picture.pixels
    if not np.isfinite(picture.pixels).all():
        raise ValueError("not finite")
    scaled = 255 * np.clip(picture.floats, 0, 1)
    below = np.floor(scaled)
    return (below + (scaled - below >= 0.5)).astype(np.uint8)


def gray_to_rgb(gray):
    """Fill an empty array."""
    picture = Picture(gray, tight=False)
    if picture.depth_of_stack != 1:
        raise ValueError(gray.shape)
    result = np.empty((*picture.size, 3), gray.dtype)
    result[...] = picture.pixels.reshape(*picture.size, 1)
    return result


def set_channel(image, channel, value):
    """Write into the picture's own copy."""
    picture = Picture(image, (3,), channels=3)
    target = picture.channel(channel)
    target[...] = picture.depth.accept(value)
    return picture.pixels


def isolate_channel(image, channel):
    """Keep the channel, wipe the picture, put it back."""
    picture = Picture(image, (3,), channels=3)
    target = picture.channel(channel)
    kept = target.copy()
    picture.pixels.fill(0)
    target[...] = kept
    return picture.pixels


def stack_channels(red, green, blue):
    """Compare three pictures, then concatenate."""
    pictures = [Picture(plane, (2,), tight=False) for plane in (red, green, blue)]
    if len({picture.pixels.dtype for picture in pictures}) > 1:
        raise TypeError("dtypes")
    if len({picture.size for picture in pictures}) > 1:
        raise ValueError("shapes")
    return np.concatenate([picture.pixels[..., None] for picture in pictures], axis=-1)


def draw_rectangle(image, top, left, bottom, right, color):
    """Use a box."""
    picture = Picture(image)
    place = Box(top, left, bottom, right).within(*picture.size)
    if not isinstance(color, (tuple, list)):
        raise TypeError(color)
    if len(color) != picture.depth_of_stack:
        raise ValueError(color)
    values = [picture.depth.accept(value) for value in color]
    if picture.pixels.ndim == 2:
        picture.pixels[place] = values[0]
    else:
        for number, value in enumerate(values):
            picture.pixels[(*place, number)] = value
    return picture.pixels


def rgb_to_grayscale(image, weights=WEIGHTS):
    """Let numpy average with weights, and undo the division by their sum."""
    picture = Picture(image, (3,), channels=3)
    if len(weights) != 3 or not all(np.isfinite(weight) and weight >= 0 for weight in weights):
        raise ValueError(weights)
    total = float(sum(weights))
    if total == 0:
        return np.zeros(picture.size)
    return np.average(picture.floats, axis=2, weights=weights) * total


def invert(image):
    """Measure the way to white."""
    picture = Picture(image, ()).in_range()
    return picture.back(picture.depth.white - picture.floats)


def adjust_brightness(image, delta):
    """Add to floats, and come back."""
    picture = Picture(image, ()).in_range()
    if isinstance(delta, bool) or not isinstance(delta, Real):
        raise TypeError(delta)
    if not np.isfinite(float(delta)):
        raise ValueError(delta)
    return picture.back(picture.floats + float(delta))


def flip_horizontal(image):
    """Reverse in the picture's own memory."""
    picture = Picture(image, tight=False)
    picture.pixels[:] = picture.pixels[:, ::-1].copy()
    return picture.pixels


def crop(image, top, left, height, width):
    """Use a box."""
    picture = Picture(image, tight=False)
    for number in (top, left, height, width):
        if isinstance(number, bool) or not isinstance(number, Integral):
            raise TypeError(number)
    place = Box(top, left, top + height, left + width).within(*picture.size)
    return picture.pixels[place].copy()


class Normalizer:
    """Like torchvision's Normalize, for channels last."""

    def __init__(self, mean, std):
        self.mean, self.std = (np.atleast_1d(np.array(setting, dtype=float)) for setting in (mean, std))
        self.single = np.ndim(mean) == 0, np.ndim(std) == 0
        if not (np.isfinite(self.mean).all() and np.isfinite(self.std).all() and (self.std > 0).all()):
            raise ValueError((mean, std))

    def __call__(self, picture):
        for setting, single in zip((self.mean, self.std), self.single):
            if not single and (picture.pixels.ndim == 2 or setting.shape != picture.pixels.shape[-1:]):
                raise ValueError(setting.shape)
        return (picture.floats - self.mean) / self.std


def normalize(image, mean, std):
    """Call a normalizer."""
    picture = Picture(image, (2, 3, 4))
    if picture.depth is Depth.BYTE:
        raise TypeError("call to_float first")
    return Normalizer(mean, std)(picture)


def hwc_to_chw(image):
    """Name both layouts."""
    return Permutation("HWC", "CHW")(image)


def nhwc_to_nchw(images):
    """Name both layouts."""
    return Permutation("NHWC", "NCHW")(images)


def nchw_to_nhwc(images):
    """Name both layouts."""
    return Permutation("NCHW", "NHWC")(images)


def flatten_images(images):
    """Give each row of an empty array an image."""
    batch = Picture(images, (), tight=False).pixels
    if batch.ndim < 2:
        raise ValueError(batch.shape)
    result = np.empty((len(batch), batch[0].size), batch.dtype)
    for row, one in zip(result, batch):
        row[:] = one.ravel()
    return result


class Layout(str, Enum):
    """Orders of axes."""

    NCHW = "NCHW"
    NHWC = "NHWC"
    HWC = "HWC"


def concept_check():
    """Answer."""
    return dict(
        layout_pytorch=Layout.NCHW.value,
        layout_tensorflow=Layout.NHWC.value,
        layout_pil=Layout.HWC.value,
        rgb_1080p_square_values=1080**2 * 3,
        uint8_range=[0, Depth.BYTE.white],
        cv_definition_output="meaningful information",
        applications={
            "autonomous vehicles",
            "facial recognition",
            "medical imaging",
            "robotics",
            "security",
            "virtual reality",
        },
    )
