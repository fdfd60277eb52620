"""The scripts that kits give: run as a student runs them, on the solved module and a few images."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograder.assignment import load_assignment
from autograder.packaging.build import kit_files, reference_files

torch = pytest.importorskip("torch")
load_file = pytest.importorskip("safetensors.torch").load_file

ROOT = Path(__file__).parents[2]
IMAGES = {"a4_mlp": (28, 28), "a5_cnn": (32, 32, 3)}


@pytest.fixture(params=IMAGES)
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Unpack a kit with its solved module, and 300 images whose brightness says the class."""
    assignment = load_assignment(ROOT / "assignments" / request.param)
    solved = {path: text for path, text in reference_files(assignment).items() if path.name == assignment.module_file}
    for path, content in {**kit_files(assignment), **solved}.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    labels, shape = np.arange(300, dtype=np.uint8) % 10, IMAGES[request.param]
    images = np.ones((300, *shape), np.uint8) * (25 * labels).reshape(-1, *[1] * len(shape))
    np.savez(next((tmp_path / "data").glob("*_train.npz")), images=images, labels=labels)
    return tmp_path


def train(kit: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the kit's script."""
    return run(kit, "train.py", "--device", "cpu", "--batch-size", "30", *options)


def run(kit: Path, script: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the kit."""
    command = [sys.executable, script, *options]
    return subprocess.run(command, cwd=kit, capture_output=True, text=True, check=False)


def test_a_training_is_watched_and_can_go_on(kit: Path) -> None:
    """A line for each epoch and a curve; a longer training begins where the last one ended."""
    first = train(kit, "--epochs", "2")
    longer = train(kit, "--epochs", "3", "--resume")

    assert [line.split(": loss")[0] for line in first.stdout.splitlines()] == ["epoch   1", "epoch   2"], first.stderr
    assert (kit / "run" / "curve.svg").read_text(encoding="utf-8").startswith("<svg")
    assert [line.split(": loss")[0] for line in longer.stdout.splitlines()] == ["epoch   3"], longer.stderr


def test_data_that_are_not_there_are_said(kit: Path) -> None:
    """With what was found, and what may be said instead."""
    said = train(kit, "--data", "nowhere").stderr

    assert "--data nowhere: found none; one file NAME_train.npz is needed there, or one of mnist, fashion_mnist" in said


def test_a5_writes_the_weights_that_are_handed_in(kit: Path) -> None:
    """They are the state of a SmallCNN, finite."""
    if not (kit / "cnn.py").exists():
        assert not (kit / "fast.py").exists()
        return
    train(kit, "--epochs", "1")
    state = load_file(kit / "cnn.safetensors")

    assert sum(tensor.numel() for tensor in state.values()) == 33_946 + 227  # with the buffers of batch norm
    assert all(torch.isfinite(tensor).all() for tensor in state.values())


def test_transfer_with_a_network_of_torchvisions(kit: Path) -> None:
    """By name and without a download; only the head learns."""
    if not (kit / "transfer.py").exists():
        assert not (kit / "cnn.py").exists()
        return
    pytest.importorskip("torchvision")
    options = ["--model", "squeezenet1_1", "--weights", "none", "--images", "40", "--side", "33", "--epochs", "1"]
    wrong = run(kit, "transfer.py", *options)
    right = run(kit, "transfer.py", "--model", "resnet18", *options[2:])

    assert "ValueError: the model holds no nn.Linear" in wrong.stderr
    assert "11,181,642 parameters, 5,130 to train" in right.stdout, right.stderr
    assert "epoch 1: loss " in right.stdout
