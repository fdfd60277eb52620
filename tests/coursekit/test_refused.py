"""Refused names: found under other names, blocked at run time."""

import ast

import numpy as np
import pytest

from coursekit.refused import Refused, enforced, find_refused

NAMES = ("numpy.pad", "scipy", "numpy.lib.stride_tricks")


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import numpy as np\nnp.pad(1)", [(2, "numpy.pad")]),
        ("import numpy\nnumpy.pad(1)", [(2, "numpy.pad")]),
        ("from numpy import pad as p\np(1)", [(1, "numpy.pad")]),
        ("import scipy.signal as s\ns.convolve2d", [(1, "scipy"), (2, "scipy")]),
        ("from scipy import signal", [(1, "scipy")]),
        ("from numpy.lib import stride_tricks", [(1, "numpy.lib.stride_tricks")]),
        ("import numpy as np\nnp.padding, np.linalg.pad, scipyish", []),
        ("'np.pad'\n# np.pad", []),
        ("def pad(x): return x\npad(1)", []),
    ],
)
def test_uses_are_found_with_their_lines(source: str, found: list[tuple[int, str]]) -> None:
    """Aliases are followed; other names that look alike are left in peace."""
    assert find_refused(ast.parse(source), NAMES) == found


def test_refused_names_raise_and_come_back() -> None:
    """Inside the block the names raise with the reason; afterwards they work again."""
    with enforced(NAMES[:2], "write it yourself"):
        with pytest.raises(Refused, match="numpy.pad is refused in this assignment: write it yourself"):
            np.pad([1], 1)
        with pytest.raises(Refused, match="scipy is refused"):
            import scipy  # noqa: F401, PLC0415 - that it fails is the test

    assert np.pad([1], 1).tolist() == [0, 1, 0]
