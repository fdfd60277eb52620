"""Public tests of softmax_cross_entropy."""

import numpy as np
import pytest

from coursekit import assert_each_close, assert_raises

pytestmark = pytest.mark.question("softmax_cross_entropy")


@pytest.mark.points(1)
@pytest.mark.hint("For one sample the loss is log(sum(e^z)) - z[label], and dlogits is probs - one_hot.")
def test_handout_example(student):
    """softmax_cross_entropy of the scores 1, 2, 3 and class 2 is 0.4076, with the gradient 0.0900, 0.2447, -0.3348."""
    expected = 0.40760596444, np.array([[0.09003057317, 0.24472847105, -0.33475904423]])

    result = student.softmax_cross_entropy(np.array([[1.0, 2.0, 3.0]]), np.array([2]))
    assert_each_close(result, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(1)
@pytest.mark.hint("Both are means over the samples: divide by N.")
def test_ten_equal_scores(student):
    """softmax_cross_entropy of ten equal scores is log 10, whatever the labels."""
    labels = np.array([3, 0, 9])
    dlogits = np.full((3, 10), 0.1 / 3)
    dlogits[np.arange(3), labels] -= 1 / 3

    result = student.softmax_cross_entropy(np.zeros((3, 10)), labels)
    assert_each_close(result, (2.302585092994, dlogits), rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint(
    "Compute log-softmax from the logits: log(sum(e^z)) - z[label], with the row's maximum subtracted first."
)
def test_sure_and_wrong(student):
    """softmax_cross_entropy of the scores 0 and 1000 is 1000 where class 0 is right, not infinite."""
    result = student.softmax_cross_entropy(np.array([[0.0, 1000.0]]), np.array([0]))

    assert_each_close(result, (1000.0, np.array([[-1.0, 1.0]])), rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("as_labels is given: use it.")
def test_a_label_too_large(student):
    """softmax_cross_entropy refuses a label that is no class."""
    student.softmax_cross_entropy(np.ones((1, 3)), np.array([2]))

    assert_raises(ValueError, student.softmax_cross_entropy, np.ones((1, 3)), np.array([3]))
