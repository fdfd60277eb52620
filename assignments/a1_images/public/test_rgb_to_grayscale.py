"""Public tests of rgb_to_grayscale."""

import numpy as np
import pytest

from coursekit import assert_array, assert_close

pytestmark = pytest.mark.question("rgb_to_grayscale")

IMAGE = np.array([[[255, 0, 0], [128, 128, 0], [0, 255, 0], [0, 128, 128], [0, 0, 255]]] * 5, dtype=np.uint8)
WEIGHTS = (0.2126, 0.7152, 0.0722)  # VARIANT luma.weights: of red, green and blue
ROW = (54.213, 118.7584, 182.376, 100.7872, 18.411)  # VARIANT luma.row: each row of the lecture's image in gray
CUT = (54.0, 118.0, 182.0, 100.0, 18.0)  # VARIANT luma.cut: the same without fractions


@pytest.mark.points(1.5)
@pytest.mark.hint(f"The first number is {WEIGHTS[0]} * 255 = {ROW[0]}.")
def test_lecture_image(student):
    """rgb_to_grayscale gives the five numbers of the handout for each row of the lecture's image."""
    assert_close(student.rgb_to_grayscale(IMAGE), np.array([ROW] * 5), rtol=0, atol=1e-9)


@pytest.mark.points(0.75)
@pytest.mark.hint(f"Nothing is rounded here, neither the result nor the weights: red weighs {WEIGHTS[0]}.")
def test_lecture_matrix(student):
    """rgb_to_grayscale gives the whole numbers of the handout once the fractions are cut off."""
    gray = student.rgb_to_grayscale(IMAGE)

    assert_array(gray, shape=(5, 5), dtype=np.float64)
    assert_close(np.trunc(gray), np.array([CUT] * 5), rtol=0, atol=0)


@pytest.mark.points(1)
@pytest.mark.hint("Use the weights that were passed, as they are.")
@pytest.mark.parametrize(
    ("weights", "value"), [((1, 0, 0), 0.5), ((0.0, 0.5, 0.5), 0.5), ((0.25, 0.5, 0.0), 0.25)], ids=str
)
def test_other_weights(student, weights, value):
    """rgb_to_grayscale uses the weights that it is given."""
    image = np.array([[[0.5, 0.25, 0.75]]])

    assert_close(student.rgb_to_grayscale(image, weights), np.array([[value]]), rtol=0, atol=1e-9)
