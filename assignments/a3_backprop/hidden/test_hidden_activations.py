"""Hidden tests of the activation functions and their derivatives."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_own_memory, assert_raises, relaid

pytestmark = pytest.mark.question("activations")

VALUES = ["sigmoid", "tanh", "relu", "leaky_relu"]
GRADS = [f"{name}_grad" for name in VALUES]
NAMES = [*VALUES, *GRADS]
SMOOTH = ["sigmoid", "sigmoid_grad", "tanh", "tanh_grad"]


def away_from_zero(rng, size):
    """Draw numbers of both signs, none near the kink at 0."""
    return rng.choice([-1.0, 1.0], size=size) * rng.uniform(0.1, 4, size=size)


def misconceptions(reference, name, z):
    """Give the wrong answers that students give to one of the functions."""
    value, grad = (
        getattr(reference, name.removesuffix("_grad")),
        getattr(reference, f"{name.removesuffix('_grad')}_grad"),
    )
    right = getattr(reference, name)(z)
    own = {
        "sigmoid": {"The exponent is -z: this is 1 / (1 + e^z).": reference.sigmoid(-z)},
        "sigmoid_grad": {
            "sigmoid'(z) = a(1-a) with a the activation: this is z(1-z).": z * (1 - z),
            "sigmoid'(z) = a(1-a) with a the activation: this is a squared too often.": right**2,
            "The argument is z, what went into the sigmoid: apply the sigmoid once, not twice.": grad(value(z)),
        },
        "tanh_grad": {
            "tanh'(z) = 1 - a^2 with a the activation: this is 1 - z^2.": 1 - z**2,
            "tanh'(z) = 1 - a^2: the square is missing.": 1 - np.tanh(z),
            "The argument is z, what went into tanh: apply tanh once, not twice.": grad(value(z)),
        },
        "tanh": {
            "This is the sigmoid.": reference.sigmoid(z),
            "tanh is 2 sigmoid(2 z) - 1.": 2 * reference.sigmoid(z) - 1,
        },
        "relu": {"Negative numbers become 0: this is the absolute value.": np.abs(z)},
        "relu_grad": {
            "The derivative of relu is 0 or 1, not z.": reference.relu(z),
            "Gradient passes only where the unit was active: this is 1 everywhere.": np.ones_like(z),
            "Gradient passes only where the unit was active: 1 and 0 are swapped.": 1 - right,
        },
        "leaky_relu": {
            "Below 0 the slope is alpha: this is the plain relu.": reference.relu(z),
            "Below 0 z is multiplied by alpha: this is alpha itself.": np.where(z > 0, z, 0.01),
        },
        "leaky_relu_grad": {
            "Below 0 the slope is alpha, not 0.": reference.relu_grad(z),
            "Below 0 the derivative is alpha, not alpha z.": np.where(z > 0, 1, 0.01 * z),
            "The derivative of leaky_relu is alpha or 1, not the function itself.": reference.leaky_relu(z),
        },
    }
    general = {"This is the function, not its derivative.": value(z)} if name.endswith("_grad") else {}
    return own[name] | general


@pytest.mark.points(1.5)
@pytest.mark.hint(
    "Compare with the formula in the docstring, element by element; sigmoid'(z) = a(1-a), tanh'(z) = 1 - a^2."
)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(5))
def test_random_inputs(alone, reference, rng, name, seed):
    """The activations and their derivatives are right on inputs with three axes."""
    z = away_from_zero(rng, (2, 3, 4))
    expected = getattr(reference, name)(z)

    assert_close(getattr(alone, name)(z), expected, rtol=1e-7, atol=1e-10, known=misconceptions(reference, name, z))


@pytest.mark.points(1)
@pytest.mark.hint("For large negative z, e^-z overflows: write the sigmoid with e to a power that is never positive.")
@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("seed", range(5))
def test_huge_inputs(alone, reference, rng, name, seed):
    """The sigmoid, tanh and their derivatives are exact and silent for inputs of a thousand and more, of both signs."""
    z = away_from_zero(rng, (3, 5)) * rng.choice([1, 40, 300, 5000], size=(3, 5))
    z[0, 0] = 0.5  # here no derivative vanishes
    expected = getattr(reference, name)(z)
    limits = {"exp overflowed: do not cut off large inputs.": getattr(reference, name)(np.clip(z, -20, 20))}

    assert_close(getattr(alone, name)(z), expected, rtol=1e-7, atol=1e-10, known=limits)
    assert not [said for said in alone.last.warnings if said.startswith("RuntimeWarning")], "exp overflowed"


@pytest.mark.points(0.75)
@pytest.mark.hint("Both halves come from e to a power that is never positive.")
@pytest.mark.parametrize("seed", range(5))
def test_symmetry(alone, rng, seed):
    """The sigmoid of -z is 1 minus that of z."""
    z = rng.uniform(1, 30, size=(4, 3))
    expected = np.exp(-z) / (1 + np.exp(-z))

    assert_close(alone.sigmoid(-z), expected, rtol=1e-7, atol=1e-10)
    assert_close(alone.sigmoid(z), 1 - expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.75)
@pytest.mark.hint("Check your derivative against (f(z + eps) - f(z - eps)) / (2 eps).")
@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("seed", range(2))
def test_derivatives_of_your_own_functions(student, rng, name, seed):
    """Each derivative agrees with central differences of the student's own function."""
    z, eps = away_from_zero(rng, (3, 4)), 1e-5
    z[0] = np.abs(z[0])  # there relu is active
    above, below = getattr(student, name)(z + eps), getattr(student, name)(z - eps)
    for values in (above, below):
        assert_close(values, values if isinstance(values, np.ndarray) else np.zeros(z.shape), rtol=0, atol=0)
    expected = (above - below) / (2 * eps)

    assert expected.any(), "the function gives the same for all numbers"
    assert_close(getattr(student, f"{name}_grad")(z), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.points(0.5)
@pytest.mark.hint("At 0 the derivative of relu is 0 by agreement, and of leaky_relu alpha; 1 is fine too.")
@pytest.mark.parametrize(("name", "low"), [("relu_grad", 0.0), ("leaky_relu_grad", 0.01)])
def test_derivative_at_zero(alone, name, low):
    """The derivatives of relu and leaky_relu at exactly 0 are that of one of both sides."""
    result = getattr(alone, name)(np.array([-1.0, 0.0, 2.0]))
    middle = 1.0 if isinstance(result, np.ndarray) and result.shape == (3,) and result[1] == 1 else low

    assert_close(result, np.array([low, middle, 1.0]), rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("alpha is the slope below 0, and it is an argument.")
@pytest.mark.parametrize("seed", range(5))
def test_slopes(alone, reference, rng, seed):
    """leaky_relu and its derivative take any alpha."""
    z, alpha = away_from_zero(rng, (5, 2)), float(rng.uniform(0.1, 0.9))
    ignored = "The alpha that is given is not used."
    expected = reference.leaky_relu(z, alpha), reference.leaky_relu_grad(z, alpha)

    result = alone.leaky_relu(z, alpha=alpha)
    assert_close(result, expected[0], rtol=1e-7, atol=1e-10, known={ignored: reference.leaky_relu(z)})
    result = alone.leaky_relu_grad(z, alpha)
    assert_close(result, expected[1], rtol=1e-7, atol=1e-10, known={ignored: reference.leaky_relu_grad(z)})


@pytest.mark.points(0.5)
@pytest.mark.hint("Return a new float64 array, whatever the input's dtype and layout; do not write into the input.")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64"])
def test_new_float64_arrays(alone, reference, rng, name, dtype):
    """The activations give new arrays of float64, also for integers and float32, and for a single number."""
    for shape in ((3, 4), (1,)):
        z = (rng.choice([-1, 1], size=shape) * rng.integers(1, 4, size=shape)).astype(dtype)
        expected = getattr(reference, name)(z)

        assert_close(getattr(alone, name)(z), expected, rtol=1e-7, atol=1e-10)
        assert_own_memory(alone)


@pytest.mark.points(0.25)
@pytest.mark.hint("Do not write into z, and do not rely on how it lies in memory.")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, name, layout):
    """The activations do not care how their input lies in memory."""
    z = away_from_zero(rng, (3, 5))
    expected = getattr(reference, name)(z)

    assert_close(getattr(alone, name)(relaid(z, layout)), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.25)
@pytest.mark.hint("as_floats is given: it refuses what is no array of real numbers.")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("z", "error"),
    [
        (np.array(["a"]), TypeError),
        ([1.0, 2.0], TypeError),
        (np.array([1j]), TypeError),
        (np.zeros((0, 3)), ValueError),
    ],
    ids=["array of text", "list", "complex", "empty"],
)
def test_bad_inputs(alone, name, z, error):
    """The activations refuse what is no array of real numbers, and empty arrays."""
    getattr(alone, name)(np.array([1.0]))

    assert_raises(error, getattr(alone, name), z)
