"""Public test of concept_check: its form, not its answers."""

import pytest

from coursekit import assert_same

pytestmark = pytest.mark.question("concept_check")

FORM = {
    "detector_task": str,
    "segmentation_output": str,
    "object_detection_output": str,
    "cuda_without_gpu": str,
    "conv2d_flips_kernel": bool,
    "pretrained_flag": str,
    "three_cnn_operations": set,
    "why_not_mlp": set,
    "batchnorm_in_evaluation": str,
    "statistics_from": str,
    "select_on": str,
    "frozen_in_optimizer": bool,
}


@pytest.mark.points(0.5)
@pytest.mark.hint("The docstring lists the twelve keys and the kind of each answer.")
def test_form_of_the_answers(student):
    """concept_check returns a dict with the twelve keys, each answer of the kind that is asked for."""
    answers = student.concept_check()

    assert isinstance(answers, dict), "return a dict"
    assert_same(
        {key: type(answer).__name__ for key, answer in answers.items()}, {k: t.__name__ for k, t in FORM.items()}
    )
