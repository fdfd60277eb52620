"""How long `import autograder` and `autograder --help` take, beside a bare interpreter.

    python tests/benchmarks/startup.py

Budgets: import under 0.15 s, --help under 0.3 s.
"""

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

RUNS = 15


def seconds(*arguments: str) -> float:
    """Give the median wall-clock time of an interpreter with these arguments."""
    times = []
    for _ in range(RUNS):
        start = perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
        times.append(perf_counter() - start)
    return median(times)


def main() -> None:
    """Print each figure and its ratio to a bare interpreter."""
    bare = seconds("-c", "pass")
    print(f"bare interpreter     {bare:.3f} s")
    for name, arguments in (
        ("import autograder", ("-c", "import autograder")),
        ("autograder --help", (str(Path(sys.executable).with_name("autograder")), "--help")),
    ):
        spent = seconds(*arguments)
        print(f"{name:<20} {spent:.3f} s  {spent / bare:.1f} times a bare interpreter")


if __name__ == "__main__":
    main()
