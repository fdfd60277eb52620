"""Grade every hostile, unlucky and odd hand-in, and say for each what was not as it should be.

    python drive.py --out rows.json [--assignments DIR] [--modules NAME …] [--ids ID …]

Needs the package `autograder` and a course's `assignments/`, nothing else: it runs in containers too.
Graded are copies of the assignments with a marker planted in each hidden test and in the reference, a
random salt and a short time limit. All cases of an assignment go through one grader, which at the end
must still give a solved module full points.
"""

import argparse
import ctypes
import importlib.util
import json
import math
import os
import re
import secrets
import shutil
import signal
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from typing import Any

from autograder.assignment import Assignment, load_assignment, package_name
from autograder.authoring.markers import regions
from autograder.errors import AutograderError, HandInError
from autograder.grading.grade import Grader, Order
from autograder.grading.handin import open_handin
from autograder.results.grade import Grade
from autograder.results.gradescope import text_of, to_gradescope
from autograder.sandbox import processes
from autograder.sandbox.limits import available
from coursekit.recording import Spec, combined

sys.path.insert(0, str(Path(__file__).parent))
import make

HERE = Path(__file__).parent
SHARED = Path("/dev/shm")  # noqa: S108 - shared memory, whose mode is set in a container
SURVIVES = "grader-survives-"
_DEFAULTS: dict[str, Any] = {
    "on": "a2_convolution", "base": "solved", "before": "", "uses": "", "code": "", "edits": [], "files": {},
    "make": "", "only": [], "limits": {}, "score": "base", "verdicts": {}, "says": "", "never": "", "fault": False,
    "seconds": 20, "with": "", "skip": {},
}  # fmt: skip
_TEXTS = ("id", "about")
_SECONDS = 2.0  # that student code may take in one test of a copy
_HUNG = 5  # a case that takes so many times its bound is given up
_SETTLE = 20.0  # seconds within which what a hand-in started, and its supervisor, must be gone
_LONG = 40  # characters from which a line of a suite or of the reference is recognised
_PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Row:
    """What became of one case.

    Attributes:
        id: of the case.
        wrong: everything that was not as the case says; empty when it is fine.
        score: points that it earned, in what the case grades.
        base: points that its base earns there without the case's code.
        verdicts: the worst of each question that ran.
        found: secrets that the student reads.
        left: processes that it left behind.
        text: what the student reads of tests that did not just pass.
        skipped: why it could not be graded here; then nothing else is set.
    """

    id: str
    wrong: list[str] = field(default_factory=list)
    score: float = 0.0
    base: float = 0.0
    verdicts: dict[str, str] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    problem: str = ""
    fault: str = ""
    final: bool = True
    seconds: float = 0.0
    left: list[str] = field(default_factory=list)
    text: str = ""
    skipped: str = ""


def read_cases(folder: Path = HERE) -> list[dict[str, Any]]:
    """Read every case, with what it leaves out filled in.

    Raises:
        ValueError: if a case has an unknown key, lacks one, or has an id that was given before.
    """
    cases: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.glob("*.toml")):
        for case in tomllib.loads(file.read_text(encoding="utf-8")).get("cases", []):
            where = f"{file.name}: {case.get('id')}"
            unknown, missing = case.keys() - _DEFAULTS.keys() - set(_TEXTS), set(_TEXTS) - case.keys()
            if unknown or missing:
                raise ValueError(f"{where}: unknown keys {sorted(unknown)}, missing keys {sorted(missing)}")
            if case["id"] in cases:
                raise ValueError(f"{where}: an id is given twice")
            cases[case["id"]] = {**_DEFAULTS, **case, "group": file.stem}
    return list(cases.values())


def lacks(assignment: Assignment) -> str:
    """Name a library that an assignment needs and this Python lacks; empty when there is none."""
    names = map(package_name, assignment.requires)
    return next((name for name in names if importlib.util.find_spec(name.replace("-", "_")) is None), "")


