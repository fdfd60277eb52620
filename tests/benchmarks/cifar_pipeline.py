"""The share of an epoch on CIFAR-10 that the input pipeline takes: cutting, augmenting and normalising batches.

    OMP_NUM_THREADS=1 python tests/benchmarks/cifar_pipeline.py [RUNS]

The kit's train.py on a processor with the reference's SmallCNN and the 5,000 images of the sample. The pipeline alone
and the whole epoch are measured by turns.
"""

import contextlib
import io
import os
import sys
import tempfile
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from statistics import median
from time import process_time

import torch
from torch import nn

from autograder.data.sets import load
from coursekit.training import Batches, Settings, Training

FOLDER = Path(__file__).parents[2] / "assignments" / "a5_cnn"


def main() -> None:
    """Measure both sides by turns, and print the share."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    torch.set_num_threads(1)
    sys.path[:0] = [str(FOLDER), str(FOLDER / "given")]
    script, cnn = import_module("train"), import_module("cnn")
    images, labels = (torch.from_numpy(array) for array in load("cifar10_sample", FOLDER).train)
    batches = Batches(images, labels, 64, script.augment, "cpu", seed=0)
    few = Batches(images[:64], labels[:64], 64, script.prepare, "cpu")
    pairs = []
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(Settings(), epochs=1, device="cpu", out=Path(folder))
        for run in range(runs):
            start = process_time()
            for _ in batches:
                pass
            pipeline = process_time() - start
            model = cnn.SmallCNN()
            training = Training(model, torch.optim.Adam(model.parameters()), nn.CrossEntropyLoss(), settings)
            start = process_time()
            with contextlib.redirect_stdout(io.StringIO()):
                training.fit(batches, few)
            pairs.append((pipeline, process_time() - start))
            print(f"run {run}: pipeline {pairs[-1][0]:.3f} s, epoch {pairs[-1][1]:.2f} s", flush=True)
    pipeline, epoch = (median(side) for side in zip(*pairs, strict=True))
    print(f"processor seconds, median of {runs}: pipeline {pipeline:.3f} of {epoch:.2f}, {pipeline / epoch:.1%}")
    print(f"threads {os.environ.get('OMP_NUM_THREADS', 'not set')}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
