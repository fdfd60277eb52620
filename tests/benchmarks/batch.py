"""A class of varied a2 hand-ins: our batch beside `otter run` in two processes, and what the batch itself costs.

    python tests/benchmarks/batch.py [--count 200] [--otter 200]   as root: processor time is that of a cgroup
    python tests/benchmarks/batch.py --share                       how much of it tests and students' code take; as root
    python tests/benchmarks/batch.py --simulate 100000             sleeping tasks on 64 Dask workers
    python tests/benchmarks/batch.py --memory                      each further torch worker, in PSS
    python tests/benchmarks/batch.py --kills 20                    killed at random moments, and started again

Budgets: 20 times otter's throughput; 90 % of the processor time in student code and assertions; 2 workers
1.9 times as fast as 1; 2 ms of scheduler time for each hand-in; 60 MB for each further torch worker; the
grades of a run that was killed are those of one that was not, and no finished hand-in is graded twice.

The stock zip of otter runs a handful of cases, ours the whole suite. otter run has no limit of time: a
hand-in that hangs is ended after LIMIT seconds there.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parent))
from against_otter import IN_PROCESS, stock_zip
from classes import a_class

from autograder.assignment import Assignment, load_assignment
from autograder.authoring.markers import reference_text, starter_text
from autograder.batch.store import Store
from autograder.grading.grade import Grader
from autograder.grading.handin import HandIn
from autograder.grading.process import Host

ROOT = Path(__file__).resolve().parents[2]
A2, A4 = (ROOT / "assignments" / name for name in ("a2_convolution", "a4_mlp"))
AUTOGRADER = Path(sys.executable).with_name("autograder")
ACCOUNTS = Path("/sys/fs/cgroup/cpuacct")
LIMIT = 20  # seconds


@dataclass
class Spent:
    """Wall-clock and processor seconds of all that a block has started."""

    wall: float = 0.0
    processor: float = 0.0


@contextmanager
def accounted() -> Iterator[tuple[Spent, Path]]:
    """Account for what runs in a cgroup of its own; its processes have to be moved there."""
    group, spent, start = ACCOUNTS / f"batch-{os.getpid()}", Spent(), time.perf_counter()
    group.mkdir()
    try:
        yield spent, group / "cgroup.procs"
    finally:
        spent.wall = time.perf_counter() - start
        spent.processor = int((group / "cpuacct.usage").read_text(encoding="ascii")) / 1e9
        while (group / "cgroup.procs").read_text(encoding="ascii").strip():
            time.sleep(0.1)
        group.rmdir()


def _run(group: Path, command: list[str], folder: Path | str, *, check: bool) -> None:
    into = ["sh", "-c", 'echo $$ > "$0"; exec "$@"', str(group)]
    subprocess.run(
        [*into, *command],
        check=check,
        stdout=subprocess.DEVNULL,
        stderr=None if check else subprocess.DEVNULL,
        cwd=folder,
    )


def ours(hand_ins: Path, out: Path, workers: int) -> Spent:
    """Grade a folder with the command line."""
    command = [str(AUTOGRADER), "grade", A2.name, str(hand_ins), "--out", str(out), "--workers", str(workers)]
    with accounted() as (spent, group):
        _run(group, command, ROOT, check=True)
    return spent


def otters(hand_ins: list[Path], folder: Path) -> Spent:
    """Grade them with `otter run`, two at once."""
    stock = stock_zip(folder)

    def one(path: Path) -> None:
        with tempfile.TemporaryDirectory(dir=folder) as place:
            handed_in = shutil.copy(path, Path(place) / "convolution.py")
            command = [sys.executable, "-m", "otter", "run", "-a", str(stock), str(handed_in)]
            _run(group, ["timeout", "-s", "KILL", str(LIMIT), *command], place, check=False)

    with accounted() as (spent, group), ThreadPoolExecutor(2) as pool:
        list(pool.map(one, hand_ins))
    return spent


def compare(count: int, otter_count: int) -> None:
    """Print how long a class takes."""
    assignment = load_assignment(A2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (hand_ins := folder / "in").mkdir()
        print(f"{count} hand-ins: {dict(a_class(assignment, hand_ins, count))}; load before: {os.getloadavg()[0]:.1f}")
        times = {workers: ours(hand_ins, folder / f"out{workers}", workers) for workers in (1, 2)}
        for workers, spent in times.items():
            said = f"{spent.wall:.1f} s, {spent.processor:.1f} processor seconds, {count / spent.wall:.2f} hand-ins/s"
            print(f"ours, {workers} worker{'s' * (workers > 1)}: {said}")
        print(f"2 workers are {times[1].wall / times[2].wall:.2f} times as fast as 1")
        if otter_count:
            chosen = sorted(hand_ins.iterdir())[:otter_count]
            stock = otters(chosen, folder)
            print(f"otter run, 2 at once, {otter_count} hand-ins: {stock.wall:.1f} s, {otter_count / stock.wall:.2f}/s")
            mine, theirs = times[2].wall / count, stock.wall / otter_count
            print(f"ours is {theirs / mine:.1f} times as fast; load after: {os.getloadavg()[0]:.1f}")


def share(times: int = 8) -> None:
    """Print the processor time of a solved hand-in, and of the same tests on a plain import in one process."""
    assignment = load_assignment(A2)
    solved = reference_text(assignment.source.read_text(encoding="utf-8"), assignment.source)
    handin = HandIn("x", {assignment.module_file: solved.encode()})
    with accounted() as (_, group):
        group.write_text(str(os.getpid()), encoding="ascii")
        with Grader(assignment, "benchmark") as grader:
            grader.grade_files(handin)
            before = int((group.parent / "cpuacct.usage").read_text(encoding="ascii"))
            for _ in range(times):
                grader.grade_files(handin)
            spent = (int((group.parent / "cpuacct.usage").read_text(encoding="ascii")) - before) / 1e9 / times
        (ACCOUNTS / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
    own = _in_process(assignment, solved)
    print(
        f"a solved hand-in: {spent:.3f} processor seconds; its tests' own calls: {own:.3f}, {100 * own / spent:.0f} %"
    )


def _in_process(assignment: Assignment, solved: str) -> float:
    """Give the processor seconds inside the test functions: student's code, reference and assertions."""
    with tempfile.TemporaryDirectory() as name:
        kit = Path(name)
        for folder in ("public", "hidden"):
            shutil.copytree(assignment.folder / folder, kit / folder)
        shutil.copy(assignment.folder / "assignment.toml", kit)
        for file in (assignment.module_file, "the_reference.py"):
            (kit / file).write_text(solved, encoding="utf-8")
        (kit / "conftest.py").write_text(IN_PROCESS + IN_TESTS, encoding="utf-8")
        (kit / "pytest.ini").write_text(
            "[pytest]\npythonpath = .\naddopts = --import-mode=importlib\n", encoding="utf-8"
        )
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        subprocess.run(command, cwd=kit, check=False, capture_output=True, env=environment)
        return float(json.loads((kit / "tests.json").read_text(encoding="utf-8")))


