"""Public tests of to_device."""

import pytest
import torch

from coursekit import assert_raises, assert_same

pytestmark = pytest.mark.question("to_device")


@pytest.mark.points(0.75)
@pytest.mark.hint(".to() returns a new tensor: build a new list of what it returns.")
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_list_of_tensors(student, probes, device):
    """to_device moves each tensor of a list; the device "meta", which every machine has, shows it without a GPU."""
    tensors = [torch.zeros(2, 3), torch.ones(4, dtype=torch.int64)]

    assert_same(student.probe(probes.places, tensors=tensors, device=device), [device, device])


@pytest.mark.points(0.75)
@pytest.mark.hint("A tuple stays a tuple, and a dict keeps its keys; what is inside is moved in the same way.")
def test_structures(student, probes):
    """to_device gives a list for a list, a tuple for a tuple and a dict for a dict, with the same numbers in them."""
    batch = (torch.tensor([1.0, 2.0]), {"labels": [torch.tensor([3]), torch.tensor([4])]})

    assert_same(student.probe(probes.moved, obj=batch, device="cpu"), ([1.0, 2.0], {"labels": [[3], [4]]}))


@pytest.mark.points(0.25)
@pytest.mark.hint("What is no tensor, module, list, tuple or dict stays as it is.")
def test_other_things(student):
    """to_device leaves numbers, text and None as they are, inside of structures too."""
    things = [1, 2.5, "text", None, {"name": "digits"}]

    assert_same(student.to_device([1, 2.5, "text", None, {"name": "digits"}], "cpu"), things)


@pytest.mark.points(0.25)
@pytest.mark.hint("Let the error of torch.device, or of .to, through.")
def test_no_such_device(student):
    """to_device raises RuntimeError for a device that does not exist."""
    student.to_device(torch.zeros(2), "cpu")

    assert_raises(RuntimeError, student.to_device, torch.zeros(2), "gpu")
