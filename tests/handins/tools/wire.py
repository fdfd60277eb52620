"""How hostile hand-ins write to the grader's socket, which they find among their descriptors."""

import itertools as _itertools
import json as _json
import mmap as _mmap
import os as _os
import stat as _stat
import struct as _struct

_turns = _mmap.mmap(-1, 8)  # shared by all workers: each that is ended is followed by another


def in_turn(*values: object) -> object:
    """Give the next of some values at each call, whichever worker makes it."""
    turn = int.from_bytes(_turns[:], "little")
    _turns[:] = (turn + 1).to_bytes(8, "little")
    return next(_itertools.islice(_itertools.cycle(values), turn % len(values), None))


def sockets() -> list[int]:
    """List the descriptors that are sockets."""
    found = []
    for number in range(3, 256):
        try:
            if _stat.S_ISSOCK(_os.fstat(number).st_mode):
                found.append(number)
        except OSError:
            continue
    return found


def say(data: bytes) -> None:
    """Write bytes to every socket."""
    for number in sockets():
        _os.set_blocking(number, True)
        left = memoryview(data)
        while left:
            left = left[_os.write(number, left) :]


def forge(header: bytes, *buffers: bytes) -> None:
    """Write a message with this header to every socket."""
    sizes = _struct.pack(f"<{len(buffers)}Q", *map(len, buffers))
    say(_struct.pack("<4sII", b"AGW1", len(header), len(buffers)) + sizes + header + b"".join(buffers))


def told(**parts: object) -> bytes:
    """Give the header of a message; its values are nodes already."""
    return _json.dumps(["d", *([key, node] for key, node in parts.items())]).encode()


def reply(node: object, *buffers: bytes) -> None:
    """Forge the reply to a call."""
    forge(told(result=node, left=["d"]), *buffers)
