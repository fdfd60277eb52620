"""Public tests of manual_sgd_step."""

import numpy as np
import pytest

from coursekit import assert_close, assert_each_close, assert_same

pytestmark = pytest.mark.question("manual_sgd_step")


@pytest.mark.points(1)
@pytest.mark.hint("Under torch.no_grad(): parameter -= lr * parameter.grad. Then clear the gradient.")
def test_one_step(student, probes):
    """manual_sgd_step takes lr times the gradient away, passes over a tensor without one, and clears all gradients."""
    values = [np.array([1.0, 2.0, 3.0]), np.array([[4.0]]), np.array([5.0])]
    gradients = [np.array([10.0, 0.0, -10.0]), None, np.array([2.0])]
    expected = (np.array([0.0, 2.0, 4.0]), np.array([[4.0]]), np.array([4.8]))

    seen = student.probe(probes.manual_step, values=values, gradients=gradients, lr=0.1)
    assert_each_close(tuple(seen["tensors"]), expected, rtol=1e-7, atol=1e-10)
    assert_same(seen["gradients left"], [0.0, 0.0, 0.0])


@pytest.mark.points(0.5)
@pytest.mark.hint("Change the tensors themselves: parameter = parameter - … only gives the name to a new one.")
def test_a_layer_learns(student, probes):
    """manual_sgd_step changes the layer whose parameters it is given."""
    weight, bias = np.array([[2.0]], dtype=np.float32), np.array([1.0], dtype=np.float32)
    X, y = np.array([[3.0]], dtype=np.float32), np.array([[1.0]], dtype=np.float32)
    # output 7, error 6: the gradients are 2 * 6 * 3 = 36 and 2 * 6 = 12
    expected = np.array([[1.64]], dtype=np.float32), np.array([0.88], dtype=np.float32)

    seen = student.probe(probes.manual_step_of_layer, weight=weight, bias=bias, X=X, y=y, lr=0.01)
    assert_close(seen["weight"], expected[0], rtol=1e-4, atol=1e-5)
    assert_close(seen["bias"], expected[1], rtol=1e-4, atol=1e-5)
