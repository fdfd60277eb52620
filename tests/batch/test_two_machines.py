"""Two machines, as two network namespaces: scheduler and command on one, the worker on the other."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from autograder.batch.store import Store

AUTOGRADER, DASK = (str(Path(sys.executable).with_name(name)) for name in ("autograder", "dask"))
IP = shutil.which("ip") or ""
HERE, THERE = "10.213.77.1", "10.213.77.2"


def _ip(*words: str) -> bool:
    return subprocess.run([IP, *words], check=False, capture_output=True).returncode == 0


@pytest.fixture
def machines() -> Iterator[tuple[str, str]]:
    """Make two network namespaces that see each other and nothing else, and give their names."""
    if os.geteuid() or not IP:
        pytest.skip("only root can make network namespaces, with ip of iproute2")
    first, second = (f"grading-{os.getpid()}-{number}" for number in (1, 2))
    with ExitStack() as stack:
        for name in (first, second):
            if not _ip("netns", "add", name):
                pytest.skip("this system makes no network namespaces")
            stack.callback(_ip, "netns", "del", name)
        ends = [f"g{os.getpid()}{letter}" for letter in "ab"]
        made = [_ip("link", "add", ends[0], "netns", first, "type", "veth", "peer", "name", ends[1], "netns", second)]
        for name, end, address in ((first, ends[0], HERE), (second, ends[1], THERE)):
            made += [_ip("-n", name, "address", "add", f"{address}/24", "dev", end)]
            made += [_ip("-n", name, "link", "set", device, "up") for device in (end, "lo")]
        if not all(made):
            pytest.skip("this system joins no network namespaces")
        yield first, second


def test_a_batch_is_graded_on_another_machine(
    machines: tuple[str, str], small_course: Path, hand_ins: Callable[..., Path], tmp_path: Path
) -> None:
    """The hand-ins travel; the assignment lies on a file system that both see."""
    folder, out = hand_ins("ada.py", **{"bob.py": "def double(x):\n    return 7\n"}), tmp_path / "out"
    there = tmp_path / "there"
    there.mkdir()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": there}
    address = f"tcp://{HERE}:8786"
    on_first, on_second = ([IP, "netns", "exec", name] for name in machines)
    with ExitStack() as stack:
        for words in (
            [*on_first, DASK, "scheduler", "--host", HERE, "--port", "8786"],
            [*on_second, DASK, "worker", address, "--host", THERE, "--nthreads", "1", "--no-nanny"],
        ):
            process = stack.enter_context(subprocess.Popen(words, **quiet))  # type: ignore[call-overload]
            stack.callback(process.kill)
        words = [
            "grade",
            "small",
            str(folder),
            "--course",
            str(small_course),
            "--out",
            str(out),
            "--scheduler",
            address,
        ]
        command = stack.enter_context(
            subprocess.Popen([*on_first, AUTOGRADER, *words], stdout=subprocess.PIPE, text=True)
        )
        said, _ = command.communicate(timeout=120)

    assert (command.returncode, "10 of 10" in said) == (0, True)
    with Store(out) as store:
        scores = {entry.submission.key: entry.grade and entry.grade.summary.score for entry in store.entries()}
    assert scores == {"ada.py": 10, "bob.py": 0}
