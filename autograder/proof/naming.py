"""Whether the misconceptions that tests recognise in a known mistake are its own."""

from collections.abc import Iterator
from enum import StrEnum

from autograder.authoring.mistakes import Mistake
from autograder.results.grade import Grade, TestResult
from autograder.results.wording import telling
from coursekit.misconceptions import is_fact


class Naming(StrEnum):
    """What a report says of a known mistake, the best first."""

    NAMED = "named"  # a misconception was recognised, and it is this one
    TOLD = "told"  # the check itself saw what is wrong, such as a changed argument
    FACT = "fact"  # how the result differs, such as a factor, was recognised
    HINT = "hint"  # none of these: the test's own hint


def naming(grade: Grade, mistake: Mistake) -> Naming:
    """Say how a mistake's report comes to what is wrong.

    Args:
        grade: the mistake's, of all tests that can notice it.
        mistake: the mistake.
    """
    told = [case for result in _lost(grade) if (case := telling(result))]
    if any(_fits(case.finding, mistake) for case in told):
        return Naming.NAMED
    if any(mistake.hint in case.summary for case in told):
        return Naming.TOLD
    return Naming.FACT if any(case.finding and is_fact(case.finding) for case in told) else Naming.HINT


def misnamed(grade: Grade, mistake: Mistake) -> dict[str, str]:
    """Find the misconceptions that were recognised and are not this mistake.

    Every case counts, not only the one that a report tells of: other inputs may bring another to the front.

    Returns:
        id of the test → what it names.
    """
    return {
        result.spec.id: finding
        for result in _lost(grade)
        for finding in (case.finding for case in result.cases)
        if finding and not is_fact(finding) and not _fits(finding, mistake)
    }


def _fits(finding: str, mistake: Mistake) -> bool:
    return any(own in finding for own in (mistake.hint, *mistake.fits))


def _lost(grade: Grade) -> Iterator[TestResult]:
    return (result for result in grade.results if not result.whole)
