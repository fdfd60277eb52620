"""Where the files of a data set are."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.course import data_folders
from autograder.data.fetch import cache_folder, fetchable, record
from autograder.errors import DataError, did_you_mean
from coursekit.data import PARTS, TRAIN, DataSet

SAMPLES = Path(__file__).parent / "samples"  # a worker may read the package, but not this folder


@dataclass(frozen=True)
class Entry:
    """A line of the inventory.

    Attributes:
        name: as in a manifest.
        text: where it is and what it has, or why it is not there.
        there: whether it can be used.
    """

    name: str
    text: str
    there: bool

    def __str__(self) -> str:
        """Give the line."""
        return f"{self.name:<16}{self.text}"


def load(name: str, assignment: Path | None = None) -> DataSet:
    """Give a data set.

    Args:
        name: as in an assignment's manifest.
        assignment: its folder, whose own `data/` is looked at first, then the folders that its course names; last
            come the cache of fetched data and what is embedded.

    Raises:
        DataError: if no folder has it, or a file in the cache was changed.
    """
    return DataSet(_folder(name, assignment), name)


def files(name: str, assignment: Path | None = None) -> dict[str, Path]:
    """Give a data set's files: "train" and, where they are, "test" and "held_out".

    Raises:
        DataError: if no folder has it.
    """
    folder = _folder(name, assignment)
    found = {part: folder / f"{name}_{part}.npz" for part in PARTS}
    return {part: file for part, file in found.items() if file.is_file()}


def inventory(homes: Iterable[Path] = ()) -> Iterator[Entry]:
    """List every data set that is known: fetched or not, embedded, and the assignments' own.

    Args:
        homes: the assignments' own folders of data.
    """
    for name in fetchable():
        yield _fetched(name)
    for home in (SAMPLES, *homes):
        for file in sorted(home.glob(f"*_{TRAIN}.npz")):
            yield Entry(file.name.removesuffix(f"_{TRAIN}.npz"), f"in {home}", there=True)


def _fetched(name: str) -> Entry:
    cache = cache_folder()
    try:
        found = record(name, cache)
    except DataError as error:
        return Entry(name, str(error).replace("\n ", ":"), there=False)
    if found is None:
        return Entry(name, f"not in {cache}: autograder data fetch {name}", there=False)
    counts = ", ".join(f"{count:,} {part}" for part, count in found.counts.items())
    return Entry(name, f"{counts} images in {cache}, from {found.source}", there=True)


def _folder(name: str, assignment: Path | None) -> Path:
    own = [assignment / "data", *data_folders(assignment)] if assignment else []
    folders = [*own, cache_folder(), SAMPLES]
    for folder in folders:
        if (folder / f"{name}_{TRAIN}.npz").is_file():
            record(name, folder)  # what was fetched must be what it was
            return folder
    known = [file.name.removesuffix(f"_{TRAIN}.npz") for f in folders for file in f.glob(f"*_{TRAIN}.npz")]
    looked = f"{name}_{TRAIN}.npz was looked for in {', '.join(map(str, folders))}"
    hint = f"autograder data fetch {name}" if name in fetchable() else did_you_mean(name, known)
    raise DataError(f"data set '{name}'", f"is not there: {looked}", hint)
