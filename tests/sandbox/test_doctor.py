"""What the doctor says of machines that this one is not."""

import pytest

from autograder.sandbox import doctor
from autograder.sandbox.limits import Walls

STRONG = Walls(own_uid=True, closed_python=False, landlock=7, seccomp=True)


def said(monkeypatch: pytest.MonkeyPatch, walls: Walls, found: tuple[str, ...] = ()) -> dict[str, bool]:
    """Give what the doctor says behind its first line, of a machine with these walls and libraries."""
    monkeypatch.setattr(doctor, "available", lambda: walls)
    monkeypatch.setattr(doctor, "_tried", lambda _: [])
    for look in ("find_spec", "which"):
        monkeypatch.setattr(doctor, look, lambda name: name if name in found else None)
    return {finding.text: finding.good for finding in [*doctor.findings()][1:]}


def test_a_strong_machine_says_what_each_wall_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is missing, and each line says what that is good for."""
    everything = ("torch", "otter", "distributed", "copydetect", "docker")

    assert said(monkeypatch, STRONG, everything) == dict.fromkeys(
        [
            "each worker gets a uid of its own: it reaches no process and no file of another",
            "Landlock version 7 keeps files closed",
            "system calls are filtered: student code has no network",
            "a trial worker found no way through the walls that there are",
            "torch is installed: assignments that use it can be verified and graded",
            "otter is installed: the zips for Gradescope can be built",
            "distributed is installed: grade --scheduler can use a cluster",
            "copydetect is installed: autograder similar can compare hand-ins",
            "docker is installed: build --image and verify --container can use it",
        ],
        True,
    )


def test_a_machine_without_walls_says_what_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each limit once, with what it means and what to do; and nothing is said to have been tried."""
    nothing = Walls(own_uid=False, closed_python=False, landlock=0, seccomp=False)
    texts = [text for text in said(monkeypatch, nothing) if "missing" not in text]

    assert texts == [
        "student code could read hidden tests: keeping it out needs root and Landlock, or Landlock 6",
        "workers share the grader's uid: processes that escape their group are found by ancestry alone",
        "no filter of system calls is known for this system: the network is open",
        "official grading is refused here: use the container, or --allow-unconfined, which marks every result",
    ]


def test_missing_libraries_say_what_brings_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what cannot be done without them."""
    missing = [text for text, good in said(monkeypatch, STRONG).items() if not good]

    assert missing == [
        "torch is missing: no assignment that uses it can be graded; pip install '.[torch]' brings it",
        "otter is missing: the zips for Gradescope cannot be built; pip install '.[otter]' brings it",
        "distributed is missing: grade cannot use a cluster; pip install '.[cluster]' brings it",
        "copydetect is missing: autograder similar cannot compare; pip install '.[similar]' brings it",
        "docker is missing: only build --image and verify --container need it",
    ]


@pytest.mark.parametrize(
    ("path", "told"), [("", False), ("/lib", False), (":/lib", True), ("/lib:", True), (".", True)]
)
def test_a_path_that_means_any_folder_is_told(monkeypatch: pytest.MonkeyPatch, path: str, told: bool) -> None:  # noqa: FBT001
    """An empty entry does, unless the variable as a whole is empty."""
    monkeypatch.setenv("PYTHONPATH", path)

    assert any(text.startswith("PYTHONPATH has an empty entry") for text in said(monkeypatch, STRONG)) is told
