"""Which statements of a notebook's cells make its module."""

import ast

import pytest

from autograder.sandbox.cells import definitions


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
