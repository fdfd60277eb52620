"""Which statements of a notebook's cells make its module."""

import ast
from typing import Any

import pytest

from autograder.sandbox.cells import definitions


def _run(cells: str) -> dict[str, Any]:
    module: dict[str, Any] = {}
    exec(compile(definitions(ast.parse(cells)), "<cells>", "exec"), module)  # noqa: S102 - the cells above and below
    return module


@pytest.mark.parametrize(
    ("cells", "kept"),
    [
        ("import numpy as np\nx = np.zeros(3)\nprint(x)", "import numpy as np"),
        ("MODES = ('zero', 'edge')\nLIMIT: int = 3", "MODES = ('zero', 'edge')\nLIMIT: int = 3"),
        (
            "from numpy.typing import NDArray\nArray = NDArray[float]",
            "from numpy.typing import NDArray\nArray = NDArray[float]",
        ),
        ("image = load()\ny = image[0]\n\ndef f():\n    pass", "def f():\n    pass"),
        ("def f():\n    return 1\n\ndef f():\n    return 2", "def f():\n    return 1\n\ndef f():\n    return 2"),
        ("for i in range(9):\n    train(i)\nwhile True:\n    pass", ""),
        ("a = b = 3\nc = [i for i in range(3)]", "a = b = 3"),
    ],
)
def test_definitions_constants_and_aliases_are_kept(cells: str, kept: str) -> None:
    """What is tried out in a cell is left out, and with it all that depends on it."""
    assert ast.unparse(definitions(ast.parse(cells))) == kept


@pytest.mark.parametrize(
    "cells",
    [
        "TABLE = bytes(range(3))\n\ndef f():\n    return TABLE[1]",
        "def f():\n    return double(1)\n\ndouble = lambda x: 2 * x - 1",
        "import collections\nPair = collections.namedtuple('Pair', 'a b')\n\ndef f():\n    return Pair(1, 2).a",
        "ONE = int('1')\nONES = [ONE] * 3\n\nclass C:\n    size = ONES[0]\n\ndef f():\n    return C.size",
        "f = lambda: 1",
    ],
)
def test_computed_constants_that_definitions_read_are_kept(cells: str) -> None:
    """A table, a named tuple, a function written as a lambda: a right solution has them in any cell."""
    assert _run(cells)["f"]() == 1


@pytest.mark.parametrize(
    "experiment",
    [
        "history = train()",
        "net = Net()\nhistory = net.losses",
        "history = [train() for _ in range(9)]",
        "history = input()",
        "history = nowhere.read()",
    ],
)
def test_experiments_are_left_out_or_fail_without_harm(experiment: str) -> None:
    """What the notebook's own functions give is not computed again, even where a function for plots reads it."""
    cells = f"def train():\n    raise SystemExit\n\nclass Net(list):\n    __init__ = train\n\n{experiment}\n"
    module = _run(cells + "def plot():\n    return history\n")

    assert {"train", "Net", "plot"} <= module.keys()
    assert "history" not in module
