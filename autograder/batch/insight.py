"""What a run says about a class: how hard its questions are, and who went wrong in the same way."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import StatisticsError, correlation, fmean, median

from autograder.results.grade import Grade, TestResult
from autograder.results.summary import QuestionScore, Summary, fault_of, summary_of
from autograder.results.wording import one_line, telling
from coursekit.recording import Spec
from coursekit.verdicts import Verdict

_BARS = 10
_FAR = 3.5  # robust standard deviations; Iglewicz and Hoaglin, How to detect and handle outliers (1993)
_ROBUST = 1.4826  # makes the median absolute deviation of normal values their standard deviation
_UNJUDGED = (Verdict.DECIDED, Verdict.AWAITING, Verdict.NOT_RUN, Verdict.GRADER_ERROR)


@dataclass(frozen=True)
class Wrong:
    """A test's wrong answers in one hand-in.

    Attributes:
        digest: equal for two hand-ins whose failing cases give the same summaries, findings and details.
        said: what the case that tells most says, on one line; student text, so escape it.
    """

    digest: bytes
    said: str


@dataclass(frozen=True)
class Ran:
    """What became of a test in one hand-in.

    Attributes:
        whole: whether every case passed in full.
        seconds: wall-clock seconds.
        wrong: its wrong answers; None where it has none that could be compared.
    """

    whole: bool
    seconds: float
    wrong: Wrong | None


@dataclass(frozen=True)
class HandedIn:
    """A graded hand-in without what its tests say.

    Attributes:
        name: by which people find it; student text.
        folder: where its results lie.
        summary: its grade in short.
        fault: what the grader broke on; empty when nothing.
        tests: id → what became of it, of the tests that were judged.
    """

    name: str
    folder: str
    summary: Summary
    fault: str
    tests: dict[str, Ran]


@dataclass(frozen=True)
class QuestionRow:
    """A question's statistics.

    Attributes:
        title: what a student reads.
        maximum: points that there are.
        mean: mean share of the points, 0 to 1: the difficulty index, small for what is hard.
        solved: share of the hand-ins that solve it whole.
        discrimination: point-biserial correlation between solving it whole and the points of all other questions;
            None where all solve it, or none does, or the others do not differ.
    """

    title: str
    maximum: float
    mean: float
    solved: float
    discrimination: float | None


@dataclass(frozen=True)
class TestRow:
    """A test's statistics: shares of hand-ins, and seconds."""

    __test__ = False  # pytest would take the name for a test class

    number: str
    spec: Spec
    passed: float
    median: float
    longest: float


@dataclass(frozen=True)
class Cluster:
    """Hand-ins that fail a test with the very same answers.

    Attributes:
        number: the test's number.
        title: the test's sentence.
        said: what differs; student text.
        names: who.
    """

    number: str
    title: str
    said: str
    names: tuple[str, ...]


