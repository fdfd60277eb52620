"""What confinement costs: a loaded template with every wall and with none, and the trial of the walls.

    python tests/benchmarks/confinement.py

Budgets: 3 ms for all walls of a template, 60 ms for the canary, once for each run of a grader.
"""

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from autograder.assignment import Assignment, Limits
from autograder.questions import Question
from autograder.sandbox.limits import Walls, available
from autograder.sandbox.session import HandInProcess, Zygote

RUNS = 40
_NONE = Walls(own_uid=False, closed_python=False, landlock=0, seccomp=False)


def _loads(zygote: Zygote, assignment: Assignment, folder: Path, walls: Walls) -> float:
    with zygote.open() as session:
        process = HandInProcess(session, assignment, folder, notebook=False, walls=walls)
        start = perf_counter()
        process.load()
        return perf_counter() - start


def _trial(zygote: Zygote, assignment: Assignment, folder: Path) -> float:
    with zygote.open() as session:
        process = HandInProcess(session, assignment, Path("/usr"), notebook=False, walls=available())
        start = perf_counter()
        possible = process.try_walls([folder / "secret"])
        spent = perf_counter() - start
    if possible:
        raise SystemExit("; ".join(possible))
    return spent


def main() -> None:
    """Print both sides and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder, closed = Path(name, "open"), Path(name, "closed")
        Path(name).chmod(0o755)
        folder.mkdir(mode=0o755)
        closed.mkdir(mode=0o700)
        (folder / "small.py").write_text("def f(x):\n    return x\n", encoding="utf-8")
        (closed / "secret").write_text("hidden", encoding="utf-8")
        questions = (Question("f", "f", functions=("f",)),)
        assignment = Assignment(folder, "Small", ("small.py",), 1, questions, ("numpy",), Limits())
        with Zygote(assignment) as zygote:
            zygote.wait()
            with_walls, without = [], []
            for _ in range(RUNS):
                with_walls.append(_loads(zygote, assignment, folder, available()))
                without.append(_loads(zygote, assignment, folder, _NONE))
            trials = [_trial(zygote, assignment, closed) for _ in range(RUNS)]
    full, bare = 1e3 * median(with_walls), 1e3 * median(without)
    print(f"template loaded, median of {RUNS}: {full:.1f} ms with all walls, {bare:.1f} ms with none")
    print(f"confinement: {full - bare:.1f} ms, ratio {full / bare:.2f}")
    print(f"canary: median {1e3 * median(trials):.1f} ms, longest {1e3 * max(trials):.1f} ms")


if __name__ == "__main__":
    main()
