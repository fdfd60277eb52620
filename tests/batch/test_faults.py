"""What breaks while a class is graded, and that it costs nobody a point and nothing twice."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic, sleep

import psutil
import pytest
from click.testing import CliRunner
from distributed import Client

from autograder.assignment import Assignment
from autograder.batch import cluster
from autograder.batch.engine import engine_for
from autograder.batch.jobs import Job, Task
from autograder.batch.store import Store
from autograder.batch.worker import Graders
from autograder.cli import cli
from autograder.errors import ClusterError, StoreError
from autograder.grading.handin import HandIn
from tests.conftest import SALT

Write = Callable[..., Path]
AUTOGRADER, DASK = (Path(sys.executable).with_name(name) for name in ("autograder", "dask"))
PATIENCE = 60.0
SLOW = "import time\ntime.sleep(0.3)\n"


@pytest.fixture
def task(small: Assignment) -> Task:
    """Say what is graded."""
    return Task(small.folder, SALT)


@pytest.fixture
def job(solved: str) -> Callable[..., Job]:
    """Make a job of the solved module, with some text in front."""
    return lambda number, before="": Job(number, f"h{number}", HandIn("x", {"small.py": (before + solved).encode()}))


Jobs = Callable[..., Job]


def _until(true: Callable[[], object]) -> None:
    end = monotonic() + PATIENCE
    while not true():
        assert monotonic() < end, "it did not come about in time"
        sleep(0.02)


def _listens(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def _running(word: str, of: int | None = None) -> list[psutil.Process]:
    """List the processes below one, this one by default, whose command holds a word."""
    found = []
    for process in psutil.Process(of).children(recursive=True):
        try:
            found += [process] if word in " ".join(process.cmdline()) else []
        except psutil.Error:
            continue
    return found


def _workers() -> list[psutil.Process]:
    """List Dask's workers on this machine."""
    return _running("spawn_main")


def _grading() -> set[int]:
    """Name the processes that grade a hand-in: forks of a worker's fork of the process that all share."""
    servers = {process.pid: process.ppid() for process in _running("autograder.suite.server")}
    return {process for process, parent in servers.items() if servers.get(parent) in servers}


def _grades(out: Path) -> dict[str, list[float | None]]:
    with Store(out) as store:
        return {
            entry.submission.key: [grade.summary.score for grade in store.history(entry)] for entry in store.entries()
        }


@pytest.mark.parametrize("word", ["autograder.sandbox.zygote", "autograder.suite.server"])
def test_a_zygote_or_a_grader_that_is_killed_costs_nothing(task: Task, job: Jobs, word: str) -> None:
    """The next hand-in gets fresh ones."""
    with engine_for(task) as engine:
        graded = engine.grade([job(0), job(1)])
        first = next(graded)[1]
        for process in _running(word):
            process.kill()
        second = next(graded)[1]

    assert [(grade.score, grade.fault) for grade in (first, second)] == [(10, ""), (10, "")]


