"""A wheel of this package, made from its installed files: the same bytes for the same files.

Source: packaging.python.org, Binary distribution format.
"""

import base64
import hashlib
from importlib import metadata
from pathlib import Path, PurePosixPath

import autograder
import coursekit
from autograder.packaging.zips import read_folder, write_zip

_LEFT_OUT = ("autograder/coursekit/", "autograder/data/samples/")  # there as coursekit/; laid beside the suite
_WHEEL = "Wheel-Version: 1.0\nGenerator: autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def write_wheel(folder: Path) -> Path:
    """Write `autograder-<version>-py3-none-any.whl` into a folder."""
    files = _package(Path(autograder.__file__).parent, "autograder") | _package(
        Path(coursekit.__path__[0]), "coursekit"
    )
    files = {name: content for name, content in files.items() if not name.as_posix().startswith(_LEFT_OUT)}
    info = PurePosixPath(f"autograder-{autograder.__version__}.dist-info")
    installed = metadata.distribution("autograder")
    described = installed.read_text("METADATA") or installed.read_text("PKG-INFO")  # as a checkout's egg-info has it
    files[info / "METADATA"] = (described or "").encode()
    files[info / "entry_points.txt"] = (installed.read_text("entry_points.txt") or "").encode()
    files[info / "WHEEL"] = _WHEEL.encode()
    files[info / "RECORD"] = _record(files, info / "RECORD")
    return write_zip(folder / f"autograder-{autograder.__version__}-py3-none-any.whl", files)


def _package(folder: Path, name: str) -> dict[PurePosixPath, bytes]:
    return {PurePosixPath(name) / path: content for path, content in read_folder(folder).items()}


def _record(files: dict[PurePosixPath, bytes], own: PurePosixPath) -> bytes:
    lines = []
    for name in sorted(files):
        digest = base64.urlsafe_b64encode(hashlib.sha256(files[name]).digest()).rstrip(b"=").decode()
        lines.append(f"{name},sha256={digest},{len(files[name])}")
    return "\n".join([*lines, f"{own},,", ""]).encode()
