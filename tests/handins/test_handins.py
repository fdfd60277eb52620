"""Every hostile, unlucky and odd hand-in, in each mode that this machine has: see README.md."""

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from autograder.assignment import load_assignment
from autograder.data.sets import SAMPLES
from autograder.packaging.image import build_image
from autograder.packaging.otter import write_otter_zip

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DRIVE = runpy.run_path(str(HERE / "drive.py"))
CASES = DRIVE["read_cases"]()
BASE = os.environ.get("AUTOGRADER_TEST_BASE", "local/debian:bookworm")
LIMITS = ("--network=none", "--memory=2g", "--cpus=2", "--pids-limit=600")
INSIDE = "/autograder/source/handed"  # closed to student code without Landlock, too
_CLOSE = "chmod 0711 /tmp /var/tmp /dev/shm /run/lock"  # as run_autograder does
NO_LANDLOCK = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [
        {
            "names": ["landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self"],
            "action": "SCMP_ACT_ERRNO",
            "errnoRet": 38,
        }
    ],
}
Told = dict[str, Any]  # what the driver writes


def docker(*words: object, quiet: bool = False) -> int:
    """Run docker, and give its status."""
    program = shutil.which("docker") or "no docker"
    return subprocess.run([program, *map(str, words)], capture_output=quiet, check=False).returncode


@cache
def missing_engine() -> str:
    """Say what keeps containers from running here; empty when nothing does."""
    if shutil.which("docker") is None:
        return "there is no docker"
    if docker("info", quiet=True):
        return "docker info finds no engine"
    known = docker("image", "inspect", BASE, quiet=True) == 0
    return "" if known else f"the engine has no image {BASE}; $AUTOGRADER_TEST_BASE names another"


class Mode:
    """One way to run the driver.

    Args:
        name: its name.
        owner: the user in the container, "uid:gid"; empty on the host.
        landlock: whether the kernel offers Landlock there, as far as the mode has a say.
    """

    def __init__(self, name: str, owner: str = "", *, landlock: bool = True) -> None:
        self.name, self.owner, self.landlock = name, owner, landlock

    @property
    def missing(self) -> str:
        """What this machine lacks for it, or that nobody asks for it; empty when nothing."""
        asked = os.environ.get("AUTOGRADER_TEST_MODES", "host docker-root").split()
        if self.name not in asked:
            return f"not asked for: AUTOGRADER_TEST_MODES is '{' '.join(asked)}'"
        return missing_engine() if self.owner else ""

    def run(self, ids: list[str], folder: Path) -> Told:
        """Run the driver on some cases."""
        folder.chmod(0o755)
        out = folder / "out"
        out.mkdir(mode=0o777)
        out.chmod(0o777)
        (self._in_container if self.owner else self._on_host)(ids, folder, out)
        assert (out / "rows.json").exists(), f"the driver ended without a row in {self.name}"
        told: Told = json.loads((out / "rows.json").read_text(encoding="utf-8"))
        return told

    def _on_host(self, ids: list[str], _: Path, out: Path) -> None:
        command = [sys.executable, str(HERE / "drive.py"), "--out", str(out / "rows.json")]
        command += ["--assignments", str(ROOT / "assignments")]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run([*command, "--ids", *ids], env=environment, check=False)

    def _in_container(self, ids: list[str], folder: Path, out: Path) -> None:
        handed = folder / "handed"
        shutil.copytree(ROOT / "assignments", handed / "assignments")
        shutil.copytree(HERE, handed / "tests" / "handins")
        shutil.copytree(SAMPLES, handed / "tests" / "data" / "samples")  # the image has its own assignment's alone
        folders = [f"{handed}:{INSIDE}:ro", f"{out}:/out"]
        options = ["--rm", *LIMITS, "--user", self.owner, *(f"--volume={folder}" for folder in folders)]
        if not self.landlock:
            profile = folder / "no-landlock.json"
            profile.write_text(json.dumps(NO_LANDLOCK), encoding="ascii")
            options += ["--security-opt", f"seccomp={profile}"]
        drive = f"/autograder/venv/bin/python -B {INSIDE}/tests/handins/drive.py --out /out/rows.json"
        if self.owner.startswith("0:"):
            drive += " --container"
        command = f"{{ {_CLOSE}; }} 2>/dev/null; exec {drive}"
        docker("run", *options, _image(self.owner), "bash", "-c", f"{command} --ids {' '.join(ids)}")


