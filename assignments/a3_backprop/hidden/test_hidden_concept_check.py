"""Hidden tests of concept_check."""

import pytest

from coursekit import assert_answers

pytestmark = pytest.mark.question("concept_check")

RECALLED = {"mnist_inputs", "mnist_outputs", "leaky_coefficient"}


@pytest.mark.points(1.5)
@pytest.mark.hint("Read the handout's section on training, and the docstring for the form of each answer.")
def test_answers(student, reference):
    """concept_check answers the fourteen questions of the lecture that ask for understanding."""
    key = {name: answer for name, answer in reference.concept_check().items() if name not in RECALLED}

    assert_answers(student.concept_check(), key)


@pytest.mark.points(0)
@pytest.mark.hint("Three numbers that the lecture names: they can be looked up, so they give no points.")
def test_numbers_of_the_lecture(student, reference):
    """concept_check knows three numbers of the lecture."""
    key = {name: answer for name, answer in reference.concept_check().items() if name in RECALLED}

    assert_answers(student.concept_check(), key)
