"""What may cross the wire, both ways, and what may not."""

import math
from collections import Counter, OrderedDict, defaultdict
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import WireError
from autograder.sandbox.decode import Decoder
from autograder.sandbox.encode import Encoder
from autograder.sandbox.values import MAX_ODD_KEYS, Opaque


def _crossed(value: object) -> Any:
    encoder = Encoder()
    node = encoder.node(value)
    return Decoder(encoder.buffers).value(node)


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_PLAIN)
def test_plain_data_comes_out_as_it_went_in(value: object) -> None:
    """Built-in data keeps its value and its exact type."""
    crossed = _crossed(value)

    assert crossed == value
    assert type(crossed) is type(value)


@pytest.mark.parametrize("dtype", ["bool", "u1", "i8", "f2", "f4", "f8", "c16"])
def test_arrays_keep_dtype_shape_and_values(dtype: str) -> None:
    """An array of each kind crosses unchanged."""
    array = np.arange(24).reshape(2, 3, 4).astype(dtype)

    crossed = _crossed(array)

    assert crossed.dtype == array.dtype
    np.testing.assert_array_equal(crossed, array)


def test_layouts_survive() -> None:
    """Strided, reversed, Fortran-ordered and read-only arrays arrive as such."""
    base = np.arange(60.0).reshape(6, 10)
    read_only = base.copy()
    read_only.setflags(write=False)
    for array in (base[::2, ::3], base[::-1], np.asfortranarray(base), read_only, base.T, base[2:2]):
        crossed = _crossed(array)

        np.testing.assert_array_equal(crossed, array)
        assert crossed.flags.writeable == array.flags.writeable
        if array.size:
            assert crossed.strides == array.strides


def test_numpy_scalars_generators_and_dtypes_cross() -> None:
    """A generator draws the same numbers on the other side."""
    generator = np.random.default_rng(3)
    generator.normal()

    crossed = _crossed({"scalar": np.float32(1.5), "rng": generator, "dtype": np.dtype("f4"), "set": {1, 2}})

    assert crossed["scalar"] == 1.5
    assert type(crossed["scalar"]) is np.float32
    assert crossed["rng"].normal() == generator.normal()
    assert (crossed["dtype"], crossed["set"]) == (np.dtype("f4"), {1, 2})


class _AlwaysEqual(np.ndarray):  # type: ignore[type-arg]
    def __eq__(self, other: object) -> bool:  # type: ignore[override]
        return True

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    "value",
    [
        object(),
        print,
        np.array(["a"], object),
        np.array(["a"], object).view(_AlwaysEqual),
        np.ma.array([1]),
        np.zeros((1, 1)).view(np.matrix),
        np.longdouble(1),
        np.datetime64(1, "D"),
    ],
)
def test_what_is_no_data_arrives_as_its_kind_alone(value: object) -> None:
    """A subclass or an object cannot bring its own == along."""
    crossed = _crossed(value)

    assert type(crossed) is Opaque
    assert crossed != value
    assert crossed != crossed  # noqa: PLR0124 - it equals nothing, itself included


class _Point(NamedTuple):
    x: int


class _Axis(IntEnum):
    ROW = 1


class _Layout(StrEnum):
    NCHW = "NCHW"


