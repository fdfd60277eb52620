"""One assignment folder's manifest as frozen data."""

import re
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from pathlib import Path

from autograder.errors import ManifestError, did_you_mean
from autograder.questions import TESTED, WRITTEN, Question, read_questions
from autograder.toml import Table, read_toml
from autograder.variants import Variant, read_variants

MANIFEST = "assignment.toml"
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(KiB|MiB|GiB)")
_UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


@dataclass(frozen=True)
class Limits:
    """What one test may use.

    Attributes:
        seconds: wall-clock seconds that student code may take in one test, above 0.
        memory: bytes of private memory of one worker.
        gpu: whether the assignment can use a GPU.
        shared_memory: whether student code may start processes that share memory: `multiprocessing.Pool`,
            and a DataLoader's workers.
    """

    seconds: float = 10.0
    memory: int = 2**30
    gpu: bool = False
    shared_memory: bool = False


@dataclass(frozen=True)
class Budget:
    """What grading a right hand-in may take, as `autograder verify` proves it: by default what Gradescope gives.

    Attributes:
        cpu_seconds: processor seconds from start to end, above 0; 10 minutes of half a processor.
        memory: bytes that all processes hold together.
    """

    cpu_seconds: float = 300.0
    memory: int = 768 * 2**20


@dataclass(frozen=True)
class Weights:
    """A trained model's weights, which a student may hand in beside the module.

    Attributes:
        file: the file's name without its end: `file.safetensors`, or `file.pt` for `torch.load(weights_only=True)`.
        parameters: how many numbers the model may have; the file may hold twice as many, for buffers.
        retrain: whether the grader trains the model itself and leaves the file unread; for a batch, with time.
    """

    file: str
    parameters: int
    retrain: bool = False

    @property
    def names(self) -> tuple[str, str]:
        """The two names that the file may have."""
        return f"{self.file}.safetensors", f"{self.file}.pt"


@dataclass(frozen=True)
class Assignment:
    """An assignment folder, read and checked.

    Attributes:
        folder: the assignment's folder; its name is the assignment's name.
        title: what a student reads.
        hand_in: names of the files that a student edits and gives back; the first is the module.
        requires: requirements in pip's form, for kit and zip.
        unneeded: packages that these bring along and that no test imports: left out of what grades.
        data: names of the data sets that its tests read, as in `autograder/data/` or the folder's own `data/`.
        weights: what may be handed in beside the module, or None.
        points: total over all questions.
        limits: what one test may use.
        budget: what grading a right hand-in may take.
        questions: in the order of the report.
        refused: dotted names that the student's module may not use.
        why_refused: the reason, as the student reads it.
        variants: parameters that a term chooses.
    """

    folder: Path
    title: str
    hand_in: tuple[str, ...]
    points: float
    questions: tuple[Question, ...]
    requires: tuple[str, ...] = ()
    unneeded: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    weights: Weights | None = None
    limits: Limits = Limits()
    budget: Budget = Budget()
    refused: tuple[str, ...] = ()
    why_refused: str = "write it yourself: that is what this assignment is about"
    variants: tuple[Variant, ...] = ()

    @property
    def name(self) -> str:
        """Name of the folder, as used on the command line."""
        return self.folder.name

    @property
    def module_file(self) -> str:
        """File name of the module that a student hands in."""
        return self.hand_in[0]

    @property
    def module(self) -> str:
        """Import name of the module that a student hands in."""
        return self.module_file.removesuffix(".py")

    @property
    def source(self) -> Path:
        """The solved source with its solution markers."""
        return self.folder / self.module_file

    @property
    def public(self) -> Path:
        """Folder of the tests that are shipped to students."""
        return self.folder / "public"

    @property
    def hidden(self) -> Path:
        """Folder of the tests that are never shipped."""
        return self.folder / "hidden"

    @cached_property
    def by_id(self) -> dict[str, Question]:
        """Questions by id."""
        return {question.id: question for question in self.questions}

    @property
    def tested(self) -> tuple[Question, ...]:
        """Questions that tests grade."""
        return tuple(question for question in self.questions if question.kind == TESTED)

    @property
    def written(self) -> tuple[Question, ...]:
        """Questions that a person marks."""
        return tuple(question for question in self.questions if question.kind == WRITTEN)

    @property
    def chosen(self) -> str:
        """Its variants as `autograder choose` takes them: "a1_images.luma=bt709"."""
        return " ".join(f"{self.name}.{variant.id}={variant.chosen}" for variant in self.variants)


