"""A course's hand-ins, graded by a command that is killed half-way and started again, then written as one CSV.

    python tests/benchmarks/course.py [--count 300] [--assignments a1_images …] [--workers 2] [--keep FOLDER]

Each assignment gets its share of varied hand-ins; SIGKILL comes when half of them are graded. Afterwards
each must have exactly one grade, and no grade may be open.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from classes import a_class

from autograder.assignment import Assignment, load_assignment
from autograder.batch.store import Store

ROOT = Path(__file__).resolve().parents[2]
AUTOGRADER = Path(sys.executable).with_name("autograder")
NAMES = ("a1_images", "a2_convolution", "a3_backprop", "a4_mlp", "a5_cnn")
_POLL = 0.2  # seconds


@dataclass(frozen=True)
class Outcome:
    """What became of one assignment's hand-ins.

    Attributes:
        when_killed: how many had a grade when the command was killed.
        graded: how many have one in the end.
        most: grades that one of them has at most: 1 where none was graded twice.
        faults: how many grades are not final.
        mean: of their scores.
        seconds: that the two commands took together.
    """

    when_killed: int
    graded: int
    most: int
    faults: int
    mean: float
    seconds: float


def killed_and_resumed(assignment: Assignment, hand_ins: Path, out: Path, workers: int) -> Outcome:
    """Grade a folder, kill the command when half is done, and give the same command again."""
    command = [AUTOGRADER, "grade", assignment.name, hand_ins, "--out", out, "--workers", str(workers)]
    half, start = len([*hand_ins.iterdir()]) // 2, time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None and _finished(out) < half:
            time.sleep(_POLL)
        running.send_signal(signal.SIGKILL)
    done = _finished(out)
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    with Store(out) as store:
        entries = store.entries()
        grades = [entry.grade for entry in entries if entry.grade]
        most = max(len(store.history(entry)) for entry in entries)
    scores = [grade.summary.score for grade in grades if grade.summary.score is not None]
    faults = sum(not grade.summary.final for grade in grades)
    return Outcome(done, len(grades), most, faults, sum(scores) / len(scores), time.perf_counter() - start)


def _finished(out: Path) -> int:
    return len([*out.glob("*/results.json")])


def main() -> None:
    """Grade a course's hand-ins and print what became of them."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=300)
    options.add_argument("--assignments", nargs="*", default=NAMES)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--keep", type=Path, help="an empty folder for the runs; a temporary one by default")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, runs = asked.keep or Path(name), []
        for assignment in (load_assignment(ROOT / "assignments" / name) for name in asked.assignments):
            (hand_ins := folder / "in" / assignment.name).mkdir(parents=True)
            kinds: Counter[str] = a_class(assignment, hand_ins, asked.count // len(asked.assignments))
            runs.append(folder / "runs" / assignment.name)
            runs[-1].parent.mkdir(exist_ok=True)
            outcome = killed_and_resumed(assignment, hand_ins, runs[-1], asked.workers)
            print(f"{assignment.name}: {dict(kinds)}\n  {outcome}", flush=True)
        gradebook = folder / "grades.csv"
        subprocess.run([AUTOGRADER, "gradebook", *runs, "--format", "moodle", "--out", gradebook], cwd=ROOT, check=True)
        lines = gradebook.read_text(encoding="utf-8").splitlines()
        print(f"{gradebook.name}: {len(lines) - 1} students; {lines[0][:150]}")


if __name__ == "__main__":
    main()
