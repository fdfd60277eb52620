"""Public tests of ConvBlock."""

import numpy as np
import pytest

from coursekit import assert_close, assert_raises, assert_same

pytestmark = pytest.mark.question("conv_block")

IMAGE = np.array([[3, -1, 0, 2], [1, 5, -4, -2], [-6, -1, -3, 7], [-2, -5, 4, 0]], dtype=np.float32)
CENTRE = np.zeros((1, 1, 3, 3), dtype=np.float32)
CENTRE[..., 1, 1] = 1  # a convolution that gives its input


@pytest.mark.points(0.75)
@pytest.mark.hint("Kernel 3 with padding 1 keeps height and width; max pooling of 2 x 2 halves them, and rounds down.")
def test_shapes(student, probes):
    """ConvBlock keeps height and width without pooling, and halves them with it."""
    plans = [{"cin": 3, "cout": 8}, {"cin": 3, "cout": 8, "pool": False}, {"cin": 3, "cout": 5, "norm": False}]
    expected = [(2, 8, 16, 10), (2, 8, 32, 21), (2, 5, 16, 10)]

    assert_same(student.probe(probes.conv_block_shapes, plans=plans, shape=(2, 3, 32, 21)), expected)


@pytest.mark.points(0.75)
@pytest.mark.hint("Convolution, ReLU, max pooling: of each 2 x 2 the largest number, and 0 where none is above 0.")
@pytest.mark.parametrize(
    ("pool", "expected"), [(True, [[5, 2], [0, 7]]), (False, np.maximum(IMAGE, 0))], ids=["pooling", "no pooling"]
)
def test_small_image(student, probes, pool, expected):
    """ConvBlock gives the largest positive number of each 2 x 2 where its convolution changes nothing."""
    result = np.array(expected, dtype=np.float32)[None, None]
    known = {"ReLU is missing: outputs are never negative.": IMAGE[None, None]}
    settings = {"weight": CENTRE, "bias": np.zeros(1, dtype=np.float32), "x": IMAGE[None, None]}

    found = student.probe(probes.conv_block_output, **settings, norm=False, pool=pool)
    assert_close(found, result, rtol=1e-5, atol=1e-6, known=None if pool else known)


@pytest.mark.points(0.5)
@pytest.mark.hint("nn.Conv2d(cin, cout, 3, padding=1, bias=not norm), and nn.BatchNorm2d(cout) with norm.")
@pytest.mark.parametrize(
    ("norm", "expected"),
    [
        (True, {"nn.Conv2d": [False], "nn.BatchNorm2d": [8], "parameters": 8 * 3 * 9 + 2 * 8}),
        (False, {"nn.Conv2d": [True], "nn.BatchNorm2d": [], "parameters": 8 * 3 * 9 + 8}),
    ],
    ids=["norm", "no norm"],
)
def test_layers(student, probes, norm, expected):
    """ConvBlock has one convolution, with a bias only where no batch norm follows it."""
    assert_same(student.probe(probes.conv_block_layers, norm=norm), expected)


@pytest.mark.points(0.25)
@pytest.mark.hint("Check each number of channels with require_int, which is given, and the dropout with an if.")
@pytest.mark.parametrize(("plan", "options"), [((0, 4), {}), ((3, 4), {"dropout": 1.0})], ids=["no channel", "dropout"])
def test_bad_inputs(student, probes, plan, options):
    """ConvBlock refuses 0 channels and a dropout of 1, and takes the rest."""
    student.probe(probes.conv_block_built, cin=3, cout=4, dropout=0.5)

    settings = dict(zip(("cin", "cout"), plan, strict=True)) | options
    assert_raises(ValueError, student.probe, probes.conv_block_built, **settings)
