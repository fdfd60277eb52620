"""Public tests of same_padding."""

import pytest

from coursekit import assert_same

pytestmark = pytest.mark.question("same_padding")


@pytest.mark.points(1)
@pytest.mark.hint("A window of k pixels, centred on the first pixel, reaches k // 2 pixels outside.")
@pytest.mark.parametrize(("kernel_shape", "padding"), [((3, 3), (1, 1)), ((5, 5), (2, 2))], ids=str)
def test_square_kernels(student, kernel_shape, padding):
    """same_padding gives 1 for a 3x3 kernel and 2 for a 5x5 kernel, as a tuple of two ints."""
    assert_same(student.same_padding(kernel_shape), padding)
