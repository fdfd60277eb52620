"""The program of a starter kit that checks and zips: every case as a student meets it."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.authoring.markers import reference_text
from autograder.grading.handin import open_handin
from autograder.packaging.build import kit_files

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def kit(small: Assignment, tmp_path: Path) -> Path:
    """Unpack the small assignment's kit."""
    folder = tmp_path / "small"
    for path, content in kit_files(small).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


@pytest.fixture
def run(kit: Path) -> Run:
    """Run hand_in.py with nothing but the standard library in reach."""

    def run(*options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", str(kit / "hand_in.py"), *options]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=kit.parent)

    return run


def solve(kit: Path, small: Assignment) -> None:
    """Write the solved module into the kit."""
    text = reference_text(small.source.read_text(encoding="utf-8"), small.source)
    (kit / "small.py").write_text(text, encoding="utf-8")


def names(path: Path) -> list[str]:
    """List what is in a zip."""
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_untouched_kit_is_zipped_with_a_list_of_what_is_to_do(run: Run, kit: Path) -> None:
    """Handing in stubs is allowed, and the program says what is still to do."""
    done = run()

    assert (done.returncode, done.stdout) == (
        0,
        (
            "still to do: double\nstill to do: twice\n"
            "wrote small.zip with small.py: hand this file in\nhanded in by you alone; see --team\n"
        ),
    )
    assert names(kit / "small.zip") == ["small.py"]


def test_solved_kit_has_nothing_to_do(run: Run, kit: Path, small: Assignment) -> None:
    """A solved module is zipped without remarks."""
    solve(kit, small)

    assert run().stdout.splitlines()[0] == "wrote small.zip with small.py: hand this file in"


def test_team_travels_in_the_zip(run: Run, kit: Path, small: Assignment) -> None:
    """Names given with --team are what the grader reads, each once."""
    done = run("--team", "ada@x.org", "bob@x.org", "ada@x.org")

    assert done.returncode == 0
    assert open_handin(kit / "small.zip", small).members == ("ada@x.org", "bob@x.org")


def test_notebook_is_zipped_in_place_of_the_module(run: Run, kit: Path, small: Assignment) -> None:
    """With --notebook the notebook is the hand-in, and its stubs are listed."""
    done = run("--notebook")

    assert done.stdout.splitlines()[:2] == ["still to do: double", "still to do: twice"]
    assert open_handin(kit / "small.zip", small).notebook


def test_last_definition_in_a_notebook_counts(run: Run, kit: Path) -> None:
    """A function that is written in a later cell is no longer to do."""
    file = kit / "small.ipynb"
    made = json.loads(file.read_text(encoding="utf-8"))
    cell = {"cell_type": "code", "source": ["%time\n", "def double(x):\n", "    return 2 * x\n", "!ls"]}
    made["cells"].append(cell)
    file.write_text(json.dumps(made), encoding="utf-8")

    assert run("--notebook").stdout.splitlines()[0] == "still to do: twice"


def test_refused_names_are_pointed_out(run: Run, kit: Path) -> None:
    """A refused name is named with its line, before a grader sees it."""
    (kit / "small.py").write_text("import numpy as np\n\n\ndef f(x):\n    return np.pad(x, 1)\n", encoding="utf-8")

    assert run().stdout.splitlines()[0] == "line 5 uses numpy.pad, which is refused here: it would earn nothing"


def test_methods_are_listed_with_their_class(run: Run, kit: Path) -> None:
    """A method that is still a stub is named with its class."""
    text = "class Net:\n    def forward(self):\n        raise NotImplementedError('Net.forward: write it')\n"
    (kit / "small.py").write_text(text, encoding="utf-8")

    assert run().stdout.splitlines()[0] == "still to do: Net.forward"


def test_byte_order_mark_of_an_editor_is_fine(run: Run, kit: Path) -> None:
    """A file that Windows' editor saved is no syntax error."""
    (kit / "small.py").write_text("X = 1\n", encoding="utf-8-sig")

    assert run().returncode == 0


def test_nothing_of_the_student_runs(run: Run, kit: Path) -> None:
    """A module that ends the process at import is only read."""
    (kit / "small.py").write_text("import os\nos._exit(7)\n", encoding="utf-8")

    assert run().returncode == 0


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("small.py", b"def f(:\n", "not written: small.py, line 1: invalid syntax: def f(:"),
        ("small.py", b"x = '\xff'\n", "not written: small.py, line 1: (unicode error)"),
        ("small.py", b"x = 1\0\n", "not written: small.py"),
        ("small.py", b"#" * (21 * 2**20), "not written: 21 MB is more than 20 MB; hand in code, without data sets"),
        ("small.py", None, "not written: small.py is missing; it must lie beside hand_in.py"),
        ("assignment.toml", None, "not written: assignment.toml is missing; keep hand_in.py in the folder"),
    ],
    ids=["syntax", "encoding", "nul", "large", "missing", "moved"],
)
def test_work_that_cannot_be_handed_in_is_refused(
    run: Run, kit: Path, name: str, content: bytes | None, message: str
) -> None:
    """What a grader could not open is said at once, and no zip is written."""
    if content is None:
        (kit / name).unlink()
    else:
        (kit / name).write_bytes(content)
    done = run()

    assert (done.returncode, done.stdout[: len(message)]) == (1, message)
    assert not (kit / "small.zip").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "not written: one notebook must lie beside hand_in.py, found none"),
        ("{}", "not written: small.ipynb is no notebook that can be read; save it again"),
        ("no json", "not written: small.ipynb cannot be read ("),
    ],
)
def test_notebook_that_cannot_be_read_is_refused(run: Run, kit: Path, content: str | None, message: str) -> None:
    """A missing or a broken notebook is said at once."""
    if content is None:
        (kit / "small.ipynb").unlink()
    else:
        (kit / "small.ipynb").write_text(content, encoding="utf-8")

    assert run("--notebook").stdout.startswith(message)


