"""A student's page: a grade as one HTML file, which fetches nothing and runs nothing."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.results import wording
from autograder.results.charts import Chart, charts
from autograder.results.grade import Grade, TestResult
from autograder.results.html import rendered
from autograder.results.pictures import Picture, pictures
from autograder.results.summary import points_of, verdict_of
from coursekit.verdicts import Verdict

PAGE = "report.html"
_LOOKS = {"passed": ("good", "✓"), "decided by a person": ("good", "✓"), "partly passed": ("bad", "◐")}
_OPEN = ("quiet", "○")
_UNJUDGED = ("not attempted", "not graded", "not run", "awaiting a person")


@dataclass(frozen=True)
class Mark:
    """A verdict as it is shown: a word with a sign, so that no colour is needed.

    Attributes:
        word: the verdict.
        sign: one character.
        look: class of the style sheet.
    """

    word: str
    sign: str
    look: str


@dataclass(frozen=True)
class Told:
    """A test as it is shown.

    Attributes:
        number: "3.2", second test of the third question.
        title: the line that a student reads.
        points: "2 of 4".
        mark: its verdict.
        said: what may be read of it.
        pictures: of the arrays that differ, where there are any.
        charts: of its training, where there is one.
    """

    number: str
    title: str
    points: str
    mark: Mark
    said: wording.Said
    pictures: Sequence[Picture]
    charts: Sequence[Chart]


@dataclass(frozen=True)
class Asked:
    """A question as it is shown.

    Attributes:
        id: names it in the page's address.
        title: what a student reads.
        points: "2 of 4".
        mark: the worst of its tests.
        told: the tests that are worth telling of.
    """

    id: str
    title: str
    points: str
    mark: Mark
    told: tuple[Told, ...]


def student_page(grade: Grade) -> str:
    """Give the page that a hand-in's students read.

    Tests whose visibility is not "visible" are left out, with their points: those who grade decide when
    they are told.
    """
    shown = [result for result in grade.results if result.spec.visibility == "visible"]
    told = {result.spec.id: _told(result, grade) for result in shown}
    by_question = [(asked, [r for r in shown if r.spec.question == asked.id]) for asked in grade.assignment.questions]
    return rendered(
        "autograder.results",
        "student.html",
        title=grade.assignment.title,
        hand_in=wording.one_line(grade.hand_in),
        total=_total(grade, shown),
        remarks=wording.remarks(grade),
        questions=[_asked(asked.id, asked.title, own, told) for asked, own in by_question if own],
        todo=[asked for asked, own in by_question if any(r.verdict is Verdict.NOT_ATTEMPTED for r in own)],
        whole=[told[result.spec.id] for result in shown if not wording.is_told(result) and result.whole],
        trained=[one for one in told.values() if one.charts],
        leaderboard=grade.leaderboard,
    )


def _total(grade: Grade, shown: Sequence[TestResult]) -> str:
    judged = [result for result in shown if result.verdict is not Verdict.AWAITING]
    maximum = math.fsum(result.spec.points for result in judged)
    later = round(grade.assignment.points - grade.awaited - maximum, 2)
    said = points_of(judged) if grade.final else f"? of {maximum:g}"
    return f"{said} points" + (f"; {later:g} more are shown later" if later else "")


def _asked(name: str, title: str, results: Sequence[TestResult], told: Mapping[str, Told]) -> Asked:
    here = tuple(told[result.spec.id] for result in results if wording.is_told(result))
    return Asked(name, title, points_of(results), _mark(verdict_of(results)), here)


def _told(result: TestResult, grade: Grade) -> Told:
    said, mark = wording.said(result, grade.assignment), _mark(wording.word(result))
    drawn = pictures(said.compared) if said.compared else ()
    return Told(result.number, result.spec.title, points_of([result]), mark, said, drawn, charts(said.curves))


def _mark(word: str) -> Mark:
    look, sign = _LOOKS.get(word, _OPEN if word in _UNJUDGED else ("bad", "✗"))
    return Mark(word, sign, look)
