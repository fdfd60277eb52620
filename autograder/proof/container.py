"""Right hand-ins graded in the assignment's own container, inside the limits that Gradescope sets."""

import contextlib
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

from autograder.assignment import Assignment
from autograder.errors import BuildError
from autograder.grading.handin import write_to
from autograder.packaging.container import killed_for_memory
from autograder.packaging.image import build_image
from autograder.packaging.otter import write_otter_zip
from autograder.proof.claims import Claim
from autograder.proof.trials import Trial, solved

SECONDS = 600.0  # Gradescope's, from start to end
LIMITS = ("--network=none", "--cpus=0.5")
_EVENTS = ("memory.events", "memory.oom_control")  # version 2 of cgroups, version 1
_EVERY = 0.02  # seconds between two looks at a container's memory
_MB = 2**20


@dataclass
class Used:
    """What a container took.

    Attributes:
        seconds: from its start to its end.
        own: bytes of memory of its own that all processes held at most.
        held: bytes that the container held at most, without inactive pages of files; the engine's own figure.
        killed: processes that the kernel ended for want of memory.
    """

    seconds: float = 0.0
    own: int = 0
    held: int = 0
    killed: int = 0


def within_container(assignment: Assignment, salt: str, base: str) -> Claim:
    """Prove that the reference earns everything in a container with the budget's memory and half a processor.

    Args:
        assignment: whose image is built, and removed afterwards.
        salt: the course's salt.
        base: the image that it is built on.

    Raises:
        BuildError: if there is no engine, or the image cannot be built.
    """
    start, trial, tag = perf_counter(), solved(assignment, slow=True), f"autograder-proof:{assignment.name}"
    text = f"its container earns everything in {SECONDS:g} s with {assignment.budget.memory / _MB:.0f} MiB"
    with tempfile.TemporaryDirectory(prefix="autograder-") as name:
        build_image(write_otter_zip(assignment, salt, Path(name) / "autograder.zip"), tag, base)
        try:
            used, score = grade(tag, assignment, trial, Path(name), (f"--memory={assignment.budget.memory}",))
        finally:
            docker("image", "rm", tag)
    broken = ""
    if score != assignment.points:
        broken = f"it earns {score} of {assignment.points:g} points; {used.killed} processes ended for want of memory"
    elif used.seconds > SECONDS:
        broken = f"it takes {used.seconds:.0f} s"
    return Claim(assignment.name, text, broken=broken, seconds=perf_counter() - start, evidence=vars(used))


def docker(*arguments: str) -> str:
    """Run a docker command, and give what it says.

    Raises:
        BuildError: if there is no docker, or it complains.
    """
    program = shutil.which("docker")
    if program is None:
        raise BuildError("docker", "a container needs docker", "install it, or verify without --container")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"docker {' '.join(arguments)}", done.stderr.strip() or f"status {done.returncode}")
    return done.stdout.strip()


def grade(
    image: str, assignment: Assignment, trial: Trial, folder: Path, options: tuple[str, ...] = ()
) -> tuple[Used, float | None]:
    """Grade one hand-in in a container of its own, within Gradescope's other limits.

    Args:
        image: the assignment's.
        assignment: what is graded.
        trial: the hand-in.
        folder: an empty place for the hand-in and the results, as the container sees them.
        options: of docker's, such as --memory=768m and --user=1000:1000.

    Returns:
        what it took, and the score that it wrote.
    """
    for name in ("submission", "results"):
        (folder / name).mkdir()
    (folder / "results").chmod(0o777)  # whoever the container runs as
    write_to(trial.hand_in(assignment), folder / "submission")
    volumes = [f"--volume={folder / name}:/autograder/{name}" for name in ("submission", "results")]
    container = docker("run", "--detach", *LIMITS, *options, *volumes, image)
    try:
        used = _watch(container)
    finally:
        docker("rm", "--force", container)
    with contextlib.suppress(OSError, ValueError):
        return used, json.loads((folder / "results" / "results.json").read_text(encoding="utf-8")).get("score")
    return used, None


def _watch(container: str) -> Used:
    """Read a running container's memory until it ends; where its cgroup is out of sight, only its time is known."""
    used, start, folder = Used(), perf_counter(), _cgroup(container)
    while folder.is_dir() and _look(folder, used):
        sleep(_EVERY)
    docker("wait", container)
    used.seconds = perf_counter() - start
    return used


def _look(folder: Path, used: Used) -> bool:
    """Note what a container holds now; false once it is gone."""
    try:
        stat = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
        usage = next(folder / name for name in ("memory.current", "memory.usage_in_bytes") if (folder / name).exists())
        held = int(usage.read_text(encoding="ascii"))
        killed = killed_for_memory(folder / name for name in _EVENTS)
    except (OSError, StopIteration):
        return False
    own = int(stat.get("total_rss", 0)) + int(stat.get("total_shmem", 0))  # version 1
    own = own or int(stat.get("anon", 0)) + int(stat.get("shmem", 0))  # version 2
    used.own, used.killed = max(used.own, own), max(used.killed, killed)
    used.held = max(used.held, held - int(stat.get("total_inactive_file", stat.get("inactive_file", 0))))
    return True


def _cgroup(container: str) -> Path:
    """Find the folder in which the kernel counts a container's memory: the version 1 or 2 of cgroups."""
    pid = docker("inspect", "--format", "{{.State.Pid}}", container)
    try:
        lines = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").splitlines()]
    except OSError:
        return Path("/nowhere")
    paths = {name: path.lstrip("/") for _, name, path in lines}
    if "memory" in paths:
        return Path("/sys/fs/cgroup/memory") / paths["memory"]
    return Path("/sys/fs/cgroup") / paths.get("", "nowhere")
