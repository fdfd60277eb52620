"""Prove, by running it, that a suite grades what it claims to."""

import hashlib
import queue
import random
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, Self

from autograder.assignment import Assignment
from autograder.authoring.mistakes import Mistake
from autograder.authoring.variants import require_followed
from autograder.errors import AutograderError
from autograder.grading.grade import Grader, Order
from autograder.proof import cache, claims
from autograder.proof.budget import within_budget
from autograder.proof.claims import Claim, Kind
from autograder.proof.container import within_container
from autograder.proof.leaks import leaks
from autograder.proof.mutants import Mutant, load_equivalents, mutants_of, stale
from autograder.proof.reach import Reach
from autograder.proof.trials import Trial, mutated, solved, trials_of
from autograder.results.grade import Grade

_MORE_SALTS = 2
_LEAST_DEAD = 0.95  # of the mutants that are not recorded as equivalent
_MUTANT_TIMES, _MUTANT_SECONDS = 20, 1.0  # a mutant's test may take so many times the reference's seconds, and these


@dataclass(frozen=True)
class Proof:
    """How a proof is made.

    Attributes:
        workers: how many graders run at once.
        quick: leave out generated mutants, further seeds and salts, the budget, slow tests after the first, and what
            a mistake costs after its hint was shown, and in questions that it does not name.
        store: file of proofs that were made before; None forgets them.
        base: image on which the container is built that must grade the reference, too; none when empty.
    """

    workers: int = 2
    quick: bool = False
    store: Path | None = None
    base: str = ""


def claims_about(assignment: Assignment, salt: str, proof: Proof | None = None) -> Iterator[Claim]:
    """Prove an assignment's claims, one after the other.

    Args:
        assignment: whose suite it is.
        salt: the course's salt.
        proof: how.
    """
    start, proof = perf_counter(), proof or Proof()
    try:
        require_followed(assignment)
        trials = trials_of(assignment, quick=proof.quick)
        with _Bench(assignment, salt, proof) as bench:
            text = f"the suite's points add up to {assignment.points:g}"
            yield Claim(assignment.name, text, evidence={"tests": {spec.id: asdict(spec) for spec in bench.specs}})
            yield from bench.prove(trials)
            if not proof.quick:
                yield from _about_mutants(assignment, bench)
        if not proof.quick:
            yield from _about_salts(assignment, salt, proof)
            yield within_budget(assignment, salt)
        if proof.base:
            yield within_container(assignment, salt, proof.base)
        start = perf_counter()
        found = leaks(assignment)
        text, seconds = "nothing hidden is in what ships", perf_counter() - start
        yield Claim(assignment.name, text, broken="; ".join(found), seconds=seconds)
    except AutograderError as error:
        broken, seconds = f"not proven: {error}", perf_counter() - start
        yield Claim(assignment.name, "the suite can be used", broken=broken, seconds=seconds)


def _about_mutants(assignment: Assignment, bench: "_Bench") -> Iterator[Claim]:
    """Prove that generated mutants die, but for those that are recorded as equivalent."""
    mutants, records = mutants_of(assignment), load_equivalents(assignment)
    for error in stale(records, mutants):
        yield Claim(assignment.name, "a record of an equivalent mutant applies", broken=str(error))
    weights = solved(assignment).weights
    wanted = [mutant for mutant in mutants if not any(record.fits(mutant) for record in records)]
    dead = 0
    for claim in bench.prove([mutated(mutant, weights) for mutant in wanted]):
        dead += claim.holds
        yield claim
    living = len(wanted) - dead
    text = f"at least {_LEAST_DEAD:.0%} of the generated mutants die"
    broken = f"{living} of {len(wanted)} live" if dead < _LEAST_DEAD * len(wanted) else ""
    shown = {"mutants": len(mutants), "equivalent": len(mutants) - len(wanted), "living": living}
    yield Claim(assignment.name, text, broken=broken, evidence=shown)


def _about_salts(assignment: Assignment, salt: str, proof: Proof) -> Iterator[Claim]:
    """Prove the reference under other salts, as other courses have them."""
    for number in range(1, _MORE_SALTS + 1):
        other = hashlib.sha256(f"{salt} {number}".encode()).hexdigest()
        with _Bench(assignment, other, replace(proof, workers=1)) as bench:
            said = f"the reference earns everything under another course's salt ({number})"
            yield from bench.prove([solved(assignment, said)])


