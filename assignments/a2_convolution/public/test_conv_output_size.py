"""Public tests of conv_output_size."""

import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("conv_output_size")


@pytest.mark.points(2)
@pytest.mark.hint("Use floor((n+2p-k)/s)+1.")
@pytest.mark.parametrize(
    ("args", "size"),
    [((32, 4, 2, 2), 17), ((512, 9), 504), ((504, 2, 0, 2), 252), ((252, 3), 250)],
    ids=["32 pixels k4 p2 s2", "512 pixels k9", "504 pixels k2 s2", "252 pixels k3"],
)
def test_lecture_sizes(student, args, size):
    """conv_output_size gives the sizes of the lecture's examples."""
    assert_close(student.conv_output_size(*args), size, rtol=0, atol=0)
