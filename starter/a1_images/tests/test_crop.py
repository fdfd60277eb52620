"""Public tests of crop."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("crop")


@pytest.mark.points(1.25)
@pytest.mark.hint("Rows top to top + height - 1, columns left to left + width - 1.")
def test_centre(student):
    """crop cuts the 2x4 centre out of 4x6 pixels."""
    image = np.arange(24).reshape(4, 6)
    expected = np.array([[7, 8, 9, 10], [13, 14, 15, 16]])

    assert_close(student.crop(image, 1, 1, 2, 4), expected, rtol=0, atol=0)
