"""Hidden tests of conv2d_multichannel."""

import numpy as np
import pytest

from coursekit import LAYOUTS, assert_close, assert_raises, relaid

pytestmark = pytest.mark.question("conv2d_multichannel")


def layer(rng, samples, channels, size, filters, kernel_shape):
    """Draw input, weight and bias of a layer."""
    x = rng.normal(size=(samples, channels, *size))
    return x, rng.normal(size=(filters, channels, *kernel_shape)), rng.normal(size=filters)


def wrong_layers(reference, x, weight, bias, **options):
    """Build the answers of layers with one well-known mistake."""
    channels = x.shape[1]
    apply, column = reference.conv2d_multichannel, bias[:, None, None]
    right = apply(x, weight, bias, **options)
    return {
        "One bias per filter: it is missing.": right - column,
        "One bias per filter: it is added once for each input channel.": right + (channels - 1) * column,
        "One bias per filter, not one per input channel.": right - column + bias[:channels].sum(),
        "A convolution layer does not rotate its filters.": lambda: apply(x, weight[..., ::-1, ::-1], bias, **options),
        "Each filter sums over all input channels; this is the first alone.": lambda: apply(
            x[:, :1], weight[:, :1], bias, **options
        ),
        "Kernels may be oblong: these are the first columns alone.": lambda: apply(
            x, weight[..., : weight.shape[2]], bias, **options
        ),
        "The padding is not used.": lambda: apply(x, weight, bias, **(options | {"padding": 0})),
        "The stride is not used.": lambda: apply(x, weight, bias, **(options | {"stride": 1})),
        "The output is (N, O, Ho, Wo): samples come first.": np.swapaxes(right, 0, 1),
    }


@pytest.mark.points(2.25)
@pytest.mark.hint("For each filter: sum over input channels, rows and columns of the kernel, then add its bias.")
@pytest.mark.parametrize("seed", range(5))
def test_random_layers(alone, reference, rng, seed):
    """conv2d_multichannel handles samples, channels, filters, rows and columns of all different numbers."""
    x, weight, bias = layer(rng, 2, 3, (7, 9), 4, (3, 5))
    expected = reference.conv2d_multichannel(x, weight, bias, padding=1)
    known = wrong_layers(reference, x, weight, bias, padding=1)

    assert_close(alone.conv2d_multichannel(x, weight, bias, padding=1), expected, rtol=1e-7, atol=1e-10, known=known)


@pytest.mark.points(1)
@pytest.mark.hint("One bias per filter.")
@pytest.mark.parametrize(("channels", "filters"), [(2, 5), (5, 2), (1, 3), (3, 1)], ids=str)
def test_one_bias_per_filter(alone, reference, rng, channels, filters):
    """conv2d_multichannel adds each filter's bias once, with more filters than channels and with fewer."""
    x, weight, bias = layer(rng, 2, channels, (4, 6), filters, (1, 3))
    bias = 10 + bias
    expected = reference.conv2d_multichannel(x, weight, bias)

    assert_close(
        alone.conv2d_multichannel(x, weight, bias),
        expected,
        rtol=1e-7,
        atol=1e-10,
        known=wrong_layers(reference, x, weight, bias),
    )


@pytest.mark.points(1)
@pytest.mark.hint("Use floor((n+2p-k)/s)+1; padding goes around rows and columns, not around samples or channels.")
@pytest.mark.parametrize(("stride", "padding"), [(2, 2), (3, 0), (2, 1), (1, 3)], ids=str)
def test_stride_and_padding(alone, reference, rng, stride, padding):
    """conv2d_multichannel pads with zeros and moves by the stride, also where it does not divide the way."""
    x, weight, bias = layer(rng, 2, 3, (8, 11), 5, (4, 4))
    expected = reference.conv2d_multichannel(x, weight, bias, stride, padding)
    known = wrong_layers(reference, x, weight, bias, stride=stride, padding=padding)

    assert_close(
        alone.conv2d_multichannel(x, weight, bias, stride, padding), expected, rtol=1e-7, atol=1e-10, known=known
    )


