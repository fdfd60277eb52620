"""The command line: what it prints, and how it exits."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli import cli

AUTOGRADER = Path(sys.executable).with_name("autograder")


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=True)


def _program(*arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [AUTOGRADER, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def course(small_course: Path, tmp_path: Path) -> Path:
    """Give a copy of the small course that a test may change."""
    return Path(shutil.copytree(small_course, tmp_path / "course"))


def test_list_names_the_assignments(course: Path) -> None:
    """One line for each assignment, with points and questions."""
    assert _run("list", "--course", course).output == "small                  10 points,  2 questions  Small\n"


def test_an_unknown_assignment_is_a_wrong_call(course: Path) -> None:
    """The nearest name is offered, and the status is 2."""
    done = _program("verify", "smal", cwd=course)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("no assignment is named 'smal'\n  did you mean 'small'?\n")


def test_a_folder_outside_of_a_course_is_a_wrong_call(tmp_path: Path) -> None:
    """The error says what a course is."""
    done = _program("list", cwd=tmp_path)

    assert (done.returncode, "no course here" in done.stderr) == (2, True)


def test_build_then_check_then_drift(course: Path) -> None:
    """A changed source is drift until it is built again."""
    _run("build", "small", "--course", course)
    clean = _run("build", "--check", "--course", course)
    source = course / "assignments" / "small" / "small.py"
    source.write_text(source.read_text(encoding="utf-8").replace("Small.", "Smaller."), encoding="utf-8")

    drifted = _run("build", "--check", "--course", course)

    assert (clean.exit_code, clean.output) == (0, "")
    assert drifted.exit_code == 1
    assert "starter/small/small.py: differs from what its source gives" in drifted.output
    assert "reference/small/small.py: differs from what its source gives" in drifted.output


def test_build_gives_the_same_bytes_twice(course: Path) -> None:
    """Zips have sorted names and fixed dates, the Otter zip included."""
    zips = []
    for _ in range(2):
        assert _run("build", "small", "--course", course).exit_code == 0
        zips.append({path.name: path.read_bytes() for path in (course / "dist" / "small").iterdir()})

    assert zips[0] == zips[1]
    assert set(zips[0]) == {"autograder.zip", "starter.zip", "solved.zip", "empty.zip"}


def test_build_makes_an_image_of_each_zip(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the base that the course names."""
    told: list[tuple[str, ...]] = []

    def note(archive: Path, tag: str, base: str) -> str:
        told.append((archive.name, tag, base))
        return tag

    monkeypatch.setattr("autograder.packaging.image.build_image", note)
    (course / "course.toml").write_text('base = "debian:12"\n', encoding="utf-8")

    done = _run("build", "small", "--image", "--course", course)

    assert told == [("autograder.zip", "autograder-small", "debian:12")]
    assert done.output.splitlines()[-1] == "autograder-small"


