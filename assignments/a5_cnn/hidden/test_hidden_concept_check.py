"""Hidden test of concept_check."""

import pytest

from coursekit import assert_answers

pytestmark = pytest.mark.question("concept_check")


@pytest.mark.points(1.5)
@pytest.mark.hint(
    "Read the handout's sections on networks, devices and transfer, and the docstring for the form of each answer."
)
def test_answers(student, reference):
    """concept_check answers the twelve questions of the lectures."""
    key = reference.concept_check()

    assert_answers(student.concept_check(), key)
