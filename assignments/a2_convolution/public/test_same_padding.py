"""Public tests of same_padding."""

import pytest

from coursekit import assert_same

pytestmark = pytest.mark.question("same_padding")


@pytest.mark.points(1)
@pytest.mark.hint("A window of k pixels, centred on the first pixel, reaches k // 2 pixels outside.")
def test_square_kernels(student):
    """same_padding gives 1 for a 3x3 kernel and 2 for a 5x5 kernel, as a tuple of two ints."""
    assert_same([student.same_padding((size, size)) for size in (3, 5)], [(1, 1), (2, 2)])
