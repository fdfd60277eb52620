"""Where the values of variants are marked, and how a choice is written there."""

import hashlib
import shutil
from pathlib import Path

import pytest

from autograder.assignment import find_assignments, load_assignment
from autograder.authoring.variants import choose, require_followed, unmarked
from autograder.errors import AutograderError, ManifestError, MarkerError

ROOT = Path(__file__).parents[2]
MANIFEST = """title = "T"
hand_in = ["solution.py"]
points = 5

[[questions]]
id = "first"
title = "First"

[variants.luma]
about = "weights"
chosen = "new"
choices.new = { weights = [0.2, 0.8], name = 'the "new" one', on = true }
choices.old = { weights = [0.3], name = "the old one, °", on = false }

[variants.mode]
about = "mode"
chosen = 'zero'   # the usual one
choices = { zero = "zero", wrap = "wrap" }
"""
SOURCE = """WEIGHTS: Final = (0.2, 0.8)  # VARIANT luma.weights: of red and green

def first():
    weights = [0.2, 0.8]  # VARIANT luma.weights
    on = True  # VARIANT luma.on
    return weights == 3  # variants are no marks
"""
MISTAKES = """hint = "the \\"new\\" one"  # VARIANT luma.name
slow = true  # VARIANT luma.on
"""
HANDOUT = """# T
The <!-- VARIANT luma.name -->the "new" one<!-- END VARIANT -->:
<!-- VARIANT luma.weights -->0.2, 0.8<!-- END VARIANT -->
<!-- before: first --> in mode <!-- VARIANT mode -->zero<!-- END VARIANT -->.
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write a course with one assignment that has two variants, and give its folder."""
    folder = tmp_path / "assignments" / "a1"
    folder.mkdir(parents=True)
    texts = {"assignment.toml": MANIFEST, "solution.py": SOURCE, "mistakes.toml": MISTAKES, "handout.md": HANDOUT}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return tmp_path


def _text(root: Path, name: str) -> str:
    return (root / "assignments" / "a1" / name).read_text(encoding="utf-8")


def _broken(root: Path) -> str:
    with pytest.raises(AutograderError) as error:
        require_followed(load_assignment(root / "assignments" / "a1"))
    return str(error.value).replace(f"{root}/assignments/a1/", "")


def test_values_as_chosen_are_fine(root: Path) -> None:
    """Nothing has to be done before an assignment can be used."""
    require_followed(load_assignment(root / "assignments" / "a1"))


def test_a_choice_is_written_wherever_it_is_marked(root: Path) -> None:
    """As Python, as TOML and as prose; the manifest says which it is."""
    changed = choose(root, ["a1.luma=old"])

    assert sorted(file.name for file in changed) == ["assignment.toml", "handout.md", "mistakes.toml", "solution.py"]
    assert 'chosen = "old"\nchoices.new' in _text(root, "assignment.toml")
    assert _text(root, "solution.py") == SOURCE.replace("(0.2, 0.8)", "(0.3,)").replace("[0.2, 0.8]", "[0.3]").replace(
        "True", "False"
    )
    assert _text(root, "mistakes.toml") == MISTAKES.replace('the \\"new\\" one', "the old one, °").replace(
        "true", "false"
    )
    assert _text(root, "handout.md") == HANDOUT.replace('the "new" one', "the old one, °").replace("0.2, 0.8", "0.3")
    require_followed(load_assignment(root / "assignments" / "a1"))


def test_the_way_back_gives_the_same_bytes(root: Path) -> None:
    """But for the quotes of a manifest's line; what it says behind stays."""
    choose(root, ["a1.luma=old", "a1.mode=wrap"])
    choose(root, ["a1.luma=new", "a1.mode=zero"])

    assert _text(root, "assignment.toml") == MANIFEST.replace("'zero'", '"zero"')
    assert (_text(root, "solution.py"), _text(root, "handout.md")) == (SOURCE, HANDOUT)


def test_lines_end_as_they_did(root: Path) -> None:
    """Also where git on Windows has made two characters of each end."""
    file = root / "assignments" / "a1" / "solution.py"
    file.write_bytes(SOURCE.replace("\n", "\r\n").encode())
    choose(root, ["a1.luma=old"])

    assert file.read_bytes().startswith(b"WEIGHTS: Final = (0.3,)  # VARIANT luma.weights: of red and green\r\n\r\n")
    assert b"    on = False  # VARIANT luma.on\r\n" in file.read_bytes()


def test_a_choice_that_holds_already_changes_nothing(root: Path) -> None:
    """No file is touched."""
    assert choose(root, ["a1.luma=new"]) == []


def test_a_choice_repairs_what_was_changed_by_hand(root: Path) -> None:
    """The complaint says what to run, and that helps."""
    file = root / "assignments" / "a1" / "solution.py"
    file.write_text(SOURCE.replace("(0.2, 0.8)", "(0.2, 0.81)"), encoding="utf-8")

    assert _broken(root) == (
        "solution.py:1: 'WEIGHTS: Final = (0.2, 0.81)  # VARIANT luma.weights: of red and green' is not what the "
        "manifest has chosen\n  autograder choose a1.luma=new a1.mode=zero"
    )
    assert choose(root, ["a1.luma=new", "a1.mode=zero"])[0] == file
    assert file.read_text(encoding="utf-8") == SOURCE


