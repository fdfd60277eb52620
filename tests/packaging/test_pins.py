"""Versions of an assignment's environment, and of all that comes with it."""

import dataclasses
from importlib import metadata

import pytest

from autograder.assignment import Assignment
from autograder.packaging import pins
from autograder.packaging.pins import constraints, requirements

INSTALLED = {
    "numpy": ("2.4.6", []),
    "pytest": ("9.2.0", ["pluggy>=1.5", "colorama>=0.4; sys_platform == 'win32'", "attrs; extra == 'dev'"]),
    "pluggy": ("1.7.0", []),
    "attrs": ("26.1.0", []),
    "torch": ("2.13.0+cpu", ["Sympy>=1.13", "not-here>=1", "numpy"]),
    "sympy": ("1.14.0", ["mpmath<1.4"]),
    "mpmath": ("1.3.0", []),
    "dask": ("2026.1.0", ["toolz", "distributed==2026.1.0; extra == 'distributed'", "numpy; extra == 'array'"]),
    "distributed": ("2026.1.0", ["dask==2026.1.0", "tornado"]),
    "toolz": ("1.0.0", []),
    "tornado": ("6.5", []),
}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let these packages be what is installed."""

    def version(name: str) -> str:
        if name.lower() not in INSTALLED:
            raise metadata.PackageNotFoundError(name)
        return INSTALLED[name.lower()][0]

    monkeypatch.setattr(pins.metadata, "version", version)
    monkeypatch.setattr(pins.metadata, "requires", lambda name: INSTALLED[name][1] or None)


def needing(small: Assignment, *requires: str) -> Assignment:
    """Let the small assignment need something."""
    return dataclasses.replace(small, requires=requires)


def test_pytest_and_numpy_are_always_there(small: Assignment) -> None:
    """An assignment that asks for nothing is graded with these two."""
    assert requirements(small) == "pytest==9.2.0\nnumpy==2.4.6\n"


def test_each_package_is_named_once_at_its_version_here(small: Assignment) -> None:
    """A local version says which build was proven, extras and conditions stay, and what is not here stays open."""
    assignment = needing(
        small, "torch>=2.10", "numpy>=2", "dask[distributed]", "toolz; python_version > '3'", "absent~=1.0"
    )

    assert requirements(assignment).splitlines() == [
        "torch==2.13.0+cpu",
        "numpy==2.4.6",
        "dask[distributed]==2026.1.0",
        'toolz==1.0.0; python_version > "3"',
        "absent~=1.0",
        "pytest==9.2.0",
    ]


def test_address_of_a_package_stays_as_it_is(small: Assignment) -> None:
    """What is no requirement by name pins itself."""
    assignment = needing(small, "https://example.org/x-1-py3-none-any.whl")

    assert requirements(assignment).splitlines()[0] == "https://example.org/x-1-py3-none-any.whl"
    assert constraints(assignment) == constraints(small)


@pytest.mark.parametrize(
    ("wheels", "line"),
    [
        ("https://wheels.example.org/cpu", "--extra-index-url https://wheels.example.org/cpu"),
        ("https://wheels.example.org/all.html", "--find-links https://wheels.example.org/all.html"),
        ("/srv/wheels", "--find-links /srv/wheels"),
    ],
)
def test_pip_looks_where_the_course_says(small: Assignment, wheels: str, line: str) -> None:
    """An address is that of an index, unless it is a page's; anything else is a folder."""
    assert requirements(small, wheels).splitlines()[0] == line


def test_constraints_follow_what_is_required(small: Assignment) -> None:
    """All that comes along is held, each on a line by its plain name; other systems' and unasked extras are not."""
    assert constraints(needing(small, "torch>=2.10")).splitlines() == [
        "mpmath==1.3.0",
        "numpy==2.4.6",
        "pluggy==1.7.0",
        "pytest==9.2.0",
        "sympy==1.14.0",
        "torch==2.13.0+cpu",
    ]


def test_constraints_follow_extras_through_circles(small: Assignment) -> None:
    """An extra brings its own packages, also where these come back to the package itself."""
    plain = {"dask", "toolz", "numpy", "pytest", "pluggy"}

    def names(requirement: str) -> set[str]:
        return {line.split("==")[0] for line in constraints(needing(small, requirement)).splitlines()}

    assert names("dask>=2025") == plain
    assert names("dask[distributed]>=2025") == plain | {"distributed", "tornado"}
