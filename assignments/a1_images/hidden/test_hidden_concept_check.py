"""Hidden tests of concept_check."""

import pytest

from coursekit import assert_answers

pytestmark = pytest.mark.question("concept_check")

TRIVIA = {"cv_definition_output", "applications"}  # to remember, not to understand: no points


@pytest.mark.points(2)
@pytest.mark.hint(
    "Read the handout's sections on pixels, channels and layouts, and the docstring for the answers' form."
)
def test_answers(student, reference):
    """concept_check answers the five questions on layouts, sizes and ranges."""
    key = {name: answer for name, answer in reference.concept_check().items() if name not in TRIVIA}

    assert_answers(student.concept_check(), key)


@pytest.mark.points(0)
@pytest.mark.hint("Read the handout's first section.")
def test_trivia(student, reference):
    """concept_check knows what computer vision is and where it is used; this carries no points."""
    key = {name: answer for name, answer in reference.concept_check().items() if name in TRIVIA}

    assert_answers(student.concept_check(), key)
