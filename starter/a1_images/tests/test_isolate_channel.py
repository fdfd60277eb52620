"""Public tests of isolate_channel."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("isolate_channel")

RED = np.array([[255, 128, 0, 0, 0]] * 5, dtype=np.uint8)
GREEN = np.array([[0, 128, 255, 128, 0]] * 5, dtype=np.uint8)
BLUE = np.array([[0, 0, 0, 128, 255]] * 5, dtype=np.uint8)
BLACK = np.zeros((5, 5), dtype=np.uint8)


@pytest.mark.points(2)
@pytest.mark.hint("The result has three channels too: the other two are 0.")
@pytest.mark.parametrize(
    ("channel", "channels"),
    [(0, (RED, BLACK, BLACK)), (1, (BLACK, GREEN, BLACK)), (2, (BLACK, BLACK, BLUE))],
    ids=["R only", "G only", "B only"],
)
def test_lecture_image(student, channel, channels):
    """isolate_channel gives the lecture's three images: R only, G only, B only."""
    image, expected = np.stack([RED, GREEN, BLUE], axis=2), np.stack(channels, axis=2)

    assert_close(student.isolate_channel(image, channel), expected, rtol=0, atol=0)
