"""Grade four hand-ins of a2_convolution: solved, empty, one that correlates, one that hangs."""

import subprocess
import sys
from pathlib import Path

from autograder.assignment import Assignment, find_assignments
from autograder.authoring.markers import reference_text
from autograder.authoring.mistakes import load_mistakes

ROOT = Path(__file__).resolve().parents[1]
HANGS = "\n\ndef convolve2d(*args, **kwargs):\n    while True:\n        pass\n"


def main() -> int:
    """Write the hand-ins, grade them with the command line, and say where everything is."""
    (assignment,) = find_assignments(ROOT, ("a2_convolution",))
    dist = ROOT / "dist" / assignment.name
    results = dist / "results"
    hand_ins = [dist / "solved.zip", dist / "empty.zip", *_wrong_ones(assignment, dist)]
    program = Path(sys.executable).with_name("autograder")
    command = [program, "grade", assignment.name, *map(str, hand_ins), "--out", str(results)]
    status = subprocess.run(command, cwd=ROOT, check=False).returncode
    sys.stdout.write(f"zips:    {dist}\n")
    return status


def _wrong_ones(assignment: Assignment, folder: Path) -> list[Path]:
    """Write the hand-in that correlates, a known mistake, and one that never returns."""
    source = assignment.source.read_text(encoding="utf-8")
    correlates = next(m for m in load_mistakes(assignment) if m.id == "2.1").apply(source)
    paths = []
    for name, text in (("correlates", correlates), ("hangs", source + HANGS)):
        path = folder / f"{name}.py"
        path.write_text(reference_text(text, assignment.source), encoding="utf-8")
        paths.append(path)
    return paths


if __name__ == "__main__":
    sys.exit(main())
