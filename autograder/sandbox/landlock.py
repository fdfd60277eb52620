"""Landlock: a process gives up the files, ports and signals that it does not need. Linux 5.13 and later.

Source: Documentation/userspace-api/landlock.rst of the Linux kernel.
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_LIST = 1 << 3  # list a folder
_READ = 1 << 0 | 1 << 2 | _LIST  # execute and read a file, too
_FILE_ONLY = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15  # what a rule on a plain file may name
_FILES_BY_ABI = {1: 13, 2: 14, 3: 15, 5: 16}  # ABI → how many file rights it knows
_TCP_ABI, _SCOPE_ABI = 4, 6
_libc = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """Give the kernel's Landlock version; 0 where there is none."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG))))


def restrict(readable: Iterable[Path], writable: Iterable[Path], listable: Iterable[Path] = ()) -> None:
    """Give up, for good, every file but these, every TCP port, and signals to processes outside.

    Needs no_new_privs. What does not exist is passed over. In a folder that is only listable, names can be seen.

    Raises:
        OSError: if the kernel refuses.
    """
    version = abi()
    files = (1 << max(count for known, count in _FILES_BY_ABI.items() if known <= version)) - 1
    tcp = 0b11 if version >= _TCP_ABI else 0
    scope = 0b11 if version >= _SCOPE_ABI else 0
    attributes = struct.pack("<QQQ", files, tcp, scope)[: 24 if scope else 16 if tcp else 8]
    ruleset = _checked(_libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)))
    try:
        for rights, paths in ((_LIST, listable), (_READ & files, readable), (files, writable)):
            for path in paths:
                _allow(ruleset, path, rights)
        _checked(_libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rights = rights if path.is_dir() else rights & _FILE_ONLY
        rule = struct.pack("<Qi", rights, descriptor)
        _checked(_libc.syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0)))
    finally:
        os.close(descriptor)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return result
