"""Hidden tests of sgd_update."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_each_close, assert_raises, relaid

pytestmark = pytest.mark.question("sgd_update")

SHAPES = {"W1": (4, 7), "b1": (7,), "W2": (7, 2, 3)}
SECOND = "First step equal, second differs: look at the velocity"
UPHILL = "Gradient points uphill: step against it, w = w - lr v."


def draw(rng):
    """Draw an array for each name."""
    return {name: rng.normal(size=shape) for name, shape in SHAPES.items()}


def by_name(forms):
    """Turn sentence → function of a name into name → sentence → array."""
    return {name: {sentence: form(name) for sentence, form in forms.items()} for name in SHAPES}


def two_dicts(result):
    """Require what sgd_update returns: parameters and velocity."""
    assert isinstance(result, tuple), "return two dicts, the parameters and the velocity"
    assert [type(part) for part in result] == [dict, dict], "return two dicts, the parameters and the velocity"
    return result


def assert_step(result, expected, known=None, known_velocity=None):
    """Require new parameters and a new velocity."""
    params, velocity = two_dicts(result)
    assert_each_close(params, expected[0], rtol=1e-7, atol=1e-10, known=known)
    assert_each_close(velocity, expected[1], rtol=1e-7, atol=1e-10, known=known_velocity)


@pytest.mark.points(0.5)
@pytest.mark.hint("w - lr g, for each name. Without momentum the velocity is the gradient.")
@pytest.mark.parametrize("seed", range(5))
def test_plain_steps(alone, reference, rng, seed):
    """sgd_update without momentum moves each parameter against its gradient, whatever order the names come in."""
    params, grads, lr = draw(rng), draw(rng), rng.uniform(0.01, 2)
    expected = reference.sgd_update(params, grads, lr)
    known = by_name(
        {
            UPHILL: lambda name: params[name] + lr * grads[name],
            "The learning rate is not used.": lambda name: params[name] - grads[name],
        }
    )

    assert_step(alone.sgd_update(params, dict(reversed(grads.items())), lr), expected, known)


@pytest.mark.points(0.75)
@pytest.mark.hint(f"{SECOND}, v = momentum v + g, then w = w - lr v.")
@pytest.mark.parametrize("momentum", [0.9, 0.3])
@pytest.mark.parametrize("seed", range(5))
def test_step_with_a_velocity(alone, reference, rng, seed, momentum):
    """sgd_update lets the velocity of the step before into this step, and gives the new one."""
    params, grads, last, lr = draw(rng), draw(rng), draw(rng), rng.uniform(0.01, 1)
    expected = reference.sgd_update(params, grads, lr, momentum, last)
    right = expected[1]
    known = by_name(
        {
            UPHILL: lambda name: params[name] + lr * right[name],
            f"{SECOND}. It does not enter the step.": lambda name: params[name] - lr * grads[name],
            f"{SECOND}. It has the wrong sign, v = momentum v + g.": lambda name: (
                params[name] - lr * (grads[name] - momentum * last[name])
            ),
            f"{SECOND}. The step takes the old one.": lambda name: params[name] - lr * last[name],
            "The learning rate belongs to the step, w = w - lr v, not to the velocity.": lambda name: (
                params[name] - momentum * last[name] - lr * grads[name]
            ),
            "In v = momentum v + g the gradient has no factor 1 - momentum.": lambda name: (
                params[name] - lr * (momentum * last[name] + (1 - momentum) * grads[name])
            ),
            "w = w - lr v, without Nesterov's look ahead.": lambda name: (
                params[name] - lr * (grads[name] + momentum * right[name])
            ),
        }
    )
    known_velocity = by_name(
        {
            f"{SECOND}. The gradient was returned in its place.": lambda name: grads[name],
            f"{SECOND}. The old one was returned.": lambda name: last[name],
            f"{SECOND}. The returned one has a factor lr too many.": lambda name: lr * right[name],
        }
    )

    assert_step(alone.sgd_update(params, grads, lr, momentum, last), expected, known, known_velocity)


@pytest.mark.points(0.75)
@pytest.mark.hint(f"{SECOND}. Return it, and begin from zeros where none is given.")
@pytest.mark.parametrize("seed", range(5))
def test_two_steps(alone, reference, rng, seed):
    """sgd_update takes two steps in a row with momentum 0.9, the second with what the first one returned."""
    params, gradients = draw(rng), [draw(rng), draw(rng)]
    first = reference.sgd_update(params, gradients[0], 0.1, 0.9)
    expected = reference.sgd_update(first[0], gradients[1], 0.1, momentum=0.9, velocity=first[1])

    result = alone.sgd_update(params, gradients[0], 0.1, 0.9, None)
    assert_step(result, first)
    assert_step(alone.sgd_update(result[0], gradients[1], 0.1, momentum=0.9, velocity=result[1]), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("What holds for arrays holds for numbers: w - lr v.")
@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_numbers(alone, rng, momentum):
    """sgd_update takes plain numbers in place of arrays."""
    w, g, v = rng.normal(size=3).tolist()
    moved = momentum * v + g
    expected = {"w": np.asarray(w - 0.1 * moved)}, {"w": np.asarray(moved)}

    result = alone.sgd_update({"w": w}, {"w": g}, 0.1, momentum, {"w": v})
    # an array without axes is as good as a number
    as_arrays = tuple({name: np.asarray(value) for name, value in part.items()} for part in two_dicts(result))
    assert_step(as_arrays, expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("Do not write into the given arrays, and do not rely on how they lie in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, layout):
    """sgd_update does not care how arrays lie in memory, and leaves the given ones as they are."""
    given = [draw(rng) for _ in range(3)]
    params, grads, velocity = ({name: relaid(value, layout) for name, value in one.items()} for one in given)
    expected = reference.sgd_update(*given[:2], 0.1, 0.9, given[2])

    assert_step(alone.sgd_update(params, grads, 0.1, 0.9, velocity), expected)


@pytest.mark.points(0.75)
@pytest.mark.hint("lr above 0, momentum from 0 to below 1, and the same names in all dicts: else ValueError.")
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"lr": 0.0}, ValueError),
        ({"lr": -0.1}, ValueError),
        ({"lr": "0.1"}, TypeError),
        ({"lr": None}, TypeError),
        ({"momentum": 1.0}, ValueError),
        ({"momentum": -0.1}, ValueError),
        ({"grads": {"w": np.ones(3)}}, ValueError),
        ({"grads": {"w": np.ones(3), "c": np.ones(2)}}, ValueError),
        ({"grads": {"w": np.ones(3), "b": np.ones(2), "c": np.ones(2)}}, ValueError),
        ({"velocity": {"w": np.ones(3)}}, ValueError),
    ],
    ids=[
        "lr 0",
        "negative lr",
        "lr as text",
        "no lr",
        "momentum 1",
        "negative momentum",
        "gradient missing",
        "gradient of another name",
        "gradient too many",
        "velocity missing",
    ],
)
def test_bad_inputs(alone, change, error):
    """sgd_update refuses impossible settings and dicts with different names, and takes the rest."""
    arrays = {"w": np.ones(3), "b": np.ones(2)}
    right = {"params": arrays, "grads": arrays, "lr": 0.1, "momentum": 0.9, "velocity": arrays}
    alone.sgd_update(**right)

    assert_raises(error, alone.sgd_update, **(right | change))
