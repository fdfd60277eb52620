"""The course's notebooks run from top to bottom, offline, each in a kernel of its own, with its kit beside it."""

from pathlib import Path, PurePosixPath

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.assignment import Assignment, find_assignments, package_name
from autograder.authoring.weights import solved_weights
from autograder.packaging.build import kit_files, reference_files

ASSIGNMENTS = find_assignments(Path(__file__).resolve().parents[1])
_MODULES = {"scikit-image": "skimage"}


@pytest.fixture(params=ASSIGNMENTS, ids=lambda assignment: assignment.name)
def built(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Assignment, Path]:
    """Unpack the kit and the reference of an assignment where its requirements are installed."""
    assignment: Assignment = request.param
    for requirement in assignment.requires:
        pytest.importorskip(_MODULES.get(package_name(requirement), package_name(requirement)))
    kit, solved = PurePosixPath("starter", assignment.name), PurePosixPath("reference", assignment.name)
    files = {kit / path: content for path, content in (kit_files(assignment) | solved_weights(assignment)).items()}
    for path, content in (files | {solved / path: text for path, text in reference_files(assignment).items()}).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return assignment, tmp_path


def _checks(folder: Path) -> list[str]:
    """Run the notebook of a folder, and give what its check cells print."""
    made = nbformat.read(folder / f"{folder.name}.ipynb", as_version=4)
    done = NotebookClient(made, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    cells = [cell for cell in done["cells"] if cell["source"].startswith("check(")]
    return ["".join(output.get("text", "") for output in cell["outputs"]) for cell in cells]


def test_the_solved_notebook_earns_all_that_public_tests_give(built: tuple[Assignment, Path]) -> None:
    """No cell raises, and each check is content."""
    assignment, folder = built
    said = _checks(folder / "reference" / assignment.name)
    points = [line.split(" points that the public tests of ")[0].split(" of ") for line in said]

    assert len(said) == len(assignment.tested)
    assert [line for line, (earned, possible) in zip(said, points, strict=True) if earned != possible] == []


def test_the_questions_notebook_says_what_is_to_do(built: tuple[Assignment, Path]) -> None:
    """Stubs stop no cell; each check says what it waits for, and what is to do."""
    assignment, folder = built
    said = _checks(folder / "starter" / assignment.name)

    assert len(said) == len(assignment.tested)
    assert [text for text in said if not text.startswith("0 of ") or "\nto do: " not in text] == []
