"""Hidden tests of one_hot."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_raises, relaid

pytestmark = pytest.mark.question("one_hot")


@pytest.mark.points(0.75)
@pytest.mark.hint(
    "Row i is 0 everywhere but in column labels[i]; the columns are num_classes, also where no label is K - 1."
)
@pytest.mark.parametrize("seed", range(5))
def test_random_labels(alone, reference, rng, seed):
    """one_hot gives (N, K), with labels that occur several times, and classes that do not occur."""
    labels = rng.integers(1, 5, size=8)
    expected = reference.one_hot(labels, 7)
    known = {
        "The columns are num_classes, not as many as the largest label needs.": np.eye(labels.max() + 1)[labels],
        "Samples are rows.": expected.T,
        "Labels count from 0.": np.eye(7)[labels - 1],
    }

    assert_close(alone.one_hot(labels, 7), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Labels may come as a column, (N, 1), as any kind of integers, and in any memory layout.")
@pytest.mark.parametrize("shape", [(6,), (6, 1), (1,), (1, 1)], ids=str)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64"])
def test_shapes_and_dtypes(alone, reference, rng, shape, dtype):
    """one_hot takes labels as a row or as a column, one or many, and as any integers."""
    labels = rng.integers(0, 4, size=shape).astype(dtype)
    expected = reference.one_hot(labels, 4)
    known = {"Labels of shape (N, 1) give (N, K), too.": expected[:, None]}

    assert_close(alone.one_hot(labels, 4), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("Do not write into the labels, and do not rely on how they lie in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, layout):
    """one_hot does not care how the labels lie in memory."""
    labels = rng.integers(0, 3, size=5)
    expected = reference.one_hot(labels, 3)

    assert_close(alone.one_hot(relaid(labels, layout), 3), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("A negative index counts from the end: check the labels first. as_labels is given.")
@pytest.mark.parametrize(
    ("labels", "num_classes", "error"),
    [
        (np.array([0, 3]), 3, ValueError),
        (np.array([0, -1]), 3, ValueError),
        (np.array([[0, 1]]), 3, ValueError),
        (np.array([0, 1]), 0, ValueError),
        (np.array([0.0, 1.0]), 3, TypeError),
        ([0, 1], 3, TypeError),
        (np.array([0, 1]), 3.0, TypeError),
    ],
    ids=["label K", "label -1", "shape (1, 2)", "no classes", "floats", "list", "K a float"],
)
def test_bad_inputs(alone, labels, num_classes, error):
    """one_hot refuses labels that are no class or no integers, other shapes, and a K that is none."""
    alone.one_hot(np.array([0, 1]), 3)
    alone.one_hot(np.array([0, 0]), 1)

    assert_raises(error, alone.one_hot, labels, num_classes)