class Planted:
    """A copy of an assignment whose secrets can be recognised.

    Args:
        original: the assignment.
        limits: what replaces limits of its manifest.
        course: an empty folder for the copy.

    Attributes:
        assignment: the copy.
    """

    def __init__(self, original: Assignment, limits: dict[str, Any], course: Path) -> None:
        self.original, self.course = original, course
        self.salt, self._in_tests, self._in_reference = (secrets.token_hex(12) for _ in range(3))
        folder = course / "assignments" / original.name
        shutil.copytree(original.folder, folder)
        samples = [str(path) for path in (original.folder.parents[1] / "tests" / "data" / "samples",) if path.is_dir()]
        (course / "course.toml").write_text(f"data = {json.dumps(samples)}\n", encoding="utf-8")
        manifest = folder / "assignment.toml"
        text = manifest.read_text(encoding="utf-8")
        table = tomllib.loads(text).get("limits", {}) | {"seconds": _SECONDS} | limits
        line = ", ".join(f"{key} = {json.dumps(value)}" for key, value in table.items())
        manifest.write_text(re.sub(r"(?m)^limits .*$", f"limits = {{ {line} }}", text), encoding="utf-8")
        for file in (folder / "hidden").glob("*.py"):
            _plant(file, self._in_tests)
        _plant(folder / original.module_file, self._in_reference)
        (course / ".salt").write_text(self.salt, encoding="ascii")
        self.assignment = load_assignment(folder)
        self._state = {*self._files()}

    def changes(self) -> Iterator[str]:
        """Name every file of the course that was changed, made or removed."""
        now = {*self._files()}
        yield from (f"changed: {file[0]}" for file in sorted(now ^ self._state))
        self._state = now

    def _files(self) -> Iterator[tuple[str, int, int, int, int]]:
        for path in (self.course, *self.course.rglob("*")):
            if path.suffix != ".pyc" and path.name != "__pycache__":
                found = path.lstat()
                changed = 0 if path.is_dir() else found.st_mtime_ns  # a cache may come into it
                yield str(path.relative_to(self.course)), found.st_uid, found.st_mode, found.st_size, changed

    def leaks(self, text: str, module: str) -> Iterator[str]:
        """Name everything secret that stands in what a student reads.

        Args:
            text: what the student reads.
            module: the text of what was handed in.
        """
        secret = {"the salt": self.salt, "a hidden test": self._in_tests, "the reference": self._in_reference}
        yield from (f"the marker of {where} is told" for where, marker in secret.items() if marker in text)
        for line in sorted(self._long_lines):
            if line in text and line not in module:
                yield f"a secret line is told: {line}"

    @cached_property
    def _long_lines(self) -> set[str]:
        """Give the lines of hidden tests and of the solution that are not in the starter kit."""
        source = self.original.source.read_text(encoding="utf-8")
        lines = source.splitlines()
        solution = [line for r in regions(source, self.original.source) for line in lines[r.first : r.last - 1]]
        known = [make.base_text(self.original, "stubs"), *(file.read_text("utf-8") for file in self._shipped())]
        hidden = [line for file in self.original.hidden.glob("*.py") for line in file.read_text("utf-8").splitlines()]
        long = {line.strip() for line in (*hidden, *solution) if len(line.strip()) > _LONG}
        return {line for line in long if not any(line in text for text in known)}

    def _shipped(self) -> list[Path]:
        handout = self.original.folder / "handout.md"
        return [*self.original.public.glob("*.py"), *([handout] if handout.exists() else [])]


def _plant(file: Path, marker: str) -> None:
    with file.open("a", encoding="utf-8") as opened:
        opened.write(f'\n# {marker}\nPLANTED = "{marker}"\n')


