"""What a suite claims, the hand-ins that prove it, and what their grades say."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from autograder.authoring.mistakes import Mistake
from autograder.proof.mutants import Mutant
from autograder.proof.naming import misnamed
from autograder.results.grade import Grade, TestResult
from autograder.results.wording import message
from coursekit.verdicts import Verdict

_MOST_WORDS = 300
_OUTSIDE = {Verdict.NOT_RUN, Verdict.AWAITING}  # no test was run
_UNDECIDED = {Verdict.NOT_GRADED, *_OUTSIDE}


class Kind(StrEnum):
    """What a claim is about."""

    SUITE = "suite"  # the suite and what ships, not one hand-in
    RIGHT = "right"  # a hand-in that must earn everything
    EMPTY = "empty"  # one that must earn nothing
    MISTAKE = "mistake"
    MUTANT = "mutant"


@dataclass(frozen=True)
class Claim:
    """One thing that a suite claims, and whether it holds.

    Attributes:
        assignment: the assignment's name.
        text: the claim, as one sentence.
        kind: what it is about.
        broken: what was seen instead; empty when the claim holds.
        seconds: what the proof took when it was made.
        evidence: what was seen: see `evidence`.
        cached: whether the proof was made earlier, on the same content.
    """

    assignment: str
    text: str
    kind: Kind = Kind.SUITE
    broken: str = ""
    seconds: float = 0.0
    evidence: Mapping[str, Any] = field(default_factory=dict)
    cached: bool = False

    @property
    def holds(self) -> bool:
        """Whether the claim was proven."""
        return not self.broken

    @property
    def fails(self) -> bool:
        """Whether the whole proof fails by it; that one mutant lives is a finding, that many do another claim."""
        return not self.holds and self.kind is not Kind.MUTANT

    def data(self) -> dict[str, Any]:
        """Give the claim as JSON data."""
        return asdict(self) | {"holds": self.holds}


def evidence(grade: Grade) -> dict[str, Any]:
    """Keep of a grade what a proof shows, by the ids of tests.

    Returns:
        score: points; lost: the tests that lost some → their verdicts; hinted: those of them that showed their hint;
        seconds: what each test took; margins: how much of its tolerance each comparing test used at most, as
        `coursekit.margins` measures it.
    """
    lost = _lost(grade)
    shown = [r.spec.id for r in lost if r.spec.hint and r.spec.hint in message(r, grade.assignment)]
    measured = {r.spec.id: [case.margin for case in r.cases if case.margin is not None] for r in grade.results}
    return {
        "score": grade.score,
        "lost": {result.spec.id: str(result.verdict) for result in lost},
        "hinted": shown,
        "seconds": {result.spec.id: round(result.seconds, 4) for result in grade.results if result.cases},
        "margins": {test: max(margins) for test, margins in measured.items() if margins},
    }


def earns_everything(grade: Grade) -> str:
    """Say what a right hand-in lost; empty where it earns all that the tests that were run give."""
    ran = [result for result in grade.results if result.verdict not in _OUTSIDE]
    lost = [result for result in ran if not result.whole and not _lacks_device(result)]
    return said(grade, lost) if lost or grade.fault or not ran else ""


def earns_nothing(grade: Grade) -> str:
    """Say what an empty hand-in earned; empty where it is nothing."""
    wrong = [result for result in grade.results if result.score or not result.final]
    if grade.badges and not wrong:
        return f"it earns {', '.join(grade.badges)}"
    return said(grade, wrong) if wrong else ""


def is_untouched(grade: Grade) -> str:
    """Say what a starter earned or attempted; empty where everything is still to do."""
    allowed = {Verdict.NOT_ATTEMPTED, Verdict.NOT_GRADED, Verdict.AWAITING}
    attempted = [result for result in grade.results if result.verdict not in allowed and not _is_given(result)]
    return earns_nothing(grade) or said(grade, attempted)


def is_caught(grade: Grade, mistake: Mistake) -> str:
    """Say how a known mistake gets away.

    Empty where it costs its question, with its hint and no other mistake's name, and nothing else.
    """
    lost = _lost(grade)
    here = [result for result in lost if result.spec.question == mistake.question]
    elsewhere = [result for result in lost if result.spec.question not in {mistake.question, *mistake.also}]
    if faults := [result for result in lost if not result.final]:
        return said(grade, faults)
    if not here:
        return f"it lives: {mistake.question} keeps all of its points"
    if not any(mistake.hint in message(result, grade.assignment) for result in here):
        return f"its hint '{mistake.hint}' is not shown by {', '.join(result.spec.id for result in here)}"
    for test, name in misnamed(grade, mistake).items():
        return f"it is taken for another: {test} says '{name}'"
    return f"it costs other questions too: {said(grade, elsewhere)}" if elsewhere else ""


def is_killed(grade: Grade, mutant: Mutant) -> str:
    """Say that a mutant lives; empty where a test loses a case by it, or crashes in the test's own words."""
    lost = [case for r in grade.results for case in r.cases if case.fraction < 1 and case.verdict not in _UNDECIDED]
    return "" if lost or grade.problem else grade.fault or f"it lives: {mutant.diff}"


def said(grade: Grade, results: list[TestResult]) -> str:
    """Tell of the first of some results, and how many more there are."""
    if not results:
        return grade.fault or grade.problem
    worst = results[0]
    more = f" and {len(results) - 1} more" if len(results) > 1 else ""
    case = worst.worst
    words = " ".join(f"{case.case} {case.finding} {case.summary} {case.details}".split()) if case else ""
    seen = f"{grade.score:g} points; {worst.spec.id}{more}: {worst.verdict}: {words[:_MOST_WORDS]}"
    return f"{seen} {grade.problem}".strip()


def _lost(grade: Grade) -> list[TestResult]:
    """List the tests that were decided, and not in full."""
    return [result for result in grade.results if not result.whole and result.verdict not in _UNDECIDED]


def _lacks_device(result: TestResult) -> bool:
    """Whether a test without points was not graded, such as one that needs a GPU where there is none."""
    return result.spec.points == 0 and result.verdict is Verdict.NOT_GRADED


def _is_given(result: TestResult) -> bool:
    """Whether a test without points passes on the starter: it shows a helper that is given."""
    return result.spec.points == 0 and result.whole
