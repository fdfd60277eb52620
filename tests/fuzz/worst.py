"""The frames that cost most, made by hand."""

import json
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from frames import Frame

from autograder.sandbox import wire
from autograder.sandbox.values import FROM_WORKER, MAX_ODD_KEYS, ODD_KEYS_OF_A_GENERATOR

_PRIME = 2**61 - 1  # hashes of numbers are taken modulo this


def worst() -> Iterator[tuple[str, Frame]]:
    """Give frames with their names: as large as they may be, or as slow to hash and to lay out."""
    for name, unit in {
        "empty lists": "[]", "empty objects": "{}", "objects": '{"":0}', "ints": "1", "floats": "1.5", "texts": '"ab"',
        "distinct texts": '"%05x"', "keys": '{"%05x":0}', "long ints": "9" * 4_299, "long floats": "0." + "1" * 1_000,
        "escapes": '"\\n"',
    }.items():  # fmt: skip
        yield f"a header of {name}", Frame(f"[{_many(unit)}]".encode())
    yield "an object of many keys", Frame(("{" + _many('"%05x":0') + "}").encode())
    yield "one long number", Frame(b"[1." + b"1" * (FROM_WORKER.header - 4) + b"]")
    yield "brackets", Frame(b"[" * min(2 * FROM_WORKER.nodes, FROM_WORKER.header))
    for name, unit in {
        "numbers": "1", "lists": '["l"]', "dicts": '["d"]', "sets": '["s"]', "pairs": '["d",["%05x",1]]',
        "complex numbers": '["c",1,2]', "objects": '["o","int"]', "dtypes": '["p","<f8"]',
    }.items():  # fmt: skip
        yield f"as many {name} as may be", Frame(f'["d",["x",["l",{_many(unit, nodes=True)}]]]'.encode())
    yield from _colliding(MAX_ODD_KEYS)
    yield from _laid_out()


def _many(unit: str, *, nodes: bool = False) -> str:
    """Repeat a part of a header as often as the bounds of a message let it be."""
    parts = 1 + unit.count("[") + unit.count("{") + unit.count(",")
    count = min((2 * FROM_WORKER.nodes - 20) // parts, (FROM_WORKER.header - 100) // (len(unit) + 1))
    if nodes:
        count = min(count, (FROM_WORKER.nodes - 10) // (3 if "%" in unit else 1))
    return ",".join(unit % number if "%" in unit else unit for number in range(count))


def _colliding(keys: int) -> Iterator[tuple[str, Frame]]:
    """Make hashes collide, with as many keys and parts of keys as may be."""
    each: dict[str, tuple[int, Callable[[int], Any]]] = {  # name: (what one counts, how one is made)
        "ints": (2, lambda k: k * _PRIME),
        "long ints": (158, lambda k: (k + 10**3_000) * _PRIME),
        "complex numbers": (1, lambda k: ["c", -1_000_003.0 * k, float(k)]),
        "pairs": (3, lambda k: ["t", 0, k * _PRIME]),
        "tuples": (92, lambda k: ["t", *[0] * 90, k * _PRIME]),
        "pairs with texts": (3, lambda k: ["t", "a" * 5_000, k * _PRIME]),
    }
    for name, (cost, make) in each.items():
        yield f"a set of {name} that collide", _message(["s", *map(make, range(keys // cost))])
    pairs = keys // 3
    data = [bytes(FROM_WORKER.bytes // pairs)] * pairs
    yield (
        "a set of pairs with long bytes that collide",
        _message(["s", *(["t", ["b", k], k * _PRIME] for k in range(pairs))], data),
    )
    data = [struct.pack("<dd", -1_000_003.0 * k, float(k)) for k in range(keys)]
    yield "a set of scalars that collide", _message(["s", *(["n", "<c16", k] for k in range(keys))], data)
    yield "generators", _message(["l", *(["r", "PCG64", k, 1, 0, 0] for k in range(keys // ODD_KEYS_OF_A_GENERATOR))])


def _laid_out() -> Iterator[tuple[str, Frame]]:
    count, size = wire.MAX_BUFFERS, FROM_WORKER.bytes // wire.MAX_BUFFERS
    arrays = [["a", "|u1", [size], k, [15], True] for k in range(count)]
    yield "many arrays with wide strides", _message(["l", *arrays], [bytes(size)] * count)
    flat = FROM_WORKER.nodes // 40  # of an array's 75 commas and brackets there may be two for each node
    arrays = [["a", "|u1", [1] * 32, k, [1] * 32, True] for k in range(flat)]
    yield "many arrays of 32 axes", _message(["l", *arrays], [b"x"] * flat)
    for name, node in {
        "bools": ["a", "|b1", [FROM_WORKER.bytes], 0],
        "bytes": ["b", 0],
        "an array backwards": ["a", "|u1", [FROM_WORKER.bytes], 0, [-1], True],
        "an array turned": ["a", "|u1", [2**12, FROM_WORKER.bytes >> 12], 0, [1, 2**12], True],
    }.items():
        yield f"the largest reply: {name}", _message(node, [bytes(FROM_WORKER.bytes)])


def _message(node: Any, buffers: Sequence[bytes] = ()) -> Frame:
    return Frame(json.dumps(["d", ["x", node]], separators=(",", ":")).encode(), tuple(buffers))
