"""Public tests of TransformedTensorDataset and build_transform."""

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("dataset")

X = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
Y = torch.tensor([7, 8, 9])
IMAGE = torch.tensor([[[0.0, 0.5, 1.0], [1.0, 0.25, 0.75]]])
NORMALISED = np.array([[[-1.0, 0.0, 1.0], [1.0, -0.5, 0.5]]], dtype=np.float32)


@pytest.mark.points(0.75)
@pytest.mark.hint("Sample and label with the index; the transform is for the sample alone, and may be None.")
@pytest.mark.parametrize("double", [False, True], ids=["no transform", "a transform that doubles"])
def test_samples(student, probes, double):
    """TransformedTensorDataset knows its length, and gives a sample, transformed, with its label, as it is."""
    numbers = np.array([[5, 6], [1, 2]], dtype=np.float32) * (2 if double else 1)

    found = student.probe(probes.read, x=X, y=Y, indices=[2, 0], double=double)
    assert_same(found["length"], 3)
    assert_close(found["samples"], numbers, rtol=0, atol=0)
    assert_close(found["labels"], np.array([9, 7]), rtol=0, atol=0)


@pytest.mark.points(0.5)
@pytest.mark.hint("(x - 0.5) / 0.5, once.")
def test_validation_transform(student, probes):
    """build_transform(False) takes 0, 0.5 and 1 to -1, 0 and 1, at each call in the same way."""
    results = student.probe(probes.transformed, train=False, image=IMAGE, times=20)

    known = {"Normalisation applied twice.": np.stack([2 * NORMALISED - 1] * 20)}
    assert_close(results, np.stack([NORMALISED] * 20), rtol=0, atol=1e-6, known=known)


@pytest.mark.points(0.5)
@pytest.mark.hint("Flip the last axis where torch.rand(()) < 0.5, drawn at each call; then normalise.")
def test_training_transform(student, probes):
    """build_transform(True) flips some images from left to right, and leaves the others."""
    results = student.probe(probes.transformed, train=True, image=IMAGE, times=40)

    flipped = [bool(np.allclose(result, NORMALISED[:, :, ::-1], atol=1e-6)) for result in results]
    plain = [bool(np.allclose(result, NORMALISED, atol=1e-6)) for result in results]
    assert all(one or other for one, other in zip(flipped, plain, strict=True)), "a result is neither"
    assert any(flipped), "no image is flipped"
    assert any(plain), "all images are flipped"


@pytest.mark.points(0.25)
@pytest.mark.hint("Compare the lengths when the data set is made.")
def test_other_length(student, probes):
    """TransformedTensorDataset refuses samples and labels of different lengths."""
    student.probe(probes.read, x=X, y=Y, indices=[0])

    assert_raises(ValueError, student.probe, probes.read, x=X, y=Y[:2], indices=[0])
