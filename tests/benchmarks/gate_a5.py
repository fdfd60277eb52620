"""What correct training reaches in the accuracy gate of a5_cnn, for the numbers beside the gate.

    OMP_NUM_THREADS=1 python tests/benchmarks/gate_a5.py [RUNS]

Each run trains the reference's SmallCNN with its own seed on the 5,000 images of the sample, and is judged on the
1,000 images of its test part. `full` is the mean minus four standard deviations, rounded down to a hundredth.
"""

import math
import os
import sys
from importlib import util
from pathlib import Path
from statistics import mean, stdev
from time import process_time
from types import ModuleType

import numpy as np
import torch

from autograder.data.sets import load

FOLDER = Path(__file__).parents[2] / "assignments" / "a5_cnn"
RUNS = 30


def accuracies(runs: int) -> list[float]:
    """Give the share of right predictions on the test part, for each run of the reference."""
    cnn = _reference()
    data = load("cifar10_sample", FOLDER)
    images, labels = (torch.from_numpy(array) for array in data.train)
    transform = cnn.build_transform(train=False, mean=cnn.CIFAR_MEAN, std=cnn.CIFAR_STD)
    inputs, right = torch.stack([transform(image) for image in torch.from_numpy(data.test.images)]), data.test.labels
    shares = []
    for seed in range(runs):
        model = cnn.fit_cifar(images, labels, seed)
        with torch.inference_mode():
            shares.append(float((model(inputs).argmax(dim=1).numpy() == right).mean()))
        print(f"run {seed:2}: {shares[-1]:.3f}", flush=True)
    return shares


def _reference() -> ModuleType:
    spec = util.spec_from_file_location("cnn", FOLDER / "cnn.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(FOLDER)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Print the evidence."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    start = process_time()
    shares = accuracies(runs)
    seconds = (process_time() - start) / runs
    middle, spread = mean(shares), stdev(shares)
    print(f"n {runs}, mean {middle:.4f}, sd {spread:.4f}, min {min(shares):.4f}, {seconds:.1f} processor seconds each")
    print(f"full: at most {math.floor(100 * (middle - 4 * spread)) / 100}")
    print(f"threads {os.environ.get('OMP_NUM_THREADS', 'not set')}, torch {torch.__version__}, numpy {np.__version__}")


if __name__ == "__main__":
    main()
