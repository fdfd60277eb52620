"""A grade as Gradescope's results.json, and the writing of such files."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape, unescape
from pathlib import Path
from typing import Any

from autograder.assignment import Assignment
from autograder.results import wording
from autograder.results.charts import plots
from autograder.results.grade import Grade, TestResult, judge
from autograder.results.pictures import Picture, pictures
from autograder.results.whole import write_whole
from coursekit.recording import Spec
from coursekit.verdicts import Case, Verdict

_UNITS = 10_000  # scores are whole numbers of ten-thousandths
_HUNDREDTH = 100  # of these units, to which a grade's total is rounded
_MOST_HTML = 200_000  # characters of all outputs with pictures in one file
_SIDE = 160  # pixels of a picture: Gradescope keeps no style that would enlarge it sharply


def to_gradescope(grade: Grade) -> dict[str, Any]:
    """Give a grade in Gradescope's schema.

    A test that met a fault of the grader has neither score nor status, and a grade that is not
    final has no top-level score: a total would look like a grade, and lack what the fault cost. Points that await
    a person have no score either; the total then holds what the tests gave, and says so.

    Args:
        grade: the grade.

    Source:
        https://gradescope-autograders.readthedocs.io/en/latest/specs/
    """
    counted = [result for result in grade.results if _has_score(grade, result)]
    scores = dict(zip((result.spec.id for result in counted), _rounded(counted), strict=True))
    return {
        **({"score": grade.score} if grade.final else {}),
        "execution_time": round(grade.seconds, 2),
        "output": wording.overall(grade),
        "output_format": "text",
        "tests": [_test(result, scores, output) for result, output in zip(grade.results, _outputs(grade), strict=True)],
        "leaderboard": [{"name": n, "value": round(v, 6), "order": order} for n, v, order in grade.leaderboard],
        "extra_data": {
            "final": grade.final,
            "complete": grade.final and not grade.awaited,
            "badges": list(grade.badges),
            "verdicts": {result.spec.id: str(result.verdict) for result in grade.results},
            "versions": grade.versions,
            "members": [wording.one_line(member) for member in grade.members],
        },
    }


def not_run(assignment: Assignment, specs: Iterable[Spec], cases: Sequence[Case] = ()) -> dict[str, Any]:
    """Give the results of a grading that has not ended, to be written before it and after each test.

    Where the grader is killed, they stay: what was decided keeps its score, nothing else has one.

    Args:
        assignment: what is graded.
        specs: every test of the suite.
        cases: what became of the cases so far.
    """
    return to_gradescope(Grade(assignment, "", judge(assignment, specs, cases), fault="the grading has not ended"))


def broken(why: str) -> dict[str, Any]:
    """Give the results.json that stands where the grader itself failed: no score, and not a zero."""
    output = f"{wording.NOT_FINAL}: {why}"
    test = {"name": "Grading", "status": "failed", "output": output, "output_format": "text"}
    return {"output": output, "output_format": "text", "tests": [test], "extra_data": {"final": False}}


def text_of(test: Mapping[str, Any]) -> str:
    """Give the text of one test's output, without its pictures.

    Args:
        test: an entry of "tests", as `to_gradescope` gives it.
    """
    said = str(test["output"])
    text = said.removeprefix("<pre>").partition("</pre>")[0]
    return unescape(text) if test["output_format"] == "html" else said


def write_results(path: Path, data: dict[str, Any]) -> None:
    """Write data as JSON, so that at any moment the file is whole or not there.

    Raises:
        ValueError: if the data hold NaN or an infinity; an existing file is kept.
    """
    write_whole(path, json.dumps(data, indent=2, allow_nan=False) + "\n")


def _has_score(grade: Grade, result: TestResult) -> bool:
    awaited = result.verdict is Verdict.AWAITING and result.spec.points
    return result.final and not awaited and (grade.final or result.verdict is not Verdict.NOT_RUN)


def _outputs(grade: Grade) -> Iterator[dict[str, str]]:
    """Give each test's output: text, with pictures below where there are any and the file stays small.

    A grading that has not ended is written again after each test, and stays text.
    """
    left = 0 if grade.fault else _MOST_HTML
    for result in grade.results:
        said = wording.said(result, grade.assignment)
        shown = _drawn(said) if left else []
        page = _page(said.text, shown) if shown else ""
        fits = 0 < len(page) <= left
        left -= len(page) if fits else 0
        yield {"output": page if fits else said.text, "output_format": "html" if fits else "text"}


def _drawn(said: wording.Said) -> list[Picture]:
    return [*(pictures(said.compared, _SIDE) if said.compared else ()), *plots(said.curves)]


def _page(text: str, shown: Iterable[Picture]) -> str:
    """Put pictures below a text, in elements and attributes that Gradescope's sanitizer keeps."""
    figures = (
        f'<p>{escape(one.title)}: {escape(one.scale)}<br><img src="{one.source}" alt="{escape(one.alt)}"></p>'
        for one in shown
    )
    return "\n".join([f"<pre>{escape(text)}</pre>", *figures])


def _test(result: TestResult, scores: dict[str, float], output: dict[str, str]) -> dict[str, Any]:
    """Give one test's entry."""
    decided: dict[str, Any] = {}
    if result.spec.id in scores:
        decided = {"score": scores[result.spec.id]}
        unjudged = Verdict.NOT_ATTEMPTED if not result.spec.points else None  # a bonus left alone is no failure
        if result.verdict not in {unjudged, Verdict.AWAITING, Verdict.DECIDED}:
            decided["status"] = "passed" if result.whole else "failed"
    return {
        "name": result.spec.title,
        "number": result.number,
        **decided,
        "max_score": result.spec.points,
        "visibility": result.spec.visibility,
        **output,
        "tags": [result.spec.question],
        "extra_data": {"verdict": str(result.verdict), "question": result.spec.question},
    }


def _rounded(results: Sequence[TestResult]) -> list[float]:
    """Round scores to four places so that they add up to their total, which is rounded to a hundredth.

    What rounding left over goes to scores that are no whole hundredths, each at most to the next one.
    """
    units = [round(result.score * _UNITS) for result in results]
    rest = round(sum(result.score for result in results) * _HUNDREDTH) * _HUNDREDTH - sum(units)
    for place, unit in enumerate(units):
        down, up = unit % _HUNDREDTH, -unit % _HUNDREDTH
        step = max(-down, min(up, rest))
        units[place], rest = unit + step, rest - step
    return [unit / _UNITS for unit in units]
