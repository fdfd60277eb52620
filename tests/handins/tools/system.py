"""How hostile hand-ins make system calls by their numbers on x86-64."""

import ctypes as _ctypes
import errno as _errno
import os as _os

_libc = _ctypes.CDLL(None, use_errno=True)
REFUSED = ("EPERM", "EACCES", "ENOSYS", "ESRCH")  # ESRCH: the other process cannot be seen


def answer(number: int, *arguments: object) -> str:
    """Make a system call, and say "done" or the name of its error."""
    if _os.uname().machine != "x86_64":
        raise RuntimeError("these are the numbers of x86-64")
    given = [_ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = _libc.syscall(_ctypes.c_long(number), *given)
    return "done" if result >= 0 else _errno.errorcode.get(_ctypes.get_errno(), "?")


def answered(calls: dict[str, tuple[object, ...]]) -> dict[str, str]:
    """Make calls, and give those that were not refused, with what they answered."""
    said = {name: answer(*call) for name, call in calls.items()}  # type: ignore[arg-type]
    return {name: text for name, text in said.items() if text not in REFUSED}
