"""Public tests of invert."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("invert")


@pytest.mark.points(0.75)
@pytest.mark.hint("Bytes p become 255 - p, and stay bytes.")
def test_bytes(student):
    """invert turns each byte p into 255 - p."""
    image = np.array([[0, 1, 100], [127, 128, 255]], dtype=np.uint8)
    expected = np.array([[255, 254, 155], [128, 127, 0]], dtype=np.uint8)

    assert_close(student.invert(image), expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("Floats p become 1 - p.")
def test_floats(student):
    """invert turns each float p into 1 - p, the T(p) of the lecture."""
    image, expected = np.array([[0.0, 0.25, 1.0]]), np.array([[1.0, 0.75, 0.0]])

    assert_close(student.invert(image), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("The negative of the negative is the image.")
def test_twice_is_nothing(student, rng):
    """invert, used twice, gives the image back."""
    image = rng.integers(0, 256, size=(3, 5, 3), dtype=np.uint8)

    assert_close(student.invert(student.invert(image)), image, rtol=0, atol=0)
