"""Our grader under Otter's own verbs, `otter run` and `otter grade`.

Uses internals of otter-grader 7.0, which pyproject.toml pins: hand-ins go aside before
Otter runs anything of them, and the results that Otter writes become ours.
"""

import json
import shutil
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from nbformat import NotebookNode, from_dict
from otter.plugins import AbstractOtterPlugin
from otter.test_files import GradingResults, TestCase
from otter.test_files.abstract_test import TestCaseResult
from otter.test_files.ottr_test import OttrTestFile

from autograder.grading.grade import Grader
from autograder.packaging.container import broken
from autograder.packaging.suite import find_suite
from autograder.results.grade import Grade, TestResult
from autograder.results.gradescope import to_gradescope
from autograder.results.wording import message
from coursekit.verdicts import Verdict

_EMPTY: dict[str, Any] = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


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

    def before_execution(self, submission: object) -> NotebookNode:
        """Give Otter's kernel nothing of the student's to run."""
        del submission
        empty: NotebookNode = from_dict(_EMPTY)  # type: ignore[no-untyped-call]
        return empty

    def after_grading(self, results: GradingResults) -> None:
        """Grade with our suite and put our results into Otter's object; a fault of ours gives no score."""
        results.__class__ = OurResults
        try:
            grade = self._grade()
            results.results = {result.spec.id: _test_file(result, grade) for result in grade.results}
            results.ours = to_gradescope(grade)
        except Exception:  # noqa: BLE001 - a results.json must come out, and the instructor reads standard output
            traceback.print_exc(file=sys.stdout)
            results.results, results.ours = {}, broken("its report is on standard output, for the instructor")
        finally:
            shutil.rmtree(self._aside, ignore_errors=True)

    def _grade(self) -> Grade:
        assignment, salt = find_suite(self._suite)
        with Grader(assignment, salt) as grader:
            return grader.grade(self._aside)


def _test_file(result: TestResult, grade: Grade) -> OttrTestFile:
    """Tell Otter about one test in its own terms."""
    passed = result.verdict is Verdict.PASSED
    case = TestCase(result.spec.id, None, not result.spec.public, result.spec.points, None, None)
    file = OttrTestFile(result.spec.id, result.spec.id, [case], all_or_nothing=False)
    file.test_case_results = [TestCaseResult(case, message(result, grade.assignment), passed)]
    file.update_score(result.score)
    return file


def _empty(path: str) -> str:
    return json.dumps(_EMPTY) if path.endswith(".ipynb") else ""
