"""Cut the embedded sample out of the full MNIST: `python -m autograder.data.cut_mnist FOLDER`.

FOLDER holds the four official idx files, plain or with `.gz`. The sample is drawn at random, with a fixed seed:
10,000 of the 60,000 training images, and 2,000 of the 10,000 test images. The same files give
the same bytes.

Source: yann.lecun.com/exdb/mnist, The IDX file format.
"""

import gzip
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.data.sets import SAMPLES
from coursekit.data import TEST, TRAIN

Bytes = NDArray[np.uint8]
_PARTS = {TRAIN: ("train", 10_000), TEST: ("t10k", 2_000)}
_SEED = 0


def cut(source: Path, out: Path) -> None:
    """Write both parts of the sample.

    Args:
        source: folder with the idx files.
        out: folder for `mnist_sample_train.npz` and `mnist_sample_test.npz`.

    Raises:
        FileNotFoundError: if an idx file is missing.
        ValueError: if one is no idx file of bytes.
    """
    for part, (prefix, count) in _PARTS.items():
        images = read_idx(source, f"{prefix}-images-idx3-ubyte")
        labels = read_idx(source, f"{prefix}-labels-idx1-ubyte")
        chosen = np.sort(np.random.default_rng(_SEED).choice(len(images), count, replace=False))
        np.savez_compressed(out / f"mnist_sample_{part}.npz", images=images[chosen], labels=labels[chosen])


def read_idx(folder: Path, name: str) -> Bytes:
    """Read an idx file of bytes, plain or compressed.

    Raises:
        FileNotFoundError: if there is neither.
        ValueError: if its header is not that of bytes, or its length is not what the header says.
    """
    plain, packed = folder / name, folder / f"{name}.gz"
    content = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    header: Any = np.frombuffer(content[:4], np.uint8)
    if list(header[:3]) != [0, 0, 8]:
        raise ValueError(f"{folder / name}: is no idx file of bytes")
    start = 4 + 4 * int(header[3])
    shape = np.frombuffer(content[4:start], ">u4").astype(int)
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


if __name__ == "__main__":
    cut(Path(sys.argv[1]), SAMPLES)
