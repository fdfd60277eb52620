"""Public tests of get_device."""

import pytest
import torch

from coursekit import assert_raises, assert_same

pytestmark = pytest.mark.question("get_device")


@pytest.mark.points(0.5)
@pytest.mark.hint('Return torch.device("cpu"), not its name.')
def test_the_processor(student, probes):
    """get_device gives torch.device("cpu") where the processor is asked for."""
    assert_same(student.probe(probes.get_device_chosen, prefer="cpu"), ("device", "cpu"))


@pytest.mark.points(0.5)
@pytest.mark.hint("Ask torch.cuda.is_available().")
def test_what_is_here(student, probes):
    """get_device chooses the GPU where there is one, else the processor."""
    here = "cuda" if torch.cuda.is_available() else "cpu"

    assert_same(student.probe(probes.get_device_chosen, prefer="auto"), ("device", here))


@pytest.mark.points(0.25)
@pytest.mark.hint('Compare prefer with "auto", "cpu" and "cuda" first.')
def test_another_name(student, probes):
    """get_device refuses the name "tpu"."""
    student.probe(probes.get_device_chosen, prefer="cpu")

    assert_raises(ValueError, student.probe, probes.get_device_chosen, prefer="tpu")
