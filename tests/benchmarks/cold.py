"""One a2 hand-in, cold, at half a processor: our `run_autograder` beside `otter run`.

    autograder build a2_convolution && python tests/benchmarks/cold.py

Half a processor is one core shared with a process that spins: the scheduler gives each
its half. Budget: ours at most 4 s. Both run the same zip, unpacked, on the same hand-in.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from against_otter import seconds

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist" / "a2_convolution"
OURS = "import sys; from pathlib import Path; from autograder.packaging.container import main; main(Path(sys.argv[1]))"


@contextmanager
def half_a_processor() -> Iterator[None]:
    """Pin this process and its children to one core, and share that with a spinning process."""
    cores = os.sched_getaffinity(0)
    core = min(cores)
    os.sched_setaffinity(0, {core})
    spinning = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        spinning.kill()
        spinning.wait()
        os.sched_setaffinity(0, cores)


def main() -> None:
    """Print both sides and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for archive, target in (("autograder.zip", "source"), ("solved.zip", "submission")):
            with zipfile.ZipFile(DIST / archive) as opened:
                opened.extractall(folder / target)
        otter = [sys.executable, "-m", "otter", "run", "-a", str(DIST / "autograder.zip"), str(DIST / "solved.zip")]
        ours = [sys.executable, "-c", OURS, str(folder)]
        _row("whole processors", ours, otter, folder)
        with half_a_processor():
            _row("half a processor", ours, otter, folder)


def _row(label: str, ours: list[str], otter: list[str], folder: Path) -> None:
    mine, theirs = seconds(ours, folder), seconds(otter, folder)
    print(f"{label}: run_autograder {mine:.2f} s, otter run {theirs:.2f} s, ratio {theirs / mine:.1f}")


if __name__ == "__main__":
    main()
