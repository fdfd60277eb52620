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
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from autograder.assignment import Assignment, find_assignments
from autograder.course import find_course, read_salt
from autograder.packaging.image import build_image
from autograder.packaging.otter import write_otter_zip
from autograder.proof.container import docker, grade
from autograder.proof.trials import trials_of

ROOT = Path(__file__).resolve().parents[2]
MB = 10**6


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
        used, score = grade(tag, assignment, trial, place, (f"--memory={options.memory}", f"--user={options.owner}"))
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
