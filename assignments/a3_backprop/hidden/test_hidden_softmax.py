"""Hidden tests of softmax."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("softmax")


def misconceptions(reference, z):
    """Give the wrong answers that students give to a batch."""
    with np.errstate(all="ignore"):
        powers = np.exp(z)
        shifted, by_row = np.exp(z - z.max()), np.exp(z - z.max(axis=1, keepdims=True))
        return {
            "exp overflowed: subtract the row maximum.": powers / powers.sum(axis=1, keepdims=True),
            "Use each row's own maximum.": shifted / shifted.sum(axis=1, keepdims=True),
            "Each *row* must sum to 1: these are the columns.": reference.softmax(z.T).T,
            "Each *row* must sum to 1: this sums over the whole batch.": shifted / shifted.sum(),
            "Each *row* must sum to 1: this sums over the whole batch, after the shift by row.": by_row / by_row.sum(),
            "This is not divided by the sum yet.": by_row,
            "This is the logarithm of the softmax.": np.log(reference.softmax(z)),
            "This is the sigmoid: a softmax shares 1 between the classes.": reference.sigmoid(z),
        }


@pytest.mark.points(1.5)
@pytest.mark.hint("Each *row* must sum to 1; keepdims=True keeps (N, 1), so that each row meets its own number.")
@pytest.mark.parametrize("shape", [(5, 3), (2, 7)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_batches(alone, reference, rng, shape, seed):
    """softmax turns each row of a batch into probabilities of its own."""
    z = rng.normal(0, 3, size=shape)
    expected = reference.softmax(z)

    assert_close(alone.softmax(z), expected, rtol=1e-7, atol=1e-12, known=misconceptions(reference, z))


@pytest.mark.points(1.5)
@pytest.mark.hint("exp overflowed: subtract the row maximum. Use each row's own maximum.")
@pytest.mark.parametrize("seed", range(5))
def test_rows_far_apart(alone, reference, rng, seed):
    """softmax is right and silent for rows around 1000 and around -1000, and for scores of a row that are far apart."""
    z = rng.normal(0, 2, size=(6, 4)) + rng.permutation([1000, 1000, -1000, -1000, 0, 0])[:, None]
    z[0, 1] += 1500
    z[5, 2] -= 1500
    expected = reference.softmax(z)

    assert_close(alone.softmax(z), expected, rtol=1e-7, atol=1e-12, known=misconceptions(reference, z))
    assert not [said for said in alone.last.warnings if said.startswith("RuntimeWarning")], "exp overflowed"


@pytest.mark.points(0.5)
@pytest.mark.hint("Subtracting the same number from a whole row changes nothing; cutting off scores does.")
@pytest.mark.parametrize("seed", range(5))
def test_shifted_scores(alone, reference, rng, seed):
    """softmax does not change when a number is added to all scores of a row, and keeps probabilities of e^-50."""
    z = rng.uniform(-50, 0, size=(4, 3))
    z[:, 1] = 0
    expected = reference.softmax(z)

    assert_close(alone.softmax(z + rng.integers(-9, 9, size=(4, 1))), expected, rtol=1e-7, atol=0)


@pytest.mark.points(0.5)
@pytest.mark.hint("logits were changed: z -= … writes into the caller's array. Return a new float64 array.")
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_and_dtypes(alone, reference, rng, dtype, layout):
    """softmax gives a new float64 array, whatever the dtype of its input and however that lies in memory."""
    z = rng.integers(-3, 4, size=(3, 5)).astype(dtype)  # in uint8, -1 is 255
    expected = reference.softmax(z)

    assert_close(alone.softmax(relaid(z, layout)), expected, rtol=1e-7, atol=1e-12)
    assert_own_memory(alone)


@pytest.mark.points(0.25, all_or_nothing=True)
@pytest.mark.hint("One sample is a batch too, and so is one class.")
@pytest.mark.parametrize("shape", [(1, 4), (3, 1), (1, 1)], ids=str)
def test_smallest_batches(alone, reference, rng, shape):
    """softmax takes a single row, and a single class, whose probability is 1."""
    z = rng.normal(size=shape)
    expected, powers = reference.softmax(z), np.exp(z - z.max(axis=1, keepdims=True))
    sentence = "(N, K) / (N,) broadcasts along the wrong axis: keepdims=True keeps (N, 1)."
    known = {sentence: powers / powers.sum(axis=1)}  # these batches broadcast

    assert_close(alone.softmax(z), expected, rtol=1e-7, atol=1e-12, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("as_floats is given: use it for two axes.")
@pytest.mark.parametrize(
    ("z", "error"),
    [
        (np.ones(3), ValueError),
        (np.ones((2, 3, 4)), ValueError),
        (np.ones((2, 0)), ValueError),
        ([[1.0, 2.0]], TypeError),
        (np.array([["a", "b"]]), TypeError),
    ],
    ids=["one axis", "three axes", "no classes", "list", "text"],
)
def test_bad_inputs(alone, z, error):
    """softmax refuses other shapes than (N, K), empty ones, and what holds no numbers."""
    alone.softmax(np.ones((2, 3)))

    assert_raises(error, alone.softmax, z)
