"""Hidden tests of correlate2d."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_raises, relaid

pytestmark = pytest.mark.question("correlate2d")


@pytest.mark.points(1.5)
@pytest.mark.hint("The output is smaller by kernel height - 1 rows and kernel width - 1 columns.")
@pytest.mark.parametrize("shape", [(3, 5), (5, 3)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_inside_the_image(alone, reference, rng, shape, seed):
    """correlate2d handles oblong images and kernels, kernel fully on the image, without rotating it."""
    image, kernel = rng.normal(size=(6, 9)), rng.normal(size=shape)
    expected = reference.correlate2d(image, kernel)
    known = {
        "This is convolution: correlate2d does not rotate the kernel.": reference.convolve2d(image, kernel, "valid"),
        "Do not rescale the result: the kernel's sum may be anything.": expected / kernel.sum(),
        "Columns are counted by the image's width, not by its height.": expected[:, : 6 - shape[1] + 1],
        "Kernels may be oblong: these are the first columns alone.": reference.correlate2d(
            image, np.where(np.arange(shape[1]) < shape[0], kernel, 0)
        ),
    }

    assert_close(alone.correlate2d(image, kernel), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(1.75)
@pytest.mark.hint("Pad by what same_padding says, in the mode that is asked for, then do as for 'valid'.")
@pytest.mark.parametrize(
    ("shape", "mode"),
    [((3, 5), "zero"), ((5, 3), "reflect"), ((5, 5), "symmetric"), ((3, 5), "edge"), ((5, 3), "wrap")],
    ids=["zero", "reflect", "symmetric", "edge", "wrap"],
)
def test_same_size_in_each_mode(alone, reference, rng, misconceptions, shape, mode):
    """correlate2d keeps the size with padding "same", in each of the five modes."""
    image, kernel = rng.normal(size=(7, 9)), rng.normal(size=shape)
    expected = reference.correlate2d(image, kernel, "same", mode)
    known = misconceptions(image, kernel[::-1, ::-1], mode)  # correlation is convolution with the turned kernel
    known["This is cross-correlation: rotate the kernel by 180 degrees first."] = expected  # right here, so never named
    known["This is convolution: correlate2d does not rotate the kernel."] = lambda: reference.convolve2d(
        image, kernel, "same", mode
    )

    assert_close(alone.correlate2d(image, kernel, "same", mode), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("Use floor((n+2p-k)/s)+1, and begin at the first position.")
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [2, 3, 4])
def test_strides(alone, reference, rng, padding, stride):
    """correlate2d moves by the stride in both directions, also where it does not divide the way."""
    image, kernel = rng.normal(size=(10, 13)), rng.normal(size=(3, 5))
    expected = reference.correlate2d(image, kernel, padding, "zero", stride)
    known = {"The stride is not used.": lambda: reference.correlate2d(image, kernel, padding)}

    assert_close(alone.correlate2d(image, kernel, padding, stride=stride), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Compute in float64: products and sums of small integers overflow.")
@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32", "bool"])
def test_small_dtypes(alone, reference, rng, dtype):
    """correlate2d computes in float64, whatever image and kernel hold."""
    image = rng.integers(0, 128, size=(5, 8)).astype(dtype)
    kernel = rng.integers(-100, 101, size=(3, 2)).astype(np.int8)
    expected = reference.correlate2d(image, kernel)

    assert_close(alone.correlate2d(image, kernel), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("Try one pixel, a kernel as large as the image, and an image with a NaN.")
@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (4, 6)], ids=str)
def test_extremes_and_nan(alone, reference, rng, shape):
    """correlate2d takes 1x1 kernels, kernels as large as the image, and passes a NaN on."""
    image, kernel = rng.normal(size=(4, 6)), rng.uniform(1, 2, size=shape)
    image[1, 2] = np.nan
    expected = reference.correlate2d(image, kernel)

    assert_close(alone.correlate2d(image, kernel), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("Do not write into image or kernel, and do not rely on how they lie in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, layout):
    """correlate2d does not care how image and kernel lie in memory, and writes into neither."""
    image, kernel = rng.normal(size=(5, 8)), rng.normal(size=(3, 1))
    expected = reference.correlate2d(image, kernel, "same")

    assert_close(
        alone.correlate2d(relaid(image, layout), relaid(kernel, layout), "same"), expected, rtol=1e-7, atol=1e-10
    )


@pytest.mark.points(0.25)
@pytest.mark.hint("This test uses your own pad_image and same_padding: look at their tests first.")
def test_with_your_own_functions(student, reference, rng):
    """correlate2d works together with the student's own earlier functions."""
    image, kernel = rng.normal(size=(6, 9)), rng.normal(size=(5, 3))
    expected = reference.correlate2d(image, kernel, "same")

    assert_close(student.correlate2d(image, kernel, "same"), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.75)
@pytest.mark.hint("Check axes, names of padding and mode, even kernels with 'same', and that the kernel fits.")
@pytest.mark.parametrize(
    ("image", "kernel", "options", "error"),
    [
        (np.ones((4, 6)), np.ones((2, 3)), {"padding": "same"}, ValueError),
        (np.ones((4, 6)), np.ones((5, 3)), {}, ValueError),
        (np.ones((4, 6)), np.ones((3, 3)), {"padding": "full"}, ValueError),
        (np.ones((4, 6)), np.ones((3, 3)), {"padding": "same", "mode": "mirror"}, ValueError),
        (np.ones((4, 6)), np.ones((3, 3)), {"stride": 0}, ValueError),
        (np.ones((0, 6)), np.ones((1, 1)), {}, ValueError),
        (np.ones((4, 6)), np.ones((0, 0)), {}, ValueError),
        (np.ones((4, 6, 3)), np.ones((3, 3)), {}, ValueError),
        (np.ones((4, 6)), [[1.0]], {}, TypeError),
        (np.ones((4, 6), dtype=complex), np.ones((3, 3)), {}, TypeError),
    ],
    ids=[
        "even kernel",
        "kernel too high",
        "unknown padding",
        "unknown mode",
        "stride 0",
        "empty image",
        "empty kernel",
        "three axes",
        "list",
        "complex",
    ],
)
def test_bad_inputs(alone, image, kernel, options, error):
    """correlate2d refuses what does not fit or is unknown, and takes the rest."""
    alone.correlate2d(np.ones((4, 6)), np.ones((3, 3)), "same")

    assert_raises(error, alone.correlate2d, image, kernel, **options)
