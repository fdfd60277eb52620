"""Public tests of TwoLayerNet."""

import numpy as np
import pytest

from coursekit import assert_close, assert_each_close, assert_same

pytestmark = pytest.mark.question("two_layer_net")


def toy(biases=0.0):
    """Give parameters, samples and labels of the lecture's exercise sheet: 5 samples, 4 inputs, 10 units, 3 classes."""
    drawn = np.random.RandomState(0)  # the generator that the sheet's numbers come from
    params = {
        "W1": 0.1 * drawn.randn(4, 10),
        "b1": np.zeros(10),
        "W2": 0.1 * drawn.randn(10, 3),
        "b2": np.zeros(3),
    }
    params["b1"] += biases * drawn.randn(10)
    params["b2"] += biases * drawn.randn(3)
    samples = 10 * np.random.RandomState(1).randn(5, 4)
    return params, samples, np.array([0, 1, 2, 2, 1])


@pytest.mark.points(0.75)
@pytest.mark.hint("linear, relu, linear. No softmax: scores come before it.")
def test_toy_scores(student, probes):
    """TwoLayerNet gives the scores of the exercise sheet's toy network."""
    params, X, _ = toy()
    expected = np.array(
        [
            [-0.81233741, -1.27654624, -0.70335995],
            [-0.17129677, -1.18803311, -0.47310444],
            [-0.51590475, -1.01354314, -0.8504215],
            [-0.15419291, -0.48629638, -0.52901952],
            [-0.00618733, -0.12435261, -0.15226949],
        ]
    )

    assert_close(student.probe(probes.scores, params=params, X=X), expected, rtol=0, atol=1e-8)


@pytest.mark.points(0.75)
@pytest.mark.hint("Mean cross-entropy, plus reg times the sum of the squares of W1 and W2, without a factor 1/2.")
def test_toy_loss(student, probes):
    """TwoLayerNet.loss with reg 0.05 is 1.30378789133, as on the exercise sheet, and a Python float."""
    params, X, y = toy()

    loss = student.probe(probes.loss, params=params, X=X, y=y, reg=0.05)
    assert_close(loss, 1.30378789133, rtol=0, atol=1e-10)
    assert type(loss) is float, "make it a Python float: float(...)"


@pytest.mark.points(1.25)
@pytest.mark.hint("The difference in b1 or b2 alone? db sums over the batch. In W1 and b1 alone? Look at the ReLU.")
@pytest.mark.parametrize("reg", [0.0, 0.05])
def test_gradients_of_the_loss(student, probes, reg):
    """TwoLayerNet.loss gives the gradients of its own loss, as central differences confirm."""
    params, X, y = toy(biases=0.3)
    loss = {0.0: 1.184011384235, 0.05: 1.221942223447}[reg]
    numerical = student.probe(probes.numerical_gradients, params=params, X=X, y=y, reg=reg)

    assert_close(student.probe(probes.loss, params=params, X=X, y=y, reg=reg), loss, rtol=0, atol=1e-9)
    gradients = student.probe(probes.gradients, params=params, X=X, y=y, reg=reg)
    assert_each_close(gradients, numerical, rtol=1e-6, atol=1e-9)


@pytest.mark.points(0.5)
@pytest.mark.hint("loss only computes: the step is sgd_update's.")
def test_loss_keeps_the_parameters(student, probes):
    """TwoLayerNet.loss does not change the parameters."""
    params, X, y = toy()
    expected = {**params, "loss": 1.30378789133}

    after = student.probe(probes.params_after_loss, params=params, X=X, y=y, reg=0.05)
    assert_each_close(after, expected, rtol=0, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("The class is the column of the largest score: argmax over axis 1.")
def test_toy_predictions(student, probes):
    """TwoLayerNet predicts the class with the highest score, without knowing labels."""
    params, X, _ = toy()

    assert_close(student.probe(probes.predictions, params=params, X=X), np.array([2, 0, 0, 0, 0]), rtol=0, atol=0)


@pytest.mark.points(0.25)
@pytest.mark.hint("W1 is (D, H), b1 (H,), W2 (H, K), b2 (K,). Biases begin at 0, weights do not.")
def test_first_parameters(student, probes):
    """TwoLayerNet begins with weights that differ from each other, and with biases of 0."""
    params = student.probe(probes.first_params, sizes=(4, 10, 3))

    shapes = {name: getattr(value, "shape", None) for name, value in params.items()}
    assert_same(shapes, {"W1": (4, 10), "b1": (10,), "W2": (10, 3), "b2": (3,)})
    assert np.unique(params["W1"]).size == 40, "some weights of W1 are equal"
    assert not params["b1"].any(), "b1 must begin at 0"
    assert not params["b2"].any(), "b2 must begin at 0"
