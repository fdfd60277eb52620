"""Ways to spoil a frame: its JSON, its bytes, its buffers, its lengths."""

import json
import math
import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

from frames import PREFIX, Frame

from autograder.sandbox.values import FROM_WORKER

_TAGS = "ltsdbcanTpDrgko"
_NUMBERS = (
    0, 1, 2, 3, 7, 8, 32, 33, 127, 128, 255, 256, 624, 625, 2**15, 2**16, 2**31 - 1, 2**31, 2**32, 2**53, 2**61 - 1,
    2**62, 2**63 - 1, 2**63, 2**64, 2**128, 10**100, 10**400, 10**4299, 4_096, 64 * 2**20, 256 * 2**20,
)  # fmt: skip
_SCALARS = (
    None,
    True,
    False,
    0.0,
    -0.0,
    1.5,
    1e308,
    5e-324,
    math.nan,
    math.inf,
    -math.inf,
    "",
    "x",
    "\ud800",
    "\0",
    "é",
)
_NAMES = (
    "PCG64",
    "PCG64DXSM",
    "MT19937",
    "Philox",
    "SFC64",
    "float32",
    "bfloat16",
    "object",
    "|O",
    "O",
    "<M8[s]",
    "V8",
)
_STAYS, _TRIES = 0.2, 8  # how likely a place is no deeper; how often a number is looked for
_WHOLE = 0.8  # of the frames that go through a socket


