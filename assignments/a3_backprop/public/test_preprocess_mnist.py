"""Public tests of preprocess_mnist."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises

pytestmark = pytest.mark.question("preprocess_mnist")

MEAN, STD = 33.318, 78.567


@pytest.mark.points(1)
@pytest.mark.hint("Flatten to 784, subtract the mean, divide by std, then append a column of ones.")
def test_two_images(student):
    """preprocess_mnist turns a black and a white image into -0.4241 and 2.8216, with a 1 behind each."""
    images = np.stack([np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)])
    expected = np.ones((2, 785))
    expected[0, :784], expected[1, :784] = -0.42407117492, 2.8215663064

    assert_close(student.preprocess_mnist(images, MEAN, STD), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("Append the column last, and after normalising.")
def test_last_column(student):
    """preprocess_mnist appends a last column of exactly 1 to images that are flat already."""
    images = np.repeat(np.array([[0], [100], [255]], dtype=np.uint8), 784, axis=1)
    expected = np.ones((3, 785))
    expected[:, :784] = [[-0.42407117492], [0.84872783739], [2.8215663064]]
    result = student.preprocess_mnist(images, MEAN, STD)

    assert_close(result, expected, rtol=1e-7, atol=1e-10)
    assert_close(result[:, 784], np.ones(3), rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("28 times 28, or 784.")
def test_other_sizes(student):
    """preprocess_mnist refuses images of another size."""
    student.preprocess_mnist(np.zeros((1, 28, 28)), MEAN, STD)

    assert_raises(ValueError, student.preprocess_mnist, np.zeros((1, 27, 28)), MEAN, STD)
