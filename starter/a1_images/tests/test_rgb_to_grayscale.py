"""Public tests of rgb_to_grayscale."""

import numpy as np
import pytest

from coursekit import assert_array, assert_close

pytestmark = pytest.mark.question("rgb_to_grayscale")

IMAGE = np.array([[[255, 0, 0], [128, 128, 0], [0, 255, 0], [0, 128, 128], [0, 0, 255]]] * 5, dtype=np.uint8)


@pytest.mark.points(1.5)
@pytest.mark.hint("The first number is 0.2126 * 255 = 54.213.")
def test_lecture_image(student):
    """rgb_to_grayscale gives the rows 54.213 118.7584 182.376 100.7872 18.411 on the lecture's image."""
    expected = np.array([[54.213, 118.7584, 182.376, 100.7872, 18.411]] * 5)

    assert_close(student.rgb_to_grayscale(IMAGE), expected, rtol=0, atol=1e-9)


@pytest.mark.points(0.75)
@pytest.mark.hint("The slide's numbers are these, cut off; 0.21, 0.72 and 0.07 give 53 119 183 101 17.")
def test_lecture_matrix(student):
    """rgb_to_grayscale gives the lecture's matrix, rows 54 118 182 100 18, once its fractions are cut off."""
    gray = student.rgb_to_grayscale(IMAGE)

    assert_array(gray, shape=(5, 5), dtype=np.float64)
    assert_close(np.trunc(gray), np.array([[54.0, 118.0, 182.0, 100.0, 18.0]] * 5), rtol=0, atol=0)


@pytest.mark.points(1)
@pytest.mark.hint("Use the weights that were passed, as they are.")
@pytest.mark.parametrize(
    ("weights", "value"), [((1, 0, 0), 0.5), ((0.0, 0.5, 0.5), 0.5), ((0.25, 0.5, 0.0), 0.25)], ids=str
)
def test_other_weights(student, weights, value):
    """rgb_to_grayscale uses the weights that it is given."""
    image = np.array([[[0.5, 0.25, 0.75]]])

    assert_close(student.rgb_to_grayscale(image, weights), np.array([[value]]), rtol=0, atol=1e-9)
