"""Public test of concept_check: its form, not its answers."""

import pytest

from coursekit import assert_same

pytestmark = pytest.mark.question("concept_check")

FORM = {
    "mnist_task": "str",
    "age_task": "str",
    "mnist_inputs": "number",
    "mnist_outputs": "number",
    "training_steps": "list",
    "one_layer_can_learn_xor": "bool",
    "stacked_linear_layers": "str",
    "hidden_layer_approximates": "str",
    "sigmoid_grad_max": "number",
    "tanh_grad_max": "number",
    "relu_problem": "str",
    "leaky_coefficient": "number",
    "c_infinity_activations": "set",
    "gd_direction": "str",
    "batch_gd_cost": "str",
    "sgd_noise": "str",
    "test_data_use": "str",
}


@pytest.mark.points(0.5)
@pytest.mark.hint("The docstring lists the seventeen keys and the kind of each answer.")
def test_form_of_the_answers(student):
    """concept_check returns a dict with the seventeen keys, each answer of the kind that is asked for."""
    answers = student.concept_check()

    assert isinstance(answers, dict), "return a dict"
    kinds = {key: type(answer).__name__ for key, answer in answers.items()}
    assert_same({key: "number" if kind in {"int", "float"} else kind for key, kind in kinds.items()}, FORM)
