"""How much of its tolerance an answer uses."""

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest

from coursekit import assert_close, margins
from coursekit.verdicts import CheckFailed


@pytest.fixture(autouse=True)
def measured() -> Iterator[None]:
    """Measure, in this test alone."""
    margins.measure(wanted=True)
    yield
    margins.measure(wanted=False)


def test_the_farthest_element_of_the_farthest_comparison_counts() -> None:
    """|actual - expected| / (atol + rtol |expected|)."""
    assert_close(np.array([1.0, 2.1]), np.array([1.0, 2.0]), rtol=0.1, atol=0.2)
    assert_close(5.0, 5.1, rtol=0, atol=1)

    assert margins.take() == pytest.approx(0.25)
    assert margins.take() is None


@pytest.mark.parametrize(("actual", "used"), [(2.0, 0), (2.5, 1e12), (np.nan, 1e12)])
def test_without_a_tolerance_only_the_same_is_near(actual: float, used: float) -> None:
    """Infinity is no JSON; a large number stands for it."""
    with contextlib.suppress(CheckFailed):
        assert_close(np.array([actual]), np.array([2.0]), rtol=0, atol=0)

    assert margins.take() == used


def test_nan_and_infinity_are_near_themselves() -> None:
    """As for the comparison itself."""
    assert_close(np.array([np.nan, np.inf]), np.array([np.nan, np.inf]), rtol=0, atol=1)

    assert margins.take() == 0


def test_nothing_is_measured_unless_it_is_wanted() -> None:
    """Grading pays for no figure that nobody reads."""
    margins.measure(wanted=False)
    assert_close(1.0, 1.0, rtol=0, atol=1)

    assert margins.take() is None
