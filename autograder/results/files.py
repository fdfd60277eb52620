"""The files that a grade leaves in a folder."""

from pathlib import Path

from autograder.errors import StoreError
from autograder.results.grade import Grade
from autograder.results.gradescope import to_gradescope, write_results
from autograder.results.record import record

RESULTS, RECORD = "results.json", "grade.json"


def write_grade(folder: Path, grade: Grade) -> None:
    """Write `results.json`, Gradescope's schema, and `grade.json`, ours.

    Args:
        folder: made where it is missing.
        grade: what to write.

    Raises:
        StoreError: if the disk does not take them; no half of a file is left.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_results(folder / RESULTS, to_gradescope(grade))
        write_results(folder / RECORD, record(grade))
    except OSError as error:
        todo = "put that right, then give the same command again: it goes on where it was"
        raise StoreError(folder, f"cannot be written: {error.strerror}", todo) from error