def test_a_fault_that_stays_is_told_and_no_zero(task: Task, job: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried twice."""
    tried = []

    def broken(*_: object) -> None:
        tried.append(1)
        raise OSError("no space left")

    monkeypatch.setattr("autograder.grading.grade.write_to", broken)
    with Graders() as graders:
        grade = graders.grade(task, job(0))

    assert (len(tried), grade.final, grade.fault) == (2, False, "no space left")


def test_a_suite_that_differs_on_a_worker_is_refused(task: Task, job: Jobs) -> None:
    """So is another environment."""
    other = Task(task.folder, task.salt, foundation=(("suite", "another"), ("environment", "another")))

    with (
        Graders() as graders,
        pytest.raises(ClusterError, match="another suite and environment than the command\n  use"),
    ):
        graders.grade(other, job(0))


def test_hand_ins_of_a_dead_worker_are_graded_again(task: Task, job: Jobs) -> None:
    """Whatever killed it; all have their grades in the end."""
    with engine_for(task, workers=2) as engine:
        graded = engine.grade(job(number, SLOW) for number in range(6))
        done = [next(graded)]
        _workers()[0].kill()
        done += graded

    assert sorted(one.number for one, _ in done) == [*range(6)]
    assert {(grade.score, grade.fault) for _, grade in done} == {(10, "")}


def test_workers_whose_shared_process_is_killed_get_their_own(task: Task, job: Jobs) -> None:
    """It costs nobody a point."""
    with engine_for(task, workers=2) as engine:
        graded = engine.grade(job(number, SLOW) for number in range(4))
        done = [next(graded)]
        for word in ("autograder.suite.server", "autograder.sandbox.zygote"):
            for process in _running(word):
                with suppress(psutil.NoSuchProcess):  # one may end another
                    process.kill()
        done += graded

    assert {(grade.score, grade.fault) for _, grade in done} == {(10, "")}


def test_a_hand_in_that_kills_its_worker_twice_is_set_aside(course: Path, job: Jobs) -> None:
    """With a fault for the instructor, and the batch goes on."""
    folder = course / "assignments" / "small"
    manifest = (folder / "assignment.toml").read_text(encoding="utf-8")
    (folder / "assignment.toml").write_text(manifest.replace("seconds = 2,", "seconds = 60,"), encoding="utf-8")

    def kill_twice() -> None:
        seen: set[int] = set()
        for _ in range(2):
            _until(lambda: _grading() - seen)
            seen.update(_grading())
            for process in _workers():
                process.kill()

    killer = threading.Thread(target=kill_twice)
    with ExitStack() as stack:
        engine = stack.enter_context(cluster.local(Task(folder, SALT), 1, gpu=False))
        killer.start()
        stack.callback(killer.join)
        done = [*engine.grade([job(0, "import time\ntime.sleep(6)\n"), job(1)])]  # time enough to kill it

    faults = {one.number: (grade.final, grade.fault) for one, grade in done}
    assert faults == {0: (False, "set aside: its worker died 2 times while grading it"), 1: (True, "")}


def test_a_command_that_was_killed_goes_on_where_it_was(small_course: Path, hand_ins: Write, tmp_path: Path) -> None:
    """Nothing that it started stays or complains, no lock, and no finished hand-in is graded twice."""
    out, folder = tmp_path / "out", hand_ins(**{f"{number}.py": SLOW for number in range(6)})
    words = ["grade", "small", str(folder), "--course", str(small_course), "--out", str(out), "--workers", "2"]
    errors = (tmp_path / "errors").open("w+", encoding="utf-8")
    with (
        subprocess.Popen([AUTOGRADER, *words, "--lines"], stdout=subprocess.PIPE, stderr=errors, text=True) as command,
        errors,
    ):
        assert command.stdout is not None
        command.stdout.readline()
        started = psutil.Process(command.pid).children(recursive=True)
        command.kill()
    before = {key: scores for key, scores in _grades(out).items() if scores}

    done = CliRunner().invoke(cli, [*words[:-1], "1"])

    assert (done.exit_code, bool(before)) == (0, True)
    assert {key: len(scores) for key, scores in _grades(out).items()} == {f"{number}.py": 1 for number in range(6)}
    _until(lambda: not any(process.is_running() for process in started))
    assert "Traceback" not in (tmp_path / "errors").read_text(encoding="utf-8")


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start a scheduler and a worker of their own, and give its address and process."""
    with ExitStack() as stack:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        address = f"tcp://127.0.0.1:{port}"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": tmp_path}
        words = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--dashboard-address", ":0"]
        process = stack.enter_context(subprocess.Popen([DASK, *words], **quiet))  # type: ignore[call-overload]
        stack.callback(process.kill)
        words = [
            "worker",
            address,
            "--nthreads",
            "1",
            "--no-nanny",
            "--dashboard-address",
            ":0",
            "--death-timeout",
            "60",
        ]
        worker = stack.enter_context(subprocess.Popen([DASK, *words], **quiet))  # type: ignore[call-overload]
        stack.callback(worker.kill)
        yield address, process


def test_a_scheduler_elsewhere_grades_and_when_it_is_killed_that_is_told(
    scheduler: tuple[str, subprocess.Popen[bytes]], task: Task, job: Jobs
) -> None:
    """With what to do; the grades that were made are there."""
    address, process = scheduler
    done = []

    def grade() -> None:
        with engine_for(task, scheduler=address) as engine:
            for one, grade in engine.grade(job(number, SLOW) for number in range(20)):
                done.append((one.number, grade.score))
                process.send_signal(signal.SIGKILL)

    with pytest.raises(ClusterError, match="the scheduler is gone\n  start it again") as told:
        grade()

    assert told.value.where == address
    assert done[0] == (0, 10)


def test_an_assignment_with_a_gpu_asks_for_one(
    scheduler: tuple[str, subprocess.Popen[bytes]], task: Task, job: Jobs
) -> None:
    """Workers without one are told how to offer it."""
    address, _ = scheduler
    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(1)

    with (
        engine_for(task, scheduler=address, gpu=True) as engine,
        pytest.raises(
            ClusterError, match="no worker offers the resource GPU=1\n  start one for each device: dask worker"
        ),
    ):
        next(engine.grade([job(0)]))


def test_an_address_that_does_not_answer_is_told(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether nobody listens there, or somebody who says nothing."""
    monkeypatch.setattr(cluster, "_ANSWERS_WITHIN", 0.5)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"

        with pytest.raises(ClusterError, match=f"{address}: no Dask scheduler answers here(.|\n)*dask scheduler"):
            engine_for(task, scheduler=address).__enter__()


def test_without_dask_several_workers_are_refused(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install; one worker needs nothing."""
    monkeypatch.delitem(sys.modules, "autograder.batch.cluster", raising=False)
    monkeypatch.delattr("autograder.batch.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(ClusterError, match=r"need Dask(.|\n)*pip install 'autograder\[cluster\]'"):
        engine_for(task, workers=2)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of half a megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount, unmount = shutil.which("mount") or "", shutil.which("umount") or ""
    words = [mount, "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(disk)]
    if not mount or os.geteuid() or subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield disk
    subprocess.run([unmount, str(disk)], check=True)


def _fill(file: Path) -> None:
    """Write a file that takes all the room that is left."""
    with suppress(OSError), file.open("wb", buffering=0) as opened:
        while opened.write(bytes(4096)):
            pass


@pytest.mark.usefixtures("stay_warm")
def test_a_full_disk_is_told_and_the_same_command_goes_on(
    small_course: Path, hand_ins: Write, small_disk: Path
) -> None:
    """It names the place, leaves nothing half-written, and what was stored stays."""
    out, words = small_disk / "out", ["grade", "small", "", "--course", str(small_course), "--out", ""]
    words[2], words[-1] = str(hand_ins("ada.py")), str(out)
    assert CliRunner().invoke(cli, words).exit_code == 0
    hand_ins("bob.py")
    filler = small_disk / "filler"
    _fill(filler)

    full = CliRunner().invoke(cli, words)
    kept, files = _grades(out), {path.name for path in out.rglob("*")}
    filler.unlink()
    after = CliRunner().invoke(cli, words)

    assert isinstance(full.exception, StoreError)
    assert str(out) in str(full.exception)
    assert "then give the same command again" in str(full.exception)
    assert kept["ada.py"] == [10]
    assert not any(name.startswith((".results", ".grade")) for name in files)
    assert (after.exit_code, _grades(out)) == (0, {"ada.py": [10], "bob.py": [10]})