class Desk:
    """Grades cases of one assignment, one after the other, with one grader.

    Args:
        planted: the assignment's copy.
        only: the questions and tests that any of its cases needs; empty for all.
        cases: every case by its id, for those that are graded at the same time as another.
    """

    def __init__(self, planted: Planted, only: list[str], cases: dict[str, dict[str, Any]]) -> None:
        self._planted, self._only, self._cases = planted, only, cases
        self._graders: list[Grader | None] = [None, None]
        self._bases: dict[str, Grade] = {}
        self._known: set[int] = set()

    def grade(self, case: dict[str, Any]) -> Row:
        """Grade one case and compare with what it says; a hang ends in a row as everything does."""
        row = Row(case["id"])
        try:
            base = self._base(case["base"])
            beside = self._cases[case["with"]] if case["with"] else None
            self._settled(1 if beside else 0)
            start = monotonic()
            grade, module = self._watched(case, beside)
            row.seconds = round(monotonic() - start, 2)
            row.left = self._left_over()
            self._judge(row, case, grade, base, module)
        except Exception as error:  # noqa: BLE001 - one broken case must not hide the others
            row.wrong.append(f"{type(error).__name__}: {error}")
            self.close()
        return row

    def survives(self, identifier: str) -> Row:
        """Grade the solved module once more, with the grader that met every case: it must earn full points."""
        case = {**_DEFAULTS, "id": identifier, "about": "the solved module", "only": self._only, "seconds": 60}
        try:
            specs = [spec for spec in self._grader(0).specs if _is_chosen(spec, self._only)]
        except AutograderError as error:
            return Row(identifier, wrong=[f"{type(error).__name__}: {error}"])
        return self.grade({**case, "score": math.fsum(spec.points for spec in specs)})

    def close(self) -> None:
        """End the graders, and every process that they left."""
        for process in {*processes.descendants(os.getpid())}:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._graders, self._known = [None, None], set()

    def _base(self, name: str) -> Grade:
        if name not in self._bases:
            case = {**_DEFAULTS, "id": name, "about": "a base", "base": name, "only": self._only, "seconds": 60}
            self._bases[name] = self._watched(case)[0]
        return self._bases[name]

    def _grader(self, place: int) -> Grader:
        grader = self._graders[place]
        if grader is None:
            grader = self._graders[place] = Grader(self._planted.assignment, self._planted.salt)
        return grader

    def _settled(self, place: int) -> None:
        """Note the processes of warm graders, which are no left-overs."""
        self._grader(place)
        deadline = monotonic() + _SETTLE
        while any(len(processes.descendants(g._process.pid)) != 1 for g in self._graders if g):  # noqa: SLF001
            if monotonic() > deadline:
                raise TimeoutError("an earlier hand-in's processes have not ended")
            sleep(0.05)
        self._known = {*processes.descendants(os.getpid())}

    def _watched(self, case: dict[str, Any], beside: dict[str, Any] | None = None) -> tuple[Grade, str]:
        """Grade a case, and another at the same time, unless it takes far too long.

        Raises:
            TimeoutError: if it does.
        """
        done: dict[int, tuple[Grade, str] | Exception] = {}

        def work(place: int, this: dict[str, Any]) -> None:
            try:
                done[place] = self._graded(self._grader(place), this)
            except Exception as error:  # noqa: BLE001 - raised again in the main thread
                done[place] = error

        both = [case, beside] if beside else [case]
        threads = [Thread(target=work, args=(place, this), daemon=True) for place, this in enumerate(both)]
        for thread in threads:
            thread.start()
        deadline = monotonic() + _HUNG * case["seconds"]
        for thread in threads:
            thread.join(max(0.0, deadline - monotonic()))
        if len(done) < len(both):
            raise TimeoutError(f"not done after {_HUNG * case['seconds']:g} s")
        for result in done.values():
            if isinstance(result, Exception):
                raise result
        return done[0]  # type: ignore[return-value]

    def _graded(self, grader: Grader, case: dict[str, Any]) -> tuple[Grade, str]:
        with tempfile.TemporaryDirectory(prefix="hand-in-") as folder:
            module = make.module_text(self._planted.original, case, self._planted.course)
            path = make.hand_in(self._planted.original, case, module, Path(folder))
            chosen = tuple(spec.id for spec in grader.specs if _is_chosen(spec, case["only"]))
            try:
                opened = open_handin(path, grader.assignment)
            except HandInError:
                return grader.grade(path), module
            return grader.grade_files(opened, order=Order(chosen if case["only"] else None)), module

    def _left_over(self) -> list[str]:
        """Name the processes that outlive the grading; this process inherits those whose parents are gone."""
        deadline = monotonic() + _SETTLE
        while (left := {*processes.descendants(os.getpid())} - self._known) and monotonic() < deadline:
            sleep(0.05)
        return [f"{process}: {_command(process)}" for process in sorted(left)]

    def _judge(self, row: Row, case: dict[str, Any], grade: Grade, base: Grade, module: str) -> None:
        told = to_gradescope(grade)
        everything = "\n".join(_strings(told))
        row.text = "\n".join([told["output"], *(text_of(test) for test in told["tests"] if _is_telling(test))])
        row.problem, row.fault, row.final = grade.problem, grade.fault, grade.final
        row.score, row.base = _points(grade, case["only"]), _points(base, case["only"])
        row.verdicts = _verdicts(grade)
        row.found = [*self._planted.leaks(_without_titles(everything, grade), module)]
        row.wrong = [*row.found, *_differences(row, case)]
        dead = [process for process in self._known if not processes.alive(process)]
        row.wrong += self._planted.changes()
        row.wrong += [f"a process of the grader ended: {process}" for process in dead]


def _differences(row: Row, case: dict[str, Any]) -> Iterator[str]:
    """Compare a row with what its case says."""
    wanted, most = case["score"], case["score"] == "at most base"
    wanted = row.base if isinstance(wanted, str) else float(wanted)
    if row.score > wanted + 1e-6 or (not most and row.score < wanted - 1e-6):
        yield f"score {row.score:g}, expected {'at most ' if most else ''}{wanted:g}"
    for question, verdict in case["verdicts"].items():
        if row.verdicts.get(question) != verdict:
            yield f"{question}: {row.verdicts.get(question)}, expected {verdict}"
    if case["says"] and not re.search(case["says"], row.text):
        yield f"the student does not read {case['says']!r}"
    if case["never"] and (found := re.search(case["never"], row.text)):
        yield f"the student reads {found[0]!r}"
    if not case["fault"] and (row.fault or not row.final):
        yield f"the grade is not final: {row.fault or 'a test met a fault of the grader'}"
    if row.seconds > case["seconds"]:
        yield f"took {row.seconds:g} s, more than {case['seconds']:g} s"
    yield from (f"left behind: {process}" for process in row.left)


