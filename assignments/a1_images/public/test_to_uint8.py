"""Public tests of to_uint8."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("to_uint8")


@pytest.mark.points(1)
@pytest.mark.hint("Multiply by 255, round, and convert to uint8 at the very end.")
def test_black_gray_and_white(student):
    """to_uint8 turns 0, 0.5 and 1 into the bytes 0, 128 and 255."""
    expected = np.array([[0, 128, 255]], dtype=np.uint8)
    known = {"astype cuts the fraction: round first.": np.array([[0, 127, 255]])}

    assert_close(student.to_uint8(np.array([[0.0, 0.5, 1.0]])), expected, rtol=0, atol=0, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("These floats are bytes divided by 255: round brings each byte back.")
def test_bytes_come_back(student, rng):
    """to_uint8 brings bytes back that were divided by 255."""
    image = rng.integers(0, 256, size=(3, 5, 3), dtype=np.uint8)
    known = {"astype cuts the fraction: round first.": (image / 255 * 255).astype(np.uint8)}

    assert_close(student.to_uint8(image / 255), image, rtol=0, atol=0, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Return a copy of an image that is uint8 already.")
def test_bytes_stay_bytes(student, rng):
    """to_uint8 gives bytes back as they are."""
    image = rng.integers(0, 256, size=(3, 5), dtype=np.uint8)

    assert_close(student.to_uint8(image), image.copy(), rtol=0, atol=0)