@pytest.mark.points(0.75)
@pytest.mark.hint("Keep all four axes, also those of length 1.")
@pytest.mark.parametrize(
    ("samples", "channels", "size", "filters", "kernel_shape"),
    [(1, 3, (5, 6), 2, (2, 3)), (3, 1, (4, 7), 2, (4, 7)), (2, 3, (1, 1), 4, (1, 1)), (1, 1, (3, 4), 1, (1, 2))],
    ids=["one sample", "one position", "one pixel", "one of each"],
)
def test_axes_of_length_one(alone, reference, rng, samples, channels, size, filters, kernel_shape):
    """conv2d_multichannel keeps four axes for one sample, one channel, one filter and one position."""
    x, weight, bias = layer(rng, samples, channels, size, filters, kernel_shape)
    expected = reference.conv2d_multichannel(x, weight, bias)

    assert_close(alone.conv2d_multichannel(x, weight, bias), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("Compute in float64.")
@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32"])
def test_small_dtypes(alone, reference, rng, dtype):
    """conv2d_multichannel computes in float64, whatever its inputs hold."""
    x = rng.integers(0, 128, size=(2, 3, 4, 5)).astype(dtype)
    weight = rng.integers(-100, 101, size=(2, 3, 3, 1)).astype(np.int8)
    bias = rng.integers(-100, 101, size=2).astype(np.int8)
    expected = reference.conv2d_multichannel(x, weight, bias)

    assert_close(alone.conv2d_multichannel(x, weight, bias), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(0.5)
@pytest.mark.hint("Do not write into the arguments, and do not rely on how they lie in memory.")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_layouts(alone, reference, rng, layout):
    """conv2d_multichannel does not care how its arguments lie in memory, and writes into none."""
    x, weight, bias = layer(rng, 2, 3, (5, 6), 4, (3, 2))
    expected = reference.conv2d_multichannel(x, weight, bias, 1, 1)

    result = alone.conv2d_multichannel(relaid(x, layout), relaid(weight, layout), relaid(bias, layout), 1, 1)
    assert_close(result, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.points(1)
@pytest.mark.hint("Check axes, channels, the length of the bias, stride, padding, and that the filter fits.")
@pytest.mark.parametrize(
    ("x", "weight", "bias", "options", "error"),
    [
        (np.ones((2, 3, 4, 5)), np.ones((2, 4, 3, 3)), np.ones(2), {}, ValueError),
        (np.ones((2, 3, 4, 5)), np.ones((2, 1, 3, 3)), np.ones(2), {}, ValueError),
        (np.ones((2, 3, 4, 5)), np.ones((2, 3, 3, 3)), np.ones(3), {}, ValueError),
        (np.ones((2, 3, 4, 5)), np.ones((2, 3, 3, 3)), np.ones(1), {}, ValueError),
        (np.ones((3, 4, 5)), np.ones((2, 3, 3, 3)), np.ones(2), {}, ValueError),
        (np.ones((2, 3, 4, 5)), np.ones((2, 3, 5, 3)), np.ones(2), {}, ValueError),
        (np.ones((2, 3, 4, 5)), np.ones((2, 3, 3, 3)), np.ones(2), {"stride": 0}, ValueError),
        (np.ones((2, 3, 4, 5)), np.ones((2, 3, 3, 3)), np.ones(2), {"padding": -1}, ValueError),
        (np.ones((0, 3, 4, 5)), np.ones((2, 3, 3, 3)), np.ones(2), {}, ValueError),
        (np.ones((2, 3, 4, 5)), np.ones((2, 3, 3, 3)), np.ones(2), {"padding": 1.0}, TypeError),
        (np.ones((2, 3, 4, 5)), np.ones((2, 3, 3, 3)), [1.0, 1.0], {}, TypeError),
        (np.ones((2, 3, 4, 5)), np.ones((2, 3, 3, 3)).tolist(), np.ones(2), {}, TypeError),
    ],
    ids=[
        "more channels",
        "one channel",
        "bias too long",
        "bias too short",
        "three axes",
        "filter too high",
        "stride 0",
        "padding -1",
        "no sample",
        "float padding",
        "list",
        "weight in lists",
    ],
)
def test_bad_inputs(alone, x, weight, bias, options, error):
    """conv2d_multichannel refuses shapes that do not fit together and impossible options, and takes the rest."""
    alone.conv2d_multichannel(np.ones((2, 3, 4, 5)), np.ones((2, 3, 3, 3)), np.ones(2))

    assert_raises(error, alone.conv2d_multichannel, x, weight, bias, **options)
