"""What a grade rests on, as hashes: where they are all equal, there is no work to do."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import autograder
import coursekit
from autograder.assignment import MANIFEST, Assignment
from autograder.data.sets import files as data_files
from autograder.grading.grade import versions_of
from autograder.grading.handin import HandIn

_GRADES = ("data", "grading", "sandbox", "suite")  # rooms of the framework that decide what a test earns
_CODE = (".py", ".toml", ".npz", ".json", ".safetensors")

Hashes = Mapping[str, str]


def foundation(assignment: Assignment, salt: str, run_seed: int) -> Hashes:
    """Hash what all grades of a run rest on: suite, reference, data, environment and seed.

    Args:
        assignment: whose suite it is.
        salt: the course's salt.
        run_seed: seed of the run.

    Raises:
        DataError: if a data set is not there.
    """
    own, weights = assignment.folder, assignment.weights.names if assignment.weights else ()
    suite = [own / MANIFEST, own / "probes.py", *_below(assignment.public), *_below(assignment.hidden)]
    data = [file for name in assignment.data for _, file in sorted(data_files(name, own).items())]
    versions = [f"{name} {version}" for name, version in versions_of(assignment).items()]
    return {
        "suite": _of_files(own, suite),
        "reference": _of_files(own, [assignment.source, *(own / name for name in weights)]),
        "data": _of_parts(file.name.encode() + hashlib.sha256(file.read_bytes()).digest() for file in data),
        "environment": _of_parts([*(version.encode() for version in versions), _framework().encode()]),
        "seed": _of_parts([salt.encode(), str(run_seed).encode()]),
    }


def of_hand_in(handin: HandIn) -> str:
    """Hash what a hand-in holds, whatever it is called and however it is packed."""
    files = (part for name in sorted(handin.files) for part in (name.encode(), handin.files[name]))
    return _of_parts([b"notebook" if handin.notebook else b"module", "\n".join(handin.members).encode(), *files])


def of_text(text: str) -> str:
    """Hash what stands in place of a hand-in, such as why it cannot be opened."""
    return _of_parts([text.encode("utf-8", "backslashreplace")])


def of_rooms(*rooms: str) -> str:
    """Hash the code of some of the framework's rooms."""
    home = Path(autograder.__path__[0])
    return _of_files(home, (file for room in rooms for file in _below(home / room)))


def _framework() -> str:
    return of_rooms(*_GRADES) + _of_files(kit := Path(coursekit.__path__[0]), _below(kit))


def _below(folder: Path) -> Iterator[Path]:
    """List the files below a folder that can decide a grade, without what Python leaves behind."""
    if folder.is_dir():
        yield from sorted(file for file in folder.rglob("*") if file.suffix in _CODE)


def _of_files(home: Path, files: Iterable[Path]) -> str:
    there = (file for file in files if file.is_file())
    return _of_parts(part for file in there for part in (str(file.relative_to(home)).encode(), file.read_bytes()))


def _of_parts(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(f"{len(part)}\0".encode() + part)
    return digest.hexdigest()
