"""Hidden tests of preprocess_mnist."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_raises, relaid

pytestmark = pytest.mark.question("preprocess_mnist")


def misconceptions(images, mean, std):
    """Give the wrong answers that students give."""
    flat = images.reshape(len(images), 784).astype(float)
    ones = np.ones((len(images), 1))

    def normalised(mean=mean, std=std):
        return (flat - mean) / std

    with np.errstate(all="ignore"):
        return {
            "Append a constant 1 after normalising: here it comes first.": np.hstack([ones, normalised()]),
            "Append a constant 1 after normalising: here the ones were normalised too.": (
                np.hstack([flat, ones]) - mean
            )
            / std,
            "Append a constant 1: the column is missing.": normalised(),
            "Append a constant 1: these are zeros.": np.hstack([normalised(), 0 * ones]),
            "Use the training-set mean and std you were given, not the batch's.": np.hstack(
                [normalised(flat.mean(), flat.std()), ones]
            ),
            "Use the training-set mean and std you were given, not each pixel's.": np.hstack(
                [normalised(flat.mean(axis=0), flat.std(axis=0)), ones]
            ),
            "Use the training-set mean and std you were given, not each image's.": np.hstack(
                [normalised(flat.mean(axis=1, keepdims=True), flat.std(axis=1, keepdims=True)), ones]
            ),
            "mean and std are those of raw pixels: do not divide by 255 first.": np.hstack(
                [(flat / 255 - mean) / std, ones]
            ),
            "Divide by std, not by its square.": np.hstack([(flat - mean) / std**2, ones]),
            "The pixels of an image are flattened row by row.": np.hstack(
                [(flat.reshape(-1, 28, 28).transpose(0, 2, 1).reshape(-1, 784) - mean) / std, ones]
            ),
        }


@pytest.mark.points(1.5)
@pytest.mark.hint("Append a constant 1 after normalising. Use the training-set mean and std you were given.")
@pytest.mark.parametrize("shape", [(3, 28, 28), (5, 784)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_random_images(alone, reference, rng, shape, seed):
    """preprocess_mnist normalises with the given numbers, and appends the bias column."""
    images = rng.integers(0, 256, size=shape).astype(np.uint8)
    mean, std = rng.uniform(20, 60), rng.uniform(50, 90)
    expected = reference.preprocess_mnist(images, mean, std)
    known = misconceptions(images, mean, std)

    assert_close(alone.preprocess_mnist(images, mean, std), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("Use the training-set mean and std you were given: an image is the same whichever batch it is in.")
@pytest.mark.parametrize("seed", range(5))
def test_constant_images_and_two_batches(alone, reference, rng, seed):
    """preprocess_mnist gives an image the same row in every batch, and a constant image is no trap."""
    image, other = rng.integers(0, 256, size=(2, 1, 28, 28)).astype(np.uint8)
    constant = np.full((1, 28, 28), rng.integers(1, 256), np.uint8)
    for batch in ([image], [image, other], [constant], [constant, image]):
        images = np.concatenate(batch)
        expected = reference.preprocess_mnist(images, 33.318, 78.567)
        known = misconceptions(images, 33.318, 78.567)

        assert_close(alone.preprocess_mnist(images, 33.318, 78.567), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Bytes wrap below 0: compute in float64. Do not write into the images.")
@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64", "int64"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_and_dtypes(alone, reference, rng, dtype, layout):
    """preprocess_mnist takes bytes, integers and floats, in any memory layout."""
    images = rng.integers(0, 256, size=(2, 28, 28)).astype(dtype)
    expected = reference.preprocess_mnist(images, 33, 78.5)

    assert_close(alone.preprocess_mnist(relaid(images, layout), 33, 78.5), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("Check the shape, std above 0, and that mean and std are numbers.")
@pytest.mark.parametrize(
    ("images", "mean", "std", "error"),
    [
        (np.zeros((2, 27, 28)), 33.0, 78.0, ValueError),
        (np.zeros((2, 783)), 33.0, 78.0, ValueError),
        (np.zeros((2, 14, 56)), 33.0, 78.0, ValueError),
        (np.zeros(784), 33.0, 78.0, ValueError),
        (np.zeros((0, 28, 28)), 33.0, 78.0, ValueError),
        (np.zeros((2, 784)), 33.0, 0.0, ValueError),
        (np.zeros((2, 784)), 33.0, -78.0, ValueError),
        (np.zeros((2, 784)), "33", 78.0, TypeError),
        ([[0.0] * 784], 33.0, 78.0, TypeError),
    ],
    ids=["27 rows", "783 pixels", "14 rows", "one axis", "empty", "std 0", "std below 0", "mean as text", "list"],
)
def test_bad_inputs(alone, images, mean, std, error):
    """preprocess_mnist refuses other shapes, a std that is not above 0, and wrong kinds."""
    alone.preprocess_mnist(np.zeros((2, 784)), 33.0, 78.0)

    assert_raises(error, alone.preprocess_mnist, images, mean, std)
