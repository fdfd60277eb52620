"""A grade as data for machines: our own form, with every case and verdict."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from autograder.assignment import Assignment
from autograder.results.grade import Grade, TestResult
from autograder.suite.lines import case_from
from coursekit.recording import Spec
from coursekit.verdicts import Verdict


def record(grade: Grade) -> dict[str, Any]:
    """Give a grade as JSON data; for the instructor, since it holds what hidden tests saw."""
    data = asdict(grade)
    return {
        **data,
        "assignment": grade.assignment.name,
        "score": grade.score,
        "final": grade.final,
        "awaited": grade.awaited,
        "badges": grade.badges,
        "flags": grade.flags,
        "leaderboard": grade.leaderboard,
    }


def restore(data: Mapping[str, Any], assignment: Assignment) -> Grade:
    """Make a grade of its record again.

    Args:
        data: as `record` has given it, and JSON may have changed it since: tuples into lists.
        assignment: what was graded.
    """
    return Grade(
        assignment,
        data["hand_in"],
        tuple(map(_result, data["results"])),
        tuple(data["members"]),
        data["problem"],
        data["fault"],
        tuple(data["notes"]),
        data["seconds"],
        data["unconfined"],
        data["versions"],
    )


def _result(data: Mapping[str, Any]) -> TestResult:
    cases = tuple(map(case_from, data["cases"]))
    return TestResult(Spec(**data["spec"]), data["number"], Verdict(data["verdict"]), data["score"], cases)
