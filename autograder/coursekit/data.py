"""Data sets that a suite reads: images and labels in npz files."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .verdicts import NotGraded

Array = np.ndarray[Any, Any]
TRAIN, TEST, HELD_OUT = PARTS = ("train", "test", "held_out")


class Split(NamedTuple):
    """One part of a data set.

    Attributes:
        images: (N, H, W) or (N, H, W, C), uint8, 0 to 255.
        labels: (N,), int64.
    """

    images: Array
    labels: Array


class DataSets(dict[str, "DataSet"]):
    """The data sets that a manifest names, for the fixture `data`: `data(name)` gives one, `name in data` asks."""

    def __call__(self, name: str) -> "DataSet":
        """Give a data set.

        Raises:
            KeyError: if the manifest does not name it.
        """
        return self[name]


class DataSet:
    """A data set in a folder: `NAME_train.npz`; where the grader is, `NAME_test.npz` and perhaps `NAME_held_out.npz`.

    A file is read once; each access gives a copy, since a student may write into it.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._parts: dict[str, Split] = {}

    def read(self) -> None:
        """Read every part that is here, so that forks of this process need not."""
        for part in PARTS:
            if self._file(part).is_file():
                self._copy(part)

    @property
    def train(self) -> Split:
        """What a student's model learns from.

        Raises:
            NotGraded: if the file is missing.
        """
        return self._copy(TRAIN)

    @property
    def test(self) -> Split:
        """The official test part; its labels never leave the grader.

        Raises:
            NotGraded: if the file is missing, as in a starter kit.
        """
        return self._copy(TEST)

    @property
    def held_out(self) -> Split:
        """Images to grade a model on, those that nobody could train on where there are some, else the test part.

        Raises:
            NotGraded: if there is neither, as in a starter kit.
        """
        return self._copy(HELD_OUT if self._file(HELD_OUT).is_file() else TEST)

    @property
    def unseen(self) -> Split | None:
        """Images that nobody could train on, where the grader has some."""
        return self._copy(HELD_OUT) if self._file(HELD_OUT).is_file() else None

    def _copy(self, part: str) -> Split:
        if part not in self._parts:
            self._parts[part] = self._read(self._file(part))
        return Split(*(array.copy() for array in self._parts[part]))

    def _file(self, part: str) -> Path:
        return self._folder / f"{self._name}_{part}.npz"

    def _read(self, file: Path) -> Split:
        if not file.is_file():
            raise NotGraded(f"the data set {self._name} has no file {file.name} here")
        with np.load(file, allow_pickle=False) as arrays:
            return Split(arrays["images"], arrays["labels"].astype(np.int64))
