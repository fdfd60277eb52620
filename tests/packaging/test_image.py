"""The image that an autograder zip becomes."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.course import Course
from autograder.errors import BuildError
from autograder.packaging import image
from autograder.packaging.image import BASE, NETWORK, build_image

Grade = Callable[..., dict[str, Any]]
DOCKERFILE = Path(image.__file__).parent / "templates" / "Dockerfile"
SEES = """
ls -ld /autograder /autograder/source /autograder/results /tmp | cut -c1-10
/autograder/venv/bin/python -c '
from importlib.metadata import distributions
print("Package", *(one.name for one in distributions()))'
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a docker in the real one's place that writes down how it was called, and what it was given."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"$0.called"\nfor last; do :; done\nls "$last" >"$0.given"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv(NETWORK, raising=False)
    return program


def called(docker: Path) -> list[str]:
    """Give the words that docker was called with, without the folder that is gone."""
    return docker.with_name("docker.called").read_text(encoding="utf-8").splitlines()[:-1]


def test_docker_builds_the_unpacked_zip_with_our_dockerfile(docker: Path, autograder_zip: Path) -> None:
    """The context is the zip's content and nothing else; base and owner are arguments."""
    tag = build_image(autograder_zip, "a2:now", "debian:bookworm", "1000:1000")
    arguments = ["--build-arg", "BASE=debian:bookworm", "--build-arg", "OWNER=1000:1000"]

    assert tag == "a2:now"
    assert called(docker) == ["build", "--tag", "a2:now", *arguments, "--file", str(DOCKERFILE)]
    assert {"setup.sh", "files"} <= set(docker.with_name("docker.given").read_text(encoding="utf-8").split())


@pytest.mark.parametrize(
    ("argument", "variable", "words"),
    [("host", "", ["--network=host"]), (None, "host", ["--network=host"]), ("", "host", []), (None, "", [])],
)
def test_network_of_the_building_can_be_chosen(
    docker: Path,
    autograder_zip: Path,
    monkeypatch: pytest.MonkeyPatch,
    argument: str | None,
    variable: str,
    words: list[str],
) -> None:
    """An engine without a bridge builds on the host's network; the argument decides before the environment."""
    monkeypatch.setenv(NETWORK, variable)
    build_image(autograder_zip, "a2", network=argument)

    assert [word for word in called(docker) if word.startswith("--network")] == words


def test_base_is_the_course_s_default_wherever_it_stands() -> None:
    """Settings, function and Dockerfile agree."""
    assert f"ARG BASE={BASE}\n" in DOCKERFILE.read_text(encoding="utf-8")
    assert Course(Path()).base == BASE


def test_without_docker_the_error_says_what_to_do(autograder_zip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without docker can still upload the zip."""
    monkeypatch.setenv("PATH", "")

    with pytest.raises(BuildError) as error:
        build_image(autograder_zip, "a2")

    assert str(error.value) == "a2: building an image needs docker\n  install it, or upload the zip as it is"


def test_build_that_fails_shows_its_last_lines(docker: Path, autograder_zip: Path) -> None:
    """What docker said last is in the message, and no more of it than can be read."""
    docker.write_text(
        "#!/bin/sh\nseq 100\necho\nprintf '\\033[91mno matching package\\033[0m\\n' >&2\nexit 3\n", encoding="utf-8"
    )

    with pytest.raises(BuildError) as error:
        build_image(autograder_zip, "a2")

    lines = str(error.value).splitlines()
    assert lines[0] == "a2: docker build ended with status 3"
    assert lines[1:] == [f"  {number}" for number in range(87, 101)] + ["  no matching package"]


def test_silent_failure_says_how_to_look(docker: Path, autograder_zip: Path) -> None:
    """Without a word of docker's there is still something to do."""
    docker.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")

    with pytest.raises(BuildError, match="a2: docker build ended with status 1\n  docker info says"):
        build_image(autograder_zip, "a2")


@pytest.mark.usefixtures("docker")
def test_file_that_is_no_autograder_zip_is_an_error(tmp_path: Path) -> None:
    """A missing file, one that is no zip, and a zip of something else are named with what writes the right one."""
    (tmp_path / "text.zip").write_text("text", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "kit.zip", "w") as archive:
        archive.writestr("README.md", "")
    said = {}
    for name in ("gone.zip", "text.zip", "kit.zip"):
        with pytest.raises(BuildError) as error:
            build_image(tmp_path / name, "a2")
        said[name] = str(error.value).removeprefix(str(tmp_path / name))

    todo = "\n  autograder build writes it"
    assert said == {
        "gone.zip": f": cannot be unpacked: [Errno 2] No such file or directory: '{tmp_path / 'gone.zip'}'{todo}",
        "text.zip": f": cannot be unpacked: File is not a zip file{todo}",
        "kit.zip": ": is no autograder zip: it has no setup.sh\n  autograder build writes one",
    }


def test_container_grades_inside_gradescope_s_limits(built: str, grade_in_container: Grade, solved: str) -> None:
    """The real image, 768 MB, half a processor and no network: a right hand-in earns everything."""
    results = grade_in_container(built, solved)

    assert (results["score"], results["output"], results["extra_data"]["final"]) == (10, "", True)


def test_container_grades_without_root(built_for_a_user: str, grade_in_container: Grade, solved: str) -> None:
    """An image of a plain user's grades under `docker run --user`, with the walls that are left."""
    results = grade_in_container(built_for_a_user, solved, user="1000:1000")

    assert (results["score"], results["output"], results["extra_data"]["final"]) == (10, "", True)


def test_hand_in_cannot_read_or_write_what_is_the_grader_s(built: str, grade_in_container: Grade, solved: str) -> None:
    """As root, with a uid for each worker: hidden tests, results and the shared folders are closed."""
    tries = """
import glob, json, os
def opened():
    yield from glob.glob("/autograder/source/*") + glob.glob("/autograder/results/*") + glob.glob("/tmp/*")
    for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/autograder", "/autograder/results"):
        try:
            open(f"{folder}/mine", "w")
            yield folder
        except OSError:
            pass
raise ValueError(f"opened {[*opened()]} as {os.getuid() > 0}")
"""
    results = grade_in_container(built, solved + tries)

    assert "ValueError: opened [] as True" in results["output"]
    assert results["score"] == 0


def test_image_holds_what_the_assignment_needs_and_is_closed(built: str, engine: Callable[..., str]) -> None:
    """Packages of the assignment, pytest and our own, no Otter and no command line's; two folders are root's alone."""
    modes, _, packages = engine("run", "--rm", "--network", "none", built, "bash", "-c", SEES).partition("Package")

    assert modes.split() == ["drwxr-xr-x", "drwx------", "drwx------", "drwx--x--x"]
    assert {*packages.split()} == {"autograder", "iniconfig", "numpy", "packaging", "pluggy", "Pygments", "pytest"}


def test_result_of_a_broken_image_is_no_zero(built: str, grade_in_container: Grade, solved: str) -> None:
    """Where the grader cannot start, the container still leaves a results.json, without a score."""
    results = grade_in_container(built, solved, "rm -rf /autograder/venv; exec /autograder/run_autograder")

    assert results["output"].startswith("NOT FINAL: a fault of the grader")
    assert "score" not in results
