"""Public test of concept_check: its form, not its answers."""

import pytest

from coursekit import assert_same

pytestmark = pytest.mark.question("concept_check")

LAYOUT_NAMES = {"NCHW", "NHWC", "HWC", "CHW"}
CHOICES = {
    "layout_pytorch": LAYOUT_NAMES,
    "layout_tensorflow": LAYOUT_NAMES,
    "layout_pil": LAYOUT_NAMES,
    "cv_definition_output": {"meaningful information", "sharper images", "smaller files"},
}
OTHERS = {"rgb_1080p_square_values": (int,), "uint8_range": (list, tuple), "applications": (set, list, tuple)}


@pytest.mark.points(1)
@pytest.mark.hint("The docstring lists the seven keys, and what each answer may be.")
def test_form_of_the_answers(student):
    """concept_check returns a dict with the seven keys, each answer of the kind that is asked for."""
    answers = student.concept_check()

    assert isinstance(answers, dict), "return a dict"
    assert_same(sorted(map(str, answers)), sorted({**CHOICES, **OTHERS}))
    for key, choices in CHOICES.items():
        assert isinstance(answers[key], str), f"{key} is text"
        assert answers[key].strip().casefold() in map(str.casefold, choices), f"{key} is one of {sorted(choices)}"
    for key, kinds in OTHERS.items():
        assert type(answers[key]) in kinds, f"{key} is of kind {kinds[0].__name__}"
