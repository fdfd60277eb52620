"""One right a2 hand-in: our grader warm and cold, beside `otter run` on the stock way.

    python tests/benchmarks/against_otter.py

The stock zip holds an Otter exception test for each function of the assignment; it
runs a handful of cases, ours the whole suite. Budgets: warm at least 15 times faster
than stock, and at most 0.2 s over what the student's own code costs; cold, on half
a processor, at most 4 s (run `taskset` or a container with --cpus 0.5 around it).
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from autograder.assignment import Assignment, load_assignment
from autograder.authoring.markers import reference_text
from autograder.grading.grade import Grader
from autograder.results.gradescope import to_gradescope, write_results

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5
STOCK_TEST = """
from otter.test_files import test_case
import numpy as np
OK_FORMAT = False
name = "{question}"
points = 1


@test_case(points=1, hidden=False)
def test_{function}({function}):
    for arguments, expected in {examples}:
        assert np.allclose({function}(*[np.array(a) if isinstance(a, list) else a for a in arguments]), expected)
"""
EXAMPLES = {
    "same_padding": [[[(3, 5)], (1, 2)]],
    "conv_output_size": [[[32, 4, 2, 2], 17]],
    "rotate_kernel": [[[[[1, 2], [3, 4]]], [[4, 3], [2, 1]]]],
    "gradient_magnitude": [[[[[3.0]], [[4.0]]], [[5.0]]]],
    "conv_parameter_count": [[[3, 32, 4], 1568]],
    "convolve2d": [[[[[1.0, 2, 3]] * 3, [[0.0, 0, 0], [0, 1, 0], [0, 0, 0]]], [[1.0, 2, 3]] * 3]],
}


def seconds(command: list[str], folder: Path) -> float:
    """Give the median wall-clock time of a command."""
    times = []
    for _ in range(RUNS):
        start = perf_counter()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        times.append(perf_counter() - start)
    return median(times)


def stock_zip(folder: Path) -> Path:
    """Build a zip in Otter's own way: one exception test for each function."""
    (folder / "tests").mkdir()
    for function, examples in EXAMPLES.items():
        text = STOCK_TEST.format(question=function, function=function, examples=examples)
        (folder / "tests" / f"{function}.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "otter", "generate", "-o", "stock.zip", "--no-environment"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "stock.zip"


def warm(assignment: Assignment, hand_in: Path, out: Path) -> tuple[float, float]:
    """Give the median seconds from start to written results.json, and those inside the student's functions."""
    with Grader(assignment, "benchmark") as grader:
        grades, times = [], []
        for _ in range(RUNS + 1):
            start = perf_counter()
            grades.append(grader.grade(hand_in))
            write_results(out / "results.json", to_gradescope(grades[-1]))
            times.append(perf_counter() - start)
    if grades[-1].score != assignment.points:
        raise SystemExit(f"the hand-in earned {grades[-1].score}, not {assignment.points}")
    return median(times[1:]), own_seconds(assignment, hand_in)


def own_seconds(assignment: Assignment, hand_in: Path) -> float:
    """Give the seconds that the same tests take on a plain import: student's code, reference and assertions."""
    with tempfile.TemporaryDirectory() as name:
        kit = Path(name)
        for folder in ("public", "hidden"):
            shutil.copytree(assignment.folder / folder, kit / folder)
        shutil.copy(assignment.folder / "assignment.toml", kit)
        shutil.copy(hand_in, kit)
        shutil.copy(hand_in, kit / "the_reference.py")
        (kit / "conftest.py").write_text(IN_PROCESS, encoding="utf-8")
        (kit / "pytest.ini").write_text(
            "[pytest]\npythonpath = .\naddopts = --import-mode=importlib\n", encoding="utf-8"
        )
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        subprocess.run(command, cwd=kit, check=False, capture_output=True, env=environment)
        return float(json.loads((kit / "seconds.json").read_text(encoding="utf-8")))


IN_PROCESS = """
import json
import time
from contextlib import contextmanager
import pytest
import the_reference
from coursekit.student import LocalStudent
pytest_plugins = ["coursekit.plugin"]
spent = [0.0]
call = LocalStudent._call


def timed(self, *arguments):
    start = time.perf_counter()
    try:
        return call(self, *arguments)
    finally:
        spent[0] += time.perf_counter() - start


LocalStudent._call = timed


class Spent:
    seconds = 0.0


@contextmanager
def processor_time(self):
    yield Spent


LocalStudent.processor_time = processor_time


@pytest.fixture
def reference():
    return the_reference


@pytest.fixture
def alone(student):
    return student


def pytest_sessionfinish():
    with open("seconds.json", "w") as file:
        json.dump(spent[0], file)
"""


def main() -> None:
    """Print the table."""
    assignment = load_assignment(ROOT / "assignments" / "a2_convolution")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hand_in = folder / assignment.module_file
        text = reference_text(assignment.source.read_text(encoding="utf-8"), assignment.source)
        hand_in.write_text(text, encoding="utf-8")
        stock = seconds([sys.executable, "-m", "otter", "run", "-a", str(stock_zip(folder)), str(hand_in)], folder)
        ours, own = warm(assignment, hand_in, folder)
    print(f"otter run, stock tests  {stock:.2f} s")
    print(f"ours, warm              {ours:.2f} s   {stock / ours:.1f} times faster")
    print(f"student's own code      {own:.2f} s   ours takes {ours - own:.2f} s more")


if __name__ == "__main__":
    main()
