"""What a proof shows beyond its claims: which test catches what, where a suite is thin, and how tolerances fit."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.proof.claims import Claim, Kind

_WRONG = {Kind.MISTAKE, Kind.MUTANT}
_FEW = 2  # tests that catch something in a question; with fewer, one deleted test leaves it open
_TIGHT = 0.5  # of a tolerance: right hand-ins that use more are near to being refused on another machine
_LOOSE, _SEEN = 100, 1e-3  # a wrong hand-in inside of a tolerance uses so many times what right ones use, and so much


@dataclass(frozen=True)
class Tolerance:
    """How one test's tolerance lies between right and wrong answers; each number is a share of what is allowed.

    Attributes:
        test: its id.
        needed: the most that a right hand-in uses: over seeds, salts, orders, threads and all accepted solutions.
        inside: the most that a wrong hand-in uses without being refused; 0 when none differs at all.
        outside: the least that a refused one uses; infinite where none was refused by a comparison.
    """

    test: str
    needed: float
    inside: float = 0.0
    outside: float = math.inf

    @property
    def finding(self) -> str:
        """Say whether it is too tight or too loose; empty when neither."""
        if self.needed > _TIGHT:
            return f"too tight: right solutions use {self.needed:.0%} of what it allows"
        if self.inside > max(_SEEN, _LOOSE * self.needed):
            return f"too loose: a wrong solution passes with {self.inside:.2g} of it, right ones need {self.needed:.2g}"
        return ""


@dataclass(frozen=True)
class Findings:
    """What the claims about one assignment show.

    Attributes:
        tests: id → the test as its marks describe it.
        caught: test → texts of the mistakes and mutants that cost it points.
        alone: test → how many mistakes no other test catches.
        idle: tests that catch no mistake and no mutant, or none that another does not catch.
        thin: question → the few tests that catch anything in it.
        unseen: tests whose hint was never shown by a mistake.
        tolerances: of every test that compares numbers.
        living: mutants that live, the most suspicious first.
    """

    tests: dict[str, Any] = field(default_factory=dict)
    caught: dict[str, list[str]] = field(default_factory=dict)
    alone: Counter[str] = field(default_factory=Counter)
    idle: list[str] = field(default_factory=list)
    thin: dict[str, list[str]] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)
    tolerances: list[Tolerance] = field(default_factory=list)
    living: list[Claim] = field(default_factory=list)


def findings(claims: Sequence[Claim]) -> Findings:
    """Read the claims about one assignment."""
    tests: dict[str, Any] = next((claim.evidence["tests"] for claim in claims if "tests" in claim.evidence), {})
    wrong = [claim for claim in claims if claim.kind in _WRONG]
    caught, alone = catches(wrong), needed_alone(wrong)
    by_question: dict[str, set[str]] = {test["question"]: set() for test in tests.values() if test["points"]}
    for test in caught.keys() & tests.keys():
        by_question.setdefault(tests[test]["question"], set()).add(test)
    hinted = {test for claim in wrong for test in claim.evidence.get("hinted", ())}
    margins = tolerances(claims)
    return Findings(
        tests=tests,
        caught=caught,
        alone=alone,
        idle=[test for test in tests if not alone[test]],
        thin={question: sorted(killers) for question, killers in by_question.items() if len(killers) < _FEW},
        unseen=[test for test, spec in tests.items() if spec["hint"] and test not in hinted],
        tolerances=margins,
        living=_by_suspicion(
            [claim for claim in wrong if "mutant" in claim.evidence and not claim.holds], tests, margins
        ),
    )


def catches(wrong: Sequence[Claim]) -> dict[str, list[str]]:
    """Give, for each test, the mistakes and mutants that cost it points."""
    found: dict[str, list[str]] = defaultdict(list)
    for claim in wrong:
        for test in claim.evidence.get("lost", {}):
            found[test].append(claim.text)
    return dict(found)


def needed_alone(wrong: Sequence[Claim]) -> Counter[str]:
    """Count, for each test, the mistakes that no other test catches: without it, they would live."""
    found: Counter[str] = Counter()
    for claim in wrong:
        lost = claim.evidence.get("lost", {})
        if claim.kind is Kind.MISTAKE and len(lost) == 1:
            found.update(lost.keys())
    return found


def tolerances(claims: Sequence[Claim]) -> list[Tolerance]:
    """Set what right hand-ins need of each tolerance against what wrong ones come to; the tightest first."""
    needed: dict[str, float] = {}
    inside: dict[str, float] = {}
    outside: dict[str, float] = {}
    for claim in claims:
        for test, used in claim.evidence.get("margins", {}).items():
            if claim.kind is Kind.RIGHT and claim.holds:
                needed[test] = max(used, needed.get(test, 0.0))
            elif claim.kind in _WRONG and used > 1:
                outside[test] = min(used, outside.get(test, math.inf))
            elif claim.kind in _WRONG and test not in claim.evidence["lost"]:
                inside[test] = max(used, inside.get(test, 0.0))
    found = [Tolerance(t, used, inside.get(t, 0.0), outside.get(t, math.inf)) for t, used in needed.items()]
    return sorted(found, key=lambda tolerance: -tolerance.needed)


def _by_suspicion(living: Sequence[Claim], tests: dict[str, Any], margins: Sequence[Tolerance]) -> list[Claim]:
    """Sort mutants that live: first those that change an answer inside of a tolerance, then by what is at stake."""
    usual = {tolerance.test: tolerance.needed for tolerance in margins}
    points: Counter[str] = Counter()
    for test in tests.values():
        points[test["question"]] += test["points"]

    def suspicion(claim: Claim) -> tuple[bool, float]:
        used = claim.evidence.get("margins", {}).items()
        differs = any(share > max(_SEEN, _LOOSE * usual.get(test, 0.0)) for test, share in used)
        return differs, sum(points[question] for question in claim.evidence.get("questions", ()))

    return sorted(living, key=suspicion, reverse=True)
