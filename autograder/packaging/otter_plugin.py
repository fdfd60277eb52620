"""Our grader under Otter's own verbs, `otter run` and `otter grade`.

Uses internals of otter-grader 7.0, which pyproject.toml pins: hand-ins go aside before
Otter runs anything of them, and the results that Otter writes become ours.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from coursekit.verdicts import Verdict
from otter.plugins import AbstractOtterPlugin
from otter.test_files import GradingResults, TestCase
from otter.test_files.abstract_test import TestCaseResult
from otter.test_files.ottr_test import OttrTestFile

from autograder.grading.grade import Grader
from autograder.packaging.suite import find_suite
from autograder.results.grade import Grade, TestResult
from autograder.results.gradescope import to_gradescope
from autograder.results.wording import message


class OurResults(GradingResults):  # type: ignore[misc]
    """Otter's results, which write our results.json."""

    ours: dict[str, Any]

    def to_gradescope_dict(self, ag_config: object) -> dict[str, Any]:
        """Give our results.json; Otter's configuration has no say in it."""
        del ag_config
        return self.ours


class OtterPlugin(AbstractOtterPlugin):  # type: ignore[misc]
    """Set the hand-in aside, let Otter run nothing, grade with our own suite."""

    def before_grading(self, config: object) -> None:
        """Move the whole submission out of Otter's reach, and leave an empty file in its place."""
        del config
        submission = Path(self.submission_path).parent
        files = submission.parent / "source" / "files"
        self._aside = Path(tempfile.mkdtemp(prefix="autograder-"))
        ours = {entry.name for entry in files.iterdir()} | {"tests", "__init__.py"}
        for entry in list(submission.iterdir()):
            if entry.name not in ours:
                shutil.move(entry, self._aside / entry.name)
            elif entry.name != "tests":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        self._suite = files / "suite"
        Path(self.submission_path).write_text(_empty(self.submission_path), encoding="utf-8")

    def before_execution(self, submission: object) -> nbformat.NotebookNode:
        """Give Otter's kernel nothing of the student's to run."""
        del submission
        return nbformat.v4.new_notebook()

    def after_grading(self, results: GradingResults) -> None:
        """Grade with our suite and put our results into Otter's object."""
        assignment, salt = find_suite(self._suite)
        with Grader(assignment, salt) as grader:
            grade = grader.grade(self._aside)
        shutil.rmtree(self._aside, ignore_errors=True)
        results.results = {result.spec.id: _test_file(result, grade) for result in grade.results}
        results.__class__ = OurResults
        results.ours = to_gradescope(grade)


def _test_file(result: TestResult, grade: Grade) -> OttrTestFile:
    """Tell Otter about one test in its own terms."""
    passed = result.verdict is Verdict.PASSED
    case = TestCase(result.spec.id, None, not result.spec.public, result.spec.points, None, None)
    file = OttrTestFile(result.spec.id, result.spec.id, [case], all_or_nothing=False)
    file.test_case_results = [TestCaseResult(case, message(result, grade.assignment), passed)]
    file.update_score(result.score)
    return file


def _empty(path: str) -> str:
    return nbformat.writes(nbformat.v4.new_notebook()) if path.endswith(".ipynb") else ""
