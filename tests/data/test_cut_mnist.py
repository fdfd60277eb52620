"""Cutting the embedded sample: idx files in, the same bytes out."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from autograder.data.cut_mnist import cut, read_idx


def _write(folder: Path, name: str, array: np.ndarray, *, packed: bool) -> None:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    content = header + array.tobytes()
    (folder / (f"{name}.gz" if packed else name)).write_bytes(gzip.compress(content) if packed else content)


@pytest.mark.parametrize("packed", [False, True])
def test_a_sample_keeps_images_and_labels_together(tmp_path: Path, *, packed: bool) -> None:
    """Each image holds its own number, so that a label that went astray would show; the bytes repeat."""
    for prefix, count in (("train", 10_100), ("t10k", 2_010)):
        numbers = np.arange(count)
        images = np.stack([numbers % 256, numbers // 256], axis=1).astype(np.uint8)[:, None]
        _write(tmp_path, f"{prefix}-images-idx3-ubyte", images, packed=packed)
        _write(tmp_path, f"{prefix}-labels-idx1-ubyte", (numbers % 10).astype(np.uint8), packed=packed)
    cut(tmp_path, tmp_path)
    first = (tmp_path / "mnist_sample_train.npz").read_bytes()
    with np.load(tmp_path / "mnist_sample_train.npz") as sample:
        numbers = sample["images"][:, 0, 0] + 256 * sample["images"][:, 0, 1].astype(int)

        assert len(set(numbers)) == 10_000
        assert (sample["labels"] == numbers % 10).all()
    cut(tmp_path, tmp_path)

    assert (tmp_path / "mnist_sample_train.npz").read_bytes() == first


def test_a_file_that_is_no_idx_file_is_named(tmp_path: Path) -> None:
    """Something else under the right name is found by its header."""
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"<html>")

    with pytest.raises(ValueError, match="train-labels-idx1-ubyte: is no idx file of bytes"):
        read_idx(tmp_path, "train-labels-idx1-ubyte")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message holds the path."""
    with pytest.raises(FileNotFoundError, match=r"train-images-idx3-ubyte\.gz"):
        cut(tmp_path, tmp_path)
