"""Public tests of to_float."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("to_float")


@pytest.mark.points(1)
@pytest.mark.hint("Divide by 255, in float64.")
def test_black_and_white(student):
    """to_float turns the bytes 255 0 255 into 1 0 1, in float64."""
    image = np.array([[255, 0, 255]], dtype=np.uint8)

    assert_close(student.to_float(image), np.array([[1.0, 0.0, 1.0]]), rtol=0, atol=1e-12)


@pytest.mark.points(1.25)
@pytest.mark.hint("Divide by 255 only if the dtype is uint8.")
def test_floats_keep_their_values(student, rng):
    """to_float gives a float image back with the same values."""
    image = rng.uniform(0, 0.9, size=(3, 4, 3))
    known = {"Floats are from 0 to 1 already: do not divide them again.": image / 255}

    assert_close(student.to_float(image), image.copy(), rtol=0, atol=1e-12, known=known)
