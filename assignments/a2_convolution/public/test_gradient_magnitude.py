"""Public tests of gradient_magnitude."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("gradient_magnitude")


@pytest.mark.points(1.5)
@pytest.mark.hint("Square root of the sum of squares, in float.")
def test_right_triangles(student):
    """gradient_magnitude gives 5 for (3, 4) and (-3, 4), and 13 for (5, -12)."""
    gx, gy = np.array([[3.0, -3.0, 5.0]]), np.array([[4.0, 4.0, -12.0]])
    known = {
        "Square root of the sum of squares, in float: this is the sum of absolute values.": np.array(
            [[7.0, 7.0, 17.0]]
        ),
        "Square root of the sum of squares, in float: the root is missing.": np.array([[25.0, 25.0, 169.0]]),
    }

    assert_close(student.gradient_magnitude(gx, gy), np.array([[5.0, 5.0, 13.0]]), rtol=1e-7, atol=1e-10, known=known)
