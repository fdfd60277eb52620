"""A worker without student code tries to break out, in every way that a wall is there for.

`possible` runs confined, before anything of a student's does. What it could do is an infrastructure
error: that machine grades nobody. Nothing here changes what it reaches.
"""

import contextlib
import ctypes
import mmap
import os
import resource
import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from autograder.sandbox.limits import ONE_THREAD, SHARED, Walls

_ENVIRONMENT = frozenset({"HOME", "LANG", "LC_CTYPE", "MPLBACKEND", "PATH", "PYTHONHASHSEED", "TMPDIR", *ONE_THREAD})
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - not for use
_OF_LIBRARIES = ("CUDA", "KMP", "TORCH")  # beginnings of what they set themselves when they are imported
_OWN_DESCRIPTORS = 2  # to the grader, and to the supervisor
_GET_DUMPABLE, _GET_NO_NEW_PRIVS = 3, 39
_PTRACE_SEIZE, _CLONE_NEWUSER = 0x4206, 0x10000000
_DESCRIPTORS = 256
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Attempt:
    """One way out.

    Attributes:
        done: what a worker has done where it succeeds: "a worker could …".
        attempt: raises an exception where the way is closed.
        closed: whether one of the walls that this platform has is there against it.
    """

    done: str
    attempt: Callable[[], object]
    closed: bool = True

    @property
    def succeeds(self) -> bool:
        """Whether the way is open."""
        try:
            self.attempt()
        except (OSError, MemoryError, ValueError):
            return False
        return True


def possible(
    walls: Walls, memory: int, secrets: Sequence[str], grader: int, *, shared_memory: bool = False
) -> list[str]:
    """Try every way out.

    Args:
        walls: what is around this process.
        memory: bytes that it may hold.
        shared_memory: whether it may write to /dev/shm.
        secrets: files that it must not read or change.
        grader: the grader's process.

    Returns:
        What could be done though a wall is there against it, "a worker could …"; empty where all hold.
    """
    closed = [*_TEMPORARY, *([] if shared_memory else [SHARED])]
    attempts = [
        *_on_files(walls, [Path(secret) for secret in secrets], closed),
        *_on_processes(walls, grader),
        *_on_the_system(walls, memory),
    ]
    return [f"a worker could {attempt.done}" for attempt in attempts if attempt.closed and attempt.succeeds]


def _on_files(walls: Walls, secrets: list[Path], closed: list[str]) -> Iterator[Attempt]:
    for secret in secrets:
        yield Attempt(f"read {secret.name}", secret.read_bytes)
        yield Attempt(f"write {secret.name}", partial(_open, secret, os.O_WRONLY))
        yield Attempt(f"rename {secret.name}", partial(secret.rename, secret))
        yield Attempt(f"list the folder of {secret.name}", partial(os.listdir, secret.parent))
    for folder in map(Path, closed):
        yield Attempt(f"write into {folder}", partial(_write_in, folder), walls.landlock > 0)
    yield Attempt("write beside its own folder", partial(_write_in, Path.cwd().parent), walls.own_uid)
    yield Attempt("list the processes", partial(os.listdir, "/proc"), walls.landlock > 0)
    yield Attempt("change modes of files", _change_mode, walls.seccomp)


def _on_processes(walls: Walls, grader: int) -> Iterator[Attempt]:
    apart = walls.own_uid or walls.hold
    for name in ("environ", "mem", "maps"):
        yield Attempt(f"open /proc/GRADER/{name}", partial(_open, Path(f"/proc/{grader}/{name}"), os.O_RDONLY), apart)
    yield Attempt("list the grader's descriptors", partial(os.listdir, f"/proc/{grader}/fd"), apart)
    yield Attempt("signal the grader", partial(os.kill, grader, 0), apart)
    yield Attempt("signal its supervisor", partial(os.kill, os.getppid(), 0), apart)
    yield Attempt("trace the grader", partial(_call, "ptrace", _PTRACE_SEIZE, grader, 0, 0), apart)
    yield Attempt("limit the grader", partial(resource.prlimit, grader, resource.RLIMIT_NOFILE), apart)
    yield Attempt("leave its group", os.setsid, walls.seccomp)
    yield Attempt("be traced by others of its uid", partial(_refuse, _call("prctl", _GET_DUMPABLE) == 0))
    yield Attempt("gain privileges", partial(_refuse, _call("prctl", _GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1))
    yield Attempt("reach a descriptor that is not its own", partial(_refuse, len(_descriptors()) <= _OWN_DESCRIPTORS))
    yield Attempt("read the grader's environment", partial(_refuse, not _foreign_variables()))
    if walls.own_uid:
        yield Attempt("become root", partial(os.setresuid, 0, 0, 0))
        yield Attempt("join root's group", partial(os.setresgid, 0, 0, 0))
        yield Attempt("take other groups", partial(os.setgroups, [0]))


def _on_the_system(walls: Walls, memory: int) -> Iterator[Attempt]:
    filtered = walls.seccomp
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            yield Attempt(f"open a socket ({family.name}, {kind.name})", partial(socket.socket, family, kind), filtered)
    to_anyone = partial(socket.socketpair, socket.AF_UNIX, socket.SOCK_DGRAM)
    yield Attempt("send to sockets of other programs", to_anyone, filtered)
    yield Attempt("make a file in memory", partial(os.memfd_create, "canary"), filtered)
    yield Attempt("leave shared memory behind", partial(_call, "shmget", 0, 4096, 0o1600), filtered)
    yield Attempt("make namespaces", partial(_call, "unshare", _CLONE_NEWUSER), filtered)
    yield Attempt("mount", partial(_call, "mount", b"none", b"/", b"tmpfs", 0, None), filtered)
    yield Attempt("move to another processor", partial(os.sched_setaffinity, 0, os.sched_getaffinity(0)), filtered)
    yield Attempt("hold more memory than it may", partial(mmap.mmap, -1, memory, flags=mmap.MAP_PRIVATE))
    for which in ("DATA", "FSIZE", "NOFILE", "NPROC", "CPU", "CORE"):
        yield Attempt(f"raise its limit {which}", partial(_raise_limit, getattr(resource, f"RLIMIT_{which}")))


def _open(file: Path, flags: int) -> None:
    os.close(os.open(file, flags))


def _write_in(folder: Path) -> None:
    handle, name = tempfile.mkstemp(dir=folder)
    os.close(handle)
    Path(name).unlink()


def _change_mode() -> None:
    handle, name = tempfile.mkstemp()
    os.close(handle)
    with contextlib.suppress(OSError):
        Path(name).chmod(0o400)
    changed = Path(name).stat().st_mode & 0o777 == 0o400  # noqa: PLR2004 - as asked for above
    Path(name).unlink()
    if not changed:
        raise PermissionError


def _raise_limit(which: int) -> None:
    hard = resource.getrlimit(which)[1]
    if hard == resource.RLIM_INFINITY:
        return
    resource.setrlimit(which, (hard, hard + 1))


def _call(name: str, *arguments: object) -> int:
    result = int(getattr(_libc, name)(*arguments))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _refuse(is_so: bool) -> None:  # noqa: FBT001 - data, not a switch
    """Raise where a fact is as it must be."""
    if is_so:
        raise PermissionError


def _descriptors() -> list[int]:
    """List what is open besides the standard three."""
    found = []
    for descriptor in range(3, _DESCRIPTORS):
        with contextlib.suppress(OSError):
            os.fstat(descriptor)
            found.append(descriptor)
    return found


def _foreign_variables() -> list[str]:
    return [name for name in os.environ.keys() - _ENVIRONMENT if not name.startswith(_OF_LIBRARIES)]