IN_TESTS = """

inside = [0.0]


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    start = time.process_time()
    try:
        return (yield)
    finally:
        inside[0] += time.process_time() - start


@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    with open("tests.json", "w") as file:
        json.dump(inside[0], file)
"""


def simulate(count: int) -> None:
    """Print what the scheduler spends on each of many sleeping tasks."""
    from autograder.batch import cluster  # noqa: PLC0415 - it needs Dask
    from autograder.batch.jobs import Job, Task  # noqa: PLC0415

    def sleeps(task: Task, job: Job) -> int:  # noqa: ARG001 - in place of the grading
        time.sleep(0.2)
        return job.number

    cluster._grade = sleeps  # type: ignore[assignment]  # noqa: SLF001 - only what a task does is simulated
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "scheduler.json"
        python = [sys.executable, "-c"]
        start = "import sys; from distributed.cli.{0} import main; main(sys.argv[1:])"
        words = ["--scheduler-file", str(file), "--no-dashboard"]
        scheduler = subprocess.Popen([*python, start.format("dask_scheduler"), *words, "--port", "0"])
        workers = subprocess.Popen([*python, WORKERS, str(file)])
        try:
            while not file.exists():
                time.sleep(0.1)
            address = json.loads(file.read_text(encoding="utf-8"))["address"]
            with cluster.connected(Task(A2, "salt"), address, gpu=False) as engine:
                engine._client.wait_for_workers(64)  # type: ignore[attr-defined]  # noqa: SLF001
                who = [scheduler.pid, workers.pid, os.getpid()]
                before, begun = [*map(_processor, who)], time.perf_counter()
                done = sum(1 for _ in engine.grade(Job(number, "h") for number in range(count)))
                spent = [after - first for after, first in zip(map(_processor, who), before, strict=True)]
                wall = time.perf_counter() - begun
        finally:
            workers.kill()
            scheduler.kill()
    each = ", ".join(f"{1000 * one / done:.2f} ms" for one in spent)
    print(
        f"{done} tasks on 64 workers: {wall:.0f} s; for each: scheduler, 64 workers, command: {each} of processor time"
    )


