"""Classes of varied hand-ins, for benchmarks of a batch."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from autograder.assignment import Assignment
from autograder.authoring.markers import reference_text, starter_text
from autograder.grading.handin import write_to
from autograder.proof.claims import Kind
from autograder.proof.trials import Trial, solved, trials_of

HANGS = "\n\ndef {}(*args, **kwargs):\n    while True:\n        pass\n"
CRASHES = "\n\ndef {}(*args, **kwargs):\n    import os\n    os.abort()\n"
KINDS = [*["solved", "mistaken", "partly"] * 13, *["solved"] * 9, "hanging", "crashing"]


def a_class(assignment: Assignment, folder: Path, count: int) -> Counter[str]:
    """Write hand-ins: of 50, 22 solved in several styles, 13 with a known mistake, 13 in part, 1 hangs, 1 crashes.

    Each is a module, or a folder with trained weights beside it where those are handed in.
    """
    chance = random.Random(7)  # noqa: S311 - a fixed class
    makers = _makers(assignment, chance)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        _write(assignment, makers[kind](), folder / f"{number:04}_{kind}")
    return Counter(KINDS[number % len(KINDS)] for number in range(count))


def _makers(assignment: Assignment, chance: random.Random) -> dict[str, Callable[[], Trial]]:
    right, trials = solved(assignment), trials_of(assignment, quick=True)
    styles = [right, *(trial for trial in trials if trial.text.startswith("accepted/"))]
    wrong = [trial for trial in trials if trial.kind is Kind.MISTAKE]
    starter = starter_text(assignment.source.read_text(encoding="utf-8"), assignment.source)
    crashed, hung = (assignment.tested[place].functions[0] for place in (1, -2))
    return {
        "solved": lambda: chance.choice(styles),
        "mistaken": lambda: chance.choice(wrong),
        "partly": lambda: replace(right, source=_partly(right.source, starter, chance)),
        "hanging": lambda: replace(right, source=right.source + HANGS.format(hung)),
        "crashing": lambda: replace(right, source=right.source + CRASHES.format(crashed)),
    }


def _partly(right: str, starter: str, chance: random.Random) -> str:
    """Leave out some of the functions at the end: they are still to do."""
    parts, stubs = right.split("\ndef "), starter.split("\ndef ")
    kept = chance.randrange(2, len(parts))
    return "\ndef ".join([*parts[:kept], *stubs[kept:]])


def _write(assignment: Assignment, trial: Trial, place: Path) -> None:
    source = reference_text(trial.source, assignment.source)
    if trial.weights:
        place.mkdir()
        write_to(replace(trial, source=source).hand_in(assignment), place)
    else:
        place.with_suffix(".py").write_text(source, encoding="utf-8")
