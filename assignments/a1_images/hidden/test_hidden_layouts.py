"""Hidden tests of hwc_to_chw, nhwc_to_nchw, nchw_to_nhwc and flatten_images."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("layouts")

RESHAPED = "Right shape, wrong pixels: axes must be permuted."
AXES = {"hwc_to_chw": (2, 0, 1), "nhwc_to_nchw": (0, 3, 1, 2), "nchw_to_nhwc": (0, 2, 3, 1)}
SWAPPED = {"hwc_to_chw": (2, 1, 0), "nhwc_to_nchw": (0, 3, 2, 1), "nchw_to_nhwc": (0, 3, 2, 1)}  # rows and columns
SHAPES = {
    "hwc_to_chw": [(4, 5, 3), (5, 4, 2), (1, 6, 3), (3, 3, 3), (1, 1, 1)],
    "nhwc_to_nchw": [(2, 4, 5, 3), (5, 2, 3, 4), (1, 6, 2, 3), (3, 3, 3, 3)],
    "nchw_to_nhwc": [(2, 3, 4, 5), (5, 4, 2, 3), (1, 3, 6, 2), (3, 3, 3, 3)],
}
EACH = [(name, shape) for name, shapes in SHAPES.items() for shape in shapes]


def distinct(rng, shape):
    """Fill a shape with numbers from 10 on that are all different, in random order."""
    return 10 + rng.permutation(np.prod(shape)).reshape(shape)


def permuted(images, axes):
    """Move each number to its place, one by one."""
    result = np.zeros([images.shape[axis] for axis in axes], images.dtype)
    for place in np.ndindex(images.shape):
        result[tuple(place[axis] for axis in axes)] = images[place]
    return result


def rows_of(images):
    """Write each image as a row, number by number."""
    return np.array([[image[place] for place in np.ndindex(image.shape)] for image in images], images.dtype)


@pytest.mark.points(2.25)
@pytest.mark.hint("Follow one number: which index says its row, which its column, which its channel?")
@pytest.mark.parametrize(("name", "shape"), EACH, ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_each_number(alone, rng, name, shape, seed):
    """hwc_to_chw, nhwc_to_nchw and nchw_to_nhwc put each number where its row, column and channel say."""
    images = distinct(rng, shape)
    expected = permuted(images, AXES[name])
    known = {
        RESHAPED: images.reshape(expected.shape),
        "Rows and columns are swapped.": images.transpose(SWAPPED[name]),
        "The axes are in their old order still.": images,
        "This permutes the axes the other way round.": images.transpose(np.argsort(AXES[name])),
        "All axes are in reverse order.": images.T,
    }

    assert_close(getattr(alone, name)(images), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(1.25)
@pytest.mark.hint("Each image is one row; in it the last axis runs fastest, as in C.")
@pytest.mark.parametrize("shape", [(4, 1, 5, 3), (2, 3, 4, 5), (3, 4, 2), (5, 7), (1, 2, 3), (4, 1), (2, 1, 3, 2, 2)])
@pytest.mark.parametrize("seed", range(5))
def test_rows(alone, rng, shape, seed):
    """flatten_images writes each image of a batch as one row, in the order of C, whatever its axes are."""
    images = distinct(rng, shape)
    expected = rows_of(images)
    known = {
        "The numbers of each image are in the order of Fortran: the last axis runs fastest.": images.reshape(
            len(images), -1, order="F"
        ),
        "Keep the first axis: one row for each image.": images.ravel(),
        "Rows are images: this has one column for each image.": expected.T,
        "Right shape, wrong pixels: the numbers of different images are mixed.": expected.T.reshape(expected.shape),
    }

    assert_close(alone.flatten_images(images), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Moving numbers changes neither their dtype nor their values.")
@pytest.mark.parametrize("name", [*AXES, "flatten_images"])
@pytest.mark.parametrize("dtype", ["uint8", "float32", "int64"])
def test_dtype_is_kept(alone, rng, name, dtype):
    """hwc_to_chw, nhwc_to_nchw, nchw_to_nhwc and flatten_images keep the dtype."""
    images = distinct(rng, (4, 5, 3) if name == "hwc_to_chw" else (2, 4, 5, 3)).astype(dtype)
    expected = permuted(images, AXES[name]) if name in AXES else rows_of(images)

    assert_close(getattr(alone, name)(images), expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("A transposed array is a view: copy it, in the order of C.")
@pytest.mark.parametrize("name", [*AXES, "flatten_images"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_contiguous_copies(alone, rng, name, layout):
    """hwc_to_chw, nhwc_to_nchw, nchw_to_nhwc and flatten_images return C-contiguous copies."""
    images = distinct(rng, (4, 5, 3) if name == "hwc_to_chw" else (2, 4, 5, 3))
    expected = permuted(images, AXES[name]) if name in AXES else rows_of(images)
    result = getattr(alone, name)(relaid(images, layout))

    assert_close(result, expected, rtol=0, atol=0)
    assert result.flags.c_contiguous, "the result is not C-contiguous"
    assert_own_memory(alone)


@pytest.mark.points(0.5)
@pytest.mark.hint("np.ascontiguousarray does not copy what is contiguous already: use copy().")
@pytest.mark.parametrize("name", AXES)
@pytest.mark.parametrize("case", ["one channel", "permuted before"])
def test_copies_when_nothing_moves(alone, rng, name, case):
    """hwc_to_chw, nhwc_to_nchw and nchw_to_nhwc copy also where the numbers lie in memory as they should already."""
    shape = (4, 5, 3) if name == "hwc_to_chw" else (2, 4, 5, 3)
    if case == "one channel":
        channel = 1 if name == "nchw_to_nhwc" else len(shape) - 1
        images = distinct(rng, [1 if axis == channel else n for axis, n in enumerate(shape)])
    else:
        images = distinct(rng, [shape[axis] for axis in AXES[name]]).transpose(np.argsort(AXES[name]))
    expected = permuted(images, AXES[name])

    assert_close(getattr(alone, name)(images), expected, rtol=0, atol=0)
    assert_own_memory(alone)


@pytest.mark.points(0.75)
@pytest.mark.hint("Count the axes first: transposing and reshaping accept too much.")
@pytest.mark.parametrize(
    ("name", "images", "error"),
    [
        ("hwc_to_chw", np.ones((4, 5)), ValueError),
        ("hwc_to_chw", np.ones((2, 4, 5, 3)), ValueError),
        ("hwc_to_chw", [[[1, 2, 3]]], TypeError),
        ("nhwc_to_nchw", np.ones((4, 5, 3)), ValueError),
        ("nhwc_to_nchw", np.ones((0, 4, 5, 3)), ValueError),
        ("nhwc_to_nchw", [[[[1, 2, 3]]]], TypeError),
        ("nchw_to_nhwc", np.ones((3, 4, 5)), ValueError),
        ("nchw_to_nhwc", np.ones((1, 2, 3, 4, 5)), ValueError),
        ("nchw_to_nhwc", [[[[1]], [[2]]]], TypeError),
        ("flatten_images", np.ones(5), ValueError),
        ("flatten_images", np.ones((2, 0, 5)), ValueError),
        ("flatten_images", [[1, 2], [3, 4]], TypeError),
    ],
    ids=[
        "hwc_to_chw two axes",
        "hwc_to_chw four axes",
        "hwc_to_chw list",
        "nhwc_to_nchw three axes",
        "nhwc_to_nchw empty",
        "nhwc_to_nchw list",
        "nchw_to_nhwc three axes",
        "nchw_to_nhwc five axes",
        "nchw_to_nhwc list",
        "flatten_images one axis",
        "flatten_images empty",
        "flatten_images list",
    ],
)
def test_bad_inputs(alone, name, images, error):
    """hwc_to_chw, nhwc_to_nchw, nchw_to_nhwc and flatten_images refuse other numbers of axes, and take theirs."""
    getattr(alone, name)(np.ones((4, 5, 3) if name == "hwc_to_chw" else (2, 4, 5, 3)))

    assert_raises(error, getattr(alone, name), images)
