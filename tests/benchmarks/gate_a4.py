"""What correct training reaches in the accuracy gate of a4_mlp, for the numbers beside the gate.

    OMP_NUM_THREADS=1 python tests/benchmarks/gate_a4.py [RUNS [DATA]]

DATA is mnist_sample, or mnist after `autograder data fetch mnist`. Each run has its own seed, for the split, the
weights and the order of the samples. `full` is the mean minus four standard deviations, rounded down to a thousandth.
"""

import math
import os
import sys
from importlib import util
from pathlib import Path
from statistics import mean, stdev
from time import perf_counter
from types import ModuleType

import numpy as np
import torch

from autograder.data.sets import load

FOLDER = Path(__file__).parents[2] / "assignments" / "a4_mlp"
RUNS = 30


def accuracies(runs: int, name: str) -> list[float]:
    """Give the share of right predictions on the held-out digits, for each run of the reference."""
    module, probes = _module("mlp"), _module("probes")
    (images, labels), (held_out, right) = load(name).train, load(name).held_out
    shares = []
    for seed in range(runs):
        order = np.random.default_rng(seed).permutation(len(labels))
        train, val = order[1000:], order[:1000]
        train = train[np.argsort(labels[train], kind="stable")]
        seen = probes.digits(module, (images[train], labels[train]), (images[val], labels[val]), held_out, seed)
        shares.append(float((seen["predicted"] == right).mean()))
        print(f"run {seed:2}: {shares[-1]:.4f}", flush=True)
    return shares


def _module(name: str) -> ModuleType:
    spec = util.spec_from_file_location(name, FOLDER / f"{name}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(FOLDER)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Print the evidence."""
    count, name, *_ = [*sys.argv[1:], *(str(RUNS), "mnist_sample")[len(sys.argv) - 1 :]]
    runs, start = int(count), perf_counter()
    shares = accuracies(runs, name)
    seconds = (perf_counter() - start) / runs
    middle, spread = mean(shares), stdev(shares)
    print(f"n {runs}, mean {middle:.4f}, sd {spread:.4f}, min {min(shares):.4f}, {seconds:.1f} s each")
    print(f"full: at most {math.floor(1000 * (middle - 4 * spread)) / 1000}")
    print(f"threads {os.environ.get('OMP_NUM_THREADS', 'not set')}, torch {torch.__version__}, numpy {np.__version__}")


if __name__ == "__main__":
    main()
