"""Hidden tests of get_device.

Probes let torch say that there is a GPU, or that there is none: so no test depends on the machine.
"""

import pytest
import torch

from coursekit import assert_raises, assert_same

pytestmark = pytest.mark.question("get_device")

KINDS = {True: "with a GPU", False: "without a GPU"}


def chosen(name):
    """Say what a probe sees where a device is chosen."""
    return {"kind": "device", "name": name}


def without_starts(seen):
    """Leave out how often a GPU was started, which has a test of its own."""
    return {key: seen[key] for key in ("kind", "name")}


@pytest.mark.points(0.5)
@pytest.mark.hint('torch.device("cuda") where torch.cuda.is_available(), else torch.device("cpu"): ask at each call.')
@pytest.mark.parametrize("prefer", [{}, {"prefer": "auto"}], ids=["default", "auto"])
@pytest.mark.parametrize("available", [True, False], ids=KINDS.get)
def test_auto(alone, probes, available, prefer):
    """get_device takes the GPU where torch says that there is one, else the processor."""
    seen = alone.probe(probes.get_device_chosen, available=available, **prefer)

    assert_same(without_starts(seen), chosen("cuda" if available else "cpu"))


@pytest.mark.points(0.5)
@pytest.mark.hint('"cpu" insists: torch.device("cpu"), even where there is a GPU.')
@pytest.mark.parametrize("available", [True, False], ids=KINDS.get)
def test_cpu(alone, probes, available):
    """get_device gives the processor where it is asked for, with a GPU beside it too."""
    seen = alone.probe(probes.get_device_chosen, available=available, prefer="cpu")

    assert_same(without_starts(seen), chosen("cpu"))


@pytest.mark.points(0.5)
@pytest.mark.hint('torch.device("cuda"): a torch.device, not its name, and without a number.')
def test_cuda(alone, probes):
    """get_device gives the GPU where it is asked for and there is one."""
    seen = alone.probe(probes.get_device_chosen, available=True, prefer="cuda")

    assert_same(without_starts(seen), chosen("cuda"))


@pytest.mark.points(0.5)
@pytest.mark.hint('"cuda" insists: raise RuntimeError where torch.cuda.is_available() is False.')
def test_no_gpu(alone, probes):
    """get_device raises RuntimeError where the GPU is asked for and there is none."""
    alone.probe(probes.get_device_chosen, available=False, prefer="cpu")

    assert_raises(RuntimeError, alone.probe, probes.get_device_chosen, available=False, prefer="cuda")


@pytest.mark.points(0.5)
@pytest.mark.hint("Ask torch.cuda.is_available(): a trial tensor, or the name of a GPU, starts it and takes memory.")
@pytest.mark.parametrize("prefer", ["auto", "cpu"])
@pytest.mark.parametrize("available", [True, False], ids=KINDS.get)
def test_allocates_nothing(alone, probes, available, prefer):
    """get_device only asks: it starts no GPU and allocates nothing there."""
    seen = alone.probe(probes.get_device_chosen, available=available, prefer=prefer)

    assert_same(seen, chosen("cuda" if available and prefer == "auto" else "cpu") | {"started": 0})


@pytest.mark.points(0.25)
@pytest.mark.hint('Compare prefer with "auto", "cpu" and "cuda" first; any other name is a ValueError.')
@pytest.mark.parametrize("prefer", ["tpu", "gpu", "CUDA", "", "meta", "cuda:0"])
@pytest.mark.parametrize("available", [True, False], ids=KINDS.get)
def test_bad_inputs(alone, probes, available, prefer):
    """get_device refuses every other name, those of other devices too."""
    alone.probe(probes.get_device_chosen, available=available, prefer="auto")

    assert_raises(ValueError, alone.probe, probes.get_device_chosen, available=available, prefer=prefer)


@pytest.mark.points(0)
@pytest.mark.hint("The GPU where torch.cuda.is_available(), and the processor where it is asked for.")
@pytest.mark.parametrize("prefer", ["cpu", "cuda", "auto"])
def test_real_devices(student, probes, prefer):
    """get_device gives a device on which a tensor can be made."""
    if prefer == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    there = "cuda" if torch.cuda.is_available() and prefer != "cpu" else "cpu"

    assert_same(student.probe(probes.get_device_here, prefer=prefer), there)
