"""Prove, by running it, that a suite grades what it claims to."""

import ast
import queue
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from time import perf_counter

from autograder.assignment import Assignment
from autograder.authoring.markers import reference_text, starter_text
from autograder.authoring.mistakes import Mistake, load_mistakes
from autograder.errors import AutograderError
from autograder.grading.grade import Grader
from autograder.grading.handin import HandIn, open_handin
from autograder.packaging.build import reference_files, solved_weights
from autograder.proof.leaks import leaks
from autograder.proof.reach import Reach
from autograder.results.grade import Grade, TestResult
from autograder.results.wording import message
from coursekit.recording import Spec
from coursekit.verdicts import Verdict

_SEEDS = range(5)


@dataclass(frozen=True)
class Claim:
    """One thing that a suite claims, and whether it holds.

    Attributes:
        assignment: the assignment's name.
        text: the claim, as one sentence.
        broken: what was seen instead; empty when the claim holds.
        seconds: what the proof took.
    """

    assignment: str
    text: str
    broken: str = ""
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the claim was proven."""
        return not self.broken


@dataclass(frozen=True)
class Trial:
    """A hand-in whose grade proves or breaks a claim; a mistake's meets only the tests that can notice it.

    Attributes:
        text: the claim.
        source: the module.
        broken: says what breaks the claim; nothing where it holds.
        run_seed: seed of the run.
        notebook: whether the source is the code of a notebook's cells.
        mistake: the known mistake that the source holds.
        weights: trained weights that are handed in with it, file name → content.
    """

    text: str
    source: str
    broken: Callable[[Grade], str]
    run_seed: int = 0
    notebook: bool = False
    mistake: Mistake | None = None
    weights: Mapping[str, bytes] = field(default_factory=dict)


def claims_about(assignment: Assignment, salt: str, workers: int = 2) -> Iterator[Claim]:
    """Prove an assignment's claims, one after the other.

    Args:
        assignment: whose suite it is.
        salt: the course's salt.
        workers: how many graders run at once.
    """
    start = perf_counter()
    try:
        trials = trials_of(assignment)
        yield from _run(assignment, salt, trials, workers)
        start = perf_counter()
        found = leaks(assignment)
        yield Claim(assignment.name, "nothing hidden is in what ships", "; ".join(found), perf_counter() - start)
    except AutograderError as error:
        yield Claim(assignment.name, "the suite can be used", f"not proven: {error}", perf_counter() - start)


def trials_of(assignment: Assignment) -> list[Trial]:
    """List the hand-ins that an assignment's folder implies.

    Raises:
        AutograderError: if a marker or a mistake does not fit the source.
    """
    text = assignment.source.read_text(encoding="utf-8")
    solved = reference_text(text, assignment.source)
    weights = {str(path): content for path, content in solved_weights(assignment).items()}
    trials = [
        Trial(f"the reference earns everything (run seed {s})", solved, _earns_everything, s, weights=weights)
        for s in _SEEDS
    ]
    said = "the solved notebook earns everything"
    trials.append(Trial(said, _cells(assignment), _earns_everything, notebook=True, weights=weights))
    trials += [_accepted(assignment, file) for file in sorted((assignment.folder / "accepted").glob("*.py"))]
    trials += [
        Trial(
            "the starter earns nothing: every item is not attempted", starter_text(text, assignment.source), _untouched
        ),
        Trial("an empty module earns nothing", "", _earns_nothing),
        Trial("functions that return None earn nothing", returns_none(solved), _earns_nothing),
    ]
    return trials + [_trial(mistake, text, weights) for mistake in load_mistakes(assignment)]


def _accepted(assignment: Assignment, file: Path) -> Trial:
    """Make the trial of a right solution, with trained weights of its own beside it where they are handed in."""
    names = assignment.weights.names if assignment.weights else ()
    own = {name: file.with_suffix(Path(name).suffix) for name in names}
    weights = {name: path.read_bytes() for name, path in own.items() if path.is_file()}
    text = file.read_text(encoding="utf-8")
    return Trial(f"accepted/{file.name} earns everything", text, _earns_everything, weights=weights)


def _cells(assignment: Assignment) -> str:
    """Give the code of the solved notebook, opened as a hand-in is."""
    name = PurePosixPath(f"{assignment.name}.ipynb")
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        file = Path(folder) / name
        file.write_bytes(reference_files(assignment)[name])
        return open_handin(file, assignment).files[assignment.module_file].decode()


def returns_none(source: str) -> str:
    """Replace the body of every function of a module by `return None`."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body = [ast.Return(ast.Constant(None))]
    return ast.unparse(ast.fix_missing_locations(tree))


