"""A seccomp filter: system calls that no student's code needs answer "not permitted", and marks on files do nothing.

A list of what is denied, for programs that load numpy and torch cannot be held to
a short list of what is allowed. Numbers from the kernel's tables (asm/unistd).
"""

import ctypes
import errno
import os
import platform
import struct

Table = dict[str, tuple[int, int | None]]
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_LOAD, _AND, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_IF_ANY, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_AT_NUMBER, _AT_ARCHITECTURE, _AT_FIRST_ARGUMENT, _AT_SECOND_ARGUMENT = 0, 4, 16, 24
_X32 = 0x40000000
_AF_UNIX, _KIND_OF_SOCKET, _DATAGRAM, _RAW = 1, 0xF, 2, 3
_NEW_NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SAME_EVERYWHERE = {
    "clone3": 435, "fsconfig": 431, "fsmount": 432, "fsopen": 430, "fspick": 433,
    "file_setattr": 469, "io_uring_enter": 426, "io_uring_register": 427, "io_uring_setup": 425, "mount_setattr": 442,
    "memfd_secret": 447, "move_mount": 429, "open_tree": 428, "pidfd_getfd": 438,
    "removexattrat": 466, "setxattrat": 463,
}  # fmt: skip
_NUMBERS: Table = {  # name: (x86_64, aarch64); None where the architecture has no such call
    "acct": (163, 89), "add_key": (248, 217), "adjtimex": (159, 171), "bpf": (321, 280), "chown": (92, None),
    "chroot": (161, 51), "clock_adjtime": (305, 266), "clock_settime": (227, 112), "delete_module": (176, 106),
    "fanotify_init": (300, 262), "fchown": (93, 55), "fchownat": (260, 54), "finit_module": (313, 273),
    "fremovexattr": (199, 16), "fsetxattr": (190, 7), "init_module": (175, 105), "inotify_add_watch": (254, 27),
    "io_setup": (206, 0), "ioperm": (173, None), "iopl": (172, None), "ioprio_set": (251, 30), "kcmp": (312, 272),
    "kexec_file_load": (320, 294), "kexec_load": (246, 104), "keyctl": (250, 219), "lchown": (94, None),
    "lookup_dcookie": (212, 18), "lremovexattr": (198, 15), "lsetxattr": (189, 6), "memfd_create": (319, 279),
    "mknod": (133, None), "mknodat": (259, 33), "modify_ldt": (154, None), "mount": (165, 40), "mq_open": (240, 180),
    "mq_unlink": (241, 181), "msgctl": (71, 187), "msgget": (68, 186), "msgrcv": (70, 188), "msgsnd": (69, 189),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "perf_event_open": (298, 241),
    "personality": (135, 92), "pivot_root": (155, 41), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "ptrace": (101, 117), "quotactl": (179, 60), "reboot": (169, 142), "removexattr": (197, 14),
    "request_key": (249, 218), "sched_setaffinity": (203, 122), "sched_setattr": (314, 274),
    "sched_setparam": (142, 118), "sched_setscheduler": (144, 119), "semctl": (66, 191), "semget": (64, 190),
    "semop": (65, 193), "semtimedop": (220, 192), "setns": (308, 268), "setpgid": (109, 154),
    "setpriority": (141, 140), "setsid": (112, 157), "settimeofday": (164, 170), "setxattr": (188, 5),
    "shmat": (30, 196), "shmctl": (31, 195), "shmget": (29, 194), "swapoff": (168, 225), "swapon": (167, 224),
    "sync": (162, 81), "syncfs": (306, 267), "syslog": (103, 116), "umount2": (166, 39), "unshare": (272, 97),
    "uselib": (134, None), "userfaultfd": (323, 282), "vhangup": (153, 58),
}  # fmt: skip
_MARKS: Table = {  # modes and times of files: shutil.copy2 sets them, and neither may change outside the scratch folder
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "futimesat": (261, None), "utime": (132, None), "utimensat": (280, 88), "utimes": (235, None),
}  # fmt: skip
_SOCKET, _SOCKETPAIR, _PRLIMIT, _CLONE = (41, 198), (53, 199), (302, 261), (56, 220)
_LOCAL: Table = {"connect": (42, 203), "socket": _SOCKET}
_libc = ctypes.CDLL(None, use_errno=True)


