"""The hand-ins that an assignment's folder implies, each with the claim that its grade proves."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

from autograder.assignment import Assignment
from autograder.authoring.markers import reference_text, starter_text
from autograder.authoring.mistakes import Mistake, load_mistakes
from autograder.authoring.weights import solved_weights
from autograder.grading.handin import HandIn, open_handin
from autograder.packaging.build import reference_files
from autograder.proof import claims
from autograder.proof.claims import Kind
from autograder.proof.hollow import filled, returns_none
from autograder.proof.mutants import Mutant
from autograder.results.grade import Grade

_SEEDS, _QUICK_SEEDS = range(12), range(5)  # of runs
_SLOW_SEEDS, _QUICK_SLOW_SEEDS = range(5), range(1)  # of runs that meet slow tests, too
_ORDER_SEEDS = range(12, 17)
_TWO_THREADS = "\n\nimport torch\n\ntorch.set_num_threads(2)\n"


@dataclass(frozen=True)
class Trial:
    """A hand-in whose grade proves or breaks a claim.

    Attributes:
        kind: what the claim is about.
        text: the claim.
        source: the module.
        broken: says what breaks the claim; nothing where it holds.
        run_seed: seed of the run.
        shuffled: whether the tests run in an order drawn from the run seed.
        notebook: whether the source is the code of a notebook's cells.
        changed: names in the module that differ from the reference: only tests that can reach them run; all when empty.
        slow: whether tests marked slow are run, too.
        weights: trained weights that are handed in with it, file name → content.
        mistake: the known mistake that the source holds.
        mutant: the generated change that it holds; one loss is enough.
    """

    kind: Kind
    text: str
    source: str
    broken: Callable[[Grade], str]
    run_seed: int = 0
    shuffled: bool = False
    notebook: bool = False
    changed: frozenset[str] = frozenset()
    slow: bool = True
    weights: Mapping[str, bytes] = field(default_factory=dict)
    mistake: Mistake | None = None
    mutant: Mutant | None = None

    def hand_in(self, assignment: Assignment) -> HandIn:
        """Give it as what is handed in."""
        files = {assignment.module_file: self.source.encode(), **self.weights}
        return HandIn(self.text, files, notebook=self.notebook)


def trials_of(assignment: Assignment, *, quick: bool) -> list[Trial]:
    """List the hand-ins of an assignment, its generated mutants left aside.

    Args:
        assignment: whose they are.
        quick: run slow tests once, with the reference, and fewer seeds.

    Raises:
        AutograderError: if a marker or a mistake does not fit the source.
    """
    right, text = solved(assignment), assignment.source.read_text(encoding="utf-8")
    trials = [*_right(assignment, right, quick=quick), *_empty(right, starter_text(text, assignment.source))]
    return trials + [_mistaken(mistake, text, right.weights) for mistake in load_mistakes(assignment)]


def solved(assignment: Assignment, said: str = "the reference earns everything", *, slow: bool = False) -> Trial:
    """Make the trial of the reference.

    Args:
        assignment: whose it is.
        said: the claim.
        slow: whether tests marked slow are run, too.
    """
    source = reference_text(assignment.source.read_text(encoding="utf-8"), assignment.source)
    weights = {str(path): content for path, content in solved_weights(assignment).items()}
    return Trial(Kind.RIGHT, said, source, claims.earns_everything, weights=weights, slow=slow)


def _right(assignment: Assignment, right: Trial, *, quick: bool) -> list[Trial]:
    """Make the trials of all that must earn everything: the reference in all its forms, and what was accepted."""
    seeds, slow = (_QUICK_SEEDS, _QUICK_SLOW_SEEDS) if quick else (_SEEDS, _SLOW_SEEDS)
    trials = [replace(right, text=f"{right.text} (run seed {n})", run_seed=n, slow=n in slow) for n in seeds]
    if not quick:
        said = f"{right.text} with its tests in another order (run seed {{}})"
        trials += [replace(right, text=said.format(n), run_seed=n, shuffled=True) for n in _ORDER_SEEDS]
        if any(name.startswith("torch") for name in assignment.requires):
            trials.append(replace(right, text=f"{right.text} on two threads", source=right.source + _TWO_THREADS))
    notebook = "the solved notebook earns everything"
    trials.append(replace(right, text=notebook, source=_cells(assignment), notebook=True, slow=not quick))
    accepted = sorted((assignment.folder / "accepted").glob("*.py"))
    return trials + [_accepted(assignment, file, slow=not quick) for file in accepted]


def _empty(right: Trial, starter: str) -> list[Trial]:
    """Make the trials of all that must earn nothing: the starter, and the reference without its work."""
    said = "the starter earns nothing: every item is not attempted"
    nothing = partial(Trial, Kind.EMPTY, broken=claims.earns_nothing)
    return [
        nothing(said, starter, broken=claims.is_untouched),
        nothing("an empty module earns nothing", ""),
        nothing("functions that return None earn nothing", returns_none(right.source)),
        nothing("zeros of the right shape earn nothing", filled(right.source, 0), weights=right.weights),
        nothing("ones of the right shape earn nothing", filled(right.source, 1), weights=right.weights),
    ]


def mutated(mutant: Mutant, weights: Mapping[str, bytes]) -> Trial:
    """Make the trial of a generated mutant."""
    said = f"a mutant dies: {mutant.function}, line {mutant.number}: {mutant.line} → {mutant.becomes}"
    changed = frozenset({mutant.function})
    died = partial(claims.is_killed, mutant=mutant)
    return Trial(Kind.MUTANT, said, mutant.source, died, changed=changed, slow=False, weights=weights, mutant=mutant)


def _accepted(assignment: Assignment, file: Path, *, slow: bool) -> Trial:
    """Make the trial of a right solution, with trained weights of its own beside it where they are handed in."""
    names = assignment.weights.names if assignment.weights else ()
    own = {name: file.with_suffix(Path(name).suffix) for name in names}
    weights = {name: path.read_bytes() for name, path in own.items() if path.is_file()}
    said, text = f"accepted/{file.name} earns everything", file.read_text(encoding="utf-8")
    return Trial(Kind.RIGHT, said, text, claims.earns_everything, weights=weights, slow=slow)


def _cells(assignment: Assignment) -> str:
    """Give the code of the solved notebook, opened as a hand-in is."""
    name = PurePosixPath(f"{assignment.name}.ipynb")
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        file = Path(folder) / name
        file.write_bytes(reference_files(assignment)[name])
        return open_handin(file, assignment).files[assignment.module_file].decode()


def _mistaken(mistake: Mistake, text: str, weights: Mapping[str, bytes]) -> Trial:
    said = f"mistake {mistake.id} ({mistake.name}) loses points in {mistake.question}, with its hint"
    wrong = mistake.apply(text)  # its markers are comments, and stay
    changed = frozenset(edit.function for edit in mistake.edits)
    caught = partial(claims.is_caught, mistake=mistake)
    return Trial(
        Kind.MISTAKE, said, wrong, caught, changed=changed, slow=mistake.slow, weights=weights, mistake=mistake
    )
