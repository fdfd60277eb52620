"""The store on a real PostgreSQL server, where one is installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.batch.entries import Run
from autograder.batch.store import Store
from autograder.batch.submissions import Person, Submission
from autograder.errors import StoreError
from autograder.results.grade import Grade

USER = "nobody"  # the server refuses to run as root
PROGRAMS = [shutil.which("initdb") or "", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")))]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Start a server of its own, and give its address."""
    pytest.importorskip("psycopg", reason="the driver is not installed: pip install 'autograder[postgresql]'")
    found = next(filter(None, PROGRAMS), None)
    if found is None:
        pytest.skip("no PostgreSQL server is installed here: apt-get install postgresql")
    binaries = Path(found).resolve().parent
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        as_user: dict[str, str] = {}
        if os.geteuid() == 0:
            as_user = {"user": USER}
            shutil.chown(folder, USER)
        data = Path(folder) / "data"
        settings = f"-F -k {folder} -c listen_addresses=127.0.0.1 -p {port}"
        control = [str(binaries / "pg_ctl"), "-D", str(data), "-w", "-s"]
        _done([str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", "grader"], folder, as_user)
        _done([*control, "-o", settings, "-l", f"{folder}/log", "start"], folder, as_user)
        yield f"postgresql://grader@127.0.0.1:{port}/postgres"
        _done([*control, "-m", "immediate", "stop"], folder, as_user)


def _done(command: list[str], folder: str, as_user: dict[str, str]) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, **as_user)  # type: ignore[call-overload]


@pytest.fixture
def shared(server: str, tmp_path: Path) -> Iterator[Store]:
    """Give a store on the server, in which a run has begun."""
    with Store(tmp_path, server, alone=True) as store:
        store.begin(Run("small", tmp_path))
        yield store


def test_grades_and_odd_text_come_back(shared: Store, made_up: Callable[..., Grade]) -> None:
    """As they do from SQLite."""
    odd = Submission("a\\nb", Path("in") / b"\xff\n.py".decode("utf-8", "surrogateescape"), (("\udcff", "x\x00"),))
    ada = Submission("Zoë 日本", Path("in/zoe"), people=(Person("Zoë 日本", "z@example.org"),), section="one")
    first, second = shared.register([odd, ada])
    shared.keep(first, made_up(name="\udcff\n", right="x", members=("日本",)), {"suite": "1"})
    kept = shared.keep(first, made_up(name="\udcff\n"), {"suite": "2"})
    shared.keep(second, made_up(fault="broke"), {})

    entries = shared.entries()
    assert [entry.submission for entry in entries] == [odd, ada]
    assert entries[0].grade is not None
    assert entries[0].grade.id == kept.id
    assert entries[0].grade.summary.hand_in == "\\udcff\\n"
    assert len(shared.history(first)) == 2
    assert shared.record(kept)["score"] == 6
    assert entries[1].grade is not None
    assert entries[1].grade.summary.score is None


def test_a_second_command_is_refused_from_another_machine_too(shared: Store, server: str) -> None:
    """Where the folder's own lock does not reach."""
    (shared.out / ".lock").unlink()

    with pytest.raises(StoreError, match="another command is at work on this run\n  wait until it has ended"):
        Store(shared.out, server, alone=True).__enter__()


def test_runs_of_one_server_are_told_apart(shared: Store, server: str, tmp_path: Path) -> None:
    """By their folders."""
    shared.register([Submission("ada.py", Path("ada.py"))])
    other = tmp_path / "other"
    other.mkdir()

    with Store(other, server, alone=True) as store:
        store.begin(Run("a2", tmp_path))
        assert store.entries() == []


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Without the password."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"postgresql+psycopg://grader:secret@127.0.0.1:{free.getsockname()[1]}/grades"

        with pytest.raises(StoreError, match="Connection refused") as told:
            Store(tmp_path, url).__enter__()

    assert "secret" not in str(told.value)
