"""Photos that scikit-image brings along, read without the libraries that its own reader imports (160 MB)."""

from importlib.resources import as_file, files
from typing import Any

import numpy as np


def photo(name: str) -> np.ndarray[Any, Any]:
    """Read one of scikit-image's photos; needs scikit-image and its Pillow.

    Args:
        name: such as "chelsea".

    Returns:
        (H, W, 3), uint8, 0 to 255; the caller's own to write into.

    Raises:
        FileNotFoundError: if scikit-image has none of this name as PNG.
    """
    from PIL import Image  # noqa: PLC0415 - only where an assignment shows photos

    with as_file(files("skimage.data") / f"{name}.png") as file, Image.open(file) as image:
        return np.array(image.convert("RGB"))
