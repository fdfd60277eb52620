"""Hidden tests of to_device.

The meta device, which every machine has, proves a move where there is no GPU.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from coursekit import assert_raises, assert_same

pytestmark = pytest.mark.question("to_device")

STAYED = "Nothing was moved: .to() returns a new tensor, in a list, a tuple or a dict too."
SHALLOW = "Only the first level was moved: call to_device again for each part."
DICTS = "A dict stays a dict: move its values, they are where they were."
MODULES = "A module has .to() as well: it was not moved."


def tensor(*shape, dtype="float32"):
    """Stand for a tensor of zeros: where it is does not depend on its numbers."""
    return np.zeros(shape, dtype=dtype)


def to_the_first_level(obj, device):
    """Move what is directly in a structure, and nothing below."""
    parts = {list: list, tuple: tuple, dict: dict.values}.get(type(obj), lambda one: [one])(obj)
    moved = [part.to(device) if isinstance(part, (torch.Tensor, torch.nn.Module)) else part for part in parts]
    if isinstance(obj, dict):
        return dict(zip(obj, moved, strict=True))
    return type(obj)(moved) if isinstance(obj, (list, tuple)) else moved[0]


def not_in_dicts(obj, device):
    """Move everything but what is in a dict."""
    if isinstance(obj, (list, tuple)):
        return type(obj)(not_in_dicts(part, device) for part in obj)
    return obj.to(device) if isinstance(obj, (torch.Tensor, torch.nn.Module)) else obj


def assert_moved(student, reference, probes, plan, built=False, stayed=STAYED):
    """Require that a plan comes back on the meta device, which holds no numbers, and that numbers survive a move."""
    expected, numbers = probes.placed(reference, plan, "meta", built), np.arange(2.0, 5.0)
    known = {stayed: probes.placed(reference, plan, "cpu", built)}
    for sentence, wrong in {SHALLOW: to_the_first_level, DICTS: not_in_dicts}.items():
        known[sentence] = probes.placed(SimpleNamespace(to_device=wrong), plan, "meta", built)

    assert_same(student.probe(probes.placed, plan=plan, device="meta", built=built), expected, known=known)
    assert_same(probes.arrays(student.probe(probes.moved, plan=numbers.copy(), device="cpu")), numbers)


@pytest.mark.points(0.75)
@pytest.mark.hint(".to() returns a new tensor: return that one, not the tensor that you were given.")
@pytest.mark.parametrize("built", [False, True], ids=["name", "torch.device"])
@pytest.mark.parametrize("shape", [(), (0,), (1,), (4, 3), (5, 2, 3)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_tensors(alone, reference, probes, dtype, shape, built):
    """to_device moves a tensor, of any shape and dtype."""
    assert_moved(alone, reference, probes, tensor(*shape, dtype=dtype), built)


@pytest.mark.points(0.5)
@pytest.mark.hint(".to() returns a new tensor, in a list too: build a new list.")
@pytest.mark.parametrize("length", range(5))
def test_lists(alone, reference, probes, length):
    """to_device moves each tensor of a list, and gives a list."""
    plan = [tensor(3, number) for number in range(length)]

    assert_moved(alone, reference, probes, plan)


@pytest.mark.points(0.5)
@pytest.mark.hint("A tuple stays a tuple: a batch is one.")
@pytest.mark.parametrize("length", range(5))
def test_tuples(alone, reference, probes, length):
    """to_device moves each tensor of a tuple, and gives a tuple."""
    plan = tuple(tensor(3, number) for number in range(length))

    assert_moved(alone, reference, probes, plan)


@pytest.mark.points(0.5)
@pytest.mark.hint("A dict stays a dict: move its values, and keep its keys.")
@pytest.mark.parametrize(
    "plan",
    [{}, {"x": tensor(2, 3)}, {"x": tensor(2, 3), "y": tensor(2, dtype="int64")}, {0: tensor(1), 7: tensor(4)}],
    ids=["empty", "one", "two", "numbers as keys"],
)
def test_dicts(alone, reference, probes, plan):
    """to_device moves each value of a dict, and gives a dict with the same keys."""
    assert_moved(alone, reference, probes, plan)


@pytest.mark.points(0.5)
@pytest.mark.hint("Call to_device again for each part of a list, a tuple and a dict.")
@pytest.mark.parametrize(
    "plan",
    [
        [[tensor(2)], [[tensor(3)], []]],
        ({"x": [tensor(2), tensor(3)], "rest": (tensor(4), {"y": tensor(5)})}, [tensor(6)]),
        {"deep": {"deeper": {"deepest": (tensor(1), [tensor(2), {"end": tensor(3)}])}}},
        [(tensor(2, 3), tensor(2, dtype="int64")), (tensor(1, 3), tensor(1, dtype="int64"))],
        ((((tensor(7),),),),),
    ],
    ids=["lists", "mixed", "dicts", "batches", "tuples"],
)
def test_nested_structures(alone, reference, probes, plan):
    """to_device moves tensors however deep they are, and keeps the whole structure."""
    assert_moved(alone, reference, probes, plan)


@pytest.mark.points(0.5)
@pytest.mark.hint("A module has .to() as well: it moves its parameters and buffers. Return the module.")
@pytest.mark.parametrize(
    "plan",
    ["a module", ["a module", tensor(2)], {"model": "a module"}, ("a module", {"x": ["a module"]})],
    ids=["alone", "in a list", "in a dict", "nested"],
)
def test_modules(alone, reference, probes, plan):
    """to_device moves a module, alone or in a structure."""
    assert_moved(alone, reference, probes, plan, stayed=MODULES)


@pytest.mark.points(0.25)
@pytest.mark.hint(
    "What is no tensor, module, list, tuple or dict stays as it is; text too, though it can be looped over."
)
@pytest.mark.parametrize(
    "plan",
    [0, 2.5, True, "", "text", b"bytes", {1, 2}, [1, "two", None, tensor(2)], {"name": "x", "x": tensor(3)}],
    ids=["0", "2.5", "True", "no text", "text", "bytes", "set", "in a list", "in a dict"],
)
def test_other_things(alone, reference, probes, plan):
    """to_device leaves everything else as it is, beside tensors too."""
    assert_moved(alone, reference, probes, plan)


@pytest.mark.points(0.25)
@pytest.mark.hint("A move changes no number: use .to(device) alone.")
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8", "bool"])
def test_numbers(alone, probes, rng, dtype):
    """to_device keeps the numbers and dtypes of all tensors."""
    first, second, third = (rng.integers(0, 200, size=shape).astype(dtype) for shape in [(3, 2), (4,), (1, 5)])
    plan = {"a": [first, second], "b": (third, "text")}
    expected = {"a": [first.copy(), second.copy()], "b": (third.copy(), "text")}

    result = alone.probe(probes.moved, plan=plan, device="cpu")
    assert_same(probes.arrays(result), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("Let the RuntimeError of torch.device, or of .to, through.")
@pytest.mark.parametrize("plan", [tensor(2), [tensor(2)], {"x": (tensor(2),)}], ids=["tensor", "list", "nested"])
@pytest.mark.parametrize("device", ["gpu", "nowhere"])
def test_no_such_device(alone, reference, probes, plan, device):
    """to_device raises RuntimeError for a device that does not exist, and takes those that do."""
    assert_moved(alone, reference, probes, plan)

    assert_raises(RuntimeError, alone.probe, probes.placed, plan=plan, device=device)


@pytest.mark.points(0)
@pytest.mark.hint(".to(device) for the device that was asked for, whichever it is.")
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_real_devices(student, reference, probes, device):
    """to_device moves tensors and modules to the GPU, where there is one, and to the CPU."""
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    plan = [tensor(2, 3), {"y": tensor(2, dtype="int64"), "model": "a module"}]
    expected = probes.placed(reference, plan, device)

    assert_same(student.probe(probes.placed, plan=plan, device=device), expected)