class _Odd(dict):  # type: ignore[type-arg]
    def items(self) -> Any:
        raise OSError

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(list, a=[1]), {"a": [1]}),
        (Counter("aab"), {"a": 2, "b": 1}),
        (_Odd(a=1), {"a": 1}),
        (_Point(3), (3,)),
        (_Axis.ROW, 1),
        (_Layout.NCHW, "NCHW"),
        (np.str_("NCHW"), "NCHW"),
        (np.bytes_(b"x"), b"x"),
        (type("float", (float,), {"__eq__": lambda *_: True})(2.0), 2.0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_subclass_of_a_built_in_type_arrives_as_that_type(value: object, plain: object) -> None:
    """An OrderedDict is a dict, for a student and for a test; it brings neither code nor an == of its own."""
    crossed = _crossed(value)

    assert type(crossed) is type(plain)
    assert crossed == plain


def test_a_subclass_of_array_arrives_as_an_array() -> None:
    """Such as a memmap, or a class of the student's own; its == stays behind."""
    crossed = _crossed(np.arange(3.0).view(_AlwaysEqual))

    assert type(crossed) is np.ndarray
    assert crossed.tolist() == [0, 1, 2]


def test_a_subclass_of_tensor_arrives_as_a_tensor() -> None:
    """What torchvision's transforms return is an Image, which is a tensor for a student."""
    torch = pytest.importorskip("torch")
    image = torch.arange(3.0).as_subclass(type("Image", (torch.Tensor,), {}))

    crossed = _crossed(image)

    assert type(crossed) is torch.Tensor
    assert crossed.tolist() == [0, 1, 2]


def test_a_class_name_of_the_students_is_not_repeated() -> None:
    """Only well-known names come out, so that a class name carries no hidden input."""
    assert _crossed(type("secret_42", (), {})()).kind == "object"


_HOSTILE = [
    ["a", "<f8", [2], 0],
    ["a", "|O", [1], 0],
    ["a", "<f8", [-1], 0],
    ["a", "<f8", [2**70], 0],
    ["a", "<f8", [1.0], 0],
    ["a", "<f8", [1], 7],
    ["a", "<f4", [2], 0, [2**60 + 1], True],
    ["r", "PCG64", 1, 2, 0],
    ["r", "PCG64", 1, 2, 0, 0.5],
    ["r", "Philox", 1, 2, 0, 0],
    ["r", "MT19937", 1, 2, 0, 0],
    ["a", "<f8", [1], 0, [3], True],
    ["a", "<f8"],
    ["n", "<f8", 3],
    ["k", 0],
    ["r", "os.system", {}],
    ["r", "PCG64", ["d"]],
    ["p", "O"],
    ["d", 3],
    ["d", [["l"], 1]],
    ["s", ["l"]],
    ["z", 1],
    [],
    {},
    [["l"]],
    ["c", "x", 1],
    ["o", []],
    ["o"],
]


@pytest.mark.parametrize("node", _HOSTILE, ids=str)
def test_hostile_nodes_are_refused_with_one_kind_of_error(node: Any) -> None:
    """Whatever is no well-formed node ends in a WireError."""
    with pytest.raises(WireError):
        Decoder([bytes(8)]).value(node)


def test_an_array_of_far_strides_comes_in_c_order() -> None:
    """A column of a large picture is a small result: its memory is not that of the whole picture."""
    column = np.arange(20_000.0).reshape(10, 2_000)[:, 0]

    found = _crossed(column)

    assert found.strides == (8,)
    np.testing.assert_array_equal(found, column)


def test_memory_for_layouts_is_bounded_over_a_message() -> None:
    """Many arrays that each take a little more than their bytes come in C order once it is enough."""
    nodes = ["l", *(["a", "|u1", [2**20], number, [15], True] for number in range(4))]

    found = Decoder([bytes(2**20)] * 4).value(nodes)

    assert [array.strides for array in found] == [(15,), (1,), (1,), (1,)]


def test_bounds_are_kept() -> None:
    """Depth, odd keys and reuse of a buffer are bounded."""
    deep: list[Any] = ["l"]
    for _ in range(40):
        deep = ["l", deep]
    colliding = ["d", *([k * (2**61 - 1), None] for k in range(MAX_ODD_KEYS + 1))]
    colliding_apart = ["l", *([["d", *([k, None] for k in range(100))]] * 21)]
    twice = ["l", ["a", "|u1", [8], 0], ["a", "|u1", [8], 0]]

    tuples = ["s", *([["t", *"x" * 90, k] for k in range(6)])]
    odd = "no strings"
    for node, message in (
        (deep, "too deeply"),
        (colliding, odd),
        (colliding_apart, odd),
        (tuples, odd),
        (twice, "used twice"),
    ):
        with pytest.raises(WireError, match=message):
            Decoder([bytes(8)]).value(node)


def test_hostile_booleans_become_true_or_false() -> None:
    """A byte of 7 in an array of bools is True and nothing stranger."""
    array = Decoder([bytes([0, 7])]).value(["a", "|b1", [2], 0])

    assert array.view(np.uint8).tolist() == [0, 1]


def test_special_floats_cross() -> None:
    """NaN and infinities are data."""
    crossed = _crossed([math.inf, -math.inf, math.nan])

    assert crossed[:2] == [math.inf, -math.inf]
    assert math.isnan(crossed[2])
