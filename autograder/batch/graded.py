"""A run's grades with what people have decided, weighed as a course wants it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from autograder.assignment import Assignment
from autograder.batch.decisions import Decisions
from autograder.batch.entries import Entry
from autograder.questions import Question
from autograder.results.summary import QuestionScore
from coursekit.verdicts import Verdict


@dataclass(frozen=True)
class Graded:
    """A run.

    Attributes:
        assignment: what was graded.
        decisions: its hand-ins, with what people have decided about them.
    """

    assignment: Assignment
    decisions: Decisions

    def worth(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Give what each question can give: its weight, else its own points; those that give nothing are left out."""
        worth = {name: weights.get(name, points) for name, points in self._own_points.items()}
        return {name: points for name, points in worth.items() if points}

    def points(self, entry: Entry, weights: Mapping[str, float]) -> dict[str, float | None]:
        """Give what a hand-in earns in each question that can give anything; None where that is unknown."""
        summary = self.decisions.summary(entry, self.assignment)
        scores = {score.question: score for score in summary.questions} if summary else {}
        return {name: self._earned(entry, name, scores.get(name), weights) for name in self.worth(weights)}

    def _earned(
        self, entry: Entry, name: str, found: QuestionScore | None, weights: Mapping[str, float]
    ) -> float | None:
        if found is None or found.score is None:
            return None
        if name not in weights:
            return found.score
        return round(weights[name] * self._share(entry, self.assignment.by_id[name], found, found.score), 2)

    def _share(self, entry: Entry, question: Question, found: QuestionScore, score: float) -> float:
        """Give the share of a question that is earned; of one without points, all or what the rubric says."""
        if found.maximum:
            return score / found.maximum
        mark = self.decisions.marks(entry).get(question.id)
        return mark.share(question) if mark else float(found.verdict == Verdict.PASSED)

    @cached_property
    def _own_points(self) -> dict[str, float]:
        """Points of each question without weights: written ones say it, of the others any grade does."""
        points = {question.id: question.points for question in self.assignment.questions}
        for entry in self.decisions.entries:
            for score in entry.grade.summary.questions if entry.grade else ():
                points[score.question] = max(points.get(score.question, 0.0), score.maximum)
        return {question.id: points[question.id] for question in self.assignment.questions}
