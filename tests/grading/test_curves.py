"""Curves that tests report, from a graded hand-in to what its student sees."""

import shutil
from pathlib import Path

from autograder.assignment import load_assignment
from autograder.authoring.markers import reference_text
from autograder.grading.grade import Grader
from autograder.results.gradescope import to_gradescope
from autograder.results.page import student_page


def test_a_public_test_shows_what_the_students_code_noted_and_a_hidden_one_does_not(
    small_course: Path, tmp_path: Path
) -> None:
    """Both passed and both reported a curve."""
    folder = tmp_path / "small"
    shutil.copytree(small_course / "assignments" / "small", folder)
    for place, x in (("public/test_double.py", "1.5"), ("hidden/test_twice.py", "7.5")):
        file = folder / place
        reports = f"    report.curve('loss', training=student.double(np.array([{x}, 0.5])).tolist())\n    x = rng"
        text = (
            file.read_text(encoding="utf-8")
            .replace("(student", "(report, student", 1)
            .replace("    x = rng", reports, 1)
        )
        file.write_text(text, encoding="utf-8")
    hand_in = tmp_path / "small.py"
    hand_in.write_text(reference_text((folder / "small.py").read_text(encoding="utf-8"), folder / "small.py"), "utf-8")

    with Grader(load_assignment(folder), "salt") as grader:
        grade = grader.grade(hand_in)

    curves = [curve for result in grade.results for case in result.cases for curve in case.curves]
    assert curves == [{"title": "loss", "lines": {"training": [[1, 3.0], [2, 1.0]]}}] * 2  # in two cases of one test
    assert student_page(grade).count("data:image/svg+xml") == 1
    assert [test["output_format"] for test in to_gradescope(grade)["tests"]].count("html") == 1