def test_two_notebooks_are_refused(run: Run, kit: Path) -> None:
    """With two notebooks it is not clear which one is meant."""
    (kit / "copy.ipynb").write_text("{}", encoding="utf-8")

    assert run("--notebook").stdout == (
        "not written: one notebook must lie beside hand_in.py, found copy.ipynb, small.ipynb\n"
    )


def test_further_file_goes_along_or_is_missed(run: Run, kit: Path) -> None:
    """A second file of the manifest, such as weights, lies beside the module; without it that is said."""
    manifest = (kit / "assignment.toml").read_text(encoding="utf-8").replace('["small.py"]', '["small.py", "w.npz"]')
    (kit / "assignment.toml").write_text(manifest, encoding="utf-8")
    said = run().stdout
    (kit / "w.npz").write_bytes(b"weights")
    run()

    assert "not there, and so not handed in: w.npz\n" in said
    assert names(kit / "small.zip") == ["small.py", "w.npz"]


def test_trained_weights_go_along_or_are_missed(run: Run, kit: Path) -> None:
    """In either form; both at once are refused, since only one can count."""
    weights = 'points = 10\nweights = { file = "net", parameters = 9 }'
    manifest = (kit / "assignment.toml").read_text(encoding="utf-8").replace("points = 10", weights)
    (kit / "assignment.toml").write_text(manifest, encoding="utf-8")
    said = run().stdout
    (kit / "net.pt").write_bytes(b"weights")
    run()
    found = names(kit / "small.zip")
    (kit / "net.safetensors").write_bytes(b"weights")

    assert "not there, and so not handed in: net.safetensors, the trained weights\n" in said
    assert found == ["small.py", "net.pt"]
    assert "not written: net.safetensors and net.pt are both here; keep the one that counts" in run().stdout


def test_a_written_answer_goes_along_or_is_missed(run: Run, kit: Path) -> None:
    """Whatever its form, it is named as its question."""
    with (kit / "assignment.toml").open("a", encoding="utf-8") as manifest:
        manifest.write('\n[[questions]]\nid = "why"\ntitle = "Why"\nkind = "written"\n')
    said = run().stdout
    (kit / "why.pdf").write_bytes(b"%PDF-1.7")
    run()

    assert "not there, and so not handed in: why.pdf, .md or .jpg, which a person marks\n" in said
    assert names(kit / "small.zip") == ["small.py", "why.pdf"]


def test_wrong_call_has_its_own_status(run: Run) -> None:
    """An unknown option is a wrong call, status 2."""
    assert run("--nonsense").returncode == 2
