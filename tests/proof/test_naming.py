"""Whether a known mistake is called by its name, and by no other."""

from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.authoring.mistakes import Mistake
from autograder.proof.claims import is_caught
from autograder.proof.naming import Naming, misnamed, naming
from autograder.questions import Question
from autograder.results.grade import Grade, judge
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

HINT, FITS = "Rotate the kernel.", "This is cross-correlation."
SPEC = Spec("test_x::test_y", "x", "X holds.", points=4, hint="Look at the kernel.")
ASSIGNMENT = Assignment(Path("small"), "Small", ("x.py",), 4, (Question("x", "X"),))
MISTAKE = Mistake("1", "does not rotate", "x", HINT, (), (), "mistakes.toml:3", fits=(FITS,))


def _grade(*findings: str, summary: str = "all elements differ") -> Grade:
    cases = [Case(SPEC.id, finding, Verdict.FAILED, summary=summary, finding=finding) for finding in findings]
    return Grade(ASSIGNMENT, "x.py", judge(ASSIGNMENT, [SPEC], cases))


@pytest.mark.parametrize(
    ("finding", "summary", "expected"),
    [
        (HINT, "all elements differ", Naming.NAMED),
        (FITS, "all elements differ", Naming.NAMED),
        (f"{HINT} Or: Pad more.", "all elements differ", Naming.NAMED),
        ("", f"{HINT} It is not.", Naming.TOLD),
        ("The sign is wrong.", "all elements differ", Naming.FACT),
        ("Pad more.", "all elements differ", Naming.HINT),
        ("", "all elements differ", Naming.HINT),
    ],
)
def test_the_best_that_a_report_says_counts(finding: str, summary: str, expected: Naming) -> None:
    """Its own name, what the check saw, a fact about the result, or the test's hint alone."""
    assert naming(_grade(finding, summary=summary), MISTAKE) is expected


def test_another_name_is_wrong_in_any_case_of_a_test() -> None:
    """A report tells of one case; with other inputs it would be another."""
    assert misnamed(_grade(HINT, "Pad more."), MISTAKE) == {SPEC.id: "Pad more."}


@pytest.mark.parametrize("finding", [HINT, FITS, "The result is 3 times what it should be.", ""])
def test_what_is_true_is_not_wrong(finding: str) -> None:
    """Its hint, what fits it, and how the result differs."""
    assert misnamed(_grade(finding), MISTAKE) == {}


def test_a_mistake_that_is_taken_for_another_breaks_its_claim() -> None:
    """Beside the right name a wrong one misleads."""
    assert is_caught(_grade(HINT), MISTAKE) == ""
    assert is_caught(_grade(HINT, "Pad more."), MISTAKE) == f"it is taken for another: {SPEC.id} says 'Pad more.'"
