"""Public tests of conv_parameter_count."""

import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("conv_parameter_count")


@pytest.mark.points(1)
@pytest.mark.hint("Each filter has cin * k * k weights and one bias.")
@pytest.mark.parametrize(
    ("args", "count"),
    [((3, 32, 4), 1568), ((3, 32, 5), 2432), ((32, 64, 5), 51264), ((64, 128, 5), 204928)],
    ids=["3 to 32, 4x4", "3 to 32, 5x5", "32 to 64, 5x5", "64 to 128, 5x5"],
)
def test_lecture_layers(student, args, count):
    """conv_parameter_count gives the numbers of the lecture's layers."""
    assert_close(student.conv_parameter_count(*args), count, rtol=0, atol=0)
