"""Public tests of layer_shapes and count_parameters: the model is LeNet for colour images, without its ReLUs."""

import pytest

from coursekit import assert_same

pytestmark = pytest.mark.question("layer_shapes")

LENET = [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (400,), (120,), (84,), (10,)]


@pytest.mark.points(0.5)
@pytest.mark.hint("register_forward_hook on each module that holds no further modules, then one forward pass.")
def test_lenet(student, probes):
    """layer_shapes gives the names and the shapes of LeNet's layers, in their order, for a batch of one."""
    expected = [(str(number), (1, *shape)) for number, shape in enumerate(LENET)]

    assert_same(student.probe(probes.layer_shapes_of, model="LeNet", input_shape=(3, 32, 32)), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("named_modules gives the model itself as well, with the name of no letters.")
def test_one_layer(student, probes):
    """layer_shapes gives a model that is itself one layer the name ""."""
    found = student.probe(probes.layer_shapes_of, model="one layer", input_shape=(3, 9, 7))

    assert_same(found, [("", (1, 4, 7, 5))])


@pytest.mark.points(0.5)
@pytest.mark.hint("Remember each module's mode and put it back; call remove() of each hook.")
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_nothing_stays(student, probes, training):
    """layer_shapes leaves each module in its mode, without a hook."""
    assert_same(student.probe(probes.layer_shapes_modes, training=training), (8, [(training, 0)] * 9))


@pytest.mark.points(0.5)
@pytest.mark.hint("Add up numel() of the parameters; with trainable_only those that require gradients.")
def test_parameters(student, probes):
    """count_parameters counts 62,006 numbers in LeNet, and 59,134 without the first two convolutions' if frozen."""
    counts = [
        student.probe(probes.layer_shapes_count, model="LeNet"),
        student.probe(probes.layer_shapes_count, model="LeNet", frozen=3),
        student.probe(probes.layer_shapes_count, model="LeNet", frozen=3, trainable_only=True),
    ]

    assert_same(counts, [62_006, 62_006, 59_134])
