"""Public tests of the bonus questions: no points, but a badge for each."""

import numpy as np
import pytest

from coursekit import assert_array, assert_close, assert_each_close


@pytest.mark.question("rnn_step")
@pytest.mark.points(0)
@pytest.mark.hint("The new state is tanh(h W_hh + x W_xh); the output comes from the new state.")
def test_rnn_step_of_numbers(student):
    """rnn_step with one input, one unit and one output can be followed by hand."""
    x, h, one, half, two = (np.array([[number]]) for number in (1.0, 2.0, 1.0, 0.5, 2.0))
    state = np.tanh(np.array([[2.0]]))  # 2 * 0.5 + 1 * 1

    assert_each_close(student.rnn_step(x, h, one, half, two), (2 * state, state), rtol=1e-7, atol=1e-10)


@pytest.mark.question("lstm_step")
@pytest.mark.points(0)
@pytest.mark.hint("Four blocks of H columns, in the order i, f, o, g.")
@pytest.mark.parametrize(
    ("biases", "cell"),
    [([-50.0, 50.0, 50.0, 0.0], 3.0), ([50.0, -50.0, 50.0, 1.0], np.tanh(1.0)), ([50.0, 50.0, 50.0, 50.0], 4.0)],
    ids=["keeps", "forgets and takes in", "does both"],
)
def test_lstm_step_with_open_and_closed_gates(student, biases, cell):
    """lstm_step keeps its cell with an open forget gate, and takes a new value in with an open input gate."""
    x, h, c = np.zeros((1, 1)), np.zeros((1, 1)), np.array([[3.0]])
    expected = np.array([[np.tanh(cell)]]), np.array([[cell]])

    assert_each_close(student.lstm_step(x, h, c, np.zeros((2, 4)), np.array(biases)), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.question("scaled_dot_product_attention")
@pytest.mark.points(0)
@pytest.mark.hint("softmax(q k^T / sqrt(d)) v; the softmax is over the keys.")
def test_attention_of_one_query(student):
    """scaled_dot_product_attention gives the value of the key that fits, and the mean where all fit alike."""
    q = np.array([[0.0, 0.0], [0.0, 1000.0]])
    k = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    v = np.array([[3.0], [6.0], [0.0]])
    expected = np.array([[3.0], [6.0]]), np.array([[1 / 3, 1 / 3, 1 / 3], [0.0, 1.0, 0.0]])

    assert_each_close(student.scaled_dot_product_attention(q, k, v), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.question("multiclass_hinge_loss")
@pytest.mark.points(0)
@pytest.mark.hint("Each class but the right one adds max(0, s_j - s_y + 1).")
def test_hinge_loss_of_two_samples(student):
    """multiclass_hinge_loss of a sample that is wrong twice and one that is right by far is (2.5 + 0) / 2."""
    scores, y = np.array([[1.0, 1.5, 1.0], [0.0, -3.0, 5.0]]), np.array([0, 2])
    expected = 1.25, np.array([[-1.0, 0.5, 0.5], [0.0, 0.0, 0.0]])

    assert_each_close(student.multiclass_hinge_loss(scores, y), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.question("xyz_graph_backward")
@pytest.mark.points(0)
@pytest.mark.hint("The gradient of a sum is 1 for each element; a product swaps its factors.")
def test_graph_of_three_matrices(student):
    """xyz_graph_backward gives y, x and ones."""
    x, y, z = np.array([[1.0, 2.0, 3.0]]), np.array([[4.0, 5.0, 6.0]]), np.array([[7.0, 8.0, 9.0]])
    expected = np.array([[4.0, 5.0, 6.0]]), np.array([[1.0, 2.0, 3.0]]), np.ones((1, 3))

    assert_each_close(student.xyz_graph_backward(x, y, z), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.question("prelu_grad")
@pytest.mark.points(0)
@pytest.mark.hint("Above 0: 1 and 0. Below 0: a and z.")
def test_prelu_of_three_numbers(student):
    """prelu_grad with a = 0.25 at -2, 3 and -1."""
    expected = np.array([0.25, 1.0, 0.25]), np.array([-2.0, 0.0, -1.0])

    assert_each_close(student.prelu_grad(np.array([-2.0, 3.0, -1.0]), 0.25), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.question("collapse_linear_layers")
@pytest.mark.points(0)
@pytest.mark.hint("The last layer stands on the left: W3 (W2 (W1 x)) = (W3 W2 W1) x.")
def test_three_layers_of_the_lecture(student, rng):
    """collapse_linear_layers turns the lecture's layers (5, 25), (3, 5) and (1, 3) into one of (1, 25)."""
    W1, W2, W3, x = (rng.normal(size=shape) for shape in ((5, 25), (3, 5), (1, 3), (25, 1)))
    expected = W3 @ (W2 @ (W1 @ x))

    matrix = student.collapse_linear_layers([W1, W2, W3])
    assert_array(matrix, shape=(1, 25), dtype=np.float64)
    assert_close(matrix @ x, expected, rtol=1e-7, atol=1e-10)
