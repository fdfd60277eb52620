"""Public tests of sgd_update."""

import numpy as np
import pytest

from coursekit import assert_close, assert_each_close, assert_raises, assert_same

pytestmark = pytest.mark.question("sgd_update")


def two_dicts(result):
    """Require what sgd_update returns: parameters and velocity."""
    assert isinstance(result, tuple), "return two dicts, the parameters and the velocity"
    assert [type(part) for part in result] == [dict, dict], "return two dicts, the parameters and the velocity"
    return result


def number(value):
    """Take an array without axes for the number in it."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


@pytest.mark.points(0.5)
@pytest.mark.hint("Step against the gradient: w - lr g. The velocity of a first step is the gradient.")
def test_step_of_the_lecture(student):
    """sgd_update takes the lecture's step: w1 = -2 with gradient -75 and learning rate 0.01 becomes -1.25."""
    params, velocity = two_dicts(student.sgd_update({"w1": -2.0}, {"w1": -75.0}, 0.01))

    assert_same([*params, *velocity], ["w1", "w1"])
    assert_close(number(params["w1"]), -1.25, rtol=1e-7, atol=1e-10)
    assert_close(number(velocity["w1"]), -75.0, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.75)
@pytest.mark.hint("First step equal, second differs: look at the velocity, v = momentum v + g.")
def test_two_steps_with_momentum(student):
    """sgd_update with momentum 0.9 goes from 1 to 0.8, then to 0.42, when the gradient is 2 and lr is 0.1."""
    params, velocity = two_dicts(student.sgd_update({"W": np.array([[1.0]])}, {"W": np.array([[2.0]])}, 0.1, 0.9))
    assert_each_close(params, {"W": np.array([[0.8]])}, rtol=1e-7, atol=1e-10)
    assert_each_close(velocity, {"W": np.array([[2.0]])}, rtol=1e-7, atol=1e-10)

    params, velocity = two_dicts(student.sgd_update(params, {"W": np.array([[2.0]])}, 0.1, 0.9, velocity))
    assert_each_close(params, {"W": np.array([[0.42]])}, rtol=1e-7, atol=1e-10)
    assert_each_close(velocity, {"W": np.array([[3.8]])}, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("Build new dicts and new arrays: -= on an array of the caller changes the caller's network.")
def test_all_names(student):
    """sgd_update moves each parameter by its own gradient, and leaves the given ones as they are."""
    params = {"W1": np.ones((2, 3)), "b1": np.zeros(3)}
    grads = {"W1": np.full((2, 3), 4.0), "b1": np.array([1.0, 2.0, 3.0])}
    expected = {"W1": np.full((2, 3), -1.0), "b1": np.array([-0.5, -1.0, -1.5])}

    moved, _ = two_dicts(student.sgd_update(params, grads, 0.5))
    assert_each_close(moved, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("require_positive is given: use it.")
def test_learning_rate_of_zero(student):
    """sgd_update refuses a learning rate that is not above 0."""
    params, grads = {"w": np.array([1.0])}, {"w": np.array([2.0])}
    student.sgd_update(params, grads, 0.1)

    assert_raises(ValueError, student.sgd_update, params, grads, 0.0)
