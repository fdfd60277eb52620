"""The fast recipe of the CIFAR-10 kit against airbench94 on the same GPU, in the same run.

    AUTOGRADER_DATA=FOLDER python tests/benchmarks/cifar_cuda.py [SEEDS]

Needs a CUDA device, `autograder data fetch cifar10` and `pip install airbench`, which downloads CIFAR-10 itself. Both
train on the 50,000 images and judge on the 10,000 test images; each side's first run warms up and does not count. The
time of either side includes judging. Prints accuracy and seconds of each seed, the means and the ratio of the times.
"""

import sys
import time
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from statistics import mean

import torch

from autograder.data.sets import load
from coursekit.training import Settings

FOLDER = Path(__file__).parents[2] / "assignments" / "a5_cnn"
SEEDS = 5


def main() -> None:
    """Measure both sides by turns, and print accuracies and the ratio."""
    if not torch.cuda.is_available():
        sys.exit("there is no CUDA device here; tests/given/test_fast.py tests the recipe's parts without one")
    import airbench  # noqa: PLC0415 - it asks for a GPU when it is imported
    from airbench.utils import CifarLoader, evaluate  # noqa: PLC0415 - as above

    sys.path.insert(0, str(FOLDER / "given"))
    fast, data = import_module("fast"), load("cifar10")
    (images, labels), (test, right) = (
        tuple(torch.from_numpy(array) for array in part) for part in (data.train, data.test)
    )
    judge, settings = CifarLoader("cifar10", train=False, batch_size=2000), Settings(device="cuda")

    def ours(seed: int) -> float:
        model, _ = fast.train(replace(settings, seed=seed), images, labels)
        return float((fast.logits(model, test).argmax(dim=1) == right).float().mean())

    def theirs(seed: int) -> float:
        torch.manual_seed(seed)
        return float(evaluate(airbench.train94(verbose=False), judge, tta_level=2))

    rows = []
    for seed in range(-1, int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS):
        row = [_timed(side, seed) for side in (ours, theirs)]
        if seed >= 0:
            rows.append(row)
            (mine, seconds), (accuracy, reference) = row
            print(f"seed {seed}: ours {mine:.2%} in {seconds:.2f} s, airbench94 {accuracy:.2%} in {reference:.2f} s")
    (mine, seconds), (accuracy, reference) = (
        [mean(row[side][place] for row in rows) for place in (0, 1)] for side in (0, 1)
    )
    print(f"means: ours {mine:.2%} in {seconds:.2f} s, airbench94 {accuracy:.2%} in {reference:.2f} s")
    print(f"ratio of the times {seconds / reference:.2f}, on {torch.cuda.get_device_name()}, torch {torch.__version__}")


def _timed(side: object, seed: int) -> tuple[float, float]:
    torch.cuda.synchronize()
    start = time.perf_counter()
    accuracy = side(seed)  # type: ignore[operator]
    torch.cuda.synchronize()
    return accuracy, time.perf_counter() - start


if __name__ == "__main__":
    main()
