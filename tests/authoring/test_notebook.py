"""Notebooks stand alone, are the same on every build, and run from top to bottom."""

import base64
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from autograder.assignment import Assignment
from autograder.authoring.markers import reference_text, starter_text
from autograder.authoring.notebook import notebook
from autograder.errors import BuildError
from autograder.packaging.build import reference_files, starter_files

SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'
HANDOUT = """\
# Small

Read this.

```python
# no heading
```

## Doubling

![a row](figures/row.svg)
"""


def text_of(assignment: Assignment) -> str:
    """Give the solved text of an assignment."""
    return reference_text(assignment.source.read_text(encoding="utf-8"), assignment.source)


def cells_of(assignment: Assignment) -> list[nbformat.NotebookNode]:
    """Give the cells of the solved notebook."""
    text = notebook(assignment, text_of(assignment), HANDOUT, {"row.svg": SVG})
    return list(nbformat.reads(text, as_version=4)["cells"])


def run(folder: Path, name: str) -> str:
    """Run a notebook from top to bottom in its own folder, and give what it printed."""
    made = nbformat.read(folder / name, as_version=4)
    done = NotebookClient(made, timeout=60, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in done["cells"] for output in cell.get("outputs", ())]
    return "".join(output.get("text", "") for output in outputs)


@pytest.fixture
def built(small: Assignment, tmp_path: Path) -> Path:
    """Write the built folders of the small assignment."""
    for kind, files in (("starter", starter_files(small)), ("reference", reference_files(small))):
        for path, content in files.items():
            file = tmp_path / kind / small.name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
    return tmp_path


def test_notebook_is_valid_and_the_same_on_every_build(small: Assignment) -> None:
    """A notebook keeps to the schema, and its bytes depend on its source alone."""
    texts = {notebook(small, text_of(small), HANDOUT, {"row.svg": SVG}) for _ in range(2)}
    made = nbformat.reads(texts.pop(), as_version=4)
    nbformat.validate(made)

    assert (len(texts), made.nbformat_minor) == (0, 5)


def test_handout_is_cut_at_its_headings(small: Assignment) -> None:
    """Each heading begins a cell, and a comment inside a code block is no heading."""
    assert [cell.source.splitlines()[0] for cell in cells_of(small)[:2]] == ["# Small", "## Doubling"]


def test_pictures_are_inside_the_notebook(small: Assignment) -> None:
    """A picture of the handout becomes data in the cell, so that the notebook needs no folder."""
    data = base64.b64encode(SVG.encode()).decode()

    assert cells_of(small)[1].source.endswith(f"![a row](data:image/svg+xml;base64,{data})")


def test_picture_that_nobody_draws_is_an_error(small: Assignment) -> None:
    """A picture that figures.py does not draw is named with the ones it does."""
    with pytest.raises(BuildError) as error:
        notebook(small, text_of(small), HANDOUT, {"column.svg": SVG})

    assert str(error.value) == (
        f"{small.folder / 'handout.md'}: there is no picture figures/row.svg\n  figures.py draws column.svg"
    )


def test_each_function_is_followed_by_its_check(small: Assignment) -> None:
    """The header comes first, then each question's title, functions and check."""
    code = [cell.source for cell in cells_of(small)[3:]]

    assert [line.splitlines()[0] for line in code] == [
        '"""Small."""',
        "from coursekit.notebook import check",
        "## Double",
        "def double(x):",
        'check("double")',
        "## Twice",
        "def twice(f, x):",
        'check("twice")',
    ]


def test_question_without_functions_is_checked_at_the_end(small: Assignment) -> None:
    """A question none of whose functions stands in the module has its check behind the last cell."""
    made = nbformat.reads(notebook(small, "X = 1\n", "", {}), as_version=4)

    assert [cell.source for cell in made["cells"][-2:]] == ['check("double")', 'check("twice")']


def test_a_section_stands_before_its_question(small: Assignment) -> None:
    """What the handout says of a question is read where it is written; the mark itself is not."""
    handout = "# Small\n\n### Two times\n<!-- before: twice -->\n\nApply it.\n\n## Rules\n"
    made = nbformat.reads(notebook(small, text_of(small), handout, {}), as_version=4)
    text = [cell.source for cell in made["cells"] if cell.cell_type == "markdown"]

    assert [text[0], text[1], *text[-2:]] == ["# Small", "## Rules", "## Twice", "### Two times\n\nApply it."]


def test_a_section_for_no_question_is_an_error(small: Assignment) -> None:
    """The nearest question is offered."""
    with pytest.raises(BuildError) as error:
        notebook(small, text_of(small), "# Small\n<!-- before: twize -->\n", {})

    assert str(error.value) == (
        f"{small.folder / 'handout.md'}: '<!-- before: twize -->' names no question\n  did you mean 'twice'?"
    )


def test_decorators_and_constants_keep_their_place(small: Assignment) -> None:
    """Decorators go with their function, and constants between functions keep their blank lines."""
    source = "A = 1\n\nB = 2\n\n\n@print\ndef double(x):\n    return 1\n\n\nC = 3\n"
    made = nbformat.reads(notebook(small, source, "", {}), as_version=4)
    code = [cell.source for cell in made["cells"] if cell.cell_type == "code"]

    assert [code[0], code[2], code[4]] == ["A = 1\n\nB = 2", "@print\ndef double(x):\n    return 1", "C = 3"]


def test_solved_notebook_runs_and_shows_the_points(built: Path) -> None:
    """The solved notebook runs where it is built, and each check says what its tests give."""
    said = run(built / "reference" / "small", "small.ipynb")

    assert "4 of 4 points that the public tests of double give" in said


def test_questions_notebook_runs_and_says_what_is_to_do(built: Path) -> None:
    """A stub in the notebook is work to do, not an error."""
    said = run(built / "starter" / "small", "small.ipynb")

    assert "0 of 4 points that the public tests of double give" in said
    assert "to do: double doubles an array." in said


def test_check_tests_what_the_notebook_defines_now(built: Path) -> None:
    """A check follows a function that is written anew in a later cell, and shows its hint when it is wrong."""
    folder = built / "starter" / "small"
    made = nbformat.read(folder / "small.ipynb", as_version=4)
    for body in ("3 * x", "2 * x"):
        cell = nbformat.v4.new_code_cell(f'def double(x):\n    return {body}\n\n\ncheck("double")')  # type: ignore[no-untyped-call]
        made["cells"].append(cell)
    nbformat.write(made, folder / "other.ipynb")
    said = run(folder, "other.ipynb")

    assert "hint: Multiply by two." in said
    assert "3 of 4 points that the public tests of double give" in said


def test_a_cell_that_raises_stops_the_run(built: Path) -> None:
    """The runs above would notice a cell that raises."""
    folder = built / "reference" / "small"
    made = nbformat.read(folder / "small.ipynb", as_version=4)
    made["cells"].append(nbformat.v4.new_code_cell("1 / 0"))  # type: ignore[no-untyped-call]
    nbformat.write(made, folder / "other.ipynb")

    with pytest.raises(CellExecutionError, match="division by zero"):
        run(folder, "other.ipynb")


def test_starter_text_and_notebook_agree(small: Assignment) -> None:
    """The cells of the questions' notebook are the module of the kit, piece by piece."""
    stubs = starter_text(small.source.read_text(encoding="utf-8"), small.source)
    made = nbformat.reads(notebook(small, stubs, "", {}), as_version=4)
    code = [cell.source for cell in made["cells"] if cell.cell_type == "code" and "check" not in cell.source]

    assert "\n\n\n".join(code) + "\n" == stubs
