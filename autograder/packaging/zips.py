"""Zips that are the same bytes for the same content."""

import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

_DATE = (1980, 1, 1, 0, 0, 0)
_PLAIN, _PROGRAM = 0o100644, 0o100755


def write_zip(path: Path, files: Mapping[PurePosixPath, bytes], programs: frozenset[str] = frozenset()) -> Path:
    """Write a zip with sorted names, fixed dates and fixed modes.

    Args:
        path: the zip; its folder is made where it is missing.
        files: name in the zip → content.
        programs: names that can be executed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(str(name), _DATE)
            info.external_attr = (_PROGRAM if str(name) in programs else _PLAIN) << 16
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, 3
            archive.writestr(info, files[name])
    return path


def read_folder(folder: Path) -> dict[PurePosixPath, bytes]:
    """Read the files below a folder, without what Python and editors leave behind."""
    return {
        PurePosixPath(file.relative_to(folder).as_posix()): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and not any(part.startswith(".") or part == "__pycache__" for part in file.relative_to(folder).parts)
    }
