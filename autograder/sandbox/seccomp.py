"""A seccomp filter: system calls that no student's code needs answer "not permitted".

A list of what is denied, for programs that load numpy and torch cannot be held to
a short list of what is allowed. Numbers from the kernel's tables (asm/unistd).
"""

import ctypes
import errno
import os
import platform
import struct

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_AT_NUMBER, _AT_ARCHITECTURE, _AT_FIRST_ARGUMENT = 0, 4, 16
_X32 = 0x40000000
_AF_UNIX = 1
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SAME_EVERYWHERE = {
    "clone3": 435, "fchmodat2": 452, "fsconfig": 431, "fsmount": 432, "fsopen": 430, "fspick": 433,
    "io_uring_enter": 426, "io_uring_register": 427, "io_uring_setup": 425, "mount_setattr": 442,
    "move_mount": 429, "open_tree": 428, "pidfd_getfd": 438,
}  # fmt: skip
_NUMBERS = {  # name: (x86_64, aarch64); None where the architecture has no such call
    "acct": (163, 89), "add_key": (248, 217), "adjtimex": (159, 171), "bpf": (321, 280), "chmod": (90, None),
    "chown": (92, None), "chroot": (161, 51), "clock_adjtime": (305, 266), "clock_settime": (227, 112),
    "delete_module": (176, 106), "fchmod": (91, 52), "fchmodat": (268, 53), "fchown": (93, 55),
    "fchownat": (260, 54), "finit_module": (313, 273), "init_module": (175, 105), "ioperm": (173, None),
    "iopl": (172, None), "kcmp": (312, 272), "kexec_file_load": (320, 294), "kexec_load": (246, 104),
    "keyctl": (250, 219), "lchown": (94, None), "mknod": (133, None), "mknodat": (259, 33), "mount": (165, 40),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "perf_event_open": (298, 241),
    "personality": (135, 92), "pivot_root": (155, 41), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "ptrace": (101, 117), "quotactl": (179, 60), "reboot": (169, 142),
    "request_key": (249, 218), "sched_setaffinity": (203, 122), "setns": (308, 268), "setpgid": (109, 154),
    "setsid": (112, 157), "settimeofday": (164, 170), "swapoff": (168, 225), "swapon": (167, 224),
    "umount2": (166, 39), "unshare": (272, 97), "userfaultfd": (323, 282), "vhangup": (153, 58),
}  # fmt: skip
_SOCKET, _PRLIMIT = (41, 198), (302, 261)
_libc = ctypes.CDLL(None, use_errno=True)


def supported() -> bool:
    """Whether this module knows the machine's architecture."""
    return platform.machine() in _ARCHITECTURES


def install() -> None:
    """Deny the listed calls to this process and all it starts, for good. Needs no_new_privs.

    Raises:
        OSError: if the architecture is unknown or the kernel refuses.
    """
    if not supported():
        raise OSError(errno.ENOSYS, f"seccomp: no table for {platform.machine()}")
    program = _program(platform.machine())
    code = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    if _libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, header, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")


def _program(machine: str) -> bytes:
    column = list(_ARCHITECTURES).index(machine)
    denied = [numbers[column] for numbers in _NUMBERS.values()] + list(_SAME_EVERYWHERE.values())
    lines = [
        _step(_LOAD, _AT_ARCHITECTURE),
        _step(_JUMP_EQUAL, _ARCHITECTURES[machine], skip_if=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _AT_NUMBER),
        _step(_JUMP_AT_LEAST, _X32, skip_unless=1),
        _step(_RETURN, _ERRNO | errno.EPERM),
    ]
    for number in denied:
        if number is not None:
            answer = errno.ENOSYS if number == _SAME_EVERYWHERE["clone3"] else errno.EPERM
            lines += [_step(_JUMP_EQUAL, number, skip_unless=1), _step(_RETURN, _ERRNO | answer)]
    lines += _only_with(_SOCKET[column], _AF_UNIX, errno.EACCES) + _only_with(_PRLIMIT[column], 0, errno.EPERM)
    return b"".join([*lines, _step(_RETURN, _ALLOW)])


def _only_with(number: int, argument: int, answer: int) -> list[bytes]:
    """Allow a call only with this first argument; reload the number for what follows."""
    return [
        _step(_JUMP_EQUAL, number, skip_unless=4),
        _step(_LOAD, _AT_FIRST_ARGUMENT),
        _step(_JUMP_EQUAL, argument, skip_if=1),
        _step(_RETURN, _ERRNO | answer),
        _step(_RETURN, _ALLOW),
    ]


def _step(code: int, value: int, *, skip_if: int = 0, skip_unless: int = 0) -> bytes:
    return struct.pack("HBBI", code, skip_if, skip_unless, value)
