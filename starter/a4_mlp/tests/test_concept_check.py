"""Public test of concept_check: its form, not its answers."""

import pytest

from coursekit import assert_same

pytestmark = pytest.mark.question("concept_check")

FORM = {
    "crossentropy_includes_softmax": bool,
    "nllloss_expects": str,
    "tune_on": str,
    "test_set_use": str,
    "hyperparameters": set,
    "underfitting_fix": str,
    "overfitting_fix": str,
    "slow_learning_fix": str,
    "unstable_fix": str,
    "augment": str,
    "minority_weight": str,
    "missing_zero_grad": str,
    "dynamic_graph": bool,
}


@pytest.mark.points(0.5)
@pytest.mark.hint("The docstring lists the thirteen keys and the kind of each answer.")
def test_form_of_the_answers(student):
    """concept_check returns a dict with the thirteen keys, each answer of the kind that is asked for."""
    answers = student.concept_check()

    assert isinstance(answers, dict), "return a dict"
    assert_same(
        {key: type(answer).__name__ for key, answer in answers.items()}, {k: t.__name__ for k, t in FORM.items()}
    )
