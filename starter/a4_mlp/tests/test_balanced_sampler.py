"""Public tests of class_weights, sample_weights and make_balanced_sampler."""

import numpy as np
import pytest
import torch

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("balanced_sampler")


@pytest.mark.points(0.75)
@pytest.mark.hint("The rare class needs the larger weight: 1 / count, as float32.")
@pytest.mark.parametrize("shape", [(240,), (240, 1)], ids=str)
def test_weights_of_the_lecture(student, probes, shape):
    """class_weights gives 0.0125 and 0.00625 for 80 zeros and 160 ones."""
    y = torch.cat([torch.zeros(80), torch.ones(160)]).reshape(shape)
    known = {"The rare class needs the larger weight.": np.array([80, 160], dtype=np.float32)}

    weights = student.probe(probes.weights_of, name="class_weights", y=y)
    assert_close(weights, np.array([0.0125, 0.00625], dtype=np.float32), rtol=1e-6, atol=0, known=known)


@pytest.mark.points(0.75)
@pytest.mark.hint("Find the place of each label among the sorted ones, here 3 and 7, and take the weight from there.")
def test_a_weight_for_each_sample(student, probes):
    """sample_weights gives each sample the weight of its class, whatever the labels are."""
    weights = student.probe(probes.weights_of, name="sample_weights", y=torch.tensor([7, 3, 7, 7, 7]))

    assert_close(weights, np.array([0.25, 1, 0.25, 0.25, 0.25], dtype=np.float32), rtol=1e-6, atol=0)


@pytest.mark.points(0.75)
@pytest.mark.hint("WeightedRandomSampler with the sample weights, as many draws as samples, a generator, replacement.")
def test_a_balanced_epoch(student, probes):
    """make_balanced_sampler draws 400 of 40 zeros and 360 ones: about as many zeros as ones, the same for a seed."""
    y = torch.cat([torch.zeros(40), torch.ones(360)]).long()

    drawn = student.probe(probes.drawn, y=y, seed=1)
    assert_same(len(drawn), 400)
    share = np.mean([index < 40 for index in drawn])
    assert 0.38 < share < 0.62, f"{share:.1%} of the draws are zeros"  # 0.5, with a standard deviation of 0.025
    assert_same(student.probe(probes.drawn, y=y, seed=1), drawn)


@pytest.mark.points(0.5)
@pytest.mark.hint("Look at y.numel() first.")
def test_no_labels(student):
    """class_weights and sample_weights refuse an empty tensor."""
    student.class_weights(torch.tensor([0, 1]))
    student.sample_weights(torch.tensor([0, 1]))

    assert_raises(ValueError, student.class_weights, torch.zeros(0))
    assert_raises(ValueError, student.sample_weights, torch.zeros(0))
