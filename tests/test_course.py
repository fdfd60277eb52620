"""A course's settings and its salt."""

from datetime import date
from pathlib import Path

import pytest

from autograder.course import find_course, read_salt, rotate_salt, wheels_for, write_salt
from autograder.errors import ManifestError


def _course(tmp_path: Path, settings: str = "") -> Path:
    (tmp_path / "assignments").mkdir(parents=True)
    (tmp_path / "course.toml").write_text(settings, encoding="utf-8")
    return tmp_path


def test_the_course_is_found_from_below(tmp_path: Path) -> None:
    """The nearest folder above that holds assignments/ is the course."""
    root = _course(tmp_path, 'title = "C"\nteam_size = 2')

    assert find_course(root / "assignments").team_size == 2


def test_settings_may_stand_in_pyproject(tmp_path: Path) -> None:
    """A table in pyproject.toml serves as well as course.toml."""
    (tmp_path / "assignments").mkdir()
    (tmp_path / "pyproject.toml").write_text('[tool.autograder]\ntitle = "P"', encoding="utf-8")

    assert find_course(tmp_path).title == "P"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("team_sise = 2", r"unknown key 'team_sise'\n  did you mean 'team_size'\?"),
        ("team_size = 0", "'team_size' must be a whole number from 1 on, got 0"),
        ("title = 3", "'title' must be str, got 3"),
        ("data = 'https://x'", "'data' must be a list of folders or addresses, got 'https://x'"),
        ("base = 3", "'base' must name a container image, got 3"),
        ("base = ''", "'base' must name a container image, got ''"),
        ("base = '--rm debian'", "'base' must name a container image, got '--rm debian'"),
        ("wheels = true", "'wheels' must be an address or a folder, without spaces, got True"),
        ("wheels = '-r x'", "'wheels' must be an address or a folder, without spaces, got '-r x'"),
        ("title =", "not valid TOML"),
    ],
)
def test_bad_settings_are_named(tmp_path: Path, settings: str, message: str) -> None:
    """A setting that cannot be used is refused with file and key."""
    root = _course(tmp_path, settings)

    with pytest.raises(ManifestError, match=message):
        find_course(root)


def test_a_course_names_its_base_and_its_wheels(tmp_path: Path) -> None:
    """Gradescope's image is the base and nothing but pip's own index is asked, unless the course says otherwise."""
    root = _course(tmp_path / "one", "")
    other = _course(tmp_path / "other", 'base = "debian:bookworm"\nwheels = "/srv/wheels"')

    assert (find_course(root).base, wheels_for(root)) == ("gradescope/autograder-base:ubuntu-22.04", "")
    assert (find_course(other).base, wheels_for(other / "assignments")) == ("debian:bookworm", "/srv/wheels")


def test_outside_of_a_course_no_wheels_are_named(tmp_path: Path) -> None:
    """An assignment's folder can be packed wherever it lies."""
    assert wheels_for(tmp_path) == ""


def test_no_course_says_where_to_work(tmp_path: Path) -> None:
    """Outside of a course the error says what a course is."""
    with pytest.raises(ManifestError, match="no course here\n  work in a folder that holds assignments/"):
        find_course(tmp_path)


def test_a_salt_is_written_once(tmp_path: Path) -> None:
    """A second call keeps the salt: it decides every hidden input."""
    write_salt(tmp_path)
    salt = read_salt(tmp_path)
    write_salt(tmp_path)

    assert read_salt(tmp_path) == salt
    assert len(salt) == 32


def test_grading_needs_a_salt(tmp_path: Path) -> None:
    """A missing or empty salt is an error that says how to get one."""
    with pytest.raises(ManifestError, match="the course has no salt\n  autograder new salt writes one"):
        read_salt(tmp_path)
    (tmp_path / ".salt").write_text("\n", encoding="ascii")
    with pytest.raises(ManifestError, match="the salt is empty"):
        read_salt(tmp_path)


def test_a_salt_is_rotated_and_none_is_lost(tmp_path: Path) -> None:
    """Each term has its own; old ones carry the day, also where two are put away on one."""
    salts = []
    for _ in range(3):
        write_salt(tmp_path)
        salts.append(read_salt(tmp_path))
        old = rotate_salt(tmp_path, date(2026, 4, 1))

        assert old.read_text(encoding="ascii").strip() == salts[-1]

    assert len({*salts, read_salt(tmp_path)}) == 4
    assert sorted(path.name for path in (tmp_path / ".salts").iterdir()) == [
        ".gitignore",
        "2026-04-01",
        "2026-04-01-2",
        "2026-04-01-3",
    ]
    assert (tmp_path / ".salts" / ".gitignore").read_text(encoding="ascii") == "*\n"


def test_a_course_without_a_salt_has_none_to_rotate(tmp_path: Path) -> None:
    """The error says how to get one, and nothing is made."""
    with pytest.raises(ManifestError, match="the course has no salt\n  autograder new salt writes one"):
        rotate_salt(tmp_path, date(2026, 4, 1))

    assert list(tmp_path.iterdir()) == []
