"""One hand-in's grade: what each test earned, and why."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from autograder.assignment import Assignment
from autograder.questions import WRITTEN, Question
from coursekit.recording import Spec, combined
from coursekit.verdicts import Case, Verdict


@dataclass(frozen=True)
class TestResult:
    """One test's outcome.

    Attributes:
        spec: the test as its marks describe it.
        number: "3.2", second test of the third question.
        verdict: the worst of its cases.
        score: points earned, 0 to spec.points.
        cases: its cases, in the order they ran; fewer than spec.cases where the grading was cut short.
    """

    __test__ = False  # pytest would take the name for a test class

    spec: Spec
    number: str
    verdict: Verdict
    score: float
    cases: tuple[Case, ...] = ()

    @property
    def seconds(self) -> float:
        """Wall-clock seconds of all cases."""
        return math.fsum(case.seconds for case in self.cases)

    @property
    def whole(self) -> bool:
        """Whether every case passed in full; tells success from failure where a test gives no points, too."""
        return self.spec.share(self.cases) == 1

    @property
    def final(self) -> bool:
        """Whether the score counts: a fault of the grader is no zero."""
        return self.verdict is not Verdict.GRADER_ERROR

    @property
    def worst(self) -> Case | None:
        """The case that decided the verdict; None when none ran."""
        return next((case for case in self.cases if case.verdict is self.verdict), None)


@dataclass(frozen=True)
class Grade:
    """A graded hand-in.

    Attributes:
        assignment: what was graded.
        hand_in: the hand-in's name, as in the folder or on the command line; student text, so escape it.
        results: every test of the suite, in the order of the report.
        members: who handed in together, as the hand-in says; empty when it does not say.
        problem: what kept the whole hand-in from being graded (no module, a syntax error, …); student text.
        fault: what the grader itself broke on, for the instructor; empty when nothing.
        notes: remarks for the student about the whole hand-in, such as files that were left out.
        seconds: wall-clock seconds of the grading.
        unconfined: what kept the student's code from being confined; empty when it was confined.
        versions: package → version that the grade was made with.
    """

    assignment: Assignment
    hand_in: str
    results: tuple[TestResult, ...]
    members: tuple[str, ...] = ()
    problem: str = ""
    fault: str = ""
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    unconfined: str = ""
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """Points earned, 0 to the assignment's points, rounded to a hundredth."""
        return round(math.fsum(result.score for result in self.results), 2)

    @property
    def final(self) -> bool:
        """Whether no test met a fault of the grader."""
        return not self.fault and all(result.final for result in self.results)

    @property
    def awaited(self) -> float:
        """Points of written questions that no person has marked yet; while there are any, the score is not complete."""
        return math.fsum(result.spec.points for result in self.results if result.verdict is Verdict.AWAITING)

    @property
    def badges(self) -> tuple[str, ...]:
        """Badges of the questions whose tests all passed in full."""
        questions = [question for question in self.assignment.questions if question.badge]
        return tuple(q.badge for q in questions if self.of(q) and all(result.whole for result in self.of(q)))

    @property
    def flags(self) -> tuple[str, ...]:
        """What the tests point out to the instructor; no student reads it."""
        return tuple(flag for result in self.results for case in result.cases for flag in case.flags)

    @property
    def leaderboard(self) -> tuple[tuple[str, float, str], ...]:
        """Entries (name, value, "asc" or "desc") for the course's leaderboard."""
        return tuple(entry for result in self.results for case in result.cases for entry in case.leaderboard)

    def of(self, question: Question) -> list[TestResult]:
        """Results of one question."""
        return [result for result in self.results if result.spec.question == question.id]


def judge(assignment: Assignment, specs: Iterable[Spec], cases: Sequence[Case]) -> tuple[TestResult, ...]:
    """Add up what the cases of each test earned.

    Args:
        assignment: the manifest, which gives the order of the questions.
        specs: every test of the suite; one without cases was not run, and still counts in the total. A written
            question has none, and awaits a person.
        cases: what became of the cases that ran.
    """
    by_test: dict[str, list[Case]] = {}
    for case in cases:
        by_test.setdefault(case.test, []).append(case)
    specs = list(specs)
    results: list[TestResult] = []
    for place, question in enumerate(assignment.questions, 1):
        for index, spec in enumerate((s for s in specs if s.question == question.id), 1):
            own = tuple(by_test.get(spec.id, ()))
            results.append(TestResult(spec, f"{place}.{index}", combined(own), spec.earned(own), own))
        if question.kind == WRITTEN:
            spec = Spec(question.id, question.id, question.title, question.points)
            results.append(TestResult(spec, f"{place}.1", Verdict.AWAITING, 0.0))
    return tuple(results)
