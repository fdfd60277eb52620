"""Hidden tests of describe_tensor and tensor_from_numpy."""

import numpy as np
import pytest

from coursekit import assert_close, assert_each_close, assert_own_memory, assert_raises, assert_same, relaid

pytestmark = pytest.mark.question("tensors")

SHAPES = [(), (1,), (0, 3), (5, 2), (4, 2, 3)]
DTYPES = ["bool", "uint8", "int32", "int64", "float32", "float64"]


@pytest.mark.points(0.5)
@pytest.mark.hint("Shape as a tuple of ints; dtype, device and layout as text, with str().")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [*DTYPES, "float16", "bfloat16", "complex64"])
def test_shapes_and_dtypes(alone, probes, shape, dtype):
    """describe_tensor says shape, dtype, device and layout of tensors of any shape and dtype."""
    expected = {"shape": shape, "dtype": f"torch.{dtype}", "device": "cpu", "layout": "torch.strided"}

    assert_same(alone.probe(probes.described, shape=shape, dtype=dtype), expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("Read the device and the layout from the tensor: not every tensor is strided, or on the CPU.")
@pytest.mark.parametrize(
    ("device", "layout", "name"), [("cpu", "sparse", "torch.sparse_coo"), ("meta", "strided", "torch.strided")]
)
@pytest.mark.parametrize("shape", [(1,), (3, 5), (4, 2, 3)], ids=str)
def test_devices_and_layouts(alone, probes, shape, device, layout, name):
    """describe_tensor says where a tensor is, and how it is laid out."""
    expected = {"shape": shape, "dtype": "torch.float32", "device": device, "layout": name}

    assert_same(alone.probe(probes.described, shape=shape, layout=layout, device=device), expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("The tensor keeps the array's dtype: torch.Tensor(array) would make float32 of everything.")
@pytest.mark.parametrize("copy", [True, False], ids=["copy", "shared"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers(alone, probes, rng, dtype, copy):
    """tensor_from_numpy keeps shape, dtype and numbers of an array."""
    arrays = [np.asarray(rng.choice([0, 3, 200], size=shape)).astype(dtype) for shape in SHAPES]
    expected = tuple(array.copy() for array in arrays)

    found = tuple(probes.arrays(alone.tensor_from_numpy(array, copy)) for array in arrays)
    assert_each_close(found, expected, rtol=0, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("A copy is torch.tensor(array), shared memory is torch.from_numpy(array). A copy is the default.")
@pytest.mark.parametrize("options", [{}, {"copy": True}, {"copy": False}], ids=["default", "copy", "shared"])
@pytest.mark.parametrize("seed", range(5))
def test_memory(alone, reference, probes, rng, seed, options):
    """tensor_from_numpy gives a tensor that changes with its array only if copy is False."""
    array = rng.normal(size=(3, 4)).astype("float32")
    expected = probes.arrays(probes.changed_afterwards(reference, array.copy(), **options))
    other = probes.arrays(probes.changed_afterwards(reference, array.copy(), copy=not options.get("copy", True)))
    sentence = (
        "copy=False shares the array's memory."
        if options.get("copy", True) is False
        else "copy=True copies, and is the default."
    )

    held = probes.arrays(alone.probe(probes.changed_afterwards, array=array, **options))
    assert_each_close(held, expected, rtol=0, atol=0, known={name: {sentence: other[name]} for name in other})


@pytest.mark.points(0.25)
@pytest.mark.hint("A copy works for every array, one that may not be written too.")
@pytest.mark.parametrize("layout", ["read-only", "Fortran order", "strided"])
def test_memory_layouts(alone, probes, rng, layout):
    """tensor_from_numpy copies arrays that may not be written, or do not lie in one piece."""
    array = rng.normal(size=(4, 6, 3))
    expected = array.copy()

    assert_close(probes.arrays(alone.tensor_from_numpy(relaid(array, layout))), expected, rtol=0, atol=0)
    assert_own_memory(alone)


@pytest.mark.points(0.25)
@pytest.mark.hint("Check the kind first: isinstance(t, torch.Tensor), isinstance(array, np.ndarray).")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("describe_tensor", np.zeros(2)),
        ("describe_tensor", 3.0),
        ("tensor_from_numpy", [[1.0, 2.0]]),
        ("tensor_from_numpy", "array"),
    ],
    ids=["array", "number", "list", "text"],
)
def test_bad_inputs(alone, probes, name, value):
    """describe_tensor refuses what is no tensor, and tensor_from_numpy what is no array."""
    alone.probe(probes.described, shape=(2,))
    alone.tensor_from_numpy(np.zeros(2))

    assert_raises(TypeError, getattr(alone, name), value)
