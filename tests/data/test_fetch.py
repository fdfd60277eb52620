"""Fetching: torchvision's own download and checksums, from a folder, a mirror, or nowhere."""

import functools
import gzip
import hashlib
import http.server
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from autograder.data.fetch import OFFICIAL, cache_folder, fetch, further_images, record
from autograder.errors import DataError
from coursekit.data import DataSet

datasets = pytest.importorskip("torchvision").datasets


def _idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=0)


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out a tiny MNIST in the official form, and have torchvision expect its checksums; no official address."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    resources = []
    for prefix, count in (("train", 30), ("t10k", 20)):
        images, labels = np.arange(count * 6).reshape(count, 2, 3), np.arange(count) % 10
        for name, array in ((f"{prefix}-images-idx3-ubyte.gz", images), (f"{prefix}-labels-idx1-ubyte.gz", labels)):
            (folder / name).write_bytes(_idx(array))
            md5 = hashlib.md5((folder / name).read_bytes(), usedforsecurity=False).hexdigest()
            resources.append((name, md5))
    monkeypatch.setattr(datasets.MNIST, "resources", resources)
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"{(tmp_path / 'nowhere').as_uri()}/"])
    return folder


@pytest.fixture
def server(mirror: Path) -> Iterator[str]:
    """Serve the tiny MNIST over HTTP."""
    handler = functools.partial(_Quiet, directory=str(mirror))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_folder_is_a_source(mirror: Path, tmp_path: Path) -> None:
    """Its files pass torchvision's checks, and both parts lie in the cache."""
    found = fetch("mnist", [str(mirror)], tmp_path / "cache")
    data = DataSet(tmp_path / "cache", "mnist")

    assert found.counts == {"train": 30, "test": 20}
    assert data.train.images.shape == (30, 2, 3)
    assert data.held_out.labels.tolist() == [*range(10), *range(10)]


def test_a_mirror_is_a_source(server: str, tmp_path: Path) -> None:
    """Over HTTP it is the same."""
    assert fetch("mnist", [server], tmp_path / "cache").source == server


def test_what_is_in_the_cache_is_not_fetched_again(mirror: Path, tmp_path: Path) -> None:
    """The source may be gone by then."""
    first = fetch("mnist", [str(mirror)], tmp_path / "cache")

    assert fetch("mnist", [], tmp_path / "cache") == first


def test_a_file_with_another_checksum_is_refused(mirror: Path, tmp_path: Path) -> None:
    """A source that serves something else counts as one that has nothing, and nothing is left in the cache."""
    (mirror / "train-images-idx3-ubyte.gz").write_bytes(_idx(np.ones((30, 2, 3))))

    with pytest.raises(DataError, match="mirror: .*train-images-idx3-ubyte"):
        fetch("mnist", [str(mirror)], tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*"))


def test_where_nothing_can_be_reached_every_place_is_listed(mirror: Path, tmp_path: Path) -> None:
    """Cache, sources in their order, the data set's own address; and what to do."""
    with pytest.raises(DataError) as caught:
        fetch("mnist", [str(tmp_path / "a"), str(tmp_path / "b")], tmp_path / "cache")
    lines = str(caught.value).splitlines()

    assert mirror.is_dir()
    assert lines[0] == "data set 'mnist': cannot be fetched; tried"
    assert [line.strip().split(": ")[0] for line in lines[1:5]] == [
        str(tmp_path / "cache"), str(tmp_path / "a"), str(tmp_path / "b"), OFFICIAL,
    ]  # fmt: skip
    assert (
        lines[-1].strip() == "give a folder or a mirror that has its files: autograder data fetch mnist --from FOLDER"
    )


def test_a_changed_file_in_the_cache_is_found(mirror: Path, tmp_path: Path) -> None:
    """A build never packs data that are not what was fetched."""
    fetch("mnist", [str(mirror)], tmp_path / "cache")
    with (tmp_path / "cache" / "mnist_test.npz").open("ab") as file:
        file.write(b"more")

    with pytest.raises(DataError, match=r"mnist_test.npz: is not the file that was fetched\n  delete .*fetch mnist"):
        record("mnist", tmp_path / "cache")


def test_a_record_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """It says how to begin again."""
    (tmp_path / "mnist.json").write_text(json.dumps({"name": "mnist"}), encoding="utf-8")

    with pytest.raises(DataError, match=r"mnist.json: cannot be read: .*\n  delete"):
        record("mnist", tmp_path)


def test_an_unknown_name_is_an_error(tmp_path: Path) -> None:
    """With the name that was probably meant."""
    with pytest.raises(DataError, match=r"data set 'cifar': is not known\n  did you mean 'cifar10'\?"):
        fetch("cifar", [], tmp_path)


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AUTOGRADER_DATA, else the user's cache."""
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("AUTOGRADER_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))

    assert cache_folder() == tmp_path / "x" / "autograder"


def test_without_torchvision_fetching_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Grading needs none; fetching does."""
    monkeypatch.setitem(sys.modules, "torchvision", None)

    with pytest.raises(DataError, match=r"fetching needs torchvision\n  pip install 'autograder\[torch\]'"):
        fetch("mnist", [], tmp_path)


def test_cifar_10_1_is_held_out_where_it_is_at_hand(tmp_path: Path) -> None:
    """Its images were never in the official test set."""
    images, labels = np.zeros((7, 32, 32, 3), np.uint8), np.arange(7, dtype=np.int32)
    np.save(tmp_path / "cifar10.1_v6_data.npy", images)
    np.save(tmp_path / "cifar10.1_v6_labels.npy", labels)

    assert further_images("cifar10", str(tmp_path), tmp_path).labels.tolist() == list(range(7))
