"""One assignment folder's manifest as frozen data."""

import re
import tomllib
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from autograder.errors import ManifestError, did_you_mean

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
class Question:
    """One graded item.

    Attributes:
        id: name used by marks, mistakes and reports.
        title: what a student reads.
        needs: questions that must earn something before this one is graded.
        functions: names in the module that this question grades; its id by default.
        badge: what a student earns by solving it whole; for bonus questions, whose tests give no points.
    """

    id: str
    title: str
    needs: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    badge: str = ""


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
        questions: in the order of the report.
        refused: dotted names that the student's module may not use.
        why_refused: the reason, as the student reads it.
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
    refused: tuple[str, ...] = ()
    why_refused: str = "write it yourself: that is what this assignment is about"

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


class _Table:
    """One table of a manifest, which names file and key in every complaint."""

    def __init__(self, file: Path, key: str, table: object) -> None:
        if not isinstance(table, dict):
            raise ManifestError(file, f"{key or 'the file'} must be a table, got {table!r}")
        self.file, self.key, self.table = file, key, table

    def path(self, key: str) -> str:
        return f"{self.key}.{key}" if self.key else key

    def refuse_unknown(self, known: set[str]) -> Self:
        for key in self.table:
            if key not in known:
                hint = did_you_mean(key, known) or f"known keys: {', '.join(sorted(known))}"
                raise ManifestError(self.file, f"unknown key '{self.path(key)}'", hint)
        return self

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = MISSING) -> Any:
        value = self.table.get(key, default)
        if value is MISSING:
            raise ManifestError(self.file, f"key '{self.path(key)}' is missing")
        if value is not default and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            wanted = " or ".join(k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,)))
            raise ManifestError(self.file, f"'{self.path(key)}' must be {wanted}, got {value!r}")
        return value

    def strings(self, key: str, default: Any = ()) -> tuple[str, ...]:
        values = self.get(key, list, default)
        if not all(isinstance(value, str) and value for value in values):
            raise ManifestError(self.file, f"'{self.path(key)}' must hold non-empty strings, got {values!r}")
        return tuple(values)


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
    table = _Table(file, "", _read_toml(file)).refuse_unknown({f.name for f in fields(Assignment)} - {"folder"})
    assignment = Assignment(
        folder=folder.resolve(),
        title=table.get("title", str),
        hand_in=_hand_in(table),
        points=table.get("points", (int, float)),
        questions=_questions(table),
        requires=table.strings("requires"),
        unneeded=table.strings("unneeded"),
        data=table.strings("data"),
        weights=_weights(table),
        limits=_limits(table),
        refused=table.strings("refused"),
        why_refused=table.get("why_refused", str, Assignment.why_refused),
    )
    if assignment.points <= 0:
        raise ManifestError(file, f"'points' must be above 0, got {assignment.points}")
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


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ManifestError(file, "there is no manifest", "autograder new assignment NAME writes one") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(file, f"not valid TOML: {error}") from None


def _hand_in(table: _Table) -> tuple[str, ...]:
    names = table.strings("hand_in", MISSING)
    if not names or not names[0].endswith(".py") or not names[0].removesuffix(".py").isidentifier():
        what = f"'hand_in' must begin with a Python module such as 'solution.py', got {names!r}"
        raise ManifestError(table.file, what)
    if any(Path(name).name != name for name in names):
        raise ManifestError(table.file, f"'hand_in' holds plain file names, without folders, got {names!r}")
    return names


def _weights(table: _Table) -> Weights | None:
    if "weights" not in table.table:
        return None
    known = {field.name for field in fields(Weights)}
    weights = _Table(table.file, "weights", table.get("weights", dict)).refuse_unknown(known)
    found = Weights(weights.get("file", str), weights.get("parameters", int), weights.get("retrain", bool, False))
    if not found.file.isidentifier():
        raise ManifestError(table.file, f"'weights.file' must be a name such as 'model', got {found.file!r}")
    if found.parameters < 1:
        raise ManifestError(table.file, f"'weights.parameters' must be at least 1, got {found.parameters}")
    return found


def _limits(table: _Table) -> Limits:
    known = {field.name for field in fields(Limits)}
    limits = _Table(table.file, "limits", table.get("limits", dict, {})).refuse_unknown(known)
    seconds = limits.get("seconds", (int, float), Limits.seconds)
    if seconds <= 0:
        raise ManifestError(table.file, f"'limits.seconds' must be above 0, got {seconds}")
    switches = {name: limits.get(name, bool, getattr(Limits, name)) for name in ("gpu", "shared_memory")}
    return Limits(float(seconds), _size(limits), **switches)


def _size(limits: _Table) -> int:
    text = limits.get("memory", str, "1 GiB")
    match = _SIZE.fullmatch(text)
    if not match:
        raise ManifestError(limits.file, f"'limits.memory' must read like '512 MiB' or '1 GiB', got {text!r}")
    return int(float(match[1]) * _UNITS[match[2]])


def _questions(table: _Table) -> tuple[Question, ...]:
    questions: dict[str, Question] = {}
    for number, entry in enumerate(table.get("questions", list)):
        item = _Table(table.file, f"questions[{number}]", entry).refuse_unknown({f.name for f in fields(Question)})
        identifier = item.get("id", str)
        if identifier in questions:
            raise ManifestError(table.file, f"'{item.path('id')}' repeats '{identifier}'")
        needs = item.strings("needs")
        for need in needs:
            if need not in questions:
                hint = did_you_mean(need, questions) or "a question needs only questions that stand above it"
                raise ManifestError(table.file, f"'{item.path('needs')}' names '{need}', which is not above it", hint)
        functions = item.strings("functions") or (identifier,)
        badge = item.get("badge", str, "")
        questions[identifier] = Question(identifier, item.get("title", str), needs, functions, badge)
    if not questions:
        raise ManifestError(table.file, "'questions' is empty", "write at least one [[questions]] table")
    return tuple(questions.values())
