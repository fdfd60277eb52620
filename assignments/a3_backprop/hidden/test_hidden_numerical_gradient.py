"""Hidden tests of numerical_gradient."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_raises, assert_same, relaid

pytestmark = pytest.mark.question("numerical_gradient")

FORWARD = "Use (f(x+h)-f(x-h))/2h: this is a one-sided difference."


def cubic(weights):
    """Build a function with a known gradient, whose one-sided differences are visibly off."""

    def value(x):
        return float((weights * x**3).sum() + x.sum() ** 2)

    def gradient(x):
        return 3 * weights * x**2 + 2 * x.sum()

    return value, gradient


def one_sided(f, x, eps):
    """Give the gradient by differences to one side."""
    result = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        moved = x.copy()
        moved[place] += eps
        result[place] = (f(moved) - f(x)) / eps
    return result


def moved_for_good(f, x, eps):
    """Give the gradient of who leaves each element at its second point."""
    point, result = x.copy(), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        ends = []
        for step in (eps, -eps):
            point[place] = x[place] + step
            ends.append(f(point))
        result[place] = (ends[0] - ends[1]) / (2 * eps)
    return result


def swallowed(f, x, eps):
    """Give the gradient of who moves the elements of an array of integers."""
    result = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        below = x.astype(float)
        below[place] = np.trunc(below[place] - eps)
        result[place] = (f(x.astype(float)) - f(below)) / (2 * eps)
    return result


@pytest.mark.points(1.5)
@pytest.mark.hint("Use (f(x+h)-f(x-h))/2h for each element, in any number of axes.")
@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 1, 3)], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_random_functions(alone, rng, shape, seed):
    """numerical_gradient is right for functions of one, two and three axes."""
    (f, gradient), x = cubic(rng.normal(2, 1, size=shape)), rng.normal(size=shape)
    expected, eps = gradient(x), 1e-4
    known = {
        FORWARD: lambda: one_sided(f, x, eps),
        "Use (f(x+h)-f(x-h))/2h: this is a one-sided difference, to the other side.": lambda: one_sided(f, x, -eps),
        "Divide by 2h, for the two points are 2h apart.": 2 * expected,
        "The difference is f(x+h) minus f(x-h).": -expected,
        "x was not restored: each element stays where it was moved.": lambda: moved_for_good(f, x, eps),
    }

    assert_close(alone.numerical_gradient(f, x, eps), expected, rtol=1e-6, atol=1e-6, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint(
    "x was not restored: put the very number back, for adding and subtracting eps leaves rounding errors."
)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_x_stays_as_it_is(alone, rng, layout):
    """numerical_gradient leaves x as it was, bit for bit, in any memory layout."""
    (f, gradient), x = cubic(rng.normal(size=(2, 3))), rng.normal(size=(2, 3)) * np.array([0.1, 1, 10])
    expected = gradient(x)

    assert_close(alone.numerical_gradient(f, relaid(x, layout), 1e-5), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.points(0.75)
@pytest.mark.hint("x was not restored, or f is asked too often: f sees x with a single element moved by eps.")
@pytest.mark.parametrize("seed", range(5))
def test_points_that_are_asked(alone, rng, seed):
    """numerical_gradient asks f at points where one element is moved by eps, at most 2 * size + 1 times."""
    x, eps, asked = rng.normal(size=(2, 3)), 1e-3, []

    def f(point):
        asked.append(np.array(point))
        return float((point**2).sum())

    gradient = alone.numerical_gradient(f, x, eps)
    assert_close(gradient, 2 * x, rtol=1e-6, atol=1e-8)
    steps = np.array([point - x for point in asked if point.shape == x.shape])
    assert 2 * x.size <= len(steps) == len(asked) <= 2 * x.size + 1, "f is asked twice for each element"
    moved = np.abs(steps) > eps / 2
    assert moved.reshape(len(steps), -1).sum(axis=1).max() == 1, "x was not restored"
    assert_close(np.sort(np.abs(steps[moved])), np.full(2 * x.size, eps), rtol=1e-6, atol=1e-12)


@pytest.mark.points(0.5)
@pytest.mark.hint("An array of integers silently swallows eps: cast to float64 first. f gets float64 too.")
@pytest.mark.parametrize("dtype", ["int64", "uint8", "float32"])
def test_dtypes(alone, rng, dtype):
    """numerical_gradient casts integers and float32 to float64 before it moves them."""
    (f, gradient), x = cubic(rng.normal(size=(3, 2))), rng.integers(0, 5, size=(3, 2)).astype(dtype)
    expected, seen = gradient(x.astype(float)), []

    def watched(point):
        seen.append(str(point.dtype))
        return f(point)

    sentence = "An array of integers silently swallows eps: cast to float64 first."
    known = {sentence: lambda: swallowed(f, x, 1e-5)} if dtype != "float32" else {}

    assert_close(alone.numerical_gradient(watched, x), expected, rtol=1e-6, atol=1e-6, known=known)
    assert_same(sorted(set(seen)), ["float64"])


@pytest.mark.points(0.5)
@pytest.mark.hint("eps is an argument: f is asked that far away.")
@pytest.mark.parametrize("eps", [0.5, 1e-2])
def test_step(alone, rng, eps):
    """numerical_gradient uses the step that it is given: with a large one, x^3 shows it."""
    x = rng.normal(size=4)
    expected = 3 * x**2 + eps**2  # exactly, for ((x + h)^3 - (x - h)^3) / 2h
    known = {"The eps that is given is not used.": 3 * x**2, FORWARD: 3 * x**2 + 3 * x * eps + eps**2}

    gradient = alone.numerical_gradient(lambda v: float((v**3).sum()), x, eps)
    assert_close(gradient, expected, rtol=1e-7, atol=1e-8, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Check that f can be called and gives one number, that x holds numbers, and that eps is above 0.")
@pytest.mark.parametrize(
    ("f", "x", "eps", "error"),
    [
        (lambda v: float(v.sum()), np.ones(2), -1e-5, ValueError),
        (lambda v: float(v.sum()), np.ones(2), 0, ValueError),
        (lambda v: 2 * v, np.ones(2), 1e-5, ValueError),
        (lambda v: float(v.sum()), np.ones((0, 2)), 1e-5, ValueError),
        (lambda v: float(v.sum()), [1.0, 2.0], 1e-5, TypeError),
        ("f", np.ones(2), 1e-5, TypeError),
        (lambda v: float(v.sum()), np.ones(2), "small", TypeError),
    ],
    ids=["eps below 0", "eps 0", "f not scalar", "empty", "list", "text for f", "text for eps"],
)
def test_bad_inputs(alone, f, x, eps, error):
    """numerical_gradient refuses a step that is not above 0, an f that gives more than one number, and wrong kinds."""
    alone.numerical_gradient(lambda v: float(v.sum()), np.ones(2), 1e-5)

    assert_raises(error, alone.numerical_gradient, f, x, eps)
