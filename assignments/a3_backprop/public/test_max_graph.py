"""Public tests of max_graph_forward and max_graph_backward."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises

pytestmark = pytest.mark.question("max_graph")

SHEET = {
    "x": np.array([-1.0, 0.0, -1.0, 2.0]),
    "w": np.array([-1.0, 1.0, -1.0, -2.0]),
    "b": np.array([1.0, -1.0]),
    "target": 1.0,
    "power": 2,
}
DECK = {
    "x": np.array([-1.0, 2.0, 1.0, 2.0]),
    "w": np.array([-2.0, 3.0, 1.0, -1.0]),
    "b": np.array([2.0, 1.0]),
    "target": 5.0,
    "power": 3,
}


def assert_some(found, expected):
    """Require these entries of a dict; it may have more."""
    assert isinstance(found, dict), "return a dict"
    for name, value in expected.items():
        assert name in found, f"the dict has no '{name}'"
        assert_close(found[name], value, rtol=1e-7, atol=1e-10)


@pytest.mark.points(1)
@pytest.mark.hint("Four lines: the products, the two sums, the larger one, the power.")
@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (SHEET, {"a": np.array([1.0, 0, 1, -4]), "c": np.array([2.0, -4]), "y": 2.0, "C": 1.0}),
        (DECK, {"a": np.array([2.0, 6, 1, -2]), "c": np.array([10.0, 0]), "y": 10.0, "C": 125.0}),
    ],
    ids=["sheet", "deck"],
)
def test_forward(student, graph, expected):
    """max_graph_forward gives the numbers of the exercise sheet (y = 2, C = 1) and of the deck (y = 10, C = 125)."""
    assert_some(student.max_graph_forward(**graph), expected)


@pytest.mark.points(1)
@pytest.mark.hint(
    "The maximum passes the gradient to the branch that won, a sum copies it, a product swaps its factors."
)
@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        (SHEET, {"y": 2.0, "c": np.array([2.0, 0]), "b": np.array([2.0, 0]), "w": np.array([-2.0, 0, 0, 0])}),
        (
            DECK,
            {"y": 75.0, "c": np.array([75.0, 0]), "a": np.array([75.0, 75, 0, 0]), "w": np.array([-75.0, 150, 0, 0])},
        ),
    ],
    ids=["sheet", "deck"],
)
def test_backward(student, graph, expected):
    """max_graph_backward gives dC/dw1 = -2 and dC/db1 = 2 for the sheet, dC/dy = 75 and dC/dw1 = -75 for the deck."""
    assert_some(student.max_graph_backward(student.max_graph_forward(**graph)), expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("After the step w1 is -1.25, so a1 is 1.25. The deck's 4.25 is what is left of the error.")
def test_after_the_step(student):
    """max_graph_forward predicts 9.25 after the deck's step with learning rate 0.01 took w1 from -2 to -1.25."""
    w = DECK["w"].copy()
    gradient = student.max_graph_backward(student.max_graph_forward(**DECK))
    assert_some(gradient, {"w": np.array([-75.0, 150, 0, 0])})
    w[0] -= 0.01 * gradient["w"][0]

    assert_some(student.max_graph_forward(**(DECK | {"w": w})), {"y": 9.25, "C": 76.765625})


@pytest.mark.points(0.25)
@pytest.mark.hint("power is 2 or 3.")
def test_unknown_power(student):
    """max_graph_forward refuses a power that is neither 2 nor 3."""
    student.max_graph_forward(**SHEET)

    assert_raises(ValueError, student.max_graph_forward, **(SHEET | {"power": 4}))
