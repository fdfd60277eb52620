"""The pytest plugin of a starter kit: fixtures on a plain import, and the plugins that record and show."""

import functools
import hashlib
import importlib.util
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from .data import DataSet, DataSets
from .notebook import NotebookModule
from .recording import Recorder, case_id, test_id
from .report import Report
from .student import LocalStudent
from .terminal import Terminal, is_written
from .verdicts import Awarded, Unusable
from .weights import Weights

_PUBLIC_SALT = "public"
_MODULE = pytest.StashKey[LocalStudent | Unusable]()


def seed_of(salt: str, assignment: str, item: pytest.Item, run_seed: int = 0) -> int:
    """Derive a case's seed from the course's salt, so that inputs vary between courses and not between students."""
    text = "\0".join([salt, assignment, test_id(item), case_id(item), str(run_seed)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def load_probes(item: pytest.Item) -> ModuleType:
    """Import the probes that go with a test file: beside a public one, a folder above a hidden one."""
    folder = item.path.parent
    return _import_probes((folder.parent if folder.name == "hidden" else folder) / "probes.py")


@functools.cache
def _import_probes(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"probes_of_{file.parent.name}", file)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"{file}: there are no probes")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pytest_configure(config: pytest.Config) -> None:
    """Register what records each case, and what shows it."""
    manifest = _manifest(config)
    questions = {q["id"]: tuple(q.get("needs", ())) for q in manifest["questions"] if not is_written(q)}
    recorder = Recorder(questions)
    config.pluginmanager.register(recorder, "coursekit-recorder")
    config.pluginmanager.register(Terminal(recorder, manifest), "coursekit-terminal")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Let a test that awards everything pass, in pytest's own eyes too."""
    try:
        return (yield)
    except Awarded as awarded:
        if awarded.fraction < 1:
            raise


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Stop where the module cannot be used: a fixture must not, for pytest keeps of it what is an Exception alone."""
    if "student" in getattr(item, "fixturenames", ()):
        _module_of(item.config)


def _module_of(config: pytest.Config) -> LocalStudent:
    """Load the student's module once.

    Raises:
        Unusable: each time, if it cannot be used.
    """
    if _MODULE not in config.stash:
        config.stash[_MODULE] = _load(config)
    found = config.stash[_MODULE]
    if isinstance(found, Unusable):
        raise found
    return found


def _load(config: pytest.Config) -> LocalStudent | Unusable:
    manifest = _manifest(config)
    file = config.rootpath / manifest["hand_in"][0]
    loaded = next((p.module for p in config.pluginmanager.get_plugins() if isinstance(p, NotebookModule)), None)
    try:
        return LocalStudent(file, manifest.get("refused", ()), manifest.get("why_refused", ""), loaded)
    except Unusable as error:
        return error


@pytest.fixture
def student(request: pytest.FixtureRequest) -> LocalStudent:
    """Stand in for the student's module; functions are called as on the module itself."""
    module = _module_of(request.config)
    module.may_change_arguments = request.node.get_closest_marker("may_change_arguments") is not None
    return module


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Give a generator of random inputs, seeded for this very case."""
    return np.random.default_rng(seed_of(_PUBLIC_SALT, _name(request.config), request.node))


@pytest.fixture(scope="session")
def data(request: pytest.FixtureRequest) -> DataSets:
    """Give a function that gives a data set, by a name that the manifest has."""
    folder, names = request.config.rootpath / "data", _manifest(request.config).get("data", ())
    return DataSets({name: DataSet(folder, name) for name in names})


@pytest.fixture(scope="session")
def weights(request: pytest.FixtureRequest) -> Weights:
    """Give the trained weights that lie beside the module."""
    return Weights(request.config.rootpath, **_manifest(request.config)["weights"])


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Report:
    """Take what a test says to the instructor and to the leaderboard."""
    return Report(request.node.user_properties)


@pytest.fixture
def probes(request: pytest.FixtureRequest) -> ModuleType:
    """Give the probes that go with the test."""
    return load_probes(request.node)


def _manifest(config: pytest.Config) -> dict[str, Any]:
    return tomllib.loads((config.rootpath / "assignment.toml").read_text(encoding="utf-8"))


def _name(config: pytest.Config) -> str:
    return str(_manifest(config)["title"])
