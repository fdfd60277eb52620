"""What student code meets when it looks beyond its own folder."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.data.sets import SAMPLES
from autograder.results.grade import Grade
from autograder.sandbox.limits import Walls, available, without

GradeText = Callable[[str], Grade]


def _told(grade: GradeText, body: str) -> str:
    """Run a body as the student's function, and give what it says through its exception."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    result = grade(f"import os, sys, socket, subprocess\ndef double(x):\n{lines}    raise ValueError('through')\n")
    worst = result.results[0].worst
    return worst.details if worst else ""


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (f"open({__file__!r}).read()", "PermissionError"),
        ("open('/etc/passwd').read()", "PermissionError"),
        (f"open({str(SAMPLES / 'mnist_sample_test.npz')!r}, 'rb').read()", "PermissionError"),
        ("os.listdir('/')", "PermissionError"),
        ("open('/tmp/left-behind', 'w')", "PermissionError"),
        ("socket.socket()", "PermissionError"),
        ("socket.socket(socket.AF_INET, socket.SOCK_DGRAM)", "PermissionError"),
        (f"os.kill({os.getpid()}, 0)", "PermissionError"),
        (f"open('/proc/{os.getpid()}/environ').read()", "PermissionError"),
        ("socket.socket(socket.AF_UNIX)", "PermissionError"),
        ("socket.socketpair(type=socket.SOCK_DGRAM)", "PermissionError"),
        ("os.memfd_create('x')", "PermissionError"),
        ("os.mkdir('../beside')", "PermissionError"),
        ("os.setsid()", "PermissionError"),
        ("os.setuid(0); os.setgid(0)", "PermissionError"),
        ("bytearray(600 * 2**20)", "MemoryError"),
    ],
)
def test_a_way_out_is_closed(grade: GradeText, body: str, error: str) -> None:
    """Files, network, other processes, modes and memory beyond the limit answer with an error."""
    if not available().hold or (body.startswith("os.setuid") and os.geteuid() != 0):
        pytest.skip("autograder doctor says what this machine cannot confine")

    assert f"{error}:" in _told(grade, body)


def test_changes_of_modes_are_done_without_effect(grade: GradeText) -> None:
    """shutil.copy works, and no mode changes: a worker that shares the grader's uid could open what is closed."""
    body = "import shutil, stat\nopen('x', 'w').close()\nshutil.copy('x', 'y')\nos.chmod('y', 0o777)"
    told = _told(grade, f"{body}\nraise ValueError(oct(os.stat('y').st_mode & 0o777))")

    assert "ValueError: 0o6" in told


def test_nothing_of_the_grader_is_in_the_worker(grade: GradeText) -> None:
    """No test, no plugin and no reference is among the modules, and the environment is clean."""
    body = "found = {m.split('.')[0] for m in sys.modules} & {'pytest', '_pytest', 'reference_of_small'}"
    told = _told(grade, f"{body}\nraise ValueError(sorted(found), sorted(os.environ))")

    assert "[]" in told
    assert "HOME" in told
    assert "SALT" not in told


def test_scratch_is_the_workers_own(grade: GradeText) -> None:
    """A worker may write where it stands, and starts in an empty folder."""
    told = _told(grade, "open('x', 'w').write('y')\nraise ValueError(os.listdir('.'))")

    assert "ValueError: ['x']" in told


def test_a_closed_suite_needs_no_landlock(tmp_path: Path) -> None:
    """With a uid of its own, a worker cannot enter a folder of mode 0700; an open one needs Landlock."""
    walls = Walls(own_uid=True, closed_python=False, landlock=0, seccomp=True)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    assert walls.keep(closed)
    assert not walls.keep(Path("/usr"))


def test_gaps_are_said() -> None:
    """Each missing wall is one sentence; where hidden tests could be read, the walls do not hold."""
    open_walls = Walls(own_uid=False, closed_python=False, landlock=0, seccomp=False)
    full = Walls(own_uid=True, closed_python=False, landlock=6, seccomp=True)

    assert not open_walls.hold
    assert len(open_walls.gaps) == 3
    assert (full.hold, full.gaps) == (True, ())


def test_a_folder_makes_way_for_all_but_the_secret_in_it(tmp_path: Path) -> None:
    """Links that lead back to it are followed, and the folders on the way can only be listed."""
    for place in ("lib/site/package", "lib/site/data", "bin"):
        (tmp_path / place).mkdir(parents=True)
    (tmp_path / "lib64").symlink_to("lib")
    (tmp_path / "lib" / "self").symlink_to(".")
    readable, listable = without([tmp_path, tmp_path / "lib64"], tmp_path / "lib" / "site" / "data")

    assert {str(path.relative_to(tmp_path)) for path in readable} == {"bin", "lib/site/package"}
    assert {str(path.relative_to(tmp_path)) for path in listable} == {".", "lib", "lib/site"}
