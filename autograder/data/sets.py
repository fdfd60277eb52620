"""Where the files of a data set are."""

from pathlib import Path

from autograder.errors import DataError, did_you_mean
from coursekit.data import HELD_OUT, TRAIN, DataSet

SAMPLES = Path(__file__).parent / "samples"


def load(name: str, home: Path | None = None) -> DataSet:
    """Give a data set.

    Args:
        name: as in an assignment's manifest.
        home: a folder that is looked at first, such as an assignment's own `data/`.

    Raises:
        DataError: if no folder has it.
    """
    return DataSet(_folder(name, home), name)


def files(name: str, home: Path | None = None) -> dict[str, Path]:
    """Give a data set's files: "train" and, where there is one, "held_out".

    Raises:
        DataError: if no folder has it.
    """
    folder = _folder(name, home)
    found = {part: folder / f"{name}_{part}.npz" for part in (TRAIN, HELD_OUT)}
    return {part: file for part, file in found.items() if file.is_file()}


def _folder(name: str, home: Path | None) -> Path:
    folders = [folder for folder in (home, SAMPLES) if folder is not None]
    for folder in folders:
        if (folder / f"{name}_{TRAIN}.npz").is_file():
            return folder
    known = [file.name.removesuffix(f"_{TRAIN}.npz") for f in folders for file in f.glob(f"*_{TRAIN}.npz")]
    looked = f"{name}_{TRAIN}.npz was looked for in {', '.join(map(str, folders))}"
    raise DataError(f"data set '{name}'", f"is not there: {looked}", did_you_mean(name, known))
