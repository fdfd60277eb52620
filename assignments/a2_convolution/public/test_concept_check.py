"""Public test of concept_check: its form, not its answers."""

import pytest

from coursekit import assert_same

pytestmark = pytest.mark.question("concept_check")

FORM = {
    "translation_robust_layer": str,
    "same_padding_7x7": int,
    "kernel_512_to_508": str,
    "pool_504": int,
    "filter_4x4_weights": int,
    "nn_conv2d_flips_kernel": bool,
    "common_paddings": set,
}


@pytest.mark.points(0.5)
@pytest.mark.hint("The docstring lists the seven keys and the kind of each answer.")
def test_form_of_the_answers(student):
    """concept_check returns a dict with the seven keys, each answer of the kind that is asked for."""
    answers = student.concept_check()

    assert isinstance(answers, dict), "return a dict"
    assert_same(
        {key: type(answer).__name__ for key, answer in answers.items()}, {k: t.__name__ for k, t in FORM.items()}
    )
