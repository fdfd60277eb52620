"""The questions of an assignment: those that tests grade, and those that a person marks."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from autograder.errors import did_you_mean
from autograder.toml import Table

TESTED, WRITTEN = "tested", "written"
NONE = "none"  # what a person writes where an answer earns nothing
_ONLY = {TESTED: ("needs", "functions", "badge"), WRITTEN: ("points", "rubric")}  # keys that go with one kind alone
_ITEM = re.compile(rf"(?!{NONE}$)\w[\w-]*")


@dataclass(frozen=True)
class RubricItem:
    """One thing that an answer to a written question can earn.

    Attributes:
        id: the word by which a person who marks names it.
        points: what it gives, above 0.
        text: what the answer has to say; students have the manifest in their kit, and read it.
    """

    id: str
    points: float
    text: str


@dataclass(frozen=True)
class Question:
    """One graded item.

    Attributes:
        id: name used by marks, mistakes and reports.
        title: what a student reads.
        needs: questions that must earn something before this one is graded.
        functions: names in the module that this question grades; its id by default.
        badge: what a student earns by solving it whole; for bonus questions, whose tests give no points.
        kind: "tested", or "written": a person marks it by its rubric.
        points: of a written question, what it gives in the total: all of its rubric, or 0 where only a course's
            policy gives it a weight. The tests say it for the others.
        rubric: of a written question, what an answer can earn.
    """

    id: str
    title: str
    needs: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    badge: str = ""
    kind: str = TESTED
    points: float = 0.0
    rubric: tuple[RubricItem, ...] = ()


def read_questions(table: Table) -> tuple[Question, ...]:
    """Read the `[[questions]]` of a manifest, in their order.

    Raises:
        ManifestError: naming file, line and key, if anything in them cannot be used.
    """
    questions: dict[str, Question] = {}
    known = {field.name for field in fields(Question)}
    for number, entry in enumerate(table.get("questions", list)):
        item = table.below(f"questions[{number}]", entry).refuse_unknown(known)
        identifier = item.get("id", str)
        if identifier in questions:
            raise item.wrong("id", f"'{item.path('id')}' repeats '{identifier}'")
        questions[identifier] = (_written if _kind(item) == WRITTEN else _tested)(item, questions)
    if not questions:
        raise table.wrong("questions", "'questions' is empty", "write at least one [[questions]] table")
    return tuple(questions.values())


def _kind(item: Table) -> str:
    kind: str = item.get("kind", str, TESTED)
    if kind not in {TESTED, WRITTEN}:
        raise item.wrong("kind", f"'{item.path('kind')}' must be '{TESTED}' or '{WRITTEN}', got '{kind}'")
    for key in _ONLY[WRITTEN if kind == TESTED else TESTED]:
        if key in item.table:
            raise item.wrong(key, f"'{item.path(key)}' does not go with a question whose kind is '{kind}'")
    return kind


def _tested(item: Table, above: Mapping[str, Question]) -> Question:
    identifier, needs = item.get("id", str), item.strings("needs")
    for need in needs:
        if need not in above or above[need].kind == WRITTEN:
            hint = did_you_mean(need, above) or "a question needs only questions with tests that stand above it"
            raise item.wrong("needs", f"'{item.path('needs')}' names '{need}', which is not above it", hint)
    functions = item.strings("functions") or (identifier,)
    return Question(identifier, item.get("title", str), needs, functions, item.get("badge", str, ""))


def _written(item: Table, _: Mapping[str, Question]) -> Question:
    points, rubric = item.get("points", (int, float)), _rubric(item)
    total = math.fsum(part.points for part in rubric.values())
    if points < 0 or (points and not math.isclose(points, total)):
        what = f"'{item.path('points')}' is {points:g}, but the rubric's items give {total:g}"
        raise item.wrong("points", what, "write the sum, or 0 where only a course's policy gives the question a weight")
    identifier, title = item.get("id", str), item.get("title", str)
    return Question(identifier, title, kind=WRITTEN, points=float(points), rubric=tuple(rubric.values()))


def _rubric(item: Table) -> dict[str, RubricItem]:
    rubric: dict[str, RubricItem] = {}
    for number, entry in enumerate(item.get("rubric", list)):
        part = item.below(f"rubric[{number}]", entry).refuse_unknown({field.name for field in fields(RubricItem)})
        found = RubricItem(part.get("id", str), float(part.get("points", (int, float))), part.get("text", str))
        if not _ITEM.fullmatch(found.id) or found.id in rubric:
            raise part.wrong("id", f"'{part.path('id')}' must be a word of its own, got '{found.id}'")
        if not 0 < found.points < math.inf:
            raise part.wrong("points", f"'{part.path('points')}' must be above 0, got {found.points:g}")
        rubric[found.id] = found
    if not rubric:
        raise item.wrong("rubric", f"'{item.path('rubric')}' is empty", "write what an answer can earn")
    return rubric
