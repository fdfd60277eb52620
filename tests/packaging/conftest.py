"""A container's folders, with the small assignment's zip unpacked as Gradescope does it."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.assignment import Assignment, find_assignments
from autograder.authoring.markers import reference_text
from autograder.course import Course, find_course, read_salt
from autograder.packaging.image import build_image
from autograder.packaging.otter import write_otter_zip

ENGINE_BASE = os.environ.get("AUTOGRADER_TEST_BASE", "local/debian:bookworm")
LIMITS = ("--network=none", "--memory=768m", "--cpus=0.5")  # Gradescope's own, where an assignment sets no other
USER = "1000:1000"
Container = Callable[..., Path]
Docker = Callable[..., str]
OtterGrade = Callable[[Path, str], dict[str, dict[str, str]]]
BUILDX = """#!{python}
# Stands in for docker's buildx, which `otter grade` builds with: forwards to the classic builder, on the host's net.
import json, os, sys

match sys.argv[1:]:
    case ["docker-cli-plugin-metadata"]:
        about = {{"SchemaVersion": "0.1.0", "Vendor": "tests", "Version": "0", "ShortDescription": "forwards"}}
        print(json.dumps(about))
    case ["buildx", "inspect"]:
        print("Name: default")
    case ["buildx", "ls", *_]:
        print(json.dumps({{"Name": "default", "Driver": "docker"}}))
    case ["buildx", "build", *rest]:
        os.environ.pop("DOCKER_CONFIG")
        os.environ["DOCKER_BUILDKIT"] = "0"
        os.execvp("docker", ["docker", "build", "--network=host", *(word for word in rest if word != "--load")])
    case other:
        sys.exit(f"the stand-in for buildx does not know {{other}}")
"""


@pytest.fixture(scope="session")
def autograder_zip(small: Assignment, small_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the small assignment's autograder zip."""
    return write_otter_zip(small, read_salt(small_course), tmp_path_factory.mktemp("zip") / "autograder.zip")


@pytest.fixture(scope="session")
def solved(small: Assignment) -> str:
    """Give the solved module's text."""
    return reference_text(small.source.read_text(encoding="utf-8"), small.source)


@pytest.fixture
def container(autograder_zip: Path, tmp_path: Path) -> Container:
    """Lay out a container's root with one submission."""

    def lay_out(text: str, name: str = "small.py", metadata: object = None) -> Path:
        root = tmp_path / "autograder"
        with zipfile.ZipFile(autograder_zip) as archive:
            archive.extractall(root / "source")
        (root / "submission").mkdir()
        (root / "submission" / name).write_text(text, encoding="utf-8")
        (root / "submission_metadata.json").write_text(json.dumps(metadata or {}), encoding="utf-8")
        return root

    return lay_out


@pytest.fixture
def course(small_course: Path, tmp_path: Path) -> Course:
    """Copy the small course, to write into it."""
    shutil.copytree(small_course, tmp_path / "course")
    return find_course(tmp_path / "course")


@pytest.fixture
def assignments(course: Course) -> list[Assignment]:
    """Give the copied course's assignments."""
    return find_assignments(course.root)


@pytest.fixture(scope="session")
def engine() -> Docker:
    """Give a function that runs a docker command and gives what it says."""
    program = shutil.which("docker") or ""

    def docker(*arguments: str) -> str:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    if not program or subprocess.run([program, "info"], capture_output=True, check=False).returncode:
        pytest.skip("docker info finds no engine")
    if ENGINE_BASE not in docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split():
        pytest.skip(f"the engine has no image {ENGINE_BASE}; $AUTOGRADER_TEST_BASE names another")
    return docker


@pytest.fixture(scope="session")
def built(engine: Docker, autograder_zip: Path) -> Iterator[str]:
    """Build the small assignment's image in the real engine."""
    tag = build_image(autograder_zip, f"autograder-test:{os.getpid()}", ENGINE_BASE, network="host")
    yield tag
    engine("image", "rm", tag)


@pytest.fixture(scope="session")
def built_for_a_user(built: str, engine: Docker, autograder_zip: Path) -> Iterator[str]:
    """Build the image that runs without root, on what the other one has installed."""
    tag = build_image(autograder_zip, f"{built}-user", ENGINE_BASE, USER, network="host")
    yield tag
    engine("image", "rm", tag)


@pytest.fixture
def grade_in_container(engine: Docker, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Grade a module's text in a container of an image, inside Gradescope's limits."""

    def grade(
        tag: str, text: str, script: str = "exec /autograder/run_autograder", user: str = "0:0"
    ) -> dict[str, Any]:
        place = Path(tempfile.mkdtemp(dir=tmp_path))
        for name in ("submission", "results"):
            (place / name).mkdir()
            os.chown(place / name, *map(int, user.split(":")))
        (place / "submission" / "small.py").write_text(text, encoding="utf-8")
        folders = [f"--volume={place / name}:/autograder/{name}" for name in ("submission", "results")]
        engine("run", "--rm", "--user", user, *LIMITS, *folders, tag, "bash", "-c", script)
        return dict(json.loads((place / "results" / "results.json").read_text(encoding="utf-8")))

    return grade


@pytest.fixture(scope="session")
def otter_grade(engine: Docker, autograder_zip: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtterGrade]:
    """Give a function that runs `otter grade` on a folder's files of one kind: file → row of its table.

    Its containers stay until the end, for a look at what they left behind.
    """
    plugin = tmp_path_factory.mktemp("docker") / "cli-plugins" / "docker-buildx"
    plugin.parent.mkdir()
    plugin.write_text(BUILDX.format(python=sys.executable), encoding="utf-8")
    plugin.chmod(0o755)
    command = [sys.executable, "-W", "ignore", "-m", "otter", "grade", "--autograder", str(autograder_zip)]
    command += ["--image", ENGINE_BASE, "--no-network", "--no-kill"]
    images = []

    def grade(folder: Path, kind: str) -> dict[str, dict[str, str]]:
        name = f"{kind}-{os.getpid()}"
        images.append(f"otter-grade:{name}")
        words = ["--name", name, "--ext", kind, "--output-dir", str(folder), str(folder)]
        environment = {**os.environ, "DOCKER_CONFIG": str(plugin.parents[1])}
        done = subprocess.run(
            [*command, *words], env=environment, cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        with (folder / "final_grades.csv").open(encoding="utf-8", newline="") as table:
            return {row["file"]: row for row in csv.DictReader(table)}

    yield grade
    for image in images:
        containers = engine("ps", "--all", "--quiet", "--filter", f"ancestor={image}").split()
        if containers:
            engine("rm", "--force", *containers)
        engine("image", "rm", image)


@pytest.fixture
def left_in_containers(engine: Docker) -> Callable[[str], str]:
    """Give a function that lists what `otter grade`'s containers for one kind of file have changed in their files."""

    def changes(kind: str) -> str:
        image = f"ancestor=otter-grade:{kind}-{os.getpid()}"
        return "\n".join(engine("diff", name) for name in engine("ps", "-aq", "--filter", image).split())

    return changes
