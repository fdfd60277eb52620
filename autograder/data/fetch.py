"""Fetching the full data sets, through torchvision's own download with its checksums.

What was fetched lies in the cache as npz files, with a list of their checksums beside them: the kits and zips of a
course are built out of it, and no grading needs torchvision or a network.
"""

import contextlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

import numpy as np

from autograder.errors import DataError, did_you_mean
from coursekit.data import HELD_OUT, TEST, TRAIN, Split

OFFICIAL = "the data set's own address"
_CLASSES = {  # of torchvision
    "mnist": "MNIST",
    "fashion_mnist": "FashionMNIST",
    "cifar10": "CIFAR10",
}
_QMNIST_FIRST = 10_000  # QMNIST's test part begins with MNIST's own 10,000
_CIFAR_10_1 = ("cifar10.1_v6_data.npy", "cifar10.1_v6_labels.npy")


@dataclass(frozen=True)
class Record:
    """What the cache says of a data set.

    Attributes:
        name: as in a manifest.
        source: where it came from.
        counts: part → images.
        checksums: file name → SHA-256 of it.
    """

    name: str
    source: str
    counts: dict[str, int]
    checksums: dict[str, str]


def fetchable() -> list[str]:
    """Name the data sets that can be fetched."""
    return list(_CLASSES)