def supported() -> bool:
    """Whether this module knows the machine's architecture."""
    return platform.machine() in _ARCHITECTURES


def install(*, local_sockets: bool = False) -> None:
    """Deny the listed calls to this process and all it starts, for good. Needs no_new_privs.

    Args:
        local_sockets: let processes find each other through sockets of this machine's, as those of
            `multiprocessing` do; socketpairs are there without it.

    Raises:
        OSError: if the architecture is unknown or the kernel refuses.
    """
    if not supported():
        raise OSError(errno.ENOSYS, f"seccomp: no table for {platform.machine()}")
    program = b"".join(_program(platform.machine(), local_sockets=local_sockets))
    code = ctypes.create_string_buffer(program)
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    if _libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, header, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")


def _program(machine: str, *, local_sockets: bool) -> list[bytes]:
    column = list(_ARCHITECTURES).index(machine)
    tables = [_NUMBERS] if local_sockets else [_NUMBERS, _LOCAL]
    answers = {numbers[column]: errno.EPERM for table in tables for numbers in table.values()}
    answers |= dict.fromkeys(_SAME_EVERYWHERE.values(), errno.EPERM)
    answers[_SAME_EVERYWHERE["clone3"]] = errno.ENOSYS
    answers |= {numbers[column]: 0 for numbers in _MARKS.values()}  # done, without effect
    lines = [
        _step(_LOAD, _AT_ARCHITECTURE),
        _step(_JUMP_EQUAL, _ARCHITECTURES[machine], skip_if=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _AT_NUMBER),
        _step(_JUMP_AT_LEAST, _X32, skip_unless=1),
        _deny(),
    ]
    for number, answer in answers.items():
        if number is not None:
            lines += [_step(_JUMP_EQUAL, number, skip_unless=1), _deny(answer)]
    lines += _deny_where(_SOCKET[column], _AT_FIRST_ARGUMENT, (_JUMP_EQUAL, _AF_UNIX, False))
    lines += _deny_where(_PRLIMIT[column], _AT_FIRST_ARGUMENT, (_JUMP_EQUAL, 0, False))
    lines += _deny_where(_CLONE[column], _AT_FIRST_ARGUMENT, (_JUMP_IF_ANY, _NEW_NAMESPACES, True))
    to_anyone = [(_JUMP_EQUAL, kind, True) for kind in (_DATAGRAM, _RAW)]  # these can send to any path
    lines += _deny_where(_SOCKETPAIR[column], _AT_SECOND_ARGUMENT, *to_anyone, mask=_KIND_OF_SOCKET)
    return [*lines, _step(_RETURN, _ALLOW)]


def _deny_where(number: int, place: int, *checks: tuple[int, int, bool], mask: int = 2**32 - 1) -> list[bytes]:
    """Deny a call where a check of one argument, (jump, value, denied if it jumps), says so; else allow it."""
    lines = [_step(_LOAD, place), _step(_AND, mask)]
    for left, (jump, value, denied) in zip(range(len(checks), 0, -1), checks, strict=True):
        lines.append(_step(jump, value, skip_if=left if denied else 0, skip_unless=0 if denied else left))
    return [_step(_JUMP_EQUAL, number, skip_unless=len(lines) + 2), *lines, _step(_RETURN, _ALLOW), _deny()]


def _deny(answer: int = errno.EPERM) -> bytes:
    return _step(_RETURN, _ERRNO | answer)


def _step(code: int, value: int, *, skip_if: int = 0, skip_unless: int = 0) -> bytes:
    return struct.pack("HBBI", code, skip_if, skip_unless, value)
