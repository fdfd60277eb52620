"""How long a fork of the loaded worker takes to its first answered call, beside a cold process.

    python tests/benchmarks/fork.py [torch]

Budgets: 10 ms with numpy, 25 ms with torch loaded.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from types import ModuleType

from autograder.assignment import Assignment, Limits
from autograder.questions import Question
from autograder.sandbox.client import RemoteStudent
from autograder.sandbox.limits import available
from autograder.sandbox.session import HandInProcess, Zygote

RUNS = 60


def cold(library: str) -> float:
    """Give the seconds that a new interpreter takes to import the library."""
    start = perf_counter()
    subprocess.run([sys.executable, "-c", f"import {library}"], check=True)
    return perf_counter() - start


def forks(library: str) -> list[float]:
    """Give the seconds from asking for a fork to the answer of its first call."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "small.py").write_text(f"import {library}\n\ndef f(x):\n    return x\n", encoding="utf-8")
        limits = Limits(memory=4 * 2**30)
        questions = (Question("f", "f", functions=("f",)),)
        assignment = Assignment(folder, "Small", ("small.py",), 1, questions, (library,), limits)
        with Zygote(assignment) as zygote:
            zygote.wait()
            with zygote.open() as session:
                process = HandInProcess(session, assignment, folder, notebook=False, walls=available())
                process.load()
                return [_one(process) for _ in range(RUNS)]


def _one(process: HandInProcess) -> float:
    student = RemoteStudent(process, ModuleType("reference"), ())
    start = perf_counter()
    student.f(3)
    spent = perf_counter() - start
    student.close()
    return spent


def main() -> None:
    """Print both sides and their ratio."""
    library = sys.argv[1] if len(sys.argv) > 1 else "numpy"
    slow, times = median(cold(library) for _ in range(3)), forks(library)
    print(f"cold interpreter with {library}: {1e3 * slow:.0f} ms")
    print(f"fork to first answer: median {1e3 * median(times):.1f} ms, p95 {1e3 * quantiles(times, n=20)[-1]:.1f} ms")
    print(f"ratio {slow / median(times):.0f}")


if __name__ == "__main__":
    main()
