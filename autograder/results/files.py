"""The folder that grading leaves behind: one folder for each hand-in, and the table of all."""

import re
from collections.abc import Sequence
from pathlib import Path

from autograder.results.grade import Grade
from autograder.results.gradescope import to_gradescope, write_results
from autograder.results.record import record
from autograder.results.summary import summary_of
from autograder.results.table import write_csv


def write_grades(out: Path, grades: Sequence[Grade]) -> None:
    """Write `<hand-in>/results.json`, `<hand-in>/grade.json` and `grades.csv`.

    Args:
        out: the folder; made where it is missing.
        grades: what to write; equal names get a number.
    """
    names: dict[str, int] = {}
    for grade in grades:
        name = re.sub(r"[^\w.@-]", "_", Path(grade.hand_in).name).strip(".") or "hand-in"
        names[name] = names.get(name, 0) + 1
        folder = out / (name if names[name] == 1 else f"{name}-{names[name]}")
        folder.mkdir(parents=True, exist_ok=True)
        write_results(folder / "results.json", to_gradescope(grade))
        write_results(folder / "grade.json", record(grade))
    write_csv(out / "grades.csv", [*map(summary_of, grades)])
