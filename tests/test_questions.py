"""Written questions of a manifest: what is read, and what is complained about."""

from pathlib import Path

import pytest

from autograder.assignment import Assignment, load_assignment
from autograder.errors import ManifestError
from autograder.questions import RubricItem

WRITTEN = """
title = "T"
hand_in = ["solution.py"]
points = 5

[[questions]]
id = "first"
title = "First"

[[questions]]
id = "why"
title = "Why it works"
kind = "written"
points = 3
rubric = [
    { id = "chain", points = 2, text = "names the chain rule" },
    { id = "shapes", points = 1, text = "gives every shape" },
]
"""


def _load(tmp_path: Path, text: str) -> Assignment:
    (tmp_path / "assignment.toml").write_text(text, encoding="utf-8")
    return load_assignment(tmp_path)


def test_a_written_question_has_points_and_a_rubric(tmp_path: Path) -> None:
    """It grades no function, and what a person can give stands in its rubric."""
    assignment = _load(tmp_path, WRITTEN)

    (question,) = assignment.written
    assert (question.points, question.functions) == (3, ())
    assert question.rubric[1] == RubricItem("shapes", 1, "gives every shape")


def test_a_written_question_may_give_no_points(tmp_path: Path) -> None:
    """Its rubric is then a scale, which a course's policy may weight."""
    (question,) = _load(tmp_path, WRITTEN.replace("points = 3", "points = 0")).written

    assert (question.points, len(question.rubric)) == (0, 2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"written"', '"writen"', r"toml:13: 'questions\[1\].kind' must be 'tested' or 'written', got 'writen'"),
        ("points = 3", "points = 4", r"toml:14: 'questions\[1\].points' is 4, but the rubric's items give 3\n  write"),
        ("points = 3", "points = -3", r"toml:14: 'questions\[1\].points' is -3, but the rubric's items give 3"),
        ("points = 3", "", r"toml:10: key 'questions\[1\].points' is missing"),
        ("points = 3", 'points = 3\nbadge = "B"', r"toml:15: 'questions\[1\].badge' does not go with .* 'written'"),
        ('id = "first"', 'id = "first"\npoints = 3', r"toml:8: 'questions\[0\].points' does not go with .* 'tested'"),
        ('"shapes"', '"chain"', r"toml:15: 'questions\[1\].rubric\[1\].id' must be a word of its own, got 'chain'"),
        ('"shapes"', '"two words"', r"'questions\[1\].rubric\[1\].id' must be a word of its own, got 'two words'"),
        ('"shapes"', '"none"', r"'questions\[1\].rubric\[1\].id' must be a word of its own, got 'none'"),
        ("points = 1,", "points = 0,", r"'questions\[1\].rubric\[1\].points' must be above 0, got 0"),
        ("points = 1,", "points = nan,", r"'questions\[1\].rubric\[1\].points' must be above 0, got nan"),
        (', text = "gives every shape"', "", r"toml:15: key 'questions\[1\].rubric\[1\].text' is missing"),
        ("text = ", "txt = ", r"unknown key 'questions\[1\].rubric\[0\].txt'\n  did you mean 'text'\?"),
        ("rubric = [", "rubric = []\nx = [", r"toml:16: unknown key 'questions\[1\].x'"),
        ('title = "First"', 'title = "First"\nneeds = ["why"]', r"toml:9: .*names 'why', which is not above it"),
    ],
)
def test_complaints_name_file_line_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    """A written question that cannot be used is refused with its place and the remedy."""
    with pytest.raises(ManifestError, match=message):
        _load(tmp_path, WRITTEN.replace(old, new))


def test_an_empty_rubric_is_refused(tmp_path: Path) -> None:
    """Nothing could be earned."""
    head, _, _ = WRITTEN.partition("rubric")

    with pytest.raises(ManifestError, match=r"toml:15: 'questions\[1\].rubric' is empty\n  write what an answer"):
        _load(tmp_path, head + "rubric = []")


def test_tests_cannot_need_what_a_person_marks(tmp_path: Path) -> None:
    """A question that tests grade waits for no person."""
    later = '[[questions]]\nid = "last"\ntitle = "Last"\nneeds = ["why"]\n'

    with pytest.raises(ManifestError, match="names 'why', which is not above it\n  did you mean|questions with tests"):
        _load(tmp_path, WRITTEN + later)
