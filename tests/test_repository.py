"""Rules of the repository that a reviewer would otherwise have to keep."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from autograder.assignment import find_assignments
from autograder.course import find_course
from autograder.packaging.build import check

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "autograder"
ROOMS = [
    "errors",
    "toml",
    "questions",
    "variants",
    "assignment",
    "course",
    "coursekit",
    "data",
    "authoring",
    "sandbox",
    "suite",
    "results",
    "grading",
    "packaging",
    "proof",
    "batch",
    "cli",
]
MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if "templates" not in path.parts]


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for name in names:
            parts = name.split(".")
            rooms |= {"coursekit"} if parts[0] == "coursekit" else set()
            rooms |= {parts[1]} if parts[0] == "autograder" and len(parts) > 1 else set()
    return rooms


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_import_only_from_rooms_above_their_own(path: Path) -> None:
    """Data walks one way: a room knows itself and the rooms above it."""
    if _room(path) == "__init__":
        return
    place = ROOMS.index(_room(path))

    assert {room for room in _imported_rooms(path) if ROOMS.index(room) > place} == set()


def test_coursekit_stands_on_pytest_and_numpy_alone() -> None:
    """A starter kit carries coursekit and has nothing else of ours; only what trains or shows photos needs more."""
    needs_more = {"training": ["torch", "torchvision"], "weights": ["torch", "safetensors"], "photos": ["PIL"]}
    for path in (PACKAGE / "coursekit").glob("*.py"):
        allowed = {"numpy", "pytest", *sys.stdlib_module_names, *needs_more.get(path.stem, [])}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []

            assert {str(name).split(".")[0] for name in names} <= allowed, path


def test_every_room_is_shipped() -> None:
    """The list of packages in pyproject.toml is the tree's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rooms = {f"autograder.{path.parent.name}" for path in PACKAGE.glob("*/__init__.py")} - {"autograder.coursekit"}

    assert set(project["tool"]["setuptools"]["packages"]) == {"autograder", "coursekit", *rooms}


def test_importing_the_package_is_cheap_and_needs_no_torch() -> None:
    """`import autograder` and the command line load neither numpy nor torch nor pytest."""
    code = "import sys, autograder, autograder.cli; print({'numpy', 'torch', 'pytest', 'rich'} & set(sys.modules))"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "set()"


def test_built_folders_are_up_to_date() -> None:
    """`starter/` and `reference/` are what the sources in `assignments/` give."""
    course = find_course(ROOT)

    assert check(course, find_assignments(course.root)) == []