LIKE = "looks like a mark of a variant but is not one"
LINE = f"{LIKE}\n  write 'NAME = value  # VARIANT <name>', on one line"
SPAN = f"{LIKE}\n  write '<!-- VARIANT <name> -->value<!-- END VARIANT -->'"
KNOWN = "the manifest has: luma.weights, luma.name, luma.on, mode"


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("solution.py", "X = 1  # VARIANT lumma.on", "7: no variant is named 'lumma.on'\n  did you mean 'luma.on'?"),
        ("solution.py", "X = 1  # VARIANT other", f"7: no variant is named 'other'\n  {KNOWN}"),
        ("solution.py", "f(1)  # VARIANT mode", f"7: '# VARIANT mode' {LINE}"),
        ("solution.py", "X = 1  # variant: mode", f"7: '# variant: mode' {LINE}"),
        ("mistakes.toml", "x = 1  # VARIANT", f"3: '# VARIANT' {LINE}"),
        ("handout.md", "<!-- VARIANT mode -->zero", f"5: '<!-- VARIANT mode -->' {SPAN}"),
        ("handout.md", "zero<!-- end variant -->", f"5: '<!-- end variant -->' {SPAN}"),
    ],
)
def test_marks_that_are_none_are_errors(root: Path, name: str, line: str, message: str) -> None:
    """With file, line and remedy; nothing is written then."""
    file = root / "assignments" / "a1" / name
    file.write_text(file.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")

    assert _broken(root) == f"{name}:{message}"
    with pytest.raises(MarkerError):
        choose(root, ["a1.luma=old"])
    assert 'chosen = "new"' in _text(root, "assignment.toml")


def test_a_variant_that_nothing_uses_is_an_error(root: Path) -> None:
    """A choice would decide nothing."""
    (root / "assignments" / "a1" / "handout.md").write_text("# T\n", encoding="utf-8")

    assert _broken(root) == (
        "assignment.toml: nothing is marked with the variant 'mode'\n"
        "  mark a value with '# VARIANT mode', or take it out"
    )


def test_a_mark_without_variants_is_an_error(root: Path) -> None:
    """Also where the manifest has none at all."""
    text = MANIFEST.partition("[variants")[0]
    (root / "assignments" / "a1" / "assignment.toml").write_text(text, encoding="utf-8")

    assert _broken(root) == "handout.md:2: no variant is named 'luma.name'\n  the manifest has: none"


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("luma", "'luma': this chooses nothing\n  write ASSIGNMENT.VARIANT=CHOICE"),
        ("a1.luma=", "'a1.luma=': this chooses nothing\n  write ASSIGNMENT.VARIANT=CHOICE"),
        ("a2.luma=old", "assignments: no assignment is named 'a2'\n  assignments here: a1"),
        ("a1.lumma=old", "assignment.toml: no variant is named 'lumma'\n  did you mean 'luma'?"),
        ("a1.x=old", "assignment.toml: no variant is named 'x'\n  there are: luma, mode"),
        ("a1.luma=odl", "assignment.toml: no choice of 'luma' is named 'odl'\n  did you mean 'old'?"),
        ("a1.luma=x", "assignment.toml: no choice of 'luma' is named 'x'\n  there are: new, old"),
    ],
)
def test_what_cannot_be_chosen_is_named(root: Path, choice: str, message: str) -> None:
    """And what stands before it is not written either."""
    with pytest.raises(ManifestError) as error:
        choose(root, ["a1.mode=wrap", choice])

    assert str(error.value).endswith(message)
    assert _text(root, "assignment.toml") == MANIFEST


def test_a_choice_needs_a_line_of_its_own(root: Path) -> None:
    """Else it could not be written without writing the whole table."""
    inline = 'variants.mode = { about = "m", chosen = "zero", choices = { zero = "zero", wrap = "wrap" } }\n'
    manifest = inline + MANIFEST.partition("[variants")[0]
    (root / "assignments" / "a1" / "assignment.toml").write_text(manifest, encoding="utf-8")

    with pytest.raises(
        ManifestError, match=r"'variants.mode.chosen' has no line of its own\n  write it below a line \["
    ):
        choose(root, ["a1.mode=wrap"])


def test_students_read_no_marks() -> None:
    """Their handout has the values alone."""
    assert unmarked(HANDOUT) == ('# T\nThe the "new" one:\n0.2, 0.8\n<!-- before: first --> in mode zero.\n')


def test_every_choice_of_this_course_can_be_made_and_taken_back(tmp_path: Path) -> None:
    """Its assignments hold what is chosen, follow each other choice, and come back byte for byte."""
    for file in (ROOT / "assignments").rglob("*"):
        if file.suffix in {".py", ".toml", ".md"}:
            (place := tmp_path / file.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    before = _hashes(tmp_path)
    for assignment in find_assignments(tmp_path):
        for variant in assignment.variants:
            for choice in (*variant.choices, variant.chosen):
                choose(tmp_path, [f"{assignment.name}.{variant.id}={choice}"])
                require_followed(load_assignment(assignment.folder))

    assert _hashes(tmp_path) == before


def _hashes(folder: Path) -> dict[Path, str]:
    return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.rglob("*") if file.is_file()}
