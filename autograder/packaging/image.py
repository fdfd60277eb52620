"""The container image that an autograder zip becomes."""

import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from autograder.course import Course
from autograder.errors import BuildError

BASE = Course.base
NETWORK = "AUTOGRADER_BUILD_NETWORK"  # where an engine has no network of its own: host
_LAST_LINES = 15
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


def build_image(zip_path: Path, tag: str, base: str = BASE, owner: str = "0:0", *, network: str | None = None) -> str:
    """Build the image that grades one assignment's hand-ins.

    Args:
        zip_path: the assignment's autograder zip.
        tag: the image's name.
        base: the image that it is built on, a Debian or an Ubuntu.
        owner: uid:gid that it will run as: root, or what `docker run --user` will say.
        network: the network that the building may use; $AUTOGRADER_BUILD_NETWORK, else the engine's own, when None.

    Returns:
        the tag.

    Raises:
        BuildError: if there is no zip or no docker, or the building fails.
    """
    docker = shutil.which("docker")
    if docker is None:
        raise BuildError(tag, "building an image needs docker", "install it, or upload the zip as it is")
    command = [docker, "build", "--tag", tag, "--build-arg", f"BASE={base}", "--build-arg", f"OWNER={owner}"]
    network = os.environ.get(NETWORK, "") if network is None else network
    command += [f"--network={network}"] if network else []
    with tempfile.TemporaryDirectory(prefix="autograder-") as name:
        _unpack(zip_path, Path(name))
        dockerfile = resources.files("autograder.packaging") / "templates" / "Dockerfile"
        with resources.as_file(dockerfile) as file:
            _run([*command, "--file", str(file), name], tag)
    return tag


def _unpack(zip_path: Path, folder: Path) -> None:
    try:
        with zipfile.ZipFile(zip_path) as archive:
            archive.extractall(folder)
    except (OSError, zipfile.BadZipFile) as error:
        raise BuildError(zip_path, f"cannot be unpacked: {error}", "autograder build writes it") from None
    if not (folder / "setup.sh").is_file():
        raise BuildError(zip_path, "is no autograder zip: it has no setup.sh", "autograder build writes one")


def _run(command: list[str], tag: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        said = list(_said(done.stdout))[-_LAST_LINES:]
        what = f"docker build ended with status {done.returncode}"
        raise BuildError(tag, what, "\n  ".join(said) or "docker info says whether an engine is there")


def _said(output: str) -> Iterator[str]:
    """Give the lines that say something, without the colours of a terminal."""
    yield from (line.rstrip() for line in _COLOUR.sub("", output).splitlines() if line.strip())
