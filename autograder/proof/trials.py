"""The hand-ins that an assignment's folder implies, each with the claim that its grade proves."""

import ast
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

from autograder.assignment import Assignment
from autograder.authoring.markers import reference_text, starter_text
from autograder.authoring.mistakes import Mistake, load_mistakes
from autograder.grading.handin import open_handin
from autograder.packaging.build import reference_files, solved_weights
from autograder.proof import claims
from autograder.proof.mutants import Mutant
from autograder.results.grade import Grade

_SEEDS = range(5)
_MORE_SEEDS = range(5, 12)
_TWO_THREADS = "\n\nimport torch\n\ntorch.set_num_threads(2)\n"


@dataclass(frozen=True)
class Trial:
    """A hand-in whose grade proves or breaks a claim.

    Attributes:
        text: the claim.
        source: the module.
        broken: says what breaks the claim; nothing where it holds.
        run_seed: seed of the run.
        notebook: whether the source is the code of a notebook's cells.
        changed: names in the module that differ from the reference: only tests that can reach them run; all when empty.
        slow: whether tests marked slow are run, too.
        weights: trained weights that are handed in with it, file name → content.
        mistake: the known mistake that the source holds.
        mutant: the generated change that it holds; one loss is enough.
    """

    text: str
    source: str
    broken: Callable[[Grade], str]
    run_seed: int = 0
    notebook: bool = False
    changed: frozenset[str] = frozenset()
    slow: bool = True
    weights: Mapping[str, bytes] = field(default_factory=dict)
    mistake: Mistake | None = None
    mutant: Mutant | None = None


def trials_of(assignment: Assignment, *, quick: bool) -> list[Trial]:
    """List the hand-ins of an assignment, its generated mutants left aside.

    Args:
        assignment: whose they are.
        quick: run slow tests once, with the reference, and fewer seeds.

    Raises:
        AutograderError: if a marker or a mistake does not fit the source.
    """
    text = assignment.source.read_text(encoding="utf-8")
    solved = reference_text(text, assignment.source)
    weights = {str(path): content for path, content in solved_weights(assignment).items()}
    right = partial(Trial, broken=claims.earns_everything, weights=weights)
    said = "the reference earns everything (run seed {})"
    trials = [right(said.format(seed), solved, run_seed=seed, slow=not quick or seed == 0) for seed in _SEEDS]
    if not quick:
        trials += [right(said.format(seed), solved, run_seed=seed, slow=False) for seed in _MORE_SEEDS]
        if any(name.startswith("torch") for name in assignment.requires):
            trials.append(right("the reference earns everything on two threads", solved + _TWO_THREADS))
    trials.append(right("the solved notebook earns everything", _cells(assignment), notebook=True, slow=not quick))
    trials += [
        _accepted(assignment, file, slow=not quick) for file in sorted((assignment.folder / "accepted").glob("*.py"))
    ]
    said = "the starter earns nothing: every item is not attempted"
    trials += [
        Trial(said, starter_text(text, assignment.source), claims.is_untouched),
        Trial("an empty module earns nothing", "", claims.earns_nothing),
        Trial("functions that return None earn nothing", returns_none(solved), claims.earns_nothing),
    ]
    return trials + [_mistaken(mistake, text, weights) for mistake in load_mistakes(assignment)]


def mutated(mutant: Mutant, weights: Mapping[str, bytes]) -> Trial:
    """Make the trial of a generated mutant."""
    said = f"a mutant dies: {mutant.function}, line {mutant.number}: {mutant.line} → {mutant.becomes}"
    changed = frozenset({mutant.function})
    died = partial(claims.is_killed, mutant=mutant)
    return Trial(said, mutant.source, died, changed=changed, slow=False, weights=weights, mutant=mutant)


def returns_none(source: str) -> str:
    """Replace the body of every function of a module by `return None`."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body = [ast.Return(ast.Constant(None))]
    return ast.unparse(ast.fix_missing_locations(tree))


def _accepted(assignment: Assignment, file: Path, *, slow: bool) -> Trial:
    """Make the trial of a right solution, with trained weights of its own beside it where they are handed in."""
    names = assignment.weights.names if assignment.weights else ()
    own = {name: file.with_suffix(Path(name).suffix) for name in names}
    weights = {name: path.read_bytes() for name, path in own.items() if path.is_file()}
    said, text = f"accepted/{file.name} earns everything", file.read_text(encoding="utf-8")
    return Trial(said, text, claims.earns_everything, weights=weights, slow=slow)


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
    return Trial(said, wrong, caught, changed=changed, slow=mistake.slow, weights=weights, mistake=mistake)
