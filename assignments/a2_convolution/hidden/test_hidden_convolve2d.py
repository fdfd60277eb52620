"""Hidden tests of convolve2d."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_raises, assert_speed, relaid

pytestmark = pytest.mark.question("convolve2d")

SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])


@pytest.mark.points(1)
@pytest.mark.hint("A single bright pixel must become the kernel itself, not a turned copy of it.")
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_a_bright_pixel_becomes_the_kernel(alone, rng, misconceptions, padding):
    """convolve2d spreads a single pixel into the kernel as it is written down."""
    image = np.zeros((7, 11))
    image[3, 5] = 1.0
    kernel = rng.permutation(15).reshape(3, 5) + 1  # distinct values: every wrong turn shows
    expected = np.zeros((7, 11))
    expected[2:5, 3:8] = kernel
    known = {s: w() for s, w in misconceptions(image, kernel).items()} if padding == "same" else {}
    expected = expected if padding == "same" else expected[1:-1, 2:-2].copy()

    assert_close(alone.convolve2d(image, kernel, padding), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(1.5)
@pytest.mark.hint("Rotate the kernel, pad rows by half its height and columns by half its width, then slide.")
@pytest.mark.parametrize("seed", range(5))
def test_zeros_around(alone, reference, rng, misconceptions, seed):
    """convolve2d handles oblong images and kernels, with zeros around the image."""
    image, kernel = rng.normal(size=(6, 9)), rng.normal(size=(3, 5))
    expected = reference.convolve2d(image, kernel)

    assert_close(alone.convolve2d(image, kernel), expected, rtol=1e-7, atol=1e-10, known=misconceptions(image, kernel))


@pytest.mark.points(1)
@pytest.mark.hint("Pass the mode on to pad_image; here the kernel is higher than wide.")
@pytest.mark.parametrize("seed", range(5))
def test_reflect(alone, reference, rng, misconceptions, seed):
    """convolve2d mirrors the image on its edge pixels with mode "reflect"."""
    image, kernel = rng.normal(size=(6, 9)), rng.normal(size=(5, 3))
    expected = reference.convolve2d(image, kernel, mode="reflect")
    known = misconceptions(image, kernel, "reflect")

    assert_close(alone.convolve2d(image, kernel, mode="reflect"), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("Pass the mode on to pad_image; two pixels deep symmetric, edge and wrap all differ.")
@pytest.mark.parametrize("mode", ["symmetric", "edge", "wrap"])
@pytest.mark.parametrize("seed", range(2))
def test_symmetric_edge_and_wrap(alone, reference, rng, misconceptions, mode, seed):
    """convolve2d fills the border two pixels deep with modes "symmetric", "edge" and "wrap"."""
    image, kernel = rng.normal(size=(7, 8)), rng.normal(size=(5, 5))
    expected = reference.convolve2d(image, kernel, mode=mode)
    known = misconceptions(image, kernel, mode)

    assert_close(alone.convolve2d(image, kernel, mode=mode), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("Result needs float64: gradients of bytes are negative or above 255.")
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_sobel_on_bytes(alone, reference, rng, misconceptions, padding):
    """convolve2d of a uint8 image keeps negative results and results above 255."""
    image = rng.choice(np.array([0, 40, 255], dtype=np.uint8), size=(6, 9))
    expected = reference.convolve2d(image, SOBEL, padding, "symmetric")
    known = misconceptions(image, SOBEL, "symmetric") if padding == "same" else {}
    result = alone.convolve2d(image, SOBEL, padding, "symmetric")

    assert_close(result, expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("Convolution is linear: neither clip nor rescale.")
def test_linear(alone, reference, rng):
    """convolve2d of a weighted sum of images is the weighted sum of the convolved images."""
    one, other, kernel = rng.normal(size=(5, 8)), rng.normal(size=(5, 8)), rng.normal(size=(3, 1))
    expected = 200 * reference.convolve2d(one, kernel) - 300 * reference.convolve2d(other, kernel)

    assert_close(alone.convolve2d(200 * one - 300 * other, kernel), expected, rtol=1e-7, atol=1e-8)


@pytest.mark.points(0.5)
@pytest.mark.hint("On an image with enough zeros around it, image and kernel may change places.")
@pytest.mark.parametrize("swapped", [False, True], ids=["image and kernel", "changed places"])
def test_commutative(alone, reference, rng, swapped):
    """convolve2d gives the same when image and kernel change places, if both are padded far enough."""
    one, other = rng.normal(size=(4, 6)), rng.normal(size=(3, 2))
    expected = reference.convolve2d(reference.pad_image(one, 2, 1), other, "valid")
    padded, kernel = (reference.pad_image(other, 3, 5), one) if swapped else (reference.pad_image(one, 2, 1), other)

    assert_close(alone.convolve2d(padded, kernel, "valid"), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("Use floor((n+2p-k)/s)+1, and begin at the first position.")
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [2, 3])
def test_strides(alone, reference, rng, padding, stride):
    """convolve2d moves by the stride in both directions."""
    image, kernel = rng.normal(size=(10, 12)), rng.normal(size=(3, 5))
    expected = reference.convolve2d(image, kernel, padding, "zero", stride)
    known = {"The stride is not used.": lambda: reference.convolve2d(image, kernel, padding)}

    assert_close(alone.convolve2d(image, kernel, padding, stride=stride), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("A kernel may have even sizes with padding valid, or a single number.")
@pytest.mark.parametrize(("shape", "padding"), [((2, 4), "valid"), ((1, 1), "same"), ((1, 1), "valid")], ids=str)
def test_extremes(alone, reference, rng, shape, padding):
    """convolve2d takes even kernels with padding "valid", and kernels and images of one pixel."""
    image, kernel = rng.normal(size=shape), rng.normal(size=shape)
    expected = reference.convolve2d(image, kernel, padding)

    assert_close(alone.convolve2d(image, kernel, padding), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("Do not write into image or kernel, and do not rely on how they lie in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, layout):
    """convolve2d does not care how image and kernel lie in memory, and writes into neither."""
    image, kernel = rng.normal(size=(5, 8)), rng.normal(size=(3, 1))
    expected = reference.convolve2d(image, kernel)

    assert_close(alone.convolve2d(relaid(image, layout), relaid(kernel, layout)), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("This test uses your own earlier functions: look at their tests first.")
def test_with_your_own_functions(student, reference, rng):
    """convolve2d works together with the student's own earlier functions."""
    image, kernel = rng.normal(size=(6, 9)), rng.normal(size=(5, 3))
    expected = reference.convolve2d(image, kernel)

    assert_close(student.convolve2d(image, kernel), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(1)
@pytest.mark.hint("Check axes, names of padding and mode, even kernels with 'same', and that the kernel fits.")
@pytest.mark.parametrize(
    ("image", "kernel", "options", "error"),
    [
        (np.ones((4, 6)), np.ones((2, 3)), {}, ValueError),
        (np.ones((4, 6)), np.ones((3, 4)), {}, ValueError),
        (np.ones((4, 6)), np.ones((5, 3)), {"padding": "valid"}, ValueError),
        (np.ones((4, 6)), np.ones((3, 3)), {"padding": "full"}, ValueError),
        (np.ones((4, 6)), np.ones((3, 3)), {"mode": "mirror"}, ValueError),
        (np.ones((4, 6)), np.ones((3, 3)), {"stride": -1}, ValueError),
        (np.ones((0, 6)), np.ones((1, 1)), {}, ValueError),
        (np.ones((4, 6, 3)), np.ones((3, 3)), {}, ValueError),
        (np.ones((4, 6)), np.ones(3), {}, ValueError),
        ("image", np.ones((3, 3)), {}, TypeError),
    ],
    ids=[
        "even height",
        "even width",
        "kernel too high",
        "unknown padding",
        "unknown mode",
        "stride -1",
        "empty image",
        "three axes",
        "kernel with one axis",
        "text",
    ],
)
def test_bad_inputs(alone, image, kernel, options, error):
    """convolve2d refuses what does not fit or is unknown, and takes the rest."""
    alone.convolve2d(np.ones((4, 6)), np.ones((3, 3)))

    assert_raises(error, alone.convolve2d, image, kernel, **options)


@pytest.mark.slow
@pytest.mark.points(1)
@pytest.mark.hint(
    "If the other tests pass, your function is correct. "
    "Loop over the kernel, not over the pixels, to pass the speed test."
)
def test_is_vectorised(student, reference, rng):
    """convolve2d takes 256x256 pixels and a 5x5 kernel without a loop over the pixels."""
    image, kernel = rng.normal(size=(256, 256)), rng.normal(size=(5, 5))
    corner = image[:12, :14].copy()
    expected = reference.convolve2d(corner, kernel)
    with student.using(pad_image=reference.pad_image, correlate2d=reference.correlate2d):
        assert_close(student.convolve2d(corner, kernel), expected, rtol=1e-7, atol=1e-10)

    assert_speed(student, "convolve2d", (image, kernel), reference.convolve2d, ratio=30, floor=0.25)