def cache_folder() -> Path:
    """Give the folder that keeps fetched data: $AUTOGRADER_DATA, else `autograder` in the user's cache."""
    if chosen := os.environ.get("AUTOGRADER_DATA"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autograder"


def record(name: str, cache: Path) -> Record | None:
    """Read what the cache says of a data set; None when it has none.

    Raises:
        DataError: if a file is gone or was changed since it was fetched.
    """
    file = cache / f"{name}.json"
    if not file.is_file():
        return None
    try:
        found = Record(**json.loads(file.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise DataError(file, f"cannot be read: {error}", _again(name, cache)) from None
    for part, checksum in found.checksums.items():
        if not (cache / part).is_file() or _checksum(cache / part) != checksum:
            raise DataError(cache / part, "is not the file that was fetched", _again(name, cache))
    return found


def fetch(name: str, sources: Sequence[str] = (), cache: Path | None = None) -> Record:
    """Bring a data set into the cache, unless it is there.

    Args:
        name: one of `fetchable()`.
        sources: folders or addresses that hold the data set's own files; tried in order, before its own address.
        cache: the folder to keep it in; the user's by default.

    Raises:
        DataError: if the name is unknown, torchvision is missing, or no source has the files; the message lists
            every place that was tried.
    """
    if name not in _CLASSES:
        hint = did_you_mean(name, _CLASSES) or f"known: {', '.join(_CLASSES)}"
        raise DataError(f"data set '{name}'", "is not known", hint)
    cache = cache or cache_folder()
    if found := record(name, cache):
        return found
    tried = []
    for source in (*sources, OFFICIAL):
        try:
            with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
                return _keep(name, source, _parts(name, source, Path(folder)), cache)
        except (RuntimeError, OSError, ValueError) as error:
            tried.append(f"{source}: {' '.join(str(error).split())[:200]}")
    todo = f"give a folder or a mirror that has its files: autograder data fetch {name} --from FOLDER"
    raise DataError(
        f"data set '{name}'", "\n  ".join(["cannot be fetched; tried", f"{cache}: not there", *tried]), todo
    )


def _parts(name: str, source: str, folder: Path) -> dict[str, Split]:
    """Download with torchvision, checked against its checksums, and read both parts; and a further one at hand."""
    kind = _from(source, _torchvision(name, _CLASSES[name]), folder)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        parts = {part: _split(kind(str(folder), train=part == TRAIN, download=True)) for part in (TRAIN, TEST)}
        further = None if source == OFFICIAL else further_images(name, source, folder)
    return parts | ({HELD_OUT: further} if further else {})


def further_images(name: str, source: str, folder: Path) -> Split | None:
    """Give images that no student has trained on, where a source has them: QMNIST's further 50,000, or CIFAR-10.1.

    Args:
        name: the data set that they go with.
        source: a folder or an address; the data sets' own addresses are not asked.
        folder: for what torchvision unpacks.

    Source:
        Yadav and Bottou, Cold case: the lost MNIST digits.
        Recht et al., Do CIFAR-10 classifiers generalize to CIFAR-10?
    """
    if name == "mnist":
        with contextlib.suppress(RuntimeError, OSError):
            loaded = _from(source, _torchvision(name, "QMNIST"), folder)(str(folder), what="test", download=True)
            labels = np.asarray(loaded.targets)[_QMNIST_FIRST:, 0]
            return Split(np.asarray(loaded.data)[_QMNIST_FIRST:], labels.astype(np.int64))
    files = [Path(source) / file for file in _CIFAR_10_1]
    if name == "cifar10" and all(file.is_file() for file in files):
        images, labels = (np.load(file, allow_pickle=False) for file in files)
        return Split(images, labels.astype(np.int64))
    return None


def _torchvision(name: str, kind: str) -> Any:
    try:
        from torchvision import datasets  # noqa: PLC0415 - takes seconds, and is needed here alone
    except ImportError:
        raise DataError(f"data set '{name}'", "fetching needs torchvision", "pip install 'autograder[torch]'") from None
    return getattr(datasets, kind)


def _from(source: str, base: Any, folder: Path) -> Any:
    """Give a class of torchvision's that looks for its files at one source alone.

    Raises:
        FileNotFoundError: if the source is a folder without one of the files.
    """
    if source == OFFICIAL:
        return base
    is_archive = hasattr(base, "tgz_md5")
    names = [base.filename] if is_archive else [url.rsplit("/", 1)[-1] for url, _ in _resources(base)]
    if "://" in source:
        address = source.rstrip("/") + "/"
    else:
        address, into = "", folder if is_archive else folder / base.__name__ / "raw"
        into.mkdir(parents=True, exist_ok=True)
        for file in names:  # where they lie, torchvision checks them before it uses them
            shutil.copyfile(Path(source) / file, into / file)
    if is_archive:
        return type(base.__name__, (base,), {"url": f"{address}{base.filename}"})
    if isinstance(base.resources, dict):
        moved = [(f"{address}{file}", md5) for file, (_, md5) in zip(names, _resources(base), strict=True)]
        return type(base.__name__, (base,), {"resources": base.resources | {TEST: moved}})
    return type(base.__name__, (base,), {"mirrors": [address]})


def _resources(base: Any) -> list[tuple[str, str]]:
    return base.resources[TEST] if isinstance(base.resources, dict) else base.resources  # type: ignore[no-any-return]


def _split(loaded: Any) -> Split:
    return Split(np.asarray(loaded.data, dtype=np.uint8), np.asarray(loaded.targets, dtype=np.int64))


def _keep(name: str, source: str, parts: dict[str, Split], cache: Path) -> Record:
    """Write the parts, and last the record, so that what is half written is never taken for whole."""
    cache.mkdir(parents=True, exist_ok=True)
    checksums = {}
    for part, split in parts.items():
        file = cache / f"{name}_{part}.npz"
        unfinished = file.with_name(f".{file.name}.{os.getpid()}.npz")
        np.savez(unfinished, images=split.images, labels=split.labels)  # a zip that is built of it compresses
        unfinished.replace(file)
        checksums[file.name] = _checksum(file)
    found = Record(name, source, {part: len(split.labels) for part, split in parts.items()}, checksums)
    (cache / f"{name}.json").write_text(json.dumps(asdict(found), indent=2) + "\n", encoding="utf-8")
    return found


def _checksum(file: Path) -> str:
    with file.open("rb") as content:
        return file_digest(content, "sha256").hexdigest()


def _again(name: str, cache: Path) -> str:
    return f"delete {cache / name}* and run autograder data fetch {name}"
