"""Gradescope's results.json, which Otter writes too.

Source: gradescope-autograders.readthedocs.io, Autograder Specifications.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coursekit.recording import Spec
from coursekit.verdicts import Verdict

from autograder.assignment import Assignment
from autograder.results.grade import Grade, TestResult, judge
from autograder.results.wording import message, overall

_DECIMALS = 4


def to_gradescope(grade: Grade, leaderboard: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Give a grade as the content of results.json.

    A test that met a fault of the grader carries no score; a grade that is not final
    carries no total either, so that Gradescope shows what was earned and no zero.

    Args:
        grade: the grade.
        leaderboard: entries {name, value, order} for Gradescope's leaderboard.
    """
    verdicts = {result.spec.id: str(result.verdict) for result in grade.results}
    data: dict[str, Any] = {
        "execution_time": round(grade.seconds, 3),
        "output": overall(grade),
        "output_format": "text",
        "tests": [_test(result, grade) for result in grade.results],
        "leaderboard": list(leaderboard),
        "extra_data": {
            "final": grade.final,
            "verdicts": verdicts,
            "versions": grade.versions,
            "members": list(grade.members),
        },
    }
    return {"score": grade.score, **data} if grade.final else data


def not_run(assignment: Assignment, specs: Sequence[Spec]) -> dict[str, Any]:
    """Give the results.json that is written first: every test not run."""
    return to_gradescope(Grade(assignment, "", judge(assignment, specs, ())))


def write_results(path: Path, data: dict[str, Any]) -> None:
    """Write JSON so that a reader sees the old file or the new one, never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(data, indent=1, allow_nan=False, default=str), encoding="utf-8")
    temporary.replace(path)


def _test(result: TestResult, grade: Grade) -> dict[str, Any]:
    spec = result.spec
    entry = {
        "name": spec.title,
        "number": result.number,
        "status": "passed" if result.verdict is Verdict.PASSED and result.score >= spec.points else "failed",
        "score": round(result.score, _DECIMALS),
        "max_score": round(spec.points, _DECIMALS),
        "visibility": spec.visibility,
        "output": message(result, grade.assignment),
        "output_format": "text",
        "tags": [spec.question],
        "execution_time": round(result.seconds, 3),
        "extra_data": {"id": spec.id, "verdict": str(result.verdict)},
    }
    if not result.final:
        del entry["score"]
    return entry
