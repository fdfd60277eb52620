"""Public tests of describe_tensor and tensor_from_numpy."""

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("tensors")


@pytest.mark.points(0.5)
@pytest.mark.hint("Read shape, dtype, device and layout of the tensor; str() makes text of the last three.")
@pytest.mark.parametrize(
    ("t", "shape", "dtype"),
    [
        (torch.tensor([[1, 2], [3, 4]]), (2, 2), "torch.int64"),
        (torch.rand(3, 4, generator=torch.Generator().manual_seed(1)), (3, 4), "torch.float32"),
    ],
    ids=["whole numbers", "torch.rand"],
)
def test_tensors_of_the_lecture(student, probes, t, shape, dtype):
    """describe_tensor tells the lecture's tensors apart: whole numbers are int64, torch.rand gives float32."""
    expected = {"shape": shape, "dtype": dtype, "device": "cpu", "layout": "torch.strided"}

    assert_same(student.probe(probes.description, t=t), expected)


@pytest.mark.points(0.5)
@pytest.mark.hint("torch.tensor(array) copies; torch.from_numpy(array) shares the memory. Both keep the dtype.")
@pytest.mark.parametrize("copy", [True, False], ids=["copy", "shared"])
@pytest.mark.parametrize("dtype", ["int64", "float64"])
def test_an_array_becomes_a_tensor(student, probes, dtype, copy):
    """tensor_from_numpy keeps shape, dtype and numbers, and shares the array's memory only if it is told to."""
    expected = np.array([[1, 2, 3], [4, 5, 6]], dtype=dtype)

    found = student.probe(probes.tensor_of, array=expected.copy(), copy=copy)
    assert_close(found["numbers"], expected, rtol=0, atol=0)
    assert_same(found["shares"], not copy)


@pytest.mark.points(0.25)
@pytest.mark.hint("Check with isinstance first: torch.Tensor here, np.ndarray there.")
def test_a_list(student):
    """describe_tensor and tensor_from_numpy refuse a list."""
    student.describe_tensor(torch.zeros(2))
    student.tensor_from_numpy(np.zeros(2))

    assert_raises(TypeError, student.describe_tensor, [1, 2])
    assert_raises(TypeError, student.tensor_from_numpy, [1, 2])
