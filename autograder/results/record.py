"""A grade as data for machines: our own form, with every case and verdict."""

from dataclasses import asdict
from typing import Any

from autograder.results.grade import Grade


def record(grade: Grade) -> dict[str, Any]:
    """Give a grade as JSON data; for the instructor, since it holds what hidden tests saw."""
    data = asdict(grade)
    return {
        **data,
        "assignment": grade.assignment.name,
        "score": grade.score,
        "final": grade.final,
        "badges": grade.badges,
        "flags": grade.flags,
        "leaderboard": grade.leaderboard,
    }
