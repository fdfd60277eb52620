"""Grade the one hand-in of a Gradescope-style container: `python -m autograder.packaging.container [ROOT]`.

Reads <root>/source/files/suite, <root>/submission and <root>/submission_metadata.json; writes
<root>/results/results.json first with every test not run, then while grading, and always at the end,
when everything that the hand-in ran is dead.
"""

import dataclasses
import json
import os
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from time import monotonic

from autograder.assignment import Assignment
from autograder.grading.grade import Grader, Order
from autograder.grading.handin import handed_in
from autograder.packaging.suite import find_suite
from autograder.results.grade import Grade
from autograder.results.gradescope import broken, not_run, to_gradescope, write_results
from coursekit.verdicts import Case

ROOT = Path("/autograder")
_REWRITE_SECONDS = 1.0
_SECONDS = 600.0  # Gradescope's own limit, where an assignment there sets no other
_RESERVE = 30.0  # for starting, ending and writing; the test that runs at the deadline has its own limit besides
_MOST_METADATA = 2**20
_MEMORY_EVENTS = (Path("/sys/fs/cgroup/memory.events"), Path("/sys/fs/cgroup/memory/memory.oom_control"))


def main(root: Path = ROOT) -> int:
    """Grade the submission, and leave a results.json whatever happens.

    Returns:
        0 when the grade is final, else 1.
    """
    results = root / "results" / "results.json"
    results.parent.mkdir(parents=True, exist_ok=True)
    write_results(results, broken("the grading did not start"))
    try:
        _close(root / "source", results.parent)
        assignment, salt = find_suite(root / "source" / "files" / "suite")
        grade = _grade(assignment, salt, root, results)
        write_results(results, to_gradescope(grade))
    except Exception:  # noqa: BLE001 - a results.json must come out, and the instructor reads standard output
        traceback.print_exc(file=sys.stdout)
        write_results(results, broken("its report is on standard output, for the instructor"))
        return 1
    if grade.fault:
        sys.stdout.write(f"{grade.fault}\n")
    return 0 if grade.final else 1


def _grade(assignment: Assignment, salt: str, root: Path, results: Path) -> Grade:
    started, killed = monotonic(), _killed_for_memory()
    with Grader(assignment, salt) as grader:
        write_results(results, not_run(assignment, grader.specs))
        cases: list[Case] = []
        written = monotonic()

        def keep(case: Case) -> None:
            nonlocal written
            cases.append(case)
            if monotonic() - written > _REWRITE_SECONDS:
                write_results(results, not_run(assignment, grader.specs, cases))
                written = monotonic()

        grade = grader.grade(handed_in(root / "submission"), keep, Order(deadline=started + _budget(assignment)))
    if _killed_for_memory() > killed:
        sys.stdout.write(
            "The container ran out of memory, and the system ended processes: give it more in its settings.\n"
        )
    return dataclasses.replace(grade, members=grade.members or _users(root / "submission_metadata.json"))


def _killed_for_memory() -> int:
    """Count the processes that the system has ended since this container's memory was full."""
    return killed_for_memory(_MEMORY_EVENTS)


def killed_for_memory(files: Iterable[Path]) -> int:
    """Count the processes that the system has ended since a container's memory was full; 0 where it does not say.

    Args:
        files: where cgroups say so; the first that is there counts.
    """
    for file in files:
        try:
            lines = file.read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    return 0


def _budget(assignment: Assignment) -> float:
    """Seconds after which no further test begins: $AUTOGRADER_SECONDS says how long the container lives."""
    seconds = float(os.environ.get("AUTOGRADER_SECONDS", _SECONDS))
    return max(seconds / 2, seconds - assignment.limits.seconds - _RESERVE)


def _users(file: Path) -> tuple[str, ...]:
    """Read who submitted from Gradescope's metadata: addresses, else names."""
    try:
        if file.stat().st_size > _MOST_METADATA:
            return ()
        users = json.loads(file.read_text(encoding="utf-8"))["users"]
        return tuple(str(user.get("email") or user.get("name")) for user in users)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()


def _close(*folders: Path) -> None:
    """Close suite and results to every other user."""
    for folder in folders:
        folder.chmod(0o700)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
