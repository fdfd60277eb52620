"""Hidden tests of autograd_gradients."""

import numpy as np
import pytest

from coursekit import assert_each_close, assert_raises

pytestmark = pytest.mark.question("autograd_gradients")

LEFT = "Leave nothing behind: work on detached copies, or with torch.autograd.grad."


def draw(rng, name, dtype="float64"):
    """Draw the arguments of one of the functions in the probes."""
    shapes = {"layer": [(3, 4), (4,), (3,)], "curve": [(2, 5)]}.get(name, [(4, 2), (4, 2)])
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


@pytest.mark.points(0.75)
@pytest.mark.hint("One gradient for each x, in its shape and dtype, in their order, as a tuple.")
@pytest.mark.parametrize("name", ["layer", "square of a sum", "curve"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", range(5))
def test_gradients(alone, reference, probes, rng, seed, dtype, name):
    """autograd_gradients gives the gradients of a function of one, two or three tensors."""
    xs = draw(rng, name, dtype)
    expected = probes.arrays(probes.gradients(reference, name, [x.copy() for x in xs]))

    result = probes.arrays(alone.probe(probes.gradients, name=name, xs=xs))
    assert_each_close(result, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.points(0.5)
@pytest.mark.hint("A tensor that f does not use has a gradient of zeros, in its shape: autograd gives None for it.")
@pytest.mark.parametrize("names", [["first"], ["second"], ["none", "first"]], ids=" and ".join)
@pytest.mark.parametrize("seed", range(5))
def test_unused_tensors(alone, reference, probes, rng, seed, names):
    """autograd_gradients gives zeros for a tensor that the function does not use."""
    for name in names:
        xs = draw(rng, name)
        expected = probes.arrays(probes.gradients(reference, name, [x.copy() for x in xs]))

        result = probes.arrays(alone.probe(probes.gradients, name=name, xs=xs))
        assert_each_close(result, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.75)
@pytest.mark.hint(LEFT)
@pytest.mark.parametrize(
    "states", [("plain", "plain"), ("requires grad", "plain"), (0.5, -2.0), (3.0, "requires grad")], ids=str
)
@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_left_behind(alone, reference, probes, rng, seed, states):
    """autograd_gradients leaves values, gradients and requires_grad of the caller's tensors as they were."""
    xs = draw(rng, "square of a sum")
    expected = probes.left_behind(reference, "square of a sum", [x.copy() for x in xs], states)

    found = alone.probe(probes.left_behind, name="square of a sum", xs=xs, states=states)
    for after, before in zip(probes.arrays(found), probes.arrays(expected), strict=True):
        assert_each_close(after, before, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint(f"The second call added to the gradients of the first. {LEFT}")
@pytest.mark.parametrize("seed", range(5))
def test_called_again(alone, reference, probes, rng, seed):
    """autograd_gradients gives the same when it is called again with the same tensors."""
    xs = draw(rng, "layer")
    expected = probes.arrays(probes.gradients(reference, "layer", [x.copy() for x in xs]))

    result = probes.arrays(alone.probe(probes.gradients, name="layer", xs=xs, times=3))
    known = {place: {"The calls add up.": 3 * gradient} for place, gradient in enumerate(expected)}
    assert_each_close(result, expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("One element is enough, whatever the shape: look at numel(), not at the number of axes.")
@pytest.mark.parametrize("name", ["(1,)", "(1, 1)"])
def test_one_element_with_axes(alone, probes, rng, name):
    """autograd_gradients takes a function whose single element has axes, and tensors of one element or none."""
    for shape in [(2, 3), (1,), (), (0,)]:
        x = np.asarray(rng.normal(size=shape))
        expected = np.asarray(2 * x)

        result = probes.arrays(alone.probe(probes.gradients, name=name, xs=[x]))
        assert_each_close(result, (expected,), rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("Raise ValueError if f returns more than one element.")
@pytest.mark.parametrize("shape", [(2,), (3, 4)], ids=str)
def test_bad_inputs(alone, probes, shape):
    """autograd_gradients refuses a function that returns more than one element, and takes the rest."""
    ones = np.ones(shape)
    expected = np.full(shape, np.exp(1) * (np.sin(1) + np.cos(1)) / ones.size)
    result = probes.arrays(alone.probe(probes.gradients, name="curve", xs=[ones]))
    assert_each_close(result, (expected,), rtol=1e-7, atol=1e-10)

    assert_raises(ValueError, alone.probe, probes.gradients, name="elements", xs=[ones])
