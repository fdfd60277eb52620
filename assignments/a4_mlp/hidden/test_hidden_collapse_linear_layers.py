"""Hidden tests of collapse_linear_layers."""

from itertools import pairwise

import pytest

from coursekit import assert_close, assert_raises

pytestmark = pytest.mark.question("collapse_linear_layers")

STACKS = [(25, 5, 3, 1), (4, 6, 2), (3, 7), (1, 4, 1, 5), (2, 2, 2)]


def draw(rng, sizes):
    """Draw the weights of a stack of layers with these sizes."""
    return [rng.normal(size=(after, before)) for before, after in pairwise(sizes)]


@pytest.mark.points(1)
@pytest.mark.hint("The last matrix stands on the left: multiply each weight from the left onto the product so far.")
@pytest.mark.parametrize("sizes", STACKS, ids=str)
@pytest.mark.parametrize("seed", range(5))
def test_matrix(student, reference, probes, rng, sizes, seed):
    """collapse_linear_layers gives the matrix that does what the whole stack does, nn.Flatten included."""
    weights, flatten = draw(rng, sizes), seed % 2 == 0
    expected = probes.collapsed(reference, weights, flatten=flatten)
    known = {
        "The matrix is transposed: it is (outputs, inputs).": expected["matrix"].T,
        "A layer is missing: this is the first one alone.": weights[0],
        "A layer is missing: this is the last one alone.": weights[-1],
    }
    if sizes == (2, 2, 2):
        known["The matrices are multiplied in the wrong order: the last one stands on the left."] = (
            weights[0] @ weights[1]
        )

    seen = student.probe(probes.collapsed, weights=weights, flatten=flatten)
    assert_close(seen["matrix"], expected["matrix"], rtol=1e-6, atol=1e-9, known=known)
    assert_close(seen["outputs"], seen["matrix"], rtol=1e-6, atol=1e-9)


@pytest.mark.points(0.5)
@pytest.mark.hint("Detach the result: it has no graph to the layers. The layers stay as they are.")
@pytest.mark.parametrize("sizes", STACKS, ids=str)
def test_detached(student, probes, rng, sizes):
    """collapse_linear_layers gives a detached matrix, and leaves the layers as they are."""
    weights = draw(rng, sizes)
    expected = weights[0]
    for weight in weights[1:]:
        expected = weight @ expected

    seen = student.probe(probes.collapsed, weights=weights)
    assert_close(seen["requires grad"], 0, rtol=0, atol=0)
    assert_close(seen["matrix"], expected, rtol=1e-6, atol=1e-9)
    assert_close(seen["outputs"], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.points(0.5)
@pytest.mark.hint("Go through all layers, and refuse whatever is neither nn.Flatten nor nn.Linear without a bias.")
@pytest.mark.parametrize("kind", ["ReLU", "Sigmoid", "Dropout", "bias", "no layers", "nn.Flatten only"])
def test_bad_inputs(student, probes, rng, kind):
    """collapse_linear_layers refuses activations, biases and stacks without a linear layer, and takes the rest."""
    weights = draw(rng, (4, 3, 2))
    student.probe(probes.collapsed, weights=weights)

    settings = {"weights": weights, "kind": kind}
    if kind in {"no layers", "nn.Flatten only"}:
        settings = {"weights": [], "flatten": kind == "nn.Flatten only"}
    assert_raises(ValueError, student.probe, probes.collapsed, **settings)