def test_verify_writes_what_it_found(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for each claim, a summary, JSON and a page; made before, it is remembered."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    files = ["--json", tmp_path / "proof.json", "--html", tmp_path / "proof.html"]
    first, second = (_run("verify", "small", "--quick", "--course", course, *files) for _ in range(2))

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "ok small: the reference earns everything (run seed 0)  (before)" in second.output
    assert "small: 13 of 13 claims hold" in first.output
    assert (tmp_path / "proof.json").exists()
    assert (tmp_path / "proof.html").exists()


def test_grade_shows_and_writes_grades(course: Path, tmp_path: Path) -> None:
    """Two hand-ins give a table, Gradescope's JSON, our own, and a CSV."""
    _run("build", "small", "--course", course)
    dist, out = course / "dist" / "small", tmp_path / "out"

    done = _run("grade", "small", dist / "solved.zip", dist / "empty.zip", "--course", course, "--out", out)

    assert done.exit_code == 0
    assert "10 of 10" in done.output
    assert json.loads((out / "solved.zip" / "results.json").read_text(encoding="utf-8"))["score"] == 10
    assert json.loads((out / "empty.zip" / "grade.json").read_text(encoding="utf-8"))["score"] == 0
    assert len((out / "grades.csv").read_text(encoding="utf-8").splitlines()) == 3


def test_one_grade_is_shown_in_full(course: Path) -> None:
    """The failing test's sentence and hint stand in the report."""
    wrong = course / "small.py"
    wrong.write_text("def double(x):\n    return x - 7\n", encoding="utf-8")

    done = _run("grade", "small", wrong, "--course", course)

    assert "double doubles an array." in done.output
    assert "hint: Multiply by two." in done.output


@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_is_imported_from_the_folder_of_the_hand_ins(course: Path, tmp_path: Path, workers: int) -> None:
    """Two hand-ins lie beside files named like every module that Python, Dask, pytest or the grader imports."""
    ours = {name.partition(".")[0] for name in sys.modules} | {"dask", "distributed", "conftest", "sitecustomize"}
    for name in (ours | sys.stdlib_module_names) - {"__main__"}:
        (tmp_path / f"{name}.py").write_text(f"open('imported', 'a').write('{name} ')", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -p shadow\n", encoding="utf-8")
    for name in ("ada", "bob"):
        hand_in = tmp_path / name / "small.py"
        hand_in.parent.mkdir()
        shutil.copy(course / "assignments" / "small" / "small.py", hand_in)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}

    words = ("grade", "small", "ada", "bob", "--course", course, "--workers", workers)
    done = _program(*words, cwd=tmp_path, env=environment)

    assert (done.returncode, done.stderr, done.stdout.count("10 of 10")) == (0, "", 2)
    assert not (tmp_path / "imported").exists()


def test_grading_without_a_salt_is_refused(course: Path) -> None:
    """The error says how to get one."""
    (course / ".salt").unlink()
    (course / "small.py").write_text("", encoding="utf-8")

    done = _program("grade", "small", "small.py", cwd=course)

    assert (done.returncode, "autograder new salt writes one" in done.stderr) == (2, True)


def test_a_new_assignment_verifies_green(course: Path) -> None:
    """What `new assignment` writes can be built, and every claim about it holds."""
    assert _run("new", "assignment", "a9_new", "--course", course).exit_code == 0

    verified = _run("verify", "a9_new", "--course", course)

    assert verified.exit_code == 0, verified.output
    assert "the reference earns everything" in verified.output


def test_a_new_course_verifies_and_builds(tmp_path: Path) -> None:
    """`new course` says what comes next, and what comes next works."""
    made = _run("new", "course", tmp_path / "c")
    verified = _run("verify", "--quick", "--no-cache", "--course", tmp_path / "c")
    built = _run("build", "--course", tmp_path / "c")

    assert made.output == (
        f"{tmp_path / 'c'}\nnext: cd {tmp_path / 'c'}, then autograder verify --quick, then autograder build\n"
    )
    assert (verified.exit_code, "claims hold" in verified.output) == (0, True), verified.output
    assert (built.exit_code, (tmp_path / "c" / "dist" / "a1_first" / "autograder.zip").exists()) == (0, True)


def test_a_broken_claim_is_status_one(course: Path) -> None:
    """A mistake that nothing catches is named, with the question that should have."""
    (course / "assignments" / "small" / "mistakes.toml").write_text(
        '[[mistakes]]\nid = "1"\nname = "renames"\nquestion = "double"\nhint = "no"\n'
        'edits = [{ in = "double", replace = "Double an array.", by = "Double it." }]\n',
        encoding="utf-8",
    )

    done = _run("verify", "small", "--course", course)

    assert done.exit_code == 1
    assert "NO small: mistake 1 (renames)" in done.output
    assert "\n     it lives: double keeps all of its points" in done.output
    count = done.output.count(" small: ") - 1  # it is named twice
    _, _, end = done.output.partition(f"Error: 1 of {count} claims does not hold\n")
    assert end.startswith("NO small: mistake 1 (renames) loses points")
    assert "\n     it lives: double keeps all of its points" in end


def test_doctor_says_what_holds() -> None:
    """Each limit of the machine is one sentence."""
    done = _run("doctor")

    assert done.exit_code == 0
    assert "Landlock" in done.output


def test_a_salt_is_new_once(course: Path) -> None:
    """`new salt` keeps what is there."""
    before = (course / ".salt").read_text(encoding="ascii")

    assert _run("new", "salt", "--course", course).exit_code == 0
    assert (course / ".salt").read_text(encoding="ascii") == before


def test_a_new_term_has_a_new_salt(course: Path) -> None:
    """The old one is kept, and what to do next is said."""
    before = (course / ".salt").read_text(encoding="ascii")
    said = _run("new", "term", "--course", course).output.splitlines()
    (old,) = [path for path in (course / ".salts").iterdir() if path.name != ".gitignore"]

    assert (course / ".salt").read_text(encoding="ascii") != before
    assert old.read_text(encoding="ascii") == before
    assert said == [
        f"hidden tests have new inputs; to regrade the last term, put {old} back as .salt",
        "next: autograder verify, then autograder build, and upload the new zips",
    ]


def test_a_new_term_can_be_proved_at_once(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the new salt, by verify itself."""
    proved = []

    def claims_about(assignment: object, salt: str, proof: object) -> list[object]:
        proved.append((assignment, salt, proof))
        return []

    monkeypatch.setattr("autograder.proof.verify.claims_about", claims_about)

    done = _run("new", "term", "--verify", "--course", course)

    assert done.exit_code == 0, done.output
    assert "next: autograder build, and upload the new zips" in done.output
    assert [salt for _, salt, _ in proved] == [(course / ".salt").read_text(encoding="ascii").strip()]


@pytest.fixture
def varied(course: Path) -> Path:
    """Give a course in which a term chooses by what `double` multiplies."""
    folder = course / "assignments" / "small"
    for name, old, new in (
        ("small.py", "import numpy as np\n", "import numpy as np\n\nFACTOR = 2  # VARIANT factor\n"),
        ("small.py", "return 2 * x", "return FACTOR * x"),
        ("public/test_double.py", "import pytest\n", "import pytest\n\nFACTOR = 2  # VARIANT factor\n"),
        ("public/test_double.py", "2 * x", "FACTOR * x"),
        ("hidden/test_twice.py", "4 * x", "reference.FACTOR**2 * x"),
        ("handout.md", "Double it.", "Times <!-- VARIANT factor -->2<!-- END VARIANT -->."),
    ):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    with (folder / "assignment.toml").open("a", encoding="utf-8") as manifest:
        manifest.write('[variants.factor]\nabout = "times"\nchosen = "two"\nchoices = { two = 2, three = 3 }\n')
    return course


def test_choices_are_listed(varied: Path) -> None:
    """In the form in which they are chosen."""
    assert _run("choose", "--course", varied).output == "small.factor=two  (or three)  times\n"


def test_a_choice_is_built_and_graded(varied: Path) -> None:
    """Handout, stubs, solution and every test follow it."""
    chosen = _run("choose", "small.factor=three", "--course", varied)
    built = _run("build", "small", "--course", varied)
    graded = _run("grade", "small", varied / "dist" / "small" / "solved.zip", "--course", varied)

    assert (chosen.exit_code, built.exit_code) == (0, 0), built.output
    assert sorted(chosen.output.split()) == [
        f"assignments/small/{name}" for name in ("assignment.toml", "handout.md", "public/test_double.py", "small.py")
    ]
    assert (varied / "starter" / "small" / "README.md").read_text(encoding="utf-8").endswith("Times 3.\n")
    assert "FACTOR = 3" in (varied / "starter" / "small" / "small.py").read_text(encoding="utf-8")
    assert "10 of 10" in graded.output


def test_what_is_not_as_chosen_is_neither_built_nor_proven(varied: Path) -> None:
    """Both say what to run."""
    manifest = varied / "assignments" / "small" / "assignment.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('"two"', '"three"'), encoding="utf-8")

    built, proven = (_program(verb, "small", cwd=varied) for verb in ("build", "verify"))

    assert (built.returncode, proven.returncode) == (1, 1)
    for said in (built.stderr, proven.stdout):
        assert "2<!-- END VARIANT -->.' is not what the manifest has chosen" in said
        assert "autograder choose small.factor=three" in said


def test_a_new_term_may_choose(varied: Path) -> None:
    """What cannot be chosen is a wrong call that leaves the salt alone; what can be is written, with a new salt."""
    before = (varied / ".salt").read_text(encoding="ascii")
    wrong = _program("new", "term", "--variant", "small.factor=tree", cwd=varied)
    kept = (varied / ".salt").read_text(encoding="ascii")
    right = _program("new", "term", "--variant", "small.factor=three", cwd=varied)

    assert (wrong.returncode, kept) == (2, before)
    assert wrong.stderr.endswith("no choice of 'factor' is named 'tree'\n  did you mean 'three'?\n")
    assert right.returncode == 0
    assert "back as .salt and run: autograder choose small.factor=two\n" in right.stdout
    assert (varied / ".salt").read_text(encoding="ascii") != before
    assert _run("choose", "--course", varied).output == "small.factor=three  (or two)  times\n"


def test_a_new_term_without_a_salt_chooses_nothing(varied: Path) -> None:
    """It would be half done."""
    (varied / ".salt").unlink()

    done = _program("new", "term", "--variant", "small.factor=three", cwd=varied)

    assert (done.returncode, "the course has no salt" in done.stderr) == (2, True)
    assert _run("choose", "--course", varied).output == "small.factor=two  (or three)  times\n"


def test_data_that_are_there_and_not_are_listed(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a network: what can be fetched, what is embedded, what an assignment has of its own."""
    monkeypatch.setenv("AUTOGRADER_DATA", str(tmp_path / "cache"))
    own = course / "assignments" / "small" / "data"
    own.mkdir()
    (own / "tiny_train.npz").touch()
    lines = _run("data", "list", "--course", course).output.splitlines()

    assert lines[0] == f"-- mnist           not in {tmp_path / 'cache'}: autograder data fetch mnist"
    assert [line.split()[:2] for line in lines[1:]] == [
        ["--", "fashion_mnist"], ["--", "cifar10"], ["ok", "mnist_sample"], ["ok", "tiny"],
    ]  # fmt: skip


def test_fetching_an_unknown_data_set_is_status_one(course: Path) -> None:
    """The nearest name is offered."""
    done = _program("data", "fetch", "minst", cwd=course)

    assert (done.returncode, done.stderr) == (1, "Error: data set 'minst': is not known\n  did you mean 'mnist'?\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("grade", "small", "."), "the course lies among these hand-ins"),
        (("grade", "small", "empty"), "there is no hand-in in this folder"),
        (("grade", "small", "small.py", "--out", "small.py/out"), "cannot be made: Not a directory"),
        (("grade", "small", "small.py", "--out", "out", "--store", "nonsense"), "no address of a database"),
        (("grade", "small", "small.py", "--store", "postgresql://db/grades"), "name the run's folder, too, with --out"),
        (("report", "empty"), "no run is stored here"),
        (("regrade", "empty"), "no run is stored here"),
    ],
)
def test_a_place_that_cannot_be_used_is_a_wrong_call(course: Path, words: tuple[str, ...], told: str) -> None:
    """Status 2, without a traceback."""
    (course / "empty").mkdir()
    shutil.copy(course / "assignments" / "small" / "small.py", course)

    done = _program(*words, cwd=course)

    assert (done.returncode, told in done.stderr, "Traceback" in done.stderr) == (2, True, False)
