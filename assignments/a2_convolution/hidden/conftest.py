"""What the hidden tests of this assignment share."""

import numpy as np
import pytest

IGNORED = "The mode argument is not used."
SWAPPED = {
    "reflect": {"reflect does not repeat the edge pixel.": "symmetric", IGNORED: "zero"},
    "symmetric": {
        "symmetric repeats the edge pixel; reflect does not.": "reflect",
        "Beyond the first pixel the mirror continues.": "edge",
        IGNORED: "zero",
    },
    "edge": {"edge repeats one pixel; a mirror is symmetric.": "symmetric", IGNORED: "zero"},
    "wrap": {"wrap goes on from the other side of the image; a mirror does not.": "symmetric", IGNORED: "zero"},
    "zero": {"zero surrounds the image with zeros.": "edge"},
}


@pytest.fixture
def other_modes(reference):
    """Build the answers of `pad_image` in a mode that is confused with the right one."""

    def build(image, ph, pw, mode):
        return {
            sentence: lambda other=other: reference.pad_image(image, ph, pw, other)
            for sentence, other in SWAPPED[mode].items()
        }

    return build


@pytest.fixture
def misconceptions(reference):
    """Build the wrong answers that students give to a convolution of one channel that keeps the size."""

    def build(image, kernel, mode="zero"):
        image = image.astype(float)
        ph, pw = reference.same_padding(kernel.shape)
        height, width = image.shape
        turned = reference.rotate_kernel(kernel)
        right = reference.convolve2d(image, kernel, mode=mode)

        def slide(rows, columns, kernel, mode=mode):
            return reference.correlate2d(reference.pad_image(image, rows, columns, mode), kernel)

        def unpadded():
            result = np.zeros(image.shape)
            result[ph : height - ph, pw : width - pw] = reference.convolve2d(image, kernel, "valid")
            return result

        known = {
            "This is cross-correlation: rotate the kernel by 180 degrees first.": lambda: slide(ph, pw, kernel),
            "Only one axis was flipped: the rows. Flip the columns too.": lambda: slide(ph, pw, kernel[::-1]),
            "Only one axis was flipped: the columns. Flip the rows too.": lambda: slide(ph, pw, kernel[:, ::-1]),
            "A transpose is not a 180 degree turn.": lambda: slide(pw, ph, kernel.T),
            "A quarter turn is not a 180 degree turn.": lambda: slide(pw, ph, np.rot90(kernel)),
            "A quarter turn back is not a 180 degree turn.": lambda: slide(pw, ph, np.rot90(kernel, 3)),
            "Your output is shifted by one pixel.": lambda: slide(ph + 1, pw + 1, turned)[:height, :width],
            "Padding depends on the kernel size.": lambda: slide(1, 1, turned),
            "Rows are padded by half the kernel height, columns by half its width.": lambda: slide(pw, ph, turned),
            "Edge pixels must be computed from the padded image.": unpadded,
            "Do not rescale the result: the kernel's sum may be anything.": lambda: right / (kernel.sum() or 1),
            "Do not rescale the result to the range 0 to 1.": lambda: (right - right.min()) / np.ptp(right),
            "Filters may give negative numbers: do not clip the result.": lambda: np.clip(right, 0, 255),
            "Filters may give negative numbers: do not take the absolute value.": lambda: np.abs(right),
            "Result needs float64; uint8 wrapped.": lambda: right.astype(np.int64).astype(np.uint8),
        }
        return known | {s: lambda other=other: slide(ph, pw, turned, other) for s, other in SWAPPED[mode].items()}

    return build
