"""The image of each assignment, and what its right hand-ins take inside Gradescope's limits.

    python tests/benchmarks/container.py [--wheels FOLDER] [--base IMAGE] [--memory 768m] [--only NAME] [ASSIGNMENT]...

Needs a Docker engine. Prints the image's size, the seconds of setup.sh on the bare base, and for the
solved and each accepted hand-in, with --memory 768m --cpus 0.5 --network none: seconds from start to
end, score, and the most memory that all processes held together. That is read from the container's
cgroup every 20 ms: `own` is what no other process shares with a file (it cannot be given back), `held` is
what the container used without file pages that nobody needs any more (the engine's own figure). Budgets: 400 MB and
60 s for a1 to a3, 1.2 GB and 700 MB held for a4 and a5, 300 s for each hand-in.
"""

import argparse
import functools
import http.server
import json
import subprocess
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

from autograder.assignment import Assignment, find_assignments
from autograder.course import find_course, read_salt
from autograder.packaging.image import build_image
from autograder.packaging.otter import write_otter_zip
from autograder.proof.trials import Trial, trials_of

ROOT = Path(__file__).resolve().parents[2]
LIMITS = ("--network=none", "--cpus=0.5")
EVERY = 0.02  # seconds
MB = 10**6


@dataclass
class Used:
    """What a container took.

    Attributes:
        seconds: from its start to its end.
        own: bytes of memory of its own that all processes held at most.
        held: bytes that the container held at most, without inactive pages of files.
        killed: processes that the kernel ended for want of memory.
    """

    seconds: float = 0.0
    own: int = 0
    held: int = 0
    killed: int = 0


def docker(*arguments: str) -> str:
    """Run a docker command, and give what it says."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)  # noqa: S607
    if done.returncode:
        raise SystemExit(f"docker {' '.join(arguments)}:\n{done.stderr}")
    return done.stdout.strip()


def cgroup(container: str) -> Path:
    """Find the folder in which the kernel counts a container's memory: the version 1 or 2 of cgroups."""
    pid = docker("inspect", "--format", "{{.State.Pid}}", container)
    lines = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").splitlines()]
    paths = {name: path.lstrip("/") for _, name, path in lines}
    if "memory" in paths:
        return Path("/sys/fs/cgroup/memory") / paths["memory"]
    return Path("/sys/fs/cgroup") / paths[""]


def watch(container: str) -> Used:
    """Read a running container's memory until it ends."""
    used, start, folder = Used(), perf_counter(), cgroup(container)
    usage = next(name for name in ("memory.current", "memory.usage_in_bytes") if (folder / name).exists())
    while True:
        try:
            stat = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
            held = int((folder / usage).read_text(encoding="ascii"))
        except OSError:
            break
        own = int(stat.get("total_rss", 0)) + int(stat.get("total_shmem", 0))  # version 1
        own = own or int(stat.get("anon", 0)) + int(stat.get("shmem", 0))  # version 2
        used.own = max(used.own, own)
        used.held = max(used.held, held - int(stat.get("total_inactive_file", stat.get("inactive_file", 0))))
        used.killed = max(used.killed, kills(folder))
        sleep(EVERY)
    docker("wait", container)
    used.seconds = perf_counter() - start
    return used


def kills(folder: Path) -> int:
    """Count the processes that the kernel ended for want of memory."""
    for name in ("memory.events", "memory.oom_control"):
        if (folder / name).exists():
            lines = (folder / name).read_text(encoding="ascii").splitlines()
            return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
    return 0


def grade(
    options: argparse.Namespace, tag: str, assignment: Assignment, trial: Trial, folder: Path
) -> tuple[Used, float | None]:
    """Grade one hand-in in a container of its own."""
    for name in ("submission", "results"):
        (folder / name).mkdir()
    subprocess.run(["chown", options.owner, str(folder / "results")], check=True)  # noqa: S607
    (folder / "submission" / assignment.module_file).write_text(trial.source, encoding="utf-8")
    for name, content in trial.weights.items():
        (folder / "submission" / name).write_bytes(content)
    volumes = [f"--volume={folder / name}:/autograder/{name}" for name in ("submission", "results")]
    limits = ("--user", options.owner, "--memory", options.memory, *LIMITS)
    container = docker("run", "--detach", *limits, *volumes, tag)
    try:
        used = watch(container)
    finally:
        docker("rm", "--force", container)
    return used, json.loads((folder / "results" / "results.json").read_text(encoding="utf-8")).get("score")


def setup_seconds(base: str, network: str, unpacked: Path) -> float:
    """Give the seconds of setup.sh on the bare base, from the container's start to its end."""
    start = perf_counter()
    source = f"--volume={unpacked}:/autograder/source:ro"
    docker("run", "--rm", f"--network={network}", source, base, "bash", "/autograder/source/setup.sh")
    return perf_counter() - start


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a word about it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path | None) -> Iterator[str]:
    """Serve a folder of wheels to containers on the host's network; an empty address for none."""
    if folder is None:
        yield ""
        return
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def with_links(path: Path, address: str) -> None:
    """Let a zip's requirements look for wheels at an address too."""
    with zipfile.ZipFile(path) as archive:
        files = {info: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in files.items():
            more = f"--find-links {address}\n".encode() if info.filename == "requirements.txt" else b""
            archive.writestr(info, more + content)


def measure(assignment: Assignment, options: argparse.Namespace, folder: Path, address: str) -> None:
    """Build an assignment's image, and grade its right hand-ins in it."""
    path = write_otter_zip(assignment, read_salt(find_course(ROOT).root), folder / "autograder.zip")
    if address:
        with_links(path, address)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder / "unpacked")
    seconds = setup_seconds(options.base, options.network, folder / "unpacked")
    tag = build_image(
        path, f"autograder-benchmark:{assignment.name}", options.base, options.owner, network=options.network
    )
    size, base = (int(docker("image", "inspect", "--format", "{{.Size}}", name)) for name in (tag, options.base))
    print(f"{assignment.name}: image {size / MB:.0f} MB, of which base {base / MB:.0f} MB; setup.sh {seconds:.0f} s")
    trials = trials_of(assignment, quick=True)
    for number, trial in enumerate([trials[0], *(t for t in trials if t.text.startswith("accepted/"))]):
        if options.only and options.only not in trial.text:
            continue
        place = folder / str(number)
        place.mkdir()
        used, score = grade(options, tag, assignment, trial, place)
        name = trial.text.split()[0].removeprefix("accepted/") if number else "solved"
        memory = f"own {used.own / MB:4.0f} MB, held {used.held / MB:4.0f} MB, killed {used.killed}"
        print(f"  {name:<24}{used.seconds:6.1f} s  score {score}  {memory}", flush=True)
    docker("image", "rm", tag)


def main() -> None:
    """Measure the named assignments, or all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--base", default="local/debian:bookworm")
    parser.add_argument("--network", default="host")
    parser.add_argument("--memory", default="768m")
    parser.add_argument("--only", help="a part of the names of the hand-ins to grade")
    parser.add_argument("--wheels", type=Path)
    parser.add_argument("--owner", default="0:0")
    options = parser.parse_args()
    with served(options.wheels) as address:
        for assignment in find_assignments(ROOT, tuple(options.names)):
            with tempfile.TemporaryDirectory() as name:
                measure(assignment, options, Path(name), address)


if __name__ == "__main__":
    main()
