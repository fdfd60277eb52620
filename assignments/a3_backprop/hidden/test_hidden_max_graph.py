"""Hidden tests of max_graph_forward and max_graph_backward."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_raises, relaid

pytestmark = pytest.mark.question("max_graph")

SHAPES = {"x": 4, "w": 4, "b": 2}


def draw(rng, winner, sign=1):
    """Draw inputs where one of the branches wins clearly, and the error has this sign and is not near 0."""
    while True:
        graph = {name: rng.normal(0, 2, size=size) for name, size in SHAPES.items()}
        c = (graph["x"] * graph["w"]).reshape(2, 2).sum(axis=1) + graph["b"]
        if c[winner] - c[1 - winner] > 0.1:
            return graph | {"target": float(c[winner] - sign * rng.uniform(0.5, 3))}


def assert_some(found, expected, known=None):
    """Require these entries of a dict; it may have more."""
    assert isinstance(found, dict), "return a dict"
    for name, value in expected.items():
        assert name in found, f"the dict has no '{name}'"
        assert_close(found[name], value, rtol=1e-7, atol=1e-10, known=(known or {}).get(name))


def mistaken_gradients(graph, power, right, cache):
    """Give, for each key, the gradients that well-known mistakes lead to."""
    x, w, c, error = graph["x"], graph["w"], cache["c"], cache["y"] - graph["target"]
    lost, won = int(np.argmin(c)), int(np.argmax(c))
    only = np.eye(2)

    def grads(dy=right["y"], branch=only[won], factors=(x, w)):
        da = np.repeat(dy * branch, 2)
        return {"c": dy * branch, "b": dy * branch, "a": da, "w": da * factors[0], "x": da * factors[1]}

    forms = {
        "Only the branch that won passes the gradient on: here both do.": grads(branch=np.ones(2)),
        "Only the branch that won passes the gradient on: this is the other one.": grads(branch=only[lost]),
        "The gradient of a maximum is not shared between its inputs.": grads(branch=np.full(2, 0.5)),
        "A product swaps its factors: dC/dw is dC/da times x.": grads(factors=(w, x)),
        "Gradient points uphill: the error is y - target.": grads(dy=-right["y"]),
        "The derivative of a power keeps its factor: 2 (y - target), or 3 (y - target)^2.": grads(
            dy=right["y"] / power
        ),
        "The exponent goes down by one: 3 (y - target)^2.": grads(dy=power * error**power),
        "Use the power that was given to the forward pass.": grads(dy=2 * error if power == 3 else 3 * error**2),
        "This is the derivative with respect to c, without the factor of the product.": grads(factors=(1, 1)),
    }
    return {name: {sentence: form[name] for sentence, form in forms.items()} for name in grads()}


@pytest.mark.points(1)
@pytest.mark.hint(
    "The products, the two sums with their biases, the larger one, and the power, which keeps its sign for 3."
)
@pytest.mark.parametrize("power", [2, 3])
@pytest.mark.parametrize("winner", [0, 1], ids=["first wins", "second wins"])
@pytest.mark.parametrize("seed", range(3))
def test_forward(alone, reference, rng, power, winner, seed):
    """max_graph_forward is right where either branch wins, and keeps the sign of a cube."""
    graph = draw(rng, winner, (-1) ** seed)
    result = reference.max_graph_forward(**graph, power=power)
    expected = {name: result[name] for name in ("a", "c", "y", "C")}

    found = alone.max_graph_forward(**graph, power=power)
    assert_some(found, expected)
    assert [type(found[name]) for name in ("y", "C")] == [float, float], "y and C are Python floats"


@pytest.mark.points(2.5)
@pytest.mark.hint("Only the branch that won passes the gradient on; a sum copies it; a product swaps its factors.")
@pytest.mark.parametrize("power", [2, 3])
@pytest.mark.parametrize("winner", [0, 1], ids=["first wins", "second wins"])
@pytest.mark.parametrize("seed", range(3))
def test_backward(alone, reference, rng, power, winner, seed):
    """max_graph_backward gives the derivatives of C with respect to y, c, a, b, w and x."""
    graph = draw(rng, winner, (-1) ** seed)
    cache = reference.max_graph_forward(**graph, power=power)
    expected = reference.max_graph_backward(cache)
    expected["y"] = expected.pop("y")  # last: a single number says less than an array
    known = mistaken_gradients(graph, power, expected, cache)

    assert_some(alone.max_graph_backward(alone.max_graph_forward(**graph, power=power)), expected, known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Check dC/dw against central differences of your own forward pass.")
@pytest.mark.parametrize("power", [2, 3])
@pytest.mark.parametrize("seed", range(2))
def test_gradient_of_your_own_forward_pass(alone, rng, power, seed):
    """max_graph_backward's derivatives by w agree with central differences of the student's own forward pass."""
    graph, eps, numerical = draw(rng, seed, (-1) ** seed), 1e-6, np.zeros(4)
    for place in range(4):
        ends = []
        for step in (eps, -eps):
            w = graph["w"].copy()
            w[place] += step
            cache = alone.max_graph_forward(**(graph | {"w": w}), power=power)
            assert isinstance(cache, dict), "return a dict"
            assert isinstance(cache.get("C"), float), "C is a Python float"
            ends.append(cache["C"])
        numerical[place] = (ends[0] - ends[1]) / (2 * eps)
    assert np.abs(numerical).max() > 0, "C does not depend on w"

    grads = alone.max_graph_backward(alone.max_graph_forward(**graph, power=power))
    assert isinstance(grads, dict), "return a dict"
    assert_close(grads.get("w"), numerical, rtol=1e-5, atol=1e-5)


@pytest.mark.points(0.25)
@pytest.mark.hint("If c[0] == c[1], the first wins.")
def test_tie(alone):
    """max_graph_backward lets the first branch win a tie."""
    graph = {"x": np.ones(4), "w": np.array([1.0, 2, 2, 1]), "b": np.zeros(2), "target": 1.0, "power": 2}
    expected = {"c": np.array([4.0, 0.0]), "w": np.array([4.0, 4, 0, 0])}

    assert_some(alone.max_graph_backward(alone.max_graph_forward(**graph)), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("Do not write into x, w or b, and do not rely on how they lie in memory. Integers are fine.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, layout):
    """max_graph_forward takes integers in any memory layout; its cache serves for several backward passes."""
    graph = {name: rng.integers(-4, 5, size=size) for name, size in SHAPES.items()}
    expected = reference.max_graph_backward(reference.max_graph_forward(**graph, target=1))

    cache = alone.max_graph_forward(**{name: relaid(value, layout) for name, value in graph.items()}, target=1)
    alone.max_graph_forward(**draw(rng, 1), power=3)  # the cache belongs to the first pass
    for _ in range(2):
        assert_some(alone.max_graph_backward(cache), expected)


@pytest.mark.points(0.75)
@pytest.mark.hint("Check kinds and shapes of x, w and b, and that power is 2 or 3.")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"x": np.ones(3)}, ValueError),
        ({"w": np.ones((2, 2))}, ValueError),
        ({"b": np.ones(1)}, ValueError),
        ({"power": 1}, ValueError),
        ({"power": 4}, ValueError),
        ({"x": [1.0, 2.0, 3.0, 4.0]}, TypeError),
        ({"w": np.array(["a", "b", "c", "d"])}, TypeError),
    ],
    ids=["x (3,)", "w (2, 2)", "b (1,)", "power 1", "power 4", "list", "text"],
)
def test_bad_inputs(alone, change, error):
    """max_graph_forward refuses other shapes, other powers, and what holds no numbers."""
    graph = {"x": np.ones(4), "w": np.ones(4), "b": np.ones(2), "target": 0.0, "power": 2}
    alone.max_graph_forward(**graph)

    assert_raises(error, alone.max_graph_forward, **(graph | change))