def _trial(mistake: Mistake, text: str, weights: Mapping[str, bytes]) -> Trial:
    wrong = mistake.apply(text)  # its markers are comments, and stay
    said = f"mistake {mistake.id} ({mistake.name}) loses points in {mistake.question}, with its hint"
    return Trial(said, wrong, lambda grade: _is_caught(grade, mistake), mistake=mistake, weights=weights)


def _run(assignment: Assignment, salt: str, trials: list[Trial], workers: int) -> Iterator[Claim]:
    graders: queue.SimpleQueue[Grader] = queue.SimpleQueue()
    reach = Reach(assignment)

    def prove(trial: Trial) -> Claim:
        grader, start = graders.get(), perf_counter()
        try:
            content = {assignment.module_file: trial.source.encode(), **trial.weights}
            handin = HandIn(trial.text, content, notebook=trial.notebook)
            tests = _tests_for(trial.mistake, reach, grader.specs) if trial.mistake else None
            broken = trial.broken(grader.grade_files(handin, run_seed=trial.run_seed, tests=tests))
        finally:
            graders.put(grader)
        return Claim(assignment.name, trial.text, broken, perf_counter() - start)

    with ExitStack() as stack:
        for _ in range(workers):
            graders.put(stack.enter_context(Grader(assignment, salt)))
        yield Claim(assignment.name, f"the suite's points add up to {assignment.points:g}")
        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(prove, trials)


def _tests_for(mistake: Mistake, reach: Reach, specs: Sequence[Spec]) -> list[str]:
    """Choose the tests that can reach what the mistake changes; slow ones only where it asks for them."""
    candidates = [spec for spec in specs if mistake.slow or not spec.slow]
    return reach.tests({edit.function for edit in mistake.edits}, candidates)


def _earns_everything(grade: Grade) -> str:
    lost = [result for result in grade.results if not result.whole and not _lacks_device(result)]
    return _said(grade, lost) if lost or grade.score != grade.assignment.points else ""


def _lacks_device(result: TestResult) -> bool:
    """Whether a test without points was not graded, such as one that needs a GPU where there is none."""
    return result.spec.points == 0 and result.verdict is Verdict.NOT_GRADED


def _earns_nothing(grade: Grade) -> str:
    wrong = [result for result in grade.results if result.score or not result.final]
    if grade.badges and not wrong:
        return f"it earns {', '.join(grade.badges)}"
    return _said(grade, wrong) if wrong else ""


def _untouched(grade: Grade) -> str:
    allowed = {Verdict.NOT_ATTEMPTED, Verdict.NOT_GRADED}
    attempted = [result for result in grade.results if result.verdict not in allowed and not _is_given(result)]
    return _earns_nothing(grade) or _said(grade, attempted)


def _is_given(result: TestResult) -> bool:
    """Whether a test without points passes on the starter: it shows a helper that is given."""
    return result.spec.points == 0 and result.whole


def _is_caught(grade: Grade, mistake: Mistake) -> str:
    unknown = {Verdict.NOT_GRADED, Verdict.NOT_RUN}
    lost = [result for result in grade.results if not result.whole and result.verdict not in unknown]
    here = [result for result in lost if result.spec.question == mistake.question]
    elsewhere = [result for result in lost if result.spec.question not in {mistake.question, *mistake.also}]
    if faults := [result for result in lost if not result.final]:
        return _said(grade, faults)
    if not here:
        return f"it lives: {mistake.question} keeps all of its points"
    if not any(mistake.hint in message(result, grade.assignment) for result in here):
        return f"its hint '{mistake.hint}' is not shown by {', '.join(result.spec.id for result in here)}"
    return f"it costs other questions too: {_said(grade, elsewhere)}" if elsewhere else ""


def _said(grade: Grade, results: list[TestResult]) -> str:
    if not results:
        return grade.fault or grade.problem
    worst = results[0]
    more = f" and {len(results) - 1} more" if len(results) > 1 else ""
    case = worst.worst
    words = " ".join(f"{case.case} {case.finding} {case.summary} {case.details}".split()) if case else ""
    seen = f"{grade.score:g} points; {worst.spec.id}{more}: {worst.verdict}: {words[:300]}"
    return f"{seen} {grade.problem}".strip()
