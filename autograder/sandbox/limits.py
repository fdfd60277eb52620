"""What confines a worker on this machine, and the order in which it is put on.

* own uid     a random uid for each worker: no file of the grader's, no signal to it, killed as a whole
* Landlock    only the hand-in, a scratch folder and the libraries can be opened; no TCP
* seccomp     no sockets but local ones, no tracing, no mounts, no changing of modes or limits
* rlimits     memory, processor time, files, processes

`available` says which of these the platform has; `confine` puts them on before the
student's file is opened, and fails rather than leave one off.
"""

import ctypes
import os
import random
import resource
import signal
import struct
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.sandbox import landlock, processes, seccomp

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_KEEPCAPS, _PR_SET_NO_NEW_PRIVS = 1, 4, 8, 38
_CAP_DAC_READ_SEARCH = 1 << 2
_CAPABILITY_VERSION = 0x20080522
_LOWEST_UID, _UIDS = 100_000, 2**30
_LARGEST_FILE, _OPEN_FILES, _PROCESSES = 64 * 2**20, 256, 128
_WHOLE_SESSION_SECONDS = 3_600
_LEAST_ABI_WITHOUT_UID = 6  # the first that keeps signals from leaving
_READABLE = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/etc/fonts")
_FACTS = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system")
_LABELS = Path(__file__).resolve().parents[1] / "data" / "samples"  # held-out labels, inside the package
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
SHARED = "/dev/shm"  # noqa: S108 - where the system's shared memory has its names
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Walls:
    """What this platform can put around a worker.

    Attributes:
        own_uid: each worker gets a uid of its own.
        closed_python: other uids cannot read the interpreter, so a worker keeps the one
            capability to read past file modes, and Landlock alone decides what it can open.
        landlock: Landlock's version, 0 for none.
        seccomp: whether the filter of system calls can be installed.
    """

    own_uid: bool
    closed_python: bool
    landlock: int
    seccomp: bool

    @property
    def gaps(self) -> tuple[str, ...]:
        """What these walls leave open, one sentence each; hidden tests are readable through the first kind."""
        found = []
        if not self.hold:
            found.append("student code could read hidden tests: keeping it out needs root and Landlock, or Landlock 6")
        if not self.own_uid:
            found.append(
                "workers share the grader's uid: processes that escape their group are found by ancestry alone"
            )
        elif self.closed_python:
            found.append("Python lies in a folder closed to others: workers read past file modes, Landlock decides")
        if not self.seccomp:
            found.append("no filter of system calls is known for this system: the network is open")
        return tuple(found)

    @property
    def hold(self) -> bool:
        """Whether hidden tests stay unreadable, however the suite's folder is kept."""
        return self.landlock > 0 if self.own_uid else self.landlock >= _LEAST_ABI_WITHOUT_UID

    def keep(self, suite: Path) -> bool:
        """Whether this suite stays unreadable: in a container without Landlock, a closed folder does it."""
        return self.hold or (self.own_uid and not _others_can_read(suite))


def available() -> Walls:
    """Look at what this platform can do, without changing anything."""
    if not sys.platform.startswith("linux"):
        return Walls(own_uid=False, closed_python=False, landlock=0, seccomp=False)
    abi, closed = landlock.abi(), not _others_can_read(Path(sys.base_prefix), Path(sys.prefix))
    root = os.geteuid() == 0
    own_uid = root and (not closed or abi > 0)
    return Walls(own_uid, closed_python=root and closed, landlock=abi, seccomp=seccomp.supported())


def new_uid() -> int:
    """Draw a uid for one worker from those that this user namespace maps."""
    first, _, count = map(int, Path("/proc/self/uid_map").read_text(encoding="ascii").split()[:3])
    return random.SystemRandom().randrange(*_uid_range(first, count))