class _Bench:
    """Graders that try hand-ins side by side; use as a context manager."""

    def __init__(self, assignment: Assignment, salt: str, proof: Proof) -> None:
        self._assignment, self._salt, self._proof = assignment, salt, proof
        self._graders: queue.SimpleQueue[Grader] = queue.SimpleQueue()
        self._cache, self._reach = cache.Cache(proof.store), Reach(assignment)
        self._seconds: dict[str, float] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        for _ in range(self._proof.workers):
            grader = self._stack.enter_context(Grader(self._assignment, self._salt))
            self._graders.put(grader)
            self.specs = grader.specs
        self._foundation = cache.foundation(self._assignment, self._salt)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def prove(self, trials: Iterable[Trial]) -> Iterator[Claim]:
        """Try each hand-in, or remember how it went; in the order of the trials."""
        with ThreadPoolExecutor(self._proof.workers) as pool:
            yield from pool.map(self._prove, trials)

    def _prove(self, trial: Trial) -> Claim:
        order = self._order(trial)
        weights, tests = sorted(trial.weights.items()), sorted(order.tests or ())
        judged = (trial.mistake.hint, trial.mistake.fits, trial.mistake.also) if trial.mistake else ()
        asked = (order.run_seed, order.until_lost, *tests, *judged)
        key = cache.key(self._foundation, trial.text, trial.source, weights, *asked)
        found = self._cache.get(key)
        claim = Claim(self._assignment.name, trial.text, trial.kind, **(found or self._found(trial, order, key)))
        if trial.kind is Kind.RIGHT:
            self._seconds |= claim.evidence["seconds"]
        return replace(claim, cached=bool(found))

    def _found(self, trial: Trial, order: Order, key: str) -> dict[str, Any]:
        """Try a hand-in, and remember how it went, unless the grader broke on it."""
        start, grade = perf_counter(), self._grade(trial, order)
        broken, seen = trial.broken(grade), claims.evidence(grade)
        if broken and (more := self._more(trial, order)):
            grade = self._grade(trial, more)
            broken = trial.broken(grade)
            seen = seen if broken and trial.mutant else claims.evidence(grade)
        found = {"broken": broken, "evidence": seen | self._about(trial), "seconds": perf_counter() - start}
        if not grade.fault:
            self._cache.put(key, found)
        return found

    def _more(self, trial: Trial, order: Order) -> Order | None:
        """Say what a hand-in meets that was not caught at first: a mutant slow tests, a mistake all of its own."""
        if trial.mistake and order.until_lost:
            return replace(order, until_lost=False)
        slow = self._reach.tests(trial.changed, (spec for spec in self.specs if spec.slow)) if trial.mutant else ()
        return Order(tuple(slow), until_lost=True, margins=True) if slow else None

    def _about(self, trial: Trial) -> dict[str, Any]:
        """Say where in the suite a wrong hand-in belongs."""
        if trial.mutant:
            return {"questions": self._questions(trial.mutant), "mutant": trial.mutant.diff}
        return {"questions": [trial.mistake.question]} if trial.mistake else {}

    def _questions(self, mutant: Mutant) -> list[str]:
        name = mutant.function.split(".")[0]
        return [question.id for question in self._assignment.questions if name in question.functions]

    def _grade(self, trial: Trial, order: Order) -> Grade:
        grader = self._graders.get()
        try:
            return grader.grade_files(trial.hand_in(self._assignment), order=order)
        finally:
            self._graders.put(grader)

    def _order(self, trial: Trial) -> Order:
        specs = [spec for spec in self.specs if trial.slow or not spec.slow]
        if self._proof.quick and trial.mistake:
            specs = [spec for spec in specs if spec.question == trial.mistake.question]
        tests = self._reach.tests(trial.changed, specs) if trial.changed else [spec.id for spec in specs]
        if trial.shuffled:
            random.Random(trial.run_seed).shuffle(tests)  # noqa: S311 - an order, no secret
        if trial.mutant:
            return self._until_killed(trial.mutant, tests)
        if self._proof.quick and trial.mistake:
            return self._until_hinted(trial.mistake, tests)
        return Order(tuple(tests), trial.run_seed, as_given=trial.shuffled, margins=True)

    def _until_killed(self, mutant: Mutant, tests: list[str]) -> Order:
        """Run the tests of the mutant's own questions first, the cheapest of them first, up to the first loss."""
        own, question = self._questions(mutant), {spec.id: spec.question for spec in self.specs}
        took = {test: self._seconds.get(test, 0.0) for test in tests}
        first = sorted(tests, key=lambda test: (question[test] not in own, took[test]))
        seconds = min(
            self._assignment.limits.seconds, _MUTANT_SECONDS + _MUTANT_TIMES * max(took.values(), default=0.0)
        )
        return Order(tuple(first), seconds=seconds, as_given=True, until_lost=True, margins=True)

    def _until_hinted(self, mistake: Mistake, tests: list[str]) -> Order:
        """Run the tests whose hint a mistake must show first, up to the first loss: one with the hint is enough."""
        hints = {spec.id: spec.hint for spec in self.specs}
        first = sorted(tests, key=lambda test: mistake.hint not in hints[test])
        return Order(tuple(first), as_given=True, until_lost=True, margins=True)