def _is_chosen(spec: Spec, only: list[str]) -> bool:
    """Whether a test is one that a case names: by its question or by its function."""
    return not only or bool({spec.question, spec.id.rpartition(":")[2]} & {*only})


def _points(grade: Grade, only: list[str]) -> float:
    return math.fsum(result.score for result in grade.results if _is_chosen(result.spec, only))


def _verdicts(grade: Grade) -> dict[str, str]:
    """Give the worst verdict of each question that ran."""
    cases = {q.id: [case for result in grade.of(q) for case in result.cases] for q in grade.assignment.questions}
    return {question: str(combined(found)) for question, found in cases.items() if found}


def _is_telling(test: dict[str, Any]) -> bool:
    return bool(test["extra_data"]["verdict"] != "not run" and test["output"] != "passed")


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value


def _without_titles(text: str, grade: Grade) -> str:
    """Leave out what a hidden test says on purpose: its sentence and its hint."""
    for result in grade.results:
        for said in filter(None, (result.spec.title, result.spec.hint)):
            text = text.replace(said, "")
    return text


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text("utf-8", errors="replace").replace("\0", " ")[:100]
    except OSError:
        return "gone by now"


def desks(cases: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Sort cases by what one grader can grade; the key is the id of the row that says whether it survived."""
    sorted_out: dict[str, list[dict[str, Any]]] = {}
    for case in cases:
        limits = "".join(f"-{key}-{value}" for key, value in case["limits"].items())
        sorted_out.setdefault(f"{SURVIVES}{case['on']}{limits}", []).append(case)
    return sorted_out


def drive(assignments: Path, modules: list[str], ids: list[str], *, container: bool) -> Iterator[Row]:
    """Grade the chosen cases, assignment by assignment, and then each solved module once more.

    Args:
        assignments: the course's folder.
        modules: assignments whose cases are graded; all, when empty.
        ids: cases that are graded; all, when empty.
        container: whether this is root in a container that ends with it, whose /dev/shm is opened and closed.
    """
    cases = {case["id"]: case for case in read_cases()}
    for last, everything in desks(case for case in cases.values() if not modules or case["on"] in modules).items():
        together = [case for case in everything if not ids or case["id"] in ids]
        if not together and last not in ids:
            continue
        original = load_assignment(assignments / everything[0]["on"])
        if missing := lacks(original):
            yield from (Row(key, skipped=f"needs {missing}") for key in (*(case["id"] for case in together), last))
            continue
        if container:
            SHARED.chmod(0o1733 if everything[0]["limits"].get("shared_memory") else 0o711)  # as run_autograder does
        only = {name for case in together for name in case["only"]} if all(case["only"] for case in together) else ()
        with tempfile.TemporaryDirectory(prefix="course-") as folder:
            desk = Desk(Planted(original, everything[0]["limits"], Path(folder)), sorted(only), cases)
            try:
                yield from map(desk.grade, together)
                yield desk.survives(last)
            finally:
                desk.close()


def main() -> int:
    """Write a row for each case, as soon as it is decided; see the module."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the file for the rows, in JSON")
    parser.add_argument("--assignments", type=Path, default=HERE.parents[1] / "assignments", help="the course's folder")
    parser.add_argument("--modules", nargs="*", default=[], help="assignments whose cases are graded; all by default")
    parser.add_argument("--ids", nargs="*", default=[], help="cases that are graded; all by default")
    parser.add_argument("--container", action="store_true", help="as root in a container: sets the mode of /dev/shm")
    chosen = parser.parse_args()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # to see what loses its parents
    told: dict[str, Any] = {"walls": vars(available()), "rows": {}}
    for row in drive(chosen.assignments, chosen.modules, chosen.ids, container=chosen.container):
        told["rows"][row.id] = vars(row)
        chosen.out.write_text(json.dumps(told, indent=1), encoding="utf-8")
        sys.stdout.write(f"{row.seconds:6.2f} s  {row.score:6.2f}  {row.id}  {'; '.join(row.wrong)[:500]}\n")
        sys.stdout.flush()
    return int(any(row["wrong"] for row in told["rows"].values()))


if __name__ == "__main__":
    sys.exit(main())
