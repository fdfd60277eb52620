"""Zips hold what they are given, and are the same bytes for the same content."""

import zipfile
from pathlib import Path, PurePosixPath

from autograder.packaging.zips import read_folder, write_zip

FILES = {PurePosixPath("b/run"): b"#!/bin/sh\n", PurePosixPath("a.txt"): b"a" * 100}


def test_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    """Order and time of writing leave no trace."""
    one = write_zip(tmp_path / "new" / "one.zip", FILES)
    other = write_zip(tmp_path / "other.zip", dict(reversed(FILES.items())))

    assert one.read_bytes() == other.read_bytes()


def test_names_dates_and_modes_are_fixed(tmp_path: Path) -> None:
    """Names are sorted, dates are 1980, and only programs can be executed."""
    path = write_zip(tmp_path / "one.zip", FILES, frozenset({"b/run"}))
    with zipfile.ZipFile(path) as archive:
        found = [(info.filename, info.date_time, oct(info.external_attr >> 16)) for info in archive.infolist()]

    assert found == [
        ("a.txt", (1980, 1, 1, 0, 0, 0), "0o100644"),
        ("b/run", (1980, 1, 1, 0, 0, 0), "0o100755"),
    ]


def test_content_comes_back(tmp_path: Path) -> None:
    """What goes in comes out."""
    with zipfile.ZipFile(write_zip(tmp_path / "one.zip", FILES)) as archive:
        assert {PurePosixPath(name): archive.read(name) for name in archive.namelist()} == FILES


def test_folder_is_read_without_leavings(tmp_path: Path) -> None:
    """What Python and editors leave behind is not part of a folder."""
    for name in ("a.py", "b/c.py", "b/__pycache__/c.pyc", ".git/config", "b/.DS_Store"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    assert read_folder(tmp_path) == {PurePosixPath("a.py"): b"x", PurePosixPath("b/c.py"): b"x"}