def package_name(requirement: str) -> str:
    """Give the package's name of a requirement in pip's form: "numpy>=2" is about numpy."""
    match = re.match(r"[\w.-]+", requirement)
    return match[0] if match else requirement


def load_assignment(folder: Path) -> Assignment:
    """Read an assignment's manifest.

    Raises:
        ManifestError: naming file and key, if anything in it is missing, unknown or of the wrong kind.
    """
    file = folder / MANIFEST
    known = {field.name for field in fields(Assignment)} - {"folder"}
    table = read_toml(file, "autograder new assignment NAME writes one").refuse_unknown(known)
    assignment = Assignment(
        folder=folder.resolve(),
        title=table.get("title", str),
        hand_in=_hand_in(table),
        points=table.get("points", (int, float)),
        questions=read_questions(table),
        requires=table.strings("requires"),
        unneeded=table.strings("unneeded"),
        data=table.strings("data"),
        weights=_weights(table),
        limits=_limits(table),
        budget=_budget(table),
        refused=table.strings("refused"),
        why_refused=table.get("why_refused", str, Assignment.why_refused),
        variants=read_variants(table),
    )
    if assignment.points <= 0:
        raise table.wrong("points", f"'points' must be above 0, got {assignment.points}")
    return assignment


def find_assignments(root: Path, names: tuple[str, ...] = ()) -> list[Assignment]:
    """List a course's assignments, or the named ones.

    Args:
        root: the course's folder, which holds `assignments/`.
        names: names of assignments; empty for all, in alphabetical order.

    Raises:
        ManifestError: if a name is no assignment, or a manifest cannot be used.
    """
    home = root / "assignments"
    folders = {path.parent.name: path.parent for path in sorted(home.glob(f"*/{MANIFEST}"))}
    for name in names:
        if name not in folders:
            known = did_you_mean(name, folders) or f"assignments here: {', '.join(folders) or 'none'}"
            raise ManifestError(home, f"no assignment is named '{name}'", known)
    return [load_assignment(folders[name]) for name in names or folders]


def _hand_in(table: Table) -> tuple[str, ...]:
    names = table.strings("hand_in", MISSING)
    if not names or not names[0].endswith(".py") or not names[0].removesuffix(".py").isidentifier():
        what = f"'hand_in' must begin with a Python module such as 'solution.py', got {names!r}"
        raise table.wrong("hand_in", what)
    if any(Path(name).name != name for name in names):
        raise table.wrong("hand_in", f"'hand_in' holds plain file names, without folders, got {names!r}")
    return names


def _weights(table: Table) -> Weights | None:
    if "weights" not in table.table:
        return None
    known = {field.name for field in fields(Weights)}
    weights = table.below("weights", table.get("weights", dict)).refuse_unknown(known)
    found = Weights(weights.get("file", str), weights.get("parameters", int), weights.get("retrain", bool, False))
    if not found.file.isidentifier():
        raise weights.wrong("file", f"'weights.file' must be a name such as 'model', got {found.file!r}")
    if found.parameters < 1:
        raise weights.wrong("parameters", f"'weights.parameters' must be at least 1, got {found.parameters}")
    return found


def _limits(table: Table) -> Limits:
    known = {field.name for field in fields(Limits)}
    limits = table.below("limits", table.get("limits", dict, {})).refuse_unknown(known)
    seconds = limits.get("seconds", (int, float), Limits.seconds)
    if seconds <= 0:
        raise limits.wrong("seconds", f"'limits.seconds' must be above 0, got {seconds}")
    switches = {name: limits.get(name, bool, getattr(Limits, name)) for name in ("gpu", "shared_memory")}
    return Limits(float(seconds), _size(limits, "limits", Limits.memory), **switches)


def _budget(table: Table) -> Budget:
    known = {field.name for field in fields(Budget)}
    budget = table.below("budget", table.get("budget", dict, {})).refuse_unknown(known)
    seconds = budget.get("cpu_seconds", (int, float), Budget.cpu_seconds)
    if seconds <= 0:
        raise budget.wrong("cpu_seconds", f"'budget.cpu_seconds' must be above 0, got {seconds}")
    return Budget(float(seconds), _size(budget, "budget", Budget.memory))


def _size(table: Table, name: str, usual: int) -> int:
    if "memory" not in table.table:
        return usual
    text = table.get("memory", str)
    match = _SIZE.fullmatch(text)
    if not match:
        raise table.wrong("memory", f"'{name}.memory' must read like '512 MiB' or '1 GiB', got {text!r}")
    return int(float(match[1]) * _UNITS[match[2]])
