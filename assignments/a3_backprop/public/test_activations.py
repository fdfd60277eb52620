"""Public tests of the activation functions and their derivatives."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises

pytestmark = pytest.mark.question("activations")

NAMES = ["sigmoid", "sigmoid_grad", "tanh", "tanh_grad", "relu", "relu_grad", "leaky_relu", "leaky_relu_grad"]


@pytest.mark.points(1.5)
@pytest.mark.hint("Compare with the formulas in the docstrings, on paper, for one number.")
@pytest.mark.parametrize(
    ("name", "z", "expected"),
    [
        ("sigmoid", [-5.0, 0.0, 5.0], [0.0066928509, 0.5, 0.9933071491]),
        ("sigmoid_grad", [-5.0, 0.0, 5.0], [0.0066480567, 0.25, 0.0066480567]),
        ("tanh", [-3.0, 0.0, 3.0], [-0.9950547537, 0.0, 0.9950547537]),
        ("tanh_grad", [-3.0, 0.0, 3.0], [0.0098660372, 1.0, 0.0098660372]),
        ("relu", [-2.0, 0.0, 3.0], [0.0, 0.0, 3.0]),
        ("relu_grad", [-2.0, 0.5, 3.0], [0.0, 1.0, 1.0]),
        ("leaky_relu", [-1.0, 0.0, 3.0], [-0.01, 0.0, 3.0]),
        ("leaky_relu_grad", [-1.0, 0.5, 3.0], [0.01, 1.0, 1.0]),
    ],
    ids=NAMES,
)
def test_lecture_numbers(student, name, z, expected):
    """The activations and their derivatives have the values that the handout names."""
    assert_close(getattr(student, name)(np.array(z)), np.array(expected), rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.75)
@pytest.mark.hint("For large negative z, e^-z overflows: write the sigmoid with e to a power that is never positive.")
@pytest.mark.parametrize("name", ["sigmoid", "sigmoid_grad", "tanh", "tanh_grad"])
def test_very_large_inputs(student, name):
    """The sigmoid, tanh and their derivatives stay finite and right at -1000 and 1000."""
    expected = {
        "sigmoid": [0.0, 0.5, 1.0],
        "sigmoid_grad": [0.0, 0.25, 0.0],
        "tanh": [-1.0, 0.0, 1.0],
        "tanh_grad": [0.0, 1.0, 0.0],
    }[name]

    assert_close(getattr(student, name)(np.array([-1000.0, 0.0, 1000.0])), np.array(expected), rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("alpha is the slope below 0.")
def test_another_slope(student):
    """leaky_relu and its derivative use the alpha that they are given."""
    z = np.array([[-2.0, 4.0]])

    assert_close(student.leaky_relu(z, 0.5), np.array([[-1.0, 4.0]]), rtol=1e-7, atol=1e-10)
    assert_close(student.leaky_relu_grad(z, 0.5), np.array([[0.5, 1.0]]), rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("as_floats is given: use it.")
@pytest.mark.parametrize("name", NAMES)
def test_text(student, name):
    """The activations refuse text."""
    getattr(student, name)(np.array([1.0]))

    assert_raises(TypeError, getattr(student, name), "0.5")
