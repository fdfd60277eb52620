"""Which values may cross between grader and worker, and how they are written.

A value becomes a JSON node and raw buffers. None, bool, int, float and str
are themselves; everything else is a list that begins with a tag:

    ["l" | "t" | "s", item, …]        list, tuple, set
    ["d", [key, value], …]            dict
    ["b", buffer]                     bytes
    ["c", real, imaginary]            complex
    ["a", dtype, shape, buffer]       array, C-contiguous and writable
    ["a", …, strides, writable]       array in another layout
    ["n", dtype, buffer]              numpy scalar
    ["T", dtype, shape, buffer, requires_grad]   tensor, its data on the CPU
    ["p" | "D", name]                 numpy or torch dtype
    ["r", name, state, inc, has_uint32, uinteger]   numpy generator
    ["g", buffer]                     torch generator's state
    ["k", number]                     a function of the grader's, called through the wire
    ["o", name]                       what is no data: only its kind is known

`encode` writes nodes, `decode` reads them. Nothing there unpickles, evaluates or looks a name up
that the other side chose, and every size is checked against the buffer that came with it.
"""

import builtins
from dataclasses import dataclass

import numpy as np

MAX_DEPTH = 32
MAX_ODD_KEYS = 512  # in a message: keys that are no strings can be chosen to collide (measured: 40,000 cost 12 s)
ODD_KEYS_OF_A_GENERATOR = 8  # a generator takes as long to make as so many colliding keys
DTYPES = frozenset(
    np.dtype(name).str
    for name in ("bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
)
TENSOR_DTYPES = {"bool": "bool", "uint8": "u1", "int8": "i1", "int16": "i2", "int32": "i4", "int64": "i8"} | {
    "float16": "f2", "float32": "f4", "float64": "f8", "complex64": "c8", "complex128": "c16", "bfloat16": "i2",
}  # fmt: skip
GENERATORS = frozenset({"PCG64", "PCG64DXSM"})  # others keep a place in a buffer, which numpy does not check
KINDS = (
    frozenset(vars(builtins))
    | {"function", "module", "generator", "matrix", "MaskedArray", "Tensor"}
    | {"array of objects"}
)


@dataclass(frozen=True)
class Bounds:
    """How large a message may be.

    Attributes:
        header: bytes of its header.
        bytes: of its buffers together.
        nodes: parts of its values.
    """

    header: int
    bytes: int
    nodes: int


FROM_GRADER = Bounds(4 * 2**20, 256 * 2**20, 200_000)
FROM_WORKER = Bounds(2**20, 48 * 2**20, 25_000)  # hostile: at most 50 ms of decoding, and little memory


@dataclass(frozen=True)
class Opaque:
    """Stands for something that is no data: it equals nothing and computes nothing.

    Attributes:
        kind: name of its class where that is a well-known one, else "object".
    """

    kind: str

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return False