@dataclass
class Class:
    """The hand-ins of a run that count; filled one by one, so that no two whole grades have to be kept.

    Attributes:
        hand_ins: in the order in which they were added.
        specs: test's id → its number and what its marks say.
    """

    hand_ins: list[HandedIn] = field(default_factory=list)
    specs: dict[str, tuple[str, Spec]] = field(default_factory=dict)

    def add(self, grade: Grade, name: str, folder: str) -> None:
        """Add a hand-in, with what people have decided in its grade."""
        judged = [result for result in grade.results if result.verdict not in _UNJUDGED]
        self.specs |= {result.spec.id: (result.number, result.spec) for result in judged}
        tests = {result.spec.id: Ran(result.whole, result.seconds, _wrong(result)) for result in judged}
        fault = "" if grade.final else fault_of(grade)
        self.hand_ins.append(HandedIn(name, folder, summary_of(grade), fault, tests))

    @property
    def scores(self) -> list[float]:
        """Scores that are known."""
        return [one.summary.score for one in self.hand_ins if one.summary.score is not None]

    def questions(self, titles: dict[str, str]) -> list[QuestionRow]:
        """Give the statistics of each question that anybody has points in, or lacks them."""
        return [row for name, title in titles.items() if (row := self._question(name, title))]

    def tests(self) -> list[TestRow]:
        """Give the statistics of each test."""
        rows = []
        for name, (number, spec) in self.specs.items():
            ran = [one.tests[name] for one in self.hand_ins if name in one.tests]
            seconds = [one.seconds for one in ran]
            rows.append(TestRow(number, spec, fmean(one.whole for one in ran), median(seconds), max(seconds)))
        return rows

    def clusters(self) -> list[Cluster]:
        """Give the hand-ins that go wrong alike, the largest groups first."""
        found: dict[tuple[str, bytes], list[HandedIn]] = {}
        for one in self.hand_ins:
            for test, ran in one.tests.items():
                if ran.wrong:
                    found.setdefault((test, ran.wrong.digest), []).append(one)
        alike = [(test, group) for (test, _), group in found.items() if len(group) > 1]
        return [self._cluster(test, group) for test, group in sorted(alike, key=lambda pair: -len(pair[1]))]

    def slow(self) -> list[HandedIn]:
        """Give the hand-ins whose grading took far longer than the others', the slowest first."""
        seconds = [one.summary.seconds for one in self.hand_ins]
        middle = median(seconds) if seconds else 0.0
        spread = median(abs(value - middle) for value in seconds) if seconds else 0.0
        most = max(2 * middle, middle + _FAR * _ROBUST * spread)
        far = [one for one in self.hand_ins if one.summary.seconds > most]
        return sorted(far, key=lambda one: -one.summary.seconds)

    def _question(self, name: str, title: str) -> QuestionRow | None:
        known = [
            (score, score.score, one.summary.score - score.score)
            for one in self.hand_ins
            for score in one.summary.questions
            if score.question == name and score.score is not None and one.summary.score is not None
        ]
        if not known:
            return None
        solved = [_solved(score) for score, _, _ in known]
        mean = fmean(own / score.maximum if score.maximum else _solved(score) for score, own, _ in known)
        worth = max(score.maximum for score, _, _ in known)
        return QuestionRow(title, worth, mean, fmean(solved), point_biserial(solved, [rest for _, _, rest in known]))

    def _cluster(self, test: str, group: Sequence[HandedIn]) -> Cluster:
        number, spec = self.specs[test]
        wrong = group[0].tests[test].wrong
        return Cluster(number, spec.title, wrong.said if wrong else "", tuple(one.name for one in group))


def point_biserial(solved: Sequence[bool], points: Sequence[float]) -> float | None:
    """Correlate a yes or no with numbers, -1 to 1; None where either does not vary.

    Source:
        Crocker, Algina: Introduction to Classical and Modern Test Theory (1986), section 14.
    """
    try:
        return correlation([float(yes) for yes in solved], points)
    except StatisticsError:
        return None


def distribution(scores: Iterable[float], maximum: float) -> list[tuple[str, int]]:
    """Count scores in tenths of the maximum; each tenth holds its lower end, and the last one the maximum, too."""
    counts = [0] * _BARS
    for score in scores:
        counts[min(_BARS - 1, max(0, math.floor(score / maximum * _BARS)))] += 1
    ends = [f"{maximum * bar / _BARS:g}" for bar in range(_BARS + 1)]
    return [(f"{ends[bar]} to {ends[bar + 1]}", count) for bar, count in enumerate(counts)]


def _solved(score: QuestionScore) -> bool:
    """Whether a question has all of its points; one without any, whether it passed."""
    if score.maximum and score.score is not None:
        return score.score >= score.maximum
    return score.verdict == Verdict.PASSED


def _wrong(result: TestResult) -> Wrong | None:
    """Make a test's wrong answers comparable; None where nothing is known that tells them apart."""
    failed = [case for case in result.cases if case.verdict is Verdict.FAILED]
    told = telling(result)
    if told is None or not any(case.details or case.finding for case in failed):
        return None
    digest = hashlib.sha256()
    for case in failed:
        digest.update(repr((case.case, case.summary, case.finding, case.details)).encode("utf-8", "surrogateescape"))
    said = [told.finding or told.summary, *told.details.splitlines()[:1]]
    return Wrong(digest.digest(), one_line(": ".join(filter(None, said))))
