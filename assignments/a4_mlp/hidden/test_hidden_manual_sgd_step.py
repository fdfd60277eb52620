"""Hidden tests of manual_sgd_step; probes run it where its tensors can have gradients."""

import numpy as np
import pytest

from coursekit import assert_close, assert_each_close, assert_raises, relaid

pytestmark = pytest.mark.question("manual_sgd_step")

SHAPES = [(2, 5), (3,), (), (1, 4, 2)]
FLOAT64 = {"rtol": 1e-7, "atol": 1e-10}


def draw(rng, count=2):
    """Draw tensors, and targets for each of several steps."""
    values, *targets = [[np.array(rng.normal(size=shape)) for shape in SHAPES] for _ in range(count + 1)]
    return values, targets


def expect(reference, probes, values, targets, lr):
    """Take the steps with the reference."""
    return probes.manual_steps(reference, [value.copy() for value in values], targets, lr)


def draw_layers(rng):
    """Draw the weights of two layers, and two batches."""
    params = {"W1": (5, 4), "b1": (5,), "W2": (3, 5), "b2": (3,)}
    batches = [(rng.normal(size=(6, 4)).astype(np.float32), rng.integers(0, 3, size=6)) for _ in range(2)]
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in params.items()}, batches


def squared_steps(values, targets, lr, kept=0.0, sign=-1):
    """Take the steps by hand; `kept` is the share of the old gradient that a wrong step still has."""
    values, old = [value.copy() for value in values], [np.zeros(value.shape) for value in values]
    for goals in targets:
        old = [kept * grad + 2 * (value - goal) for value, goal, grad in zip(values, goals, old, strict=True)]
        values = [value + sign * lr * grad for value, grad in zip(values, old, strict=True)]
    return values


@pytest.mark.points(1)
@pytest.mark.hint("Subtract lr times the gradient in place, under torch.no_grad(), then clear the gradient.")
@pytest.mark.parametrize("container", ["list", "tuple", "generator"])
@pytest.mark.parametrize("seed", range(5))
def test_two_steps(student, reference, probes, rng, container, seed):
    """manual_sgd_step takes two steps, each with its own gradients, whatever the parameters come in."""
    values, targets = draw(rng)
    expected = expect(reference, probes, values, targets, 0.05)
    wrong = {
        "Second step used old gradients as well.": squared_steps(values, targets, 0.05, kept=1.0),
        "Gradient descent goes against the gradient: subtract.": squared_steps(values, targets, 0.05, sign=1),
        "The learning rate is not used.": squared_steps(values, targets, 1.0),
        "The tensors did not change: subtract in place.": values,
    }
    names = [f"tensor {number}" for number in range(len(SHAPES))]
    known = {name: {s: tensors[place] for s, tensors in wrong.items()} for place, name in enumerate(names)}

    seen = student.probe(probes.manual_steps, values=values, targets=targets, lr=0.05, container=container)
    for name in names:
        assert_close(seen[name], expected[name], **FLOAT64, known=known[name])


@pytest.mark.points(0.75)
@pytest.mark.hint("Pass over what has no gradient, and go on with the next one.")
@pytest.mark.parametrize("missing", [[0], [1, 2], [3]], ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_parameters_without_gradients(student, reference, probes, rng, missing, seed):
    """manual_sgd_step passes over parameters without a gradient, and changes all others."""
    values, targets = draw(rng)
    for place in missing:
        targets[0][place] = None
    expected = expect(reference, probes, values, targets, 0.1)

    assert_each_close(student.probe(probes.manual_steps, values=values, targets=targets, lr=0.1), expected, **FLOAT64)


@pytest.mark.points(0.5)
@pytest.mark.hint("Clear each gradient after its step: None or zeros. The tensors stay leaves that require gradients.")
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_left(student, reference, probes, rng, count, seed):
    """manual_sgd_step leaves no gradient behind, and tensors that can take the next step."""
    values, targets = draw(rng, count)
    expected = expect(reference, probes, values, targets, 0.05)

    assert_each_close(student.probe(probes.manual_steps, values=values, targets=targets, lr=0.05), expected, **FLOAT64)


@pytest.mark.points(0.75)
@pytest.mark.hint("Change the tensors themselves: parameter = parameter - … only gives the name to a new one.")
@pytest.mark.parametrize("frozen", [False, True], ids=["all parameters", "one is frozen"])
@pytest.mark.parametrize("seed", range(5))
def test_model(student, reference, probes, rng, frozen, seed):
    """manual_sgd_step changes the model that holds the parameters."""
    params, batches = draw_layers(rng)
    settings = {"params": params, "batches": batches, "lr": 0.3, "frozen": frozen}
    expected = probes.manual_steps_of_model(reference, **settings)
    untrained = probes.manual_steps_of_model(reference, **settings | {"lr": 1e-30})
    known = {name: {"The model did not change: subtract in place.": value} for name, value in untrained.items()}

    seen = student.probe(probes.manual_steps_of_model, **settings)
    assert_each_close(seen, expected, rtol=1e-4, atol=1e-5, known=known)


@pytest.mark.points(0.25)
@pytest.mark.hint("Do not rely on how a tensor lies in memory.")
@pytest.mark.parametrize("layout", ["Fortran order", "strided"])  # torch has no others
def test_memory_layouts(student, reference, probes, rng, layout):
    """manual_sgd_step does not care how the tensors lie in memory."""
    value, *targets = rng.normal(size=(3, 4, 6))
    targets = [[target] for target in targets]
    expected = expect(reference, probes, [value], targets, 0.1)

    seen = student.probe(probes.manual_steps, values=[relaid(value, layout)], targets=targets, lr=0.1)
    assert_each_close(seen, expected, **FLOAT64)


@pytest.mark.points(0.25)
@pytest.mark.hint("lr must be above 0: check it first.")
@pytest.mark.parametrize("lr", [0.0, -0.1, -np.inf, np.nan], ids=str)
def test_bad_inputs(student, probes, lr):
    """manual_sgd_step refuses a learning rate that is not above 0, and takes the rest."""
    settings = {"values": [np.ones(3)], "targets": [[np.zeros(3)]]}
    student.probe(probes.manual_steps, **settings, lr=0.1)

    assert_raises(ValueError, student.probe, probes.manual_steps, **settings, lr=lr)