def confine(  # noqa: PLR0913 - one for each thing that differs between workers
    walls: Walls, uid: int, memory: int, scratch: Path, hand_in: Path, *, shared_memory: bool = False
) -> None:
    """Put every available wall around this process, for good.

    Args:
        walls: what `available` found.
        uid: the worker's own uid; unused where workers share the grader's.
        memory: bytes of private memory, in all processes together at most a few times this.
        scratch: the one folder that can be written.
        hand_in: the folder of the student's files.
        shared_memory: let processes of the student's share memory and find each other, as those of
            `multiprocessing` do. Only with a uid of their own: else they would find the user's other programs, too.

    Raises:
        OSError: if a wall that the platform has cannot be put on.
        PermissionError: if root could be regained.
    """
    sharing = shared_memory and walls.own_uid
    os.setsid()
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    _limit_resources(memory, _PROCESSES if walls.own_uid else _PROCESSES + _threads_of(os.geteuid()))
    if walls.own_uid:
        _drop_to(uid, keep_reading=walls.closed_python)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if walls.landlock:
        readable, listable = without(_libraries(), _LABELS)
        devices = [*_DEVICES, SHARED] if sharing else _DEVICES
        landlock.restrict([*readable, hand_in], [scratch, *map(Path, devices)], listable)
    if walls.seccomp:
        seccomp.install(local_sockets=sharing)
    _prctl(_PR_SET_DUMPABLE, 0)


def _threads_of(uid: int) -> int:
    """Count what the limit on processes counts already: the threads of all of a user's programs."""
    return sum(map(processes.threads, processes.of_uid(uid)))


def _limit_resources(memory: int, most_processes: int) -> None:
    for what, value in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CPU, _WHOLE_SESSION_SECONDS),
        (resource.RLIMIT_FSIZE, _LARGEST_FILE),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_NPROC, most_processes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        most = resource.getrlimit(what)[1]
        allowed = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(what, (allowed, allowed))


def _drop_to(uid: int, *, keep_reading: bool) -> None:
    if keep_reading:
        _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    if keep_reading:
        _keep_only(_CAP_DAC_READ_SEARCH)
    for regain, root in ((os.setresuid, (0, 0, 0)), (os.setresgid, (0, 0, 0)), (os.setgroups, ([0],))):
        try:
            regain(*root)
        except OSError:
            continue
        raise PermissionError("a worker could become root again")


def _keep_only(capabilities: int) -> None:
    header = struct.pack("<Ii", _CAPABILITY_VERSION, 0)
    data = struct.pack("<6I", capabilities, capabilities, 0, 0, 0, 0)
    if _libc.capset(header, data):
        number = ctypes.get_errno()
        raise OSError(number, f"capset: {os.strerror(number)}")


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, f"prctl {option}: {os.strerror(number)}")


def _libraries() -> list[Path]:
    """Everything that Python and its packages are read from: never a folder that also holds tests."""
    own = {Path(__file__).parents[1], *(Path(p) for p in sys.path if p.endswith((".whl", ".zip")))}
    prefixes = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()}
    packages = {p for p in sys.path if p.endswith(("site-packages", "dist-packages"))}
    return [*own, *(Path(p).resolve() for p in prefixes | packages), *map(Path, _READABLE + _FACTS)]


def without(folders: Iterable[Path], secret: Path) -> tuple[list[Path], list[Path]]:
    """Leave a folder out of those that a worker may read, wherever it lies inside them.

    Args:
        folders: to be readable.
        secret: to stay closed; resolved.

    Returns:
        the folders to read, where those that hold the secret have made way for everything else in them;
        and the folders on the way to it, whose names may be listed, as Python does to import from them.
    """
    readable: list[Path] = []
    listable: list[Path] = []
    left = [folder.resolve() for folder in folders]
    while left:
        folder = left.pop()
        folder = folder.resolve() if folder.is_symlink() else folder
        if not secret.is_relative_to(folder):
            readable.append(folder)
        elif folder != secret and folder not in listable:
            listable.append(folder)
            left += folder.iterdir()
    return readable, listable


def _others_can_read(*folders: Path) -> bool:
    return all(
        _open_to_others(parent) for folder in folders for parent in (folder.resolve(), *folder.resolve().parents)
    )


def _open_to_others(folder: Path) -> bool:
    return bool(folder.stat().st_mode & 0o001)


def _uid_range(first: int, count: int) -> tuple[int, int]:
    """Prefer uids far from any account's; take the upper half of a small namespace."""
    last = min(first + count, _LOWEST_UID + _UIDS)
    return (_LOWEST_UID, last) if last > _LOWEST_UID + 1_000 else (first + count // 2, first + count)
