"""Known mistakes are edits that fit, or errors with file and line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.assignment import Assignment, load_assignment
from autograder.authoring.mistakes import Edit, Mistake, load_mistakes
from autograder.errors import MistakeError

MANIFEST = """
title = "Doubling"
hand_in = ["double.py"]
points = 1

[[questions]]
id = "double"
title = "Double"

[[questions]]
id = "triple"
title = "Triple"
"""
SOURCE = """\
def double(x):
    return 2 * x


class Doubler:
    @staticmethod
    def run(x):
        return 2 * x


def triple(x):
    return x + x + x
"""
ENTRY = """\
# Wrong ones.

[[mistakes]]
id = "1"
name = "triples"
question = "double"
hint = "Multiply by two."
also = ["triple"]
edits = [{ in = "double", replace = "2", by = "3" }]
"""

Write = Callable[[str], Assignment]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an assignment with this list of mistakes."""
    folder = tmp_path / "doubling"
    folder.mkdir()
    (folder / "assignment.toml").write_text(MANIFEST, encoding="utf-8")

    def write(text: str) -> Assignment:
        (folder / "mistakes.toml").write_text(text, encoding="utf-8")
        return load_assignment(folder)

    return write


def mistake(*edits: Edit) -> Mistake:
    """Make a mistake of edits."""
    return Mistake("1", "wrong", "double", "Multiply.", (), edits, "mistakes.toml:3")


def test_entry_is_read_with_its_line(write: Write) -> None:
    """An entry is read in full, and knows where it stands."""
    assignment = write(ENTRY)
    where = f"{assignment.folder / 'mistakes.toml'}:3"

    assert load_mistakes(assignment) == (
        Mistake("1", "triples", "double", "Multiply by two.", ("triple",), (Edit("double", "2", "3"),), where),
    )


def test_other_names_that_fit_are_read(write: Write) -> None:
    """What else is true of a mistake stands beside its hint."""
    (mistake,) = load_mistakes(write(ENTRY.replace("also =", 'fits = ["Too large."]\nalso =')))

    assert mistake.fits == ("Too large.",)


def test_no_list_means_no_mistakes(write: Write) -> None:
    """An assignment without mistakes.toml has no known mistakes."""
    assignment = write("")
    (assignment.folder / "mistakes.toml").unlink()

    assert load_mistakes(assignment) == ()


def test_edit_stays_inside_its_function() -> None:
    """An edit touches its own function alone, though the text stands elsewhere too."""
    assert mistake(Edit("double", "2 * x", "3 * x")).apply(SOURCE) == SOURCE.replace("2 * x", "3 * x", 1)


def test_edit_of_a_method_names_class_and_method() -> None:
    """A method is named with its class, and its decorators belong to it."""
    wrong = mistake(Edit("Doubler.run", "staticmethod", "classmethod"), Edit("Doubler.run", "2 * x", "x"))

    assert "@classmethod\n    def run(x):\n        return x\n" in wrong.apply(SOURCE)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            Edit("double", "4", "3"),
            (
                "mistakes.toml:3: mistake 1: '4' stands 0 times in double, not once\n"
                "  make 'replace' longer or shorter until it names one place"
            ),
        ),
        (
            Edit("triple", " + x", ""),
            (
                "mistakes.toml:3: mistake 1: ' + x' stands 2 times in triple, not once\n"
                "  make 'replace' longer or shorter until it names one place"
            ),
        ),
        (
            Edit("dubble", "2", "3"),
            "mistakes.toml:3: mistake 1 edits 'dubble', which is not there\n  did you mean 'double'?",
        ),
        (
            Edit("zzz", "2", "3"),
            (
                "mistakes.toml:3: mistake 1 edits 'zzz', which is not there\n"
                "  name a function, a class or Class.method of the module"
            ),
        ),
        (
            Edit("double", "2 * x", "2 *"),
            (
                "mistakes.toml:3: mistake 1 gives no valid Python: invalid syntax: return 2 *\n"
                "  a mistake must still run; correct 'by'"
            ),
        ),
    ],
)
def test_edit_that_does_not_fit_is_an_error(edit: Edit, message: str) -> None:
    """An edit that names no place, several places or no function, or breaks the code, is an error."""
    with pytest.raises(MistakeError) as error:
        mistake(edit).apply(SOURCE)

    assert str(error.value) == message


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "1"\n', "", ":3: key 'id' is missing\n  'id' must be a text"),
        ('id = "1"', "id = 1", ":3: 'id' must be a text, got 1"),
        ('hint = "Multiply by two."', 'hint = ""', ":3: 'hint' must be a text, got ''"),
        ("hint =", "hnt =", ":3: unknown key 'hnt'\n  did you mean 'hint'?"),
        ("also =", "zzz =", ":3: unknown key 'zzz'\n  known keys: id, name, question, hint, fits, also, slow, edits"),
        ('also = ["triple"]', 'also = "triple"', ":3: 'also' must be a list of questions, got 'triple'"),
        ("also =", 'fits = "Too large."\nalso =', ":3: 'fits' must be a list of texts, got 'Too large.'"),
        ("also =", 'fits = [""]\nalso =', ":3: 'fits' must be a list of texts, got ['']"),
        ('"triple"', '"tripel"', ":3: 'tripel' is no question of doubling\n  did you mean 'triple'?"),
        ('question = "double"', 'question = "z"', ":3: 'z' is no question of doubling\n  questions: double, triple"),
        ("[{ in", "[7, { in", ":3: an edit must be a table, got [7, {'in': 'double', 'replace': '2', 'by': '3'}]"),
        (', by = "3"', "", ":3: key 'by' is missing\n  'by' of an edit must be a text"),
        ('by = "3"', "by = 3", ":3: 'by' of an edit must be a text, got 3"),
        ('by = "3"', 'bye = "3"', ":3: unknown key 'bye'\n  did you mean 'by'?"),
        ('by = "3"', 'by = "2"', ":3: an edit of 'double' changes nothing\n  'replace' and 'by' must differ"),
        ('[{ in = "double", replace = "2", by = "3" }]', "[]", ":3: 'edits' must be a list of edits, got []"),
        ("edits =", "[mistakes.edits]\nx =", ":3: 'edits' must be a list of edits, got"),
        ("[[mistakes]]", "[[mistake]]", ": unknown key 'mistake'\n  did you mean 'mistakes'?"),
        ("[[mistakes]]", "[mistakes]", ": the mistakes are not all tables\n  begin each with a line [[mistakes]]"),
        ("id =", "id", ": not valid TOML: Expected '=' after a key in a key/value pair (at line 4, column 4)"),
    ],
)
def test_entry_that_cannot_be_used_is_an_error(write: Write, old: str, new: str, message: str) -> None:
    """Every wrong entry has a message with file and line."""
    assignment = write(ENTRY.replace(old, new))

    with pytest.raises(MistakeError) as error:
        load_mistakes(assignment)

    assert str(error.value).startswith(f"{assignment.folder / 'mistakes.toml'}{message}")


def test_id_that_stands_twice_is_an_error(write: Write) -> None:
    """The second of two entries with one id is named, with the first one's line."""
    assignment = write(ENTRY + "\n" + ENTRY)

    with pytest.raises(MistakeError) as error:
        load_mistakes(assignment)

    where = f"{assignment.folder / 'mistakes.toml'}:13"
    assert str(error.value) == f"{where}: mistake 1 stands at line 3 already\n  give it another id"