class Mutator:
    """Spoils frames, the same way for the same seed.

    Args:
        frames: what to begin with.
        seed: of the generator.
    """

    def __init__(self, frames: Sequence[Frame], seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._frames, self._nodes = frames, [json.loads(frame.header) for frame in frames]
        self._nodes_ways = [
            self._swap,
            self._replace,
            self._drop,
            self._repeat,
            self._wrap,
            self._retag,
            self._renumber,
        ]

    def frame(self) -> Frame:
        """Give the next spoiled frame."""
        return self.vary(self._frames[self._random.randrange(len(self._frames))])

    def vary(self, frame: Frame) -> Frame:
        """Spoil a frame whose header is JSON.

        Raises:
            ValueError: if it is none.
        """
        header, buffers = frame.header, list(frame.buffers)
        draw = self._random.random()
        if draw < 0.65:  # noqa: PLR2004 - most frames are still JSON
            node = json.loads(header)
            for _ in range(self._random.choice((1, 1, 1, 2, 3, 8))):
                node = self._random.choice(self._nodes_ways)(node)
            header = json.dumps(node, separators=(",", ":")).encode()
        if draw > 0.6:  # noqa: PLR2004 - some are both
            header = self.spoil(header)
        if self._random.random() < 0.3:  # noqa: PLR2004 - a third of the frames
            self._spoil_buffers(buffers)
        return Frame(header[: FROM_WORKER.header], tuple(buffers))

    def spoil(self, data: bytes) -> bytes:
        """Flip, cut, double, insert or put in from another frame."""
        spoiled, pick = bytearray(data), self._random
        for _ in range(pick.choice((1, 1, 2, 4, 16))):
            at = pick.randrange(len(spoiled) + 1)
            end = min(len(spoiled), at + pick.choice((1, 1, 2, 4, 8, 64)))
            way = pick.randrange(6)
            if way == 0:
                spoiled[at:end] = bytes(byte ^ 1 << pick.randrange(8) for byte in spoiled[at:end])
            elif way == 1:
                del spoiled[at:end]
            elif way == 2:  # noqa: PLR2004 - the third way
                spoiled[at:at] = spoiled[at:end] * pick.choice((1, 2, 50))
            elif way == 3:  # noqa: PLR2004 - the fourth way
                spoiled[at:end] = pick.randbytes(end - at)
            elif way == 4:  # noqa: PLR2004 - the fifth way
                spoiled[at:at] = pick.choice(
                    (b"[", b"]", b",", b'"', b"{", b"}", b"-", b"9" * 20, b"e99", b"NaN", b"\\u", b"\xff")
                )
            else:
                other = pick.choice(self._frames).header
                cut = pick.randrange(len(other))
                spoiled[at:end] = other[cut : cut + 40]
        return bytes(spoiled)

    def raw(self, frame: Frame) -> bytes:
        """Write a frame with lies about its lengths, or spoiled or cut anywhere."""
        data, pick = bytearray(frame.raw()), self._random
        for _ in range(pick.choice((0, 1, 1, 2))):
            way = pick.randrange(3)
            if way == 0:
                struct.pack_into("<I", data, pick.choice((0, 4, 8)), pick.choice(_NUMBERS) % 2**32)
            elif way == 1 and frame.buffers:
                at = PREFIX.size + 8 * pick.randrange(len(frame.buffers))
                struct.pack_into("<Q", data, at, pick.choice(_NUMBERS) % 2**64)
            else:
                data[pick.randrange(len(data))] = pick.randrange(256)
        cut = len(data) if pick.random() < _WHOLE else pick.randrange(len(data))
        return bytes(data[:cut])

    def _spoil_buffers(self, buffers: list[bytes]) -> None:
        pick = self._random
        at = pick.randrange(len(buffers)) if buffers else 0
        way = pick.randrange(6) if buffers else 5
        if way == 0:
            del buffers[at]
        elif way == 1:
            buffers[at] = buffers[at][: pick.randrange(len(buffers[at]) + 1)]
        elif way == 2:  # noqa: PLR2004 - the third way
            buffers[at] = pick.randbytes(len(buffers[at]))
        elif way == 3:  # noqa: PLR2004 - the fourth way
            pick.shuffle(buffers)
        elif way == 4:  # noqa: PLR2004 - the fifth way
            buffers[at] *= pick.choice((0, 2, 3, 100))
        else:
            buffers += [pick.randbytes(pick.choice((0, 1, 8, 64, 1000)))] * pick.choice((1, 1, 2, 50))

    def _place(self, node: list[Any]) -> tuple[list[Any], int]:
        """Draw a place in a node that has parts, as a list and an index: sometimes high up, sometimes deep inside."""
        while True:
            index = self._random.randrange(len(node))
            part = node[index]
            if type(part) is not list or not part or self._random.random() < _STAYS:
                return node, index
            node = part

    def _at_a_place(self, node: Any, change: Callable[[list[Any], int], None]) -> Any:
        holder = [node]
        change(*self._place(holder))
        return holder[0] if holder else None

    def _any_node(self) -> Any:
        pick = self._random
        if pick.random() < 0.3:  # noqa: PLR2004 - a third of the time
            return pick.choice(
                (*_SCALARS, *_NAMES, *_TAGS, pick.choice(_NUMBERS), -pick.choice(_NUMBERS), [], {}, {"l": 1})
            )
        holder, index = self._place(pick.choice(self._nodes))
        return json.loads(json.dumps(holder[index]))

    def _swap(self, node: Any) -> Any:
        if type(node) is list and node:
            (one, i), (other, j) = self._place(node), self._place(node)
            if not (_holds(one[i], other) or _holds(other[j], one)):
                one[i], other[j] = other[j], one[i]
        return node

    def _replace(self, node: Any) -> Any:
        return self._at_a_place(node, lambda holder, index: holder.__setitem__(index, self._any_node()))

    def _drop(self, node: Any) -> Any:
        return self._at_a_place(node, lambda holder, index: holder.pop(index))

    def _repeat(self, node: Any) -> Any:
        times = self._random.choice((1, 1, 2, 5, 40)) if self._random.random() < 0.998 else 5_000  # noqa: PLR2004 - rarely
        return self._at_a_place(
            node, lambda holder, index: holder.__setitem__(slice(index, index), [holder[index]] * times)
        )

    def _wrap(self, node: Any) -> Any:
        def wrap(holder: list[Any], index: int) -> None:
            for _ in range(self._random.choice((1, 2, 10, 40))):
                holder[index] = [self._random.choice(_TAGS), holder[index]]

        return self._at_a_place(node, wrap)

    def _retag(self, node: Any) -> Any:
        return self._at_a_place(node, lambda holder, _: holder.__setitem__(0, self._random.choice(_TAGS)))

    def _renumber(self, node: Any) -> Any:
        for _ in range(_TRIES if type(node) is list and node else 0):
            holder, index = self._place(node)
            if type(number := holder[index]) in {int, float}:
                holder[index] = self._random.choice((1, -1)) * self._random.choice((*_NUMBERS, number + 1))
                break
        return node


def _holds(node: Any, part: list[Any]) -> bool:
    """Whether a list is somewhere inside a node: swapping would close a circle."""
    left = [node]
    while left:
        one = left.pop()
        if one is part:
            return True
        left += one if type(one) is list else []
    return False