MODES = {
    mode.name: mode
    for mode in (
        Mode("host"),
        Mode("docker-root", "0:0"),
        Mode("docker-user", "1000:1000"),
        Mode("docker-no-landlock", "0:0", landlock=False),
    )
}


def _image(owner: str) -> str:
    return f"autograder-handins-{owner.partition(':')[0]}:{os.getpid()}"


def _parameters() -> Iterator[Any]:
    """Give each mode with each case; a mode that this machine does not have is one skipped test."""
    skips = {case["id"]: case["skip"] for case in CASES}
    for last, together in DRIVE["desks"](CASES).items():
        skips[last] = {
            name: "none of its cases does" for name in MODES if all(name in case["skip"] for case in together)
        }
    for name, mode in MODES.items():
        if mode.missing:
            yield pytest.param(name, "", id=name, marks=pytest.mark.skip(reason=f"{name}: {mode.missing}"))
            continue
        for identifier, skip in skips.items():
            marks = [pytest.mark.skip(reason=f"does not apply in {name}: {skip[name]}")] if name in skip else []
            yield pytest.param(name, identifier, id=f"{name}-{identifier}", marks=marks)


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], None]]:
    """Give what builds the image of a2_convolution for an owner, once; the images are removed at the end."""
    built: set[str] = set()

    def build(owner: str) -> None:
        if owner not in built:
            zip_path = tmp_path_factory.mktemp("zip") / "autograder.zip"
            write_otter_zip(load_assignment(ROOT / "assignments" / "a2_convolution"), "a salt for tests", zip_path)
            build_image(zip_path, _image(owner), BASE, owner, network="host")
            built.add(owner)

    yield build
    for owner in built:
        docker("image", "rm", "--force", _image(owner), quiet=True)


@pytest.fixture(scope="session")
def told(
    request: pytest.FixtureRequest, images: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Told]:
    """Give what the driver says in a mode: it runs once for each, side by side, on the cases that were selected."""
    chosen: dict[str, set[str]] = {name: set() for name in MODES}
    for item in request.session.items:
        if item.path == Path(__file__) and (spec := getattr(item, "callspec", None)):
            chosen[spec.params["name"]].add(spec.params.get("identifier", ""))
    asked = [mode for name, mode in MODES.items() if chosen[name] and not mode.missing]
    for mode in asked:
        if mode.owner:
            images(mode.owner)
    with ThreadPoolExecutor(len(MODES)) as pool:  # much of the time of a mode is waiting for what hangs
        runs = {m.name: pool.submit(m.run, sorted(chosen[m.name]), tmp_path_factory.mktemp(m.name)) for m in asked}
    return lambda name: runs[name].result()


@pytest.mark.parametrize(("name", "identifier"), [*_parameters()])
def test_hand_in(told: Callable[[str], Told], name: str, identifier: str) -> None:
    """A hand-in earns what it should, in time; tells nothing secret, leaves nothing behind, and the grader lives."""
    row = told(name)["rows"][identifier]
    if row["skipped"]:
        pytest.skip(row["skipped"])

    assert row["wrong"] == []


@pytest.mark.parametrize("name", [name for name in MODES if name != "host" and not MODES[name].missing])
def test_mode_has_the_walls_that_it_is_named_after(told: Callable[[str], Told], name: str) -> None:
    """As root each worker has a uid of its own; the one profile takes Landlock away."""
    walls, mode = told(name)["walls"], MODES[name]

    assert walls["own_uid"] == (mode.owner == "0:0")
    assert (walls["landlock"] > 0) == mode.landlock