WORKERS = """
import asyncio, sys
from distributed import Worker

async def main():
    made = [Worker(scheduler_file=sys.argv[1], nthreads=1, dashboard=False) for _ in range(64)]
    await asyncio.gather(*made)
    await asyncio.gather(*(worker.finished() for worker in made))

asyncio.run(main())
"""


def _processor(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def memory() -> None:
    """Print the PSS of all processes below this one while 1, 2 and 3 graders of a host each have a torch hand-in."""
    assignment, sizes = load_assignment(A4), []
    starter = starter_text(assignment.source.read_text(encoding="utf-8"), assignment.source)
    waits = HandIn("x", {assignment.module_file: f"{starter}\nimport time\ntime.sleep(20)\n".encode()})
    with Host(assignment, "benchmark") as host, ExitStack() as stack:
        graders = [stack.enter_context(Grader(assignment, "benchmark", host=host.key)) for _ in range(3)]
        for count in (1, 2, 3):
            with ThreadPoolExecutor(count) as pool:
                for grader in graders[:count]:
                    pool.submit(grader.grade_files, waits)
                time.sleep(12)
                sizes.append(_pss())
    further = ", ".join(f"{after - before:.0f} MB" for before, after in pairwise(sizes))
    print(f"PSS with 1, 2, 3 torch hand-ins at once: {[round(size) for size in sizes]} MB; each further one: {further}")


def _pss() -> float:
    total = 0
    for process in psutil.Process().children(recursive=True):
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1000


def kills(times: int, count: int) -> None:
    """Kill a run at random moments, start it again each time, and compare it with one that was left alone."""
    chance = random.Random()  # noqa: S311 - any moment
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (hand_ins := folder / "in").mkdir()
        a_class(load_assignment(A2), hand_ins, count)
        command = [AUTOGRADER, "grade", A2.name, str(hand_ins), "--workers", "2", "--out"]
        quiet = {"cwd": ROOT, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        start = time.perf_counter()
        subprocess.run([*command, folder / "alone"], check=False, **quiet)  # type: ignore[call-overload]
        span = (time.perf_counter() - start) / times
        killed = 0
        for _ in range(times):
            with subprocess.Popen([*command, folder / "killed"], **quiet) as running:  # type: ignore[call-overload]
                timer = threading.Timer(chance.uniform(0, 2 * span + 5), running.kill)
                timer.start()
                killed += running.wait() == -9  # noqa: PLR2004 - SIGKILL
                timer.cancel()
        subprocess.run([*command, folder / "killed"], check=False, **quiet)  # type: ignore[call-overload]
        (alone, _), (again, most) = (_scores(folder / out) for out in ("alone", "killed"))
    print(
        f"killed {killed} times of {times}: grades {'equal' if alone == again else 'DIFFER'}; {most} grade(s) for each"
    )


def _scores(out: Path) -> tuple[dict[str, float | None], int]:
    with Store(out) as store:
        entries = store.entries()
        most = max(len(store.history(entry)) for entry in entries)
        return {entry.submission.key: entry.grade and entry.grade.summary.score for entry in entries}, most


def main() -> None:
    """Measure what is asked for."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--otter", type=int, default=200, help="of how many otter run grades, too")
    options.add_argument("--simulate", type=int, default=0)
    options.add_argument("--share", action="store_true")
    options.add_argument("--memory", action="store_true")
    options.add_argument("--kills", type=int, default=0)
    asked = options.parse_args()
    if asked.simulate:
        simulate(asked.simulate)
    elif asked.share:
        share()
    elif asked.memory:
        memory()
    elif asked.kills:
        kills(asked.kills, asked.count)
    else:
        compare(asked.count, asked.otter)


if __name__ == "__main__":
    main()
