"""Public tests of normalize."""

import numpy as np
import pytest

from coursekit import assert_close

pytestmark = pytest.mark.question("normalize")


@pytest.mark.points(1)
@pytest.mark.hint("Subtract the mean first, then divide by the standard deviation.")
def test_lecture_constants(student):
    """normalize with mean 0.5 and standard deviation 0.5 turns 0 into -1 and 1 into 1."""
    image, expected = np.array([[0.0, 0.5, 1.0]]), np.array([[-1.0, 0.0, 1.0]])

    assert_close(student.normalize(image, 0.5, 0.5), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(1.25)
@pytest.mark.hint("Each channel has its own mean and std; channels are the last axis.")
def test_imagenet_constants(student):
    """normalize uses the constants of ImageNet channel by channel: their own colour becomes 0 0 0."""
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    image = np.array([[[0.485, 0.456, 0.406], [0.714, 0.68, 0.631]], [[0.0, 0.0, 0.0], [0.256, 0.904, 0.406]]])
    black = [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225]
    expected = np.array([[[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]], [black, [-1.0, 2.0, 0.0]]])

    assert_close(student.normalize(image, mean, std), expected, rtol=1e-7, atol=1e-10)
